"""Which value of one target corresponds to which of another: ids, tokens, instants, cursors.

Two targets that were asked the same thing answer with values they made themselves. Such a value
may differ, but only where the target itself makes another one each time (`Made` remembers the
places), and what A calls x is then what B calls y to the end of the sequence, also inside a
`Location`, a link or a cookie. A difference that is not one of these is left to be found.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from urllib.parse import unquote

from http_parity.compare import SERVER_FIELDS
from http_parity.exchange import Answer, Request, values

JSON_TOKEN = re.compile(rb'\s*(?:([\[\]{}:,])|("(?:[^"\\]|\\.)*"|[^\s\[\]{}:,"]+))', re.DOTALL)
TOKEN = re.compile(
    r"[0-9]{4}-[01][0-9]-[0-3][0-9][Tt ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?"
    r"(?:[Zz]|[+-][0-9]{2}:?[0-9]{2})?"
    r"|[A-Z][a-z]{2}, [0-9]{2} [A-Z][a-z]{2} [0-9]{4} [0-9]{2}:[0-9]{2}:[0-9]{2} [A-Z]{3}"
    r"|[A-Za-z0-9_~.%+-]+"
)
HEX = re.compile(r"[0-9a-f]+|[0-9A-F]+")
INTEGER = re.compile(r"-?(?:0|[1-9][0-9]*)")
INSTANT_SHAPE = re.compile(r"0{4}-0{2}-0{2}[Tt ].*|[A-Za-z, ]*0{2}:0{2}:0{2}.*")
PARTS_LIMIT = 20_000
"""Bodies of more values than this are compared as they are."""


@dataclass(frozen=True)
class Atom:
    """A value that two answers hold at the same place, and where it stands in the second one.

    `where` is the index of the field, -1 for the body, with start and end of the value.
    """

    place: str
    a: str
    b: str
    where: tuple[int, int, int]


ANYWHERE = 3
"""A field that is made anew in so many kinds of answer is so in every one: a request's own id."""


@dataclass
class Made:
    """The places at which a target makes a new value each time, with the forms it was seen in."""

    places: dict[str, set[str]] = field(default_factory=dict)

    def learn(self, scope: str, place: str, *seen: str) -> None:
        """At this place of this kind of answer the target sent these different values."""
        shapes = {shape(value) for value in seen}
        self.places.setdefault(f"{scope} {place}", set()).update(shapes)
        if place.startswith("header:"):
            same = [known for known in self.places if known.endswith(f" {place}")]
            if len(same) >= ANYWHERE:
                self.places.setdefault(place, set()).update(*(self.places[one] for one in same))

    def shapes(self, scope: str, place: str) -> set[str]:
        """The forms of what is made there; empty where nothing is."""
        return self.places.get(f"{scope} {place}") or self.places.get(place) or set()


@dataclass
class Correspondence:
    """What two targets made over one sequence."""

    made: tuple[Made, Made]
    by_form: bool = False
    """Whether values of one form correspond without having been seen to change: no reset."""
    sent: frozenset[str] = frozenset()
    """The words that the client wrote itself: nobody else made them."""
    forward: dict[str, str] = field(default_factory=dict)
    back: dict[str, str] = field(default_factory=dict)
    unknown: list[Atom] = field(default_factory=list)
    """What differs at the step and does not correspond."""

    def translate(self, scope: str, a: Answer, b: Answer) -> Answer:
        """The answer of B in the words of A: with each value that corresponds replaced by A's."""
        self.unknown = []
        changes: dict[int, list[tuple[int, int, str]]] = {}
        for atom in atoms(a, b):
            said = self._said(scope, atom)
            if said != atom.b:
                index, start, end = atom.where
                changes.setdefault(index, []).append((start, end, said))
        if not changes:
            return b
        headers = list(b.headers)
        for index, found in changes.items():
            if index >= 0:
                name, value = headers[index]
                headers[index] = (name, _changed(value, found))
        body = b.body
        if -1 in changes:
            body = _changed(body.decode("latin-1"), changes[-1]).encode("latin-1")
            if [str(len(b.body))] == b.header_values("content-length"):
                # Its own length, said truly of its own values: nothing that a client could miss.
                length = str(len(body))
                headers = [
                    (name, length if name.lower() == "content-length" else value)
                    for name, value in headers
                ]
        return replace(b, headers=tuple(headers), body=body)

    def asked_alike(self, a: Request, b: Request) -> bool:
        """Whether both were asked the same, but for values that correspond.

        They were not where a reference took what an earlier answer had otherwise.
        """
        if a == b:
            return True
        left, right = _words(a), _words(b)
        return len(left) == len(right) and all(
            one == other or self._corresponds(unquote(one), unquote(other))
            for one, other in zip(left, right, strict=True)
        )

    def _corresponds(self, a: str, b: str) -> bool:
        return self.forward.get(a) == b or any(
            a in ours and b in theirs for ours, theirs in self.forward.items()
        )

    def _said(self, scope: str, atom: Atom) -> str:
        a, b = atom.a, atom.b
        if self.forward.get(a) == b:
            return a
        if a in self.forward or b in self.back:
            self.unknown.append(atom)
            return b
        left, right = (made.shapes(scope, atom.place) for made in self.made)
        if left and right:
            # Forms may vary, as lengths do: then each side makes the other's as well.
            good = shape(a) == shape(b) or (shape(a) in right and shape(b) in left)
        else:
            good = (
                self.by_form and shape(a) == shape(b) and a not in self.sent and b not in self.sent
            )
        if not good:
            self.unknown.append(atom)
            return b
        self.forward[a], self.back[b] = b, a
        return a


