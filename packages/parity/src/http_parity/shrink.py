"""From a sequence that shows a difference to a shortest one that still does.

Steps are left out first, then what each of them carries. The references stay valid: one to a step
that is left out goes to another step of the same kind, or takes the step that needs it along.
"""

import string
from collections.abc import Callable, Iterator
from collections.abc import Sequence as Many
from dataclasses import replace
from typing import Any

from http_parity.bindings import scalars
from http_parity.drafts import Filled, join_texts, joined, json_text, parsed_json, split_text
from http_parity.sequence import Exchange, Reference, Sequence, Step, Text, value_of

Fails = Callable[[Sequence], bool]
UNRESERVED = frozenset(string.ascii_letters + string.digits + "-._~")
BUDGET = 600
"""How many candidates are tried for one sequence."""


def shrink(sequence: Sequence, fails: Fails, *, budget: int = BUDGET) -> Sequence:
    """A sequence for which `fails` still holds and of which nothing more can be left out.

    Deterministic; `fails` is asked at most `budget` times.
    """
    return _Shrinker(fails, budget).shrink(sequence)


class _Shrinker:
    def __init__(self, fails: Fails, budget: int) -> None:
        self._fails = fails
        self._left = budget
        self._known: set[Sequence] = set()

    def shrink(self, sequence: Sequence) -> Sequence:
        self._known.add(sequence)
        while self._left > 0:
            before = sequence
            sequence = self._steps(sequence)
            for at in reversed(range(len(sequence))):
                sequence = self._parts(sequence, at)
            if sequence == before:
                break
        return sequence

    def _good(self, candidate: Sequence | None) -> bool:
        if candidate is None or not candidate or candidate in self._known or self._left <= 0:
            return False
        self._known.add(candidate)
        self._left -= 1
        return self._fails(candidate)

    def _steps(self, sequence: Sequence) -> Sequence:
        for candidate in (sequence[-1:] if not _needed(sequence, -1) else None, _closure(sequence)):
            if self._good(candidate) and candidate is not None:
                sequence = candidate
        at = len(sequence) - 2
        while at >= 0:
            for candidate in _without(sequence, at):
                if self._good(candidate):
                    sequence = candidate
                    break
            at = min(at, len(sequence) - 1) - 1
        return sequence

    def _parts(self, sequence: Sequence, at: int) -> Sequence:
        """The sequence with the step made as simple as it can be."""
        again = True
        while again and self._left > 0:
            again = False
            for step in _simpler(sequence[at]):
                candidate = (*sequence[:at], step, *sequence[at + 1 :])
                if self._good(candidate):
                    sequence, again = candidate, True
                    break
        return sequence


def with_nearest_references(
    sequence: Sequence, ours: Many[Exchange], theirs: Many[Exchange]
) -> Sequence:
    """The same requests, with each reference to the earliest place that has its value.

    Both targets must have had the same value there; a place in a body is better than a part of a
    URL, for a reader and for leaving out steps.
    """
    places: list[Reference] = []
    found: list[Step] = []
    for at, step in enumerate(sequence):
        found.append(_near(step, places, ours, theirs))
        answer = ours[at].answer
        if answer is not None:
            places += [
                Reference(at, f"body:{pointer}") for pointer, _ in scalars(answer.body) or ()
            ]
    return tuple(found)


def _near(
    step: Step, places: list[Reference], ours: Many[Exchange], theirs: Many[Exchange]
) -> Step:
    def of(reference: Reference) -> tuple[str, str]:
        return value_of(reference, ours), value_of(reference, theirs)

    def near(text: Text) -> Text:
        pieces: list[str | Reference] = []
        for piece in text:
            if isinstance(piece, str):
                pieces.append(piece)
                continue
            wanted = of(replace(piece, escape=""))
            if "/" in wanted[0] and piece.pattern:
                pieces += _segments(wanted, places, of) or (piece,)
                continue
            place = next((one for one in places if of(one) == wanted and wanted[0]), None)
            # What a URL has is escaped already; only where that changes nothing is it a value.
            bare = piece.escape or not set(wanted[0]) - UNRESERVED
            if place is not None and bare:
                pieces.append(replace(place, escape="url" if piece.pattern else piece.escape))
            else:
                pieces.append(piece)
        return joined(pieces)

    return replace(
        step,
        target=near(step.target),
        headers=tuple((name, near(value)) for name, value in step.headers),
        body=near(step.body),
    )


def _segments(
    wanted: tuple[str, str],
    places: list[Reference],
    of: Callable[[Reference], tuple[str, str]],
) -> Text:
    """A path as its segments, those that are values as references; empty where it cannot be."""
    ours, theirs = (text.split("/") for text in wanted)
    if len(ours) != len(theirs):
        return ()
    pieces: list[str | Reference] = []
    for number, pair in enumerate(zip(ours, theirs, strict=True)):
        if number:
            pieces.append("/")
        place = next((one for one in places if of(one) == pair and pair[0]), None)
        if place is not None and not set(pair[0]) - UNRESERVED:
            pieces.append(replace(place, escape="url"))
        elif pair[0] == pair[1]:
            pieces.append(pair[0])
        else:
            return ()
    return tuple(pieces)


def references(step: Step) -> Iterator[Reference]:
    """Every reference in the step."""
    for text in (step.target, step.body, *(value for _, value in step.headers)):
        yield from (piece for piece in text if isinstance(piece, Reference))


def _needed(sequence: Sequence, at: int) -> set[int]:
    return {reference.step for reference in references(sequence[at])}


