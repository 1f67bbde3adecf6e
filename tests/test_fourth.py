"""A fourth framework, from docs/add-a-framework.md alone; the contract is `nox -s fourth`."""

import re
from pathlib import Path

import pytest

from blog_core.storage import migrate
from examples.fourth.assemble import PAGE, ROOT, assemble, files
from tests.runs import outcomes

SOURCE = ROOT / "examples" / "fourth" / "src"
PACKAGE = SOURCE / "blog_litestar"
STEP = re.compile(r"^## Step (\d+)(.*?)(?=^## )", re.MULTILINE | re.DOTALL)
GREEN = {
    int(step): re.findall(r"^- `(test_\w+::test_\w+)`$", text, re.MULTILINE)
    for step, text in STEP.findall(PAGE.read_text("utf-8"))
}
"""The tests of the contract that each step turns green, as the page names them."""


def test_the_page_has_every_line_of_the_package() -> None:
    written = {
        str(path.relative_to(SOURCE)): path.read_text("utf-8") for path in PACKAGE.rglob("*.py")
    }
    assert written == files()


def test_every_step_of_the_page_names_tests() -> None:
    assert [1, 2, 3] == list(GREEN)
    assert all(GREEN.values())


@pytest.mark.once
@pytest.mark.parametrize("step", GREEN)
def test_after_each_step_the_tests_that_it_names_are_green(
    step: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assemble(tmp_path, step)
    monkeypatch.syspath_prepend(tmp_path)  # of the process that is begun, too
    database = tmp_path / "blog.sqlite3"
    migrate.upgrade(f"sqlite:///{database}")
    named = [test for number in GREEN if number <= step for test in GREEN[number]]
    found = outcomes("asgi:blog_litestar.asgi:app", named, database, tmp_path)
    assert dict.fromkeys(named, True) == found
