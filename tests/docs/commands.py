"""Command lines on the pages, read by the command they call: what it would refuse is found.

Nothing is run but the parsers. `refusal("triptych serve pyramid")` is a sentence, or None.
"""

import ast
import contextlib
import importlib.util
import io
import json
import os
import re
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any
from unittest.mock import patch

import click
import flask.cli
import pytest

import http_parity.cli
import triptych.cli
from blog_flask.commands import commands as flask_blog
from tests.docs.building import ROOT

OUTSIDE = {
    "fastapi": "of a dependency group of its own, which brings what uvicorn would then use",
    "jq": "reads JSON",
    "npx": "of npm",
    "pass": "somebody's store of passwords",
}
"""Commands that are not installed here, of whose arguments nothing is known."""


def lines(block: Sequence[str]) -> Iterator[str]:
    """The commands of a block of a console, each on one line."""
    held = ""
    for line in block:
        text = line.strip()
        if held or text.startswith("$ "):
            held += text.removeprefix("$ ").removesuffix("\\")
            if not text.endswith("\\"):
                yield held
                held = ""


def refusal(line: str) -> str | None:
    """Why a command line would not be taken, None where it would."""
    for words in _commands(line):
        said = _refusal(words)
        if said:
            return f"{shlex.join(words)}: {said}"
    return None


def _commands(line: str) -> Iterator[list[str]]:
    """The commands of a line, without variables before and files behind."""
    said = re.sub(r"\s# .*", "", line)
    lexer = shlex.shlex(said, posix=True, punctuation_chars="|&;<>")
    lexer.whitespace_split = True
    lexer.commenters = ""
    words: list[str] = []
    skip = False
    for word in [*lexer, ";"]:
        if skip:
            skip = False
        elif set(word) <= set("<>"):
            skip = True
        elif set(word) <= set("|&;"):
            if words:
                yield words
            words = []
        elif words or not re.fullmatch(r"[A-Z_]+=.*", word):
            words.append(word)
    if words:
        yield words


def _refusal(words: Sequence[str]) -> str | None:
    command, arguments = Path(words[0]).name, list(words[1:])
    if command in ("python", "python3"):
        return _python(arguments)
    if command in OUTSIDE:
        return None
    if command not in _KNOWN:
        return "no test knows this command: see tests/docs/commands.py"
    return _KNOWN[command](arguments)


def _python(arguments: list[str]) -> str | None:
    match arguments:
        case ["-m", module, *rest]:
            return _module(module, rest)
        case ["-c", code]:
            ast.parse(code)
            return None
        case ["manage.py", *rest]:
            return _manage(rest)
        case [script, *rest] if script.endswith(".py"):
            there = (ROOT / script).is_file() or list(ROOT.glob(f"docs/examples/*/{script}"))
            return None if there else f"there is no {script}"
    return "no test knows this use of Python"


def _module(module: str, arguments: list[str]) -> str | None:
    if module == "pip":
        return None if arguments[:1] == ["install"] else "pip does not install"
    if module == "venv":
        return None
    if module == "blog_django":
        return _manage(arguments)
    if module == "pytest":
        return _pytest(arguments)
    if module == "zensical":
        return _click(_zensical(), arguments)
    return _by_source(module, arguments)


def _by_source(module: str, arguments: Sequence[str]) -> str | None:
    """Whether the module, or its package, names the options for its parser."""
    found = importlib.util.find_spec(module)
    if found is None or found.origin is None:
        return f"there is no module {module}"
    files = [Path(found.origin)]
    if found.submodule_search_locations:
        files.append(Path(found.origin).with_name("__main__.py"))
    source = "".join(file.read_text("utf-8") for file in files if file.is_file())
    for option in arguments:
        name = option.partition("=")[0]
        if option.startswith("--") and name not in ("--", "--help") and f'"{name}"' not in source:
            return f"there is no option {name}"
    return None


@cache
def _zensical() -> click.Command:
    import zensical.main  # noqa: PLC0415 # takes half a second

    return zensical.main.cli


@cache
def _schemathesis() -> click.Command:
    import schemathesis.cli  # noqa: PLC0415 # takes seconds

    return schemathesis.cli.schemathesis


