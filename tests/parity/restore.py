"""Brings a target's SQLite file back to the seeded rows; run in the target's own process."""

import os
import sqlite3

SEED = "TRIPTYCH_PARITY_SEED"
"""The variable that names the file whose rows are the first state."""


class Rows:
    """The rows of one file, restored from another one with the same tables."""

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


_rows: list[Rows] = []


def restore() -> None:
    """Restore the database of this process's environment."""
    if not _rows:
        path = os.environ["BLOG_DATABASE_URL"].removeprefix("sqlite:///")
        _rows.append(Rows(path, os.environ[SEED]))
    _rows[0].restore()
