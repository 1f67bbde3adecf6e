"""One HTTP exchange as plain data.

    Answer(200, (("Content-Type", "text/plain"),), b"hello").header("content-type")

Nothing here repairs or normalises anything: a request may be as wrong as its test needs it.
"""

import json
from dataclasses import dataclass
from typing import Any

Headers = tuple[tuple[str, str], ...]
"""Fields in their order; names as written, values as latin-1 text."""


def values(headers: Headers, name: str) -> list[str]:
    """Every value of the field, in order, whatever the case of its name."""
    wanted = name.lower()
    return [value for field, value in headers if field.lower() == wanted]


@dataclass(frozen=True)
class Request:
    """A request as it is sent: `target` is what stands in the request line, escapes and all.

    Text here is latin-1, one character for each byte on the wire.
    """

    method: str
    target: str
    headers: Headers = ()
    body: bytes = b""


@dataclass(frozen=True)
class Answer:
    """A response as it came, its body without the transfer coding."""

    status: int
    headers: Headers = ()
    body: bytes = b""

    def header(self, name: str) -> str | None:
        """The field's value, None where it is absent; LookupError where it is repeated."""
        found = self.header_values(name)
        if len(found) > 1:
            raise LookupError(f"{name} came {len(found)} times: {found}")
        return found[0] if found else None

    def header_values(self, name: str) -> list[str]:
        """Every value of the field, in order."""
        return values(self.headers, name)

    def json(self) -> Any:
        """The body read as JSON; ValueError where it is not JSON in UTF-8."""
        return json.loads(self.body.decode("utf-8"))


def with_defaults(request: Request, host: str) -> Request:
    """The request with `Host` and `Content-Length` added where it has neither them nor a coding.

    A body makes a length necessary, and so do the methods whose body has a meaning: a server
    reads POST without a length as a request whose body it may have to wait for.
    """
    added: list[tuple[str, str]] = []
    if not values(request.headers, "host"):
        added.append(("Host", host))
    framed = values(request.headers, "content-length") or values(
        request.headers, "transfer-encoding"
    )
    if not framed and (request.body or request.method in {"POST", "PUT", "PATCH"}):
        added.append(("Content-Length", str(len(request.body))))
    if not added:
        return request
    return Request(request.method, request.target, (*added, *request.headers), request.body)


def declared_length(request: Request) -> int | None:
    """The length that one well-formed `Content-Length` declares, else None."""
    match values(request.headers, "content-length"):
        case [text] if text.isascii() and text.isdigit():
            return int(text)
        case _:
            return None


def split_target(target: str) -> tuple[str, str]:
    """Path and query of a request target, still escaped (RFC 9112 section 3.2).

    Of an absolute form only path and query are kept, as servers do.
    """
    target = target.partition("#")[0]
    if not target.startswith("/"):
        scheme, mark, rest = target.partition("://")
        if mark and scheme.isalpha():
            slash = rest.find("/")
            question = rest.find("?")
            starts = [at for at in (slash, question) if at >= 0]
            target = rest[min(starts) :] if starts else ""
    path, _, query = target.partition("?")
    return path, query
