"""A target in a process of its own: Django's settings are its process's, races need several.

worker = Worker("flask-wsgi", Path("blog.sqlite3"))
worker.send(Request("GET", "/livez")).status
worker.close()
"""

import multiprocessing
import os
from collections.abc import Mapping
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any

from blog_contract.plugin import NAMES
from http_parity.exchange import Answer, Request
from tools.with_blog import GENEROUS_LIMITS, provider

ORIGIN = "https://reader.example"
SECRET = "only-for-tests-" * 4

GENEROUS = GENEROUS_LIMITS
"""Limits that count, and that no test reaches: it asks more in a second than people in a day."""

ONCE = dict.fromkeys(GENEROUS, "1/day")
"""Limits that everybody reaches."""

PROVIDER = provider("example", "http://127.0.0.1:9")
"""A provider of sign-ins that nobody reaches, so that the pages have what leads to one."""

TARGETS = NAMES
"""Of the contract suite: the four that are to answer alike."""

_processes = multiprocessing.get_context("spawn")


def barrier(parties: int) -> Barrier:
    """A barrier that workers can be given."""
    return _processes.Barrier(parties)


# Seconds: an application imports half a library before its first answer, beside others that do.
PATIENCE = 300


class Worker:
    """A target of the contract suite, by its name or import string, on one SQLite file."""

    host = "localhost"

    def __init__(
        self,
        target: str,
        database: Path,
        start: Barrier | None = None,
        limits: Mapping[str, str] = GENEROUS,
        more: Mapping[str, str] | None = None,
    ) -> None:
        self.name = target
        self._connection, theirs = _processes.Pipe()
        environ = {
            "BLOG_CORS_ORIGINS": ORIGIN,
            "BLOG_DATABASE_URL": f"sqlite:///{database}",
            "BLOG_SECRET_KEY": SECRET,
            **PROVIDER,
            **(more or {}),
            **limits,
        }
        address = TARGETS.get(target, target)
        self._process = _processes.Process(target=_serve, args=(address, environ, theirs, start))
        self._process.start()
        theirs.close()

    def send(self, request: Request, *, defaults: bool = True) -> Answer:
        """The answer to the request; raises what the target raised."""
        self.begin(request, defaults=defaults)
        return self.end()

    def begin(self, request: Request, *, defaults: bool = True, together: bool = False) -> None:
        """Send a request without waiting; `together` holds it back until all workers have one."""
        self._connection.send((request, defaults, together))

    def end(self) -> Answer:
        """The answer to the request that was begun."""
        if not self._connection.poll(PATIENCE):
            # Else it would be taken for the answer to the next request.
            self._process.kill()
            raise TimeoutError(f"{self.name} gave no answer within {PATIENCE} s")
        answer = self._connection.recv()
        if isinstance(answer, BaseException):
            raise answer
        assert isinstance(answer, Answer)
        return answer

    def close(self) -> None:
        """End the process and wait for it."""
        self._connection.close()
        self._process.join(30)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()
        self._process.close()


def _serve(
    address: str,
    environ: Mapping[str, str],
    connection: "Connection[Any, Any]",
    start: Barrier | None,
) -> None:
    os.environ.update(environ)
    from http_parity.targets import open_target  # noqa: PLC0415 # after the environment is set

    target = open_target(address)
    while True:
        try:
            request, defaults, together = connection.recv()
        except EOFError:
            break
        try:
            if together and start is not None:
                start.wait(30)
            connection.send(target.send(request, defaults=defaults))
        except Exception as error:
            connection.send(error)
    target.close()
