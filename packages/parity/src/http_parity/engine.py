"""Ask several targets the same generated requests, and find where their answers part.

    result = compare(
        [TargetSpec("wsgi:old:app"), TargetSpec("asgi:new:app")],
        document=json.loads(Path("openapi.json").read_text()),
        examples=2_000,
        seed=1,
    )
    [str(finding.differences[0]) for finding in result.findings]

The first target is the reference: what is asked next depends on its answers, and every other target
is compared with it.
"""

import functools
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from collections.abc import Sequence as Many
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Any

from http_parity.bindings import TOKEN, Correspondence, Made, atoms, instant
from http_parity.compare import SERVER_FIELDS, every_difference
from http_parity.differences import Difference
from http_parity.errors import DocumentError
from http_parity.exchange import Answer
from http_parity.generate import Generator, Walk, strategy_sequences
from http_parity.openapi import read_document
from http_parity.results import Finding, Noise, Result
from http_parity.rules import Rules
from http_parity.runners import Runner, open_runner
from http_parity.sequence import Exchange, Sequence, Step
from http_parity.shrink import shrink, with_nearest_references
from http_parity.targets import TargetSpec, attribute

Signature = tuple[object, ...]

SHRUNK = 2
"""How many sequences of one signature are shrunk; the others are counted."""

AT_ONCE = 4
"""How many new signatures of one answer are shrunk: a body may differ in endless places."""

LEARNING = 3
"""How often it is tried whether a target itself answers differently at one place."""

STARTED = 1.1
"""Seconds after which a clock of whole seconds has moved on."""


@dataclass(frozen=True)
class Progress:
    """How far a comparison has come: requests and sequences compared, differences found."""

    requests: int
    examples: int
    sequences: int
    findings: int
    doing: str
    """`comparing` or `shrinking`."""


