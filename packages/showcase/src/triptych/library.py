"""The writing that comes with the showcase: Markdown files with a few lines in front.

    ---
    title: Why the crust sings
    author: ines.moreau
    when: 2 days ago
    ---

`when` is `draft`, `N days ago` or `in N days`: counted from the day on which it is put in, so that
there is always something recent and something still to come.
"""

import re
from dataclasses import dataclass
from datetime import timedelta
from importlib.resources import files

_FRONT_MATTER = re.compile(
    r"---\ntitle: (?P<title>.+)\nauthor: (?P<author>.+)\nwhen: (?P<when>.+)\n---\n\n"
    r"(?P<content>.*)",
    re.DOTALL,
)
_WHEN = re.compile(r"(?P<ago>\d+) days? ago|in (?P<ahead>\d+) days?")


@dataclass(frozen=True)
class Article:
    """A piece of writing; `published` is counted from now, None for a draft."""

    title: str
    author: str
    published: timedelta | None
    content: str


def articles() -> list[Article]:
    """All of them, oldest first, drafts last. Raises ValueError, naming the file, at a bad one."""
    found = [
        _article(file.name, file.read_text("utf-8"))
        for file in sorted(files("triptych").joinpath("writing").iterdir(), key=lambda f: f.name)
        if file.name.endswith(".md")
    ]
    return sorted(found, key=lambda article: article.published or timedelta.max)


def _article(name: str, text: str) -> Article:
    front = _FRONT_MATTER.fullmatch(text)
    if front is None:
        raise ValueError(f"{name} does not begin with title, author and when.")
    title, author, content = front["title"].strip(), front["author"].strip(), front["content"]
    return Article(title, author, _published(name, front["when"].strip()), content.strip() + "\n")


def _published(name: str, when: str) -> timedelta | None:
    if when == "draft":
        return None
    match = _WHEN.fullmatch(when)
    if match is None:
        raise ValueError(f"{name}: when is 'draft', 'N days ago' or 'in N days', not {when!r}.")
    # Not all at the same minute of the day, and never twice at the same instant.
    spread = timedelta(minutes=sum(name.encode()) % 720)
    if match["ago"]:
        return -timedelta(days=int(match["ago"])) - spread
    return timedelta(days=int(match["ahead"])) + spread
