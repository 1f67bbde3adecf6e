"""Brings a target's database back to the seeded rows; run in the target's own process."""

import os
import sqlite3
from contextlib import closing
from typing import Any

from sqlalchemy import Engine, create_engine, event, select, text

from blog_core.storage.engine import writing_engine
from blog_core.storage.tables import metadata

SEED = "TRIPTYCH_PARITY_SEED"
"""The variable that names the file whose rows are the first state."""


class Rows:
    """The rows of one SQLite file, restored from another one with the same tables."""

    def __init__(self, path: str, seed: str) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None, timeout=30)
        # What a crash would lose is made again from the seed.
        self._connection.execute("PRAGMA synchronous = OFF")
        self._connection.execute("ATTACH ? AS seed", [f"file:{seed}?mode=ro"])
        tables = "SELECT name FROM seed.sqlite_master WHERE type = 'table'"
        self._tables = [name for (name,) in self._connection.execute(tables)]
        self._version = -1

    def restore(self) -> None:
        """Give every table its seeded rows, unless nobody has written since the last time."""
        version = self._connection.execute("PRAGMA data_version").fetchone()[0]
        if version == self._version:
            return
        self._version = version
        self._connection.execute("BEGIN IMMEDIATE")
        for table in self._tables:
            self._connection.execute(f'DELETE FROM main."{table}"')  # noqa: S608 # its own names
            self._connection.execute(
                f'INSERT INTO main."{table}" SELECT * FROM seed."{table}"'  # noqa: S608 # same
            )
        self._connection.execute("COMMIT")


class ServerRows:
    """The same for a database on a server, whose one user is this process."""

    def __init__(self, url: str, seed: str) -> None:
        self._engine = writing_engine(url)
        self._rows: dict[str, list[dict[str, Any]]] = {}
        source = create_engine(f"sqlite:///{seed}")
        with source.connect() as connection:
            for table in metadata.sorted_tables:
                found = connection.execute(select(table)).mappings()
                self._rows[table.name] = [dict(row) for row in found]
        source.dispose()
        with closing(sqlite3.connect(seed)) as connection:
            self._last = dict(connection.execute("SELECT name, seq FROM sqlite_sequence"))
        self._written = True
        event.listen(Engine, "before_cursor_execute", self._note)

    def restore(self) -> None:
        """As in `Rows`; the next id of each table is the one after the seeded rows again."""
        if not self._written:
            return
        with self._engine.begin() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(text("SET LOCAL synchronous_commit = off"))
            for table in reversed(metadata.sorted_tables):
                connection.execute(table.delete())
            for table in metadata.sorted_tables:
                if rows := self._rows[table.name]:
                    connection.execute(table.insert(), rows)
        with self._engine.begin() as connection:
            for table in metadata.sorted_tables:
                column = table.autoincrement_column
                if column is None:
                    continue
                following = 1 + self._last.get(table.name, 0)
                if connection.dialect.name == "postgresql":
                    sequence = f"{table.name}_{column.name}_seq"
                    restarted = f"SELECT setval('{sequence}', {following}, false)"  # its own names
                else:
                    restarted = f"ALTER TABLE {table.name} AUTO_INCREMENT = {following}"
                connection.execute(text(restarted))
        self._written = False

    def close(self) -> None:
        """Restore, then leave the database to others."""
        self.restore()
        event.remove(Engine, "before_cursor_execute", self._note)
        self._engine.dispose()

    def _note(self, _connection: object, _cursor: object, statement: str, *_: object) -> None:
        self._written |= not statement.lstrip().startswith("SELECT")


_rows: list[Rows | ServerRows] = []


def rows_of(url: str, seed: str) -> Rows | ServerRows:
    """What restores the database at this URL."""
    if url.startswith("sqlite:///"):
        return Rows(url.removeprefix("sqlite:///"), seed)
    return ServerRows(url, seed)


def restore() -> None:
    """Restore the database of this process's environment."""
    if not _rows:
        _rows.append(rows_of(os.environ["BLOG_DATABASE_URL"], os.environ[SEED]))
    _rows[0].restore()
