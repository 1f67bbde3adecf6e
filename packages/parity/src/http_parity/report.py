"""A comparison as reports tell it: its causes, what was declared, and what was reached."""

from collections.abc import Sequence as Many
from dataclasses import dataclass
from functools import cached_property

from http_parity.causes import general
from http_parity.differences import ABSENT, Difference, shown
from http_parity.exchange import Answer
from http_parity.explain import Cause, explain, operation_of
from http_parity.reproduce import curl
from http_parity.results import Noise, Result
from http_parity.rules import SERVER_RULES
from http_parity.sequence import Exchange
from http_parity.targets import TargetSpec

SHOWN: int = 300
"""Characters of a value that a report for people shows."""


@dataclass(frozen=True)
class Row:
    """One place of the two last answers, as it stands on each side."""

    place: str
    a: str
    b: str


@dataclass(frozen=True)
class Report:
    """What every report is written from. `specs` are in the order of the result's targets."""

    result: Result
    specs: tuple[TargetSpec, ...] = ()

    @cached_property
    def causes(self) -> list[Cause]:
        return explain(self.result)

    @property
    def same(self) -> bool:
        """Whether no difference was found that nothing allows."""
        return not self.result.findings

    def addresses(self, names: Many[str]) -> tuple[str, str]:
        """Where the two targets are reached; the name where that is not known."""
        known = dict(zip(self.result.targets, (spec.address for spec in self.specs), strict=False))
        first, second = (known.get(name, name) for name in names)
        return first, second

    def curl(self, cause: Cause) -> str:
        """The cause's reproducer for a shell."""
        return curl(cause.example, self.addresses(cause.example.targets))

    @property
    def summary(self) -> str:
        """One sentence: what was compared, with which seed, for how long."""
        result = self.result
        return (
            f"{number(result.requests, 'request')} in {number(result.sequences, 'sequence')} to "
            f"each of {', '.join(result.targets)}; seed {result.seed}, {result.seconds:.1f} s"
        )

    @property
    def verdict(self) -> str:
        """One sentence: how many causes of difference."""
        if self.same:
            return "No difference"
        count = number(len(self.causes), "cause")
        spelling = sum(not cause.of_meaning for cause in self.causes)
        aside = f", {spelling} of bytes alone" if spelling else ""
        return f"Different: {count}{aside}"

    @cached_property
    def noise(self) -> list[str]:
        """Each place in which targets differ from themselves, with the targets and two examples."""
        found: dict[tuple[str, str], list[Noise]] = {}
        for one in self.result.noise:
            found.setdefault((one.operation, one.place), []).append(one)
        return [
            f"{operation}, {place}: {' / '.join(map(_cut, same[0].examples))} "
            f"({', '.join(dict.fromkeys(one.target for one in same))})"
            for (operation, place), same in found.items()
        ]

    @property
    def unused(self) -> list[str]:
        """The declared rules that no answer needed."""
        standing = {str(rule) for rule in SERVER_RULES}
        return [
            sentence
            for sentence in self.result.allowed
            if sentence not in standing and not self.result.used.get(sentence)
        ]

    @property
    def unreached(self) -> list[str]:
        """The described operations that no answer 2xx was compared of."""
        return [
            name
            for name in self.result.described
            if not any(200 <= status < 300 for status in self.result.operations.get(name, ()))
        ]

    @cached_property
    def by_operation(self) -> dict[str, list[Cause]]:
        """Every described operation with its causes, and others that have any."""
        found: dict[str, list[Cause]] = {name: [] for name in self.result.described}
        for cause in self.causes:
            for finding in cause.findings:
                causes = found.setdefault(operation_of(finding), [])
                if cause not in causes:
                    causes.append(cause)
        return found


def number(count: int, noun: str) -> str:
    """`1 request`, `2,000 requests`."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def asked(exchange: Exchange) -> str:
    """Method and target, in characters that any screen takes."""
    target = exchange.request.target
    text = f"{exchange.request.method} {target if len(target) <= 200 else f'{target[:200]}…'}"
    return _cut(text.encode("ascii", "backslashreplace").decode("ascii"))


def operations(cause: Cause, most: int = 8) -> str:
    """The operations of the cause, the first few by name."""
    more = len(cause.operations) - most
    named = ", ".join(cause.operations[:most])
    return f"{named} and {more} more" if more > 0 else named


def steps(cause: Cause) -> list[str]:
    """The requests of the example with their statuses; the last of them shows the cause."""
    found = []
    for a, b in zip(*cause.example.exchanges, strict=True):
        left, right = _code(a), _code(b)
        found.append(f"{asked(a)} → {left if left == right else f'{left} / {right}'}")
    return found


def rows(cause: Cause) -> list[Row]:
    """What the two last answers have where they differ, the status first."""
    a, b = (exchanges[-1] for exchanges in cause.example.exchanges)
    found = []
    told = cause.differences
    if any(difference.part == "status" for difference in told):
        found.append(Row("status", _status(a), _status(b)))
        # All else follows from the status: of the rest only what people look at is shown.
        for name in ("content-type", "location", "allow"):
            left, right = (_values(one.answer, name) for one in (a, b))
            if left != right:
                found.append(Row(name, left, right))
        bodies = _body(a), _body(b)
        if bodies[0] != bodies[1]:
            found.append(Row("body", *bodies))
        return found
    seen: set[str] = set()
    for difference in told:
        key = f"{general(difference.place)} {difference.kind}"
        if key not in seen and not (difference.name == "content-length" and len(told) > 1):
            seen.add(key)
            left, right = sides(difference)
            found.append(Row(difference.place.removeprefix("header:"), left, right))
    return found


def sides(difference: Difference) -> tuple[str, str]:
    """What stands on each side, as text for people."""
    first, second = (_shown(value) for value in (difference.a, difference.b))
    return first, second


def _shown(value: object) -> str:
    match value:
        case _ if value is ABSENT or value == []:
            return "absent"
        case bytes():
            return _cut(value.decode("utf-8", "backslashreplace"))
        case list() if all(isinstance(item, str) for item in value):
            return _cut("\n".join(value))
        case _:
            return _cut(shown(value))


def _cut(text: str) -> str:
    # A control character could move the cursor or end the line of a report.
    plain = "".join(
        character if character.isprintable() or character == "\n" else ascii(character)[1:-1]
        for character in text
    )
    return plain if len(plain) <= SHOWN else f"{plain[:SHOWN]}…"


def _status(exchange: Exchange) -> str:
    if exchange.answer is None:
        return _cut(exchange.error or "no answer")
    return str(exchange.answer.status)


def _code(exchange: Exchange) -> str:
    return str(exchange.answer.status) if exchange.answer else "no answer"


def _values(answer: Answer | None, name: str) -> str:
    return _shown(answer.header_values(name) if answer else [])


def _body(exchange: Exchange) -> str:
    return _shown(exchange.answer.body or ABSENT) if exchange.answer else "absent"
