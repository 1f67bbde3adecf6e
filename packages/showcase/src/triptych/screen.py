"""What the demo shows: a table for each step, the answers side by side."""

from collections.abc import Sequence
from http import HTTPStatus

from rich.cells import cell_len
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from http_parity.exchange import Answer
from triptych.tour import Step
from triptych.walk import Outcome, found

WIDEST = 110
"""Columns: on a wider screen the answers would stand too far apart to compare."""

_INDENT = 4

# Python 3.13 renamed some; these are RFC 9110's.
_PHRASES = {413: "Content Too Large", 422: "Unprocessable Content"}


def chapter(console: Console, title: str) -> None:
    console.print()
    console.print(Rule(Text(title, style="bold"), style="dim", align="left"), width=_width(console))


def outcome(console: Console, number: int, result: Outcome, names: Sequence[str]) -> None:
    """One step: what was asked, the answers, and whether they are the same."""
    width = _width(console)
    parts: list[RenderableType] = [_heading(number, result), _answers(result, names, width)]
    parts += [
        Padding(Text(f"≠ {problem}", style="red", overflow="fold"), (0, 0, 0, _INDENT))
        for problem in result.problems
    ]
    console.print()
    console.print(Group(*parts), width=width)


def _heading(number: int, result: Outcome) -> Table:
    heading = Table.grid(padding=(0, 1), expand=True)
    heading.add_column(width=3, justify="right", style="dim")
    heading.add_column(ratio=1)
    heading.add_column(justify="right", no_wrap=True)
    verdict = Text("different", "bold red") if result.problems else Text("identical", "green")
    heading.add_row(str(number), Text(result.step.title, style="bold"), verdict)
    heading.add_row("", _line(result.step), "")
    return heading


def _line(step: Step) -> Text:
    """The request in a line, with <names> where each framework's visitor has another value."""
    path = step.path.replace("{", "<").replace("}", ">")
    line = Text(f"{step.method} ", style="cyan")
    line.append(path, style="default")
    for name, value in step.headers.items():
        if name != "Content-Type" or step.status == 415:
            line.append(f"  {name}: {value.replace('{', '<').replace('}', '>')}", style="dim")
    return line


def _answers(result: Outcome, names: Sequence[str], width: int) -> Padding:
    column = (width - _INDENT) // len(names)
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0), header_style="dim")
    for name in names:
        table.add_column(name, width=column - 1, overflow="fold")
    table.add_row(*(_answer(result.step, answer, column - 1) for answer in result.answers))
    return Padding(table, (0, 0, 0, _INDENT))


def _answer(step: Step, answer: Answer, width: int) -> Text:
    text = Text(f"{answer.status} {phrase(answer.status)}")
    if answer.status != step.status:
        text.stylize("red")
    for where in step.shows:
        values = found(answer, where)
        if values:
            label = where.removeprefix(":").rsplit(".", 1)[-1]
            text.append(f"\n{label} ", style="dim")
            text.append(_together(values, width - len(label) - 1, width))
    return text


def _together(values: Sequence[str], rest: int, width: int) -> Text:
    """In one line where they fit, else a line each, cut where it is too long."""
    line = ", ".join(values)
    if len(values) == 1 or cell_len(line) <= rest:
        return Text(line)
    lines = [Text(f"\n{value}", no_wrap=True) for value in values]
    for each in lines:
        each.truncate(width, overflow="ellipsis")
    return Text().join(lines)


def phrase(status: int) -> str:
    """The words of a status, whatever the version of Python."""
    try:
        return _PHRASES.get(status) or HTTPStatus(status).phrase
    except ValueError:
        return ""


def _width(console: Console) -> int:
    return min(console.width, WIDEST)
