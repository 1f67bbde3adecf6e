"""The databases: seeded once for each size, kept under `bench/results/data`, copied for writers."""

import hashlib
import shutil
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from argon2 import PasswordHasher

from bench.targets import PASSWORD, USERNAME
from blog_core.domain.users import User
from blog_core.storage import migrate
from blog_core.storage.repositories import SqlStorage
from triptych import filling, plausible

RESULTS = Path(__file__).parent / "results"
AUTHORS = 50


def url(path: Path) -> str:
    return f"sqlite:///{path}"


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
    storage = SqlStorage(url(unfinished))
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
    connection = sqlite3.connect(unfinished)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    return unfinished.rename(path)


def copy(source: Path, to: Path) -> Path:
    """A copy of its own for a server that writes."""
    shutil.copyfile(source, to)
    return to


def published(path: Path, *, offset: int = 0, limit: int = -1) -> list[int]:
    """The ids of the published posts from that position, newest first."""
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    rows = connection.execute(
        "SELECT id FROM posts WHERE pub_date <= ? ORDER BY pub_date DESC, id DESC LIMIT ? OFFSET ?",
        (f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S.%f}", limit, offset),
    ).fetchall()
    connection.close()
    return [row[0] for row in rows]


def _fingerprint() -> str:
    """Changes with the migrations and the seeding: an old database is not used again."""
    digest = hashlib.sha256()
    migrations = sorted((Path(migrate.__file__).parent / "migrations").rglob("*.py"))
    for path in [Path(filling.__file__), Path(plausible.__file__), Path(__file__), *migrations]:
        digest.update(path.read_bytes())
    return digest.hexdigest()[:10]