def compare(
    targets: Many[TargetSpec],
    *,
    document: Mapping[str, Any] | str | bytes | None,
    examples: int,
    seed: int,
    rules: Rules | None = None,
    strategies: Many[Any] = (),
    headers: Many[tuple[str, str]] = (),
    known: Many[Mapping[str, str]] = (),
    wire: bool = True,
    on_progress: Callable[[Progress], None] | None = None,
    deadline: float | None = None,
) -> Result:
    """Send `examples` made-up requests to every target, and shrink what they answer differently.

    - `document`: the OpenAPI document, 3.0 or 3.1. Without it there must be `strategies`.
    - `rules`: what may differ; None allows the fields of the server.
    - `strategies`: Hypothesis strategies of a `Step` or a `Sequence`, or `module:attribute` of one.
    - `headers`: sent with every request that has no such field of its own.
    - `known`: values that the targets know from the start, by the name of the property or parameter
      that wants them: `{"username": "ada", "password": "…"}`, `{"token": "…"}`.
    - `wire`: whether requests are made that a server often answers by itself: unknown methods, odd
      hosts, lengths that are not true.
    - `deadline`: in seconds from now; what is found by then is the result.

    With one target alone, it is compared with itself, and the result holds only noise. Raises
    TargetError where a target or its reset fails, DocumentError where the document cannot be read.
    """
    if not targets:
        raise DocumentError("There is nothing to compare: name at least one target.")
    if document is None and not strategies:
        raise DocumentError("Requests are made from an OpenAPI document or from strategies.")
    described = None if document is None else read_document(document)
    drawn = _drawn(strategies, examples if described is None else examples // 4, seed)
    names = _names(targets)
    with ExitStack() as stack:
        runners = []
        for spec, name in zip(targets, names, strict=True):
            runners.append(open_runner(spec, name))
            stack.callback(runners[-1].close)
        generator = None
        if described is not None:
            generator = Generator(described, seed, headers=headers, known=known, wire=wire)
        comparison = _Comparison(
            runners,
            examples,
            rules or Rules(),
            resets=[spec.reset is not None and spec.reset_every for spec in targets],
            on_progress=on_progress,
            ends=None if deadline is None else time.monotonic() + deadline,
        )
        comparison.run(generator, drawn)
        return comparison.result(seed)


def _names(targets: Many[TargetSpec]) -> list[str]:
    names: list[str] = []
    for spec in targets:
        name = spec.name or spec.address
        number = sum(1 for other in names if other.partition(" #")[0] == name)
        names.append(f"{name} #{number + 1}" if number else name)
    return names


def _drawn(strategies: Many[Any], count: int, seed: int) -> list[Sequence]:
    found: list[Sequence] = []
    for strategy in strategies:
        one = attribute(strategy) if isinstance(strategy, str) else strategy
        found += strategy_sequences(one, max(1, count // len(strategies)), seed)
    return found


class _Comparison:
    """One comparison while it runs."""

    def __init__(
        self,
        runners: list[Runner],
        examples: int,
        rules: Rules,
        *,
        resets: list[bool],
        on_progress: Callable[[Progress], None] | None,
        ends: float | None,
    ) -> None:
        self._runners = runners
        self._examples = examples
        self._rules = rules
        self._resets = resets
        self._on_progress = on_progress
        self._ends = ends
        self._began = time.monotonic()
        self._told = 0.0
        self._sequences = 0
        self._requests = 0
        self._made = [Made() for _ in runners]
        self._noise: dict[tuple[str, str, str], Noise] = {}
        self._learned: Counter[tuple[int, str]] = Counter()
        self._waited: set[str] = set()
        self._findings: list[Finding] = []
        self._signatures: dict[Signature, list[int]] = {}
        self._used: Counter[str] = Counter()
        self._operations: dict[str, Counter[int]] = {}
        self._described: tuple[str, ...] = ()
        self._ignored = SERVER_FIELDS if rules.server_fields else frozenset()

    # --- asking ----------------------------------------------------------------------------------

    def run(self, generator: Generator | None, drawn: list[Sequence]) -> None:
        """Ask until there were enough requests, or the time is over."""
        if generator is not None:
            for operation in generator.document.operations:
                self._operations.setdefault(operation.name, Counter())
            self._described = tuple(self._operations)
        asked: tuple[Sequence, list[Exchange]] | None = None
        number = 0
        while self._going():
            if drawn and (generator is None or number % 2):
                following = self._asked(drawn.pop(0))
            elif generator is not None:
                following = self._walked(generator.walk(number))
            else:
                break
            number += 1
            # The reference may have gone on to the next sequence while the others did this one.
            if asked is not None:
                self._held(*asked)
            asked = following
            for runner in self._others:
                runner.start(following[0])
            self._count(*following)
            if not all(self._resets):
                # What is asked again in between must find all of them in one state.
                self._held(*asked)
                asked = None
        if asked is not None:
            self._held(*asked)
        self._tell("comparing", now=True)

    @property
    def _others(self) -> list[Runner]:
        return self._runners[1:] or self._runners

    def _going(self) -> bool:
        return self._requests < self._examples and not self._late()

    def _late(self) -> bool:
        return self._ends is not None and time.monotonic() > self._ends

    def _walked(self, walk: Walk) -> tuple[Sequence, list[Exchange]]:
        left = self._examples - self._requests

        def turn(last: Exchange | None) -> Step | None:
            step = walk.next(last)
            return None if len(walk.steps) > left else step

        reference = self._runners[0]
        reference.reset()
        exchanges = reference.explore(turn)
        return tuple(walk.steps[: len(exchanges)]), exchanges

    def _asked(self, sequence: Sequence) -> tuple[Sequence, list[Exchange]]:
        reference = self._runners[0]
        reference.reset()
        return sequence, reference.run(sequence)

    def _count(self, sequence: Sequence, exchanges: list[Exchange]) -> None:
        self._sequences += 1
        self._requests += len(sequence)
        for step, exchange in zip(sequence, exchanges, strict=True):
            status = exchange.answer.status if exchange.answer is not None else 0
            name = step.operation or f"{step.method} (no operation)"
            self._operations.setdefault(name, Counter())[status] += 1
        self._tell("comparing")

    def _tell(self, doing: str, *, now: bool = False) -> None:
        moment = time.monotonic()
        if self._on_progress is not None and (now or moment - self._told > 0.1):
            self._told = moment
            self._on_progress(
                Progress(
                    self._requests, self._examples, self._sequences, len(self._findings), doing
                )
            )

    # --- holding the answers against each other --------------------------------------------------

    def _held(self, sequence: Sequence, exchanges: list[Exchange]) -> None:
        """Compare what the others answered, once they have."""
        answers = [runner.finish() for runner in self._others]
        if len(self._runners) == 1:
            self._differs_from_itself(0, sequence, exchanges, answers[0])
            return
        for other, theirs in enumerate(answers, 1):
            self._pair(other, sequence, exchanges, theirs)

    def _pair(
        self, other: int, sequence: Sequence, ours: list[Exchange], theirs: list[Exchange]
    ) -> None:
        start = 0
        while True:
            found = self._first(other, sequence, ours, theirs, start)
            if found is None:
                return
            at, signatures = found
            start = at + 1
            fresh = [one for one in signatures if len(self._signatures.get(one, ())) < SHRUNK]
            # A finding that shows several of them was seen once.
            for number in {self._signatures[one][-1] for one in signatures if one not in fresh}:
                self._seen(number)
            for signature in fresh[:AT_ONCE]:
                if not self._confirmed(other, sequence[: at + 1], signature):
                    self._unsteady((0, other), sequence[: at + 1], (ours, theirs))
                    return
                if not self._minimised(other, sequence[: at + 1], signature, ours, theirs):
                    return
            # Where both did the same thing in their own way, what follows can still be compared.
            a, b = ours[at].answer, theirs[at].answer
            if a is None or b is None or a.status // 100 != b.status // 100:
                return

    def _first(
        self,
        other: int,
        sequence: Sequence,
        ours: list[Exchange],
        theirs: list[Exchange],
        start: int,
    ) -> tuple[int, list[Signature]] | None:
        """The first difference from this step on that stays once both were asked again."""
        for _ in range(8):
            words = self._words(other, sequence)
            used: list[str] = []
            for at, left, unknown in self._walk(words, sequence, ours, theirs, used):
                if at < start or not left:
                    continue
                if unknown and self._learn(other, sequence[: at + 1], at, unknown):
                    break
                self._used.update(used)
                return at, _signatures(other, sequence[at], ours[at], theirs[at], left)
            else:
                self._used.update(used)
                return None
        return None

    def _words(self, other: int, sequence: Sequence) -> Correspondence:
        unreset = not (self._resets[0] and self._resets[other])
        sent: set[str] = set()
        if unreset:
            for step in sequence:
                for text in (step.target, step.body, *(value for _, value in step.headers)):
                    for piece in text:
                        if isinstance(piece, str):
                            sent |= set(TOKEN.findall(piece))
        return Correspondence(
            (self._made[0], self._made[other]), by_form=unreset, sent=frozenset(sent)
        )

    def _walk(
        self,
        words: Correspondence,
        sequence: Sequence,
        ours: list[Exchange],
        theirs: list[Exchange],
        used: list[str],
    ) -> Iterator[tuple[int, list[Difference], list[tuple[str, str, str]]]]:
        """Each step at which something differs: what no rule allows, what may yet correspond.

        It ends where the two are no longer asked the same: what they send next came from answers
        that differ already.
        """
        for at, step in enumerate(sequence):
            if not words.asked_alike(ours[at].request, theirs[at].request):
                return
            a, b = ours[at].answer, theirs[at].answer
            if a is None and b is None:
                continue
            unknown: list[tuple[str, str, str]] = []
            if a is not None and b is not None:
                if not words.forward and self._same(a, b):
                    continue
                scope = _scope(step, a)
                b = words.translate(scope, a, b)
                if self._same(a, b):
                    continue
                unknown = [(f"{scope} {atom.place}", atom.a, atom.b) for atom in words.unknown]
            left, needed = self._rules.judge(every_difference(a, b), step, a, b)
            used += needed
            if left:
                yield at, left, unknown

    def _same(self, a: Answer, b: Answer) -> bool:
        return (
            a.status == b.status
            and a.body == b.body
            and (a.headers == b.headers or self._fields(a) == self._fields(b))
        )

    def _fields(self, answer: Answer) -> list[tuple[str, str]]:
        named = [(name.lower(), value) for name, value in answer.headers]
        # Stable: repeated fields keep their order, the order of different ones means nothing.
        return sorted(
            (field for field in named if field[0] not in self._ignored), key=lambda field: field[0]
        )

    # --- calibration -----------------------------------------------------------------------------

    def _again(self, numbers: tuple[int, ...], sequence: Sequence) -> list[list[Exchange]]:
        """What the targets answer to the sequence from their first state.

        Where they are not brought back to it, all are asked, so that they stay alike.
        """
        asked = numbers if all(self._resets) else tuple(range(len(self._runners)))
        for number in asked:
            self._runners[number].start(sequence)
        answers = {number: self._runners[number].finish() for number in asked}
        return [answers[number] for number in numbers]

    def _learn(
        self, other: int, sequence: Sequence, at: int, unknown: list[tuple[str, str, str]]
    ) -> bool:
        """Ask both again, to see at which places each makes another value every time.

        True where something was learned, so that it is worth looking again.
        """
        places = {place for place, _, _ in unknown}
        if all(self._learned[other, place] >= LEARNING for place in places):
            return False
        for place in places:
            self._learned[other, place] += 1
        before = self._known(other)
        both = (0, other)
        first, moments = self._again(both, sequence), {at}
        second = self._again(both, sequence)
        for number, one, two in zip(both, first, second, strict=True):
            self._differs_from_itself(number, sequence, one, two)
        late = {place for place, a, _ in unknown if instant(a)} - self._waited
        if moments and late and not all(self._knows(other, place) for place in late):
            # The same moment twice, as far as their clock can tell.
            self._waited |= late
            time.sleep(STARTED)
            third = self._again(both, sequence)
            for number, one, two in zip(both, first, third, strict=True):
                self._differs_from_itself(number, sequence, one, two)
        return self._known(other) > before

    def _knows(self, other: int, place: str) -> bool:
        return place in self._made[0].places and place in self._made[other].places

    def _known(self, other: int) -> int:
        return sum(
            len(shapes)
            for made in (self._made[0], self._made[other])
            for shapes in made.places.values()
        )

    def _differs_from_itself(
        self, number: int, sequence: Sequence, one: list[Exchange], two: list[Exchange]
    ) -> None:
        """Note where a target answered the same sequence in two ways."""
        for step, left, right in zip(sequence, one, two, strict=True):
            a, b = left.answer, right.answer
            if a is None or b is None or a.status != b.status:
                if (a is None) != (b is None) or (a and b):
                    self._note(number, step, a, "status", _said(left), _said(right))
                # What follows is from another state.
                return
            if self._same(a, b):
                continue
            scope = _scope(step, a)
            found = False
            for atom in atoms(a, b):
                found = True
                self._made[number].learn(scope, atom.place, atom.a, atom.b)
                self._note(number, step, a, atom.place, atom.a, atom.b)
            if not found:
                for difference in every_difference(a, b):
                    if f"header:{difference.name}" not in {f"header:{n}" for n in self._ignored}:
                        values = (str(difference.a)[:80], str(difference.b)[:80])
                        self._note(number, step, a, difference.place, *values)

    def _note(  # noqa: PLR0917 # what a Noise is made of
        self, number: int, step: Step, answer: Answer | None, place: str, one: str, two: str
    ) -> None:
        name = self._runners[number].name
        operation = step.operation or step.method
        self._noise.setdefault((name, operation, place), Noise(name, operation, place, (one, two)))

    def _unsteady(
        self,
        numbers: tuple[int, int],
        sequence: Sequence,
        before: tuple[list[Exchange], list[Exchange]],
    ) -> None:
        """Note which of the two does not answer the same from one time to the next."""
        again = self._again(numbers, sequence)
        for number, one, two in zip(numbers, before, again, strict=True):
            self._differs_from_itself(number, sequence, one[: len(sequence)], two)

    # --- findings --------------------------------------------------------------------------------

    def _shows(
        self, other: int, signature: Signature, sequence: Sequence
    ) -> tuple[list[Exchange], list[Exchange], list[Difference]] | None:
        """What both answer, where the last step differs in this way."""
        ours, theirs = self._again((0, other), sequence)
        words = self._words(other, sequence)
        for at, left, _ in self._walk(words, sequence, ours, theirs, []):
            if at == len(sequence) - 1:
                shown = _signatures(other, sequence[at], ours[at], theirs[at], left)
                return (ours, theirs, left) if signature in shown else None
        return None

    def _confirmed(self, other: int, sequence: Sequence, signature: Signature) -> bool:
        return self._shows(other, signature, sequence) is not None

    def _minimised(
        self,
        other: int,
        sequence: Sequence,
        signature: Signature,
        ours: list[Exchange],
        theirs: list[Exchange],
    ) -> bool:
        """Shrink the sequence and keep it, unless it turns out to be no difference after all."""
        self._tell("shrinking", now=True)

        def fails(candidate: Sequence) -> bool:
            self._tell("shrinking")
            return not self._late() and self._shows(other, signature, candidate) is not None

        direct = with_nearest_references(sequence, ours, theirs)
        shortest = shrink(direct if direct != sequence and fails(direct) else sequence, fails)
        for candidate in (shortest, sequence):
            shown = self._shows(other, signature, candidate)
            # In the shorter one something may be made up that was not met there before.
            if (
                shown is None
                or self._first(other, candidate, *shown[:2], len(candidate) - 1) is None
            ):
                continue
            names = (self._runners[0].name, self._runners[other].name)
            exchanges = (tuple(shown[0]), tuple(shown[1]))
            self._keep(Finding(candidate, names, exchanges, tuple(shown[2])), signature)
            return True
        return False

    def _keep(self, finding: Finding, signature: Signature) -> None:
        numbers = self._signatures.setdefault(signature, [])
        for number, known in enumerate(self._findings):
            if _told(known) == _told(finding) and _alike(known.sequence, finding.sequence):
                self._seen(number)
                numbers.append(number)
                return
        numbers.append(len(self._findings))
        self._findings.append(finding)

    def _seen(self, number: int) -> None:
        known = self._findings[number]
        self._findings[number] = replace(known, seen=known.seen + 1)

    def result(self, seed: int) -> Result:
        """What was found."""
        return Result(
            targets=tuple(runner.name for runner in self._runners),
            seed=seed,
            sequences=self._sequences,
            requests=self._requests,
            seconds=time.monotonic() - self._began,
            findings=tuple(self._findings),
            noise=tuple(self._noise.values()),
            allowed=tuple(self._rules.sentences),
            used=dict(self._used),
            operations={
                name: dict(sorted(counts.items())) for name, counts in self._operations.items()
            },
            described=self._described,
        )


def _scope(step: Step, answer: Answer) -> str:
    return f"{step.operation} {step.method} {answer.status}"


def _said(exchange: Exchange) -> str:
    return exchange.error if exchange.answer is None else str(exchange.answer.status)


def _signatures(
    other: int, step: Step, ours: Exchange, theirs: Exchange, left: list[Difference]
) -> list[Signature]:
    """What shrunk sequences must still show, one at a time, and by which repeats are told.

    One for each difference, so that what is always different hides nothing that seldom is. Where
    the statuses differ, all else follows from it.
    """
    a, b = ours.answer, theirs.answer
    statuses = (None if a is None else a.status, None if b is None else b.status)
    # A length differs because a body does.
    told = [one for one in left if one.name != "content-length"] or left
    if told[0].part == "status":
        told = told[:1]
    return list(
        dict.fromkeys(
            (other, step.operation, *statuses, one.part, _pattern(one.name), one.kind)
            for one in told
        )
    )


def _pattern(name: str) -> str:
    return "/".join("*" if part.isdigit() else part for part in name.split("/"))


@functools.lru_cache(maxsize=1024)
def _outline(sequence: Sequence) -> tuple[object, ...]:
    return tuple(
        (step.method, step.operation, tuple(name.lower() for name, _ in step.headers))
        for step in sequence
    )


def _told(finding: Finding) -> tuple[object, ...]:
    """Between whom and in what sorts of difference the finding is."""
    sorts = {(one.part, _pattern(one.name), one.kind) for one in finding.differences}
    statuses = [one[-1].answer and one[-1].answer.status for one in finding.exchanges]
    return (finding.targets, sorts, statuses)


def _alike(one: Sequence, other: Sequence) -> bool:
    """Whether two sequences ask for the same things with the same fields."""
    return _outline(one) == _outline(other)
