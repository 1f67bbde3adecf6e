"""What can be asked for an answer: an application in this process, or a server behind a URL.

target = open_target("wsgi:blog_flask.wsgi:app")
target.send(Request("GET", "/api/posts")).status
target.close()
"""

import ast
import importlib
import os
import re
import shlex
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from http_parity.asgi import ASGITarget
from http_parity.errors import TargetError
from http_parity.exchange import Answer, Request
from http_parity.sockets import SocketTarget
from http_parity.worker import Worker
from http_parity.wsgi import WSGITarget

DOTTED = re.compile(r"[\w.]+:[\w.]+")
"""`module:function`."""


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
    """Brings back the first state: a callable, `module:function`, or a command line.

    Without one, ids correspond although each target counts its own, but an id that a request just
    makes up may exist here and not there: that is then a difference.
    """
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


def open_target(target: str | TargetSpec, name: str | None = None) -> Target:
    """The target at `wsgi:module:app`, `asgi:module:app` or `http://host:port`.

    In the place of `app` may stand a call, as gunicorn takes it: `create_app("x", debug=False)`,
    with literals only. Raises TargetError, in one sentence, where it cannot be had.
    """
    spec = TargetSpec(target) if isinstance(target, str) else target
    address, name = spec.address, name or spec.name or spec.address
    kind, _, rest = address.partition(":")
    if kind in {"wsgi", "asgi"} and (spec.process or spec.env):
        return ProcessTarget(spec, name)
    match kind:
        case "wsgi":
            return WSGITarget(_load(address, rest), name)
        case "asgi":
            return ASGITarget(_load(address, rest), name, timeout=spec.timeout)
        case "http" | "https":
            return SocketTarget(address, name, timeout=spec.timeout, verify=spec.verify)
        case _:
            raise TargetError(
                f"A target is wsgi:module:app, asgi:module:app or http://host:port: {address!r}."
            )


class ProcessTarget:
    """An application in a process of its own, with its own environment and its own state."""

    def __init__(self, spec: TargetSpec, name: str) -> None:
        self.name = name
        self.host = "localhost"
        opened = TargetSpec(spec.address, name, timeout=spec.timeout)
        self._worker = Worker(name, opened, spec.env)

    def send(self, request: Request, *, defaults: bool = True) -> Answer:
        """The answer to the request; raises what the target in the process raised."""
        answer: Answer = self._worker.ask("send", request, defaults)
        return answer

    def begin(self, what: str, *arguments: object, answers: int = 1) -> None:
        """Have the process do something and go on meanwhile: `end` waits for it."""
        self._worker.begin(what, *arguments, answers=answers)

    def end(self) -> Any:
        """What came of what was begun; raises what it raised."""
        return self._worker.end()

    def close(self) -> None:
        """End the process and wait for it."""
        self._worker.close()


def reset_of(spec: TargetSpec, target: Target) -> Callable[[], object] | None:
    """What brings the target back to its first state, None where nothing does.

    `module:function` runs where the application runs, so it may reach into its memory; a command
    runs with the target's environment.
    """
    reset = spec.reset
    if reset is None or callable(reset):
        return reset
    if not DOTTED.fullmatch(reset):
        return lambda: _command(reset, spec.env)
    if isinstance(target, ProcessTarget):

        def in_its_process() -> None:
            target.begin("call", reset)
            target.end()

        return in_its_process
    return calling(reset)


def attribute(path: str) -> Any:
    """What `module:attribute` names."""
    module, _, attributes = path.partition(":")
    if not module or not attributes:
        raise TargetError(f"It is named module:attribute: {path!r}.")
    return _found(path, module, attributes)


def calling(path: str) -> Callable[[], object]:
    """The function `module:function`, whose failure is a TargetError."""
    function = attribute(path)

    def call() -> object:
        try:
            return function()
        except Exception as error:
            raise TargetError(f"{path} raised {type(error).__name__}: {error}") from error

    return call


def _command(line: str, env: Mapping[str, str]) -> None:
    try:
        words = shlex.split(line)
        done = subprocess.run(  # noqa: S603 # the user's own command
            words,
            env={**os.environ, **env},
            capture_output=True,
            stdin=subprocess.DEVNULL,
            check=False,
        )
    except (OSError, ValueError, IndexError) as error:
        raise TargetError(f"The reset {line!r} cannot be run: {error}.") from error
    if done.returncode:
        said = " ".join((done.stderr or done.stdout).decode("utf-8", "replace").split())
        raise TargetError(f"The reset {line!r} ended with {done.returncode}: {said[-500:]}")


def _load(address: str, path: str) -> Any:
    module, _, attributes = path.partition(":")
    if not module or not attributes:
        raise TargetError(f"A target in process is named module:app: {address!r}.")
    called = attributes.endswith(")")
    if not called:
        found = _found(address, module, attributes)
    else:
        name, arguments, options = _call(address, attributes)
        factory = _found(address, module, name)
        try:
            found = factory(*arguments, **options)
        except Exception as error:
            raise TargetError(f"{address} raised {type(error).__name__}: {error}") from error
    if not callable(found):
        raise TargetError(f"{address} is no application: it cannot be called.")
    return found


def _call(address: str, text: str) -> tuple[str, list[Any], dict[str, Any]]:
    """Name and arguments of `create_app("x", debug=False)`."""
    try:
        call = ast.parse(text, mode="eval").body
        if not isinstance(call, ast.Call):
            raise TypeError(text)
        arguments = [ast.literal_eval(argument) for argument in call.args]
        options = {str(one.arg): ast.literal_eval(one.value) for one in call.keywords if one.arg}
        if len(options) < len(call.keywords):
            raise ValueError(text)
    except (SyntaxError, TypeError, ValueError):
        raise TargetError(
            f"{address}: an application's factory is called with literals only."
        ) from None
    return ast.unparse(call.func), arguments, options


def _found(address: str, module_name: str, attributes: str) -> Any:
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
    return found
