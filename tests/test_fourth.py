"""A fourth framework, from docs/add-a-framework.md alone; the contract is `nox -s fourth`."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from examples.fourth.assemble import PAGE, ROOT, assemble, files

SOURCE = ROOT / "examples" / "fourth" / "src"
PACKAGE = SOURCE / "blog_litestar"
GREEN = {
    int(step): re.findall(r"^- `(test_\w+)::(test_\w+)`$", text, re.MULTILINE)
    for step, text in re.findall(
        r"^## Step (\d+)(.*?)(?=^## )", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL
    )
}
"""The tests of the contract that are to be green after each step, by their modules and names."""


def test_the_page_has_every_line_of_the_package() -> None:
    written = {
        str(path.relative_to(SOURCE)): path.read_text("utf-8") for path in PACKAGE.rglob("*.py")
    }
    assert written == files()


@pytest.mark.once
@pytest.mark.parametrize("step", GREEN)
def test_after_each_step_its_tests_are_green_and_those_of_the_next_are_not(
    step: int, tmp_path: Path
) -> None:
    assemble(tmp_path, step)
    green = {name for number in GREEN if number <= step for name in GREEN[number]}
    later = {name for number in GREEN if number > step for name in GREEN[number]}
    assert GREEN[step]
    said = subprocess.run(
        [
            *(sys.executable, "tools/with_blog.py", "asgi:blog_litestar.asgi:app"),
            *(sys.executable, "-m", "pytest", "-rA", "-p", "no:cacheprovider"),
            *("--target", "{target}", "--staff", "{staff}"),
            *("--pyargs", *sorted({f"blog_contract.{module}" for module, _ in green | later})),
            *("-k", " or ".join(sorted(name for _, name in green | later))),
        ],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    ends = {
        outcome: set(
            re.findall(rf"^{outcome}\S* \S*?(test_\w+)\.py::(test_\w+)", said.stdout, re.MULTILINE)
        )
        for outcome in ("PASSED", "FAILED", "ERROR")
    }
    shown = said.stdout + said.stderr
    red = ends["FAILED"] | ends["ERROR"]
    assert green <= ends["PASSED"] - red, shown
    assert later <= red, shown
