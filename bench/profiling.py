"""One operation of one application in process: time per request, then where it goes.

The application is called through its WSGI or ASGI callable, without a server. Calls that an ASGI
application sends to a thread run in place, so that one profile holds both sides of the hop; the hop
itself is therefore not in the figures.
"""

import asyncio
import cProfile
import importlib
import io
import json
import os
import pstats
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anyio.to_thread

from bench import data
from bench.load import WrongAnswerError
from bench.servers import environment
from bench.targets import CREDENTIALS, NEW_POST, Target

Answer = tuple[int, bytes]
Call = Callable[[str, str, bytes, str | None], Answer]
_BATCHES = 9


def profile(target: Target, operation: str, *, requests: int, posts: int, sort: str) -> None:
    """Print the time of one request and the profile of many.

    Raises WrongAnswerError when the application answers with an unexpected status.
    """
    source = data.seeded(posts)
    with tempfile.TemporaryDirectory(dir=data.RESULTS) as folder:
        database = data.copy(source, Path(folder) / "profile.sqlite3")
        os.environ.update(environment(data.url(database)))
        module, _, attribute = target.import_string.partition(":")
        application = getattr(importlib.import_module(module), attribute)
        with asyncio.Runner() as runner:
            call = _asgi(application, runner) if target.server == "uvicorn" else _wsgi(application)
            once = _operation(target, operation, call, data.published(source, limit=1)[0])
            once()
            size = max(1, requests // _BATCHES)
            batches = [_time(once, size) for _ in range(_BATCHES)]
            print(
                f"{target.name} {operation}: {statistics.median(batches) * 1e6:,.0f} µs a request"
                f" in process, fastest batch {min(batches) * 1e6:,.0f} µs"
            )
            profiler = cProfile.Profile()
            profiler.enable()
            for _ in range(requests):
                once()
            profiler.disable()
    pstats.Stats(profiler).sort_stats(sort).print_stats(45)


def _operation(target: Target, operation: str, call: Call, post_id: int) -> Callable[[], None]:
    token = None
    if operation == "create":
        _status, body = call("POST", target.tokens, CREDENTIALS, None)
        token = json.loads(body)["token"]
    method, path, sent, expected = {
        "list": ("GET", target.posts, b"", 200),
        "single": ("GET", target.post(post_id), b"", 200),
        "create": ("POST", target.posts, NEW_POST, 201),
        "sign-in": ("POST", target.tokens, CREDENTIALS, 201),
    }[operation]

    def once() -> None:
        status, body = call(method, path, sent, token)
        if status != expected:
            raise WrongAnswerError(f"{method} {path} answers {status}: {body[:600]!r}")

    return once


def _time(once: Callable[[], None], requests: int) -> float:
    start = time.perf_counter()
    for _ in range(requests):
        once()
    return (time.perf_counter() - start) / requests


def _wsgi(application: Any) -> Call:
    def call(method: str, path: str, body: bytes, token: str | None) -> Answer:
        environ = {
            "REQUEST_METHOD": method,
            "SCRIPT_NAME": "",
            "PATH_INFO": path,
            "RAW_URI": path,
            "QUERY_STRING": "",
            "SERVER_NAME": "127.0.0.1",
            "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "HTTP_HOST": "127.0.0.1",
            "HTTP_ACCEPT": "application/json",
            "REMOTE_ADDR": "127.0.0.1",
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(body),
            "wsgi.errors": io.StringIO(),
            "wsgi.multithread": False,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
        }
        if token is not None:
            environ["HTTP_AUTHORIZATION"] = f"Bearer {token}"
        if body:
            environ |= {"CONTENT_TYPE": "application/json", "CONTENT_LENGTH": str(len(body))}
        statuses = []

        def start_response(status: str, headers: object, exc_info: object = None) -> None:
            statuses.append(int(status[:3]))

        answer = application(environ, start_response)
        try:
            sent = b"".join(answer)
        finally:
            if hasattr(answer, "close"):
                answer.close()
        return statuses[-1], sent

    return call


def _asgi(application: Any, runner: asyncio.Runner) -> Call:
    async def in_place(function: Callable[..., Any], *args: Any, **_options: Any) -> Any:
        return function(*args)

    setattr(anyio.to_thread, "run_sync", in_place)  # noqa: B010  # typed, it could not be replaced

    async def exchange(method: str, path: str, body: bytes, token: str | None) -> Answer:
        headers = [(b"host", b"127.0.0.1"), (b"accept", b"application/json")]
        if token is not None:
            headers.append((b"authorization", f"Bearer {token}".encode()))
        if body:
            headers.append((b"content-type", b"application/json"))
            headers.append((b"content-length", str(len(body)).encode()))
        scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.4"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "root_path": "",
            "query_string": b"",
            "headers": headers,
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 80),
            "state": {},
        }
        sent: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        await application(scope, receive, send)
        return sent[0]["status"], b"".join(message.get("body", b"") for message in sent)

    def call(method: str, path: str, body: bytes, token: str | None) -> Answer:
        return runner.get_loop().run_until_complete(exchange(method, path, body, token))

    return call
