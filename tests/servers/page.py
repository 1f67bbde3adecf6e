"""The generated part of docs/servers.md: the reviewed table, for a person who chooses a server."""

from collections.abc import Iterator
from pathlib import Path

from tests.corpora.connections import Case, cases
from tests.servers import table
from tests.servers.pairs import KINDS

PAGE = Path(__file__).parents[2] / "docs" / "servers.md"
BEGIN = "<!-- generated: python -m tests.servers --page -->"
END = "<!-- end of what is generated -->"


def write() -> None:
    """Put the table into the page."""
    PAGE.write_text(current(PAGE.read_text("utf-8")), "utf-8")


def current(page: str) -> str:
    """The page as it is to be."""
    before, _, rest = page.partition(BEGIN)
    after = rest.partition(END)[2]
    generated = "\n".join(_generated())
    return f"{before}{BEGIN}\n\n{generated}\n{END}{after}"


def _generated() -> Iterator[str]:
    reviewed = table.read()
    groups: dict[str, list[Case]] = {}
    for case in cases():
        groups.setdefault(case.group, []).append(case)
    for group, found in groups.items():
        yield f"### {group}\n"
        alike = [case for case in found if len(set(reviewed[case.name].values())) == 1]
        by_all: dict[str, list[str]] = {}
        for case in alike:
            by_all.setdefault(next(iter(reviewed[case.name].values())), []).append(case.what)
        for outcome, whats in by_all.items():
            yield f"Behind all, {_said(outcome)}: {'; '.join(map(_shown, whats))}.\n"
        if len(alike) < len(found):
            yield "| what is sent | " + " | ".join(KINDS) + " |"
            yield "| --- " * (1 + len(KINDS)) + "|"
            for case in found:
                if case not in alike:
                    cells = [_said(reviewed[case.name][kind]) for kind in KINDS]
                    yield f"| {_shown(case.what)} | {' | '.join(cells)} |"
            yield ""


def _said(outcome: str) -> str:
    if table.OR in outcome:
        return table.OR.join(map(_said, outcome.split(table.OR)))
    words = []
    for word in outcome.split(", "):
        who, _, what = word.partition(" ")
        words.append({"app": f"**{what}**", "server": what}.get(who, word))
    if len(words) > 3 and len(set(words)) == 1:
        return f"{words[0]} × {len(words)}"
    return ", ".join(words)


def _shown(what: str) -> str:
    """Text that Markdown takes for nothing but text."""
    return "".join(f"&#{ord(mark)};" if mark in "\\`*_{}[]<>#|" else mark for mark in what)
