"""Code in the documentation, taken from the files that run, when the site is built.

    ```python
    --8<-- "packages/flask_app/src/blog_flask/api.py:list_posts,get_post"
    ```

The notation is that of `pymdownx.snippets`, which takes whole files and sections between marks
(`# --8<-- [start:name]`). This adds names of what is defined in a file of Python. A name with dots,
`PostViewSet.update`, is found inside what is before the dot, whose first line is shown as well. A
file, section or name that is not there ends the build.
"""

import ast
import re
from collections.abc import Iterator, Sequence
from itertools import groupby, pairwise
from pathlib import Path
from typing import Any

from markdown import Extension, Markdown
from markdown.preprocessors import Preprocessor

_NAME = r"[A-Za-z_][\w.]*"
INCLUDE = re.compile(rf'(?P<space> *)-+8<-+ "(?P<path>[^":]+\.py):(?P<names>{_NAME}(?:,{_NAME})*)"')


def included(path: Path, names: str) -> list[str]:
    """The lines of a file of Python that define the names, which commas part.

    Raises LookupError, in a sentence, where the file or a name is not there.
    """
    try:
        lines = path.read_text("utf-8").splitlines()
    except OSError:
        raise LookupError(f"there is no {path} to include {names} from") from None
    try:
        return definitions(lines, names.split(","))
    except LookupError as error:
        raise LookupError(f"{path} defines no {error.args[0]}") from None


def definitions(lines: Sequence[str], names: Sequence[str]) -> list[str]:
    """The lines that define the names, each with its decorators and the comment directly above.

    An empty line stands between any two that are apart in the file. Raises LookupError with a
    name that is not defined.
    """
    tree = ast.parse("\n".join(lines))
    wanted: set[int] = set()
    for name in names:
        try:
            wanted.update(_numbers(tree, name, lines))
        except LookupError:
            raise LookupError(name) from None
    pieces = [
        [lines[number] for _, number in run]
        for _, run in groupby(enumerate(sorted(wanted)), lambda pair: pair[1] - pair[0])
    ]
    found = list(pieces[0])
    for before, piece in pairwise(pieces):
        inside = before[-1].rstrip().endswith(":")  # a class and its first member
        found += piece if inside else ["", *piece]
    return found


def _numbers(scope: Any, name: str, lines: Sequence[str]) -> Iterator[int]:
    """Which lines, counted from 0, define a name, or are the statements that call it."""
    here, _, inside = name.partition(".")
    defined = [node for node in scope.body if _defines(node, here)]
    whole = [] if inside else defined
    whole = whole or [node for node in scope.body if _calls(node, name)]
    if whole:
        for node in whole:
            yield from range(_first(node, lines), node.end_lineno or node.lineno)
    elif defined and hasattr(defined[0], "body"):
        yield from range(_first(defined[0], lines), _opened(defined[0], lines))
        yield from _numbers(defined[0], inside, lines)
    else:
        raise LookupError(name)


def _defines(node: ast.stmt, name: str) -> bool:
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            return node.name == name
        case ast.Assign():
            targets = [one for target in node.targets for one in getattr(target, "elts", [target])]
            return name in map(ast.unparse, targets)
        case ast.AnnAssign():
            return ast.unparse(node.target) == name
    return False


def _calls(node: ast.stmt, name: str) -> bool:
    match node:
        case ast.Expr(value=ast.Call(func=called)):
            return ast.unparse(called) == name
    return False


def _first(node: Any, lines: Sequence[str]) -> int:
    """From which line, counted from 0: decorators and comments belong to what they stand above."""
    first = min([node.lineno, *(one.lineno for one in getattr(node, "decorator_list", ()))]) - 1
    while first and lines[first - 1].lstrip().startswith("#") and "---" not in lines[first - 1]:
        first -= 1
    return int(first)


def _opened(node: Any, lines: Sequence[str]) -> int:
    """Behind which line, counted from 0, the head of a class or function ends."""
    return next(
        number + 1
        for number in range(node.lineno - 1, node.body[0].lineno)
        if lines[number].rstrip().endswith(":")
    )


def _is_section(path: Path, name: str) -> bool:
    return path.is_file() and f"8<-- [start:{name}]" in path.read_text("utf-8")


class Definitions(Preprocessor):  # type: ignore[misc] # Markdown has no types
    """Puts definitions where a page names them; the rest is left to `pymdownx.snippets`."""

    def run(self, lines: list[str]) -> list[str]:
        return [new for line in lines for new in self._replaced(line)]

    def _replaced(self, line: str) -> list[str]:
        found = INCLUDE.fullmatch(line)
        if found is None or _is_section(Path(found["path"]), found["names"]):
            return [line]
        return [found["space"] + new for new in included(Path(found["path"]), found["names"])]


class IncludeExtension(Extension):  # type: ignore[misc] # Markdown has no types
    def extendMarkdown(self, md: Markdown) -> None:  # noqa: N802 # Markdown's name for it
        md.preprocessors.register(Definitions(md), "definitions", 33)  # before snippets


def makeExtension(**options: Any) -> IncludeExtension:  # noqa: N802 # Markdown looks for this name
    return IncludeExtension(**options)
