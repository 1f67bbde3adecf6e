"""What holds for the workspace as a whole, whatever its packages do."""

import ast
import io
import re
import subprocess
import sys
import tokenize
import tomllib
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
MEMBERS = sorted(path.parent for path in ROOT.glob("packages/*/pyproject.toml"))
ADAPTER_LINES = {
    # REST framework's settings, URLs, serializers and schema class are its idiom, and have no
    # counterpart in the other two.
    "django_app": 600,
    "fastapi_app": 335,
    "flask_app": 320,
}
"""How many lines of code an adapter may have: what is more belongs to the core."""

PAGE_LINES = 140
"""How many more its pages may have."""

NATIVE_LINES = {
    "django_app": {
        "__main__.py": 5,
        "admin.py": 330,
        "apps.py": 20,
        "browse": 470,
        "database.py": 65,
        "docs.py": 18,
        "manage.py": 10,
        "management": 45,
        "migrations": 55,
        "models.py": 215,
        "native.py": 85,
        "refusals.py": 35,
        "site.py": 45,
        "static.py": 40,
    },
    "fastapi_app": {"admin": 580, "docs.py": 12},
    "flask_app": {"admin": 470, "commands.py": 70, "docs.py": 12},
}
"""How many more what only this framework has may have: a module, or a folder of them."""

HERE_ONLY = re.compile(
    r"https?://[\w.:-]+/simple\b"  # a package index
    r"|(?:pypi|pythonhosted)\.org"
    r"|--(?:extra-)?index-url|--find-links"
    r"|file:///\w"
    r"|(?<![\w.~/-])/(?:work|root|home/\w+|Users/\w+)/"  # somebody's machine
)


def committed() -> list[Path]:
    """The files git tracks or would track: what a fresh clone holds after the next commit."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(command, cwd=ROOT, check=True, capture_output=True).stdout
    paths = [ROOT / name for name in names.decode().split("\0") if name]
    return [path for path in paths if path.is_file()]


def project(folder: Path) -> dict[str, Any]:
    """The pyproject.toml of a folder."""
    return tomllib.loads((folder / "pyproject.toml").read_text("utf-8"))


def requirements(folder: Path) -> Iterator[Requirement]:
    """Everything a folder's pyproject.toml asks for: dependencies, extras, groups, build."""
    content = project(folder)
    for listed in (
        content["project"].get("dependencies", []),
        *content["project"].get("optional-dependencies", {}).values(),
        *content.get("dependency-groups", {}).values(),
        content.get("build-system", {}).get("requires", []),
    ):
        # A group that another includes is listed by itself too.
        yield from (Requirement(one) for one in listed if isinstance(one, str))


def distributions() -> set[str]:
    """The names of the workspace's own distributions."""
    return {canonicalize_name(project(member)["project"]["name"]) for member in MEMBERS}


def constraints() -> dict[str, list[Requirement]]:
    """The lines of constraints.txt by name; one name may have several, by marker."""
    found: dict[str, list[Requirement]] = {}
    for line in (ROOT / "constraints.txt").read_text("utf-8").splitlines():
        requirement = Requirement(line)
        found.setdefault(canonicalize_name(requirement.name), []).append(requirement)
    return found


def code_lines(path: Path) -> int:
    """How many lines of a module hold code: no blank line, comment or docstring counts."""
    source = path.read_text("utf-8")
    silent = (
        *(tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT),
        *(tokenize.DEDENT, tokenize.ENCODING, tokenize.ENDMARKER),
    )
    lines = {
        line
        for token in tokenize.generate_tokens(io.StringIO(source).readline)
        if token.type not in silent
        for line in range(token.start[0], token.end[0] + 1)
    }
    for node in ast.walk(ast.parse(source)):
        # A string that stands alone is documentation, whether Python keeps it or not.
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            lines -= set(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    return len(lines)


CORPORA = ROOT / "tests" / "corpora"
"""Other people's words, kept to the byte: one of them is an attack on a file."""


def test_no_committed_file_names_a_package_index_or_a_place_on_one_machine() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in committed()
        if path != Path(__file__) and path.parent != CORPORA
        for number, line in enumerate(path.read_text("utf-8", "replace").splitlines(), 1)
        if HERE_ONLY.search(line)
    ]
    assert found == []


@pytest.mark.parametrize(
    "line",
    [
        "--index-url https://example.org/simple",
        "-e file:///somewhere/packages/core",
        "cd /work/main",
        "see /home/someone/notes",
        "https://files.pythonhosted.org/x.whl",
    ],
)
def test_what_names_an_index_or_a_machine_is_recognised(line: str) -> None:
    assert HERE_ONLY.search(line)


