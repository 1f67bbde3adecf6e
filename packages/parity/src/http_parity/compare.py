"""Two answers to one request, and where they differ.

    [str(found) for found in differences(django, flask)]

Everything is compared to the byte: the status, every field (names without regard to case, repeated
fields in their order) and the body. Where bytes differ, the difference is told by what it means:
by JSON pointer, element, cookie attribute or member of a list. Where they mean the same, that is
told too, as a difference of spelling. The order of different fields means nothing (RFC 9110
section 5.3).
"""

from collections.abc import Iterable, Iterator
from typing import Final

from http_parity import fields, json_text, markup
from http_parity.differences import ABSENT, SPELLINGS, Absent, Difference, Kind, Part, shown
from http_parity.exchange import Answer

__all__ = [
    "ABSENT",
    "SERVER_FIELDS",
    "SPELLINGS",
    "Absent",
    "Difference",
    "Kind",
    "Part",
    "differences",
    "every_difference",
    "shown",
]

SERVER_FIELDS: Final = frozenset(
    {"date", "server", "connection", "keep-alive", "transfer-encoding"}
)
"""The fields that belong to the server or the hop, not compared unless it is asked for."""

MOST: Final = 100
"""At most so many differences are told of one body: one list that is shifted by a row has many."""


def differences(a: Answer, b: Answer, *, ignore: Iterable[str] = ()) -> list[Difference]:
    """Every difference of the two answers: status first, then fields by name, then the body.

    `ignore` names further fields, in any case, that may differ.
    """
    return every_difference(a, b, SERVER_FIELDS | {name.lower() for name in ignore})


def every_difference(
    a: Answer | None, b: Answer | None, ignored: frozenset[str] = frozenset()
) -> list[Difference]:
    """The same with nothing left out but `ignored`, field names in lower case.

    None is the answer of a target that gave none: beside an answer that is the only difference.
    """
    if a is None or b is None:
        if a is b:
            return []
        return [Difference("status", "", _status(a), _status(b), "answer")]
    if a == b:
        return []
    found: list[Difference] = []
    if a.status != b.status:
        found.append(Difference("status", "", a.status, b.status))
    names = {name.lower() for answer in (a, b) for name, _ in answer.headers}
    for name in sorted(names - ignored):
        left, right = a.header_values(name), b.header_values(name)
        if left == right:
            continue
        if name == "set-cookie":
            found += fields.cookies(left, right)
        else:
            found.append(fields.header(name, left, right))
    if a.body != b.body:
        bodies = list(_take(_bodies(a, b), MOST))
        found += bodies or [Difference("body", "", a.body, b.body, "spelling")]
    return found


def _bodies(a: Answer, b: Answer) -> Iterator[Difference]:
    formats = form(a), form(b)
    if formats == ("json", "json"):
        one, other = json_text.read(a.body), json_text.read(b.body)
        if one is not None and other is not None:
            yield from json_text.differences(one, other)
            return
    if formats[0] == formats[1] and formats[0] in {"html", "xml"}:
        reader = markup.read_html if formats[0] == "html" else markup.read_xml
        left, right = reader(a.body), reader(b.body)
        if left is not None and right is not None:
            yield from markup.differences(left, right)
            return
    if not a.body or not b.body:
        mine, theirs = a.body or ABSENT, b.body or ABSENT
        yield Difference("body", "", mine, theirs, "absent")
    elif formats[0] != formats[1]:
        yield Difference("body", "", a.body, b.body, "format")
    else:
        yield Difference("body", "", a.body, b.body, "bytes")


def form(answer: Answer) -> str:
    """What the body is: `json`, `html`, `xml`, `text` or `binary`; empty where there is none.

    The media type decides, and where it does not say, the body's own look.
    """
    if not answer.body:
        return ""
    kind = ",".join(answer.header_values("content-type")).partition(";")[0].strip().lower()
    sub = kind.partition("/")[2]
    if sub == "json" or sub.endswith("+json"):
        return "json"
    if sub in {"html", "xhtml+xml"}:
        return "html"
    if sub == "xml" or sub.endswith("+xml"):
        return "xml"
    if json_text.read(answer.body) is not None:
        return "json"
    return "text" if kind.startswith("text/") else "binary"


def _status(answer: Answer | None) -> object:
    return ABSENT if answer is None else answer.status


def _take(items: Iterator[Difference], most: int) -> Iterator[Difference]:
    for _, item in zip(range(most), items, strict=False):
        yield item
