"""Clients that keep their connections, in threads; what was not answered is counted, not retried.

load = Load(lambda number: Sent("GET", message("/livez")), lambda: address, clients=6, pause=0.05)
with load:
    ...
print(load.answered, load.failed)
"""

import contextlib
import http.client
import random
import select
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from tests.deploy.running import Address, Told, answer, connect

LONGEST = 60.0
"""Seconds after which a request counts as not answered."""


@dataclass(frozen=True)
class Sent:
    """A request, as bytes, and which operation it is."""

    name: str
    data: bytes
    method: str = "GET"
    good: tuple[int, ...] = (200, 201, 204)


class Load:
    """So many clients, each asking again after a pause, until the block is left."""

    def __init__(
        self,
        next_request: Callable[[int], Sent],
        address: Callable[[], Address],
        clients: int,
        pause: float,
        seen: Callable[[int, Sent, Told | None], None] | None = None,
    ) -> None:
        self._next_request = next_request
        self._address = address
        self._pause = pause
        self._seen = seen
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._threads = [
            threading.Thread(target=self._ask, args=(number,), daemon=True)
            for number in range(clients)
        ]
        self.failed: Counter[str] = Counter()
        self.seconds: list[tuple[float, float]] = []
        """When each answer came, and how long it took."""

    @property
    def answered(self) -> int:
        return len(self.seconds)

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(LONGEST + 5)

    def _ask(self, number: int) -> None:
        connection: socket.socket | None = None
        while not self._stop.wait(self._pause * random.uniform(0.5, 1.5)):
            request = self._next_request(number)
            since = time.monotonic()
            try:
                if connection is None or _was_closed(connection):
                    connection = connect(self._address(), LONGEST)
                    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                connection.sendall(request.data)
                told = answer(connection, request.method)
            except (OSError, http.client.HTTPException) as problem:
                self._note(type(problem).__name__)
                _close(connection)
                connection = None
                if self._seen is not None:
                    self._seen(number, request, None)
                continue
            now = time.monotonic()
            with self._lock:
                self.seconds.append((now, now - since))
            if told.status not in request.good:
                self._note(f"{request.name}: {told.status}")
            if self._seen is not None:
                self._seen(number, request, told)
            if told.headers.get("connection", "").lower() == "close":
                _close(connection)
                connection = None
        _close(connection)

    def _note(self, what: str) -> None:
        with self._lock:
            self.failed[what] += 1


def _was_closed(connection: socket.socket) -> bool:
    """Whether the server has closed it, as far as is known here: every client looks first."""
    readable, _, _ = select.select([connection], [], [], 0)
    return bool(readable)


def _close(connection: socket.socket | None) -> None:
    if connection is not None:
        with contextlib.suppress(OSError):
            connection.close()


def percentile(seconds: list[float], part: float) -> float:
    """The value that so large a part of them does not exceed; not a number without any."""
    ordered = sorted(seconds)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))] if ordered else float("nan")
