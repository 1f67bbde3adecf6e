"""Send the same made-up requests to every implementation and print what differs.

    python -m tests.parity --examples 2000 --seed 7
    python -m tests.parity --servers
    python -m tests.parity --databases --examples 5000

Each has a database of its own, with the same rows before every sequence of requests. Ends with 1
where a difference is found.
"""

import argparse
import os
import secrets
import shutil
import sys
import tempfile
import threading
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from blog_core.storage import migrate
from http_parity.differences import Difference
from http_parity.engine import compare
from http_parity.exchange import Answer, Request
from http_parity.openapi import Document, read_document
from http_parity.report import Report
from http_parity.report_text import text
from http_parity.rules import Rule, Rules
from http_parity.runners import open_runner
from http_parity.sequence import Step
from http_parity.targets import TargetSpec
from tests.parity.restore import SEED, Rows
from tests.seeds import PASSWORD, USERS, seeded, token_of
from tests.workers import GENEROUS, ORIGIN, SECRET, TARGETS
from tools.databases import NoServer, scratch_database, server_url
from tools.with_blog import serving

DATABASES = (
    ("flask-wsgi", "sqlite"),
    ("flask-wsgi", "postgresql"),
    ("flask-wsgi", "mariadb"),
    ("django-wsgi", "postgresql"),
    ("fastapi-asgi", "mariadb"),
)
"""One framework on each database, then the others on those that are servers."""

SERVERS = ("django-gunicorn", "flask-gunicorn", "fastapi-uvicorn", "fastapi-granian")
"""Each framework and each kind of server; not granian's WSGI, which loses what was asked."""

RULES = Rules(
    [
        Rule(
            where,
            "the document may differ in form; tests/test_openapi.py holds its meaning",
            operation="* /openapi.json",
            kinds=("any",),
        )
        for where in ("body", "header:content-length")
    ]
)
"""What the contract leaves open beside the server's own fields; what is made up needs no rule."""


class ServerRules(Rules):
    """The same, where a server may refuse a request before any application sees it."""

    REFUSED = "all: the server refused it itself, before any application saw it"

    @property
    def sentences(self) -> tuple[str, ...]:
        """Every rule as reports print it."""
        return (*super().sentences, self.REFUSED)

    def judge(
        self, differences: Iterable[Difference], step: Step, a: Answer | None, b: Answer | None
    ) -> tuple[list[Difference], list[str]]:
        """As in `Rules`; nothing is left where an answer lacks what the applications send."""
        for answer in (a, b):
            if answer is not None and answer.status >= 400 and not answer.header("X-Request-ID"):
                return [], [self.REFUSED]
        return super().judge(differences, step, a, b)


KNOWN = [
    *({"username": name, "password": PASSWORD} for name in USERS),
    *({"token": token_of(name)} for name in ("bob", "sam", "ada")),
]


def main() -> int:
    """Make the databases, compare, print."""
    parser = argparse.ArgumentParser(prog="python -m tests.parity", description=__doc__)
    parser.add_argument("--examples", type=int, default=2_000, help="requests (2000)")
    parser.add_argument("--seed", type=int, default=None, help="makes the same requests again")
    parser.add_argument("--servers", action="store_true", help="behind production servers")
    parser.add_argument(
        "--databases", action="store_true", help="on SQLite, PostgreSQL and MariaDB, in process"
    )
    arguments = parser.parse_args()
    if arguments.servers and arguments.databases:
        parser.error("--servers and --databases are one at a time")
    seed = secrets.randbelow(10**6) if arguments.seed is None else arguments.seed
    print(f"seed {seed}, {arguments.examples} requests", flush=True)
    with tempfile.TemporaryDirectory(prefix="triptych-parity-") as directory:
        kind = in_process
        if arguments.servers:
            kind = behind_servers
        elif arguments.databases:
            kind = on_databases
        with kind(Path(directory)) as targets:
            source = document_of(targets[0])
            result = compare(
                targets,
                document=source,
                examples=arguments.examples,
                seed=seed,
                rules=ServerRules(RULES.declared) if arguments.servers else RULES,
                known=KNOWN,
                wire=not arguments.servers,
            )
    show(Report(result, tuple(targets)), read_document(source))
    return 1 if result.findings else 0


@contextmanager
def in_process(folder: Path) -> Iterator[list[TargetSpec]]:
    """The four applications, each in a process and on a database of its own."""
    seed = seeded(folder)
    specs = []
    for name, address in TARGETS.items():
        env = environ(folder, name, seed)
        specs.append(TargetSpec(address, name, reset="tests.parity.restore:restore", env=env))
    yield specs


@contextmanager
def on_databases(folder: Path) -> Iterator[list[TargetSpec]]:
    """The applications of `DATABASES`, each in a process and on a scratch database of its own."""
    seed = seeded(folder)
    with ExitStack() as stack:
        specs = []
        for target, kind in DATABASES:
            name = f"{target.partition('-')[0]}-{kind}"
            env = environ(folder, name, seed)
            if kind != "sqlite":
                url = stack.enter_context(scratch_database(server_url(kind), "triptych_parity"))
                migrate.upgrade(url)
                env["BLOG_DATABASE_URL"] = url
            reset = "tests.parity.restore:restore"
            specs.append(TargetSpec(TARGETS[target], name, reset=reset, env=env))
        yield specs


@contextmanager
def behind_servers(folder: Path) -> Iterator[list[TargetSpec]]:
    """A server for each of `SERVERS`, on a database of its own."""
    seed = seeded(folder)
    with ExitStack() as stack:
        specs = []
        for name in SERVERS:
            framework, _, server = name.partition("-")
            env = environ(folder, name, seed)
            url = stack.enter_context(serving(framework, server, folder / f"{name}.log", env))
            path = env["BLOG_DATABASE_URL"].removeprefix("sqlite:///")
            specs.append(TargetSpec(url, name, reset=Reset(path, env[SEED])))
        yield specs


class Reset(threading.local):
    """Restores a server's database; SQLite's connections stay in the thread that made them."""

    def __init__(self, path: str, seed: str) -> None:
        self._rows = Rows(path, seed)

    def __call__(self) -> None:
        self._rows.restore()


def environ(folder: Path, name: str, seed: Path) -> dict[str, str]:
    """The environment of a target, with a database of its own that holds the seeded rows."""
    database = folder / f"{name}.sqlite3"
    shutil.copyfile(seed, database)
    return {
        **os.environ,
        "BLOG_CORS_ORIGINS": ORIGIN,
        "BLOG_DATABASE_URL": f"sqlite:///{database}",
        "BLOG_SECRET_KEY": SECRET,
        **GENEROUS,
        SEED: str(seed),
    }


def document_of(spec: TargetSpec) -> bytes:
    """The OpenAPI document that the target serves."""
    runner = open_runner(spec, spec.name)
    try:
        return runner.target.send(Request("GET", "/openapi.json")).body
    finally:
        runner.close()


def show(report: Report, document: Document) -> None:
    """Print what was reached, then what differs by cause and what was free to."""
    for operation in document.operations:
        counts = report.result.operations[operation.name]
        said = ", ".join(f"{status} x{count}" for status, count in counts.items())
        print(f"  {operation.name}: {said}")
    print(f"\n{text(report)}", end="")


if __name__ == "__main__":
    try:
        sys.exit(main())
    except NoServer as error:
        sys.exit(str(error))
