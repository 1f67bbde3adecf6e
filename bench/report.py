"""The figures as tables on a terminal, and as JSON under `bench/results`."""

import json
import platform
import sqlite3
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from bench import data
from bench.compare import Measured
from bench.growth import Grown
from bench.targets import FRAMEWORKS, Framework

DEEP_LIMIT = 1.5
BUSY_LIMIT = 0.9
"""Above this share of a round the load client, not the server, may be what was measured."""


@dataclass(frozen=True)
class Spread:
    """A median with the quartiles around it."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Spread":
        if len(values) == 1:
            return cls(values[0], values[0], values[0])
        low, median, high = statistics.quantiles(values, n=4, method="inclusive")
        return cls(median, low, high)

    def show(self, digits: int = 0) -> str:
        low, high = f"{self.low:,.{digits}f}", f"{self.high:,.{digits}f}"
        return f"{self.median:,.{digits}f} ({low}–{high})"  # a range


@dataclass(frozen=True)
class Verdict:
    """Whether a figure reaches its goal."""

    what: str
    figure: float
    goal: float
    met: bool


def ratio(one: Measured, other: Measured) -> Spread:
    """How many times as fast, round by round: both sides of a round saw the same machine."""
    return Spread.of([a / b for a, b in zip(one.rates, other.rates, strict=True)])


def operations_table(measured: Sequence[Measured], operation: str) -> Table:
    """One operation: each target's rate, the adapter against its peer and against the floor."""
    found = {each.target: each for each in measured if each.operation == operation}
    table = Table(title=f"{operation}: requests a second, median (quartiles)", title_justify="left")
    table.add_column("")
    for heading in (
        "adapter",
        "tutorial",
        "times tutorial",
        "goal",
        "times joined",
        "bare driver",
        "of bare",
    ):
        table.add_column(heading, justify="right")
    for framework in FRAMEWORKS:
        adapter, peer, joined, floor = (
            found.get(name)
            for name in (framework.adapter, framework.peer, framework.joined, framework.floor)
        )
        if adapter is None and peer is None:
            continue
        shown = adapter or peer
        times = ratio(adapter, peer) if adapter and peer else None
        share = ratio(shown, floor) if shown and floor else None
        table.add_row(
            framework.title,
            _rate(adapter),
            _rate(peer),
            times.show(2) if times else "",
            _goal(framework, operation, times),
            ratio(adapter, joined).show(2) if adapter and joined else "",
            f"{statistics.median(floor.rates):,.0f}" if floor else "",
            f"{share.median:.0%}" if share else "",
        )
    return table


def growth_table(grown: Sequence[Grown]) -> Table:
    """The list's time by size, one row for each target and size."""
    table = Table(
        title="list of 20: milliseconds a request, median (quartiles)", title_justify="left"
    )
    table.add_column("")
    for heading in ("posts", "first page", "90 % deep", "deep / first"):
        table.add_column(heading, justify="right")
    for each in sorted(grown, key=lambda each: (each.target, each.posts)):
        table.add_row(
            each.target,
            f"{each.posts:,}",
            Spread.of(each.first).show(2),
            Spread.of(each.deep).show(2),
            f"{each.ratio:.2f}",
        )
    return table


def verdicts(measured: Sequence[Measured], grown: Sequence[Grown]) -> list[Verdict]:
    """Every goal that the figures speak of."""
    found = {(each.target, each.operation): each for each in measured}
    given = []
    for framework in FRAMEWORKS:
        for operation, goal in framework.goals.items():
            adapter = found.get((framework.adapter, operation))
            peer = found.get((framework.peer, operation))
            if adapter and peer:
                times = ratio(adapter, peer).median
                what = f"{framework.title} {operation}, times its tutorial spelling"
                given.append(Verdict(what, times, goal, times >= goal))
    adapters = {framework.adapter for framework in FRAMEWORKS}
    largest = max((each.posts for each in grown), default=0)
    for each in grown:
        if each.target in adapters and each.posts == largest:
            what = f"{each.target} deep page / first page at {each.posts:,} posts"
            given.append(Verdict(what, each.ratio, DEEP_LIMIT, each.ratio <= DEEP_LIMIT))
    return given


def print_all(
    console: Console,
    measured: Sequence[Measured],
    grown: Sequence[Grown],
    ceiling: float | None,
) -> None:
    """The tables, what the load client could do, and each goal met or missed."""
    for operation in dict.fromkeys(each.operation for each in measured):
        console.print(operations_table(measured, operation))
    if grown:
        console.print(growth_table(grown))
    if ceiling is not None:
        console.print(f"Load client's ceiling on a page of 20: {ceiling:,.0f} requests a second.")
    for each in measured:
        if each.busy > BUSY_LIMIT:
            console.print(
                f"[yellow]{each.target} {each.operation}: the load client was busy"
                f" {each.busy:.0%} of the time; the server may be faster than shown."
            )
    for verdict in verdicts(measured, grown):
        word = "[green]met   [/]" if verdict.met else "[red]missed[/]"
        console.print(f"{word} {verdict.what}: {verdict.figure:.2f}, goal {verdict.goal:g}")


def write(
    measured: Sequence[Measured],
    grown: Sequence[Grown],
    ceiling: float | None,
    plan: dict[str, Any],
) -> Path:
    """Write everything measured, with the machine and the versions it was measured on."""
    now = datetime.now(UTC)
    path = data.RESULTS / f"{now:%Y%m%d-%H%M%S}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    packages = "sqlalchemy pydantic django djangorestframework flask flask-sqlalchemy fastapi"
    document = {
        "when": now.isoformat(),
        "machine": {
            "platform": platform.platform(),
            "python": platform.python_version(),
            "sqlite": sqlite3.sqlite_version,
        },
        "versions": {name: version(name) for name in f"{packages} gunicorn uvicorn".split()},
        "plan": plan,
        "load_ceiling": ceiling,
        "operations": [asdict(each) for each in measured],
        "growth": [{**asdict(each), "ratio": each.ratio} for each in grown],
        "goals": [asdict(verdict) for verdict in verdicts(measured, grown)],
    }
    path.write_text(json.dumps(document, indent=1) + "\n")
    return path


def _rate(measured: Measured | None) -> str:
    return Spread.of(measured.rates).show() if measured else ""


def _goal(framework: Framework, operation: str, times: Spread | None) -> str:
    goal = framework.goals.get(operation)
    if goal is None or times is None:
        return ""
    return f"[green]{goal:g} met[/]" if times.median >= goal else f"[red]{goal:g} missed[/]"
