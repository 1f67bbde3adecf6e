"""The fixture `parity`, in a test run of its own."""

import subprocess
import sys
from pathlib import Path

import pytest

from http_parity.exchange import Answer
from http_parity.rules import Rule, Rules
from http_parity.testing import assert_same

HERE = Path(__file__).parent
TESTS = """
import items_pair
from http_parity.exchange import Answer
from http_parity.targets import TargetSpec

OLD = TargetSpec("wsgi:items_pair:old", "old", reset="items_pair:OLD.reset")


def test_same(parity):
    same = TargetSpec("asgi:items_pair:same", "same", reset="items_pair:SAME.reset")
    result = parity.compare(OLD, same, openapi=items_pair.DOCUMENT, examples=100)
    assert result.requests == 100


def test_different(parity):
    new = TargetSpec("asgi:items_pair:new", "new", reset="items_pair:NEW.reset")
    parity.compare(OLD, new, openapi=items_pair.DOCUMENT, examples=100, seed=5)


def test_answers(parity):
    parity.assert_same(Answer(200), Answer(404))
"""


def test_a_difference_fails_a_test_with_the_report_as_its_message(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(TESTS)
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-W", "error"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={"PYTHONPATH": str(HERE)},
        check=False,
    )
    assert "2 failed, 1 passed" in run.stdout, run.stdout + run.stderr
    assert "number became string" in run.stdout
    assert "seed 5" in run.stdout
    assert "The answers differ:" in run.stdout
    assert "status: 200 is not 404" in run.stdout
    # The report is the message: none of the tool's own lines are shown as its cause.
    assert "http_parity/testing.py" not in run.stdout


def test_answers_are_the_same_but_for_the_rules() -> None:
    a, b = Answer(200, (("ETag", "1"),)), Answer(200, (("ETag", "2"),))
    assert_same(a, b, rules=Rules([Rule("header:etag", "random")]))
    with pytest.raises(AssertionError, match="header etag: '1' is not '2'"):
        assert_same(a, b)
