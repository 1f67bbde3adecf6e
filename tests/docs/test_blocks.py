"""Every block of code on a page is included from a file that runs, or read by its commands."""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.docs import commands
from tests.docs.blocks import ALL, Block
from tests.docs.building import ROOT
from tools.includes import included

pytestmark = pytest.mark.once

NO_CODE = {
    (
        "docs/architecture.md",
        "wiring   | http                 wiring puts the parts together; http is the HTTP rules",
    ),
    ("docs/architecture.md", "server ──> front ──> framework ──> Blog"),
    ("docs/core-tour.md", "PUT /api/posts/7"),
    ("docs/moving/index.md", "default flask;"),  # what a script writes, and its test reads
    ("docs/openid.md", "https://blog.example/openid/acme"),
    ("docs/operations.md", "== flask on granian, sqlite"),  # what tests/observed.py prints
    ("docs/operations.md", "livenessProbe: {"),
    ("docs/operations.md", '{"time": "'),
}
"""Trees, figures, addresses and what is written by machines, by their page and how they begin."""

RUN = re.compile(
    r"packages/[\w/]+/src/|packages/[\w/]+/tests/|tests/|tools/|browser/|bench/|noxfile\.py"
)
"""What runs already: the packages, and what tests and measures them."""

SHOWN = {
    (
        "CONTRIBUTING.md",
        "markdown",
    ): "how an include is written",
}


def held(block: Block) -> str | None:
    """How a block is held; None where it is not."""
    if block.included:
        return "included"
    if block.language == "console":
        return "read by its commands"
    if block.language == "text" and any(map(_begins(block), NO_CODE)):
        return "no code"
    return SHOWN.get((block.page, block.language))


def _begins(block: Block) -> Callable[[tuple[str, str]], bool]:
    return lambda listed: block.page == listed[0] and block.first.startswith(listed[1])


@pytest.mark.parametrize("block", ALL, ids=lambda block: block.name)
def test_every_block_is_held(block: Block) -> None:
    assert held(block), (
        f"{block.name} ({block.language}): include it from a file that a test runs, as"
        " CONTRIBUTING.md says, or write it as a console of commands"
    )


@pytest.mark.parametrize("listed", sorted(NO_CODE), ids=str)
def test_what_is_listed_as_no_code_is_on_its_page(listed: tuple[str, str]) -> None:
    assert any(_begins(block)(listed) for block in ALL)


INCLUDED = [(block, path, part) for block in ALL for path, part in block.included]


@pytest.mark.parametrize(
    ("block", "path", "part"), INCLUDED, ids=[f"{one[0].name}-{one[2]}" for one in INCLUDED]
)
def test_what_is_included_is_there_and_run(block: Block, path: str, part: str | None) -> None:
    text = (ROOT / path).read_text("utf-8")
    if part:
        assert not re.fullmatch(r"[\d:,-]+", part), "line numbers go stale unseen: take a name"
        marks = re.findall(r"8<-+ \[start: ?([\w-]+)\]", text)
        assert part in marks or included(ROOT / path, part)
    run = RUN.match(path) or _named_by_a_test(path)
    assert run, f"no test names {path} or its folder"


def _named_by_a_test(path: str) -> bool:
    """Whether a test says the name of the file or its folder, or imports it."""
    names = {Path(path).name, Path(path).parent.name}
    module = path.removesuffix(".py").replace("/", ".")
    said = [*(f'"{name}"' for name in names), *(f"/{name}" for name in names), module]
    return any(one in text for text in _tests() for one in said)


def _tests() -> list[str]:
    if not _texts:
        for pattern in ("tests/**/*.py", "packages/*/tests/**/*.py", "browser/**/*.py"):
            _texts.extend(path.read_text("utf-8") for path in ROOT.glob(pattern))
    return _texts


_texts: list[str] = []
CONSOLES = [block for block in ALL if block.language == "console" and not block.included]


@pytest.fixture(scope="module")
def refusal() -> Callable[[str], str | None]:
    commands.ask_django([line for block in CONSOLES for line in commands.lines(block.lines)])
    return commands.refusal


@pytest.mark.parametrize("block", CONSOLES, ids=lambda block: block.name)
def test_commands_would_be_taken(block: Block, refusal: Callable[[str], str | None]) -> None:
    written = list(commands.lines(block.lines))
    assert written, "a console without a command"
    assert [] == [said for said in map(refusal, written) if said]


def printed(block: Block) -> str:
    """What a console shows beside commands, and what a shell is asked after `>>>`."""
    found, goes_on = [], False
    for line in block.lines:
        if not goes_on and not line.startswith(("$ ", ">>> ")):
            found.append(line)
        goes_on = line.endswith("\\") and (goes_on or line.startswith("$ "))
    return " ".join(" ".join(found).split())


@pytest.mark.parametrize(
    "block", [one for one in CONSOLES if printed(one)], ids=lambda block: block.name
)
def test_a_command_prints_what_the_page_says(block: Block, tmp_path: Path) -> None:
    """Written by hand only where the command can be run here as it stands, in an empty folder."""
    [line] = commands.lines(block.lines)
    scripts = str(Path(sys.executable).parent)
    ran = subprocess.run(
        ["sh", "-c", line],
        cwd=tmp_path,
        env={"PATH": f"{scripts}:{os.defpath}", "HOME": str(tmp_path), "COLUMNS": "200"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=120,
    )
    assert printed(block) == " ".join(ran.stdout.split())


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("triptych serve pyramid", "'pyramid' is not one of"),
        ("triptych serve flask --servr x", "No such option '--servr'"),
        ("triptych user creat ada", "No such command 'creat'"),
        ("true && triptych nothing", "no test knows this command"),
        ("pass show x | triptych nothing", "No such command 'nothing'"),
        ("nox -s nothing", "there is no session nothing"),
        ("nox -s parity -- --nothing", "there is no option --nothing"),
        ('uv run noxfile.py -s "contract(pyramid)"', "contract knows no pyramid"),
        ("parity compare a b --nothing x", "No such option '--nothing'"),
        ("python manage.py nothing", "there is no command nothing"),
        ("python manage.py migrate --nothing", "unrecognized arguments: --nothing"),
        ("flask --app blog_flask blog nothing", "No such command 'nothing'"),
        ("export BLOG_NOTHING=1", "there is no setting BLOG_NOTHING"),
        ("pytest --nothing", "unrecognized arguments: --nothing"),
        ("python -m bench --nothing", "there is no option --nothing"),
        ("python -m nothing", "there is no module nothing"),
        ("diff noxfile.py nothing.py", "there is no nothing.py"),
    ],
)
def test_a_command_that_would_be_refused_is_found(line: str, said: str) -> None:
    assert said in (commands.refusal(line) or "")
