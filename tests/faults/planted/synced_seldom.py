"""SQLite syncs its log now and then, as with `synchronous = NORMAL`."""

import sqlite3
from unittest.mock import patch

from blog_core.storage import engine

_prepare_sqlite = engine.prepare_sqlite


def prepare(connection: sqlite3.Connection, record: object) -> None:
    _prepare_sqlite(connection, record)
    connection.execute("PRAGMA synchronous = NORMAL")


patch.object(engine, "prepare_sqlite", prepare).start()

import blog_flask.wsgi  # noqa: E402 # makes its engine when imported

app = blog_flask.wsgi.app
