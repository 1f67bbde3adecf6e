"""The contract suite, some tests of it, against one target in a process of its own.

    found = outcomes("wsgi:tests.mutants.sorted_keys:app", {"test_posts::test_..."}, file, folder)

A process is forked from one in which the heavy libraries are imported already: a run takes a
fraction of a second and what its tests take.
"""

import logging
import multiprocessing
import os
import sys
from collections.abc import Iterable, Mapping
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest

from blog_core.telemetry.logs import log as front_log
from tests.workers import GENEROUS, ORIGIN, SECRET

SECONDS = 600

_processes = multiprocessing.get_context("forkserver")
# Nothing of the adapters: a mutant may have to be there first. Nothing that reads the environment.
_processes.set_forkserver_preload(
    [
        "apispec",
        "blog_contract.client",
        "blog_core.http.asgi",
        "blog_core.http.wsgi",
        "blog_core.wiring",
        "django.core.handlers.wsgi",
        "fastapi",
        "flask",
        "http_parity.targets",
        "inflection",  # this and the following are what REST framework and its schemas take along
        "markdown",
        "psycopg",
        "pygments.lexers",
        "requests",
    ]
)


def environment(database: Path, limits: Mapping[str, str] = GENEROUS) -> dict[str, str]:
    """That of a process in which the blog in this file is served, or a mutant of it."""
    return {
        "BLOG_CORS_ORIGINS": ORIGIN,
        "BLOG_DATABASE_URL": f"sqlite:///{database}",
        "BLOG_SECRET_KEY": SECRET,
        **limits,
    }


def outcomes(
    target: str,
    tests: Iterable[str],
    database: Path,
    folder: Path,
    *,
    crashes: bool = False,
    limits: Mapping[str, str] = GENEROUS,
) -> dict[str, bool]:
    """Of these tests, which passed in every case and which failed in one.

    A test is named `module::function`: `test_….py` of the contract suite, any other module of
    `tests`. Raises AssertionError with what pytest said where one could not begin or end, and
    unless the front logged an unexpected error exactly where the target `crashes`.
    """
    ours, theirs = _processes.Pipe()
    log = folder / "pytest.log"
    given = (target, sorted(tests), environment(database, limits), log, crashes, theirs)
    process = _processes.Process(target=_run, args=given)
    process.start()
    theirs.close()
    try:
        found: dict[str, bool] | None = ours.recv() if ours.poll(SECONDS) else None
    except EOFError:
        found = None
    finally:
        ours.close()
        process.join(10)
        if process.is_alive():
            process.kill()
            process.join()
    assert found is not None, log.read_text("utf-8") if log.exists() else f"{target}: no outcome"
    return found


class _Outcomes(logging.Handler):
    """Notes what became of each test, which could not begin or end, and what the front logged."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.found: dict[str, bool] = {}
        self.errors: list[str] = []
        self.crashed = False

    def emit(self, record: logging.LogRecord) -> None:
        self.crashed = True

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        file, _, name = report.location
        test = f"{Path(file).stem}::{name.partition('[')[0]}"
        if report.when == "call":
            self.found[test] = self.found.get(test, True) and report.passed
        elif report.failed:
            self.errors.append(report.nodeid)


def _run(
    target: str,
    tests: list[str],
    environ: Mapping[str, str],
    log: Path,
    crashes: bool,
    connection: "Connection[Any, Any]",
) -> None:
    with log.open("w", encoding="utf-8") as stream:
        os.dup2(stream.fileno(), 1)
        os.dup2(stream.fileno(), 2)
    os.chdir(log.parent)
    for name in [name for name in os.environ if name.startswith("PYTEST_")]:
        del os.environ[name]
    # Of the plugins that are installed none but the suite's is needed; some load slowly.
    os.environ |= {**environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    noted = _Outcomes()
    front_log.addHandler(noted)
    options = ["-q", "--tb=short", "-p", "no:cacheprovider", "-p", "blog_contract.plugin"]
    # Of these modules an assertion that fails says what was compared.
    options += ["-o", "python_files=test_*.py set_limits.py stored_rows.py"]
    names = [f"{'blog_contract' if test.startswith('test_') else 'tests'}.{test}" for test in tests]
    code = pytest.main(
        [*options, f"--rootdir={log.parent}", "--target", target, "--pyargs", *names],
        plugins=[noted],
    )
    whole = code in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED) and not noted.errors
    if whole and noted.crashed is crashes:
        connection.send(noted.found)
    elif whole:
        # A mutant that its adapter has outgrown fails every test, and proves nothing.
        print("an unexpected error, see above" if noted.crashed else "no unexpected error")  # noqa: T201 # for the log
    sys.stdout.flush()
    connection.close()
