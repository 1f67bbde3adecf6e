"""Requests in a row, as data: what later ones need of earlier answers stands as a reference.

    created = Step("POST", ("/notes",), body=('{"text": "hello"}',))
    read = Step("GET", ("/notes/", Reference(0, "body:/id")))

Every target fills in what its own answers held, so ids, tokens and ETags that it made itself need
no declaring.
"""

from dataclasses import dataclass

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
