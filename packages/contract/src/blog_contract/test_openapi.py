"""The document of the API."""

import re

from blog_contract.answers import ALLOW
from blog_contract.client import Client
from blog_contract.sentences import sentence

METHODS = {"get", "put", "post", "delete", "options", "head", "patch", "trace"}


def unnamed(path: str) -> str:
    """The path without the names of its parameters, which are the framework's own."""
    return re.sub(r"{\w+}", "{}", path)


@sentence("openapi")
def test_the_document_is_openapi_3_1(client: Client) -> None:
    answer = client.get("/openapi.json")
    assert 200 == answer.status
    assert answer.header("Content-Type") == "application/json"
    document = answer.json()
    assert re.fullmatch(r"3\.1\.[0-9]+", document["openapi"])
    assert document["info"]["title"]
    assert document["info"]["version"]


@sentence("openapi")
def test_the_document_lists_exactly_the_operations_of_the_contract(client: Client) -> None:
    paths = client.get("/openapi.json").json()["paths"]
    expected = {
        (method.lower(), unnamed(path))
        for path, allow in ALLOW.items()
        for method in allow.split(", ")
        if method not in {"HEAD", "OPTIONS"}
    }
    listed = [
        (method, unnamed(path)) for path, item in paths.items() for method in METHODS & item.keys()
    ]
    assert len(set(listed)) == len(listed)
    # As sets: where they differ, pytest names the operations.
    assert expected == set(listed)


@sentence("openapi")
def test_the_document_calls_every_operation_by_a_name_of_its_own(client: Client) -> None:
    paths = client.get("/openapi.json").json()["paths"]
    names = [
        item[method].get("operationId")
        for item in paths.values()
        for method in METHODS & item.keys()
    ]
    assert all(names)
    assert len(names) == len(set(names))


@sentence("openapi")
def test_every_reference_in_the_document_leads_somewhere(client: Client) -> None:
    answer = client.get("/openapi.json")
    document = answer.json()
    references = set(re.findall(r'"\$ref":\s*"#/([^"]+)"', answer.body.decode()))
    for reference in references:
        found = document
        for step in reference.split("/"):
            found = found[step]
        assert found


@sentence("openapi")
def test_the_document_declares_the_parameters_of_every_path(client: Client) -> None:
    for path, item in client.get("/openapi.json").json()["paths"].items():
        for method in METHODS & item.keys():
            parameters = item.get("parameters", []) + item[method].get("parameters", [])
            declared = [each["name"] for each in parameters if each.get("in") == "path"]
            assert re.findall(r"{(\w+)}", path) == declared
