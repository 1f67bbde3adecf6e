"""Windows of limits that several processes share: in the blog's own database, or in Redis.

Both count in one atomic step, by the store's own clock.
"""

import os
import sqlite3
import time
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import DBAPIError

from blog_core.storage.engine import prepare_sqlite, server_options, wait_no_longer

# Nobody waits for it, but a late answer still counts, and says that the store is back.
_TIMEOUT = 1.0
# How long SQLite itself waits for another writer: it looks after 1 and after 2 milliseconds more.
_BUSY = 0.003
_SWEEP_EVERY = 60.0

_NOW = {
    "sqlite": "((julianday('now') - 2440587.5) * 86400.0)",
    "postgresql": "extract(epoch from clock_timestamp())",
    # In UTC, whatever the session's time zone: an hour that comes twice would end no window.
    "mysql": "(timestampdiff(microsecond, '1970-01-01', utc_timestamp(6)) / 1e6)",
}
_COUNT = """
INSERT INTO limit_windows (id, hits, ends) VALUES (:id, :times, {now} + :seconds)
ON CONFLICT (id) DO UPDATE SET
    hits = CASE WHEN limit_windows.ends <= {now} THEN :times ELSE limit_windows.hits + :times END,
    ends = CASE WHEN limit_windows.ends <= {now} THEN excluded.ends ELSE limit_windows.ends END
RETURNING hits, ends - {now}
"""
# MariaDB assigns from left to right: `hits` still sees the old `ends`.
_COUNT_MARIADB = """
INSERT INTO limit_windows (id, hits, ends) VALUES (:id, :times, {now} + :seconds)
ON DUPLICATE KEY UPDATE
    hits = CASE WHEN ends <= {now} THEN :times ELSE hits + :times END,
    ends = CASE WHEN ends <= {now} THEN VALUES(ends) ELSE ends END
RETURNING hits, ends - {now}
"""
_SWEEP = "DELETE FROM limit_windows WHERE ends <= {now} - 60"


class SqlWindows:
    """The port `SharedWindows` in a table of the blog's database. Connects when first used."""

    def __init__(self, url: str) -> None:
        self._engine = _engine(url)
        self._connection: Connection | None = None
        self._inherited: Connection | None = None
        name = make_url(url).get_backend_name().replace("mariadb", "mysql")
        count = _COUNT_MARIADB if name == "mysql" else _COUNT
        self._count = text(count.format(now=_NOW[name]))
        self._sweep = text(_SWEEP.format(now=_NOW[name]))
        self._sweep_at = time.monotonic() + _SWEEP_EVERY
        self._is_sqlite = name == "sqlite"
        self._pid = os.getpid()

    def count(
        self, asked: Mapping[tuple[str, int], int]
    ) -> dict[tuple[str, int], tuple[int, float]]:
        if self._pid != os.getpid():
            self._leave_to_parent()
        fresh = self._connection is None
        deadline = time.monotonic() + _TIMEOUT
        while True:
            try:
                return self._counted(asked)
            except DBAPIError as error:
                # Asked again at once: SQLite itself would look less and less often.
                if _is_busy(error) and time.monotonic() < deadline:
                    continue
                self._disconnect()
                # Servers end connections that were idle for long.
                if fresh or not error.connection_invalidated:
                    raise
                fresh = True

    def close(self) -> None:
        self._disconnect()
        self._engine.dispose()

    def _counted(
        self, asked: Mapping[tuple[str, int], int]
    ) -> dict[tuple[str, int], tuple[int, float]]:
        # Kept, because to take it from a pool and to try it would cost more than the counting.
        connection = self._connection = self._connection or self._engine.connect()
        found = {}
        # On SQLite the file is locked for each transaction; elsewhere each key is soon let go.
        together = self._is_sqlite and len(asked) > 1
        if together:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        for (key, seconds), times in asked.items():
            values = {"id": key, "seconds": seconds, "times": times}
            hits, left = connection.execute(self._count, values).one()
            found[key, seconds] = int(hits), float(left)
        if together:
            connection.exec_driver_sql("COMMIT")
        if time.monotonic() > self._sweep_at:
            self._sweep_at = time.monotonic() + _SWEEP_EVERY
            connection.execute(self._sweep)
        return found

    def _leave_to_parent(self) -> None:
        """After a fork, nothing may be said over what was opened before, not even goodbye."""
        self._pid = os.getpid()
        self._inherited, self._connection = self._connection, None
        self._engine.dispose(close=False)

    def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.invalidate()
            connection.close()


def _is_busy(error: DBAPIError) -> bool:
    """Whether another is writing to the SQLite file."""
    code: int = getattr(error.orig, "sqlite_errorcode", sqlite3.SQLITE_OK)
    return code & 0xFF == sqlite3.SQLITE_BUSY


def _engine(url: str) -> Engine:
    """Every statement is a transaction of its own, and none waits for the disk where it need not.

    Windows are worth nothing after a loss of power, and what others have committed is not touched
    by how these are.
    """
    options: dict[str, Any] = {"isolation_level": "AUTOCOMMIT", "skip_autocommit_rollback": True}
    if make_url(url).get_backend_name() == "sqlite":
        options["connect_args"] = {"timeout": _BUSY, "check_same_thread": False}
        engine = create_engine(url, **options)
        event.listen(engine, "connect", prepare_sqlite)
        event.listen(engine, "connect", _without_flush)
        return engine
    engine = create_engine(url, **options, **server_options(url))
    wait_no_longer(engine)
    if engine.dialect.name == "postgresql":
        event.listen(engine, "connect", _without_flush)
    return engine


def _without_flush(connection: Any, _record: object) -> None:
    # SQLite, in WAL mode: the file stays whole, and a later FULL commit takes these along.
    sqlite = type(connection).__module__.startswith("sqlite3")
    cursor = connection.cursor()
    cursor.execute("PRAGMA synchronous = NORMAL" if sqlite else "SET synchronous_commit = off")
    cursor.close()


class RedisWindows:
    """The port `SharedWindows` in Redis (or Valkey), by its URL. Connects when first used."""

    _SCRIPT = """
local found = {}
for number, key in ipairs(KEYS) do
    local hits = redis.call('INCRBY', key, ARGV[2 * number - 1])
    local left = redis.call('PTTL', key)
    if left < 0 then
        left = tonumber(ARGV[2 * number])
        redis.call('PEXPIRE', key, left)
    end
    found[2 * number - 1], found[2 * number] = hits, left
end
return found
"""

    def __init__(self, url: str) -> None:
        import redis  # noqa: PLC0415 # an extra: only those who use it have it
        from redis.backoff import NoBackoff  # noqa: PLC0415 # same
        from redis.retry import Retry  # noqa: PLC0415 # same

        self._redis = redis.Redis.from_url(
            url,
            socket_timeout=_TIMEOUT,
            socket_connect_timeout=_TIMEOUT,
            # Once more where a connection was ended; what took long is not begun again.
            retry=Retry(NoBackoff(), 1, supported_errors=(redis.ConnectionError,)),
        )
        self._script = self._redis.register_script(self._SCRIPT)

    def count(
        self, asked: Mapping[tuple[str, int], int]
    ) -> dict[tuple[str, int], tuple[int, float]]:
        keys = [f"blog:limit:{key}" for key, _ in asked]
        arguments = [
            number for (_, seconds), times in asked.items() for number in (times, seconds * 1000)
        ]
        found = iter(self._script(keys=keys, args=arguments))
        return {
            each: (int(hits), left / 1000)
            for each, hits, left in zip(asked, found, found, strict=True)
        }

    def close(self) -> None:
        self._redis.close()
