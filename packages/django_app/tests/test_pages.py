"""The pages as a Django user meets them; what they promise is in the contract suite."""

import logging
import re
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

import pytest
from django.conf import settings
from django.template import engines
from django.template.backends.jinja2 import Jinja2
from django.test import Client, override_settings

from blog_core.http import forms
from blog_django import pages
from blog_django.session import blog

ADA = {"username": "ada", "email": "ada@example.org", "password": "nine lives, no boots"}


def send(client: Client, path: str, **fields: str) -> Any:
    own = {"sec-fetch-site": "same-origin"}
    body = urlencode(fields)
    return client.post(path, body, content_type=forms.MEDIA_TYPE, headers=own)


@pytest.fixture
def ada(client: Client) -> Client:
    answer = send(client, "/register", **ADA)
    assert (303, "/") == (answer.status_code, answer["Location"])
    return client


def text(answer: Any) -> str:
    return str(answer.content.decode())


def test_what_is_written_and_published_can_be_read(ada: Client) -> None:
    written = send(ada, "/write", title="Engines", content="*Analytical*", action="publish")
    path = written["Location"]
    assert (303, b"") == (written.status_code, written.content)
    assert 303 == send(ada, "/logout").status_code
    assert "<em>Analytical</em>" in text(ada.get(path))
    for list_of_posts in ("/", "/?q=engines", "/users/ADA", "/feed.atom"):
        assert f'href="{path}"' in text(ada.get(list_of_posts)), list_of_posts


def test_a_preview_stores_nothing(ada: Client) -> None:
    shown = send(ada, "/write", title="Engines", content="*Analytical*", action="preview")
    assert (200, True) == (shown.status_code, "<em>Analytical</em>" in text(shown))
    assert "Engines" not in text(ada.get("/drafts"))


def test_of_two_changes_the_second_is_asked_again(ada: Client) -> None:
    path = send(ada, "/write", title="Engines")["Location"]
    opened = text(ada.get(f"{path}/edit"))
    [version] = re.findall(r'name="version" value="(\d+)"', opened)
    first = send(ada, f"{path}/edit", title="Engines and looms", version=version)
    assert (303, path) == (first.status_code, first["Location"])
    second = send(ada, f"{path}/edit", title="Engines and lamps", version=version)
    assert 409 == second.status_code
    assert "looms" in text(second)
    assert "lamps" in text(second)


def test_a_post_is_deleted_after_a_question(ada: Client) -> None:
    path = send(ada, "/write", title="Engines")["Location"]
    [version] = re.findall(r'name="version" value="(\d+)"', text(ada.get(f"{path}/delete")))
    assert 303 == send(ada, f"{path}/delete", version=version).status_code
    assert 404 == ada.get(path).status_code


def test_a_refused_form_is_shown_again_with_what_was_typed(client: Client) -> None:
    answer = send(client, "/register", **{**ADA, "email": "ada at home"})
    assert 422 == answer.status_code
    assert "ada at home" in text(answer)
    assert ADA["password"] not in text(answer)


def test_whoever_is_not_signed_in_is_led_to_sign_in_and_back(ada: Client) -> None:
    send(ada, "/logout")
    led = ada.get("/settings?done=profile")
    assert (303, "/login?next=/settings%3Fdone%3Dprofile") == (led.status_code, led["Location"])
    name, password = ADA["username"], ADA["password"]
    form = text(ada.get(led["Location"]))
    [after] = re.findall(r'name="next" value="([^"]*)"', form)
    signed_in = send(ada, "/login", username=name, password=password, next=after)
    assert "/settings?done=profile" == signed_in["Location"]
    assert "Your name and email are saved." in text(ada.get(signed_in["Location"]))


def test_signing_out_everywhere_takes_the_cookie_away(ada: Client) -> None:
    answer = send(ada, "/settings", action="end-all")
    assert (303, "/") == (answer.status_code, answer["Location"])
    assert "0" == answer.cookies["session"]["max-age"]
    assert 303 == ada.get("/drafts").status_code


def test_django_renders_with_the_environment_of_the_core(client: Client) -> None:
    backend = engines.all()[0]
    assert isinstance(backend, Jinja2)
    assert {"day", "markdown", "moment"} <= backend.env.filters.keys()
    assert "Newest posts" in text(client.get("/"))


def test_the_feed_names_the_first_host_of_the_settings(client: Client) -> None:
    with override_settings(BLOG=replace(settings.BLOG, hosts=("blog.example", "localhost"))):
        assert "<id>tag:blog.example,2026:/</id>" in text(client.get("/feed.atom"))


def test_an_unexpected_error_is_a_page_and_logged_once(
    client: Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    broken = replace(blog(), clock=lambda: 1 / 0)  # type: ignore[arg-type]
    monkeypatch.setattr(pages, "blog", lambda: broken)
    with caplog.at_level(logging.INFO):
        answer = client.get("/")
    assert 500 == answer.status_code
    assert "text/html; charset=utf-8" == answer["Content-Type"]
    assert ["blog"] == [record.name for record in caplog.records]
