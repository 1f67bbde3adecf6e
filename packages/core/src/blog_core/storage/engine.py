"""Engines and transactions: one use case, one transaction."""

import sqlite3
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Any

from sqlalchemy import Engine, create_engine, event, make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from blog_core.domain.errors import Unavailable

# Seconds a statement waits for another writer before the request ends with 503.
LOCK_TIMEOUT = 3.0


def reading_engine(url: str) -> Engine:
    """For use cases that only read: every statement is a transaction of its own."""
    engine = create_engine(
        url, isolation_level="AUTOCOMMIT", skip_autocommit_rollback=True, **_options(url)
    )
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", prepare_sqlite)
    return engine


def writing_engine(url: str) -> Engine:
    """For use cases that write: a transaction that holds the right to write from its start."""
    engine = create_engine(url, **_options(url))
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", prepare_sqlite)
        event.listen(engine, "begin", _begin_immediate)
    return engine


class translated(AbstractContextManager[None]):  # noqa: N801 # used like contextlib's functions
    """Say Unavailable where the database could not be reached or was locked for too long."""

    # A class, because every use case passes through it: a generator takes four times as long.
    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if isinstance(error, PoolTimeoutError):
            raise Unavailable("no database connection became free in time") from error
        if isinstance(error, DBAPIError) and (error.connection_invalidated or _is_passing(error)):
            raise Unavailable("the database did not answer in time") from error


def _is_passing(error: DBAPIError) -> bool:
    return type(error).__name__ in ("OperationalError", "InterfaceError")


def _options(url: str) -> dict[str, Any]:
    options: dict[str, Any] = {"pool_timeout": LOCK_TIMEOUT}
    name = make_url(url).get_backend_name()
    if name == "sqlite":
        # A connection is an open file: one for each of a server's threads costs less than waiting.
        options["pool_size"] = 0
        # Connections pass between the threads, one at a time.
        options["connect_args"] = {"timeout": LOCK_TIMEOUT, "check_same_thread": False}
    else:
        options |= server_options(url)
    return options


def server_options(url: str) -> dict[str, Any]:
    """How to connect to a database server, and when to give up on it."""
    options: dict[str, Any] = {"pool_timeout": LOCK_TIMEOUT, "pool_pre_ping": True}
    if make_url(url).get_backend_name() == "postgresql":
        milliseconds = int(LOCK_TIMEOUT * 1000)
        options["connect_args"] = {
            "connect_timeout": int(LOCK_TIMEOUT),
            "options": f"-c lock_timeout={milliseconds} -c statement_timeout={milliseconds}",
        }
    else:
        seconds = int(LOCK_TIMEOUT)
        options["connect_args"] = {
            "connect_timeout": seconds,
            "read_timeout": seconds,
            "write_timeout": seconds,
            "charset": "utf8mb4",
            "init_command": f"SET innodb_lock_wait_timeout = {seconds}",
        }
    return options


def prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    """What every SQLite connection of the blog has; for SQLAlchemy's event `connect`."""
    # The driver must not begin transactions by itself: `_begin_immediate` does.
    connection.isolation_level = None
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_immediate(connection: Any) -> None:
    # A deferred transaction that reads first and writes later fails, or loses what others wrote.
    connection.exec_driver_sql("BEGIN IMMEDIATE")
