"""The whole tool on an application that was ported with known faults: it names them, no more."""

import subprocess
import sys
from pathlib import Path

import items_pair
import pytest

from http_parity.engine import compare
from http_parity.explain import explain
from http_parity.reproduce import pytest_file
from http_parity.results import Result
from http_parity.targets import TargetSpec

pytestmark = pytest.mark.once

OLD = TargetSpec("wsgi:items_pair:old", "old", reset="items_pair:OLD.reset")
NEW = TargetSpec("asgi:items_pair:new", "new", reset="items_pair:NEW.reset")
SAME = TargetSpec("asgi:items_pair:same", "same", reset="items_pair:SAME.reset")


def compared(*targets: TargetSpec, examples: int) -> Result:
    return compare(targets, document=items_pair.DOCUMENT, examples=examples, seed=1, wire=False)


@pytest.fixture(scope="module")
def result() -> Result:
    return compared(OLD, NEW, examples=4000)


def test_every_planted_fault_is_named_and_nothing_else(result: Result) -> None:
    assert set(items_pair.BROKEN) == {cause.name for cause in explain(result)}


def test_every_reproducer_fails_with_the_fault_and_passes_without(
    tmp_path: Path, result: Result
) -> None:
    causes = explain(result)
    for number, cause in enumerate(causes):
        for target in (NEW, SAME):
            text = pytest_file(
                cause.name, cause.example, (OLD, target), differences=cause.differences
            )
            (tmp_path / f"test_{target.name}_{number}.py").write_text(text)
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", tmp_path],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={"PYTHONPATH": str(Path(items_pair.__file__).parent)},
        check=False,
    )
    failed = {line.split("::")[0] for line in run.stdout.splitlines() if line[:7] == "FAILED "}
    assert {f"FAILED test_new_{number}.py" for number in range(len(causes))} == failed, run.stdout
    assert f"{len(causes)} failed, {len(causes)} passed" in run.stdout


def test_of_three_the_one_that_is_unlike_the_others_is_named() -> None:
    unlike_new = explain(compared(OLD, SAME, NEW, examples=600))
    assert {("new",)} == {cause.odd for cause in unlike_new}
    unlike_old = explain(compared(NEW, OLD, SAME, examples=600))
    assert {("new",)} == {cause.odd for cause in unlike_old}


def test_an_application_and_its_true_port_are_the_same() -> None:
    assert () == compared(OLD, SAME, examples=2000).findings
