"""An ASGI application called as a server would call it (ASGI 3.0), without a server.

One event loop runs in a thread for the life of the target, so calls may come from several threads
at once, and the application's lifespan is started and shut down as under a server.
"""

import asyncio
import concurrent.futures
import logging
import threading
from collections.abc import Awaitable, Callable, Coroutine, MutableMapping
from typing import Any, TypeVar
from urllib.parse import unquote_to_bytes

from http_parity.errors import ApplicationError, NoAnswerError, TargetError
from http_parity.exchange import (
    Answer,
    Headers,
    Request,
    declared_length,
    split_target,
    with_defaults,
)

log = logging.getLogger("http_parity")

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]

T = TypeVar("T")

VERSIONS = {"version": "3.0", "spec_version": "2.4"}


class ASGITarget:
    """An application in this process; `timeout` is in seconds, for one answer."""

    def __init__(self, application: Application, name: str, *, timeout: float = 30.0) -> None:
        self.name = name
        self.host = "localhost"
        self._application = application
        self._timeout = timeout
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(
            target=self._loop.run_forever, name=f"http-parity {name}", daemon=True
        )
        self._thread.start()
        self._state: dict[str, Any] = {}
        self._lifespan = _Lifespan(application, name, self._state)
        try:
            self._run(self._lifespan.startup(), "starting up")
        except BaseException:
            self._stop()
            raise

    def send(self, request: Request, *, defaults: bool = True) -> Answer:
        """Call the application once; ApplicationError where it raises or breaks ASGI."""
        if defaults:
            request = with_defaults(request, self.host)
        exchange = _Exchange(self.name, request)
        what = f"{request.method} {request.target[:200]}"
        return self._run(exchange.run(self._application, dict(self._state)), what)

    def converse(self, turn: Callable[[Answer | TargetError | None], Request | None]) -> None:
        """Ask `turn` for requests, giving it what came of the last one, until it has no more.

        It is called inside the loop, which saves the way into the loop's thread for each request.
        """

        async def talk() -> None:
            said: Answer | TargetError | None = None
            while (request := turn(said)) is not None:
                request = with_defaults(request, self.host)
                exchange = _Exchange(self.name, request)
                # A task of its own, as servers give it: what it sets in its context ends with it.
                task = asyncio.ensure_future(exchange.run(self._application, dict(self._state)))
                try:
                    async with asyncio.timeout(self._timeout):
                        said = await task
                except TargetError as error:
                    said = error
                except TimeoutError:
                    said = TargetError(f"{self.name} gave no answer within {self._timeout:g} s.")

        asyncio.run_coroutine_threadsafe(talk(), self._loop).result()

    def close(self) -> None:
        """Shut the application's lifespan down and end the loop."""
        if self._loop.is_closed():
            return
        try:
            self._run(self._lifespan.shutdown(), "shutting down")
        finally:
            self._stop()

    def _run(self, coroutine: Coroutine[Any, Any, T], what: str) -> T:
        future = asyncio.run_coroutine_threadsafe(coroutine, self._loop)
        try:
            return future.result(self._timeout)
        except concurrent.futures.TimeoutError:
            future.cancel()
            raise TargetError(
                f"{self.name} gave no answer within {self._timeout:g} s: {what}."
            ) from None

    def _stop(self) -> None:
        async def wind_up() -> None:
            tasks = asyncio.all_tasks() - {asyncio.current_task()}
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await asyncio.get_running_loop().shutdown_asyncgens()
            await asyncio.get_running_loop().shutdown_default_executor()

        asyncio.run_coroutine_threadsafe(wind_up(), self._loop).result(self._timeout)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


class _Lifespan:
    """The lifespan protocol; an application that does not speak it is served without."""

    def __init__(self, application: Application, name: str, state: dict[str, Any]) -> None:
        self._application = application
        self._name = name
        self._state = state
        self._task: asyncio.Task[None] | None = None
        self._to_app: asyncio.Queue[Message] = asyncio.Queue()
        self._from_app: asyncio.Queue[Message] = asyncio.Queue()

    async def startup(self) -> None:
        scope: dict[str, Any] = {"type": "lifespan", "asgi": VERSIONS, "state": self._state}
        call = self._application(scope, self._to_app.get, self._from_app.put)
        task: asyncio.Task[None] = asyncio.ensure_future(call)
        message = await self._say("lifespan.startup", task)
        if message is None:
            if task.exception() is not None:
                log.debug("%s has no lifespan: %s", self._name, task.exception())
        else:
            self._task = task
        if message is not None and message["type"] == "lifespan.startup.failed":
            raise TargetError(f"{self._name} failed to start: {message.get('message', '')}")

    async def shutdown(self) -> None:
        if self._task is None:
            return
        message = await self._say("lifespan.shutdown", self._task)
        if message is not None and message["type"] == "lifespan.shutdown.failed":
            raise TargetError(f"{self._name} failed to shut down: {message.get('message', '')}")
        await self._task

    async def _say(self, kind: str, task: asyncio.Task[None]) -> Message | None:
        """The application's reply, None where it ended without one."""
        await self._to_app.put({"type": kind})
        reply = asyncio.ensure_future(self._from_app.get())
        await asyncio.wait({reply, task}, return_when=asyncio.FIRST_COMPLETED)
        if reply.done():
            return reply.result()
        reply.cancel()
        return None if self._from_app.empty() else self._from_app.get_nowait()


