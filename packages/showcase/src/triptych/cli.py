"""The command `triptych`: the blog served, filled and shown."""

import os
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import IO

import click
from pydantic import ValidationError
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskProgressColumn,
    TextColumn,
    TimeRemainingColumn,
)
from rich.table import Table
from rich.text import Text

from blog_core.domain.errors import Taken
from blog_core.schemas import NewUser, invalid
from blog_core.settings import Settings, SettingsError
from blog_core.storage.migrate import upgrade
from blog_core.storage.repositories import SqlStorage
from blog_core.wiring import build
from triptych import demonstration, filling, servers
from triptych.errors import (
    EXIT_CODES,
    INTERRUPTED,
    REFUSED,
    USAGE,
    Failure,
    database_failures,
    shown,
)

PORT = click.IntRange(1, 65535)
PASSWORD_VARIABLE = "BLOG_NEW_PASSWORD"  # noqa: S105 # a name


def main() -> None:
    """Run the command line of this process, and end it with a documented exit code."""
    for stream in (sys.stdout, sys.stderr):
        # A terminal that cannot show Greek shows question marks rather than a traceback.
        stream.reconfigure(errors="replace")  # type: ignore[union-attr]
    try:
        status = cli.main(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        status = error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("triptych: interrupted.", err=True)
        status = INTERRUPTED
    sys.exit(status)


@click.group(epilog=EXIT_CODES, context_settings={"max_content_width": 100})
@click.version_option(package_name="triptych")
def cli() -> None:
    """One blog through Django, Flask and FastAPI: serve it, fill it, watch the three agree.

    Begin with `triptych demo`. All but the demo read their settings from BLOG_* variables:
    `triptych settings` shows them.
    """


@cli.command(
    short_help="Start all three and watch them agree.",
    epilog="""\b
Examples:
  triptych demo                     on ports 8001, 8002 and 8003
  triptych demo --port 9001         on 9001, 9002 and 9003
  triptych demo --once              end after the tour: 0 if all was identical, else 1
""",
)
@click.option(
    "--directory",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("triptych-demo"),
    show_default=True,
    help="Where the demo keeps its database, secret and logs; used again if it is there.",
)
@click.option(
    "--port",
    type=click.IntRange(1, 65533),
    default=8001,
    show_default=True,
    metavar="BASE",
    help="Django's port; Flask and FastAPI take the two after it.",
)
@click.option("--once", "--tour-only", "once", is_flag=True, help="End after the tour.")
def demo(directory: Path, port: int, once: bool) -> None:
    """Start all three on one database, ask each the same, and show the answers side by side.

    Makes an SQLite database with the writing of several authors. Nothing is read from BLOG_*
    variables and nothing is written outside the directory. Ctrl-C stops everything.
    """
    sys.exit(demonstration.run(_console(), directory, port, once=once))


@cli.command(
    epilog="""\b
Examples:
  triptych serve flask
  triptych serve django --server granian --port 9000 --workers 4
  triptych serve django --server uvicorn     Django's ASGI side
"""
)
@click.argument("framework", type=click.Choice(list(servers.FRAMEWORKS)))
@click.option(
    "--server",
    type=click.Choice(servers.SERVERS),
    help="By default gunicorn for Django and Flask, uvicorn for FastAPI.",
)
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", type=PORT, default=8000, show_default=True)
@click.option("--workers", type=click.IntRange(1, 256), default=2, show_default=True)
@click.option("--parent", type=int, hidden=True)
def serve(
    *, framework: str, server: str | None, host: str, port: int, workers: int, parent: int | None
) -> None:
    """Serve the blog through one framework on a production server.

    The server takes this process's place, and ends cleanly on Ctrl-C and SIGTERM. It reads the
    BLOG_* variables; the database must have its tables (`triptych migrate`).
    """
    if parent is not None:
        servers.end_with_parent(parent)
    # Said here in one sentence rather than by a worker's traceback.
    _settings()
    line = servers.command(
        framework,
        server or servers.FRAMEWORKS[framework].server,
        host=host,
        port=port,
        workers=workers,
    )
    servers.require_port(host, port, "end what listens there, or pass another --port")
    os.execvp(line[0], line)  # noqa: S606 # our own command line, without a shell


@cli.command(short_help="Make the tables of the database, or update them.")
def migrate() -> None:
    """Make the tables of the database, or bring them up to this release.

    Does nothing where they are up to date already.
    """
    settings = _settings()
    with _database(settings):
        upgrade(settings.database_url)
    click.echo(f"{shown(settings.database_url)} is up to date.")


@cli.command(
    epilog="""\b
Examples:
  triptych seed --users 50 --posts 1000
  triptych seed --users 10000 --posts 1000000 --seed 7
"""
)
@click.option("--users", type=click.IntRange(1), default=50, show_default=True)
@click.option("--posts", type=click.IntRange(0), default=1_000, show_default=True)
@click.option(
    "--seed",
    type=click.IntRange(0),
    default=1,
    show_default=True,
    help="The same number makes the same users and posts.",
)
def seed(users: int, posts: int, seed: int) -> None:
    """Put made-up users and posts into the database.

    Nobody can sign in as one of these users. What is in already stays as it is.
    """
    settings = _settings()
    with _database(settings), _storage(settings) as storage, _progress(users + posts) as progress:
        task = progress.add_task("Writing", total=users + posts)
        filling.seed(
            storage,
            people=users,
            writings=posts,
            number=seed,
            done=lambda count: progress.advance(task, count),
        )
    click.echo(f"{users:,} users and {posts:,} posts are in {shown(settings.database_url)}.")


@cli.group()
def user() -> None:
    """Accounts."""


@user.command(
    epilog=f"""\b
Examples:
  triptych user create ada --email ada@example.org
  triptych user create grace --staff
  {PASSWORD_VARIABLE}=... triptych user create ada
  pass show blog/ada | triptych user create ada --password-stdin
"""
)
@click.argument("name")
@click.option("--email", help="By default NAME@localhost.localdomain.")
@click.option("--staff", is_flag=True, help="May see, edit and delete everybody's posts.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
def create(name: str, email: str | None, staff: bool, password_stdin: bool) -> None:
    """Make an account.

    The password is asked for, or taken from BLOG_NEW_PASSWORD or standard input: never from the
    command line, which other users of the machine can read.
    """
    settings = _settings()
    password = _new_password(password_stdin)
    try:
        new = NewUser(
            username=name, email=email or f"{name}@localhost.localdomain", password=password
        )
        with _database(settings), closing(build(settings)) as blog:
            made = blog.add_user(new, is_staff=staff)
    except ValidationError as error:
        problem = invalid(NewUser, error.errors()).errors[0]
        raise Failure(f"{problem.field}: {problem.message}", REFUSED) from None
    except Taken as error:
        raise Failure(f"This {' and '.join(error.fields)} is taken.", REFUSED) from None
    click.echo(f"{made.username} has an account{', as staff' if staff else ''}.")


@cli.command()
def settings() -> None:
    """Show every setting, its value and where it came from. Secrets are not shown.

    What each means, and what happens when it is wrong, is in docs/settings.md.
    """
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for column in ("setting", "value", "from"):
        table.add_column(column, header_style="dim", overflow="fold")
    for name, value in _settings().shown().items():
        given = os.environ.get(name, "") != ""
        origin = Text("environment", "green") if given else Text("default", "dim")
        table.add_row(name, Text(value), origin)
    _console().print(table)


def _settings() -> Settings:
    try:
        return Settings.from_env()
    except SettingsError as error:
        raise Failure(str(error), USAGE) from None


def _new_password(from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    given = os.environ.get(PASSWORD_VARIABLE)
    if given is not None:
        return given
    if not sys.stdin.isatty():
        raise Failure(
            f"There is no terminal to ask for a password: set {PASSWORD_VARIABLE} or pass "
            "--password-stdin.",
            USAGE,
        )
    entered: str = click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    return entered


@contextmanager
def _database(settings: Settings) -> Iterator[None]:
    with database_failures(settings.database_url):
        yield


@contextmanager
def _storage(settings: Settings) -> Iterator[SqlStorage]:
    storage = SqlStorage(settings.database_url)
    try:
        storage.check()
        yield storage
    finally:
        storage.close()


def _progress(total: int) -> Progress:
    console = _console(sys.stderr)
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TaskProgressColumn(),
        TimeRemainingColumn(),
        console=console,
        # In a log, bars are noise.
        disable=not console.is_terminal,
    )


def _console(file: IO[str] | None = None) -> Console:
    """Colour on a terminal only, and none where NO_COLOR is set."""
    return Console(file=file, highlight=False)
