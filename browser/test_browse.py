"""REST framework's browsable API at /browse/, in Chromium, as somebody uses it who is signed in."""

import os
import re
import secrets
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from browser.visitor import PICTURES, Visitor
from tools.with_blog import serving, triptych


@pytest.fixture
def visitor(chromium: Browser, contexts: list[BrowserContext], sites: dict[str, str]) -> Visitor:
    contexts.append(chromium.new_context())
    return Visitor(contexts[-1], sites["django"])


def press(page: Page, name: str) -> None:
    """Send the form whose button is called so; a script may do it."""
    with page.expect_response(lambda response: "/browse/posts/" in response.url):
        page.locator("#post-object-form, #put-object-form").get_by_role(
            "button", name=name, exact=True
        ).click()


def test_a_post_is_made_and_changed_by_its_forms(visitor: Visitor) -> None:
    page, name = visitor.page, f"browse{secrets.token_hex(4)}"
    visitor.register(name)
    visitor.go("/browse/posts/")
    page.locator("[name=title]").fill("By a form")
    page.locator("[name=content]").fill("One line.")
    press(page, "POST")
    made = page.locator(".response-info")
    expect(made).to_contain_text("HTTP 201 Created")
    expect(made).to_contain_text(f'"author": "{name}"')
    page.screenshot(path=PICTURES / "browse-created.png", full_page=True)
    found = re.search(r'"id": (\d+)', made.inner_text())
    assert found
    visitor.go(f"/browse/posts/{found[1]}/")
    page.locator("[name=title]").fill("By another form")
    press(page, "PUT")
    expect(page.locator(".response-info")).to_contain_text('"version": 2')
    expect(page.locator(".response-info")).to_contain_text("By another form")
    page.locator("[name=title]").fill("")
    with visitor.expecting(400):
        press(page, "PUT")
    expect(page.locator(".help-block", has_text="at least 1 character")).to_be_visible()
    page.screenshot(path=PICTURES / "browse-refused.png", full_page=True)
    assert [] == visitor.complaints


def test_it_is_paged_through_and_narrowed(visitor: Visitor) -> None:
    page = visitor.page
    visitor.go("/browse/posts/")
    first = page.locator(".response-info").inner_text()
    with page.expect_navigation():
        page.get_by_role("link", name="Next page").click()
    assert first != page.locator(".response-info").inner_text()
    with page.expect_navigation():
        page.get_by_role("link", name="Previous page").click()
    newest = '"title": "Ночной поезд"'
    assert newest in first
    expect(page.locator(".response-info")).to_contain_text(newest)
    page.get_by_role("button", name="Filters").click()
    page.locator("#filtersModal [name=q]").fill("qanat")
    with page.expect_navigation():
        page.locator("#filtersModal [name=q]").press("Enter")
    expect(page.locator(".response-info")).to_contain_text("Water that walks underground")
    expect(page.locator(".response-info")).not_to_contain_text(newest)
    assert [] == visitor.complaints


@pytest.mark.long
def test_it_counts_to_the_same_limits(
    chromium: Browser, contexts: list[BrowserContext], tmp_path: Path
) -> None:
    env = os.environ | {
        "BLOG_DATABASE_URL": f"sqlite:///{tmp_path}/blog.sqlite3",
        "BLOG_LIMIT_READS": "3/minute",
        "BLOG_LIMITS_STORE": "database",
    }
    triptych("migrate", env=env)
    contexts.append(chromium.new_context())
    with serving("django", "gunicorn", tmp_path / "django.log", env) as url:
        visitor = Visitor(contexts[-1], url)
        with visitor.expecting(429):
            for _ in range(4):
                visitor.go("/browse/")
        expect(visitor.page.locator("body")).to_contain_text("429")
        visitor.page.screenshot(path=PICTURES / "browse-throttled.png", full_page=True)
        assert [] == visitor.complaints
