from pathlib import Path

import pytest

from blog_contract.sentences import Holder, holders_in, page, problems, sentences_of

CONTRACT = """
# Contract

**The promise** `[promise]`. The same
everywhere.

- `[paths]` Paths match
  exactly.
- `[ids]` Ids are | positive.

Not a part of it.
"""

TESTS = """
import pytest
from blog_contract.sentences import sentence

@sentence("paths", "ids")
@pytest.mark.parametrize("path", [])
def test_paths(path): ...

@pytest.mark.sentence("promise")
class TestPromise:
    @sentence("ids")
    async def test_inside(self): ...
    def test_by_class(self): ...

@sentence("paths")
def helper(): ...

def test_nothing(): ...
"""


def test_a_sentence_is_its_name_and_its_text_up_to_the_next() -> None:
    assert sentences_of(CONTRACT) == {
        "promise": "The same everywhere.",
        "paths": "Paths match exactly.",
        "ids": "Ids are | positive.",
    }


def test_a_name_given_twice_is_refused() -> None:
    with pytest.raises(ValueError, match=r"\[ids\] twice"):
        sentences_of(CONTRACT + "- `[ids]` Again.")


def test_the_tests_of_a_module_and_what_they_name_are_found() -> None:
    assert list(holders_in(TESTS, "tests/test_x.py")) == [
        Holder("tests/test_x.py", "test_paths", ("paths", "ids")),
        Holder("tests/test_x.py", "test_inside", ("promise", "ids")),
        Holder("tests/test_x.py", "test_by_class", ("promise",)),
    ]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "docs").mkdir()
    (tmp_path / "tests").mkdir()
    (tmp_path / "docs/http-contract.md").write_text(CONTRACT)
    return tmp_path


def test_a_sentence_without_a_test_is_a_problem(project: Path) -> None:
    (project / "tests/test_x.py").write_text('@sentence("ids", "promise")\ndef test_a(): ...')
    assert problems(project) == ["No test holds [paths]."]


def test_a_test_of_an_unknown_sentence_is_a_problem(project: Path) -> None:
    (project / "tests/test_x.py").write_text(TESTS + '\n@sentence("x")\ndef test_x(): ...')
    assert problems(project) == [
        "tests/test_x.py::test_x names [x], which the contract does not have."
    ]


def test_the_page_lists_the_tests_of_every_sentence(project: Path) -> None:
    (project / "tests/test_x.py").write_text(TESTS)
    assert "| `ids` | Ids are \\| positive. | `tests/test_x.py`: `test_paths`, `test_inside` |" in (
        page(project).splitlines()
    )
