"""Every planted fault turns the contract suite red, and only the fault does."""

import ast
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from blog_contract.client import Client
from blog_core.storage import migrate
from http_parity.errors import TargetError
from http_parity.targets import open_target
from tests.mutants import MUTANTS, Mutant
from tests.runs import environment, outcomes
from tests.workers import GENEROUS, ONCE

pytestmark = pytest.mark.once

ROOT = Path(__file__).parent.parent
TARGETS = sorted({mutant.target for mutant in MUTANTS})
OWN = ("set_limits", "stored_rows")
"""The modules of tests beside the suite: what it cannot make, or never reaches."""

OWN_TESTS = {test for mutant in MUTANTS for test in mutant.tests if test.partition("::")[0] in OWN}
SECONDS = 120
FILE = "blog.sqlite3"


@contextmanager
def serving(mutant: Mutant, database: Path) -> Iterator[str]:
    """The URL of a server with so many processes of the mutant."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    kind, _, application = mutant.address.partition(":")
    server = {
        "asgi": ["uvicorn", "--port", str(port), "--log-level", "error"],
        "wsgi": ["gunicorn", "--bind", f"127.0.0.1:{port}", "--log-level", "error"],
    }[kind]
    workers = ["--workers", str(mutant.processes)]
    command = [sys.executable, "-m", *server, *workers, application]
    env = os.environ | environment(database) | {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, cwd=ROOT, env=env) as process:
        try:
            url = f"http://127.0.0.1:{port}"
            wait_for(url, process)
            yield url
        finally:
            process.terminate()


def wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        try:
            target = open_target(url)
            if Client(target).get("/readyz").status == 200:
                target.close()
                return
        except TargetError:
            time.sleep(0.1)
    raise AssertionError(f"nothing answers on {url}")


def on_target(target: str, folder: Path) -> dict[str, bool]:
    """What all tests that are named for a target's mutants say of the target itself."""
    tests = {test for mutant in MUTANTS if mutant.target == target for test in mutant.tests}
    tests |= OWN_TESTS
    limited = {test for test in tests if is_limited(test)}
    found = outcomes(target, tests - limited, folder / FILE, folder)
    return found | outcomes(target, limited, folder / FILE, folder, limits=ONCE)


def on_mutant(mutant: Mutant, folder: Path) -> dict[str, bool]:
    """What the tests that are named for a mutant say of it."""
    if not mutant.processes:
        limits = ONCE if any(map(is_limited, mutant.tests)) else GENEROUS
        return outcomes(
            mutant.address,
            mutant.tests,
            folder / FILE,
            folder,
            crashes=mutant.crashes,
            limits=limits,
        )
    with serving(mutant, folder / FILE) as url:
        return outcomes(url, mutant.tests, folder / FILE, folder)


def is_limited(test: str) -> bool:
    return test.startswith("set_limits::")


@pytest.fixture(scope="module")
def runs(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Future[dict[str, bool]]]]:
    """Each run of the suite that is asked for, by target or mutant; two at a time."""
    asked = {
        mutant
        for item in request.session.items
        if isinstance(item, pytest.Function) and hasattr(item, "callspec")
        if isinstance(mutant := item.callspec.params.get("mutant"), Mutant)
    }
    migrated = tmp_path_factory.mktemp("migrated") / FILE
    migrate.upgrade(f"sqlite:///{migrated}")

    def folder(name: str) -> Path:
        made = tmp_path_factory.mktemp(name)
        shutil.copyfile(migrated, made / FILE)
        return made

    with ThreadPoolExecutor(2) as threads:
        started = {name: threads.submit(on_target, name, folder(name)) for name in TARGETS}
        for mutant in [mutant for mutant in MUTANTS if mutant in asked]:
            started[mutant.name] = threads.submit(on_mutant, mutant, folder(mutant.name))
        yield started
        threads.shutdown(cancel_futures=True)


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_the_fault_fails_the_tests_that_are_named_for_it(
    mutant: Mutant, runs: dict[str, Future[dict[str, bool]]]
) -> None:
    assert dict.fromkeys(mutant.tests, False) == runs[mutant.name].result()


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_without_the_fault_they_pass(
    mutant: Mutant, runs: dict[str, Future[dict[str, bool]]]
) -> None:
    found = runs[mutant.target].result()
    assert dict.fromkeys(mutant.tests, True) == {test: found[test] for test in mutant.tests}


def test_there_is_a_mutant_of_every_framework() -> None:
    assert ["django-wsgi", "fastapi-asgi", "flask-wsgi"] == TARGETS


def test_every_module_of_mutants_is_listed() -> None:
    modules = {path.stem for path in (ROOT / "tests/mutants").glob("[!_]*.py")}
    assert modules == {mutant.name for mutant in MUTANTS}


def test_every_cause_has_its_own_name() -> None:
    assert len(MUTANTS) == len({mutant.cause for mutant in MUTANTS})


def test_the_tests_beside_the_suite_are_all_named_for_a_mutant() -> None:
    written = {
        f"{module}::{node.name}"
        for module in OWN
        for node in ast.parse((ROOT / f"tests/{module}.py").read_text("utf-8")).body
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    }
    assert written == OWN_TESTS


@pytest.mark.parametrize("target", TARGETS)
def test_every_framework_passes_the_tests_beside_the_suite(
    target: str, runs: dict[str, Future[dict[str, bool]]]
) -> None:
    found = runs[target].result()
    assert dict.fromkeys(OWN_TESTS, True) == {test: found[test] for test in OWN_TESTS}
