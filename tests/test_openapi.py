"""The three OpenAPI documents, each made by its framework from its routes, say the same.

They are compared normalised. Taken away is what means nothing to a client: titles, descriptions,
summaries and tags; an empty list of parameters, security or required names, and `required: false`,
which are the defaults; the order of lists that have none (`UNORDERED`). A reference counts as what
it leads to, so that components may have other names, and one that nothing refers to does not
count. All the rest has to be equal.
"""

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest

from http_parity.exchange import Request
from tests.workers import TARGETS, Worker

NOTES = frozenset({"title", "description", "summary", "tags"})
DEFAULTS: tuple[tuple[str, object], ...] = (
    ("parameters", []),
    ("required", []),
    ("required", False),
    ("security", []),
)
UNORDERED = frozenset({"anyOf", "enum", "oneOf", "parameters", "required", "security", "type"})
NAMED = frozenset({"paths", "properties", "responses", "securitySchemes"})
"""Below these the keys are names of the API's own, not of OpenAPI."""

FIRST, *OTHERS = TARGETS


@pytest.fixture(scope="module")
def documents(blogs: dict[str, Worker]) -> dict[str, Any]:
    return {name: blog.send(Request("GET", "/openapi.json")).json() for name, blog in blogs.items()}


@pytest.mark.parametrize("name", OTHERS)
def test_the_documents_have_no_difference(documents: dict[str, Any], name: str) -> None:
    assert [] == list(unlike(normalised(documents[FIRST]), normalised(documents[name])))


POST = "paths /api/posts post"


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ("openapi", "3.0.3"),
        ("info version", "2"),
        (f"{POST} operationId", "other"),
        (f"{POST} security", [{}]),
        (f"{POST} responses 201", None),
        (f"{POST} responses 409 content", {}),
        (f"{POST} requestBody required", False),
        ("paths /api/posts/{post_id} put parameters 0 required", False),
        ("paths /api/posts get parameters 0 name", "title"),
        ("components schemas NewPost properties title", {"type": "integer"}),
        ("components schemas NewPost required", []),
        ("components schemas NewPost additionalProperties", True),
        ("components schemas Post properties status enum 0", "gone"),
        ("components securitySchemes bearer scheme", "basic"),
    ],
)
def test_a_document_that_says_something_else_is_noticed(
    documents: dict[str, Any], place: str, value: object
) -> None:
    changed = copy.deepcopy(documents[FIRST])
    holder: Any = changed
    *way, last = place.split()
    for step in way:
        holder = holder[int(step) if isinstance(holder, list) else step]
    key = int(last) if isinstance(holder, list) else last
    assert value != holder[key]
    holder[key] = value
    assert list(unlike(normalised(documents[FIRST]), normalised(changed)))


def normalised(document: dict[str, Any]) -> Any:
    """What the document says: see above."""
    schemes = document["components"]["securitySchemes"]
    rest = {name: value for name, value in document.items() if name != "components"}
    return _meaning({**rest, "securitySchemes": schemes}, document, named=False)


def _meaning(value: Any, document: Any, *, named: bool) -> Any:
    if isinstance(value, list):
        return [_meaning(item, document, named=False) for item in value]
    if not isinstance(value, dict):
        return value
    if "$ref" in value and not named:
        return _meaning(_led_to(document, value["$ref"]), document, named=False)
    meant: dict[str, Any] = {}
    for key, item in value.items():
        if not named and (key in NOTES or (key, item) in DEFAULTS):
            continue
        meant[key] = _meaning(item, document, named=key in NAMED and not named)
        if not named and key in UNORDERED and isinstance(item, list):
            meant[key].sort(key=lambda part: json.dumps(part, sort_keys=True))
    return meant


def _led_to(document: Any, reference: str) -> Any:
    for step in reference.removeprefix("#/").split("/"):
        document = document[step]
    return document


def unlike(a: Any, b: Any, place: str = "") -> Iterator[str]:
    """Each place where two normalised documents differ, and how."""
    if isinstance(a, dict) and isinstance(b, dict):
        for key in sorted(a.keys() | b.keys()):
            yield from unlike(a.get(key, "absent"), b.get(key, "absent"), f"{place} {key}")
    elif isinstance(a, list) and isinstance(b, list) and len(a) == len(b):
        for number, (left, right) in enumerate(zip(a, b, strict=True)):
            yield from unlike(left, right, f"{place} {number}")
    elif a != b:
        yield f"{place.strip()}: {a!r} is not {b!r}"
