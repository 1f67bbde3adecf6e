"""Two JSON texts (RFC 8259) and where they differ: what they say, then how they spell it."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import zip_longest
from json.decoder import scanstring  # type: ignore[attr-defined] # public, not in typeshed
from typing import Any, Final

from http_parity.differences import ABSENT, Difference, Kind

DEPTH: Final = 200
"""Deeper nesting is not read: such a body is compared as bytes."""

_GAP = re.compile(r"[ \t\n\r]*")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?")
_AROUND: Final = {
    "start": ("", ""),
    "end": ("", ""),
    "[": ("[", ""),
    "{": ("{", ""),
    ",": (",", ""),
    ":": (":", ""),
    "before :": ("", ":"),
    "before , ] }": ("", ","),
}
"""The places of white space, and the tokens that show them to a reader."""
_WORDS: Final = {"true": True, "false": False, "null": None}


@dataclass
class Node:
    """A JSON value and its text; `value` holds Nodes in an array and (key, raw, Node) in an object.

    Numbers are int where they are written so, else Decimal: 0.1 is compared as it is written.
    """

    value: Any
    raw: str

    def plain(self) -> Any:
        """The value without the texts; of a repeated key the last one."""
        match self.value:
            case list():
                return [item.plain() for item in self.value]
            case dict():
                return {key: members[-1][1].plain() for key, members in self.value.items()}
            case _:
                return self.value


@dataclass
class Text:
    """A JSON text that was read."""

    root: Node
    gaps: dict[str, set[str]] = field(default_factory=dict)
    """The white space seen before and after each kind of token."""


def read(body: bytes) -> Text | None:
    """The text, None where it is not JSON in UTF-8."""
    try:
        return _Reader(body.decode("utf-8")).read()
    except (ValueError, IndexError, StopIteration):
        return None


class _Reader:
    """One pass over a text. ValueError, IndexError or StopIteration where it is not JSON."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._gaps: dict[str, set[str]] = {}

    def read(self) -> Text:
        self._gap("start")
        root = self._value(0)
        self._gap("end")
        if self._at != len(self._text):
            raise ValueError("more than one value")
        return Text(root, self._gaps)

    def _gap(self, where: str) -> None:
        found = _GAP.match(self._text, self._at)
        assert found is not None  # noqa: S101 # it matches the empty text
        self._at = found.end()
        self._gaps.setdefault(where, set()).add(found[0])

    def _value(self, depth: int) -> Node:
        if depth > DEPTH:
            raise ValueError("too deep")
        start = self._at
        match self._text[start]:
            case "{":
                value: Any = self._object(depth)
            case "[":
                value = self._array(depth)
            case '"':
                value, self._at = scanstring(self._text, start + 1, True)
            case _:
                value = self._word_or_number()
        return Node(value, self._text[start : self._at])

    def _word_or_number(self) -> Any:
        for word, value in _WORDS.items():
            if self._text.startswith(word, self._at):
                self._at += len(word)
                return value
        found = _NUMBER.match(self._text, self._at)
        if found is None:
            raise ValueError("no value")
        self._at = found.end()
        if found[1] or found[2] or len(found[0]) > 4000:
            return Decimal(found[0])
        return int(found[0])

    def _array(self, depth: int) -> list[Node]:
        items: list[Node] = []
        self._at += 1
        self._gap("[")
        if self._text[self._at] == "]":
            self._at += 1
            return items
        while True:
            items.append(self._value(depth + 1))
            self._gap("before , ] }")
            mark = self._text[self._at]
            self._at += 1
            if mark == "]":
                return items
            if mark != ",":
                raise ValueError("no comma")
            self._gap(",")

    def _object(self, depth: int) -> dict[str, list[tuple[str, Node]]]:
        members: dict[str, list[tuple[str, Node]]] = {}
        self._at += 1
        self._gap("{")
        if self._text[self._at] == "}":
            self._at += 1
            return members
        while True:
            start = self._at
            if self._text[start] != '"':
                raise ValueError("no key")
            key, self._at = scanstring(self._text, start + 1, True)
            raw = self._text[start : self._at]
            self._gap("before :")
            if self._text[self._at] != ":":
                raise ValueError("no colon")
            self._at += 1
            self._gap(":")
            members.setdefault(key, []).append((raw, self._value(depth + 1)))
            self._gap("before , ] }")
            mark = self._text[self._at]
            self._at += 1
            if mark == "}":
                return members
            if mark != ",":
                raise ValueError("no comma")
            self._gap(",")


