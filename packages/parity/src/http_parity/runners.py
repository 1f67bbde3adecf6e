"""A target that is asked whole sequences of requests."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Protocol

from http_parity.errors import TargetError, UnreachableError
from http_parity.exchange import Answer, Request
from http_parity.sequence import Exchange, Sequence, Step, request_of
from http_parity.sockets import SocketTarget
from http_parity.targets import (
    DOTTED,
    ProcessTarget,
    Target,
    TargetSpec,
    open_target,
    reset_of,
)

Turn = Callable[[Exchange | None], Step | None]
"""Given what came of the last step (None at the start), the next one: None ends the sequence."""

Said = Answer | TargetError | None


class Conversing(Protocol):
    """A target that can be asked many requests in one go."""

    def converse(self, turn: Callable[[Said], Request | None]) -> None:
        """Ask for requests and give what came of each, until there is no further one."""


class Runner:
    """A target in this process, or behind a URL."""

    def __init__(self, target: Target, reset: Callable[[], object] | None = None) -> None:
        self.target = target
        self.name = target.name
        self._reset = reset
        self._pending: list[Exchange] | Exception = []

    def reset(self) -> None:
        """Bring the target back to its first state, where it has a reset for every sequence."""
        if self._reset is not None:
            self._reset()

    def explore(self, turn: Turn) -> list[Exchange]:
        """Take step after step from `turn` and ask the target for each."""
        exchanges: list[Exchange] = []

        def requests(said: Said) -> Request | None:
            if said is not None:
                exchanges.append(_exchange(asked[-1], said))
            step = turn(exchanges[-1] if exchanges else None)
            if step is None:
                return None
            asked.append(request_of(step, exchanges))
            return asked[-1]

        asked: list[Request] = []
        converse = getattr(self.target, "converse", None)
        if converse is not None:
            converse(requests)
        else:
            said: Said = None
            while (request := requests(said)) is not None:
                said = self._say(request)
        return exchanges

    def _say(self, request: Request) -> Answer | TargetError:
        try:
            return self.target.send(request)
        except UnreachableError:
            raise
        except TargetError as error:
            return error

    def run(self, sequence: Sequence) -> list[Exchange]:
        """Ask the target every step."""
        steps = iter(sequence)
        return self.explore(lambda _: next(steps, None))

    def start(self, sequence: Sequence) -> None:
        """Reset the target and run the sequence, meanwhile where that is possible."""
        try:
            self.reset()
            self._pending = self.run(sequence)
        except Exception as error:  # finish() raises it
            self._pending = error

    def finish(self) -> list[Exchange]:
        """What came of the sequence that was started."""
        if isinstance(self._pending, Exception):
            raise self._pending
        return self._pending

    def close(self) -> None:
        """Close the target."""
        self.target.close()


class ServerRunner(Runner):
    """A server behind a URL: while it works, others may."""

    def __init__(self, target: Target, reset: Callable[[], object] | None = None) -> None:
        super().__init__(target, reset)
        self._thread = ThreadPoolExecutor(1, f"http-parity {target.name}")
        self._future: Future[list[Exchange]] | None = None

    def start(self, sequence: Sequence) -> None:
        """Reset the server and send it the sequence, from a thread of its own."""

        def work() -> list[Exchange]:
            self.reset()
            return self.run(sequence)

        self._future = self._thread.submit(work)

    def finish(self) -> list[Exchange]:
        """Wait for the sequence that was started."""
        return [] if self._future is None else self._future.result()

    def close(self) -> None:
        """End the thread and close the target."""
        self._thread.shutdown()
        super().close()


class ProcessRunner(Runner):
    """An application in a process of its own, which is given whole sequences."""

    target: ProcessTarget

    def __init__(self, target: ProcessTarget, reset: Callable[[], object] | str | None) -> None:
        inside = isinstance(reset, str)
        super().__init__(target, None if isinstance(reset, str) else reset)
        self._inside = str(reset) if inside else ""

    def reset(self) -> None:
        """Bring the application back to its first state, in its own process if it can be."""
        if self._inside:
            self.target.begin("call", self._inside)
            self.target.end()
        super().reset()

    def run(self, sequence: Sequence) -> list[Exchange]:
        """Ask the target every step."""
        self.target.begin("run", "", sequence, answers=len(sequence))
        found: list[Exchange] = self.target.end()
        return found

    def start(self, sequence: Sequence) -> None:
        """Have the process reset itself and run the sequence, without waiting."""
        super().reset()
        self.target.begin("run", self._inside, sequence, answers=len(sequence))

    def finish(self) -> list[Exchange]:
        """Wait for the sequence that was started."""
        found: list[Exchange] = self.target.end()
        return found


def open_runner(spec: TargetSpec, name: str) -> Runner:
    """The target of the spec, opened and in its first state."""
    target = open_target(spec, name)
    try:
        reset = reset_of(spec, target)
        if reset is not None:
            reset()
        every = reset if spec.reset_every else None
        if isinstance(target, ProcessTarget):
            inside = isinstance(spec.reset, str) and DOTTED.fullmatch(spec.reset)
            return ProcessRunner(target, spec.reset if every and inside else every)
        kind = ServerRunner if isinstance(target, SocketTarget) else Runner
        return kind(target, every)
    except BaseException:
        target.close()
        raise


def _exchange(request: Request, said: Answer | TargetError) -> Exchange:
    if isinstance(said, TargetError):
        return Exchange(request, None, str(said))
    return Exchange(request, said)
