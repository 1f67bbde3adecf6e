"""What stands in the way of running the blog well: what each check found, and what to do."""

import importlib.metadata
import importlib.util
import os
import platform
import shutil
import sqlite3
import stat
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from rich.console import Console
from rich.table import Table
from rich.text import Text
from sqlalchemy import Connection, make_url, text
from sqlalchemy.exc import DBAPIError

from blog_core.domain.errors import Unavailable
from blog_core.settings import UNSAFE_WORDS, Settings, SettingsError
from blog_core.storage import migrate
from blog_core.storage.engine import USERS, WRITERS, reading_engine, translated

Level = Literal["fine", "warning", "failure"]

# With statements that answer with what they wrote, and with the search that each of them has.
OLDEST = {"sqlite": (3, 35), "postgresql": (13,), "mariadb": (10, 6)}
# Bytes free for an SQLite file, its log and whatever else is there.
LITTLE_SPACE = 1024**3
NO_SPACE = 100 * 1024**2
# Seconds between our clock and another's; what expires does so by ours.
SKEW = 1.0
MUCH_SKEW = 30.0
# Milliseconds: about as long as a request waits for the limits' store, once.
SLOW_STORE = 50.0
# Of one worker: each use case takes its turn first, however many threads there are.
CONNECTIONS = USERS + WRITERS
FEW_CHARACTERS = 12

DISTRIBUTIONS = (
    *("blog-core", "django", "flask", "fastapi", "sqlalchemy", "psycopg", "pymysql", "redis"),
    *("gunicorn", "uvicorn", "granian"),
)


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found; `advice` says what to do where it is not fine."""

    check: str
    level: Level
    message: str
    advice: str = ""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How the site is to be served: what only whoever starts it knows."""

    workers: int = 2
    now: Callable[[], datetime] = lambda: datetime.now(UTC)


def examine(environ: Mapping[str, str], plan: Plan) -> Iterator[Finding]:
    """Everything that is found, check by check. Changes nothing, in the database neither."""
    try:
        # With every word allowed, so that each that is missing is named and not the first alone.
        settings = Settings.from_env({**environ, "BLOG_ALLOW": ",".join(UNSAFE_WORDS)})
        allowed = _allowed(environ)
    except SettingsError as error:
        yield Finding("settings", "failure", str(error))
        return
    yield from _settings(settings, allowed)
    yield from _secret(settings)
    yield from _limits(settings, plan)
    yield from _parts(settings)
    yield Finding("versions", "fine", ", ".join(_versions()))
    yield from _files(settings)
    yield from _database(settings, plan)
    yield from _store(settings, plan)
    if settings.drain_file and Path(settings.drain_file).exists():
        yield Finding(
            "service",
            "warning",
            f"{settings.drain_file} exists: /readyz is 503.",
            "Remove it where this process is to be sent requests.",
        )


def as_json(findings: list[Finding]) -> dict[str, Any]:
    """The same for machines."""
    return {"worst": worst(findings), "findings": [asdict(finding) for finding in findings]}


def worst(findings: list[Finding]) -> Level:
    levels = {finding.level for finding in findings}
    ordered: tuple[Level, ...] = ("failure", "warning", "fine")
    return next(level for level in ordered if level in levels)


_MARKS = {"fine": ("✓", "green"), "warning": ("!", "yellow"), "failure": ("✗", "bold red")}


