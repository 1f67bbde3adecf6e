import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import create_engine, inspect, text

from blog_core.domain.errors import Unavailable
from blog_core.storage import engine, migrate
from blog_core.storage.engine import writing_engine
from blog_core.storage.probe import Probe
from blog_core.storage.repositories import SqlStorage
from blog_core.storage.tables import metadata


def url_of(path: Path) -> str:
    return f"sqlite:///{path}"


@pytest.fixture
def words(sqlite_url: str) -> Iterator[sqlite3.Connection]:
    """A SQLite file with one user, whose posts a test writes itself."""
    with closing(sqlite3.connect(sqlite_url.removeprefix("sqlite:///"))) as connection:
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute(
            "INSERT INTO users VALUES (1, 'a', 'a', 'a@b.c', 'a@b.c', 'x', 0, 1, '2026-01-02')"
        )
        yield connection


def add_post(connection: sqlite3.Connection, post_id: int, search: str) -> None:
    connection.execute(
        "INSERT INTO posts VALUES (?, 1, 't', 'c', NULL, '2026-01-02', '2026-01-02', 1, ?)",
        (post_id, search),
    )


def matching(connection: sqlite3.Connection, word: str) -> list[int]:
    statement = "SELECT rowid FROM posts_words WHERE posts_words MATCH ? ORDER BY rowid"
    return [row[0] for row in connection.execute(statement, (f'"{word}"',))]


def check_index(connection: sqlite3.Connection) -> None:
    """Raises when the index does not say the same as the table (FTS5, 6.4.2)."""
    connection.execute("INSERT INTO posts_words (posts_words, rank) VALUES ('integrity-check', 1)")


def test_an_upgrade_makes_the_schema_out_of_nothing_and_does_so_once(tmp_path: Path) -> None:
    path = tmp_path / "new.sqlite3"
    for _ in range(2):
        migrate.upgrade(url_of(path))
        storage = SqlStorage(url_of(path))
        storage.check()
        storage.close()
    with closing(sqlite3.connect(path)) as connection:
        tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master")}
    assert {*metadata.tables, "alembic_version", "posts_words"} <= tables


def test_the_migrations_make_what_the_tables_say(database_url: str) -> None:
    writer = writing_engine(database_url)
    with writer.begin() as connection:
        # Raises where autogenerate would find something to change.
        command.check(migrate.configuration(connection))
    writer.dispose()


def test_tables_of_others_are_left_alone(sqlite_url: str) -> None:
    other = create_engine(sqlite_url)
    with other.begin() as connection:
        connection.execute(text("CREATE TABLE django_session (id INTEGER PRIMARY KEY)"))
        connection.execute(text("CREATE INDEX theirs ON django_session (id)"))
    migrate.upgrade(sqlite_url)
    with other.begin() as connection:
        command.check(migrate.configuration(connection))
        assert inspect(connection).has_table("django_session")
    other.dispose()


@pytest.mark.sentence("livez", "status-503")
def test_readiness_needs_the_schema_of_this_release(tmp_path: Path) -> None:
    storage = SqlStorage(url_of(tmp_path / "empty.sqlite3"))
    with pytest.raises(Unavailable):
        storage.check()
    storage.close()


@pytest.mark.sentence("livez", "status-503")
def test_readiness_refuses_an_earlier_schema_and_not_a_later_one(sqlite_url: str) -> None:
    def stamp(revision: str) -> None:
        with closing(sqlite3.connect(sqlite_url.removeprefix("sqlite:///"))) as connection:
            connection.execute("UPDATE alembic_version SET version_num = ?", (revision,))
            connection.commit()

    storage = SqlStorage(sqlite_url)
    stamp("0001")
    with pytest.raises(Unavailable):
        storage.check()
    # While the next release comes, this one is still there, and must not be taken out at once.
    stamp("9999")
    storage.check()
    storage.close()


def test_readiness_has_a_bound_of_its_own_and_one_look_at_a_time() -> None:
    looks: list[int] = []
    hanging, gone = threading.Event(), threading.Event()

    def look() -> None:
        looks.append(1)
        hanging.wait(60)
        gone.set()

    probe = Probe(look, bound=0.05)
    for _ in range(3):
        with pytest.raises(Unavailable, match=r"within 0\.05 s"):
            probe()
    assert 1 == len(looks)
    hanging.set()
    assert gone.wait(60)
    patient = Probe(look, bound=60)
    patient()
    patient()
    assert 3 == len(looks)


def test_a_locked_database_is_not_upgraded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "LOCK_TIMEOUT", 0.2)
    path = tmp_path / "locked.sqlite3"
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("PRAGMA journal_mode = WAL")
        other.execute("BEGIN IMMEDIATE")
        begin = time.monotonic()
        with pytest.raises(Unavailable):
            migrate.upgrade(url_of(path))
        assert time.monotonic() - begin < 2
        other.execute("ROLLBACK")
    migrate.upgrade(url_of(path))


def test_a_migration_takes_as_long_as_it_needs(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "LOCK_TIMEOUT", 1.0)
    monkeypatch.setattr(engine, "PATIENCE", 1.0)
    migrating = engine.migrating_engine(database_url)
    slow = {"postgresql": "SELECT pg_sleep(1.5)", "sqlite": "SELECT 1"}
    with migrating.begin() as connection:
        connection.execute(text(slow.get(migrating.dialect.name, "SELECT SLEEP(1.5)")))
    migrating.dispose()


def test_the_index_of_words_follows_every_change(words: sqlite3.Connection) -> None:
    add_post(words, 1, "snake oil")
    add_post(words, 2, "snake")
    assert [1, 2] == matching(words, "snake")
    words.execute("UPDATE posts SET search = 'rain oil' WHERE id = 1")
    assert ([2], [1], [1]) == tuple(matching(words, word) for word in ("snake", "rain", "oil"))
    words.execute("UPDATE posts SET version = 2 WHERE id = 1")
    words.execute("UPDATE posts SET id = 7 WHERE id = 1")
    assert [7] == matching(words, "oil")
    check_index(words)
    words.execute("DELETE FROM posts WHERE id = 7")
    assert [] == matching(words, "oil")
    check_index(words)


def test_the_index_of_words_follows_a_cascade(words: sqlite3.Connection) -> None:
    add_post(words, 1, "snake oil")
    words.execute("DELETE FROM users")
    assert [] == matching(words, "snake")
    check_index(words)
