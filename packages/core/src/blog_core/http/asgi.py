"""The front as ASGI middleware (ASGI 3.0, HTTP and lifespan)."""

import asyncio
import re
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import unquote_to_bytes

from blog_core.http import bodies
from blog_core.http.front import CONSUMED, CUT_SHORT, TOO_LARGE, Front, Head, joined
from blog_core.http.replies import Reply
from blog_core.http.requests import ASKED, Asked
from blog_core.http.watching import watch
from blog_core.telemetry.logs import request_id

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]


class FrontMiddleware:
    """Stands outermost around an ASGI application, and begins what is to watch over it."""

    def __init__(self, application: Application, front: Front) -> None:
        self.application = application
        """What stands behind: it finds what the front read under `ASKED`. For whoever puts several
        applications behind one front, because two must not act on one request."""
        self._front = front
        self._watch = watch(front)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.application(scope, receive, send)
            return
        if scope["type"] == "websocket":
            # What a server may make of an upgrade that nobody offered; it then answers 403.
            await send({"type": "websocket.close"})
            return
        if scope["type"] != "http":
            raise RuntimeError(f"only HTTP is served, not {scope['type']}")
        head = _head(scope)
        token = request_id.set(head.id)
        try:
            if self._watch is None:
                reply = self._front.finish(head, await self._answer(head, scope, receive))
            else:
                with self._watch.request(head) as seen:
                    answer = await self._answer(head, scope, receive)
                    reply = seen.reply = self._front.finish(head, answer)
        finally:
            request_id.reset(token)
        headers = [
            (name.lower().encode("latin-1"), value.encode("latin-1"))
            for name, value in reply.headers
        ]
        await send({"type": "http.response.start", "status": reply.status, "headers": headers})
        await send({"type": "http.response.body", "body": reply.body})

    async def _answer(self, head: Head, scope: Scope, receive: Receive) -> Reply:
        operation = self._front.admit(head)
        if isinstance(operation, Reply):
            return operation
        asked = self._front.pass_on(operation, head, await _body(head, receive))
        if isinstance(asked, Reply):
            return asked
        try:
            return await _run(self.application, _clean(scope, head, asked), asked, receive)
        except Exception as error:
            return self._front.crashed(head, error)


def _head(scope: Scope) -> Head:
    fields = [
        (name.decode("latin-1").lower(), value.decode("latin-1"))
        for name, value in scope["headers"]
    ]
    raw_path: bytes | None = scope.get("raw_path")
    sent = (raw_path or scope["path"].encode()).partition(b"?")[0]
    if sent[:1] != b"/" or b"#" in sent:
        sent = _origin_form(sent)
    return Head(
        method=scope["method"],
        path=unquote_to_bytes(sent).decode("latin-1") if b"%" in sent else sent.decode("latin-1"),
        query=scope["query_string"].decode("latin-1"),
        headers=joined(fields),
        raw_path=None if raw_path is None else sent.decode("latin-1"),
        peer=(scope.get("client") or ("",))[0],
    )


def _origin_form(target: bytes) -> bytes:
    """The path of an absolute form, without a fragment: some servers hand both on as they came."""
    target = target.partition(b"#")[0]
    absolute = _ABSOLUTE.match(target)
    return target[absolute.end() :] if absolute else target


_ABSOLUTE = re.compile(rb"[A-Za-z][A-Za-z0-9+.-]*://[^/]*")


async def _body(head: Head, receive: Receive) -> bytes | Reply:
    """What was sent, or why it is not to be read."""
    if (head.content_length or 0) > bodies.LARGEST:
        return TOO_LARGE
    parts: list[bytes] = []
    size = 0
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return CUT_SHORT
        part = message.get("body", b"")
        size += len(part)
        if size > bodies.LARGEST:
            return TOO_LARGE
        parts.append(part)
        more = message.get("more_body", False)
    return b"".join(parts)


def _clean(scope: Scope, head: Head, asked: Asked) -> Scope:
    """The request as the application is to see it: HEAD as GET, and one way to send a body."""
    headers = [
        (name.encode("latin-1"), value.encode("latin-1"))
        for name, value in head.headers.items()
        if name not in CONSUMED
    ]
    headers.append((b"content-length", str(len(asked.body)).encode()))
    if asked.body:
        headers.append((b"content-type", asked.content_type.encode()))
    path = head.path.encode("latin-1")
    return {
        **scope,
        ASKED: asked,
        "method": asked.operation.method,
        "path": head.path,
        "raw_path": path,
        "root_path": "",
        "headers": headers,
        # What a server could send by itself, as a file by its path, would go past the front.
        "extensions": {},
    }


async def _nothing() -> Message:
    """Wait until it is cancelled: of a body that is refused, no more is read."""
    never: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
    return await never


async def _run(application: Application, scope: Scope, asked: Asked, receive: Receive) -> Reply:
    status = 0
    headers: list[tuple[str, str]] = []
    parts: list[bytes] = []
    given = False

    async def receive_clean() -> Message:
        nonlocal given
        if given:
            # Frameworks listen for a client that leaves while they answer.
            return await (receive() if asked.refusal is None else _nothing())
        given = True
        return {"type": "http.request", "body": asked.body, "more_body": False}

    async def collect(message: Message) -> None:
        nonlocal status, headers
        if message["type"] == "http.response.start":
            status = message["status"]
            headers = [
                (name.decode("latin-1"), value.decode("latin-1"))
                for name, value in message.get("headers", ())
            ]
        elif message["type"] == "http.response.body":
            parts.append(message.get("body", b""))

    await application(scope, receive_clean, collect)
    if not status:
        raise RuntimeError("the application ended without an answer")
    return Reply(status, headers, b"".join(parts))
