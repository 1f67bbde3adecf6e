"""The comparing client: every route of a group asked of the old and of the new, on one database.

What only reads is asked old, new, and where they differ old again: if that is what it was, the new
one's has to be, to the byte. What writes is done on each side to things of its own that are
otherwise equal; what was made then (ids, instants, tokens) is masked where it has its form.
"""

import json as json_module
import re
import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from blog_core.http.operations import OPERATIONS, Operation
from examples.cut_over.routes import EVERYTHING, GROUPS
from http_parity.compare import differences
from http_parity.exchange import Answer, Request
from http_parity.targets import Target

SERVED_BY = "X-Served-By"
PASSWORD = "a cut over line, twice"  # noqa: S105 # of accounts that last as long as the run
NEVER = 999_999_999_999_999_999
FORM = "application/x-www-form-urlencoded"
ROUNDS = 8
"""How often a read is asked again while others write between its answers."""

_MEMBER = rb'("(?:created|updated|expires|joined|pub_date)":)'
_INSTANT = rb"2\d{3}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{6})?(?:Z|\+00:00)?"
_MADE = ((rb'(name="key" value=)"[A-Za-z0-9_-]{22}"', rb'\1"(key)"'),)
"""What every answer makes anew."""
_MADE_BY_WRITES = (
    (_MEMBER + b'"' + _INSTANT + b'"', rb'\1"(instant)"'),
    (rb'(?<=["> ])' + _INSTANT + rb'(?=["<])', b"(instant)"),
    (rb"\d{1,2} [A-Z][a-z]+ 2\d{3}(?:, \d\d:\d\d UTC)?", b"(moment)"),
    (rb'("(?:token|access_token)":)"[A-Za-z0-9_-]{43,64}"', rb'\1"(token)"'),
    (rb'(<code class="token">)[A-Za-z0-9_-]{43,64}<', rb"\1(token)<"),
    (rb'("id":)[1-9]\d*', rb"\1(id)"),
    (rb"(/posts/)[1-9]\d*", rb"\1(id)"),
    (rb"(cursor=)[A-Za-z0-9_-]+", rb"\1(cursor)"),
    (rb'(name="id" value=)"[1-9]\d*"', rb'\1"(id)"'),
)  # fmt: skip
"""What a write makes, in the form it must have."""
_COOKIE = re.compile("(session=)[A-Za-z0-9_-]{43,64};")


@dataclass
class Watcher:
    """Whoever compares: an account with a token, a session and a published post."""

    name: str
    token: str
    session: str
    post: int


@dataclass(frozen=True)
class Asked:
    """A request, and the operation that it is for; none where no route has its path."""

    operation: str
    request: Request


@dataclass
class Comparison:
    """What came out: how many requests were held against each other, and what differed."""

    compared: int = 0
    found: list[str] = field(default_factory=list)
    by: set[str] = field(default_factory=set)
    """Who answered for the new side, as the proxy says."""


def request(
    method: str,
    target: str,
    *,
    json: Any = None,
    form: Mapping[str, str] | None = None,
    body: bytes | None = None,
    content_type: str = "application/json",
    token: str | None = None,
    session: str | None = None,
    if_match: str | None = None,
    key: str | None = None,
) -> Request:
    """A request with these parts. Its id is given, so that the answers name the same."""
    fields = [("X-Request-ID", "cut-over")]
    if json is not None:
        body = json_module.dumps(json).encode()
    if form is not None:
        body, content_type = urlencode(form).encode(), FORM
    if body is not None:
        fields.append(("Content-Type", content_type))
    if token is not None:
        fields.append(("Authorization", f"Bearer {token}"))
    if session is not None:
        fields.append(("Cookie", f"session={session}"))
    if if_match is not None:
        fields.append(("If-Match", if_match))
    if key is not None:
        fields.append(("Idempotency-Key", key))
    return Request(method, target, tuple(fields), body or b"")


