"""The same databases on a server of PostgreSQL: seeded once for a run, copied for writers, dropped.

A copy is made by the server itself, from its files: it has the same rows and the same order.
"""

import os
import secrets
from collections.abc import Callable
from contextlib import ExitStack
from types import TracebackType

from sqlalchemy import create_engine, make_url, text

from bench import data
from blog_core.storage import migrate
from tools.databases import scratch_database


class Server:
    """Databases beside the one at this URL; all are dropped when the block ends."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._databases = ExitStack()
        self._seeded: dict[int, str] = {}

    def __enter__(self) -> "Server":
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self._databases.close()

    def seeded(self, posts: int, done: Callable[[int], None] = lambda rows: None) -> str:
        """The URL of a database as `data.seeded` makes them."""
        if posts not in self._seeded:
            url = self._databases.enter_context(scratch_database(self._url, "triptych_bench"))
            migrate.upgrade(url)
            data.RESULTS.mkdir(exist_ok=True)  # for what servers say
            data.fill(url, posts, done)
            self._run(url, "VACUUM ANALYZE")
            self._seeded[posts] = url
        return self._seeded[posts]

    def copy(self, source: str) -> str:
        """The URL of a copy that is nobody else's."""
        name = f"triptych_bench_{os.getpid()}_{secrets.token_hex(4)}"
        self._run(self._url, f"CREATE DATABASE {name} TEMPLATE {make_url(source).database}")
        self._databases.callback(self._run, self._url, f"DROP DATABASE {name} WITH (FORCE)")
        return make_url(source).set(database=name).render_as_string(hide_password=False)

    @staticmethod
    def _run(url: str, statement: str) -> None:
        engine = create_engine(url, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(statement))
        engine.dispose()
