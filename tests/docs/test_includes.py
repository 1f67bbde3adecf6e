"""Code on a page is what the file holds; where it is gone, the build ends."""

import shutil
import textwrap
from pathlib import Path

import html5lib
import pytest

from tests.docs.building import build, one_page
from tools.includes import definitions, included

SOURCE = textwrap.dedent('''\
    """A module."""

    import os

    # Why it is two.
    LIMIT = 2
    FIRST, SECOND = 1, 2
    found: list[int] = []
    found.append(LIMIT)


    @cache
    def first(
        value: int,
    ) -> int:
        """Said."""
        return value


    class Room:
        """A class."""

        size = 3

        def enter(self) -> None:
            def knock() -> None:
                pass

            knock()

        @property
        def leave(self) -> None:
            pass
    ''').splitlines()


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ("LIMIT", "# Why it is two.\nLIMIT = 2"),
        ("SECOND", "FIRST, SECOND = 1, 2"),
        ("found", "found: list[int] = []"),
        ("found,found.append", "found: list[int] = []\nfound.append(LIMIT)"),
        (
            "first",
            '@cache\ndef first(\n    value: int,\n) -> int:\n    """Said."""\n    return value',
        ),
        ("Room.size", "class Room:\n    size = 3"),
        ("Room.leave", "class Room:\n    @property\n    def leave(self) -> None:\n        pass"),
        (
            "Room.size,Room.leave",
            (
                "class Room:\n    size = 3\n\n    @property\n    def leave(self) -> None:\n"
                "        pass"
            ),
        ),
        (
            "Room.enter.knock",
            (
                "class Room:\n    def enter(self) -> None:\n        def knock() -> None:\n"
                "            pass"
            ),
        ),
    ],
)
def test_a_definition_is_found_by_its_name(names: str, expected: str) -> None:
    assert expected == "\n".join(definitions(SOURCE, names.split(",")))


@pytest.mark.parametrize("name", ["second", "Room.sit", "LIMIT.real", "found.pop", "os"])
def test_what_is_not_defined_is_named(name: str) -> None:
    with pytest.raises(LookupError, match=name):
        definitions(SOURCE, [name])


def test_a_file_that_is_not_there_is_named() -> None:
    with pytest.raises(LookupError, match=r"there is no none\.py to include name from"):
        included(Path("none.py"), "name")


API = "packages/flask_app/src/blog_flask/api.py"
PAGE = """# Page

=== "Flask"

    ```python
    --8<-- "copied.py:get_post"
    ```
"""


@pytest.mark.once
def test_a_page_shows_what_the_file_holds_and_is_not_built_without_it(tmp_path: Path) -> None:
    one_page(tmp_path, PAGE)
    copied = tmp_path / "copied.py"
    shutil.copy(API, copied)
    built = build(tmp_path)
    assert 0 == built.returncode, built.stderr
    html = (tmp_path / "site" / "index.html").read_text("utf-8")
    (code,) = html5lib.parse(html, namespaceHTMLElements=False).iterfind(".//code")
    shown = "".join(code.itertext())
    assert "def get_post(" in shown
    assert shown in copied.read_text("utf-8")

    copied.write_text(copied.read_text("utf-8").replace("def get_post(", "def read_post("), "utf-8")
    ended = build(tmp_path)
    assert 0 != ended.returncode
    assert "copied.py defines no get_post" in ended.stderr

    copied.unlink()
    ended = build(tmp_path)
    assert 0 != ended.returncode
    assert "there is no copied.py to include get_post from" in ended.stderr


@pytest.mark.once
def test_a_section_that_is_gone_ends_the_build(tmp_path: Path) -> None:
    ended = build(one_page(tmp_path, '# Page\n\n--8<-- "zensical.toml:no-section"\n'))
    assert 0 != ended.returncode
    assert "no-section" in ended.stderr
