"""What two targets may answer differently: declared, counted, and printed with every report.

    rules = Rules([Rule("body:/created", "each database has its own clock", form=r"2\\d{3}-.*")])
    rules.compare(old, new, operation="GET /posts/{id}").left

Nothing is allowed that no rule names. The server's own fields are rules too, and can be switched
off.
"""

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Final, get_args

from http_parity.compare import every_difference
from http_parity.differences import ABSENT, Difference, Kind
from http_parity.exchange import Answer, Request
from http_parity.sequence import Step

WIDE: Final[frozenset[Kind]] = frozenset({"absent", "null", "type", "format", "answer"})
"""The kinds that a rule allows only where it names them."""


class RulesError(ValueError):
    """Rules that cannot be used, said in one sentence with the line."""


@dataclass(frozen=True)
class Rule:
    """One thing that may differ, and why.

    `where` is a place: `status`, `header:NAME`, `cookie:NAME` (its value),
    `cookie:NAME/ATTRIBUTE`, `body`, or `body:POINTER` in which a segment `*` stands for any one
    segment; what lies deeper is meant too. `operation` is a pattern (`*`, `?`) for the operation's
    name or for method and path as sent. `form` is a regular expression that both values must match
    whole. `kinds` names what sorts of difference are meant; without, all are but those in which a
    value is missing, null, or of another type or format. `any` stands for all.
    """

    where: str
    why: str
    operation: str = "*"
    form: str = ""
    kinds: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if problem := _problem(self):
            raise RulesError(problem)

    def __str__(self) -> str:
        said = [self.where]
        if self.operation != "*":
            said.append(f"of {self.operation}")
        if self.kinds and self.kinds != ("any",):
            said.append(f"({', '.join(self.kinds)})")
        if self.form:
            said.append(f"in the form {self.form}")
        return f"{' '.join(said)}: {self.why}"

    def allows(self, found: Difference, operation: str = "", asked: str = "") -> bool:
        """Whether this difference is one of those meant; `asked` is method and path."""
        if self.kinds != ("any",):
            if self.kinds:
                if found.kind not in self.kinds:
                    return False
            elif found.kind in WIDE:
                return False
        if not _covers(self.where, found):
            return False
        if self.operation != "*" and not any(
            fnmatchcase(text, _pattern(self.operation)) for text in (operation, asked) if text
        ):
            return False
        if not self.form:
            return True
        pattern = re.compile(self.form, re.DOTALL)
        return all(
            pattern.fullmatch(text) for value in (found.a, found.b) for text in _texts(value)
        )


def _problem(rule: Rule) -> str:
    part, colon, name = rule.where.partition(":")
    if part not in {"status", "header", "cookie", "body"}:
        return (
            f"a place is status, header:NAME, cookie:NAME, body or body:POINTER, not {rule.where!r}"
        )
    if (part == "status" and colon) or (part in {"header", "cookie"} and not name):
        return f"{rule.where!r} is no place: write status, header:NAME or cookie:NAME"
    if part == "body" and colon and not name.startswith("/"):
        return f"a pointer begins with a slash, unlike the one in {rule.where!r}"
    if not rule.why.strip():
        return f"the rule for {rule.where} does not say why"
    known = {*get_args(Kind), "any"}
    if unknown := [kind for kind in rule.kinds if kind not in known]:
        return f"there is no kind {unknown[0]!r}; kinds are {', '.join(sorted(known))}"
    try:
        re.compile(rule.form)
    except re.error as error:
        return f"the form {rule.form!r} is no regular expression: {error}"
    return ""


def _covers(where: str, found: Difference) -> bool:
    part, _, name = where.partition(":")
    if part == "header" and name.lower() == "set-cookie":
        return found.part == "cookie" or found.place == "header:set-cookie"
    if part != found.part:
        return False
    match part:
        case "status":
            return True
        case "header":
            return name.lower() == found.name
        case "cookie":
            cookie, slash, attribute = name.partition("/")
            return found.name == f"{cookie}{slash}{attribute.lower()}"
        case _:
            wanted, there = name.split("/"), found.name.split("/")
            return len(wanted) <= len(there) and all(
                segment in {"*", other} for segment, other in zip(wanted, there, strict=False)
            )


def _pattern(operation: str) -> str:
    # Brackets and braces stand for themselves: a path template has them.
    return operation.replace("[", "[[]")


def _texts(value: object) -> list[str]:
    match value:
        case list():
            return [text for item in value for text in _texts(item)]
        case bytes():
            return [value.decode("utf-8", "replace")]
        case None:
            return ["null"]
        case bool():
            return [str(value).lower()]
        case _ if value is ABSENT:
            return []
        case _:
            return [str(value)]


SERVER_RULES: Final = (
    Rule("header:date", "the server's clock", kinds=("any",)),
    Rule("header:server", "the server's name", kinds=("any",)),
    Rule("header:connection", "belongs to the connection", kinds=("any",)),
    Rule("header:keep-alive", "belongs to the connection", kinds=("any",)),
    Rule("header:transfer-encoding", "belongs to the connection", kinds=("any",)),
)
"""The fields that belong to the server or the hop."""


@dataclass(frozen=True)
class Comparison:
    """Two answers held against the rules: what is left, and which rules were needed."""

    left: tuple[Difference, ...]
    used: tuple[Rule, ...] = ()