def differences(a: Text, b: Text) -> Iterator[Difference]:
    """Every difference, by JSON pointer; one of white space is told once, for the whole text."""
    yield from _nodes("", a.root, b.root)
    for where, gaps in a.gaps.items():
        if where in b.gaps and gaps != b.gaps[where]:
            left, right = min(gaps), min(b.gaps[where])
            if left == right:
                left, right = max(gaps), max(b.gaps[where])
            before, after = _AROUND[where]
            sides = [f"{before}{gap}{after}" for gap in (left, right)]
            yield _body("", sides[0], sides[1], "whitespace")
            return


def pointer(parent: str, key: str | int) -> str:
    """The JSON pointer of a member of what stands at `parent`."""
    return f"{parent}/{str(key).replace('~', '~0').replace('/', '~1')}"


def _nodes(at: str, a: Node, b: Node) -> Iterator[Difference]:
    if a.raw == b.raw:
        return
    left, right = a.value, b.value
    if isinstance(left, dict) and isinstance(right, dict):
        yield from _objects(at, left, right)
    elif isinstance(left, list) and isinstance(right, list):
        yield from _arrays(at, left, right)
    elif left is None or right is None:
        yield _body(at, a.plain(), b.plain(), "null")
    elif _type(left) != _type(right):
        yield _body(at, a.plain(), b.plain(), "type")
    elif left != right:
        yield _body(at, left, right, "value")
    else:
        yield _body(at, a.raw, b.raw, "spelling")


def _objects(
    at: str, a: dict[str, list[tuple[str, Node]]], b: dict[str, list[tuple[str, Node]]]
) -> Iterator[Difference]:
    for key in [*a, *(key for key in b if key not in a)]:
        place = pointer(at, key)
        for left, right in zip_longest(a.get(key, []), b.get(key, [])):
            if left is None or right is None:
                mine = ABSENT if left is None else left[1].plain()
                theirs = ABSENT if right is None else right[1].plain()
                yield _body(place, mine, theirs, "absent")
            else:
                if left[0] != right[0]:
                    yield _body(place, left[0], right[0], "spelling")
                yield from _nodes(place, left[1], right[1])
    common_a, common_b = [key for key in a if key in b], [key for key in b if key in a]
    if common_a != common_b:
        yield _body(at, common_a, common_b, "key order")


def _arrays(at: str, a: list[Node], b: list[Node]) -> Iterator[Difference]:
    left, right = [_frozen(node) for node in a], [_frozen(node) for node in b]
    if left != right and len(left) == len(right) and Counter(left) == Counter(right):
        yield _body(at, [node.plain() for node in a], [node.plain() for node in b], "order")
        return
    pairs: Iterator[tuple[int, Node | None, Node | None]]
    if len(a) > len(b) and (kept := _within(right, left)) is not None:
        pairs = ((i, node, b[kept[i]] if i in kept else None) for i, node in enumerate(a))
    elif len(b) > len(a) and (kept := _within(left, right)) is not None:
        pairs = ((i, a[kept[i]] if i in kept else None, node) for i, node in enumerate(b))
    else:
        pairs = ((i, *both) for i, both in enumerate(zip_longest(a, b)))
    for index, one, other in pairs:
        place = pointer(at, index)
        if one is None or other is None:
            mine = ABSENT if one is None else one.plain()
            theirs = ABSENT if other is None else other.plain()
            yield _body(place, mine, theirs, "absent")
        else:
            yield from _nodes(place, one, other)


def _within(short: list[Any], long: list[Any]) -> dict[int, int] | None:
    """Where the items of `short` stand in `long`, in order; None where they do not."""
    found: dict[int, int] = {}
    at = 0
    for index, item in enumerate(long):
        if at < len(short) and item == short[at]:
            found[index] = at
            at += 1
    return found if at == len(short) else None


def _frozen(node: Node) -> Any:
    """What the value says, hashable; the order of keys and the spelling are left out."""
    match node.value:
        case list():
            return ("[", *(_frozen(item) for item in node.value))
        case dict():
            members = [
                (key, tuple(_frozen(item) for _, item in found))
                for key, found in node.value.items()
            ]
            return ("{", *sorted(members, key=lambda member: member[0]))
        case _:
            return (_type(node.value), node.value)


def _type(value: Any) -> str:
    match value:
        case bool():
            return "boolean"
        case int() | Decimal():
            return "number"
        case str():
            return "string"
        case list():
            return "array"
        case dict():
            return "object"
        case _:
            return "null"


def _body(at: str, a: object, b: object, kind: Kind) -> Difference:
    return Difference("body", at, a, b, kind)
