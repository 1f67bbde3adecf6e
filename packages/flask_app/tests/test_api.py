"""The API as a Flask user meets it; what it promises is in the contract suite."""

import logging
from dataclasses import replace

import pytest
from flask.testing import FlaskClient

from blog_core.http.operations import OPERATIONS
from blog_flask.app import BlogFlask

USER = {"username": "ada", "email": "ada@example.org", "password": "nine lives, no boots"}


@pytest.fixture
def ada(client: FlaskClient) -> dict[str, str]:
    """The headers that sign Ada in."""
    assert 201 == client.post("/api/users", json=USER).status_code
    sign_in = {name: USER[name] for name in ("username", "password")}
    token = client.post("/api/tokens", json=sign_in).get_json()["token"]
    return {"Authorization": f"Bearer {token}"}


def test_what_is_written_and_published_can_be_read(
    client: FlaskClient, ada: dict[str, str]
) -> None:
    made = client.post("/api/posts", json={"title": "Engines"}, headers=ada)
    assert "draft" == made.get_json()["status"]
    tagged = {**ada, "If-Match": made.headers["ETag"]}
    assert 200 == client.post(f"{made.location}/publish", headers=tagged).status_code
    assert ["Engines"] == [post["title"] for post in client.get("/api/posts").get_json()["results"]]


def test_a_draft_is_changed_and_deleted_by_its_author(
    client: FlaskClient, ada: dict[str, str]
) -> None:
    made = client.post("/api/posts", json={"title": "Engines"}, headers=ada)
    path, tagged = made.location or "", {**ada, "If-Match": made.headers["ETag"]}
    changed = client.patch(path, json={"content": "Analytical"}, headers=tagged)
    assert "Analytical" == changed.get_json()["content"]
    assert 412 == client.delete(path, headers=tagged).status_code
    tagged["If-Match"] = changed.headers["ETag"]
    assert 204 == client.delete(path, headers=tagged).status_code
    assert 404 == client.get(path, headers=ada).status_code


def test_nobody_signed_in_is_asked_to(client: FlaskClient) -> None:
    answer = client.get("/api/me")
    assert 401 == answer.status_code
    assert 'Bearer realm="blog"' == answer.headers["WWW-Authenticate"]


def test_the_routes_are_the_operations_in_their_order(app: BlogFlask) -> None:
    rules = [
        rule for rule in app.url_map.iter_rules() if rule.endpoint.startswith(("api.", "machine."))
    ]
    expected = [operation.name for operation in OPERATIONS]
    assert expected == [rule.endpoint.partition(".")[2] for rule in rules]


def test_an_unexpected_error_is_logged_once(
    app: BlogFlask, client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    app.blog = replace(app.blog, clock=lambda: 1 / 0)  # type: ignore[arg-type]
    with caplog.at_level(logging.INFO):
        assert 500 == client.get("/api/posts").status_code
    assert ["blog"] == [record.name for record in caplog.records]
