"""An answer as lines to be shown, with the bytes marked that another answer has not.

Nothing is repaired: what cannot be read as text, or could not be seen, is written as an escape. A
body of JSON gets lines and indents of the page's own, between the bytes that came.
"""

import re
import unicodedata
from bisect import bisect
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import pairwise

from http_parity.compare import SERVER_FIELDS, form
from http_parity.exchange import Answer

Span = tuple[int, int]

DIFFERENT, MADE = "differs-here", "made"
_DEEPEST = 8
_MOST_COMPARED = 2_000
"""Parts of two texts that are compared to each other; of more, all is marked."""
# What a reader takes for one thing: a string with its quotes, a name with its colon; then words.
_PARTS = (
    re.compile(r'"(?:[^"\\]|\\.)*"(?:\s*:)?|[\w.+-]+|\s+|.', re.DOTALL),
    re.compile(r"\w+|\s+|.", re.DOTALL),
)
_LONG = 16
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_MADE = re.compile(r"<(?:id|token|name|email|post|seconds|instant \d+)>")
_TOKENS = re.compile(
    r'(?P<string>"(?:[^"\\]|\\.)*")(?P<colon>\s*:)?|(?P<number>-?\d[\d.eE+-]*)'
    r"|(?P<word>true|false|null)|(?P<open>[{\[])|(?P<close>[}\]])|(?P<comma>,)"
)


@dataclass(frozen=True)
class Piece:
    """Text with the classes it is shown with."""

    text: str
    classes: str = ""


@dataclass(frozen=True)
class Line:
    pieces: tuple[Piece, ...]
    indent: int = 0


@dataclass(frozen=True)
class Field:
    """A header field of an answer; `differs` says whether the other has it otherwise, or not."""

    name: str
    value: tuple[Piece, ...]
    differs: bool = False
    compared: bool = True


@dataclass(frozen=True)
class Shown:
    """An answer, marked."""

    status: int
    status_differs: bool
    fields: tuple[Field, ...]
    body: tuple[Line, ...]
    bytes: int
    form: str


def shown(answer: Answer, beside: Answer | None) -> Shown:
    """The answer, with what `beside` has otherwise marked; nothing is marked where it is None."""
    text = visible(answer.body)
    marks = [] if beside is None else spans(visible(beside.body), text)
    kind = form(answer)
    return Shown(
        answer.status,
        beside is not None and beside.status != answer.status,
        tuple(sorted(_fields(answer, beside), key=_place)),
        tuple(_lines(text, kind, marks)),
        len(answer.body),
        kind,
    )


def _fields(answer: Answer, beside: Answer | None) -> Iterator[Field]:
    mine = answer.headers
    for position, (name, value) in enumerate(mine):
        lowered = name.lower()
        compared = lowered not in SERVER_FIELDS
        text = visible(value.encode("latin-1", "replace"))
        marks: list[Span] = []
        if beside is not None and compared:
            # Of a repeated field the one in the same place.
            place = sum(other.lower() == lowered for other, _ in mine[:position])
            theirs = beside.header_values(name)
            if place >= len(theirs):
                marks = [(0, len(text))]
            else:
                marks = spans(visible(theirs[place].encode("latin-1", "replace")), text)
        absent = beside is not None and compared and not beside.header_values(name)
        yield Field(name, tuple(_pieces(text, [], marks)), bool(marks) or absent, compared)
    if beside is not None:
        here = {name.lower() for name, _ in answer.headers}
        for name in dict.fromkeys(name for name, _ in beside.headers):
            if name.lower() not in here | SERVER_FIELDS:
                yield Field(name, (Piece("(not here)", DIFFERENT),), differs=True)


def _place(field: Field) -> tuple[bool, str]:
    """By name: the order of different fields means nothing (RFC 9110, 5.3).

    What is not compared comes last, so that what is stands at one height in all columns.
    """
    return not field.compared, field.name.lower()


def visible(data: bytes) -> str:
    """The bytes as text; what is no UTF-8, and what could not be seen, as an escape."""
    text = data.decode("utf-8", "backslashreplace")
    return "".join(char if char in "\n\t" or not _unseen(char) else _escape(char) for char in text)


def _unseen(char: str) -> bool:
    # What joins emoji is no secret.
    return unicodedata.category(char) in _HIDDEN and char != "\u200d"


def _escape(char: str) -> str:
    return char.encode("unicode_escape").decode("ascii")


def spans(theirs: str, mine: str) -> list[Span]:
    """Where `mine` has what `theirs` has not. Where something is missing, what stands around it."""
    return [_wide(first, last, mine) for first, last in _unlike(theirs, mine)]


