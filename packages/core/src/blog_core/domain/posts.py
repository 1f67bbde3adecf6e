"""A blog post and the rules about posts."""

import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from blog_core.domain.search import searchable

Status = Literal["draft", "scheduled", "published"]

TITLE_LENGTH = 200
CONTENT_LENGTH = 100_000

# One line: no control characters, no line or paragraph separator.
_BLANKS = r"\u0020\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000"
_BREAKS = r"\u0000-\u001f\u007f-\u009f\u2028\u2029"
_INK = rf"[^{_BLANKS}{_BREAKS}]"
TITLE = rf"^[{_BLANKS}]*{_INK}(?:[^{_BREAKS}]{{0,{TITLE_LENGTH - 2}}}{_INK})?[{_BLANKS}]*$"
_HAS_BREAK = re.compile(f"[{_BREAKS}]")


@dataclass(eq=False, kw_only=True)
class BlogPost:
    """A piece of writing: a draft until it has a `pub_date`, then scheduled, then published.

    `version` counts the changes from 1. `search` holds the words that a search looks in. Once it is
    stored, `author` is the author's username.
    """

    id: int = field(init=False)
    author_id: int
    title: str
    content: str
    pub_date: datetime | None
    created: datetime
    updated: datetime = field(init=False)
    version: int = field(init=False)
    search: str = field(init=False)
    author: str = field(init=False)

    def __post_init__(self) -> None:
        self.updated = self.created
        self.version = 1
        self.search = searchable(self.title, self.content)

    def status(self, now: datetime) -> Status:
        if self.pub_date is None:
            return "draft"
        return "published" if self.pub_date <= now else "scheduled"

    def edit(self, *, title: str, content: str, pub_date: datetime | None, now: datetime) -> None:
        self.title = title
        self.content = content
        self.pub_date = pub_date
        self.search = searchable(title, content)
        self._touch(now)

    def publish(self, at: datetime | None, now: datetime) -> bool:
        """Publish now, or at the instant given; tell whether anything changed."""
        if at is None:
            if self.status(now) == "published":
                return False
            at = now
        if at == self.pub_date:
            return False
        self.pub_date = at
        self._touch(now)
        return True

    def unpublish(self, now: datetime) -> bool:
        """Make it a draft; tell whether anything changed."""
        if self.pub_date is None:
            return False
        self.pub_date = None
        self._touch(now)
        return True

    def _touch(self, now: datetime) -> None:
        self.updated = now
        self.version += 1


def is_one_line(text: str) -> bool:
    return _HAS_BREAK.search(text) is None
