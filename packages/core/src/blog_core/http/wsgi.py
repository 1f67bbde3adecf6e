"""The front as WSGI middleware (PEP 3333)."""

from collections.abc import Callable, Iterable
from http.client import responses as phrases
from io import BytesIO
from typing import TYPE_CHECKING

from blog_core.http import bodies
from blog_core.http.front import (
    CONSUMED,
    CUT_SHORT,
    LENGTH_REQUIRED,
    TOO_LARGE,
    Front,
    Head,
    joined,
)
from blog_core.http.replies import Reply
from blog_core.http.requests import ASKED, Asked
from blog_core.http.watching import watch
from blog_core.telemetry.logs import request_id

if TYPE_CHECKING:
    from wsgiref.types import InputStream, StartResponse, WSGIApplication, WSGIEnvironment

_CHUNK = 64 * 1024


class FrontMiddleware:
    """Stands outermost around a WSGI application, and begins what is to watch over it."""

    def __init__(self, application: "WSGIApplication", front: Front) -> None:
        self.application = application
        """What stands behind: it finds what the front read under `ASKED`. For whoever puts several
        applications behind one front, because two must not act on one request."""
        self._front = front
        self._watch = watch(front)

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        head = _head(environ)
        token = request_id.set(head.id)
        try:
            if self._watch is None:
                reply = self._front.finish(head, self._answer(head, environ))
            else:
                with self._watch.request(head) as seen:
                    reply = seen.reply = self._front.finish(head, self._answer(head, environ))
        finally:
            request_id.reset(token)
        status = f"{reply.status} {phrases.get(reply.status, '')}"
        start_response(status, list(reply.headers))
        return [reply.body]

    def _answer(self, head: Head, environ: "WSGIEnvironment") -> Reply:
        operation = self._front.admit(head)
        if isinstance(operation, Reply):
            return operation
        asked = self._front.pass_on(operation, head, _body(head, environ))
        if isinstance(asked, Reply):
            return asked
        try:
            return _run(self.application, _clean(environ, head, asked))
        except Exception as error:
            return self._front.crashed(head, error)


def _head(environ: "WSGIEnvironment") -> Head:
    fields = [
        (name[5:].replace("_", "-").lower(), value)
        for name, value in environ.items()
        if name.startswith("HTTP_") and isinstance(value, str)
    ]
    fields += [
        (name.replace("_", "-").lower(), environ[name])
        for name in ("CONTENT_TYPE", "CONTENT_LENGTH")
        if environ.get(name)
    ]
    sent = environ.get("RAW_URI") or environ.get("REQUEST_URI")
    return Head(
        method=environ["REQUEST_METHOD"],
        path=environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", ""),
        query=environ.get("QUERY_STRING", ""),
        headers=joined(fields),
        raw_path=None if sent is None else sent.partition("?")[0],
        peer=environ.get("REMOTE_ADDR") or "",
    )


def _body(head: Head, environ: "WSGIEnvironment") -> bytes | Reply:
    """What was sent, or why it is not to be read."""
    length = head.content_length
    if length is None and not environ.get("wsgi.input_terminated"):
        return b""
    if head.raw_path is None and "transfer-encoding" in head.headers:
        return LENGTH_REQUIRED
    if length is not None and length > bodies.LARGEST:
        return TOO_LARGE
    most = bodies.LARGEST + 1 if length is None else length
    stream: InputStream = environ["wsgi.input"]
    parts: list[bytes] = []
    left = most
    while left:
        try:
            part = stream.read(min(left, _CHUNK))
        except (OSError, EOFError):
            return CUT_SHORT
        if not part:
            break
        parts.append(part)
        left -= len(part)
    body = b"".join(parts)
    return TOO_LARGE if len(body) > bodies.LARGEST else body


def _clean(environ: "WSGIEnvironment", head: Head, asked: Asked) -> "WSGIEnvironment":
    """The request as the application is to see it: HEAD as GET, and one way to send a body."""
    clean = {
        name: value for name, value in environ.items() if not name.startswith(("HTTP_", "CONTENT_"))
    }
    for name, value in head.headers.items():
        if name not in CONSUMED:
            clean["HTTP_" + name.upper().replace("-", "_")] = value
    clean |= {
        ASKED: asked,
        "REQUEST_METHOD": asked.operation.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": head.path,
        "CONTENT_LENGTH": str(len(asked.body)),
        "wsgi.input": BytesIO(asked.body),
        "wsgi.input_terminated": True,
    }
    if asked.body:
        clean["CONTENT_TYPE"] = asked.content_type
    return clean


def _run(application: "WSGIApplication", environ: "WSGIEnvironment") -> Reply:
    started: list[tuple[str, list[tuple[str, str]]]] = []
    written: list[bytes] = []

    def start_response(
        status: str, headers: list[tuple[str, str]], exc_info: object = None
    ) -> Callable[[bytes], object]:
        started[:] = [(status, headers)]
        return written.append

    result = application(environ, start_response)
    try:
        written.extend(result)
    finally:
        close = getattr(result, "close", None)
        if close is not None:
            close()
    status, headers = started[0]
    return Reply(int(status[:3]), headers, b"".join(written))
