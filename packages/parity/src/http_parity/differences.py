"""What a difference is, as data: where it stands, what each side has there, and of which kind."""

from dataclasses import dataclass
from typing import Final, Literal

Part = Literal["status", "header", "cookie", "body"]

Kind = Literal[
    "value",  # another value of the same type
    "type",  # a number here, a string there
    "null",  # null here, a value there
    "absent",  # nothing here, something there
    "order",  # the same things in another order
    "members",  # a list field, as Vary or Allow, with other members
    "text",  # text in a document
    "format",  # JSON here, HTML there
    "answer",  # an answer here, none there
    "key order",  # from here on the bytes differ, not what they say
    "attribute order",
    "whitespace",
    "spelling",
    "bytes",
]

SPELLINGS: Final[frozenset[Kind]] = frozenset(
    {"key order", "attribute order", "whitespace", "spelling"}
)
"""The kinds under which both sides say the same, in other bytes."""


SETS: Final[frozenset[tuple[Kind, str]]] = frozenset(
    ("order", f"header:{name}") for name in ("allow", "vary", "cache-control", "content-language")
)
"""Fields that say the same in any order of their members."""


class Absent:
    """What stands for a value that is not there; `ABSENT` is the only one."""

    def __repr__(self) -> str:
        return "absent"


ABSENT: Final = Absent()


@dataclass(frozen=True)
class Difference:
    """One thing that is not the same.

    `name` is the header field in lower case; or the cookie, then `/` and the attribute in lower
    case where it is not the value; or where in the body, a JSON pointer (RFC 6901) or the path of
    an element, empty for the body as a whole. `a` and `b` are what each side has there: for a
    header every value in order.
    """

    part: Part
    name: str
    a: object
    b: object
    kind: Kind = "value"

    @property
    def place(self) -> str:
        """Where, as rules and reports write it: `status`, `header:vary`, `body:/items/0/id`."""
        return f"{self.part}:{self.name}" if self.name else self.part

    @property
    def of_meaning(self) -> bool:
        """Whether the two say different things, and not the same in other bytes."""
        return self.kind not in SPELLINGS and (self.kind, self.place) not in SETS

    def __str__(self) -> str:
        what = f"{self.part} {self.name}".rstrip()
        said = f"{what}: {shown(self.a)} is not {shown(self.b)}"
        return said if self.of_meaning else f"{said} ({self.kind} only)"


def shown(value: object) -> str:
    """A value as a report shows it, shortened where it is long."""
    match value:
        case []:
            return "absent"
        case [str(single)]:
            return shown(single)
        case bytes() if len(value) > 200:
            return f"{value[:200]!r}… ({len(value)} bytes)"
        case str() if len(value) > 200:
            return f"{value[:200]!r}… ({len(value)} characters)"
        case None:
            return "null"
        case True | False:
            return str(value).lower()
        case _:
            text = repr(value)
            return text if len(text) <= 400 else f"{text[:400]}…"
