"""What can be asked for an answer: an application in this process, or a server behind a URL.

target = open_target("wsgi:blog_flask.wsgi:app")
target.send(Request("GET", "/api/posts")).status
target.close()
"""

import importlib
from typing import Any, Protocol

from http_parity.asgi import ASGITarget
from http_parity.errors import TargetError
from http_parity.exchange import Answer, Request
from http_parity.sockets import SocketTarget
from http_parity.wsgi import WSGITarget


class Target(Protocol):
    """One implementation under test."""

    name: str
    """How reports call it."""
    host: str
    """The `Host` a request gets that has none."""

    def send(self, request: Request, *, defaults: bool = True) -> Answer:
        """The answer to the request, sent as it is.

        With `defaults`, `Host` and `Content-Length` are added where the request has none.
        Raises NoAnswerError where the exchange ends without an answer, else TargetError.
        """

    def close(self) -> None:
        """Give back what the target holds."""


def open_target(address: str, name: str | None = None) -> Target:
    """The target at `wsgi:module:app`, `asgi:module:app` or `http://host:port`.

    Raises TargetError, in one sentence, where it cannot be had.
    """
    kind, _, rest = address.partition(":")
    match kind:
        case "wsgi":
            return WSGITarget(_load(address, rest), name or address)
        case "asgi":
            return ASGITarget(_load(address, rest), name or address)
        case "http" | "https":
            return SocketTarget(address, name or address)
        case _:
            raise TargetError(
                f"A target is wsgi:module:app, asgi:module:app or http://host:port: {address!r}."
            )


def _load(address: str, path: str) -> Any:
    module_name, _, attributes = path.partition(":")
    if not module_name or not attributes:
        raise TargetError(f"A target in process is named module:app: {address!r}.")
    try:
        found: Any = importlib.import_module(module_name)
    except Exception as error:
        raise TargetError(
            f"{address} cannot be imported: {type(error).__name__}: {error}"
        ) from error
    for attribute in attributes.split("."):
        try:
            found = getattr(found, attribute)
        except AttributeError:
            raise TargetError(f"{address}: {module_name} has no {attributes}.") from None
    if not callable(found):
        raise TargetError(f"{address} is no application: it cannot be called.")
    return found