def session_of(answer: Answer) -> str:
    """The session that an answer opens; LookupError where it opens none."""
    for value in answer.header_values("Set-Cookie"):
        if value.startswith("session=") and not value.startswith("session=;"):
            return value[len("session=") :].partition(";")[0]
    raise LookupError(f"no session was opened: {answer.status}")


def harmless(name: str) -> Request:
    """A request for an operation that changes nothing: without credentials, about nothing."""
    operation = EVERYTHING[name]
    path = operation.path.replace("{username}", "nobody.of.this.name").replace("{provider}", "none")
    return request(operation.method, re.sub(r"\{\w+\}", str(NEVER), path))


def sign_in_watcher(target: Target) -> Watcher:
    """A new account on the blog of this target."""
    name = f"watcher-{secrets.token_hex(4)}"
    fields = {"username": name, "email": f"{name}@example.org", "password": PASSWORD}
    session = session_of(target.send(request("POST", "/register", form=fields)))
    signed_in = {"username": name, "password": PASSWORD}
    token = target.send(request("POST", "/api/tokens", json=signed_in)).json()["token"]
    new = {
        "title": f"Seen by {name}",
        "content": "# Études\n\n日本語 & <b>\u2028",
        "pub_date": "2020-02-03T04:05:06.000007Z",
    }
    post = target.send(request("POST", "/api/posts", json=new, token=token)).json()["id"]
    for title in ("A draft", "Another draft"):
        target.send(request("POST", "/api/posts", json={"title": title}, token=token))
    return Watcher(name, token, session, post)


def compare(group: str, watcher: Watcher, old: Target, new: Target) -> Comparison:
    """Every route of the group, asked of both."""
    outcome = Comparison()
    for asked in reads(group, watcher):
        _hold_read(asked, old, new, outcome)
    for scenario in WRITES.get(group, ()):
        _hold_writes(scenario, watcher, old, new, outcome, GROUPS[group])
    return outcome


# --- what only reads ----------------------------------------------------------------------------


def reads(group: str, watcher: Watcher) -> Iterator[Asked]:
    """What changes nothing: reads, and writes that are refused."""
    for name in GROUPS[group]:
        operation = EVERYTHING[name]
        yield Asked(name, harmless(name))
        yield from _refused(operation, watcher)
        for target in _TARGETS[name](watcher) if name in _TARGETS else ():
            each: tuple[dict[str, Any], ...] = (
                {},
                {"token": watcher.token},
                {"session": watcher.session},
            )
            for credentials in each:
                yield Asked(name, request("GET", target, **credentials))
            if name != "openapi":  # the documents are as long as their frameworks make them
                yield Asked(name, request("HEAD", target, token=watcher.token))


def _refused(operation: Operation, watcher: Watcher) -> Iterator[Asked]:
    sent = harmless(operation.name)
    method, target = sent.method, sent.target
    if operation.credentials != "unread":
        yield Asked(operation.name, request(method, target, token="not-a-token"))  # noqa: S106
    if operation.body is not None and not operation.form:
        for body in (b"{", b"[]", b'{"title": NaN}', b'{"title": 1, "zulu": 1, "username": true}'):
            yield Asked(operation.name, request(method, target, body=body, token=watcher.token))
        typed = request(method, target, body=b"{}", content_type=FORM, token=watcher.token)
        yield Asked(operation.name, typed)
    if operation.form:
        for body in (b"a=%ff", b"a=1&a=2"):
            sent = request(method, target, body=body, content_type=FORM, session=watcher.session)
            yield Asked(operation.name, sent)
    if operation.query is not None and operation in OPERATIONS:
        for query in ("limit=0", "limit=2&limit=3", "cursor=x", "unknown=1&limit=1"):
            yield Asked(operation.name, request(method, f"{target}?{query}", token=watcher.token))
    # Another path than any route has.
    yield Asked("", request(method, f"{target}/" if target != "/" else "//", token=watcher.token))