def _words(request: Request) -> list[str]:
    parts = [request.target, *(value for _, value in request.headers)]
    return TOKEN.findall("\n".join([*parts, request.body.decode("latin-1")]))


def shape(value: str) -> str:
    """The form of a value: two of one form could have been made by the same code."""
    if INTEGER.fullmatch(value):
        return "integer"
    digits = re.sub("[0-9]", "0", value)
    if INSTANT_SHAPE.fullmatch(digits):
        return digits
    if len(value) >= 8:
        kind = "hex" if HEX.fullmatch(value) else "text"
        dashes = [at for at, letter in enumerate(value) if letter == "-"]
        if kind == "text" and HEX.fullmatch(value.replace("-", "")) and len(dashes) == 4:
            return f"uuid {dashes}"
        return f"{kind} {len(value)}"
    return f"{len(value)}"


def instant(value: str) -> bool:
    """Whether it says a moment, so that it may be the same twice within its smallest unit."""
    shaped = re.sub("[0-9]", "0", value)
    return bool(INSTANT_SHAPE.fullmatch(shaped)) or shaped in {"0" * 10, "0" * 13}


def atoms(a: Answer, b: Answer) -> Iterator[Atom]:
    """Every value that both answers hold at one place and that is not the same."""
    seen: dict[str, int] = {}
    for index, (written, value) in enumerate(b.headers):
        name = written.lower()
        nth = seen[name] = seen.get(name, -1) + 1
        if name in SERVER_FIELDS or name == "content-length":
            continue
        others = values(a.headers, name)
        if nth < len(others) and others[nth] != value:
            place = f"header:{name}"
            if name == "set-cookie":
                place = f"cookie:{value.partition('=')[0].strip()}"
            yield from _within(place, others[nth], value, index, 0)
    if a.body != b.body and a.body and b.body:
        yield from _bodies(a.body, b.body)


def _bodies(a: bytes, b: bytes) -> Iterator[Atom]:
    left, right = scalars(a), scalars(b)
    if left is None or right is None:
        if b"\0" not in a and b"\0" not in b and max(len(a), len(b)) < 1 << 20:
            yield from _texts(a.decode("latin-1"), b.decode("latin-1"))
        return
    theirs = dict(left)
    for pointer, (start, end) in right:
        if pointer not in theirs:
            continue
        first, last = theirs[pointer]
        one, other = a[first:last].decode("latin-1"), b[start:end].decode("latin-1")
        if one == other:
            continue
        place = "body:" + re.sub(r"/[0-9]+(?=/|$)", "/*", pointer)
        if one[:1] == other[:1] == '"':
            yield from _within(place, one[1:-1], other[1:-1], -1, start + 1)
        else:
            yield Atom(place, one, other, (-1, start, end))


def _within(place: str, a: str, b: str, index: int, offset: int) -> Iterator[Atom]:
    """The parts of two strings that differ, or the whole where they are not built alike."""
    left, right = list(TOKEN.finditer(a)), list(TOKEN.finditer(b))
    if len(left) < 2 or TOKEN.split(a) != TOKEN.split(b):
        yield Atom(place, a, b, (index, offset, offset + len(b)))
        return
    for number, (one, other) in enumerate(zip(left, right, strict=True)):
        if one[0] != other[0]:
            start, end = other.span()
            yield Atom(f"{place}#{number}", one[0], other[0], (index, offset + start, offset + end))


def _texts(a: str, b: str) -> Iterator[Atom]:
    left, right = list(TOKEN.finditer(a)), list(TOKEN.finditer(b))
    if len(left) != len(right) or len(left) > PARTS_LIMIT:
        return
    for number, (one, other) in enumerate(zip(left, right, strict=True)):
        if one[0] != other[0]:
            before = left[number - 1][0] if number else ""
            yield Atom(f"body~{before}", one[0], other[0], (-1, *other.span()))


def scalars(body: bytes) -> list[tuple[str, tuple[int, int]]] | None:
    """Where every string, number and literal of the JSON stands, with its pointer.

    None for what is no JSON.
    """
    if body[:1] not in b'{["' or not body:
        return None
    found: list[tuple[str, tuple[int, int]]] = []
    # One entry for each open array or object: its pointer, and its index or its current key.
    path: list[str] = []
    index: list[int] = []
    key: list[str] = []
    expects_key = False
    at = 0
    while match := JSON_TOKEN.match(body, at):
        at = match.end()
        mark = match[1]
        if mark is None:
            text = match[2]
            if expects_key:
                if text[:1] != b'"':
                    return None
                key[-1] = text[1:-1].decode("latin-1").replace("~", "~0").replace("/", "~1")
                expects_key = False
            else:
                here = _here(path, index, key)
                found.append((here, match.span(2)))
        elif mark in b"[{":
            path.append(_here(path, index, key))
            index.append(0 if mark == b"[" else -1)
            key.append("")
            expects_key = mark == b"{"
        elif not path:
            return None
        elif mark in b"]}":
            path.pop(), index.pop(), key.pop()
            expects_key = False
        elif mark == b",":
            if index[-1] >= 0:
                index[-1] += 1
            expects_key = index[-1] < 0
    if body[at:].strip() or path or len(found) > PARTS_LIMIT:
        return None
    return found


def _here(path: list[str], index: list[int], key: list[str]) -> str:
    if not path:
        return ""
    return f"{path[-1]}/{key[-1] if index[-1] < 0 else index[-1]}"


def _changed(text: str, changes: list[tuple[int, int, str]]) -> str:
    for start, end, value in sorted(changes, reverse=True):
        text = text[:start] + value + text[end:]
    return text
