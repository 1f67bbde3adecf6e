"""A client of the three, over connections that it keeps, and that never asks twice by itself."""

import http.client
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

# Longer than any answer may take: who waits so long has been forgotten.
PATIENCE = 30.0
# gunicorn hangs up after two seconds, perhaps while the next request is on its way.
IDLE = 1.0


@dataclass(frozen=True)
class Reply:
    """An answer. Its times are monotonic seconds."""

    framework: str
    status: int
    etag: str | None
    retry_after: str | None
    body: bytes
    began: float
    ended: float

    @property
    def seconds(self) -> float:
        return self.ended - self.began

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Broken:
    """No answer came: what became of the request is not known."""

    framework: str
    error: str
    began: float
    ended: float

    status = 0

    @property
    def seconds(self) -> float:
        return self.ended - self.began


class Client:
    """For one thread. Asks each framework, by name, over one connection."""

    def __init__(self, ports: Mapping[str, int]) -> None:
        self._ports = ports
        self._connections: dict[str, http.client.HTTPConnection] = {}
        self._used: dict[str, float] = {}

    def ask(
        self,
        framework: str,
        method: str,
        path: str,
        headers: Mapping[str, str],
        content: object = None,
    ) -> Reply | Broken:
        body = None if content is None else json.dumps(content).encode()
        sent = {**headers, "Content-Type": "application/json"} if body is not None else headers
        began = time.monotonic()
        connection = self._connections.get(framework)
        if connection is None or began - self._used[framework] > IDLE:
            port = self._ports[framework]
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
            self._connections[framework] = connection
        try:
            connection.request(method, path, body, dict(sent))
            answer = connection.getresponse()
            got = answer.read()
        except (OSError, http.client.HTTPException) as error:
            self._connections.pop(framework).close()
            return Broken(framework, f"{type(error).__name__}: {error}", began, time.monotonic())
        ended = self._used[framework] = time.monotonic()
        if answer.will_close:
            self._connections.pop(framework).close()
        field = answer.headers.get
        return Reply(
            framework,
            answer.status,
            field("ETag"),
            field("Retry-After"),
            got,
            began,
            ended,
        )

    def close(self) -> None:
        while self._connections:
            self._connections.popitem()[1].close()