def tell(console: Console, findings: list[Finding]) -> None:
    """The same for people: what is wrong last, where it is seen."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_header=False)
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    order = list(_MARKS)
    for finding in sorted(findings, key=lambda one: order.index(one.level)):
        mark, style = _MARKS[finding.level]
        said = Text(finding.message)
        if finding.advice:
            said.append(f"\n{finding.advice}", "dim")
        table.add_row(Text(mark, style), Text(finding.check), said)
    console.print(table)
    counts = {level: sum(one.level == level for one in findings) for level in order}
    console.print(
        f"\n{counts['fine']} fine, {_counted(counts['warning'], 'warning')},"
        f" {_counted(counts['failure'], 'failure')}"
    )


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


# --- settings ------------------------------------------------------------------------------------


def _allowed(environ: Mapping[str, str]) -> tuple[str, ...]:
    given = {"BLOG_ALLOW": environ.get("BLOG_ALLOW", "")}
    return Settings.from_env(given).allow


def _settings(settings: Settings, allowed: tuple[str, ...]) -> Iterator[Finding]:
    production = settings.profile == "production"
    found = False
    for unsafe in settings.unsafe():
        found = True
        sentence = f"{unsafe.variable}: {unsafe.reason}"
        if not production:
            advice = "BLOG_PROFILE=production refuses to start with it."
            yield Finding("settings", "warning", sentence, advice)
        elif unsafe.word in allowed:
            yield Finding("settings", "warning", sentence, f"BLOG_ALLOW has {unsafe.word}.")
        else:
            advice = f"The blog does not start, unless BLOG_ALLOW has {unsafe.word}."
            yield Finding("settings", "failure", sentence, advice)
    if not production:
        advice = "Say BLOG_PROFILE=production where others reach the site."
        yield Finding("settings", "warning", "The profile is development.", advice)
    elif not found:
        yield Finding("settings", "fine", "Nothing in them is unsafe.")


def _secret(settings: Settings) -> Iterator[Finding]:
    if "default" in settings.shown()["BLOG_SECRET_KEY"]:
        message = "BLOG_SECRET_KEY is the one that everybody knows."
    elif len(set(settings.secret_key)) < FEW_CHARACTERS:
        message = "BLOG_SECRET_KEY repeats a few characters, and can be guessed."
    else:
        yield Finding("secret", "fine", "BLOG_SECRET_KEY is the site's own.")
        return
    yield Finding(
        "secret",
        "failure" if settings.profile == "production" else "warning",
        message,
        'Make one with `python -c "import secrets; print(secrets.token_urlsafe(48))"`.',
    )


def _limits(settings: Settings, plan: Plan) -> Iterator[Finding]:
    if settings.limits_store == "memory" and plan.workers > 1:
        yield Finding(
            "limits",
            "warning",
            f"Each of {plan.workers} workers counts for itself: {plan.workers} times as much "
            "passes.",
            "Set BLOG_LIMITS_STORE to database, or to redis://HOST/DATABASE.",
        )
    for name in ("writes", "reads"):
        if getattr(settings, f"limit_{name}") is None:
            message = f"BLOG_LIMIT_{name.upper()} is off: one client can take all there is."
            yield Finding("limits", "warning", message, "Say a rate, as 1200/minute.")


# --- what is installed ---------------------------------------------------------------------------


def _parts(settings: Settings) -> Iterator[Finding]:
    backend = make_url(settings.database_url).get_backend_name()
    driver = {"postgresql": ("psycopg", "postgresql"), "mariadb": ("pymysql", "mariadb")}
    driver["mysql"] = driver["mariadb"]
    needed = [driver[backend]] if backend in driver else []
    if settings.metrics:
        needed.append(("prometheus_client", "metrics"))
    if settings.tracing:
        needed.append(("opentelemetry.sdk", "tracing"))
    if settings.openid:
        needed.append(("authlib", "openid"))
    if settings.limits_store.startswith("redis"):
        needed.append(("redis", "redis"))
    for module, extra in needed:
        if not _is_there(module):
            yield Finding(
                "installation",
                "failure",
                f"{module} is not installed, and the settings need it.",
                f"pip install 'blog-core[{extra}]'",
            )


def _is_there(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:
        return False


def _versions() -> Iterator[str]:
    yield f"Python {platform.python_version()}"
    for name in DISTRIBUTIONS:
        with suppress(importlib.metadata.PackageNotFoundError):
            yield f"{name} {importlib.metadata.version(name)}"
    yield f"SQLite library {sqlite3.sqlite_version}"


# --- the file ------------------------------------------------------------------------------------


def _files(settings: Settings) -> Iterator[Finding]:
    url = make_url(settings.database_url)
    if url.drivername != "sqlite":
        return
    file = Path(f"{url.database}").absolute()
    if not file.parent.is_dir():
        yield Finding("files", "failure", f"There is no directory {file.parent}.", "Make it.")
        return
    places = [place for place in (file.parent, file) if place.exists()]
    closed = [place for place in places if not os.access(place, os.R_OK | os.W_OK)]
    if closed:
        yield Finding(
            "files",
            "failure",
            f"{closed[0]} cannot be written by this user.",
            "Give it, its directory and the files beside it to the user that serves the blog.",
        )
    elif file.exists() and file.stat().st_mode & (stat.S_IROTH | stat.S_IWOTH):
        yield Finding(
            "files",
            "warning",
            f"Every user of this machine can open {file}: password hashes and emails are in it.",
            f"chmod o-rwx {file}",
        )
    else:
        yield Finding("files", "fine", f"{file} is this user's to write.")
    free = shutil.disk_usage(file.parent).free
    space = f"{free / 1024**2:,.0f} MiB are free beside {file}."
    if free < LITTLE_SPACE:
        level: Level = "failure" if free < NO_SPACE else "warning"
        yield Finding("disk", level, space, "Make room: without it every write is refused.")
    else:
        yield Finding("disk", "fine", space)
    if not Path(f"{url.database}").is_absolute():
        yield Finding(
            "files",
            "warning",
            f"BLOG_DATABASE_URL names {url.database} beside wherever the blog is started.",
            "Use the whole path, with four slashes.",
        )


# --- the database --------------------------------------------------------------------------------


def _database(settings: Settings, plan: Plan) -> Iterator[Finding]:
    url = make_url(settings.database_url)
    shown = url.set(query={}).render_as_string()
    if url.drivername == "sqlite" and not Path(f"{url.database}").exists():
        # To connect would make it.
        yield Finding("database", "failure", f"There is no {url.database}.", "triptych migrate")
        return
    begun = time.perf_counter()
    try:
        engine = reading_engine(settings.database_url)
    except ModuleNotFoundError:
        return  # said already
    try:
        with translated(), engine.connect() as connection:
            took = (time.perf_counter() - begun) * 1000
            yield Finding("database", "fine", f"{shown} answers, after {took:.0f} ms.")
            yield from _server(connection)
            yield from _durable(connection)
            yield from _schema(connection)
            yield from _connections(connection, settings, plan)
            yield from _database_clock(connection, plan)
    except (Unavailable, DBAPIError) as error:
        cause = error.__cause__ if isinstance(error, Unavailable) else error
        reason = " ".join(f"{getattr(cause, 'orig', None) or error}".split())
        advice = "See that it runs, and that BLOG_DATABASE_URL names it."
        yield Finding("database", "failure", f"{shown} does not answer: {reason}", advice)
    finally:
        engine.dispose()


def _kind(connection: Connection) -> str:
    name = connection.dialect.name
    return "mariadb" if name == "mysql" else name


def _server(connection: Connection) -> Iterator[Finding]:
    kind = _kind(connection)
    version = connection.dialect.server_version_info or ()
    written = ".".join(f"{part}" for part in version)
    oldest = OLDEST[kind]
    if tuple(version[: len(oldest)]) < oldest:
        least = ".".join(f"{part}" for part in oldest)
        yield Finding("database", "failure", f"{kind} is {written}.", f"Use {least} or later.")
    else:
        yield Finding("database", "fine", f"{kind} is {written}.")


# What must be so that an answered write survives a loss of power.
_DURABLE: dict[str, dict[str, tuple[str, ...]]] = {
    "sqlite": {"journal_mode": ("wal",), "synchronous": ("2", "3"), "foreign_keys": ("1",)},
    "postgresql": {
        "fsync": ("on",),
        "synchronous_commit": ("on", "remote_write", "remote_apply", "local"),
        "full_page_writes": ("on",),
    },
    "mariadb": {"innodb_flush_log_at_trx_commit": ("1",)},
}
_ASKS = {"sqlite": "PRAGMA {}", "postgresql": "SHOW {}", "mariadb": "SELECT @@{}"}


def _durable(connection: Connection) -> Iterator[Finding]:
    kind = _kind(connection)
    found = {
        name: f"{connection.scalar(text(_ASKS[kind].format(name)))}" for name in _DURABLE[kind]
    }
    wrong = [name for name, value in found.items() if value not in _DURABLE[kind][name]]
    for name in wrong:
        wanted = _DURABLE[kind][name][0]
        yield Finding(
            "durability",
            "failure",
            f"{name} is {found[name]}: an answered write may be lost, or break the rules.",
            f"Set it to {wanted}; for SQLite use a disk of this machine.",
        )
    if not wrong:
        said = ", ".join(f"{name} is {value}" for name, value in found.items())
        yield Finding("durability", "fine", f"{said}.")


def _schema(connection: Connection) -> Iterator[Finding]:
    match migrate.state(connection):
        case "current":
            yield Finding("schema", "fine", "It is the one of this release.")
        case "absent":
            yield Finding("schema", "failure", "There are no tables.", "triptych migrate")
        case "behind":
            message = "It is the one of an earlier release."
            yield Finding("schema", "failure", message, "triptych migrate")
        case "ahead":
            yield Finding(
                "schema",
                "warning",
                "A later release has migrated it; this one is served until the next step.",
                "Finish the change of release: see docs/schema-changes.md.",
            )


def _connections(connection: Connection, settings: Settings, plan: Plan) -> Iterator[Finding]:
    kind = _kind(connection)
    if kind == "sqlite":
        return
    if kind == "postgresql":
        most = int(f"{connection.scalar(text('SHOW max_connections'))}")
        most -= int(f"{connection.scalar(text('SHOW superuser_reserved_connections'))}")
    else:
        most = int(f"{connection.scalar(text('SELECT @@max_connections'))}")
    needed = plan.workers * (CONNECTIONS + (settings.limits_store == "database"))
    said = f"{plan.workers} workers keep up to {needed} connections; the server has {most}."
    if needed > most:
        advice = "Serve with fewer workers, raise max_connections, or put a pooler between."
        yield Finding("connections", "failure", said, advice)
    elif 2 * needed > most:
        advice = "Two such servers, as during a change of release, take too many."
        yield Finding("connections", "warning", said, advice)
    else:
        yield Finding("connections", "fine", said)


def _database_clock(connection: Connection, plan: Plan) -> Iterator[Finding]:
    kind = _kind(connection)
    if kind == "sqlite":
        return
    asked = "SELECT clock_timestamp()" if kind == "postgresql" else "SELECT UTC_TIMESTAMP(6)"
    before = plan.now()
    theirs: Any = connection.scalar(text(asked))
    after = plan.now()
    theirs = theirs if theirs.tzinfo else theirs.replace(tzinfo=UTC)
    yield _skew("the database", theirs, before, after)


def _skew(whose: str, theirs: datetime, before: datetime, after: datetime) -> Finding:
    """What a clock says that was read between the two."""
    off = max((before - theirs).total_seconds(), (theirs - after).total_seconds(), 0.0)
    if off <= SKEW:
        return Finding("clock", "fine", f"That of {whose} is within {SKEW:g} s of this machine's.")
    level: Level = "failure" if off > MUCH_SKEW else "warning"
    message = f"That of {whose} is {off:,.1f} s from this machine's."
    return Finding("clock", level, message, "Have both follow NTP.")


# --- the store of limits -------------------------------------------------------------------------


def _store(settings: Settings, plan: Plan) -> Iterator[Finding]:
    if not settings.limits_store.startswith("redis") or not _is_there("redis"):
        return
    import redis  # noqa: PLC0415 # for those who have it

    shown = settings.shown()["BLOG_LIMITS_STORE"]
    client = redis.Redis.from_url(settings.limits_store, socket_connect_timeout=2, socket_timeout=2)
    try:
        client.ping()
        begun = time.perf_counter()
        client.ping()
        took = (time.perf_counter() - begun) * 1000
        before = plan.now()
        seconds, micros = client.time()
        after = plan.now()
    except (redis.RedisError, OSError) as error:
        yield Finding(
            "limits",
            "failure",
            f"The store {shown} does not answer: {' '.join(f'{error}'.split())}",
            "Start it; until then each process counts for itself.",
        )
        return
    finally:
        client.close()
    if took > SLOW_STORE:
        message = f"The store {shown} takes {took:.0f} ms."
        yield Finding("limits", "warning", message, "Each limited request waits for it: move it.")
    else:
        yield Finding("limits", "fine", f"The store {shown} answers within {took:.1f} ms.")
    theirs = datetime.fromtimestamp(seconds + micros / 1e6, UTC)
    yield _skew("the limits' store", theirs, before, after)
