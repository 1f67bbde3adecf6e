"""One sequence sent again to two targets: what a reproducer and `parity replay` run.

replayed = replay(("wsgi:old:app", "http://127.0.0.1:8002"), (Step("HEAD", ("/notes",)),))
assert not replayed.differences, replayed
"""

from collections.abc import Sequence as Many
from contextlib import ExitStack
from dataclasses import dataclass

from http_parity.differences import Difference
from http_parity.errors import ApplicationError, NoAnswerError
from http_parity.exchange import Request, values
from http_parity.rules import Rules
from http_parity.sequence import Exchange, Sequence, request_of
from http_parity.targets import Target, TargetSpec, open_target, reset_of


@dataclass(frozen=True)
class Replay:
    """What two targets answered, and the differences of the last step that no rule allows."""

    names: tuple[str, str]
    exchanges: tuple[tuple[Exchange, ...], tuple[Exchange, ...]]
    differences: tuple[Difference, ...]

    def __str__(self) -> str:
        if not self.differences:
            return f"{self.names[0]} and {self.names[1]} answer alike."
        lines = "".join(f"\n  {found}" for found in self.differences)
        return f"{self.names[0]} and {self.names[1]} answer differently:{lines}"


def replay(
    targets: tuple[str | TargetSpec, str | TargetSpec],
    sequence: Sequence,
    *,
    rules: Rules | None = None,
    headers: Many[tuple[str, str]] = (),
) -> Replay:
    """Bring both targets to their first state, send them the sequence and compare the last answers.

    References are filled in from each target's own answers; `headers` are sent with every request
    that has none of the name. Raises TargetError where a target or its reset fails.
    """
    first, second = targets
    with ExitStack() as stack:
        runs = []
        names = []
        for given in (first, second):
            spec = TargetSpec(given) if isinstance(given, str) else given
            target = open_target(spec)
            stack.callback(target.close)
            reset = reset_of(spec, target)
            if reset is not None:
                reset()
            runs.append(_run(target, sequence, headers))
            names.append(target.name)
    a, b = runs
    found = (rules or Rules()).compare(
        a[-1].answer, b[-1].answer, operation=sequence[-1].operation, request=a[-1].request
    )
    return Replay((names[0], names[1]), (a, b), found.left)


def _run(
    target: Target, sequence: Sequence, headers: Many[tuple[str, str]]
) -> tuple[Exchange, ...]:
    done: list[Exchange] = []
    for step in sequence:
        request = request_of(step, done)
        missing = tuple(field for field in headers if not values(request.headers, field[0]))
        request = Request(
            request.method, request.target, (*request.headers, *missing), request.body
        )
        try:
            done.append(Exchange(request, target.send(request)))
        except (ApplicationError, NoAnswerError) as error:
            done.append(Exchange(request, None, str(error)))
    return tuple(done)
