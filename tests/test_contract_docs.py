"""The contract and the tests that hold it agree, and the page that says so is current."""

from pathlib import Path

from blog_contract.sentences import PAGE, page, problems

ROOT = Path(__file__).parents[1]


def test_every_sentence_has_a_test_and_every_test_a_sentence() -> None:
    assert problems(ROOT) == []


def test_the_page_of_tests_is_current() -> None:
    written = (ROOT / PAGE).read_text("utf-8")
    assert page(ROOT) == written, "run `python -m blog_contract.sentences`"
