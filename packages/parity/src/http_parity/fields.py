"""Header fields whose values have parts, and the differences of those parts."""

from collections.abc import Callable, Iterator
from itertools import zip_longest
from typing import Final

from http_parity.differences import ABSENT, Difference


def _split(value: str, mark: str) -> list[str]:
    """The parts between marks that do not stand inside quotes or angle brackets, stripped."""
    parts = [""]
    quoted = bracketed = False
    before = ""
    for character in value:
        if character == '"' and not (quoted and before == "\\"):
            quoted = not quoted
        elif not quoted and character in "<>":
            bracketed = character == "<"
        if character == mark and not quoted and not bracketed:
            parts.append("")
        else:
            parts[-1] += character
        before = character
    return [part.strip(" \t") for part in parts if part.strip(" \t")]


def members(values: list[str]) -> list[str]:
    """The members of a comma-separated list field, however many lines it came in."""
    return [member for value in values for member in _split(value, ",")]


def _folded(values: list[str]) -> list[str]:
    return [member.lower() for member in members(values)]


def _directives(values: list[str]) -> list[str]:
    found = []
    for member in members(values):
        name, equals, argument = member.partition("=")
        found.append(f"{name.strip().lower()}{equals}{argument.strip()}")
    return found


def _links(values: list[str]) -> list[str]:
    return [";".join(_parameters(member)) for member in members(values)]


def _media_type(values: list[str]) -> list[str]:
    """The type, then its parameters; the charset's name has no case."""
    found = []
    for value in values:
        kind, *parameters = _parameters(value)
        found += [
            kind.lower(),
            *(item.lower() if item.startswith("charset=") else item for item in parameters),
        ]
    return found


def _parameters(member: str) -> list[str]:
    first, *rest = _split(member, ";") or [""]
    found = [first]
    for parameter in rest:
        name, equals, value = parameter.partition("=")
        value = value.strip()
        if len(value) > 1 and value[0] == value[-1] == '"' and not set(value[1:-1]) & set('"\\'):
            value = value[1:-1]
        found.append(f"{name.strip().lower()}{equals}{value}")
    return [found[0], *sorted(found[1:])]


LISTS: Final[dict[str, Callable[[list[str]], list[str]]]] = {
    "accept-patch": _folded,
    "accept-post": _folded,
    "access-control-allow-headers": _folded,
    "access-control-allow-methods": members,
    "access-control-expose-headers": _folded,
    "allow": members,
    "cache-control": _directives,
    "content-language": _folded,
    "content-type": _media_type,
    "link": _links,
    "vary": _folded,
}
"""How the fields are read that are sets: the order of their members means nothing."""


def header(name: str, a: list[str], b: list[str]) -> Difference:
    """The difference of a field whose values differ, not `Set-Cookie`; `name` in lower case."""
    if not a or not b:
        return Difference("header", name, a, b, "absent")
    if read := LISTS.get(name):
        left, right = read(a), read(b)
        if left == right:
            return Difference("header", name, a, b, "spelling")
        kind = "order" if sorted(left) == sorted(right) else "members"
        return Difference("header", name, a, b, kind)  # type: ignore[arg-type]
    if sorted(a) == sorted(b):
        return Difference("header", name, a, b, "order")
    return Difference("header", name, a, b)


def cookies(a: list[str], b: list[str]) -> Iterator[Difference]:
    """The differences of two answers' `Set-Cookie` fields (RFC 6265), by cookie and attribute."""
    lefts, rights = _by_name(a), _by_name(b)
    exact = True
    for name in [*lefts, *(name for name in rights if name not in lefts)]:
        for left, right in zip_longest(lefts.get(name, []), rights.get(name, [])):
            if left is None or right is None:
                exact = False
                mine = ABSENT if left is None else left[0]
                theirs = ABSENT if right is None else right[0]
                yield Difference("cookie", name, mine, theirs, "absent")
                continue
            for found in _cookie(name, left, right):
                exact = False
                yield found
    order = [_pair(value)[0] for value in a], [_pair(value)[0] for value in b]
    if order[0] != order[1] and sorted(order[0]) == sorted(order[1]):
        yield Difference("header", "set-cookie", a, b, "order")
    elif exact:
        yield Difference("header", "set-cookie", a, b, "spelling")


Cookie = tuple[str, dict[str, str]]


def _cookie(name: str, a: Cookie, b: Cookie) -> Iterator[Difference]:
    if a[0] != b[0]:
        yield Difference("cookie", name, a[0], b[0])
    for attribute in [*a[1], *(key for key in b[1] if key not in a[1])]:
        left, right = a[1].get(attribute, ABSENT), b[1].get(attribute, ABSENT)
        if left != right:
            place = f"{name}/{attribute}"
            if left is ABSENT or right is ABSENT:
                yield Difference("cookie", place, left, right, "absent")
            else:
                yield Difference("cookie", place, left, right)


def _by_name(values: list[str]) -> dict[str, list[Cookie]]:
    found: dict[str, list[Cookie]] = {}
    for line in values:
        name, value = _pair(line)
        attributes = {}
        for part in line.split(";")[1:]:
            key, equals, text = part.partition("=")
            known = key.strip().lower()
            text = text.strip()
            # Browsers read these without regard to case.
            attributes[known] = text.lower() if known in {"samesite", "domain"} else text
            if not equals:
                attributes[known] = ""
        found.setdefault(name, []).append((value, attributes))
    return found


def _pair(line: str) -> tuple[str, str]:
    name, _, value = line.partition(";")[0].partition("=")
    return name.strip(), value.strip()
