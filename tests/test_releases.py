"""A change of the schema under two releases, and one that nobody should make."""

from pathlib import Path

import pytest

from tests.releases import change


@pytest.mark.once
@pytest.mark.parametrize(("mutant", "wrong"), [("", ""), ("rename", "503 20 times in a row")])
def test_two_releases_serve_while_the_schema_changes(
    mutant: str, wrong: str, tmp_path: Path
) -> None:
    held = change(f"sqlite:///{tmp_path}/blog.sqlite3", mutant, writes=3)
    assert held.titles
    if mutant:
        assert any(wrong in each for each in held.wrong), held.wrong
    else:
        assert [] == held.wrong
