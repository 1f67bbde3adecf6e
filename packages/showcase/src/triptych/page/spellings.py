"""The adapters' own code, read from their files when it is asked for, by operation.

    spelling = of_operation("flask", "create_post")
    spelling.path, spelling.first, spelling.source

An adapter is never imported: its files are found by import string and read as text.
"""

import ast
import importlib
import importlib.util
import inspect
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import FrameType
from typing import Any

from pygments.lexers import PythonLexer
from pygments.token import STANDARD_TYPES, Text, Token

from blog_core.blog import Blog
from blog_core.domain.errors import BlogError
from blog_core.http import requests
from blog_core.http.front import Front, Head, joined
from blog_core.http.operations import OPERATIONS, PAGES, Operation
from blog_core.http.replies import Reply
from blog_core.settings import Settings
from http_parity.exchange import Request, split_target
from triptych.servers import FRAMEWORKS

ALL = {operation.name: operation for operation in (*OPERATIONS, *PAGES)}
"""Every operation of the API and of the pages, by name."""

_ROUTES = ("api", "pages")


@dataclass(frozen=True)
class Spelling:
    """A function, a class or a whole module as it stands in a file, lines counted from 1."""

    name: str
    module: str
    file: Path
    first: int
    last: int
    source: str

    @property
    def path(self) -> str:
        """The file as people call it: `blog_flask/api.py`."""
        folders = self.module.count(".") + 1
        return "/".join(self.file.parts[-folders:])

    @property
    def lines(self) -> str:
        return f"{self.first}\N{EN DASH}{self.last}" if self.first != self.last else f"{self.first}"

    @property
    def anchor(self) -> str:
        return f"{self.module}.{self.name}"


def of_operation(framework: str, name: str) -> Spelling:
    """What answers this operation in a framework's adapter. Raises LookupError for no such."""
    for part in _ROUTES:
        module = f"{FRAMEWORKS[framework].package}.{part}"
        # Each adapter has its functions in the order of the operations, whatever they are called.
        listed = OPERATIONS if part == "api" else PAGES
        for operation, found in zip(listed, routes(module), strict=True):
            if operation.name == name:
                return found
    raise LookupError(name)


def routes(module: str) -> list[Spelling]:
    """The functions and methods of a module of routes, in order."""
    tree = _tree(module)
    found = []
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.decorator_list:
            found.append(_spelling(module, node.name, node))
        elif isinstance(node, ast.ClassDef):
            found += [
                _spelling(module, f"{node.name}.{part.name}", part)
                for part in node.body
                if isinstance(part, ast.FunctionDef)
            ]
    return found


def everything(module: str) -> list[Spelling]:
    """What a module defines at its top, in order: functions and classes."""
    return [
        _spelling(module, node.name, node)
        for node in _tree(module).body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
    ]


def whole(module: str) -> Spelling:
    """A module, all of it."""
    file = file_of(module)
    source = _read(file, _stamp(file))
    return Spelling("", module, file, 1, source.count("\n"), source.rstrip("\n"))


def file_of(module: str) -> Path:
    """Where a module's source is. Its package is not imported for that."""
    package, *parts = module.split(".")
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise LookupError(module)
    if not parts:
        return Path(spec.origin)
    file = Path(spec.origin).parent.joinpath(*parts).with_suffix(".py")
    if not file.is_file():
        raise LookupError(module)
    return file


def _spelling(module: str, name: str, node: Any) -> Spelling:
    file = file_of(module)
    first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
    lines = _read(file, _stamp(file)).splitlines()[first - 1 : node.end_lineno]
    return Spelling(name, module, file, first, node.end_lineno, "\n".join(lines))


def _tree(module: str) -> ast.Module:
    file = file_of(module)
    return _parsed(file, _stamp(file))


def _stamp(file: Path) -> int:
    """What changes when the file does: what was read before is then not used again."""
    return file.stat().st_mtime_ns


@lru_cache(maxsize=64)
def _read(file: Path, stamp: int) -> str:
    return file.read_text("utf-8")


@lru_cache(maxsize=64)
def _parsed(file: Path, stamp: int) -> ast.Module:
    return ast.parse(_read(file, stamp))


# --- what it calls in the core -------------------------------------------------------------------


@dataclass(frozen=True)
class Call:
    """Something of the core that a function names; its line and column there, from 0."""

    spelling: Spelling
    line: int
    column: int
    length: int


def calls(spelling: Spelling) -> list[Call]:
    """What of the core a function names, in order; a use case of the blog by its method."""
    node = ast.parse(_dedented(spelling.source))
    indent = len(spelling.source) - len(spelling.source.lstrip(" "))
    imported = _imported(spelling.module)
    found = []
    for part in ast.walk(node):
        if not isinstance(part, ast.Attribute) or part.end_col_offset is None:
            continue
        target = _named(part, imported)
        if target is None:
            continue
        assert part.end_lineno is not None  # noqa: S101 # it has been read from text
        length = len(part.attr)
        column = part.end_col_offset - length + indent
        found.append(Call(target, part.end_lineno - 1, column, length))
    return sorted(found, key=lambda call: (call.line, call.column))


def _dedented(source: str) -> str:
    indent = len(source) - len(source.lstrip(" "))
    return "\n".join(line[indent:] for line in source.splitlines())


def _named(part: ast.Attribute, imported: Mapping[str, str]) -> Spelling | None:
    if _is_blog(part.value):
        return of_core(Blog, part.attr)
    if isinstance(part.value, ast.Name) and part.value.id in imported:
        holder = importlib.import_module(imported[part.value.id])
        return of_core(holder, part.attr)
    return None


