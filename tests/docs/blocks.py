"""The blocks of code on the pages."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from tests.docs.building import ROOT
from tools.includes import INCLUDE

PAGES = sorted(
    path
    for pattern in ("*.md", "docs/**/*.md", "bench/**/*.md", "examples/**/*.md")
    for path in ROOT.glob(pattern)
)
_FENCE = re.compile(r"(?P<space>\s*)(?P<marks>`{3,}|~{3,})\s*(?P<language>[\w+-]*)(?P<rest>[^`]*)$")
_SNIPPET = re.compile(r'\s*-+8<-+ "(?P<path>[^":]+)(?::(?P<part>[^"]+))?"')


@dataclass(frozen=True)
class Block:
    page: str
    line: int
    language: str
    lines: tuple[str, ...]

    @property
    def name(self) -> str:
        """Where it stands, for people; and by what it begins with, which moves less."""
        return f"{self.page}:{self.line}"

    @property
    def first(self) -> str:
        return next((line.strip() for line in self.lines if line.strip()), "")

    @cached_property
    def included(self) -> tuple[tuple[str, str | None], ...]:
        """Which files, and which part of each, where the block is nothing but includes."""
        found = [_SNIPPET.fullmatch(line) for line in self.lines if line.strip()]
        if not found or None in found:
            return ()
        return tuple((one["path"], one["part"]) for one in found if one)


def blocks(path: Path) -> Iterator[Block]:
    """The fenced blocks of a page."""
    page = str(path.relative_to(ROOT))
    opened: re.Match[str] | None = None
    held: list[str] = []
    start = 0
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        fence = _FENCE.fullmatch(line)
        if opened is None:
            if fence:
                opened, held, start = fence, [], number
        elif fence and fence["marks"].startswith(opened["marks"]) and not fence["language"]:
            yield Block(page, start, opened["language"], tuple(held))
            opened = None
        else:
            held.append(line.removeprefix(opened["space"]))
    assert opened is None, f"{page}:{start}: a block is not closed"


ALL = [block for path in PAGES for block in blocks(path)]

__all__ = ["ALL", "INCLUDE", "PAGES", "Block", "blocks"]