@dataclass(frozen=True)
class Rules:
    """Every rule of a comparison, the server's own fields first unless `server_fields` is off."""

    declared: tuple[Rule, ...] = ()
    server_fields: bool = True
    all: tuple[Rule, ...] = field(init=False)

    def __init__(self, declared: Iterable[Rule] = (), *, server_fields: bool = True) -> None:
        object.__setattr__(self, "declared", tuple(declared))
        object.__setattr__(self, "server_fields", server_fields)
        standing = SERVER_RULES if server_fields else ()
        object.__setattr__(self, "all", (*standing, *self.declared))

    @property
    def sentences(self) -> tuple[str, ...]:
        """Every rule as reports print it."""
        return tuple(str(rule) for rule in self.all)

    def compare(
        self,
        a: Answer | None,
        b: Answer | None,
        *,
        operation: str = "",
        request: Request | None = None,
    ) -> Comparison:
        """Every difference of the two that no rule allows; None is a target that gave no answer."""
        asked = "" if request is None else f"{request.method} {request.target.partition('?')[0]}"
        return self._apply(every_difference(a, b), a, b, operation, asked)

    def judge(
        self, differences: Iterable[Difference], step: Step, a: Answer | None, b: Answer | None
    ) -> tuple[list[Difference], list[str]]:
        """Those of the differences that no rule allows, and the rules that the others needed."""
        path = "".join(piece if isinstance(piece, str) else "*" for piece in step.target)
        asked = f"{step.method} {path.partition('?')[0]}"
        found = self._apply(differences, a, b, step.operation, asked)
        return list(found.left), [str(rule) for rule in found.used]

    def _apply(
        self,
        differences: Iterable[Difference],
        a: Answer | None,
        b: Answer | None,
        operation: str,
        asked: str,
    ) -> Comparison:
        """What is left; a `Content-Length` true on both sides is allowed where the body is."""
        left: list[Difference] = []
        used: dict[Rule, None] = {}
        body = set()
        for found in differences:
            rule = next((rule for rule in self.all if rule.allows(found, operation, asked)), None)
            if rule is None:
                left.append(found)
            else:
                used[rule] = None
            if found.part == "body":
                body.add(rule is not None)
        if body == {True} and a is not None and b is not None:
            true = all(_length_is_true(answer) for answer in (a, b))
            left = [found for found in left if not (found.name == "content-length" and true)]
        return Comparison(tuple(left), tuple(used))


def _length_is_true(answer: Answer) -> bool:
    return answer.header_values("content-length") in ([], [str(len(answer.body))])


RULE_KEYS: Final = {"where", "why", "operation", "form", "kinds"}
FILE_KEYS: Final = {"rule", "server_fields"}


def read_rules(path: Path | str) -> Rules:
    """The rules in a TOML file; RulesError, in one sentence, where it is malformed.

    server_fields = true

    [[rule]]
    where = "body:/results/*/id"
    why = "each database counts its own"
    operation = "GET /posts"
    form = "[0-9]+"
    """
    try:
        text = Path(path).read_text("utf-8")
    except OSError as error:
        raise RulesError(f"{path} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise RulesError(f"{path} is not UTF-8.") from None
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        said = str(error)
        at = re.search(r" \(at line (\d+), column \d+\)\Z", said)
        line = at[1] if at else str(text.count("\n") + 1)
        reason = said[: at.start()] if at else said.removesuffix(" (at end of document)")
        raise RulesError(f"{path}, line {line}: {reason[0].lower()}{reason[1:]}.") from None
    return _rules(content, text, str(path))


def _rules(content: Mapping[str, Any], text: str, path: str) -> Rules:
    for key in content:
        if key not in FILE_KEYS:
            line = _line(text, rf"\s*(\[+\s*)?[\"']?{re.escape(key)}\b")
            raise RulesError(
                f"{path}, line {line}: there is no {key!r} here; there are [[rule]] tables and "
                "server_fields."
            )
    server_fields = content.get("server_fields", True)
    if not isinstance(server_fields, bool):
        line = _line(text, r"\s*server_fields\b")
        raise RulesError(f"{path}, line {line}: server_fields is true or false.")
    tables = content.get("rule", [])
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        line = _line(text, r"\s*(\[\s*)?rule\b")
        raise RulesError(f"{path}, line {line}: write each rule as a table [[rule]].")
    declared = []
    for number, table in enumerate(tables):
        try:
            declared.append(_rule(table))
        except RulesError as error:
            line = _line(text, r"\s*\[\[\s*rule\s*\]\]", number)
            raise RulesError(f"{path}, line {line}: {error}.") from None
    return Rules(declared, server_fields=server_fields)


def _rule(table: dict[str, Any]) -> Rule:
    for key in table:
        if key not in RULE_KEYS:
            raise RulesError(f"a rule has no {key!r}; it has {', '.join(sorted(RULE_KEYS))}")
    kinds = table.pop("kinds", [])
    if not isinstance(kinds, list) or not all(isinstance(kind, str) for kind in kinds):
        raise RulesError("kinds is a list of texts")
    for key, value in table.items():
        if not isinstance(value, str):
            raise RulesError(f"{key} is a text")
    for key in ("where", "why"):
        if key not in table:
            raise RulesError(f"a rule needs {key!r}")
    return Rule(**table, kinds=tuple(kinds))


def _line(text: str, pattern: str, number: int = 0) -> int:
    """The line on which the pattern is met for the `number`th time, from 0."""
    lines = [at for at, line in enumerate(text.splitlines(), 1) if re.match(pattern, line)]
    return lines[number] if number < len(lines) else 1
