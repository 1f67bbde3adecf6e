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


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


@pytest.mark.parametrize("name", ["old.py", "new.py"])
def test_the_page_shows_the_applications_as_they_are(name: str) -> None:
    assert (EXAMPLES / name).read_text("utf-8") in blocks("python")


def test_the_first_example_finds_what_the_page_says(tmp_path: Path) -> None:
    line = next(line for line in blocks("console") if "wsgi:old:app" in line)
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
    assert set(blocks("text")[0].strip().splitlines()) <= found


def test_the_rules_on_the_page_can_be_read(tmp_path: Path) -> None:
    file = tmp_path / "rules.toml"
    file.write_text(blocks("toml")[0])
    assert 3 == len(read_rules(file).declared)


def test_every_option_is_on_the_page() -> None:
    options = {name for parameter in compare.params for name in parameter.opts if name[0] == "-"}
    assert set() == {option for option in options if f"`{option}" not in PAGE}
