"""Links from a page to a file of the repository, which lead somewhere only beside the repository.

On the built site the words stay and the path is said; where the page is read as a file, the link
works. A link to a file that does not exist ends the build.
"""

import posixpath
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from xml.etree.ElementTree import Element, SubElement  # made by Markdown, not parsed

from markdown import Extension, Markdown
from markdown.treeprocessors import Treeprocessor
from zensical.extensions.context import ContextPreprocessor

DOCS = "docs"


def in_repository(page: str, link: str) -> str | None:
    """The path that a page's link has in the repository; None where it stays in the site.

    `page` is relative to the folder of pages. Raises LookupError where there is no such file.
    """
    target = urlsplit(link)
    if target.scheme or target.netloc or not target.path:
        return None
    path = posixpath.normpath(posixpath.join(DOCS, posixpath.dirname(page), target.path))
    if path.startswith(f"{DOCS}/"):
        return None
    if not Path(path).exists():
        raise LookupError(f"docs/{page} links to {link}, which is not there")
    return path


class RepositoryLinks(Treeprocessor):  # type: ignore[misc] # Markdown has no types
    def run(self, root: Element) -> None:
        context = ContextPreprocessor.from_markdown(self.md)
        assert context is not None  # noqa: S101 # zensical renders every page with one
        for link in list(root.iter("a")):
            path = in_repository(context.page.path, link.get("href", ""))
            if path is not None:
                _say(link, path)


def _say(link: Element, path: str) -> None:
    words = "".join(link.itertext())
    link.tag = "span"
    link.attrib.clear()
    link.set("class", "in-repository")
    link.set("title", f"In the repository: {path}")
    if Path(path).stem not in words:
        SubElement(link, "span").text = f" ({path})"


class RepositoryLinksExtension(Extension):  # type: ignore[misc] # Markdown has no types
    def extendMarkdown(self, md: Markdown) -> None:  # noqa: N802 # Markdown's name for it
        md.treeprocessors.register(RepositoryLinks(md), "repository_links", 15)  # after inline


def makeExtension(**options: Any) -> RepositoryLinksExtension:  # noqa: N802 # Markdown's name too
    return RepositoryLinksExtension(**options)
