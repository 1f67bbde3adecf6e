"""What docs/parity.md shows is what is there, and what it promises comes true."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from http_parity.cli import compare
from http_parity.rules import read_rules

DOCS = Path(__file__).parents[3] / "docs"
EXAMPLES = DOCS / "examples" / "parity"
PAGE = (DOCS / "parity.md").read_text("utf-8")


def consoles() -> list[str]:
    return re.findall(r"```console\n(.*?)```", PAGE, re.DOTALL)


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.*")), ids=lambda path: path.name)
def test_the_page_shows_every_file_of_the_example(path: Path) -> None:
    assert f'--8<-- "docs/examples/parity/{path.name}"' in PAGE


def test_the_first_example_finds_what_the_page_says() -> None:
    line = next(line for line in consoles() if "wsgi:old:app" in line)
    [words] = [line.strip().removeprefix("$ ").split()]
    done = subprocess.run(
        [sys.executable, "-c", "from http_parity.cli import main; main()", *words[1:]],
        cwd=EXAMPLES,
        capture_output=True,
        text=True,
        check=False,
    )
    assert 1 == done.returncode, done.stderr
    found = set(re.findall(r"(?m)^\d+\. (.+?)  ", done.stdout))
    assert set((EXAMPLES / "causes.txt").read_text("utf-8").splitlines()) <= found


def test_the_test_on_the_page_fails_with_the_report() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_port.py"],
        cwd=EXAMPLES,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "1 failed" in done.stdout, done.stdout + done.stderr
    assert "error body has another shape" in done.stdout


def test_the_rules_on_the_page_can_be_read() -> None:
    assert 3 == len(read_rules(EXAMPLES / "rules.toml").declared)


def test_every_option_is_on_the_page() -> None:
    options = {name for parameter in compare.params for name in parameter.opts if name[0] == "-"}
    assert set() == {option for option in options if f"`{option}" not in PAGE}
