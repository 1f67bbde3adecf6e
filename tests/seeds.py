"""One blog, the same to the byte each time but for its password hashes, and what to ask of it."""

import itertools
import json as json_module
import re
import shutil
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlencode

from blog_core import schemas
from blog_core.blog import Blog
from blog_core.http.documents import error_statuses
from blog_core.http.operations import BY_NAME
from blog_core.schemas import Credentials
from blog_core.security.secrets import SecretKey
from blog_core.settings import Settings
from blog_core.storage import migrate
from blog_core.wiring import build
from http_parity.exchange import Answer, Request
from tests.workers import SECRET, Worker

PASSWORD = "nine lives, no boots"
LONG_AGO = datetime(2001, 2, 3, 4, 5, 6, 7, UTC)
FAR_AHEAD = datetime(2101, 2, 3, 4, 5, 6, 7, UTC)
NEVER = 999_999_999_999_999_999

USERS = ("ada", "bob", "carl", "dora", "eve", "fay", "sam")
"""Ada writes, Bob reads, Sam is staff; Carl is renamed, Dora leaves, Eve changes her password."""

TOKENS = ("ada", "bob", "carl", "dora", "eve", "fay", "sam", "fay", "fay", "fay")
"""Whose token each is, by id less one."""

POSTS = {
    "published": LONG_AGO,
    "draft": None,
    "scheduled": FAR_AHEAD,
    "to replace": LONG_AGO,
    "to change": None,
    "to delete": None,
    "to publish": None,
    "to unpublish": LONG_AGO,
}
"""Ada's posts by title; the ids count from 1. More follow, for pages."""

IDS = {title: number for number, title in enumerate(POSTS, 1)}


def token(number: int) -> str:
    """The token with this id."""
    return f"{'token':-<32}{number}"


def token_of(name: str) -> str:
    """The first token of a user."""
    return token(1 + TOKENS.index(name))


SESSION = token(1 + len(TOKENS))
"""A session of Ada's."""


class CountedTokens(SecretKey):
    """A secret key whose tokens are known beforehand."""

    def __init__(self, key: str) -> None:
        super().__init__(key)
        self._numbers = itertools.count(1)

    def new_token(self) -> str:
        return token(next(self._numbers))


def seeded(folder: Path) -> Path:
    """A seeded SQLite file in the folder, in one piece, that nobody has open."""
    path = folder / "seed.sqlite3"
    settings = Settings(database_url=f"sqlite:///{path}", secret_key=SECRET)
    migrate.upgrade(settings.database_url)
    seconds = itertools.count()
    blog = replace(
        build(settings),
        clock=lambda: datetime(2020, 1, 1, tzinfo=UTC) + timedelta(seconds=next(seconds)),
        secrets=CountedTokens(SECRET),
        token_lifetime=timedelta(days=36_500),
        session_lifetime=timedelta(days=36_500),
    )
    try:
        _fill(blog)
    finally:
        blog.close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return path


