"""What is particular to SQLite, and what must not get lost between processes."""

import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing

import pytest
from sqlalchemy import text

from blog_core import schemas
from blog_core.domain.errors import Unavailable
from blog_core.schemas import Expected
from blog_core.storage import engine
from blog_core.storage.repositories import SqlStorage

from .fakes import SECRET, site

INCREMENT = """
import sys
from blog_core import schemas
from blog_core.domain.errors import Stale
from blog_core.schemas import Credentials, Expected
from blog_core.settings import Settings
from blog_core.wiring import build

url, secret, token, post_id, times = sys.argv[1:]
blog = build(Settings(database_url=url, secret_key=secret))
who, left = Credentials(token), int(times)
while left:
    post = blog.get_post(who, int(post_id))
    changes = schemas.PostChanges(content=str(int(post.content) + 1))
    try:
        blog.change_post(who, post.id, changes, Expected(frozenset({post.version})))
    except Stale:
        continue
    left -= 1
blog.close()
"""


@pytest.fixture
def sqlite(sqlite_url: str) -> Iterator[SqlStorage]:
    storage = SqlStorage(sqlite_url)
    yield storage
    storage.close()


@pytest.mark.parametrize(
    ("pragma", "expected"),
    [("journal_mode", "wal"), ("synchronous", 2), ("foreign_keys", 1), ("busy_timeout", 2000)],
)
def test_every_connection_is_set_up(sqlite: SqlStorage, pragma: str, expected: object) -> None:
    for database in (sqlite.reader, sqlite.writer):
        with database.connect() as connection:
            assert expected == connection.scalar(text(f"PRAGMA {pragma}"))


def test_a_writing_block_has_the_right_to_write_from_its_start(sqlite: SqlStorage) -> None:
    path = sqlite.writer.url.database
    assert path is not None
    with closing(sqlite3.connect(path, timeout=0, isolation_level=None)) as other:
        with sqlite.writing():
            with pytest.raises(sqlite3.OperationalError, match="locked"):
                other.execute("BEGIN IMMEDIATE")
            # Readers go on meanwhile.
            assert (0,) == other.execute("SELECT count(*) FROM users").fetchone()
        other.execute("BEGIN IMMEDIATE")
        other.execute("ROLLBACK")


@pytest.mark.sentence("status-503")
def test_a_database_locked_for_too_long_is_unavailable(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "LOCK_TIMEOUT", 0.2)
    storage = SqlStorage(sqlite_url)
    path = sqlite_url.removeprefix("sqlite:///")
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        begin = time.monotonic()
        with pytest.raises(Unavailable), storage.writing():
            pytest.fail("the block must not begin")
        assert 0.2 <= time.monotonic() - begin < 2
        with storage.reading() as repositories:
            assert repositories.users.view("ada") is None
        other.execute("ROLLBACK")
    with storage.writing() as repositories:
        assert repositories.users.get(1) is None
    storage.close()


@pytest.mark.sentence("status-503")
@pytest.mark.parametrize(
    "url",
    [
        "sqlite:////nowhere/at/all/blog.sqlite3",
        "postgresql+psycopg://nobody@127.0.0.1:1/blog",
        "mariadb+pymysql://nobody@127.0.0.1:1/blog",
    ],
)
def test_a_database_that_is_not_there_is_unavailable(url: str) -> None:
    storage = SqlStorage(url)
    for attempt in (storage.check, storage.reading().__enter__, storage.writing().__enter__):
        with pytest.raises(Unavailable):
            attempt()
    storage.close()


def test_entities_are_loaded_only_to_be_changed(sqlite: SqlStorage) -> None:
    with sqlite.reading() as repositories, pytest.raises(RuntimeError, match="writing"):
        repositories.users.get(1)


@pytest.mark.sentence("one-writer")
def test_two_processes_that_count_lose_nothing(sqlite: SqlStorage, sqlite_url: str) -> None:
    a_site = site(sqlite)
    a_site.clock.now = a_site.clock.now.replace(year=2100)  # the processes have the real time
    ada = a_site.user("ada")
    assert ada.token is not None
    post = a_site.blog.create_post(ada, schemas.NewPost(title="Count", content="0"))
    times = 15
    command = [sys.executable, "-c", INCREMENT, sqlite_url, SECRET, ada.token, f"{post.id}"]
    processes = [subprocess.Popen([*command, f"{times}"]) for _ in range(2)]
    assert [0, 0] == [process.wait(timeout=60) for process in processes]
    counted = a_site.blog.get_post(ada, post.id)
    assert (f"{2 * times}", 2 * times + 1) == (counted.content, counted.version)
    a_site.blog.delete_post(ada, post.id, Expected(any=True))