_TARGETS: Mapping[str, Callable[[Watcher], tuple[str, ...]]] = {
    "list_posts": lambda w: (
        f"/api/posts?author={w.name}",
        f"/api/posts?author={w.name}&status=draft&limit=1",
        f"/api/posts?q={w.name}",
        "/api/posts?order=oldest&limit=5",
    ),
    "get_post": lambda w: (f"/api/posts/{w.post}",),
    "list_users": lambda _: ("/api/users?limit=3",),
    "get_user": lambda w: (f"/api/users/{w.name}",),
    "get_me": lambda _: ("/api/me",),
    "list_tokens": lambda _: ("/api/tokens",),
    "livez": lambda _: ("/livez",),
    "readyz": lambda _: ("/readyz",),
    "openapi": lambda _: ("/openapi.json",),
    "show_home": lambda w: ("/", f"/?q={w.name}"),
    "show_post": lambda w: (f"/posts/{w.post}",),
    "show_author": lambda w: (f"/users/{w.name}",),
    "show_feed": lambda _: ("/feed.atom",),
    "show_write": lambda _: ("/write",),
    "show_edit": lambda w: (f"/posts/{w.post}/edit",),
    "show_delete": lambda w: (f"/posts/{w.post}/delete",),
    "show_drafts": lambda _: ("/drafts",),
    "show_register": lambda _: ("/register",),
    "show_login": lambda _: ("/login", "/login?next=%2Fwrite"),
    "show_openid": lambda _: ("/openid",),
    "return_from_openid": lambda _: ("/openid/example?code=c&state=s",),
    "show_settings": lambda _: ("/settings", "/settings?done=profile"),
}


def _hold_read(asked: Asked, old: Target, new: Target, outcome: Comparison) -> None:
    left: list[str] = []
    before = old.send(asked.request)
    for _ in range(ROUNDS):
        answer = new.send(asked.request)
        left = _differences(before, answer)
        if not left:
            break
        after = old.send(asked.request)
        if not _differences(before, after):
            break
        # Somebody wrote in between.
        before = after
    _note(asked.operation, asked.request, answer, left, outcome)


def _note(
    operation: str, request: Request, answer: Answer, left: list[str], outcome: Comparison
) -> None:
    outcome.compared += 1
    if operation:
        outcome.by |= set(answer.header_values(SERVED_BY))
    outcome.found += [f"{request.method} {request.target[:80]}: {one}" for one in left]


def _differences(old: Answer, new: Answer, *, wrote: bool = False) -> list[str]:
    found = differences(masked(old, wrote=wrote), masked(new, wrote=wrote), ignore=[SERVED_BY])
    return [str(one) for one in found]


def masked(answer: Answer, *, wrote: bool = False) -> Answer:
    """An answer without what it may make up; the length of its body is that of what is left."""
    body = answer.body
    if re.search(rb'"openapi": ?"3\.', body):
        # The frameworks' own documents, equal in meaning: tests/test_openapi.py says how equal.
        paths = json_module.loads(body)["paths"]
        ids = sorted(one["operationId"] for path in paths.values() for one in path.values())
        headers = [field for field in answer.headers if field[0].lower() != "content-length"]
        return Answer(answer.status, tuple(headers), "\n".join(ids).encode())
    for form, name in (*_MADE, *(_MADE_BY_WRITES if wrote else ())):
        body = re.sub(form, name, body)
    length = str(len(answer.body))
    headers = []
    for name, value in answer.headers:
        if name.lower() == "content-length" and value == length:
            value = str(len(body))  # noqa: PLW2901
        elif wrote and name.lower() == "location":
            value = re.sub(r"(/posts/)[1-9]\d*\Z", r"\1(id)", value)  # noqa: PLW2901
        elif wrote and name.lower() == "set-cookie":
            value = _COOKIE.sub(r"\1(session);", value)  # noqa: PLW2901
        elif wrote and name.lower() == "link":
            value = re.sub(r"(cursor=)[A-Za-z0-9_-]+", r"\1(cursor)", value)  # noqa: PLW2901
        headers.append((name, value))
    return Answer(answer.status, tuple(headers), body)


