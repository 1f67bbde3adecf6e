"""The report for a terminal or a log."""

import io
from typing import Final

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from http_parity.explain import Cause
from http_parity.report import Report, number, operations, rows, steps

MOST: Final = 12
"""So many places of noise are listed; the JSON and HTML reports have all."""


def text(report: Report, width: int = 100) -> str:
    """The report as plain text, for logs and for the messages of tests."""
    console = Console(file=io.StringIO(), width=width, color_system=None, highlight=False)
    show(report, console)
    file = console.file
    assert isinstance(file, io.StringIO)  # noqa: S101 # made above
    return "\n".join(line.rstrip() for line in file.getvalue().splitlines()) + "\n"


def show(report: Report, console: Console) -> None:
    """Print the report."""
    for position, cause in enumerate(report.causes, 1):
        _cause(report, console, position, cause)
    _noise(report, console)
    _allowed(report, console)
    if report.unreached:
        console.print(Text(f"Never answered 2xx: {', '.join(report.unreached)}", "dim"))
    console.print(Text(report.summary, "dim"))
    console.print(Text(f"{report.verdict}.", "bold green" if report.same else "bold red"))


def _cause(report: Report, console: Console, position: int, cause: Cause) -> None:
    title = Text(f"{position}. ", "dim").append(cause.name, "bold red" if cause.of_meaning else "")
    seen = f"{number(cause.count, 'time')}, in {number(len(cause.operations), 'operation')}"
    console.print(title.append(f"  {seen}", "dim"))
    if cause.why:
        console.print(Padding(Text(cause.why), (0, 0, 0, 3)))
    console.print(Padding(Text(f"In {operations(cause)}", "dim"), (0, 0, 0, 3)))
    if len(report.result.targets) > 2:
        console.print(Padding(Text(f"Alone: {', '.join(cause.odd)}", "dim"), (0, 0, 0, 3)))
    for step in steps(cause):
        console.print(Padding(Text(step), (0, 0, 0, 3)))
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("", overflow="fold", ratio=2)
    for name in cause.example.targets:
        table.add_column(Text(name), overflow="fold", ratio=3)
    for row in rows(cause):
        table.add_row(Text(row.place, "dim"), Text(row.a, "green"), Text(row.b, "red"))
    console.print(Padding(table, (1, 0, 1, 3)))
    for line in report.curl(cause).splitlines():
        # Whole lines: a line that was folded could not be pasted.
        console.print(Text(f"   {line}"), soft_wrap=True)
    console.print()


def _noise(report: Report, console: Console) -> None:
    if not report.noise:
        return
    console.print(Text("Made anew each time: differs from itself, asked twice", "bold"))
    for line in report.noise[:MOST]:
        console.print(Padding(Text(line), (0, 0, 0, 3)))
    if len(report.noise) > MOST:
        console.print(Text(f"   and {number(len(report.noise) - MOST, 'more place')}", "dim"))
    console.print()


def _allowed(report: Report, console: Console) -> None:
    if not report.result.allowed:
        console.print(Text("Nothing was declared free to differ.", "bold"))
        console.print()
        return
    console.print(Text("Declared free to differ", "bold"))
    for sentence in report.result.allowed:
        used = report.result.used.get(sentence, 0)
        line = Text(sentence).append(f"  ({number(used, 'time')})", "dim")
        if sentence in report.unused:
            line = Text(sentence).append("  (never needed)", "yellow")
        console.print(Padding(line, (0, 0, 0, 3)))
    console.print()
