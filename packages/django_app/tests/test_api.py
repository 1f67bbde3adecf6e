"""The API as a Django user meets it; what it promises is in the contract suite."""

import logging
from dataclasses import replace

import pytest
from django.core.management import call_command
from django.test import override_settings
from rest_framework.test import APIClient

from blog_core.http.operations import OPERATIONS
from blog_core.settings import new_secret
from blog_django import api
from blog_django.session import blog

USER = {"username": "ada", "email": "ada@example.org", "password": "nine lives, no boots"}


@pytest.fixture
def ada(client: APIClient) -> APIClient:
    assert 201 == client.post("/api/users", USER, format="json").status_code
    sign_in = {name: USER[name] for name in ("username", "password")}
    token = client.post("/api/tokens", sign_in, format="json").json()["token"]
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
    return client


def test_what_is_written_and_published_can_be_read(ada: APIClient) -> None:
    made = ada.post("/api/posts", {"title": "Engines"}, format="json")
    path = made["Location"]
    assert "draft" == made.json()["status"]
    assert 200 == ada.post(f"{path}/publish", headers={"if-match": made["ETag"]}).status_code
    ada.credentials()
    assert ["Engines"] == [post["title"] for post in ada.get("/api/posts").json()["results"]]


def test_a_draft_is_changed_and_deleted_by_its_author(ada: APIClient) -> None:
    made = ada.post("/api/posts", {"title": "Engines"}, format="json")
    path, etag = made["Location"], {"if-match": made["ETag"]}
    changed = ada.patch(path, {"content": "Analytical"}, format="json", headers=etag)
    assert ("Engines", "Analytical") == (changed.json()["title"], changed.json()["content"])
    assert 412 == ada.delete(path, headers=etag).status_code
    assert 204 == ada.delete(path, headers={"if-match": changed["ETag"]}).status_code
    assert 404 == ada.get(path).status_code


def test_nobody_signed_in_is_asked_to(client: APIClient) -> None:
    answer = client.get("/api/me")
    assert 401 == answer.status_code
    assert 'Bearer realm="blog"' == answer["WWW-Authenticate"]


def test_the_routes_are_the_operations_in_their_order(client: APIClient) -> None:
    paths = client.get("/openapi.json").json()["paths"]
    routes = [
        (described["operationId"], method.upper(), path)
        for path, methods in paths.items()
        for method, described in methods.items()
    ]
    by_path = dict.fromkeys(operation.path for operation in OPERATIONS)
    expected = [
        (operation.name, operation.method, operation.path)
        for path in by_path
        for operation in OPERATIONS
        if operation.path == path
    ]
    assert expected == routes


def test_an_unexpected_error_is_logged_once(
    client: APIClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    broken = replace(blog(), clock=lambda: 1 / 0)  # type: ignore[arg-type]
    monkeypatch.setattr(api, "blog", lambda: broken)
    with caplog.at_level(logging.INFO):
        answer = client.get("/api/posts")
    assert 500 == answer.status_code
    assert ["blog"] == [record.name for record in caplog.records]


def test_django_finds_nothing_to_complain_about() -> None:
    call_command("check", fail_level="WARNING")


def test_the_deployment_check_finds_nothing_that_the_front_does_not_do(client: APIClient) -> None:
    with override_settings(SECRET_KEY=new_secret()):
        call_command("check", deploy=True, fail_level="WARNING")
    headers = client.get("/livez").headers
    assert "nosniff" == headers["X-Content-Type-Options"]
    assert "DENY" == headers["X-Frame-Options"]
    assert "same-origin" == headers["Cross-Origin-Opener-Policy"]
    assert 403 == client.post("/login", HTTP_ORIGIN="https://elsewhere.example").status_code
