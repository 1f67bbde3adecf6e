"""JSONTestSuite on every operation that takes JSON: one verdict, the contract's, on all targets.

What to expect is worked out here, from `[json]`, `[json-object]`, `[unknown-fields]` and the fields
of each operation in docs/http-contract.md; the reader shares no code with the core.
"""

import json
from collections.abc import Mapping
from dataclasses import replace

import pytest

from blog_core.http.operations import OPERATIONS
from http_parity.exchange import Request
from tests.alike import assert_alike
from tests.corpora import json_test_suite
from tests.corpora.json_reader import Unreadable, keys
from tests.seeds import Askable, ask, good

pytestmark = pytest.mark.once

CASES = dict(json_test_suite())
JSON_TYPE = [("Content-Type", "application/json")]

FIELDS: Mapping[str, tuple[str, ...]] = {
    "sign_up": ("username!", "email!", "password!"),
    "change_me": ("username", "email"),
    "change_password": ("current_password!", "new_password!"),
    "sign_in": ("username!", "password!"),
    "create_post": ("title!", "content", "pub_date"),
    "replace_post": ("title!", "content!", "pub_date!"),
    "change_post": ("title", "content", "pub_date"),
    "publish_post": ("pub_date",),
}
"""The fields of each body by the contract; those marked are needed."""

DONE = {"change_me": 200, "create_post": 201}
"""What a good body is answered with; elsewhere the version asked for is a stale one: 412."""


def expected(operation: str, body: bytes) -> int:
    """The status by the contract, for a body whose known fields, if any, have good values."""
    if not body and operation == "publish_post":
        return 412
    try:
        found = keys(body)
    except Unreadable:
        return 400
    needed = {name.removesuffix("!") for name in FIELDS[operation] if name.endswith("!")}
    known = {name.removesuffix("!") for name in FIELDS[operation]}
    if found is None or not needed <= set(found) <= known:
        return 422
    return DONE.get(operation, 412)


def is_one_string(body: bytes) -> bool:
    """Whether it is a list of one readable string."""
    try:
        keys(body)
    except Unreadable:
        return False
    found = json.loads(body)
    return isinstance(found, list) and [str] == [type(item) for item in found]


def with_body(operation: str, body: bytes) -> Request:
    """The operation's good request with this body, from a version that is not the current one."""
    stale = '"99"' if operation in ("replace_post", "change_post", "publish_post") else None
    return replace(good(operation, json=None, headers=JSON_TYPE, if_match=stale), body=body)


def test_the_table_of_fields_knows_every_operation_that_takes_json() -> None:
    taking = {found.name for found in OPERATIONS if found.body is not None and not found.form}
    assert taking == FIELDS.keys()


def test_the_reader_agrees_with_the_suite() -> None:
    refused = {name for name, body in CASES.items() if expected("create_post", body) == 400}
    accepted_by_the_suite = {name for name in CASES if name.startswith("y_")}
    # The contract refuses more than RFC 8259: a key twice.
    twice = {"y_object_duplicated_key", "y_object_duplicated_key_and_value"}
    assert twice == refused & accepted_by_the_suite
    assert {name for name in CASES if name.startswith("n_")} <= refused


@pytest.mark.parametrize("name", CASES)
def test_every_operation_reads_it_alike(odd_blogs: Mapping[str, Askable], name: str) -> None:
    for operation in FIELDS:
        answer = assert_alike(ask(odd_blogs, with_body(operation, CASES[name])))
        assert expected(operation, CASES[name]) == answer.status, (operation, answer.body)
        if answer.status == 422 and not CASES[name].strip().startswith(b"{"):
            assert [""] == [error["field"] for error in answer.json()["errors"]], operation


@pytest.mark.parametrize("name", CASES)
def test_inside_an_object_it_is_read_alike(odd_blogs: Mapping[str, Askable], name: str) -> None:
    """As a field's value; a text that is accepted comes back as it was sent."""
    body = b'{"title":"inside","content":%b}' % CASES[name]
    answer = assert_alike(ask(odd_blogs, with_body("create_post", body)))
    status = expected("create_post", body)
    if status != 201:
        assert status == answer.status, answer.body
        return
    content = json.loads(body)["content"]
    if not isinstance(content, str) or "\0" in content:
        assert 422 == answer.status, answer.body
    else:
        assert (201, content) == (answer.status, answer.json()["content"])


@pytest.mark.parametrize("name", [name for name, body in CASES.items() if is_one_string(body)])
def test_a_text_of_the_suite_comes_back(odd_blogs: Mapping[str, Askable], name: str) -> None:
    """Most of the suite's strings are alone in a list: the string as content."""
    (text,) = json.loads(CASES[name])
    inner = CASES[name].strip().removeprefix(b"[").removesuffix(b"]")
    request = with_body("create_post", b'{"title":"text","content":%b}' % inner)
    answer = assert_alike(ask(odd_blogs, request))
    if "\0" in text:
        assert 422 == answer.status, answer.body
    else:
        assert (201, text) == (answer.status, answer.json()["content"])