# --- what writes --------------------------------------------------------------------------------


@dataclass
class Side:
    """One of the two: where it is asked, as whom, and what was answered."""

    target: Target
    watcher: Watcher
    name: str
    """A username that nobody has, as long as the other side's."""
    answers: list[tuple[str, Request, Answer]] = field(default_factory=list)

    def ask(self, operation: str, method: str, target: str, **parts: Any) -> Answer:
        sent = request(method, target, **parts)
        answer = self.target.send(sent)
        self.answers.append((operation, sent, answer))
        return answer

    def new_user(self) -> dict[str, str]:
        email = f"{self.name}@example.org"
        return {"username": self.name, "email": email, "password": PASSWORD}


Scenario = Callable[[Side], None]


def _hold_writes(
    scenario: Scenario,
    watcher: Watcher,
    old: Target,
    new: Target,
    outcome: Comparison,
    moved: tuple[str, ...],
) -> None:
    common = secrets.token_hex(4)
    sides = [Side(old, watcher, f"x-{common}"), Side(new, watcher, f"y-{common}")]
    for side in sides:
        scenario(side)
    for (operation, sent, left), (_, _, right) in zip(
        sides[0].answers, sides[1].answers, strict=False
    ):
        inside = operation if operation in moved else ""
        named = _renamed(right, sides[1].name, sides[0].name)
        _note(inside, sent, right, _differences(left, named, wrote=True), outcome)
    if len(sides[0].answers) != len(sides[1].answers):
        outcome.found.append(f"{scenario.__name__}: one side came to an end before the other")


def _renamed(answer: Answer, name: str, other: str) -> Answer:
    headers = tuple((field, value.replace(name, other)) for field, value in answer.headers)
    return Answer(answer.status, headers, answer.body.replace(name.encode(), other.encode()))


def write_by_api(side: Side) -> None:
    """A post's life."""
    token, key = side.watcher.token, secrets.token_hex(8)
    new = {"title": "Compared", "content": "Études & <b>"}
    made = side.ask("create_post", "POST", "/api/posts", json=new, token=token, key=key)
    side.ask("create_post", "POST", "/api/posts", json=new, token=token, key=key)
    side.ask("create_post", "POST", "/api/posts", json={**new, "title": ""}, token=token)
    path = made.header("Location") or f"/api/posts/{NEVER}"
    one = {"token": token, "if_match": '"1"'}
    side.ask("replace_post", "PUT", path, json=new, token=token)
    side.ask("replace_post", "PUT", path, json={**new, "pub_date": None}, **one)
    side.ask("change_post", "PATCH", path, json={"title": "Stale"}, **one)
    two = {"token": token, "if_match": "*"}
    side.ask("change_post", "PATCH", path, json={"title": "Changed"}, **two)
    then = {"pub_date": "2019-01-01T00:00:00Z"}
    side.ask("publish_post", "POST", f"{path}/publish", json=then, **two)
    side.ask("get_post", "GET", path)
    side.ask("unpublish_post", "POST", f"{path}/unpublish", **two)
    side.ask("delete_post", "DELETE", path, **one)
    side.ask("delete_post", "DELETE", path, **two)
    side.ask("get_post", "GET", path, token=token)


