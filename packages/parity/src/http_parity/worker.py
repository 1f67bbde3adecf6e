"""A process beside this one that does what it is asked: `python -m http_parity.worker`.

Messages are pickled and go through its standard input and output; what the application in it
prints goes to standard error instead. It ends when its input does, so it never outlives its parent.
"""

import contextlib
import os
import pickle
import select
import struct
import subprocess
import sys
from collections.abc import Mapping
from typing import IO, Any

from http_parity.errors import TargetError

START_SECONDS = 120.0
STOP_SECONDS = 10.0
LENGTH = struct.Struct("!I")


class Worker:
    """A process with one target in it; what it is asked goes one after the other."""

    def __init__(self, name: str, spec: Any, env: Mapping[str, str]) -> None:
        self._name = name
        self._timeout: float = spec.timeout
        self._process = subprocess.Popen(  # our own module
            [sys.executable, "-m", "http_parity.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={
                # Or sets would have another order in each process, and so what is made from them.
                "PYTHONHASHSEED": "0",
                **os.environ,
                **env,
                "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
            },
        )
        self._patience = START_SECONDS
        try:
            self.ask("open", spec)
        except BaseException:
            self.close()
            raise

    def ask(self, what: str, *arguments: object) -> Any:
        """Do it and wait."""
        self.begin(what, *arguments)
        return self.end()

    def begin(self, what: str, *arguments: object, answers: int = 1) -> None:
        """Have it done; `answers` is for how many requests to wait."""
        if what != "open":
            self._patience = self._timeout * (answers + 1)
        assert self._process.stdin is not None  # noqa: S101 # a pipe was asked for
        try:
            _write(self._process.stdin, (what, arguments))
        except OSError as error:
            raise self._ended() from error

    def end(self) -> Any:
        """What came of it; raises what it raised, TargetError where the process is gone."""
        assert self._process.stdout is not None  # noqa: S101 # a pipe was asked for
        if not select.select([self._process.stdout], [], [], self._patience)[0]:
            self._process.kill()
            raise TargetError(f"{self._name} gave no answer within {self._patience:g} s.")
        try:
            good, result = _read(self._process.stdout)
        except EOFError:
            raise self._ended() from None
        if not good:
            raise result
        return result

    def _ended(self) -> TargetError:
        try:
            code: int | None = self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            code = None
        return TargetError(f"The process of {self._name} ended with {code}.")

    def close(self) -> None:
        """End the process and wait for it."""
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def serve() -> None:
    """Do what the parent asks until it closes the pipe."""
    # What the application prints must not come between the messages.
    source, sink = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    with open(os.devnull, "rb") as nothing:  # noqa: PTH123 # a descriptor, not a path
        os.dup2(nothing.fileno(), 0)
    from http_parity.runners import Runner  # noqa: PLC0415 # after the descriptors are set
    from http_parity.targets import calling, open_target  # noqa: PLC0415 # same

    runner: Runner | None = None
    calls: dict[str, Any] = {}
    while True:
        try:
            what, arguments = _read(source)
        except EOFError:
            break
        try:
            result: Any = None
            match what, runner:
                case "open", None:
                    runner = Runner(open_target(*arguments))
                case "call", _:
                    path = arguments[0]
                    calls.setdefault(path, None)
                    calls[path] = calls[path] or calling(path)
                    calls[path]()
                case "send", Runner():
                    request, defaults = arguments
                    result = runner.target.send(request, defaults=defaults)
                case "run", Runner():
                    path, sequence = arguments
                    if path:
                        calls.setdefault(path, None)
                        calls[path] = calls[path] or calling(path)
                        calls[path]()
                    result = runner.run(sequence)
            said = (True, result)
        except Exception as error:  # the parent raises it
            said = (False, error if isinstance(error, TargetError) else TargetError(repr(error)))
        _write(sink, said)
    if runner is not None:
        runner.target.close()


def _write(sink: IO[bytes], message: object) -> None:
    data = pickle.dumps(message, pickle.HIGHEST_PROTOCOL)
    sink.write(LENGTH.pack(len(data)) + data)
    sink.flush()


def _read(source: IO[bytes]) -> Any:
    head = source.read(LENGTH.size)
    if len(head) < LENGTH.size:
        raise EOFError
    (length,) = LENGTH.unpack(head)
    data = source.read(length)
    if len(data) < length:
        raise EOFError
    return pickle.loads(data)  # noqa: S301 # between a process and its own child


if __name__ == "__main__":
    serve()
