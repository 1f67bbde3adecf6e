"""Every planted fault turns the contract suite red, and only the fault does."""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from xml.etree import ElementTree

import pytest

import blog_contract
from blog_contract.client import Client
from blog_core.storage import migrate
from http_parity.errors import TargetError
from http_parity.targets import open_target
from tests.mutants import MUTANTS, PAGE, Mutant, page
from tests.workers import ORIGIN, SECRET

ROOT = Path(__file__).parent.parent
TARGETS = sorted({mutant.target for mutant in MUTANTS})
SECONDS = 120
FILE = "blog.sqlite3"


def environment(folder: Path) -> dict[str, str]:
    """That of a process in which the blog in this folder is served, or a mutant of it."""
    return os.environ | {
        "BLOG_CORS_ORIGINS": ORIGIN,
        "BLOG_DATABASE_URL": f"sqlite:///{folder / FILE}",
        "BLOG_SECRET_KEY": SECRET,
        "PYTHONPATH": str(ROOT),
    }


def outcomes(
    target: str, tests: Iterable[str], env: dict[str, str], folder: Path
) -> dict[str, bool]:
    """Of these tests of the contract, which passed in every case and which failed in one."""
    report = folder / "report.xml"
    options = ["-q", "--tb=line", "-p", "no:cacheprovider", "-p", "blog_contract.plugin"]
    # Reports name modules from the root directory on.
    options += [f"--rootdir={Path(blog_contract.__file__).parents[1]}", f"--junit-xml={report}"]
    names = [f"blog_contract.{test}" for test in tests]
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", *options, "--target", target, "--pyargs", *names],
        cwd=folder,
        # Of the plugins that are installed none but the suite's is needed; some load slowly.
        env=env | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert ran.returncode in (0, 1), ran.stdout + ran.stderr
    found: dict[str, bool] = {}
    for case in ElementTree.parse(report).iter("testcase"):  # noqa: S314 # pytest's own
        module = case.attrib["classname"].rpartition(".")[2]
        test = f"{module}::{case.attrib['name'].partition('[')[0]}"
        assert case.find("error") is None, ElementTree.tostring(case, "unicode")
        found[test] = found.get(test, True) and case.find("failure") is None
    return found


@contextmanager
def serving(mutant: Mutant, env: dict[str, str]) -> Iterator[str]:
    """The URL of gunicorn, with so many processes of the mutant."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    application = mutant.address.partition(":")[2]
    options = ["--workers", str(mutant.processes), "--bind", f"127.0.0.1:{port}"]
    command = [sys.executable, "-m", "gunicorn", *options, "--log-level", "error", application]
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
    tests = sorted({test for m in MUTANTS if m.target == target for test in m.tests})
    return outcomes(target, tests, environment(folder), folder)


def on_mutant(mutant: Mutant, folder: Path) -> dict[str, bool]:
    """What the tests that are named for a mutant say of it."""
    env = environment(folder)
    if not mutant.processes:
        return outcomes(mutant.address, mutant.tests, env, folder)
    with serving(mutant, env) as url:
        return outcomes(url, mutant.tests, env, folder)


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Future[dict[str, bool]]]]:
    """Each run of the suite, by target or mutant; two at a time."""
    migrated = tmp_path_factory.mktemp("migrated") / FILE
    migrate.upgrade(f"sqlite:///{migrated}")

    def folder(name: str) -> Path:
        made = tmp_path_factory.mktemp(name)
        shutil.copyfile(migrated, made / FILE)
        return made

    with ThreadPoolExecutor(2) as threads:
        started = {name: threads.submit(on_target, name, folder(name)) for name in TARGETS}
        for mutant in MUTANTS:
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


def test_the_page_of_mutants_is_current() -> None:
    assert page() == (ROOT / PAGE).read_text("utf-8"), "run `python -m tests.mutants`"
