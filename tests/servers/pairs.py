"""Every supported pair of a framework and a production server, each on a database of its own."""

import os
import shutil
import socket
import sqlite3
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.workers import GENEROUS, ORIGIN, SECRET
from tools.with_blog import stop, wait_until_ready
from triptych import servers

Row = tuple[object, ...]


@dataclass(frozen=True)
class Pair:
    """A framework behind a server. `kind` is the server with the interface that it speaks.

    `application` stands in for the framework's own, by import string: for planted faults.
    """

    framework: str
    server: str
    kind: str
    application: str | None = None

    @property
    def name(self) -> str:
        return f"{self.framework} behind {self.kind}"

    def command(self, port: int) -> list[str]:
        """The command line of `triptych serve`."""
        line = servers.command(self.framework, self.server, host="127.0.0.1", port=port, workers=1)
        if self.application is not None:
            found = servers.FRAMEWORKS[self.framework]
            line[line.index(found.wsgi or str(found.asgi))] = self.application
        return line


PAIRS = (
    Pair("django", "gunicorn", "gunicorn-wsgi"),
    Pair("flask", "gunicorn", "gunicorn-wsgi"),
    Pair("fastapi", "gunicorn", "gunicorn-asgi"),
    Pair("django", "granian", "granian-wsgi"),
    Pair("flask", "granian", "granian-wsgi"),
    Pair("fastapi", "granian", "granian-asgi"),
    Pair("django", "uvicorn", "uvicorn"),
    Pair("fastapi", "uvicorn", "uvicorn"),
)
KINDS = tuple(dict.fromkeys(pair.kind for pair in PAIRS))


@dataclass(frozen=True)
class Served:
    """A pair that is being served, and its database."""

    pair: Pair
    port: int
    database: Path

    @property
    def address(self) -> tuple[str, int]:
        return ("127.0.0.1", self.port)

    def rows(self) -> dict[str, list[Row]]:
        """What is written in its database, seen from outside."""
        uri = f"file:{self.database}?mode=ro"
        with closing(sqlite3.connect(uri, uri=True, timeout=10)) as connection:
            return {table: connection.execute(query).fetchall() for table, query in _TABLES.items()}


_TABLES: Mapping[str, str] = {
    "posts": "SELECT id, title, content, version FROM posts ORDER BY id",
    "users": "SELECT id, username, email FROM users ORDER BY id",
    "tokens": "SELECT id FROM tokens ORDER BY id",
    "idempotency_keys": "SELECT count(*) FROM idempotency_keys",
}


@contextmanager
def serve(pairs: Sequence[Pair], seed: Path, folder: Path) -> Iterator[list[Served]]:
    """Serve each pair over its own copy of the seeded database, until the block is left."""
    with ExitStack() as stack:
        started = []
        for number, pair in enumerate(pairs):
            database = folder / f"{number}.sqlite3"
            shutil.copyfile(seed, database)
            process, port = _start(pair, database, folder / f"{number}.log")
            stack.callback(stop, process)
            started.append((process, Served(pair, port, database)))
        for process, served in started:
            wait_until_ready(process, served.port)
        yield [served for _, served in started]


def _start(pair: Pair, database: Path, log: Path) -> tuple[subprocess.Popen[bytes], int]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    env = os.environ | {
        "BLOG_CORS_ORIGINS": ORIGIN,
        "BLOG_DATABASE_URL": f"sqlite:///{database}",
        "BLOG_SECRET_KEY": SECRET,
        **GENEROUS,
    }
    with log.open("wb") as output:
        process = subprocess.Popen(
            pair.command(port),
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    return process, port