def account_by_api(side: Side) -> None:
    """An account's life, tokens and all."""
    side.ask("sign_up", "POST", "/api/users", json=side.new_user())
    side.ask("sign_up", "POST", "/api/users", json=side.new_user())
    signed_in = {"username": side.name, "password": PASSWORD}
    side.ask("sign_in", "POST", "/api/tokens", json={**signed_in, "password": "not this one"})
    token = side.ask("sign_in", "POST", "/api/tokens", json=signed_in).json().get("token", "")
    grant = {"grant_type": "password", **signed_in}
    granted = side.ask("grant_token", "POST", "/api/oauth/token", form=grant).json()
    side.ask("get_me", "GET", "/api/me", token=token)
    moved = {"email": f"{side.name}@example.net"}
    side.ask("change_me", "PATCH", "/api/me", json=moved, token=token)
    tokens = side.ask("list_tokens", "GET", "/api/tokens?limit=1", token=token)
    number = tokens.json()["results"][0]["id"] if tokens.status == 200 else NEVER
    ended = side.ask("end_token", "DELETE", f"/api/tokens/{number}", token=token)
    # Whichever was ended, the other one is good.
    other = token if ended.status == 204 else granted.get("access_token", "")
    change = {"current_password": PASSWORD, "new_password": f"{PASSWORD}, changed"}
    side.ask("change_password", "POST", "/api/me/password", json=change, token=other)
    side.ask("end_current_token", "DELETE", "/api/tokens/current", token=other)
    side.ask("get_me", "GET", "/api/me", token=other)
    again = {**signed_in, "password": change["new_password"]}
    token = side.ask("sign_in", "POST", "/api/tokens", json=again).json().get("token", "")
    side.ask("delete_me", "DELETE", "/api/me", token=token)
    side.ask("get_me", "GET", "/api/me", token=token)


def write_on_pages(side: Side) -> None:
    """A post's life on pages."""
    session, key = side.watcher.session, secrets.token_urlsafe(16)
    typed = {"title": "Compared", "content": "Études & <b>", "pub_date": "", "key": key}
    side.ask("write", "POST", "/write", form={**typed, "title": ""}, session=session)
    made = side.ask("write", "POST", "/write", form=typed, session=session)
    side.ask("write", "POST", "/write", form=typed, session=session)
    path = made.header("Location") or f"/posts/{NEVER}"
    side.ask("show_edit", "GET", f"{path}/edit", session=session)
    edited = {**typed, "title": "Changed", "version": "1", "pub_date": "2019-01-01T00:00"}
    side.ask("edit", "POST", f"{path}/edit", form=edited, session=session)
    stale = {**typed, "version": "1", "key": secrets.token_urlsafe(16)}
    side.ask("edit", "POST", f"{path}/edit", form=stale, session=session)
    side.ask("show_delete", "GET", f"{path}/delete", session=session)
    side.ask("delete", "POST", f"{path}/delete", form={"version": "1"}, session=session)
    side.ask("delete", "POST", f"{path}/delete", form={"version": "2"}, session=session)
    side.ask("show_post", "GET", path, session=session)


def account_on_pages(side: Side) -> None:
    """An account's life on pages."""
    side.ask("register", "POST", "/register", form={**side.new_user(), "email": "x"})
    opened = side.ask("register", "POST", "/register", form=side.new_user())
    session = session_of(opened) if opened.status == 303 else "none"
    side.ask("show_settings", "GET", "/settings", session=session)
    profile = {"action": "profile", "username": side.name, "email": f"{side.name}@example.net"}
    side.ask("change_settings", "POST", "/settings", form=profile, session=session)
    side.ask("change_settings", "POST", "/settings", form={"action": "none"}, session=session)
    side.ask("logout", "POST", "/logout", form={}, session=session)
    side.ask("show_settings", "GET", "/settings", session=session)
    typed = {"username": side.name, "password": PASSWORD, "next": "/settings"}
    side.ask("login", "POST", "/login", form={**typed, "password": "not this one"})
    opened = side.ask("login", "POST", "/login", form=typed)
    session = session_of(opened) if opened.status == 303 else "none"
    side.ask("begin_openid", "POST", "/openid/example", form={"next": "/"}, session=session)
    gone = {"action": "delete-account", "username": side.name}
    side.ask("change_settings", "POST", "/settings", form=gone, session=session)
    side.ask("show_settings", "GET", "/settings", session=session)


WRITES: Mapping[str, tuple[Scenario, ...]] = {
    "writing posts by the API": (write_by_api,),
    "accounts by the API": (account_by_api,),
    "tokens": (account_by_api,),
    "writing posts on pages": (write_on_pages,),
    "signing in": (account_on_pages,),
    "settings": (account_on_pages,),
}
