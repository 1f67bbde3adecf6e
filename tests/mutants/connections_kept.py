"""Connections are never given back: the cleanup runs on another thread than the route did."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from sqlalchemy import Connection

from blog_core.storage import engine
from blog_core.storage.engine import translated
from blog_core.storage.repositories import SqlRepositories, SqlStorage

_options = engine._options
kept: list[Connection] = []


def usual_pool(url: str) -> dict[str, Any]:
    # SQLAlchemy's own size, and no long wait.
    return _options(url) | {"pool_size": 5, "max_overflow": 10, "pool_timeout": 0.1}


@contextmanager
def reading(self: SqlStorage) -> Iterator[SqlRepositories]:
    with translated():
        kept.append(self.reader.connect())
        yield SqlRepositories(kept[-1], None)


patch.object(engine, "_options", usual_pool).start()
patch.object(SqlStorage, "reading", reading).start()

import blog_fastapi.asgi  # noqa: E402 # makes its engine when imported

app = blog_fastapi.asgi.app
