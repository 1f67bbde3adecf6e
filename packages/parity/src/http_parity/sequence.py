"""Requests in a row, as data: what later ones need of earlier answers stands as a reference.

    created = Step("POST", ("/notes",), body=('{"text": "hello"}',))
    read = Step("GET", ("/notes/", Reference(0, "body:/id")))

Every target fills in what its own answers held, so ids, tokens and ETags that it made itself need
no declaring.
"""

import functools
import json
import re
from collections.abc import Sequence as Many
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote_from_bytes

from http_parity.exchange import Answer, Request


@dataclass(frozen=True)
class Reference:
    """A value in the answer to an earlier step of the same sequence.

    `source` is `header:NAME`, `cookie:NAME` or `body:POINTER`, a JSON pointer (RFC 6901). `escape`
    says how the value is written where it is put: as it is, as part of a path or query
    (percent-encoded), or as the inside of a JSON string: `""`, `url` or `json`. Where there is a
    `pattern`, a regular expression with one group, the value is what its first match has in it:
    the path of a `Location`, a parameter of a link. A number or a boolean is written as in JSON. A
    reference to what is not there is the empty text.
    """

    step: int
    source: str
    escape: str = ""
    pattern: str = ""


Text = tuple[str | Reference, ...]
"""Pieces to be joined; text is latin-1, one character for each byte on the wire."""


@dataclass(frozen=True)
class Step:
    """One request of a sequence. `operation` is the document's name for it, for reports."""

    method: str
    target: Text
    headers: tuple[tuple[str, Text], ...] = ()
    body: Text = ()
    operation: str = ""


Sequence = tuple[Step, ...]


@dataclass(frozen=True)
class Exchange:
    """What one target was asked in one step, and its answer: None where none came, and why."""

    request: Request
    answer: Answer | None
    error: str = ""


def request_of(step: Step, exchanges: Many[Exchange]) -> Request:
    """The request of the step, its references filled in from what this target answered before."""
    return Request(
        filled((step.method,), exchanges),
        filled(step.target, exchanges),
        tuple((name, filled(value, exchanges)) for name, value in step.headers),
        filled(step.body, exchanges).encode("latin-1"),
    )


def filled(text: Text, exchanges: Many[Exchange]) -> str:
    """The text with every reference replaced by its value."""
    if len(text) == 1 and isinstance(text[0], str):
        return text[0]
    return "".join(
        piece if isinstance(piece, str) else value_of(piece, exchanges) for piece in text
    )


def value_of(reference: Reference, exchanges: Many[Exchange]) -> str:
    """What the reference stands for, escaped as it says; empty where it is not there."""
    answer = exchanges[reference.step].answer if reference.step < len(exchanges) else None
    value = None if answer is None else _found(answer, reference.source)
    if value is None:
        return ""
    if reference.pattern:
        match = re.search(reference.pattern, value)
        value = match[1] if match and match[1] is not None else ""
    match reference.escape:
        case "url":
            return quote_from_bytes(value.encode("latin-1"), safe="-._~")
        case "json":
            # Bytes of UTF-8 are as good in JSON as an escape, and what most writers send.
            text = value.encode("latin-1").decode("utf-8", "replace")
            return json.dumps(text, ensure_ascii=False)[1:-1].encode().decode("latin-1")
        case _:
            return value


def _found(answer: Answer, source: str) -> str | None:
    """The value as latin-1 text, one character for each byte of it."""
    kind, _, name = source.partition(":")
    match kind:
        case "header":
            return next(iter(answer.header_values(name)), None)
        case "cookie":
            for cookie in answer.header_values("set-cookie"):
                key, mark, rest = cookie.partition("=")
                if mark and key.strip() == name:
                    return rest.partition(";")[0].strip()
            return None
        case "body":
            return _pointed(_json(answer.body), name)
        case _:
            raise ValueError(f"A reference's source is header:, cookie: or body:, not {source!r}.")


@functools.lru_cache(maxsize=256)
def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _pointed(document: Any, pointer: str) -> str | None:
    value = document
    for part in pointer.split("/")[1:]:
        key = part.replace("~1", "/").replace("~0", "~")
        try:
            value = value[int(key)] if isinstance(value, list) else value[key]
        except (KeyError, IndexError, TypeError, ValueError):
            return None
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode("latin-1")
    if value is None or isinstance(value, dict | list):
        return None
    return json.dumps(value)
