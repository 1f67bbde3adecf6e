"""Every adapter serves exactly the operations of the checklist, its functions in their order."""

import ast
import re
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from blog_core.http.operations import OPERATIONS, PAGES, Operation
from blog_core.settings import Settings

if TYPE_CHECKING:
    from django.urls import URLPattern, URLResolver

ROOT = Path(__file__).parent.parent

NATIVE = ("/admin", "/browse", "/docs")
"""What is the framework's own is in no checklist."""

Routes = dict[tuple[str, str], str]
"""By method and path, what of `api.py` or `pages.py` answers: `function` or `Class.method`."""


def of_django() -> Routes:
    """What Django's URL resolver leads to."""
    import blog_django.wsgi  # noqa: F401, PLC0415 # sets Django up, in a process of its own
    from blog_django.urls import urlpatterns  # noqa: PLC0415

    return {
        (method.upper(), path): name
        for path, view in _views("/", urlpatterns)
        if not path.startswith(NATIVE)
        for method, name in _by_method(view)
    }


def _views(prefix: str, patterns: "list[URLPattern | URLResolver]") -> Iterator[tuple[str, Any]]:
    """The path of each view, with the patterns that are included."""
    for found in patterns:
        path = prefix + _plain(f"{found.pattern}")
        if hasattr(found, "url_patterns"):
            yield from _views(path, found.url_patterns)
        else:
            yield path, found.callback


def _by_method(view: Any) -> Iterator[tuple[str, str]]:
    """What a viewset, a class or a function does for each method."""
    from django.test import RequestFactory  # noqa: PLC0415 # one framework a process

    if hasattr(view, "actions"):
        yield from ((method, f"{view.cls.__name__}.{do}") for method, do in view.actions.items())
    elif hasattr(view, "view_class"):
        kind = view.view_class
        names = [name for name in kind.http_method_names if hasattr(kind, name)]
        yield from ((name, f"{kind.__name__}.{name}") for name in names if name != "options")
    else:
        refused = view(RequestFactory().generic("PROBE", "/"))
        yield from ((method, view.__name__) for method in refused["Allow"].split(", "))


def of_flask() -> Routes:
    """What Flask's URL map leads to."""
    from blog_flask.app import create_app  # noqa: PLC0415 # one framework a process

    rules = create_app(Settings()).url_map.iter_rules()
    return {
        (method, re.sub(r"<\w+:(\w+)>", r"{\1}", rule.rule)): rule.endpoint.rpartition(".")[2]
        for rule in rules
        if not rule.rule.startswith(NATIVE)
        for method in rule.methods or ()
        if method != "HEAD"  # Flask adds it to GET
    }


def of_fastapi() -> Routes:
    """What FastAPI's routes lead to."""
    from fastapi.routing import APIRoute  # noqa: PLC0415 # one framework a process

    from blog_fastapi.api import api, machine  # noqa: PLC0415
    from blog_fastapi.pages import site  # noqa: PLC0415

    served = (*api.routes, *machine.routes, *site.routes)
    routes = [route for route in served if isinstance(route, APIRoute)]
    assert len(routes) == len(served)
    return {
        (method, route.path): route.endpoint.__name__
        for route in routes
        for method in route.methods or ()
    }


def _plain(pattern: str) -> str:
    named = re.sub(r"\(\?P<(\w+)>[^)]*\)|<\w+:(\w+)>", r"{\1\2}", pattern.strip("^$"))
    return named.replace("\\Z", "")


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


def modules(adapter: str) -> list[Path]:
    """The modules that hold what answers: `api.py`, then `pages.py`."""
    [source] = (ROOT / "packages" / adapter / "src").iterdir()
    return [path for name in ("api.py", "pages.py") if (path := source / name).exists()]


def checklist(adapter: str) -> list[Operation]:
    """What the adapter serves."""
    return [*OPERATIONS, *(PAGES if len(modules(adapter)) > 1 else ())]


def asked_as(adapter: str) -> list[tuple[str, str]]:
    return [(operation.method, operation.path) for operation in checklist(adapter)]


def functions(adapter: str) -> list[str]:
    """The functions and the classes' methods of an adapter, as written, in order."""
    found = []
    for node in [node for path in modules(adapter) for node in ast.parse(path.read_text()).body]:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.decorator_list:
            found.append(node.name)
        elif isinstance(node, ast.ClassDef):
            methods = [part for part in node.body if isinstance(part, ast.FunctionDef)]
            found += [f"{node.name}.{method.name}" for method in methods]
    return found


def test_the_routes_are_exactly_the_operations(adapter: str, routes: Routes) -> None:
    # As sets: where they differ, pytest names the operations.
    assert set(asked_as(adapter)) == set(routes)


def test_the_functions_stand_in_the_order_of_the_operations(adapter: str, routes: Routes) -> None:
    assert [routes[route] for route in asked_as(adapter)] == functions(adapter)


@pytest.mark.parametrize("adapter", ["flask_app", "fastapi_app"], scope="module")
def test_the_functions_have_the_names_of_the_operations(adapter: str) -> None:
    assert [operation.name for operation in checklist(adapter)] == functions(adapter)