def test_no_lock_file_is_committed() -> None:
    assert [path for path in committed() if path.name == "uv.lock"] == []


@pytest.mark.parametrize("folder", [ROOT, *MEMBERS], ids=lambda folder: folder.name)
def test_constraints_cover_what_is_asked_for(folder: Path) -> None:
    pinned = constraints()
    uncovered = [
        str(requirement)
        for requirement in requirements(folder)
        if (name := canonicalize_name(requirement.name)) not in distributions()
        and not any(
            requirement.specifier.contains(str(pin.specifier).removeprefix("=="))
            for pin in pinned.get(name, [])
        )
    ]
    assert uncovered == [], "run: uv run noxfile.py -s constraints"


def test_constraints_cover_what_that_needs_in_turn() -> None:
    pinned, seen = constraints(), set[tuple[str, str]]()
    waiting = [
        (canonicalize_name(requirement.name), extra)
        for requirement in requirements(ROOT)
        for extra in ("", *requirement.extras)
    ]
    while waiting:
        name, extra = waiting.pop()
        if (name, extra) in seen:
            continue
        try:
            needed = metadata.requires(name) or []
        except metadata.PackageNotFoundError:
            continue  # of a group that this environment was made without
        seen.add((name, extra))
        waiting += [
            (canonicalize_name(requirement.name), wanted)
            for requirement in map(Requirement, needed)
            if requirement.marker is None or requirement.marker.evaluate({"extra": extra})
            for wanted in ("", *requirement.extras)
        ]
    names = {name for name, _ in seen}
    assert {"blog-core", "django", "sqlalchemy", "werkzeug", "starlette"} <= names
    assert names - set(pinned) - distributions() == set(), "run: uv run noxfile.py -s constraints"


def test_constraints_name_versions_and_no_package_of_the_workspace() -> None:
    pinned = constraints()
    assert set(pinned) & distributions() == set()
    assert [
        str(pin)
        for pins in pinned.values()
        for pin in pins
        if pin.url or not re.fullmatch(r"==[\w.!+]+", str(pin.specifier))
    ] == []


def test_nox_has_the_same_version_in_its_script_and_in_the_constraints() -> None:
    [pin] = constraints()["nox"]
    assert f'"nox[uv]{pin.specifier}"' in (ROOT / "noxfile.py").read_text("utf-8")


@pytest.mark.parametrize("member", MEMBERS, ids=lambda member: member.name)
def test_every_package_says_that_it_is_typed(member: Path) -> None:
    [source] = (member / "src").iterdir()
    assert (source / "py.typed").is_file()


def test_every_package_has_the_version_python_and_licence_of_the_workspace() -> None:
    expected = project(ROOT)["project"]
    for member in MEMBERS:
        content = project(member)["project"]
        assert content["version"] == expected["version"], member.name
        assert content["requires-python"] == expected["requires-python"], member.name
        assert content["license"] == "MIT", member.name


def test_the_domain_imports_the_standard_library_only() -> None:
    outside = {
        name
        for path in (ROOT / "packages/core/src/blog_core/domain").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        for name in imported(node)
        if name.split(".")[0] not in sys.stdlib_module_names
        and not name.startswith("blog_core.domain")
    }
    assert outside == set()


def imported(node: ast.AST) -> list[str]:
    """The modules an import statement names; a relative one stays inside its package."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom) and not node.level:
        return [str(node.module)]
    return []


@pytest.mark.parametrize("adapter", ADAPTER_LINES)
def test_an_adapter_stays_thin(adapter: str) -> None:
    [source] = (ROOT / "packages" / adapter / "src").iterdir()
    sizes = {str(path.relative_to(source)): code_lines(path) for path in source.rglob("*.py")}
    largest = sorted(sizes.items(), key=lambda item: -item[1])
    for native, most in NATIVE_LINES.get(adapter, {}).items():
        held = [name for name in sizes if name == native or name.startswith(f"{native}/")]
        assert 0 < sum(sizes.pop(name) for name in held) <= most, native
    assert sizes.pop("pages.py") <= PAGE_LINES
    assert sum(sizes.values()) <= ADAPTER_LINES[adapter], f"largest first: {largest}"


def test_lines_of_code_are_what_is_left_without_comments_and_docstrings(tmp_path: Path) -> None:
    module = tmp_path / "module.py"
    module.write_text(
        '"""Doc."""\n\n# why\nx = """a\nb"""\n\ndef f():\n    """Doc."""\n    return x\n'
    )
    assert code_lines(module) == 4
