"""What the pages about moving say of the frameworks is what the frameworks do."""

import pytest

from tests.moving import DIRECTIONS, PROBES, TARGETS, measured, page, path_of, seen


def test_the_examples_answer_what_the_pages_say() -> None:
    assert seen() == measured()


@pytest.mark.parametrize(("old", "new"), DIRECTIONS)
def test_the_page_of_a_direction_is_as_it_is_generated(old: str, new: str) -> None:
    assert page(old, new) == path_of(old, new).read_text("utf-8"), "python -m tests.moving"


def test_every_difference_says_what_to_do_about_it_in_each_framework() -> None:
    assert [] == [probe.what for probe in PROBES if probe.act.keys() != TARGETS.keys()]