def _click(command: click.Command, arguments: Sequence[str]) -> str | None:
    """Whether a command of click takes the arguments; that files are missing is no matter."""
    with tempfile.TemporaryDirectory() as elsewhere, contextlib.chdir(elsewhere):
        return _parsed(command, arguments)


def _parsed(command: click.Command, arguments: Sequence[str]) -> str | None:
    rest = list(arguments)
    if "--help" in rest or "--version" in rest:
        rest = [one for one in rest if one not in ("--help", "--version")]
        if not rest:
            return None
    try:
        parent: click.Context | None = None
        while True:
            context = command.make_context(command.name, list(rest), parent=parent)
            if not isinstance(command, click.Group):
                context.close()  # the files it opened to write
                return None
            remaining = [*context._protected_args, *context.args]
            name, inner, rest = command.resolve_command(context, remaining)
            if inner is None:
                return f"there is no command {name}"
            command, parent = inner, context
    except click.MissingParameter as error:
        return None if "--help" in arguments else error.format_message()
    except click.UsageError as error:
        missing = "does not exist" in error.format_message()
        return None if missing else error.format_message()


def _flask(arguments: list[str]) -> str | None:
    # Flask writes `--debug` into the environment as soon as it is read: other tests have it too.
    with patch.dict(os.environ):
        return _read_by_flask(arguments)


def _read_by_flask(arguments: list[str]) -> str | None:
    match arguments:
        case ["--app", _, "blog", *rest]:
            return _click(flask_blog, rest)
        case ["--app", _, name, *rest] | [name, *rest]:
            found = {"run": flask.cli.run_command, "shell": flask.cli.shell_command}
            found["routes"] = flask.cli.routes_command
            return _click(found[name], rest) if name in found else f"there is no command {name}"
    return "nothing is asked of flask"


_MANAGE = """
import json, sys
import django
django.setup()
from django.core.management import CommandError, get_commands, load_command_class

def refusal(name, *rest):
    app = get_commands().get(name)
    if app is None:
        return f"there is no command {name}"
    command = load_command_class(app, name) if isinstance(app, str) else app
    try:
        command.create_parser("manage.py", name).parse_args(rest)
    except CommandError as error:
        return str(error)

json.dump([refusal(*words) for words in json.load(sys.stdin)], sys.stdout)
"""
_django: dict[tuple[str, ...], str | None] = {}


def ask_django(commands: Sequence[str]) -> None:
    """Have Django's commands in these lines read in one process: its settings are a process's."""
    asked = [words for line in commands for words in map(_for_django, _commands(line)) if words]
    said = subprocess.run(
        [sys.executable, "-c", _MANAGE],
        input=json.dumps(asked),
        cwd=ROOT,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "blog_django.settings"},
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    _django.update(zip(map(tuple, asked), json.loads(said.stdout), strict=True))


def _for_django(words: Sequence[str]) -> list[str] | None:
    match list(words):
        case [_, "manage.py", *rest] | [_, "-m", "blog_django", *rest]:
            return rest
    return None


def _manage(arguments: list[str]) -> str | None:
    if tuple(arguments) not in _django:
        ask_django([shlex.join(["python", "manage.py", *arguments])])
    return _django[tuple(arguments)]


def _nox(arguments: list[str]) -> str | None:
    sessions = _sessions()
    chosen: list[str] = []
    rest: list[str] = []
    words = iter(arguments)
    for word in words:
        if word == "--":
            rest = list(words)
        elif word == "-s":
            chosen = [next(words)]
        elif word == "--list" or chosen:
            chosen += [] if word == "--list" else [word]
        else:
            return f"nox does not know {word} here"
    for session in chosen:
        name, version, parameter = _named(session)
        if name not in sessions:
            return f"there is no session {name}"
        for given in filter(None, (version, parameter)):
            if f'"{given}"' not in _noxfile():
                return f"{name} knows no {given}"
    if not rest:
        return None
    [session] = chosen
    return _handed_on(_named(session)[0], rest)


