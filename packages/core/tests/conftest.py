import os
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url, text

from blog_core.ports import Storage
from blog_core.storage import migrate
from blog_core.storage.repositories import SqlStorage
from blog_core.storage.tables import metadata

from .fakes import Site, site
from .memory import MemoryStorage

SERVERS = {
    name: url
    for name in ("postgresql", "mariadb")
    if (url := os.environ.get(f"BLOG_TEST_{name.upper()}_URL"))
}
"""Database servers to test on as well, where a URL says where one is."""


def pytest_configure(config: pytest.Config) -> None:
    line = "sentence(*names): the sentences of docs/http-contract.md that the test holds"
    config.addinivalue_line("markers", line)


@contextmanager
def scratch_database(url: str) -> Iterator[str]:
    """A new database beside the one at `url`, dropped at the end."""
    name = f"blog_core_tests_{os.getpid()}"
    server = create_engine(url, isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    try:
        yield make_url(url).set(database=name).render_as_string(hide_password=False)
    finally:
        with server.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name}"))
        server.dispose()


class Databases:
    """Databases with the schema and nothing in it, of each kind that is at hand."""

    def __init__(self, empty_sqlite: Path) -> None:
        self._empty_sqlite = empty_sqlite
        self._urls: dict[str, str] = {}
        self.cleanup = ExitStack()

    def new(self, kind: str, folder: Path) -> str:
        """The URL of one; on a server it is always the same, emptied."""
        if kind == "sqlite":
            path = folder / "blog.sqlite3"
            shutil.copy(self._empty_sqlite, path)
            return f"sqlite:///{path}"
        if kind not in self._urls:
            self._urls[kind] = self.cleanup.enter_context(scratch_database(SERVERS[kind]))
            migrate.upgrade(self._urls[kind])
        engine = create_engine(self._urls[kind])
        with engine.begin() as connection:
            for table in reversed(metadata.sorted_tables):
                connection.execute(table.delete())
        engine.dispose()
        return self._urls[kind]


@pytest.fixture(scope="session")
def databases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Databases]:
    path = tmp_path_factory.mktemp("empty") / "blog.sqlite3"
    migrate.upgrade(f"sqlite:///{path}")
    found = Databases(path)
    with found.cleanup:
        yield found


@pytest.fixture
def sqlite_url(databases: Databases, tmp_path: Path) -> str:
    return databases.new("sqlite", tmp_path)


@pytest.fixture(params=["sqlite", *SERVERS])
def database_url(request: pytest.FixtureRequest, databases: Databases, tmp_path: Path) -> str:
    """A migrated and empty database of each kind."""
    return databases.new(request.param, tmp_path)


@pytest.fixture(params=["memory", "sqlite", *SERVERS])
def storage(
    request: pytest.FixtureRequest, databases: Databases, tmp_path: Path
) -> Iterator[Storage]:
    """Each storage in turn."""
    if request.param == "memory":
        yield MemoryStorage()
        return
    storage = SqlStorage(databases.new(request.param, tmp_path))
    yield storage
    storage.close()


@pytest.fixture
def blog_site(storage: Storage) -> Site:
    return site(storage)
