"""Users on their way from a file into the blog, and what is said of it."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

import click

from blog_core import importing
from blog_core.importing import Brought, Refusal, Report
from triptych.tables import Row

SHOWN = 20
"""Refusals on the screen; --report has all of them."""


def called(file: str) -> str:
    return "Standard input" if file == "-" else file


def read(
    rows: Iterable[Row], missing_email_domain: str | None
) -> tuple[list[Brought], list[Refusal]]:
    """The users of these rows, and who is none."""
    brought: list[Brought] = []
    refused: list[Refusal] = []
    for line, values in rows:
        if missing_email_domain and not values.get("email"):
            values["email"] = f"{values.get('username')}@{missing_email_domain}"
        user = importing.user(line, values)
        if isinstance(user, Refusal):
            refused.append(user)
        else:
            brought.append((line, user))
    return brought, refused


def report_lines(report: Report) -> Iterator[str]:
    """Who was refused or there already, as JSON lines in the order of the file."""
    said: list[tuple[int, dict[str, Any]]] = [
        (
            refusal.line,
            {
                "line": refusal.line,
                "username": refusal.username,
                "outcome": "refused",
                "field": refusal.error.field,
                "code": refusal.error.code,
                "message": refusal.error.message,
            },
        )
        for refusal in report.refused
    ]
    said += [
        (there.line, {"line": there.line, "username": there.username, "outcome": "there"})
        for there in report.there
    ]
    for _, content in sorted(said, key=lambda one: one[0]):
        # Escaped: a name may hold what a terminal takes for an order.
        yield json.dumps(content) + "\n"


def tell(report: Report, database: str, *, dry_run: bool) -> None:
    """Say on standard output what was done, on standard error who was refused."""
    for refusal in report.refused[:SHOWN]:
        error, name = refusal.error, json.dumps(refusal.username[:80])
        click.echo(f"line {refusal.line}: {name}: {error.field}: {error.message}", err=True)
    if len(report.refused) > SHOWN:
        more = len(report.refused) - SHOWN
        click.echo(f"and {more:,} more: --report FILE has all of them.", err=True)
    if report.written:
        what = f"{_users(report.new)} imported into {database}"
    else:
        what = f"{_users(report.new)} can be imported" + (", dry run" if dry_run else "")
    click.echo(f"{what}; {len(report.there):,} there already, {len(report.refused):,} refused.")


def verdict(report: Report) -> str:
    return (
        f"{_users(len(report.refused))} refused, nobody imported: correct the file, or pass "
        "--skip-refused."
    )


def _users(count: int) -> str:
    return "1 user" if count == 1 else f"{count:,} users"
