"""The databases: seeded once for each size, kept under `bench/results/data`, copied for writers."""

import hashlib
import shutil
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from argon2 import PasswordHasher
from sqlalchemy import select

from bench.targets import PASSWORD, USERNAME
from blog_core.domain.users import User
from blog_core.storage import migrate, tables
from blog_core.storage.engine import reading_engine
from blog_core.storage.repositories import SqlStorage
from triptych import filling, plausible

RESULTS = Path(__file__).parent / "results"
AUTHORS = 50


def url(database: Path | str) -> str:
    """The URL of a file, or the URL that it is already."""
    return f"sqlite:///{database}" if isinstance(database, Path) else database


def seeded(posts: int, done: Callable[[int], None] = lambda rows: None) -> Path:
    """A database that `triptych seed` would fill, and one user who can sign in; made on first use.

    `done` hears of each batch of rows.
    """
    path = RESULTS / "data" / f"{posts}-{_fingerprint()}.sqlite3"
    if path.exists():
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".part")
    for leftover in path.parent.glob(f"{unfinished.name}*"):
        leftover.unlink()
    migrate.upgrade(url(unfinished))
    fill(url(unfinished), posts, done)
    connection = sqlite3.connect(unfinished)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    return unfinished.rename(path)


def fill(database: str, posts: int, done: Callable[[int], None]) -> None:
    """Write what is measured into a database that has the tables."""
    storage = SqlStorage(database)
    filling.seed(storage, people=AUTHORS, writings=posts, number=1, done=done)
    password = PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1).hash(PASSWORD)
    with storage.writing() as repositories:
        repositories.users.add(
            User(
                username=USERNAME,
                email=f"{USERNAME}@example.org",
                password=password,
                joined=datetime.now(UTC),
            )
        )
    storage.close()


def copy(source: Path, to: Path) -> Path:
    """A copy of its own for a server that writes."""
    shutil.copyfile(source, to)
    return to


def published(database: Path | str, *, offset: int = 0, limit: int | None = None) -> list[int]:
    """The ids of the published posts from that position, newest first."""
    engine = reading_engine(url(database))
    newest = (tables.posts.c.pub_date.desc(), tables.posts.c.id.desc())
    statement = select(tables.posts.c.id).where(tables.posts.c.pub_date <= datetime.now(UTC))
    with engine.connect() as connection:
        found = connection.scalars(statement.order_by(*newest).limit(limit).offset(offset))
        ids = list(found)
    engine.dispose()
    return ids


def _fingerprint() -> str:
    """Changes with the migrations and the seeding: an old database is not used again."""
    digest = hashlib.sha256()
    migrations = sorted((Path(migrate.__file__).parent / "migrations").rglob("*.py"))
    for path in [Path(filling.__file__), Path(plausible.__file__), Path(__file__), *migrations]:
        digest.update(path.read_bytes())
    return digest.hexdigest()[:10]
