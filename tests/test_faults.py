"""The checker of `nox -s faults` sees what it is for, without the load and the faults."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests.faults.checker import check_rows
from tests.faults.databases import SQLite
from tests.faults.load import COUNTERS, Counted, Ledger, State, Tracked
from tests.faults.power import Disk

TABLES = """
CREATE TABLE posts (
    id INTEGER PRIMARY KEY, title TEXT, content TEXT, version INTEGER, pub_date TEXT
);
CREATE TABLE idempotency_keys (key TEXT);
"""
OLD = State(1, "post", "old", published=False)
NEW = State(2, "post", "new", published=False)
INSERT = "INSERT INTO posts (title, content, version) VALUES (?, ?, ?)"
Rows = Callable[..., SQLite]


@pytest.fixture
def rows(tmp_path: Path) -> Rows:
    """Makes a database with these posts, and so many keys."""

    def make(*posts: tuple[str, str, int], keys: int = 1) -> SQLite:
        database = SQLite(tmp_path)
        with closing(sqlite3.connect(database.path)) as connection, connection:
            connection.executescript(TABLES)
            connection.executemany(INSERT, posts)
            connection.executemany("INSERT INTO idempotency_keys VALUES (?)", [("k",)] * keys)
        return database

    return make


def ledger(*possible: State | None, known: bool = True) -> Ledger:
    found = Ledger()
    found.posts.append(Tracked("post", "ada", 1 if known else None, list(possible)))
    return found


def counted(*acknowledged: int, unknown: int = 0) -> Ledger:
    found = Ledger()
    found.counters.append(Counted(1, list(acknowledged), unknown))
    return found


@pytest.mark.parametrize(
    ("post", "possible"),
    [
        (("post", "new", 2), [NEW]),
        (("post", "old", 1), [OLD, NEW]),
        (("post", "new", 2), [OLD, NEW]),
    ],
)
def test_what_was_acknowledged_or_may_be_is_right(
    rows: Rows, post: tuple[str, str, int], possible: list[State]
) -> None:
    assert [] == check_rows(ledger(*possible), rows(post))


def test_an_edit_that_is_not_there_is_lost(rows: Rows) -> None:
    [said] = check_rows(ledger(NEW), rows(("post", "old", 1)))
    assert said.startswith("lost: post")


def test_a_post_that_is_not_there_is_lost(rows: Rows) -> None:
    [said] = check_rows(ledger(OLD), rows())
    assert said.startswith("lost: post is not there")


def test_a_deleted_post_that_is_back_is_wrong(rows: Rows) -> None:
    assert 1 == len(check_rows(ledger(None), rows(("post", "old", 1))))


def test_two_rows_for_a_key_are_doubled(rows: Rows) -> None:
    [said] = check_rows(ledger(OLD), rows(("post", "old", 1), ("post", "old", 1)))
    assert said.startswith("doubled: 2 rows")


def test_a_post_that_nobody_asked_for_is_wrong(rows: Rows) -> None:
    assert 1 == len(check_rows(Ledger(), rows(("another", "", 1), keys=0)))


@pytest.mark.parametrize("keys", [0, 2])
def test_as_many_keys_are_kept_as_creates_were_acknowledged(rows: Rows, keys: int) -> None:
    [said] = check_rows(ledger(OLD), rows(("post", "old", 1), keys=keys))
    assert "keys" in said


def test_a_counter_stands_at_what_was_acknowledged(rows: Rows) -> None:
    assert [] == check_rows(counted(1, 2, unknown=1), rows((COUNTERS, "3", 4)))


@pytest.mark.parametrize(
    ("acknowledged", "number", "version"),
    [((1, 2, 2), "2", 3), ((1, 2), "1", 2), ((1, 2), "3", 4), ((1, 2), "2", 4)],
    ids=["twice the same", "one lost", "one too many", "a version too many"],
)
def test_a_counter_that_does_not_add_up_is_wrong(
    rows: Rows, acknowledged: tuple[int, ...], number: str, version: int
) -> None:
    assert check_rows(counted(*acknowledged), rows((COUNTERS, number, version)))


def test_a_loss_of_power_leaves_what_was_synced(tmp_path: Path) -> None:
    database = tmp_path / "blog.sqlite3"
    database.write_bytes(b"before")
    log = tmp_path / "log"
    escaped = "".join(f"\\x{byte:02x}" for byte in str(database).encode())
    other = str(tmp_path / "other").encode().hex(" ").replace(" ", "\\x")
    log.write_text(
        f'7  pwrite64(3<{escaped}>, "\\x41\\x42", 2, 0) = 2\n'
        f'8  pwrite64(4<\\x{other}>, "\\x5a", 1, 0) = 1\n'
        f'7  pwrite64(3<{escaped}>, "\\x43", 1, 6 <unfinished ...>\n'
        f"8  fdatasync(4<\\x{other}>) = 0\n"
        "7  <... pwrite64 resumed>) = 1\n"
        f"7  fdatasync(3<{escaped}>) = 0\n"
        f'7  pwrite64(3<{escaped}>, "\\x44", 1, 0) = 1\n'
        "7  +++ killed by SIGKILL +++\n"
    )
    disk = Disk()
    disk.remember(tmp_path)
    disk.replay(log, (database.name,))
    assert b"ABforeC" == disk.restore(tmp_path / "after").read_bytes()
    assert 1 == disk.syncs
