"""Moving routes one by one: what a proxy is told, and what the comparing client sees."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from blog_core.storage import migrate
from examples.cut_over.comparing import Watcher, compare, sign_in_watcher
from examples.cut_over.routes import EVERYTHING, GROUPS, caddy_routes, methods, nginx_map
from tests.workers import Worker

EXAMPLES = {"{username}": "ada.1-_", "{provider}": "example"}
OTHERS = ("/api/posts/", "/api/posts/07", "/api/posts/7/x", "//", "/API/posts", "/posts/٣", "/x")


def example(name: str) -> str:
    path = EVERYTHING[name].path
    return re.sub(r"\{\w+\}", lambda found: EXAMPLES.get(found[0], "7"), path)


def by_nginx(text: str, asked: str) -> str:
    """Whom nginx's map names for "METHOD target": the first expression that matches."""
    default = re.findall(r"^default (\w+);$", text, re.MULTILINE)
    lines = re.findall(r'^"~(.+)" (\w+);$', text, re.MULTILINE)
    found: str = next((to for form, to in lines if re.search(form, asked)), default[0])
    return found


def by_caddy(text: str, method: str, path: str) -> str:
    """Whom Caddy's routes name: the first handle whose matcher holds."""
    matchers = re.findall(
        r'^@\w+ \{\n\tmethod (.+)\n\tpath_regexp "(.+)"\n\}\nhandle @\w+ \{\n\timport to-(\w+)',
        text,
        re.MULTILINE,
    )
    default = re.findall(r"^handle \{\n\timport to-(\w+)", text, re.MULTILINE)
    held = (to for of, form, to in matchers if method in of.split() and re.search(form, path))
    found: str = next(held, default[0])
    return found


def test_every_operation_is_in_one_group() -> None:
    names = [name for group in GROUPS.values() for name in group]
    assert sorted(EVERYTHING) == sorted(names)


@pytest.mark.parametrize("group", GROUPS)
def test_a_group_that_moves_takes_its_own_routes_along_and_no_others(group: str) -> None:
    nginx = nginx_map({group: "fastapi"}, "flask")
    caddy = caddy_routes({group: "fastapi"}, "flask")
    for name, operation in EVERYTHING.items():
        expected = "fastapi" if name in GROUPS[group] else "flask"
        path = example(name)
        for method in methods(operation):
            assert expected == by_nginx(nginx, f"{method} {path}"), name
            assert expected == by_nginx(nginx, f"{method} {path}?limit=1"), name
            assert expected == by_caddy(caddy, method, path), name
    for other in OTHERS:
        assert "flask" == by_nginx(nginx, f"GET {other}")
        assert "flask" == by_caddy(caddy, "GET", other)


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("cut-over") / "blog.sqlite3"
    migrate.upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="module")
def old(database: Path) -> Iterator[Worker]:
    worker = Worker("flask-wsgi", database)
    yield worker
    worker.close()


@pytest.fixture(scope="module")
def watcher(old: Worker) -> Watcher:
    return sign_in_watcher(old)


def test_two_frameworks_on_one_database_do_not_differ(
    old: Worker, watcher: Watcher, database: Path
) -> None:
    new = Worker("fastapi-asgi", database)
    try:
        outcomes = {group: compare(group, watcher, old, new) for group in GROUPS}
    finally:
        new.close()
    assert {group: [] for group in GROUPS} == {
        group: outcome.found for group, outcome in outcomes.items()
    }
    assert all(outcome.compared > 10 for outcome in outcomes.values())


@pytest.mark.parametrize(
    ("fault", "group"),
    [
        ("offset_for_z", "reading the API"),  # seen by whoever reads
        ("missing_if_match_accepted", "writing posts by the API"),  # seen only by whoever writes
    ],
)
def test_a_fault_behind_a_moved_route_is_a_difference(
    fault: str, group: str, old: Worker, watcher: Watcher, database: Path
) -> None:
    kind = "asgi" if fault == "offset_for_z" else "wsgi"
    new = Worker(f"{kind}:tests.mutants.{fault}:app", database)
    try:
        found = compare(group, watcher, old, new).found
    finally:
        new.close()
    assert found
