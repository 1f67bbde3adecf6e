"""A WSGI application called as a server would call it (PEP 3333), without a server.

The environ is the one gunicorn makes: the path percent-decoded, the query raw, repeated fields
joined with a comma, a field whose name has an underscore left out (CGI cannot tell it from one with
a hyphen). Two things differ on purpose, for nothing may be hidden from a test: two `Content-Type`
fields are joined, and what an application sends after HEAD, 204 or 304 is reported as it was sent.
"""

import io
import sys
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes

from http_parity.errors import ApplicationError
from http_parity.exchange import (
    Answer,
    Headers,
    Request,
    declared_length,
    split_target,
    with_defaults,
)

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

ExcInfo = tuple[type[BaseException], BaseException, TracebackType] | tuple[None, None, None]


class WSGITarget:
    """An application in this process; safe to call from several threads at once."""

    def __init__(self, application: "WSGIApplication", name: str) -> None:
        self.name = name
        self.host = "localhost"
        self._application = application

    def send(self, request: Request, *, defaults: bool = True) -> Answer:
        """Call the application once; ApplicationError where it raises or breaks PEP 3333."""
        if defaults:
            request = with_defaults(request, self.host)
        exchange = _Exchange(self.name)
        environ = environ_of(request)
        try:
            chunks = self._application(environ, exchange.start_response)
            exchange.read(chunks)
        except ApplicationError:
            raise
        except Exception as error:
            raise ApplicationError(
                f"{self.name} raised {type(error).__name__} on {request.method} "
                f"{request.target[:200]}: {error}"
            ) from error
        return exchange.answer()

    def close(self) -> None:
        """Nothing to give back: a WSGI application has no life of its own."""


class _Exchange:
    """What one call of the application has said so far."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._status: int | None = None
        self._headers: Headers = ()
        self._body: list[bytes] = []

    def start_response(
        self, status: str, headers: list[tuple[str, str]], exc_info: ExcInfo | None = None, /
    ) -> Callable[[bytes], object]:
        if exc_info is not None:
            # PEP 3333: once the head is out, the failure can no longer become an answer.
            if any(self._body) and exc_info[1] is not None:
                raise exc_info[1]
        elif self._status is not None:
            raise self._broken("called start_response twice without exc_info")
        code = status[:3]
        if not (code.isascii() and code.isdigit() and len(code) == 3 and status[3:4] in {" ", ""}):
            raise self._broken(f"gave the status {status!r}")
        if not isinstance(headers, list):
            raise self._broken(f"gave its headers as {type(headers).__name__}, not as a list")
        for item in headers:
            if not (isinstance(item, tuple) and [type(part) for part in item] == [str, str]):
                raise self._broken(f"gave the header {item!r}")
            if set("".join(item)) & set("\r\n\0"):
                raise self._broken(f"gave the header {item!r}, which would split the answer")
            try:
                "".join(item).encode("latin-1")
            except UnicodeEncodeError:
                raise self._broken(f"gave the header {item!r}, which is not latin-1") from None
        self._status = int(code)
        self._headers = tuple(headers)
        return self._write

    def _write(self, data: bytes) -> None:
        if self._status is None:
            raise self._broken("sent a body before its status")
        if not isinstance(data, bytes):
            raise self._broken(f"sent {type(data).__name__} in its body, not bytes")
        self._body.append(data)

    def read(self, chunks: Iterable[bytes]) -> None:
        """Take the whole body, and close the iterable whatever happens."""
        try:
            for chunk in chunks:
                self._write(chunk)
        finally:
            close = getattr(chunks, "close", None)
            if close is not None:
                close()

    def answer(self) -> Answer:
        if self._status is None:
            raise self._broken("never called start_response")
        return Answer(self._status, self._headers, b"".join(self._body))

    def _broken(self, what: str) -> ApplicationError:
        return ApplicationError(f"{self._name} {what}, against PEP 3333.")


def environ_of(request: Request) -> dict[str, Any]:
    """The environ of the request, as gunicorn would make it for a client on 127.0.0.1."""
    path, query = split_target(request.target)
    length = declared_length(request)
    environ: dict[str, Any] = {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(path.encode("latin-1")).decode("latin-1"),
        "QUERY_STRING": query,
        "RAW_URI": request.target,
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "SERVER_SOFTWARE": "http-parity",
        "REMOTE_ADDR": "127.0.0.1",
        "REMOTE_PORT": "50000",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(request.body if length is None else request.body[:length]),
        "wsgi.input_terminated": True,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for name, value in request.headers:
        if "_" in name:
            continue
        key = name.upper().replace("-", "_")
        if key not in {"CONTENT_TYPE", "CONTENT_LENGTH"}:
            key = f"HTTP_{key}"
        environ[key] = f"{environ[key]},{value}" if key in environ else value
    return environ
