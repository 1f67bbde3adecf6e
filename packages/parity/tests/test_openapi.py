import json
import random
import re
from typing import Any

import pytest

from http_parity.errors import DocumentError
from http_parity.openapi import Document, Scheme, read_document
from http_parity.schemas import boundaries, matching, valid


def document(**more: Any) -> Document:
    paths = {
        "/things/{id}": {
            "parameters": [{"$ref": "#/components/parameters/id"}],
            "get": {
                "operationId": "read",
                "parameters": [{"name": "q", "in": "query", "schema": {"type": "string"}}],
                "responses": {"200": {"$ref": "#/components/responses/thing"}},
            },
            "put": {
                "security": [{}, {"key": []}],
                "requestBody": {"$ref": "#/components/requestBodies/thing"},
                "responses": {},
            },
        }
    }
    components = {
        "parameters": {
            "id": {"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}}
        },
        "requestBodies": {
            "thing": {"content": {"application/json": {"schema": {"type": "object"}}}}
        },
        "responses": {
            "thing": {
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}},
                "links": {
                    "itself": {"operationId": "read", "parameters": {"id": "$response.body#/id"}}
                },
            }
        },
        "schemas": {"Thing": {"type": "object", "properties": {"id": {"type": "integer"}}}},
        "securitySchemes": {
            "key": {"type": "apiKey", "in": "header", "name": "X-Key"},
            "login": {"type": "http", "scheme": "Basic"},
            "bearer": {"type": "http", "scheme": "bearer"},
        },
    }
    return read_document(
        {
            "openapi": "3.0.3",
            "paths": paths,
            "components": components,
            "security": [{"bearer": []}],
            **more,
        }
    )


def test_an_operation_has_its_own_parameters_and_those_of_its_path() -> None:
    read, replace = document().operations

    assert ["path", "query"] == [parameter.where for parameter in read.parameters]
    assert ["path"] == [parameter.where for parameter in replace.parameters]
    assert {"type": "integer"} == replace.parameters[0].schema


def test_security_is_that_of_the_operation_or_of_the_document() -> None:
    read, replace = document().operations

    assert (("bearer",),) == read.security
    assert ((), ("key",)) == replace.security
    assert Scheme("header", "X-Key") == document().schemes["key"]
    assert Scheme("basic") == document().schemes["login"]


def test_references_to_components_are_followed() -> None:
    read, replace = document().operations

    assert {"$ref": "#/components/schemas/Thing"} == read.answers["200"]
    assert {"id": {"type": "integer"}} == document().resolved(read.answers["200"])["properties"]
    assert (("application/json", {"type": "object"}),) == replace.bodies
    assert "GET /things/{id}" == read.links[0].operation


def test_paths_begin_with_that_of_the_first_server() -> None:
    read, _ = document(servers=[{"url": "https://example.org/v1/"}]).operations

    assert "/v1/things/{id}" == read.path


def test_a_document_may_be_text() -> None:
    text = json.dumps({"openapi": "3.1.0", "paths": {"/": {"get": {}}}})

    assert ["GET /"] == [operation.name for operation in read_document(text).operations]


def test_a_reference_that_leads_nowhere_is_said() -> None:
    with pytest.raises(DocumentError, match="nothing at #/components/nothing"):
        document().resolved({"$ref": "#/components/nothing"})


def test_what_another_document_says_is_not_asked_for() -> None:
    assert {} == document().resolved({"$ref": "other.json#/x"})


def test_what_a_schema_holds_to_itself_ends() -> None:
    tree = {"type": "object", "required": ["more"], "properties": {"more": {"$ref": "#/x"}}}
    source = {
        "openapi": "3.1.0",
        "paths": {"/": {"get": {}}},
        "x": {"type": "array", "items": tree},
    }
    described = read_document(source)

    valid(described, tree, random.Random(1))


@pytest.mark.parametrize(
    ("schema", "good"),
    [
        ({"type": "integer", "minimum": 3, "maximum": 5}, lambda value: 3 <= value <= 5),
        ({"type": "integer", "exclusiveMinimum": 3, "maximum": 5}, lambda value: 3 < value <= 5),
        (
            {"type": "integer", "minimum": 3, "exclusiveMinimum": True, "maximum": 9},
            lambda value: 3 < value <= 9,
        ),
        ({"type": "string", "minLength": 4, "maxLength": 6}, lambda value: 4 <= len(value) <= 6),
        (
            {"type": "string", "pattern": "^[a-f]{2}-[0-9]+$"},
            re.compile("[a-f]{2}-[0-9]+").fullmatch,
        ),
        ({"type": "string", "format": "uuid"}, re.compile("[0-9a-f-]{36}").fullmatch),
        ({"enum": ["a", "b"]}, lambda value: value in {"a", "b"}),
        ({"const": 7}, lambda value: value == 7),
        ({"type": ["integer", "null"]}, lambda value: value is None or isinstance(value, int)),
        ({"type": "string", "nullable": True}, lambda value: value is None or value is not None),
        (
            {"anyOf": [{"type": "integer"}, {"type": "boolean"}]},
            lambda value: isinstance(value, int),
        ),
        (
            {"type": "array", "items": {"type": "boolean"}, "minItems": 2},
            lambda value: len(value) >= 2,
        ),
        (
            {
                "allOf": [
                    {"type": "object", "required": ["a"], "properties": {"a": {"type": "string"}}},
                    {"required": ["b"], "properties": {"b": {"type": "integer"}}},
                ]
            },
            lambda value: isinstance(value["a"], str) and isinstance(value["b"], int),
        ),
    ],
)
def test_a_valid_value_is_what_its_schema_allows(schema: dict[str, Any], good: Any) -> None:
    for seed in range(200):
        value = valid(document(), schema, random.Random(seed))
        assert good(value), value


def test_boundaries_are_met_and_passed() -> None:
    schema = {"type": "integer", "minimum": 1, "maximum": 100}

    drawn = {str(boundaries(document(), schema, random.Random(seed))) for seed in range(300)}

    assert {"0", "1", "2", "99", "100", "101"} <= drawn


@pytest.mark.parametrize(
    "pattern",
    [
        "^[A-Za-z0-9_.-]{1,80}$",
        r"^\d{4}-\d{2}$",
        "^(?:red|green)+$",
        "^[^<>]{3}$",
        r"^\*|\"[1-9][0-9]{0,17}\"$",
        r"^(?!\.{1,2}$)[a-z.]{1,3}$",
    ],
)
def test_what_is_drawn_from_a_pattern_matches_it(pattern: str) -> None:
    drawn = [matching(pattern, random.Random(seed)) for seed in range(50)]

    assert [text for text in drawn if text is not None]
    assert all(re.search(pattern, text) for text in drawn if text is not None)


@pytest.mark.parametrize("pattern", ["(", r"(?P<a>x)(?P=a)", r"\p{L}"])
def test_a_pattern_that_cannot_be_drawn_from_is_left_alone(pattern: str) -> None:
    assert matching(pattern, random.Random(1)) is None
