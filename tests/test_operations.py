"""Every adapter serves exactly the operations of the checklist, its functions in their order."""

import ast
import re
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any, cast

import pytest

from blog_core.http.operations import OPERATIONS
from blog_core.settings import Settings

ROOT = Path(__file__).parent.parent
CHECKLIST = [(operation.method, operation.path) for operation in OPERATIONS]

Routes = dict[tuple[str, str], str]
"""By method and path, what of `api.py` answers: `function` or `ViewSet.method`."""


def of_django() -> Routes:
    """What Django's URL resolver leads to."""
    import blog_django.wsgi  # noqa: F401, PLC0415 # sets Django up, in a process of its own
    from blog_django.urls import urlpatterns  # noqa: PLC0415

    return {
        (method.upper(), _plain(str(url.pattern))): f"{view.cls.__name__}.{name}"
        for url in urlpatterns
        for view in [cast("Any", url.callback)]
        for method, name in view.actions.items()
    }


def of_flask() -> Routes:
    """What Flask's URL map leads to."""
    from blog_flask.app import create_app  # noqa: PLC0415 # one framework a process

    rules = create_app(Settings()).url_map.iter_rules()
    return {
        (method, re.sub(r"<\w+:(\w+)>", r"{\1}", rule.rule)): rule.endpoint.rpartition(".")[2]
        for rule in rules
        for method in rule.methods or ()
        if method != "HEAD"  # Flask adds it to GET
    }


def of_fastapi() -> Routes:
    """What FastAPI's routes lead to."""
    from fastapi.routing import APIRoute  # noqa: PLC0415 # one framework a process

    from blog_fastapi.api import api, machine  # noqa: PLC0415

    routes = [route for route in (*api.routes, *machine.routes) if isinstance(route, APIRoute)]
    assert len(routes) == len(api.routes) + len(machine.routes)
    return {
        (method, route.path): route.endpoint.__name__
        for route in routes
        for method in route.methods or ()
    }


def _plain(pattern: str) -> str:
    return "/" + re.sub(r"\(\?P<(\w+)>[^)]*\)", r"{\1}", pattern.strip("^$")).replace("\\Z", "")


ADAPTERS: dict[str, Callable[[], Routes]] = {
    "django_app": of_django,
    "flask_app": of_flask,
    "fastapi_app": of_fastapi,
}


@pytest.fixture(scope="module", params=ADAPTERS)
def adapter(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture(scope="module")
def routes(adapter: str) -> Routes:
    with ProcessPoolExecutor(1, get_context("spawn")) as process:
        return process.submit(ADAPTERS[adapter]).result()


def functions(adapter: str) -> list[str]:
    """The functions and viewsets' methods of an adapter's `api.py`, as written, in order."""
    (path,) = (ROOT / "packages" / adapter / "src").glob("*/api.py")
    found = []
    for node in ast.parse(path.read_text("utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.decorator_list:
            found.append(node.name)
        elif isinstance(node, ast.ClassDef):
            methods = [part for part in node.body if isinstance(part, ast.FunctionDef)]
            found += [f"{node.name}.{method.name}" for method in methods]
    return found


def test_the_routes_are_exactly_the_operations(routes: Routes) -> None:
    assert sorted(CHECKLIST) == sorted(routes)


def test_the_functions_stand_in_the_order_of_the_operations(adapter: str, routes: Routes) -> None:
    assert [routes[route] for route in CHECKLIST] == functions(adapter)


@pytest.mark.parametrize("adapter", ["flask_app", "fastapi_app"], scope="module")
def test_the_functions_have_the_names_of_the_operations(adapter: str) -> None:
    assert [operation.name for operation in OPERATIONS] == functions(adapter)
