"""Windows of limits that several processes share: in the blog's own database, or in Redis.

Both count in one atomic step, by the store's own clock.
"""

import time
from typing import Any

from sqlalchemy import Engine, create_engine, event, make_url, text

from blog_core.storage.engine import prepare_sqlite, server_options

# Longer than a request waits for an answer there is no use in trying.
_TIMEOUT = 0.1
_SWEEP_EVERY = 60.0

_NOW = {
    "sqlite": "((julianday('now') - 2440587.5) * 86400.0)",
    "postgresql": "extract(epoch from clock_timestamp())",
    # In UTC, whatever the session's time zone: an hour that comes twice would end no window.
    "mysql": "(timestampdiff(microsecond, '1970-01-01', utc_timestamp(6)) / 1e6)",
}
_COUNT = """
INSERT INTO limit_windows (id, hits, ends) VALUES (:id, 1, {now} + :seconds)
ON CONFLICT (id) DO UPDATE SET
    hits = CASE WHEN limit_windows.ends <= {now} THEN 1 ELSE limit_windows.hits + 1 END,
    ends = CASE WHEN limit_windows.ends <= {now} THEN excluded.ends ELSE limit_windows.ends END
RETURNING hits, ends - {now}
"""
# MariaDB assigns from left to right: `hits` still sees the old `ends`.
_COUNT_MARIADB = """
INSERT INTO limit_windows (id, hits, ends) VALUES (:id, 1, {now} + :seconds)
ON DUPLICATE KEY UPDATE
    hits = CASE WHEN ends <= {now} THEN 1 ELSE hits + 1 END,
    ends = CASE WHEN ends <= {now} THEN VALUES(ends) ELSE ends END
RETURNING hits, ends - {now}
"""
_SWEEP = "DELETE FROM limit_windows WHERE ends <= {now} - 60"


class SqlWindows:
    """The port `Windows` in a table of the blog's database. Connects when first used."""

    def __init__(self, url: str) -> None:
        self._engine = _engine(url)
        name = make_url(url).get_backend_name().replace("mariadb", "mysql")
        count = _COUNT_MARIADB if name == "mysql" else _COUNT
        self._count = text(count.format(now=_NOW[name]))
        self._sweep = text(_SWEEP.format(now=_NOW[name]))
        self._sweep_at = time.monotonic() + _SWEEP_EVERY

    def hit(self, key: str, seconds: int) -> tuple[int, float]:
        with self._engine.connect() as connection:
            values = {"id": key, "seconds": seconds}
            hits, left = connection.execute(self._count, values).one()
            if time.monotonic() > self._sweep_at:
                self._sweep_at = time.monotonic() + _SWEEP_EVERY
                connection.execute(self._sweep)
        return int(hits), float(left)

    def close(self) -> None:
        self._engine.dispose()


def _engine(url: str) -> Engine:
    """Every statement is a transaction of its own, and none waits for the disk where it need not.

    Windows are worth nothing after a loss of power, and what others have committed is not touched
    by how these are.
    """
    options: dict[str, Any] = {"isolation_level": "AUTOCOMMIT", "skip_autocommit_rollback": True}
    if make_url(url).get_backend_name() == "sqlite":
        options["connect_args"] = {"timeout": _TIMEOUT, "check_same_thread": False}
        engine = create_engine(url, **options)
        event.listen(engine, "connect", prepare_sqlite)
        event.listen(engine, "connect", _without_flush)
        return engine
    engine = create_engine(url, **options, **server_options(url))
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
    """The port `Windows` in Redis (or Valkey), by its URL. Connects when first used."""

    _SCRIPT = """
local hits = redis.call('INCR', KEYS[1])
local left = redis.call('PTTL', KEYS[1])
if left < 0 then
    redis.call('PEXPIRE', KEYS[1], ARGV[1])
    left = tonumber(ARGV[1])
end
return {hits, left}
"""

    def __init__(self, url: str) -> None:
        import redis  # noqa: PLC0415 # an extra: only those who use it have it

        self._redis = redis.Redis.from_url(
            url, socket_timeout=_TIMEOUT, socket_connect_timeout=_TIMEOUT
        )
        self._script = self._redis.register_script(self._SCRIPT)

    def hit(self, key: str, seconds: int) -> tuple[int, float]:
        hits, left = self._script(keys=[f"blog:limit:{key}"], args=[seconds * 1000])
        return int(hits), left / 1000

    def close(self) -> None:
        self._redis.close()
