"""What can be asked for an answer: an application in this process, or a server behind a URL.

target = open_target("wsgi:blog_flask.wsgi:app")
target.send(Request("GET", "/api/posts")).status
target.close()
"""

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
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


@dataclass(frozen=True)
class TargetSpec:
    """A target to be opened: how it is reached, called and brought back to its first state."""

    address: str
    """`wsgi:module:app`, `asgi:module:create_app("x", debug=False)`, `http://host:port`."""
    name: str = ""
    """How reports call it; the address where there is none."""
    reset: Callable[[], object] | str | None = None
    """Brings back the first state: a callable, `module:function`, or a command line."""
    reset_every: bool = True
    """Whether it is reset before each sequence, or only at the start."""
    env: Mapping[str, str] = field(default_factory=dict)
    """Set for an application in process, which then gets a process of its own."""
    process: bool = False
    """Whether an application in process gets a process of its own."""
    verify: bool | str = True
    """For https: whether the certificate is verified, or the file of certificates to trust."""
    timeout: float = 30.0
    """In seconds, for one answer."""


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
