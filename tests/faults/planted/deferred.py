"""SQLite's transactions begin as they do by default: deferred, until the first write."""

from typing import Any
from unittest.mock import patch

from blog_core.storage import engine


def begin(connection: Any) -> None:
    connection.exec_driver_sql("BEGIN")


patch.object(engine, "_begin_immediate", begin).start()

import blog_flask.wsgi  # noqa: E402 # makes its engine when imported

app = blog_flask.wsgi.app