def _handed_on(session: str, rest: list[str]) -> str | None:
    """What follows `--` goes to what the session runs, but for its own `--all`."""
    if session == "contract":
        rest = [word for word in rest if word != "--all"]
    if session in ("tests", "contract", "wheel", "browser"):
        return _pytest(rest)
    if session == "constraints":
        return None if rest == ["--upgrade"] else f"uv pip compile is not given {rest}"
    if session == "third_party":
        return _click(http_parity.cli.cli, ["compare", "wsgi:a:b", "asgi:c:d", *rest])
    if session == "schemathesis":
        return _click(_schemathesis(), ["run", "http://127.0.0.1/openapi.json", *rest])
    if session == "demo":
        return _click(triptych.cli.cli, ["demo", *rest])
    module = _MODULES.get(session)
    return _module(module, rest) if module else f"no test knows what {session} does with it"


_MODULES = {
    "bench": "bench",
    "faults": "tests.faults",
    "parity": "tests.parity",
    "servers": "tests.servers",
}


def _named(session: str) -> tuple[str, str, str]:
    found = re.fullmatch(r"(\w+)(?:-([\d.]+))?(?:\((?:\w+=)?(\w+)\))?", session)
    assert found, session
    return found[1], found[2] or "", found[3] or ""


@cache
def _noxfile() -> str:
    return (ROOT / "noxfile.py").read_text("utf-8")


@cache
def _sessions() -> set[str]:
    return {
        node.name
        for node in ast.parse(_noxfile()).body
        if isinstance(node, ast.FunctionDef)
        and any("nox.session" in ast.unparse(one) for one in node.decorator_list)
    }


def _uv(arguments: list[str]) -> str | None:
    match arguments:
        case ["run", "noxfile.py", *rest]:
            return _nox(rest)
        case ["venv"]:
            return None
        case ["pip", "install", *rest]:
            return next((f"there is no {one}" for one in _files(rest)), None)
    return "no test knows this use of uv"


def _files(arguments: Sequence[str]) -> Iterator[str]:
    """Of the files that pip is given, those that are not there."""
    for option, value in pairwise(arguments):
        if option in ("-c", "-r") and not (ROOT / value).is_file():
            yield value


def _pytest(arguments: Sequence[str]) -> str | None:
    """pytest's own parser, with the plugins of this workspace."""
    rest = [one for one in arguments if one != "--pyargs"]
    said = io.StringIO()
    try:
        with contextlib.redirect_stderr(said):
            _pytest_parser().parse(rest)
    except (SystemExit, pytest.UsageError) as error:
        return said.getvalue().strip() or str(error)
    return None


@cache
def _pytest_parser() -> Any:
    from _pytest.config import get_config  # noqa: PLC0415 # private, and the only way to ask

    config = get_config([])
    for plugin in ("blog_contract.plugin", "http_parity.plugin"):
        config.pluginmanager.import_plugin(plugin)
    return config._parser


def _export(arguments: Sequence[str]) -> str | None:
    known = (ROOT / "docs" / "settings.md").read_text("utf-8")
    for word in arguments:
        name = word.partition("=")[0]
        pattern = re.sub(r"BLOG_OPENID_[A-Z]+_", "BLOG_OPENID_NAME_", name)
        if name.startswith("BLOG_") and pattern not in known:
            return f"there is no setting {name}"
    return None


def _git(arguments: Sequence[str]) -> str | None:
    match list(arguments):
        case ["apply", *options, patch]:
            # Taken back (-R) it fits what it was applied to.
            said = subprocess.run(
                ["git", "apply", "--check", *(one for one in options if one != "-R"), patch],
                cwd=ROOT,
                capture_output=True,
                text=True,
                check=False,
            )
            return said.stderr.strip() or None
        case ["clone" | "switch", *_]:
            return None
    return "no test knows this use of git"


def _diff(arguments: Sequence[str]) -> str | None:
    return next((f"there is no {one}" for one in arguments if not (ROOT / one).exists()), None)


_KNOWN: dict[str, Callable[[list[str]], str | None]] = {
    "diff": _diff,
    "export": _export,
    "flask": _flask,
    "git": _git,
    "nox": _nox,
    "parity": lambda arguments: _click(http_parity.cli.cli, arguments),
    "pytest": _pytest,
    "triptych": lambda arguments: _click(triptych.cli.cli, arguments),
    "uv": _uv,
}
