"""The steps of docs/add-an-operation.md, on a copy of the sources, do what the page says."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from tests.docs.building import ROOT

pytestmark = pytest.mark.once

OPERATION = ROOT / "docs" / "examples" / "operation"
STEPS = {int(path.name[0]): path for path in sorted(OPERATION.glob("*.patch"))}
PROMISE, CORE, LISTS = 1, 2, 6
ADAPTERS = {3: "django-wsgi", 4: "flask-wsgi", 5: "fastapi-asgi"}
COPIED = ("packages", "tests", "tools", "examples", "docs")


@pytest.fixture(scope="module")
def copies(tmp_path_factory: pytest.TempPathFactory) -> Mapping[int, Path]:
    """The sources as they are after each step."""
    found: dict[int, Path] = {}
    before = ROOT
    for step, patch in STEPS.items():
        copy = tmp_path_factory.mktemp(f"step-{step}-")
        for name in COPIED:
            ignored = shutil.ignore_patterns("__pycache__", ".*")
            shutil.copytree(before / name, copy / name, ignore=ignored)
        for name in ("pyproject.toml", "noxfile.py"):
            shutil.copy(before / name, copy)
        applied = subprocess.run(
            ["git", "apply", "--unsafe-paths", str(patch)],
            cwd=copy,
            capture_output=True,
            text=True,
            check=False,
        )
        assert 0 == applied.returncode, (
            f"step {step} of docs/add-an-operation.md does not fit the sources any more: make"
            f" docs/examples/operation/{patch.name} anew.\n{applied.stderr}"
        )
        found[step] = before = copy
    return found


def run(copy: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """Run Python with the packages of a copy, which come before those that are installed."""
    sources = [str(path) for path in sorted(copy.glob("packages/*/src"))]
    env = {name: value for name, value in os.environ.items() if name != "CI"}
    return subprocess.run(
        [sys.executable, *command],
        cwd=copy,
        env={**env, "PYTHONPATH": os.pathsep.join(sources), "COLUMNS": "250"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


PYTEST = ("-m", "pytest", "-q", "-p", "no:cacheprovider")


def contract(copy: Path, target: str, wanted: str) -> subprocess.CompletedProcess[str]:
    """Hold one target to those tests of the contract."""
    suite = ("--pyargs", "blog_contract", "--target", "{target}", "--staff", "{staff}")
    limited = ("--limited", "{limited}", "--limited-env={limited-env}")
    command = (sys.executable, *PYTEST, *suite, *limited, "-k", wanted)
    return run(copy, "tools/with_blog.py", target, *command)


def quoted(name: str) -> list[str]:
    """The lines that the page shows of what a command prints."""
    return (OPERATION / name).read_text("utf-8").splitlines()


def named(lines: Sequence[str]) -> list[str]:
    """What is missing and the tests that say so, in order, without their reasons."""
    wanted = [line for line in lines if re.match(r"E +(Extra items|\(')|FAILED ", line)]
    return list(dict.fromkeys(line.partition(" - ")[0] for line in wanted))


@pytest.mark.parametrize("target", ADAPTERS.values())
def test_the_promise_alone_is_red_everywhere_and_names_what_is_missing(
    copies: Mapping[int, Path], target: str
) -> None:
    done = contract(copies[PROMISE], target, "test_duplicate or lists_exactly")
    said = done.stdout.replace(target, "flask-wsgi").splitlines()
    assert quoted("1-red.txt") == named(said), done.stdout


def test_the_core_is_green_and_the_checklist_names_every_adapter(
    copies: Mapping[int, Path],
) -> None:
    core = run(copies[CORE], *PYTEST, "packages/core/tests/test_blog.py", "-k", "duplicate")
    assert 0 == core.returncode, core.stdout
    done = run(copies[CORE], *PYTEST, "tests/test_operations.py", "-k", "exactly")
    assert quoted("2-red.txt") == named(done.stdout.splitlines()), done.stdout


@pytest.mark.parametrize("step", ADAPTERS)
def test_each_adapter_turns_green_by_its_own_step(copies: Mapping[int, Path], step: int) -> None:
    done = contract(copies[step], ADAPTERS[step], "duplicate or openapi or on_one_post")
    assert 0 == done.returncode, done.stdout


def test_after_the_first_adapter_the_checklist_names_the_other_two(
    copies: Mapping[int, Path],
) -> None:
    done = run(copies[CORE + 1], *PYTEST, "tests/test_operations.py", "-k", "exactly")
    wanted = [line for line in quoted("2-red.txt") if "django" not in line]
    assert wanted == named(done.stdout.splitlines()), done.stdout


LISTED = (
    *("tests/test_operations.py", "tests/test_openapi.py", "tests/test_contract_docs.py"),
    *("tests/test_same_answers.py", "tests/test_cut_over.py"),
)


def test_before_the_lists_know_it_a_test_names_it(copies: Mapping[int, Path]) -> None:
    done = run(copies[LISTS - 1], *PYTEST, *LISTED)
    assert "KeyError: 'duplicate_post'" in done.stdout, done.stdout
    assert 0 != done.returncode


def test_at_the_end_the_three_answer_alike_and_no_list_lacks_it(
    copies: Mapping[int, Path],
) -> None:
    written = run(copies[LISTS], "-m", "blog_contract.sentences")
    assert 0 == written.returncode, written.stdout
    chosen = "duplicate or every or exactly or stand or names or no_difference or current"
    done = run(copies[LISTS], *PYTEST, *LISTED, "-k", chosen)
    assert 0 == done.returncode, done.stdout
