"""Every link on a page leads somewhere: to a page, a heading, or a file of the repository.

Of links to other sites only the form is looked at.
"""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from markdown.extensions.toc import slugify

from tests.docs.blocks import PAGES
from tests.docs.building import ROOT

pytestmark = pytest.mark.once

_LINK = re.compile(r"\[(?:[^\[\]]|\[[^\[\]]*\])*\]\(<?([^)\s>]+)>?(?: \"[^\"]*\")?\)")
_HEADING = re.compile(r"#{1,6} +(.+?) *#*")


def prose(text: str) -> Iterator[tuple[int, str]]:
    """The lines of a page outside of its blocks."""
    fence = ""
    for number, line in enumerate(text.splitlines(), 1):
        marks = re.match(r"\s*(`{3,}|~{3,})", line)
        if not fence and marks:
            fence = marks[1]
        elif fence and marks and marks[1].startswith(fence):
            fence = ""
        elif not fence:
            yield number, line


@cache
def anchors(text: str) -> frozenset[str]:
    """The headings of a page as the site names them, and what is named by hand."""
    found: list[str] = []
    for _, line in prose(text):
        found += re.findall(r"(?:id|name)=\"([^\"]+)\"", line)
        if heading := _HEADING.fullmatch(line):
            words = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading[1])
            slug, count = slugify(words.replace("`", "").replace("*", ""), "-"), 0
            while (name := f"{slug}_{count}" if count else slug) in found:
                count += 1
            found.append(name)
    return frozenset(found)


def dead(path: Path, text: str) -> Iterator[str]:
    """What is wrong with the links of a page, in a sentence for each."""
    for number, line in prose(text):
        for link in _LINK.findall(re.sub(r"`[^`]*`", "", line)):
            said = _why_dead(path, text, link)
            if said:
                yield f"{number}: {said}"


def _why_dead(path: Path, text: str, link: str) -> str | None:
    parts = urlsplit(link)
    if parts.scheme:
        known = parts.scheme in ("http", "https") and parts.netloc
        return None if known else f"{link} is no address"
    target = (path.parent / parts.path).resolve() if parts.path else path
    if parts.path and not target.exists():
        return f"there is no {link}"
    if not target.is_relative_to(ROOT):
        return f"{link} is outside of the repository"
    if parts.fragment and target.suffix == ".md":
        page = target.read_text("utf-8") if parts.path else text
        if parts.fragment not in anchors(page):
            return f"{parts.path or 'this page'} has no #{parts.fragment}"
    return None


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(path: Path) -> None:
    assert [] == list(dead(path, path.read_text("utf-8")))


def test_every_page_is_in_the_navigation() -> None:
    configuration = (ROOT / "zensical.toml").read_text("utf-8")
    pages = {str(path.relative_to(ROOT / "docs")) for path in (ROOT / "docs").rglob("*.md")}
    assert pages == set(re.findall(r'= "([\w/.-]+\.md)"', configuration))


@pytest.mark.parametrize(
    ("link", "said"),
    [
        ("none.md", "there is no none.md"),
        ("../tests/none.py", "there is no ../tests/none.py"),
        ("http-contract.md#none", "http-contract.md has no #none"),
        ("#none", "this page has no #none"),
        ("https://", "https:// is no address"),
    ],
)
def test_a_dead_link_is_found(link: str, said: str) -> None:
    page = ROOT / "docs" / "page.md"
    assert [f"3: {said}"] == list(dead(page, f"# Page\n\n[words]({link})\n"))