class _Exchange:
    """What one call of the application has heard and said so far."""

    def __init__(self, name: str, request: Request) -> None:
        self._name = name
        self._request = request
        length = declared_length(request)
        self._body = request.body if length is None else request.body[:length]
        self._short = length is not None and length > len(request.body)
        self._heard = 0
        self._complete = asyncio.Event()
        self._status: int | None = None
        self._headers: Headers = ()
        self._chunks: list[bytes] = []

    async def run(self, application: Application, state: dict[str, Any]) -> Answer:
        what = f"{self._request.method} {self._request.target[:200]}"
        try:
            await application(scope_of(self._request, state), self._receive, self._send)
        except ApplicationError:
            raise
        except Exception as error:
            # Starlette raises again after its 500 is out, for the server to log: so do we.
            if not self._complete.is_set():
                raise ApplicationError(
                    f"{self._name} raised {type(error).__name__} on {what}: {error}"
                ) from error
            log.exception("%s raised after its answer to %s", self._name, what)
        if self._status is None or not self._complete.is_set():
            if self._short and self._status is None:
                raise NoAnswerError(f"{self._name} ended without an answer: {what}.")
            raise self._broken("returned before its answer was complete")
        return Answer(self._status, self._headers, b"".join(self._chunks))

    async def _receive(self) -> Message:
        self._heard += 1
        if self._heard == 1:
            return {"type": "http.request", "body": self._body, "more_body": self._short}
        if not self._short:
            await self._complete.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Message) -> None:
        match message["type"]:
            case "http.response.start" if self._status is None:
                self._start(message)
            case "http.response.body" if self._status is not None and not self._complete.is_set():
                chunk = message.get("body", b"")
                if not isinstance(chunk, bytes | bytearray | memoryview):
                    raise self._broken(f"sent {type(chunk).__name__} in its body, not bytes")
                self._chunks.append(bytes(chunk))
                if not message.get("more_body", False):
                    self._complete.set()
            case kind:
                raise self._broken(f"sent {kind} out of turn")

    def _start(self, message: Message) -> None:
        status = message["status"]
        if not isinstance(status, int):
            raise self._broken(f"gave the status {status!r}")
        headers: list[tuple[str, str]] = []
        for name, value in message.get("headers", ()):
            if not (isinstance(name, bytes) and isinstance(value, bytes)):
                raise self._broken(f"gave the header {name!r}: {value!r}, which is not bytes")
            if set(name + value) & set(b"\r\n\0"):
                raise self._broken(f"gave the header {name!r}, which would split the answer")
            headers.append((name.decode("latin-1"), value.decode("latin-1")))
        self._status = int(status)
        self._headers = tuple(headers)

    def _broken(self, what: str) -> ApplicationError:
        return ApplicationError(f"{self._name} {what}, against ASGI 3.0.")


def scope_of(request: Request, state: dict[str, Any]) -> dict[str, Any]:
    """The scope of the request, as uvicorn would make it for a client on 127.0.0.1.

    Bytes of the path that are not UTF-8 become U+FFFD: the specification leaves it open.
    """
    path, query = split_target(request.target)
    return {
        "type": "http",
        "asgi": VERSIONS,
        "http_version": "1.1",
        "method": request.method,
        "scheme": "http",
        "path": unquote_to_bytes(path.encode("latin-1")).decode("utf-8", "replace"),
        "raw_path": path.encode("latin-1"),
        "query_string": query.encode("latin-1"),
        "root_path": "",
        "headers": [
            (name.lower().encode("latin-1"), value.encode("latin-1"))
            for name, value in request.headers
        ],
        "client": ("127.0.0.1", 50000),
        "server": ("127.0.0.1", 80),
        "state": state,
    }
