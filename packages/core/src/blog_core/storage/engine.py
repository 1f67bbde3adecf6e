"""Engines and transactions: one use case, one transaction, and an end to both.

A use case waits for its turn at the database, and the database then has its time, whether it is
slow, locked, frozen or out of reach. A request has one use case or two, where it is counted first:
after 3.25 seconds nothing waits any more.
"""

import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import cache
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import TYPE_CHECKING, Any

from sqlalchemy import Engine, ExceptionContext, create_engine, event, make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from blog_core.domain.errors import BlogError, Unavailable

if TYPE_CHECKING:
    import psycopg

# Seconds a statement waits for another writer before the request ends with 503.
LOCK_TIMEOUT = 2.0
# Seconds a connection to a replica may take; libpq takes 1 for 2.
REPLICA_TIMEOUT = 2
# Seconds for an answer to a statement: one that stands still says nothing of its own accord.
PATIENCE = 2.25
# A use case looks so many times, so many seconds apart, whether it is its turn. Not by the clock:
# where a busy machine does not let this process run, the database is not to blame.
TURN = 10
LOOK = 0.05
# After so many looks at which nobody had got on, no more than QUEUE wait.
STANDSTILL = 4
QUEUE = 6
# How many use cases of one process are at the database at once, and how many of them may write:
# while writers wait for a lock, there is room for one who reads. With both queues there are at most
# fifteen, and a server that has sixteen threads answers who asks for something else.
USERS = 3
WRITERS = 2


class Turns:
    """So many at once; who comes then waits, unless it is in vain."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._free: SimpleQueue[None] = SimpleQueue()
        for _ in range(count):
            self._free.put(None)
        self._waiting = 0
        self._lock = threading.Lock()
        self._looked_at = 0.0
        self._looks = 0

    def take(self, looks: int = TURN) -> int:
        """Give the looks that are left, for another queue.

        Raises Unavailable where it is not one's turn in time.
        """
        try:
            self._free.get_nowait()
        except Empty:
            return self._wait(looks)
        if self._free.qsize() == self._count - 1:
            # Nobody was there before: what was seen then says nothing.
            self._looks = 0
        return looks

    def give(self, error: BaseException | None) -> None:
        """Let the next one have their turn; the error, if any, says how one's own has ended."""
        if error is None or (isinstance(error, BlogError) and not isinstance(error, Unavailable)):
            self._looks = 0
        self._free.put(None)

    def _wait(self, looks: int) -> int:
        with self._lock:
            self._waiting += 1
        try:
            for left in reversed(range(looks)):
                if self._is_in_vain():
                    break
                try:
                    self._free.get(timeout=LOOK)
                except Empty:
                    self._look()
                else:
                    return left
        finally:
            with self._lock:
                self._waiting -= 1
        raise Unavailable("others wait for the database already")

    def _is_in_vain(self) -> bool:
        return self._waiting > QUEUE and self._looks >= STANDSTILL

    def _look(self) -> None:
        """One look for all who wait."""
        with self._lock:
            now = time.monotonic()
            if now - self._looked_at >= LOOK:
                self._looked_at = now
                self._looks += 1


def reading_engine(url: str) -> Engine:
    """For use cases that only read: every statement is a transaction of its own."""
    engine = create_engine(
        url, isolation_level="AUTOCOMMIT", skip_autocommit_rollback=True, **_options(url)
    )
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", prepare_sqlite)
    else:
        wait_no_longer(engine)
    return engine


def replica_engine(url: str) -> Engine:
    """As `reading_engine`, on a server that is not waited for: there is another to ask."""
    options = server_options(url)
    options |= {"pool_timeout": 0.0}
    options["connect_args"] |= {"connect_timeout": REPLICA_TIMEOUT}
    engine = create_engine(
        url, isolation_level="AUTOCOMMIT", skip_autocommit_rollback=True, **options
    )
    wait_no_longer(engine)
    return engine


def writing_engine(url: str) -> Engine:
    """For use cases that write: a transaction that holds the right to write from its start."""
    options = _options(url)
    if make_url(url).get_backend_name() != "sqlite":
        # PostgreSQL's default. MariaDB's own locks the gaps between rows: two who add one key at
        # once would be a deadlock.
        options["isolation_level"] = "READ COMMITTED"
    engine = create_engine(url, **options)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", prepare_sqlite)
        event.listen(engine, "begin", _begin_immediate)
    else:
        wait_no_longer(engine)
    return engine


def migrating_engine(url: str) -> Engine:
    """As `writing_engine`, for statements that take as long as there are rows."""
    options = _options(url)
    name = make_url(url).get_backend_name()
    if name == "sqlite":
        return writing_engine(url)
    if name == "postgresql":
        options["connect_args"]["options"] = f"-c lock_timeout={int(LOCK_TIMEOUT * 1000)}"
    else:
        for limit in ("read_timeout", "write_timeout"):
            del options["connect_args"][limit]
    return create_engine(url, **options)


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
    # What is bound to statements are names, addresses and digests: none of it belongs in a log.
    options: dict[str, Any] = {"pool_timeout": LOCK_TIMEOUT, "hide_parameters": True}
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
            "read_timeout": PATIENCE,
            "write_timeout": PATIENCE,
            "charset": "utf8mb4",
            "init_command": (
                f"SET innodb_lock_wait_timeout = {seconds}, lock_wait_timeout = {seconds}"
            ),
        }
    return options


def wait_no_longer(engine: Engine) -> None:
    """Have an engine give up on a server that is there and says nothing, and not ask it again."""
    event.listen(engine, "handle_error", _believe_silence)
    if engine.dialect.name == "postgresql":
        event.listen(engine, "do_connect", _connect_postgresql)


def _believe_silence(context: ExceptionContext) -> None:
    # Else a connection that does not answer is taken for one that has ended, and another one is
    # made, which does not answer either.
    error = context.original_exception
    if context.is_pre_ping and isinstance(error.__cause__ or error.__context__, TimeoutError):
        context.is_disconnect = False


def _connect_postgresql(
    _dialect: object, _record: object, arguments: Any, options: Any
) -> "psycopg.Connection[Any]":
    return _impatient()(*arguments, **options)


@cache
def _impatient() -> "Callable[..., psycopg.Connection[Any]]":
    """What connects to PostgreSQL; its own timeouts are kept by the server, while that runs."""
    import psycopg  # noqa: PLC0415 # an extra: only those who use it have it

    class ImpatientConnection(psycopg.Connection[Any]):
        def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
            begun = time.monotonic()
            try:
                return super().wait(gen, interval, timeout or PATIENCE)
            except psycopg.OperationalError as error:
                if timeout is not None or time.monotonic() - begun < PATIENCE:
                    raise
                # What it may still say would be taken for the answer to the next statement.
                self.pgconn.finish()
                raise psycopg.OperationalError("no answer in time") from TimeoutError(f"{error}")

    return ImpatientConnection.connect


def prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    """What every SQLite connection of the blog has; for SQLAlchemy's event `connect`."""
    # The driver must not begin transactions by itself: `_begin_immediate` does.
    connection.isolation_level = None
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_immediate(connection: Any) -> None:
    # A deferred transaction that reads first and writes later fails, or loses what others wrote.
    connection.exec_driver_sql("BEGIN IMMEDIATE")
