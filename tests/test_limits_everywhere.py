"""Limits over three frameworks with two processes each: sign-ins from 40 connections at once.

A shared store counts exactly. The same for a store in Redis, where BLOG_TEST_REDIS_URL says where
one is (`redis-server --port 6390 --save ''`, BLOG_TEST_REDIS_URL=redis://127.0.0.1:6390/0).
"""

import json
import os
import secrets
import sqlite3
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from urllib.parse import urlencode

import pytest

from blog_core.storage import migrate
from http_parity.exchange import Request
from http_parity.targets import open_target
from tests.workers import GENEROUS
from tools.with_blog import serving

pytestmark = pytest.mark.once

SERVERS = {"django": "gunicorn", "flask": "gunicorn", "fastapi": "uvicorn"}
STORES = ["database", *filter(None, [os.environ.get("BLOG_TEST_REDIS_URL")])]
SENT, CONNECTIONS, LIMIT = 200, 40, 10
PROCESSES = 2 * len(SERVERS)
GIVEN_UP = "limits: each process counts for itself"
SPOOFED = ("X-Forwarded-For", "X-Real-IP", "Forwarded", "Client-IP", "True-Client-IP", "X-Host")


@contextmanager
def served(store: str, folder: Path) -> Iterator[list[str]]:
    """The URLs of the three, two processes each, over one database and one store."""
    database = f"sqlite:///{folder / 'blog.sqlite3'}"
    migrate.upgrade(database)
    env = os.environ | GENEROUS
    env |= {
        "BLOG_DATABASE_URL": database,
        "BLOG_SECRET_KEY": secrets.token_hex(32),  # a Redis keeps no count of an earlier run
        "BLOG_LIMITS_STORE": store,
        "BLOG_LIMIT_SIGN_IN": f"{LIMIT}/day",
    }
    with ExitStack() as stack:
        yield [
            stack.enter_context(serving(name, server, folder / f"{name}.log", env))
            for name, server in SERVERS.items()
        ]


def statuses(urls: list[str]) -> Counter[int]:
    """How often each status answered the sign-ins."""

    def sign_in(number: int) -> int:
        target = open_target(urls[number % len(urls)])
        # One account, whatever its spelling, from as many addresses as anybody can make up.
        username = "Nobody" if number % 2 else "nobody"
        guess = {"username": username, "password": f"guess {number}"}
        if number % 5:
            path, kind, body = "/api/tokens", "application/json", json.dumps(guess)
        else:
            path, kind = "/api/oauth/token", "application/x-www-form-urlencoded"
            body = urlencode({"grant_type": "password", **guess})
        address = f"198.51.{number % 256}.7"
        made_up = [(name, address) for name in SPOOFED]
        headers = (("Content-Type", kind), *made_up)
        try:
            status = target.send(Request("POST", path, headers, body.encode())).status
        finally:
            target.close()
        # OAuth says 400 of a wrong password.
        return 401 if status == 400 else status

    with ThreadPoolExecutor(CONNECTIONS) as pool:
        return Counter(pool.map(sign_in, range(SENT)))


def given_up(folder: Path) -> int:
    """How many processes have said that the store fails."""
    return sum((folder / f"{name}.log").read_text().count(GIVEN_UP) for name in SERVERS)


@pytest.mark.sentence("limits-address", "limits-account", "limits-store")
@pytest.mark.parametrize("store", STORES, ids=lambda store: store.partition(":")[0])
def test_no_made_up_address_spelling_of_the_name_or_operation_gives_more_tries(
    store: str, tmp_path: Path
) -> None:
    for attempt in range(3):
        folder = tmp_path / str(attempt)
        folder.mkdir()
        with served(store, folder) as urls:
            found = statuses(urls)
        assert {401, 429} == found.keys()
        # A process that was kept from asking the store says so, and is another test's.
        if not given_up(folder):
            break
    assert {401: LIMIT, 429: SENT - LIMIT} == found


@pytest.mark.sentence("limits-store")
def test_each_process_holds_the_limit_while_the_store_does_not_answer(tmp_path: Path) -> None:
    with (
        served("database", tmp_path) as urls,
        closing(sqlite3.connect(tmp_path / "blog.sqlite3", isolation_level=None)) as other,
    ):
        other.execute("BEGIN IMMEDIATE")
        found = statuses(urls)
        other.execute("ROLLBACK")
    assert {401, 429} == found.keys()
    assert LIMIT < found[401] <= LIMIT * PROCESSES
    assert given_up(tmp_path)