def _unlike(theirs: str, mine: str, at: int = 0, level: int = 0) -> Iterator[Span]:
    """By parts; where one part stands for one other, by what is in these, to the character."""
    if theirs == mine:
        return
    if level == len(_PARTS):
        start = _common(theirs, mine)
        end = _common(theirs[start:][::-1], mine[start:][::-1])
        yield at + start, at + len(mine) - end
        return
    a, b = _PARTS[level].findall(theirs), _PARTS[level].findall(mine)
    start = _common(a, b)
    end = _common(a[start:][::-1], b[start:][::-1])
    a, b, at = a[start : len(a) - end], b[start : len(b) - end], at + len("".join(b[:start]))
    for first, last, begin, finish in _blocks(a, b):
        place = at + len("".join(b[:begin]))
        if last - first == finish - begin:
            for old, new in zip(a[first:last], b[begin:finish], strict=True):
                yield from _unlike(old, new, place, level + 1)
                place += len(new)
        else:
            yield place, place + len("".join(b[begin:finish]))


def _blocks(a: Sequence[str], b: Sequence[str]) -> Iterator[tuple[int, int, int, int]]:
    """Where `a` and `b` are not the same: from and to in `a`, from and to in `b`."""
    edges = [(-1, -1), *_anchors(a, b), (len(a), len(b))]
    for (before, under), (after, above) in pairwise(edges):
        old, new = a[before + 1 : after], b[under + 1 : above]
        if len(old) + len(new) > _MOST_COMPARED:
            yield before + 1, after, under + 1, above
            continue
        for kind, *where in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
            if kind != "equal":
                first, last, begin, finish = where
                yield first + before + 1, last + before + 1, begin + under + 1, finish + under + 1


def _anchors(a: Sequence[str], b: Sequence[str]) -> list[tuple[int, int]]:
    """Where long parts stand that each has once, the longest first, as far as in one order.

    Where members of an object changed places, so the shorter ones are those that moved.
    """
    here, there = ({part: at for at, part in enumerate(one)} for one in (a, b))
    times = Counter(a), Counter(b)
    once = [part for part in here if len(part) >= _LONG and times[0][part] == times[1][part] == 1]
    kept: list[tuple[int, int]] = []
    for part in sorted(once, key=len, reverse=True):
        pair = here[part], there[part]
        at = bisect(kept, pair)
        neighbours = [*kept[max(0, at - 1) : at], pair, *kept[at : at + 1]]
        if neighbours == sorted(neighbours, key=lambda one: one[1]):
            kept.insert(at, pair)
    return kept


def _wide(first: int, last: int, text: str) -> Span:
    """The span, or where it is empty the characters on both sides: something is missing there."""
    return (first, last) if first < last else (max(0, first - 1), min(len(text), last + 1))


def _common(one: Sequence[str], other: Sequence[str]) -> int:
    length = min(len(one), len(other))
    return next((at for at in range(length) if one[at] != other[at]), length)


def _lines(text: str, kind: str, marks: Sequence[Span]) -> Iterator[Line]:
    cuts = _json_cuts(text) if kind == "json" else _line_cuts(text)
    if not cuts:
        return
    colours = _colours(text) if kind == "json" else []
    for (first, indent), (last, _) in zip(cuts, [*cuts[1:], (len(text), 0)], strict=True):
        part = text[first:last]
        here = [(a - first, b - first, name) for a, b, name in colours if first <= a < last]
        odd = [(max(a, first) - first, min(b, last) - first) for a, b in marks]
        pieces = _pieces(part, here, [span for span in odd if span[0] < span[1]])
        yield Line(tuple(pieces), min(indent, _DEEPEST))


def _line_cuts(text: str) -> list[tuple[int, int]]:
    if not text:
        return []
    return [(0, 0), *((at + 1, 0) for at, char in enumerate(text[:-1]) if char == "\n")]


def _json_cuts(text: str) -> list[tuple[int, int]]:
    """Where lines begin, each with how deep: after what opens or separates, before what closes."""
    if not text:
        return []
    cuts, depth = [(0, 0)], 0
    for token in _TOKENS.finditer(text):
        if token["open"]:
            depth += 1
            if text[token.end() : token.end() + 1] not in "]}":
                cuts.append((token.end(), depth))
        elif token["close"]:
            depth -= 1
            if text[token.start() - 1] not in "[{":
                cuts.append((token.start(), depth))
        elif token["comma"]:
            cuts.append((token.end(), depth))
    return [cut for at, cut in enumerate(cuts) if not at or cut[0] < len(text)]


def _colours(text: str) -> list[tuple[int, int, str]]:
    found = []
    for token in _TOKENS.finditer(text):
        if token["string"]:
            found.append((*token.span("string"), "na" if token["colon"] else "s"))
        elif token["number"]:
            found.append((*token.span(), "m"))
        elif token["word"]:
            found.append((*token.span(), "k"))
    return found


def _pieces(
    text: str, colours: Sequence[tuple[int, int, str]], marks: Sequence[Span]
) -> Iterator[Piece]:
    """The text cut where its classes change."""
    made = [(*match.span(), MADE) for match in _MADE.finditer(text)]
    classes = [*colours, *made, *((first, last, DIFFERENT) for first, last in marks)]
    edges = sorted({0, len(text), *(edge for first, last, _ in classes for edge in (first, last))})
    for first, last in pairwise(edges):
        if first < last <= len(text):
            names = [name for a, b, name in classes if a <= first and last <= b]
            yield Piece(text[first:last], " ".join(dict.fromkeys(names)))
