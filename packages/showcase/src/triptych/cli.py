"""The command `triptych`: the blog served, filled and shown."""

import json
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

from blog_core.blog import Blog
from blog_core.domain.errors import Invalid, NotFound, Taken
from blog_core.schemas import OPERATOR, AccountChanges, NewUser, StaffUser, invalid
from blog_core.settings import Settings, SettingsError
from blog_core.storage.migrate import upgrade
from blog_core.storage.repositories import SqlStorage
from blog_core.wiring import build
from triptych import bringing, demonstration, filling, servers, tables
from triptych import doctor as examination
from triptych.errors import (
    BAD_FILE,
    EXIT_CODES,
    FAILED,
    INTERRUPTED,
    REFUSED,
    USAGE,
    WARNED,
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
  triptych demo                     on ports 8001, 8002 and 8003, the page on 8000
  triptych demo --open              and open the page in a browser
  triptych demo --port 9001         on 9001, 9002 and 9003, the page on 9000
  triptych demo --no-page           without the page
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
@click.option(
    "--page-port",
    type=PORT,
    metavar="PORT",
    help="The page's port; by default the one before Django's.",
)
@click.option("--no-page", is_flag=True, help="Without the page that shows them side by side.")
@click.option("--open", "open_page", is_flag=True, help="Open the page in a browser.")
@click.option("--once", "--tour-only", "once", is_flag=True, help="End after the tour.")
def demo(
    *,
    directory: Path,
    port: int,
    page_port: int | None,
    no_page: bool,
    open_page: bool,
    once: bool,
) -> None:
    """Start all three on one database, ask each the same, and show the answers side by side.

    Makes an SQLite database with the writing of several authors. Nothing is read from BLOG_*
    variables and nothing is written outside the directory. Ctrl-C stops everything.
    """
    if open_page and (no_page or once):
        raise click.UsageError("--open needs the page: leave out --no-page and --once.")
    page = None if no_page or once else page_port or port - 1
    if page in range(port, port + len(servers.FRAMEWORKS)):
        raise click.UsageError(f"Port {page} is one of the three: choose another --page-port.")
    if page == 0:
        raise click.UsageError("There is no port before this one: choose a --page-port.")
    sys.exit(
        demonstration.run(_console(), directory, port, once=once, page=page, open_page=open_page)
    )


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
@click.option("--application", default="", hidden=True)
def serve(
    *,
    framework: str,
    server: str | None,
    host: str,
    port: int,
    workers: int,
    parent: int | None,
    application: str,
) -> None:
    """Serve the blog through one framework on a production server.

    The server takes this process's place, and ends cleanly on Ctrl-C and SIGTERM. It reads the
    BLOG_* variables; the database must have its tables (`triptych migrate`).
    """
    if parent is not None:
        servers.end_with_parent(parent)
    # Said here in one sentence rather than by a worker's traceback.
    settings = _settings()
    if settings.metrics and "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = servers.metrics_directory()
    line = servers.command(
        framework,
        server or servers.FRAMEWORKS[framework].server,
        host=host,
        port=port,
        workers=workers,
        application=application,
        json_logs=settings.log_format == "json",
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
        raise _refused(invalid(NewUser, error.errors())) from None
    except Taken as error:
        raise Failure(f"This {' and '.join(error.fields)} is taken.", REFUSED) from None
    click.echo(f"{made.username} has an account{', as staff' if staff else ''}.")


@user.command(
    "list",
    epilog="""\b
Examples:
  triptych user list
  triptych user list --disabled --names | xargs -n 1 triptych user enable
""",
)
@click.option("--staff", is_flag=True, help="Only staff.")
@click.option("--disabled", is_flag=True, help="Only those who are disabled.")
@click.option("--names", is_flag=True, help="One username a line, and nothing else.")
def list_accounts(staff: bool, disabled: bool, names: bool) -> None:
    """Show all accounts, the oldest first."""
    with _staff_use_cases() as blog:
        for account in _accounts(blog):
            if (staff and not account.is_staff) or (disabled and account.is_active):
                continue
            if names:
                click.echo(account.username)
                continue
            rights = ["staff"] * account.is_staff + ["disabled"] * (not account.is_active)
            columns = (f"{account.id}", account.username, account.email, account.joined, *rights)
            click.echo("  ".join(columns))


def _accounts(blog: Blog) -> Iterator[StaffUser]:
    found = blog.staff.list_users(OPERATOR)
    while found:
        yield from found
        found = blog.staff.list_users(OPERATOR, after=found[-1].id)


@user.command()
@click.argument("names", metavar="NAME...", nargs=-1, required=True)
def disable(names: tuple[str, ...]) -> None:
    """Shut users out: they cannot sign in, and their tokens and sessions end.

    What they published stays. All are disabled, or none.
    """
    _set_active(names, active=False)


@user.command()
@click.argument("names", metavar="NAME...", nargs=-1, required=True)
def enable(names: tuple[str, ...]) -> None:
    """Let users in again who were disabled."""
    _set_active(names, active=True)


def _set_active(names: tuple[str, ...], *, active: bool) -> None:
    with _staff_use_cases() as blog:
        found = [_account(blog, name) for name in names]
        blog.staff.set_active(OPERATOR, [account.id for account in found], active=active)
    for account in found:
        click.echo(f"{account.username} is {'enabled' if active else 'disabled'}.")


@user.command(
    "set-password",
    epilog=f"""\b
Examples:
  triptych user set-password ada
  {PASSWORD_VARIABLE}=... triptych user set-password ada
  pass show blog/ada | triptych user set-password ada --password-stdin
""",
)
@click.argument("name")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
def set_password(name: str, password_stdin: bool) -> None:
    """Give a user another password, and end their tokens and sessions.

    The password is asked for, or taken from BLOG_NEW_PASSWORD or standard input.
    """
    with _staff_use_cases() as blog:
        account = _account(blog, name)
        try:
            changes = AccountChanges(password=_new_password(password_stdin))
            blog.staff.change_user(OPERATOR, account.id, changes)
        except ValidationError as error:
            raise _refused(invalid(AccountChanges, error.errors())) from None
        except Invalid as error:
            raise _refused(error) from None
    click.echo(f"{account.username} has another password.")


def _account(blog: Blog, name: str) -> StaffUser:
    try:
        return blog.staff.find_user(OPERATOR, name)
    except NotFound:
        raise Failure(f"There is no user {name}.", REFUSED) from None


def _refused(error: Invalid) -> Failure:
    problem = error.errors[0]
    return Failure(f"{problem.field}: {problem.message}", REFUSED)


@contextmanager
def _staff_use_cases() -> Iterator[Blog]:
    settings = _settings()
    with _database(settings), closing(build(settings)) as blog:
        blog.check()
        yield blog


@cli.group("import")
def import_() -> None:
    """Bring along what another application has."""


def _columns(
    context: click.Context, parameter: click.Parameter, given: tuple[str, ...]
) -> dict[str, str]:
    columns = {}
    for one in given:
        field, equals, name = one.partition("=")
        if not equals or not name or field not in tables.COLUMNS:
            raise click.BadParameter(f"Use FIELD=NAME with one of {', '.join(tables.COLUMNS)}.")
        columns[field] = name
    return columns


@import_.command(
    "users",
    epilog=f"""\b
Fields, and the columns that they are taken from unless --column says otherwise:
{chr(10).join(f"  {field:10}{', '.join(names)}" for field, names in tables.COLUMNS.items())}

\b
Examples:
  python manage.py dumpdata auth.user | triptych import users - --dry-run
  triptych import users dump.json --allow-staff --missing-email-domain example.org
  triptych import users users.csv --column password=pw --report refused.jsonl
  triptych import users users.csv --skip-refused

\b
Exit codes:
  0  everybody is there now; with --skip-refused: all but those reported
  7  somebody was refused, and nobody was imported
  8  the file cannot be read, or is no table of users
  All others are those of `triptych --help`.
""",
)
@click.argument("file", metavar="FILE")
@click.option(
    "--format",
    "kind",
    type=click.Choice(["csv", "jsonl", "json", "django"]),
    help="By default the file's beginning tells.",
)
@click.option(
    "--column",
    "columns",
    multiple=True,
    metavar="FIELD=NAME",
    callback=_columns,
    help="From which column a field is taken; as often as needed.",
)
@click.option("--model", default="auth.user", show_default=True, help="The users of a dump.")
@click.option("--allow-staff", is_flag=True, help="Bring staff along as staff, else refuse them.")
@click.option(
    "--missing-email-domain",
    metavar="DOMAIN",
    help="Who has no email gets USERNAME@DOMAIN, else is refused.",
)
@click.option("--skip-refused", is_flag=True, help="Import the others.")
@click.option("--dry-run", is_flag=True, help="Only say what would be done.")
@click.option(
    "--report",
    type=click.File("w", encoding="utf-8", lazy=False),
    help="Write who was refused or there already, and why, as JSON lines.",
)
def import_users(
    *,
    file: str,
    kind: tables.Format | None,
    columns: dict[str, str],
    model: str,
    allow_staff: bool,
    missing_email_domain: str | None,
    skip_refused: bool,
    dry_run: bool,
    report: IO[str] | None,
) -> None:
    """Bring users along with the hashes of their passwords; - is standard input.

    FILE is CSV, JSON lines, a JSON array, or what Django's `dumpdata` writes. All users are
    imported in one transaction, or none. Who is there already with the same username and email
    stays as they are, so that the command may be repeated. Nobody's password changes: at the first
    sign-in its hash is rewritten in the blog's own format.
    """
    settings = _settings()
    wanted = tables.Wanted(columns, model, _needed(missing_email_domain))
    try:
        with _opened(file) as stream:
            brought, refused = bringing.read(
                tables.rows(stream, wanted, kind), missing_email_domain
            )
    except tables.BadFile as error:
        raise Failure(f"{bringing.called(file)}: {error}", BAD_FILE) from None
    with _database(settings), closing(build(settings)) as blog, _progress(len(brought)) as progress:
        blog.check()
        task = progress.add_task("Importing", total=len(brought))
        try:
            outcome = blog.importing.users(
                brought,
                refused,
                allow_staff=allow_staff,
                skip_refused=skip_refused,
                dry_run=dry_run,
                done=lambda count: progress.advance(task, count),
            )
        except Taken:
            raise Failure(
                "Somebody signed up with one of these names: try again.", REFUSED
            ) from None
    if report is not None:
        report.writelines(bringing.report_lines(outcome))
    bringing.tell(outcome, shown(settings.database_url), dry_run=dry_run)
    if outcome.refused and not skip_refused:
        raise Failure(bringing.verdict(outcome), REFUSED)


def _needed(missing_email_domain: str | None) -> tuple[str, ...]:
    return tuple(
        field for field in tables.NEEDED if field != "email" or missing_email_domain is None
    )


@contextmanager
def _opened(file: str) -> Iterator[IO[bytes]]:
    if file == "-":
        yield sys.stdin.buffer
        return
    try:
        stream = Path(file).open("rb")  # noqa: SIM115 # closed below
    except OSError as error:
        raise Failure(f"{file} cannot be read: {error.strerror}.", BAD_FILE) from None
    with stream:
        yield stream


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


@cli.command(
    short_help="Say what stands in the way of running the blog well.",
    epilog="""\b
Examples:
  triptych doctor                   the site as BLOG_* variables describe it
  triptych doctor --workers 8       of all servers together
  triptych doctor --json | jq .worst

\b
Exit codes:
  0   all is fine
  9   something is worth a warning
  10  something keeps the blog from running, or from being safe
""",
)
@click.option("--json", "as_json", is_flag=True, help="For machines.")
@click.option("--workers", type=click.IntRange(1, 10_000), default=2, show_default=True)
def doctor(*, as_json: bool, workers: int) -> None:
    """Look at settings, versions, database, schema, clocks, store of limits, files and disk.

    Changes nothing. Says of each what it found, and what to do where it is not fine.
    """
    plan = examination.Plan(workers=workers)
    findings = list(examination.examine(os.environ, plan))
    if as_json:
        click.echo(json.dumps(examination.as_json(findings), indent=2))
    else:
        examination.tell(_console(), findings)
    sys.exit({"fine": 0, "warning": WARNED, "failure": FAILED}[examination.worst(findings)])


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