def _fill(blog: Blog) -> None:
    for name in USERS:
        email = f"{name}@example.org"
        user = schemas.NewUser(username=name, email=email, password=PASSWORD)
        blog.add_user(user, is_staff=name == "sam")
    for name in TOKENS:
        blog.sign_in(schemas.SignIn(username=name, password=PASSWORD))
    blog.open_session(schemas.ANYBODY, schemas.SignIn(username="ada", password=PASSWORD))
    ada, bob = Credentials(token_of("ada")), Credentials(token_of("bob"))
    for title, pub_date in POSTS.items():
        content = f"# {title}\n\nÉtudes, 日本語, שלום: “quoted” & <escaped>\u2028\\"
        blog.create_post(ada, schemas.NewPost(title=title, content=content, pub_date=pub_date))
    for number in range(45):
        pub_date = (LONG_AGO + timedelta(days=number // 2), None, FAR_AHEAD)[number % 3 % 2]
        new = schemas.NewPost(title=f"Number {number}", content="in a list", pub_date=pub_date)
        blog.create_post(bob if number % 5 == 0 else ada, new)


# --- requests ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Asked:
    """The parts of a request that is good for its operation, until a part is replaced."""

    target: str
    json: Any = None
    token: str | None = None
    if_match: str | None = None
    headers: Sequence[tuple[str, str]] = ()
    form: Mapping[str, str] | None = None

    def request(self, method: str) -> Request:
        fields = [("X-Request-ID", "the-same"), *self.headers]
        body = b""
        if self.form is not None:
            body = urlencode(self.form).encode()
            fields.append(("Content-Type", "application/x-www-form-urlencoded"))
        if self.json is not None:
            body = json_module.dumps(self.json, ensure_ascii=False).encode()
            fields.append(("Content-Type", "application/json"))
        if self.token is not None:
            fields.append(("Authorization", f"Bearer {self.token}"))
        if self.if_match is not None:
            fields.append(("If-Match", self.if_match))
        return Request(method, self.target, tuple(fields), body)


CONTENT = {"title": "Replaced", "content": "By “another”", "pub_date": "2001-02-03T04:05:06Z"}
NEW_USER = {"username": "Grace", "email": "grace@example.org", "password": PASSWORD}
CHANGED_PASSWORD = {"current_password": PASSWORD, "new_password": "eight wonders, one left"}

GRANT = {"grant_type": "password", "username": "Ada", "password": PASSWORD}


def _versioned(title: str, suffix: str = "", json: Any = None) -> Asked:
    return Asked(f"/api/posts/{IDS[title]}{suffix}", json, token_of("ada"), '"1"')


GOOD: Mapping[str, Asked] = {
    "sign_up": Asked("/api/users", NEW_USER),
    "list_users": Asked("/api/users?limit=3"),
    "get_user": Asked("/api/users/ADA"),
    "get_me": Asked("/api/me", token=token_of("ada")),
    "change_me": Asked("/api/me", {"username": "Charles"}, token_of("carl")),
    "delete_me": Asked("/api/me", token=token_of("dora")),
    "change_password": Asked("/api/me/password", CHANGED_PASSWORD, token_of("eve")),
    "sign_in": Asked("/api/tokens", {"username": "Ada", "password": PASSWORD}),
    "list_tokens": Asked("/api/tokens?limit=2", token=token_of("fay")),
    "end_current_token": Asked("/api/tokens/current", token=token(9)),
    "end_token": Asked("/api/tokens/8", token=token_of("fay")),
    "grant_token": Asked("/api/oauth/token", form=GRANT),
    "list_posts": Asked("/api/posts?limit=5"),
    "create_post": Asked("/api/posts", {"title": "A draft"}, token_of("ada")),
    "get_post": Asked(f"/api/posts/{IDS['published']}"),
    "replace_post": _versioned("to replace", json=CONTENT),
    "change_post": _versioned("to change", json={"title": "Changed"}),
    "delete_post": _versioned("to delete"),
    "publish_post": _versioned("to publish", "/publish"),
    "unpublish_post": _versioned("to unpublish", "/unpublish"),
    "livez": Asked("/livez"),
    "readyz": Asked("/readyz"),
    "openapi": Asked("/openapi.json"),
}
"""A request for each operation that the seeded blog answers with success."""


def good(name: str, **replaced: Any) -> Request:
    """The good request of an operation, these parts replaced."""
    return replace(GOOD[name], **replaced).request(BY_NAME[name].method)


# --- without a good database ---------------------------------------------------------------------

Answers = dict[str, Answer]
"""Of each target."""

Outages = dict[tuple[str, int], Answers]
"""By the operation and the status it was to have."""

KEYED = {"headers": [("Idempotency-Key", "in-use")]}
_HOLD_EVERY_KEY = (
    "CREATE TRIGGER held BEFORE INSERT ON idempotency_keys BEGIN SELECT RAISE(ABORT, 'held'); END"
)


def provoke_outages(
    workers: Mapping[str, Worker], files: Mapping[str, Path], seed: Path
) -> Outages:
    """Ask while the file is missing, then no database, then holds every key; then it is good."""
    found: Outages = {}
    for name in GOOD:
        found[name, 503] = ask(workers, good(name))
    for path in files.values():
        path.parent.mkdir()
        path.write_bytes(b"This is no database. " * 1000)
    for name in GOOD:
        found[name, 500] = ask(workers, good(name))
    for path in files.values():
        shutil.copyfile(seed, path)
        _execute(path, _HOLD_EVERY_KEY)
    for name in GOOD:
        if BY_NAME[name].keyed:
            found[name, 409] = ask(workers, good(name, **KEYED))
    for path in files.values():
        _execute(path, "DROP TRIGGER held")
    return found


def provoke_limits(workers: Mapping[str, Worker]) -> Outages:
    """Ask each operation that is limited when its sender's one request for the day is used up."""
    ask(workers, good("list_posts"))
    ask(workers, good("sign_up"))
    ask(workers, good("sign_in"))
    for name in USERS:
        ask(workers, good("change_me", json={}, token=token_of(name)))
    return {
        (name, 429): {target: timeless(answer) for target, answer in found.items()}
        for name in GOOD
        if 429 in error_statuses(BY_NAME[name])
        for found in [ask(workers, good(name))]
    }


def timeless(answer: Answer) -> Answer:
    """An answer without how long there is to wait."""
    headers = [
        (name, re.sub(r"\A[0-9]+|(?<=;t=)[0-9]+", "soon", value))
        for name, value in answer.headers
        if name.lower() in ("retry-after", "ratelimit")
    ]
    others = [
        field for field in answer.headers if field[0].lower() not in ("retry-after", "ratelimit")
    ]
    return replace(answer, headers=(*others, *headers))


class Askable(Protocol):
    """Who can be asked without waiting for the answer."""

    def begin(self, request: Request) -> None: ...
    def end(self) -> Answer | None:
        """The answer to what was begun; None where a server refused it by itself."""


def ask(workers: Mapping[str, Askable], request: Request) -> Answers:
    """The answers of all who were reached; they are asked at once."""
    for worker in workers.values():
        worker.begin(request)
    answers = {name: worker.end() for name, worker in workers.items()}
    return {name: answer for name, answer in answers.items() if answer is not None}


def _execute(path: Path, statement: str) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(statement)