def _closure(sequence: Sequence) -> Sequence | None:
    """The last step with only those that it needs, and what they need."""
    kept = {len(sequence) - 1}
    for at in reversed(range(len(sequence))):
        if at in kept:
            kept |= _needed(sequence, at)
    return _kept(sequence, kept)


def _kept(sequence: Sequence, kept: set[int]) -> Sequence:
    numbers = {old: new for new, old in enumerate(sorted(kept))}
    return tuple(_moved(sequence[at], numbers) for at in sorted(kept))


def _without(sequence: Sequence, at: int) -> Iterator[Sequence]:
    """The sequence without the step, in the ways that keep the others' references good."""
    rest = set(range(len(sequence))) - {at}
    users = [other for other in rest if at in _needed(sequence, other)]
    if not users:
        yield _kept(sequence, rest)
        return
    first = min(users)
    for other in range(len(sequence)):
        same = sequence[other].operation == sequence[at].operation
        if other != at and same and other < first:
            yield _kept(tuple(_moved(step, {at: other}) for step in sequence), rest)
    gone = {at}
    for other in range(at + 1, len(sequence)):
        if gone & _needed(sequence, other):
            gone.add(other)
    if len(sequence) - 1 not in gone:
        yield _kept(sequence, set(range(len(sequence))) - gone)


def _moved(step: Step, numbers: dict[int, int]) -> Step:
    def text(old: Text) -> Text:
        return tuple(
            replace(piece, step=numbers.get(piece.step, piece.step))
            if isinstance(piece, Reference)
            else piece
            for piece in old
        )

    return replace(
        step,
        target=text(step.target),
        headers=tuple((name, text(value)) for name, value in step.headers),
        body=text(step.body),
    )


def _simpler(step: Step) -> Iterator[Step]:
    """The step with a little less in it, what leaves out most first."""
    if step.headers:
        yield replace(step, headers=())
    for at in range(len(step.headers)):
        yield replace(step, headers=(*step.headers[:at], *step.headers[at + 1 :]))
    if step.body:
        yield replace(step, body=())
        bare = tuple(one for one in step.headers if one[0].lower() != "content-type")
        yield replace(step, body=(), headers=bare)
    yield from _simpler_query(step)
    yield from (replace(step, body=body) for body in _simpler_body(step.body))
    for at, (name, value) in enumerate(step.headers):
        if name.lower() != "content-type":
            for shorter in _shorter(value):
                headers = (*step.headers[:at], (name, shorter), *step.headers[at + 1 :])
                yield replace(step, headers=headers)


def _simpler_query(step: Step) -> Iterator[Step]:
    path, *rest = split_text(step.target, "?")
    if not rest:
        return
    fields = split_text(join_texts(rest, "?"), "&")
    yield replace(step, target=path)
    if len(fields) > 3:
        half = len(fields) // 2
        for some in (fields[:half], fields[half:]):
            yield replace(step, target=joined((*path, "?", *join_texts(some, "&"))))
    for at in range(len(fields)):
        less = [*fields[:at], *fields[at + 1 :]]
        if less:
            yield replace(step, target=joined((*path, "?", *join_texts(less, "&"))))
    for at, one in enumerate(fields):
        name, *value = split_text(one, "=")
        for shorter in _shorter(join_texts(value, "=")) if value else ():
            new = [*fields[:at], joined((*name, "=", *shorter)), *fields[at + 1 :]]
            yield replace(step, target=joined((*path, "?", *join_texts(new, "&"))))


def _shorter(text: Text) -> Iterator[Text]:
    """Shorter literal texts; one that holds a reference stays."""
    if len(text) != 1 or not isinstance(text[0], str) or len(text[0]) < 2:
        return
    value = text[0]
    if len(value) > 3:
        yield (value[: len(value) // 2],)
        yield (value[len(value) // 2 :],)
    yield (value[:1],)
    if len(value) > 16:
        yield (value[:-1],)


def _simpler_body(body: Text) -> Iterator[Text]:
    if not body:
        return
    try:
        tree = parsed_json(body)
        written = json_text(tree)
    except (ValueError, RecursionError):
        yield from _shorter(body)
        return
    if written != body:
        # What JSON does not hold (blanks, a repeated key) may be what matters, or not.
        yield written
        yield from _shorter(body)
        return
    for simpler in _simpler_tree(tree):
        yield json_text(simpler)


def _simpler_tree(tree: Any) -> Iterator[Any]:
    match tree:
        case dict():
            for name in tree:
                yield {key: value for key, value in tree.items() if key != name}
            for name, value in tree.items():
                yield from ({**tree, name: simpler} for simpler in _simpler_tree(value))
        case list():
            yield from _simpler_list(tree)
        case str() if len(tree) > 1:
            yield from _simpler_string(tree)
        case bool() | None | Filled():
            pass
        case int() if abs(tree) > 1:
            yield 1
            yield tree // 2
        case float():
            yield int(tree) if abs(tree) < 1e15 else 1


def _simpler_list(tree: list[Any]) -> Iterator[Any]:
    if len(tree) > 1:
        yield tree[: len(tree) // 2]
    for at, value in enumerate(tree):
        yield [*tree[:at], *tree[at + 1 :]]
        yield from ([*tree[:at], simpler, *tree[at + 1 :]] for simpler in _simpler_tree(value))


def _simpler_string(tree: str) -> Iterator[Any]:
    if tree != "a" * len(tree):
        yield "a"
        if len(tree) > 8:
            yield "a" * len(tree)
    yield tree[: len(tree) // 2]
    if len(tree) > 16:
        yield tree[:-1]
