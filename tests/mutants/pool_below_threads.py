"""FastAPI's forty threads share few connections, and each keeps one while it waits elsewhere."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from blog_core.storage import engine, repositories
from blog_core.storage.repositories import SqlRepositories, SqlStorage

_options, _reading = engine._options, SqlStorage.reading


def small_pool(url: str) -> dict[str, Any]:
    return _options(url) | {"pool_size": 2, "max_overflow": 0, "pool_timeout": 0.1}


@contextmanager
def reading(self: SqlStorage) -> Iterator[SqlRepositories]:
    with _reading(self) as storage:
        yield storage
        time.sleep(0.05)


patch.object(engine, "_options", small_pool).start()
patch.object(repositories, "USERS", 40).start()
patch.object(SqlStorage, "reading", reading).start()

import blog_fastapi.asgi  # noqa: E402 # makes its engine when imported

app = blog_fastapi.asgi.app
