"""Faults planted in the Flask application, which the session over real servers has to see."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from blog_flask.wsgi import app

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment


class Padded:
    """A body that is filled up to its length with blanks, where the client stopped."""

    def __init__(self, stream: Any, length: int) -> None:
        self._stream = stream
        self._left = length

    def read(self, size: int = -1) -> bytes:
        try:
            # One by one, so that nothing is lost with a connection that breaks off.
            part: bytes = self._stream.read(1)
        except OSError:
            part = b""
        part = part or b" " * min(size, self._left)
        self._left -= len(part)
        return part


def writes_what_was_cut_short(
    environ: "WSGIEnvironment", start_response: "StartResponse"
) -> Iterable[bytes]:
    """Blanks after a JSON document are JSON."""
    length = int(environ.get("CONTENT_LENGTH") or 0)
    padded = Padded(environ["wsgi.input"], length)
    return app({**environ, "wsgi.input": padded}, start_response)


def trusts_the_end_of_chunks(
    environ: "WSGIEnvironment", start_response: "StartResponse"
) -> Iterable[bytes]:
    """Has the front believe that granian's WSGI tells everything."""
    return app({**environ, "RAW_URI": environ["PATH_INFO"]}, start_response)


def says_more(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
    """A field of its own on every answer."""

    def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
        return start_response(status, [*headers, ("X-Powered-By", "Flask")])

    return app(environ, start)


def refuses_more(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
    """404 for a path that is there."""
    path = environ["PATH_INFO"].replace("/livez", "/nowhere")
    return app({**environ, "PATH_INFO": path}, start_response)