def _is_blog(node: ast.expr) -> bool:
    """`blog()`, or the `blog` of a session."""
    match node:
        case ast.Call(func=ast.Name(id="blog"), args=[]):
            return True
        case ast.Attribute(attr="blog"):
            return True
        case _:
            return False


def _imported(module: str) -> dict[str, str]:
    """The modules of the core that a module imports, by the names it has for them."""
    found = {}
    for node in _tree(module).body:
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("blog_core"):
            for alias in node.names:
                name = f"{node.module}.{alias.name}"
                if importlib.util.find_spec(str(node.module)) and _is_module(name):
                    found[alias.asname or alias.name] = name
    return found


@lru_cache(maxsize=256)
def _is_module(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except ModuleNotFoundError:
        return False


def of_core(holder: Any, name: str) -> Spelling | None:
    """A function, method or class of the core, from its file; None for what is neither."""
    found = inspect.getattr_static(holder, name, None)
    found = found.fget if isinstance(found, property) else getattr(holder, name, None)
    if not (inspect.isfunction(found) or inspect.isclass(found)):
        return None
    found = inspect.unwrap(found)
    module = found.__module__
    if not module.startswith("blog_core"):
        return None
    lines, first = inspect.getsourcelines(found)
    file = Path(inspect.getsourcefile(found) or "")
    source = "".join(lines).rstrip("\n")
    return Spelling(found.__qualname__, module, file, first, first + len(lines) - 1, source)


# --- who decides ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Decision:
    """Which operation a request is for, and what of the core answers or helps before a route does.

    Where `reached` is false no route sees the request.
    """

    operation: Operation | None
    reached: bool
    by: tuple[Spelling, ...]


class Deciding:
    """Asks the front the same as the three do, to find the code that answers a request."""

    def __init__(self, settings: Settings) -> None:
        self._front = Front(settings, (*OPERATIONS, *PAGES))

    def of(self, request: Request) -> Decision:
        """Who answers this request."""
        path, query = split_target(request.target)
        fields = joined([(name.lower(), value) for name, value in request.headers])
        fields.setdefault("host", "localhost")
        head = Head(request.method, path, query, fields, raw_path=path, peer="127.0.0.1")
        found, who = _watched(lambda: self._front.admit(head))
        if isinstance(found, Reply):
            return Decision(None, False, tuple(who))
        if request.method == "HEAD" or "if-none-match" in fields:
            finish = of_core(Front, "finish")
            helped = (finish,) if finish else ()
        else:
            helped = ()
        passed, who = _watched(lambda: self._front.pass_on(found, head, request.body))
        if isinstance(passed, Reply) or passed.refusal is not None:
            return Decision(found, False, tuple(who))
        try:
            requests.admit(passed)
        except BlogError:
            admit = of_core(requests, "admit")
            return Decision(found, False, (admit,) if admit else ())
        return Decision(found, True, helped)


def _watched(act: Any) -> tuple[Any, list[Spelling]]:
    """What comes of it, and the methods of the front that gave a Reply, the innermost first."""
    seen: list[str] = []

    def note(frame: FrameType, event: str, value: Any) -> None:
        if event == "return" and isinstance(value, Reply):
            name = frame.f_code.co_name
            if isinstance(frame.f_locals.get("self"), Front) and name not in seen:
                seen.append(name)

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        result = act()
    finally:
        sys.setprofile(before)
    found = [of_core(Front, name) for name in seen[:1]]
    return result, [spelling for spelling in found if spelling is not None]


# --- highlighting --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Bit:
    """A piece of code with Pygments' short class, and where it leads, if anywhere."""

    text: str
    kind: str
    to: str = ""


def highlighted(spelling: Spelling, links: Sequence[Call] = ()) -> list[list[Bit]]:
    """The code line by line."""
    wanted = {(call.line, call.column): call for call in links}
    return [
        [
            Bit(bit.text, bit.kind, target.spelling.anchor if target else "")
            for bit, target in _linked(line, number, wanted)
        ]
        for number, line in enumerate(_bits(spelling.source))
    ]


def hang(line: Sequence[Bit]) -> str:
    """The class of a line by its depth, so that what does not fit hangs below its beginning."""
    text = "".join(bit.text for bit in line)
    depth = min(20, (len(text) - len(text.lstrip(" "))) // 4 * 4)
    return f" d{depth}" if depth else ""


def _linked(
    line: Sequence[Bit], number: int, wanted: Mapping[tuple[int, int], Call]
) -> Iterator[tuple[Bit, Call | None]]:
    column = 0
    for bit in line:
        yield bit, wanted.get((number, column))
        column += len(bit.text)


@lru_cache(maxsize=1024)
def _bits(source: str) -> list[list[Bit]]:
    lines: list[list[Bit]] = [[]]
    for kind, text in PythonLexer(stripnl=False, ensurenl=False).get_tokens(source):
        name = "" if kind in (Token.Text, Text) else _short(kind)
        first, *rest = text.split("\n")
        if (first, lines[-1][-1:]) == (">", [Bit("-", "o")]):
            # One sign, not to be broken.
            lines[-1][-1] = Bit("->", "o")
        elif first:
            lines[-1].append(Bit(first, name))
        lines += [[Bit(part, name)] if part else [] for part in rest]
    return lines


def _short(kind: Any) -> str:
    while kind not in STANDARD_TYPES:
        kind = kind.parent
    return STANDARD_TYPES[kind] if STANDARD_TYPES[kind] not in {"n", "p", "w"} else ""
