"""A request while it is being made up or taken apart: its path, query, fields and body in parts."""

import json
import re
from collections.abc import Sequence as Many
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from http_parity.sequence import Reference, Step, Text


@dataclass(frozen=True)
class Filled:
    """A value in a JSON body that holds references; `quoted` where it is a string."""

    text: Text
    quoted: bool


@dataclass
class Draft:
    """A request in parts. Texts are escaped already; a query value of None has no `=`."""

    method: str
    path: list[Text]
    operation: str = ""
    query: list[tuple[Text, Text | None]] = field(default_factory=list)
    headers: list[tuple[str, Text]] = field(default_factory=list)
    json: Any = None
    """The body, where `raw` is None and `media` is not empty."""
    media: str = ""
    raw: Text | None = None
    parameters: dict[str, Text] = field(default_factory=dict)

    def step(self) -> Step:
        """The request as one step of a sequence."""
        target: list[str | Reference] = []
        for segment in self.path:
            target += ("/", *segment)
        if self.query:
            target.append("?")
            for number, (name, value) in enumerate(self.query):
                target += (*("&" * bool(number)), *name)
                if value is not None:
                    target += ("=", *value)
        body: Text = ()
        if self.raw is not None:
            body = self.raw
        elif self.media == "application/x-www-form-urlencoded":
            body = form_text(self.json)
        elif self.media.startswith("multipart/"):
            body = multipart_text(self.json)
        elif self.media:
            body = json_text(self.json)
        return Step(self.method, joined(target), tuple(self.headers), joined(body), self.operation)

    def set(self, name: str, *value: str | Reference) -> None:
        """Give the field this value, and no other one."""
        self.drop(name)
        self.headers.append((name, tuple(value)))

    def drop(self, name: str) -> None:
        """Leave the field out."""
        self.headers = [one for one in self.headers if one[0].lower() != name.lower()]


BOUNDARY = "parity-boundary"


def joined(pieces: Many[str | Reference]) -> Text:
    """The same text with its neighbouring strings joined, and without empty ones."""
    made: list[str | Reference] = []
    for piece in pieces:
        if isinstance(piece, str) and made and isinstance(made[-1], str):
            made[-1] += piece
        elif piece != "":
            made.append(piece)
    return tuple(made)


def escaped(value: str, safe: str = "-._~") -> str:
    """Percent-encoded UTF-8."""
    return quote(value, safe=safe, errors="replace")


def latin(value: str) -> str:
    """The bytes of the text in UTF-8, one character for each."""
    return value.encode("utf-8", "surrogatepass").decode("latin-1")


def json_text(tree: Any) -> Text:
    """The tree as compact JSON in UTF-8."""
    pieces: list[str | Reference] = []
    _write(tree, pieces)
    return joined(pieces)


def _write(tree: Any, pieces: list[str | Reference]) -> None:
    match tree:
        case Filled(text, quoted):
            pieces += ('"', *text, '"') if quoted else text
        case dict():
            pieces.append("{")
            for number, (key, value) in enumerate(tree.items()):
                pieces.append(("," if number else "") + _scalar(key) + ":")
                _write(value, pieces)
            pieces.append("}")
        case list():
            pieces.append("[")
            for number, value in enumerate(tree):
                if number:
                    pieces.append(",")
                _write(value, pieces)
            pieces.append("]")
        case _:
            pieces.append(_scalar(tree))


def _scalar(value: Any) -> str:
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= 10**4000:
        return "9" * 4300
    try:
        return latin(json.dumps(value, ensure_ascii=False))
    except UnicodeEncodeError:
        return json.dumps(value)


def form_text(tree: Any) -> Text:
    """The members of the object as an HTML form sends them."""
    pieces: list[str | Reference] = []
    for name, value in tree.items() if isinstance(tree, dict) else ():
        if pieces:
            pieces.append("&")
        pieces.append(escaped(name) + "=")
        if isinstance(value, Filled):
            pieces += [
                Reference(one.step, one.source, "url", one.pattern)
                if isinstance(one, Reference)
                else escaped(one)
                for one in value.text
            ]
        else:
            pieces.append(escaped(value if isinstance(value, str) else json.dumps(value)))
    return joined(pieces)


def multipart_text(tree: Any) -> Text:
    """The members of the object as parts of a multipart form."""
    pieces: list[str | Reference] = []
    for name, value in tree.items() if isinstance(tree, dict) else ():
        pieces.append(
            f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{latin(name)}"\r\n\r\n'
        )
        if isinstance(value, Filled):
            pieces += value.text
        else:
            pieces.append(latin(value if isinstance(value, str) else json.dumps(value)))
        pieces.append("\r\n")
    return joined([*pieces, f"--{BOUNDARY}--\r\n"])


# --- a step taken apart again --------------------------------------------------------------------

# Where a reference stood, in text that is to be parsed: private characters, of two lengths so that
# one in quotes is told from one that stood for a number.
_MARK = re.compile("\ue000([0-9]+)\ue001")


def parsed_json(text: Text) -> Any:
    """The tree of a JSON body; ValueError where it is not one that `json_text` would write back.

    What it would not write back to the byte (blanks, repeated keys) is for the caller to see.
    """
    pieces: list[str] = []
    inside = False
    for number, piece in enumerate(text):
        if isinstance(piece, str):
            bare = piece.encode("latin-1").decode()
            inside ^= len(re.findall(r'(?<!\\)(?:\\\\)*"', bare)) % 2 == 1
            pieces.append(bare)
        else:
            mark = f"\ue000{number}\ue001"
            pieces.append(mark if inside else f'"\ue000{mark}"')
    return _refilled(json.loads("".join(pieces)), text)


def _refilled(tree: Any, text: Text) -> Any:
    match tree:
        case dict():
            return {key: _refilled(value, text) for key, value in tree.items()}
        case list():
            return [_refilled(value, text) for value in tree]
        case str() if "\ue000" in tree:
            quoted = not tree.startswith("\ue000\ue000")
            parts = _MARK.split(tree if quoted else tree[1:])
            pieces: list[str | Reference] = []
            for at, part in enumerate(parts):
                if at % 2:
                    pieces.append(text[int(part)])
                else:
                    pieces.append(latin(json.dumps(part, ensure_ascii=False)[1:-1]))
            return Filled(joined(pieces), quoted)
        case _:
            return tree


def split_text(text: Text, separator: str) -> list[Text]:
    """The text split at each separator that it holds itself; references are never split."""
    parts: list[list[str | Reference]] = [[]]
    for piece in text:
        if isinstance(piece, Reference):
            parts[-1].append(piece)
            continue
        first, *rest = piece.split(separator)
        parts[-1].append(first)
        parts += [[one] for one in rest]
    return [joined(part) for part in parts]


def join_texts(parts: Many[Text], separator: str) -> Text:
    """The opposite of `split_text`."""
    pieces: list[str | Reference] = []
    for number, part in enumerate(parts):
        pieces += (*((separator,) if number else ()), *part)
    return joined(pieces)
