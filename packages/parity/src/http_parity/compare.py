"""Two answers to one request, and where they differ.

    [str(found) for found in differences(django, flask)]

Status, fields and body are compared as they came: field names without regard to case, values to
the byte, repeated fields in their order. The order of different fields means nothing (RFC 9110
section 5.3).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from http_parity.exchange import Answer

SERVER_FIELDS = frozenset({"date", "server", "connection", "keep-alive", "transfer-encoding"})
"""The fields that belong to the server or the hop, never compared."""


@dataclass(frozen=True)
class Difference:
    """One thing that is not the same; `name` is the field's, in lower case."""

    part: Literal["status", "header", "body"]
    name: str
    a: object
    b: object

    def __str__(self) -> str:
        what = f"{self.part} {self.name}".rstrip()
        return f"{what}: {_shown(self.a)} is not {_shown(self.b)}"


def differences(a: Answer, b: Answer, *, ignore: Iterable[str] = ()) -> list[Difference]:
    """Every difference of the two answers: status first, then fields by name, then the body.

    `ignore` names further fields, in any case, that may differ.
    """
    found: list[Difference] = []
    if a.status != b.status:
        found.append(Difference("status", "", a.status, b.status))
    ignored = SERVER_FIELDS | {name.lower() for name in ignore}
    names = {name.lower() for answer in (a, b) for name, _ in answer.headers}
    for name in sorted(names - ignored):
        left, right = a.header_values(name), b.header_values(name)
        if left != right:
            found.append(Difference("header", name, left, right))
    if a.body != b.body:
        found.append(Difference("body", "", a.body, b.body))
    return found


def _shown(value: object) -> str:
    match value:
        case []:
            return "absent"
        case [str(single)]:
            return repr(single)
        case bytes() if len(value) > 200:
            return f"{value[:200]!r}… ({len(value)} bytes)"
        case _:
            return repr(value)
