"""How many statements a request costs, and that a run of requests leaves no connection behind.

Each adapter in a process of its own, on SQLite and on each server that `BLOG_TEST_POSTGRESQL_URL`
or `BLOG_TEST_MARIADB_URL` names.
"""

import multiprocessing
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from blog_core.storage import migrate
from http_parity.exchange import Answer, Request
from tests.parity.restore import ServerRows
from tests.seeds import IDS, good, seeded, token_of
from tests.workers import GENEROUS, SECRET, TARGETS
from tools.databases import scratch_database, variable

pytestmark = pytest.mark.once

DATABASES = (
    "sqlite",
    *(name for name in ("postgresql", "mariadb") if variable(name) in os.environ),
)
READS = {
    "list": good("list_posts"),
    "search": Request("GET", "/api/posts?q=list"),
    "an author's": Request("GET", "/api/posts?author=ada&limit=5"),
    "single": good("get_post"),
    "user": good("get_user"),
    "users": good("list_users"),
}
"""What anybody may ask: one statement each."""

AUTHENTICATED_READS = {
    "own list": Request(
        "GET", "/api/posts?status=draft", (("Authorization", f"Bearer {token_of('ada')}"),)
    ),
    "own single": replace(
        good("get_post"), headers=(("Authorization", f"Bearer {token_of('bob')}"),)
    ),
    "me": good("get_me"),
}
"""The same with a token: who it is comes first."""

WRITES = {
    "create": good("create_post"),
    "replace": good("replace_post"),
    "change": good("change_post"),
    "publish": good("publish_post"),
    "unpublish": good("unpublish_post"),
    "delete": good("delete_post"),
}
"""Whose write to count; then, in the transaction, who it is, the post, and the change to it."""

RENAMING = {"rename": good("change_me")}
"""Three more: whether the name and the email are somebody else's, and how the user is now."""


@dataclass(frozen=True)
class Cost:
    """What an answer took, and the connections that were open after it."""

    answer: Answer
    statements: list[str]
    connections: int


class Counting:
    """A target in a process of its own that tells what each answer took."""

    def __init__(self, address: str, url: str) -> None:
        processes = multiprocessing.get_context("spawn")
        self._connection, theirs = processes.Pipe()
        environ = {"BLOG_DATABASE_URL": url, "BLOG_SECRET_KEY": SECRET, **GENEROUS}
        self._process = processes.Process(target=_serve, args=(address, environ, theirs))
        self._process.start()
        theirs.close()

    def send(self, request: Request) -> Cost:
        self._connection.send(request)
        assert self._connection.poll(300)
        cost = self._connection.recv()
        assert isinstance(cost, Cost), cost
        return cost

    def close(self) -> None:
        self._connection.close()
        self._process.join(30)
        self._process.close()


def _serve(address: str, environ: dict[str, str], connection: "Connection[Any, Any]") -> None:
    os.environ.update(environ)
    from sqlalchemy import Engine, Pool, event  # noqa: PLC0415 # after the environment is set

    from http_parity.targets import open_target  # noqa: PLC0415 # same

    statements: list[str] = []
    opened: set[int] = set()

    @event.listens_for(Engine, "before_cursor_execute")
    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        statements.append(statement)

    @event.listens_for(Pool, "connect")
    def connected(_dbapi: object, record: object) -> None:
        opened.add(id(record))

    @event.listens_for(Pool, "close")
    def closed(_dbapi: object, record: object) -> None:
        opened.discard(id(record))

    target = open_target(address)
    while True:
        try:
            request = connection.recv()
        except EOFError:
            break
        statements.clear()
        answer = target.send(request)
        # How a transaction begins on SQLite is no question.
        found = [one for one in statements if one != "BEGIN IMMEDIATE"]
        connection.send(Cost(answer, found, len(opened) + _django_connections()))
    target.close()


def _django_connections() -> int:
    """Those that Django itself has opened in this process, where it is there at all."""
    if "blog_django.wsgi" not in sys.modules:
        return 0
    from django.db import connections  # noqa: PLC0415 # only where it is configured

    return sum(one.connection is not None for one in connections.all(initialized_only=True))


@pytest.fixture(scope="module")
def seed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return seeded(tmp_path_factory.mktemp("queries"))


@pytest.fixture(scope="module", params=DATABASES)
def url(
    request: pytest.FixtureRequest, seed: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """A seeded database."""
    if request.param == "sqlite":
        path = tmp_path_factory.mktemp("sqlite") / "blog.sqlite3"
        shutil.copyfile(seed, path)
        yield f"sqlite:///{path}"
        return
    with scratch_database(os.environ[variable(request.param)], "triptych_queries") as made:
        migrate.upgrade(made)
        ServerRows(made, f"{seed}").close()
        yield made


@pytest.fixture(scope="module", params=["django-wsgi", "flask-wsgi", "fastapi-asgi"])
def target(request: pytest.FixtureRequest, url: str, seed: Path) -> Iterator[Counting]:
    with ExitStack() as stack:
        if url.startswith("sqlite"):
            shutil.copyfile(seed, url.removeprefix("sqlite:///"))
        else:
            ServerRows(url, f"{seed}").close()
        counting = Counting(TARGETS[request.param], url)
        stack.callback(counting.close)
        yield counting


def test_a_read_takes_one_statement_and_a_write_at_most_four(target: Counting) -> None:
    taken = {}
    kinds = ((READS, 1), (AUTHENTICATED_READS, 2), (WRITES, 4), (RENAMING, 7))
    for names, most in kinds:
        for name, request in names.items():
            cost = target.send(request)
            assert cost.answer.status in (200, 201, 204), (name, cost.answer)
            taken[name] = len(cost.statements)
            assert 1 <= taken[name] <= most, (name, cost.statements)
    assert {taken[name] for name in READS} == {1}


def test_a_run_of_requests_leaves_the_connections_as_they_were(target: Counting, url: str) -> None:
    def after_a_round() -> tuple[int, int]:
        requests = [
            *READS.values(),
            *AUTHENTICATED_READS.values(),
            good("create_post"),
            good("sign_in", json={"username": "ada", "password": "wrong password"}),
            good("get_post", token="nobody's"),
            good("create_post", json={"title": ""}),
            good("replace_post", if_match='"99"'),
            Request("GET", "/"),
            Request("GET", f"/posts/{IDS['published']}"),
            Request("GET", "/readyz"),
        ]
        for request in requests:
            cost = target.send(request)
            assert cost.answer.status < 500, cost
        return cost.connections, _on_the_server(url)

    at_first = after_a_round()
    assert {at_first} == {after_a_round() for _ in range(5)}
    # One that reads, one that writes, and one of /readyz, which looks in a thread of its own.
    assert at_first[0] <= 3


def _on_the_server(url: str) -> int:
    """How many connections to this database its server counts, but for the one that asks."""
    if url.startswith("sqlite"):
        return 0
    engine = create_engine(url)
    asked = (
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
        if engine.dialect.name == "postgresql"
        else "SELECT count(*) FROM information_schema.processlist WHERE db = database()"
    )
    with engine.connect() as connection:
        counted = connection.scalar(text(asked))
    engine.dispose()
    return int(f"{counted}") - 1
