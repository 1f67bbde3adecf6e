"""The museum is whole: every row is planted or says why not, and the page shows it as it is."""

from pathlib import Path

import pytest

from tests.museum import PAGE, ROWS, Row, page
from tests.mutants import BY_NAME

ROOT = Path(__file__).parent.parent


def test_the_museum_has_every_row_once() -> None:
    assert list(range(1, 42)) == sorted(row.number for row in ROWS)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.number)
def test_a_row_is_planted_or_says_why_not(row: Row) -> None:
    assert row.mutants or row.reason
    assert BY_NAME.keys() >= set(row.mutants)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.number)
def test_a_row_has_a_public_source_or_says_that_there_is_none(row: Row) -> None:
    assert row.sources or row.note.startswith("No public report")


def test_the_page_of_the_museum_is_current() -> None:
    assert page() == (ROOT / PAGE).read_text("utf-8"), "run `python -m tests.museum`"
