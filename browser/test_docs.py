"""The API tried out on /docs, in Chromium: each framework's page, on its own document."""

import json
import re
import secrets
from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from browser.visitor import PASSWORD, PICTURES, Visitor

pytestmark = pytest.mark.long

FRAMEWORKS = ("django", "flask", "fastapi")


class Docs:
    """The page as somebody uses it who tries operations out."""

    def __init__(self, visitor: Visitor) -> None:
        visitor.go("/docs")
        self.page = visitor.page

    def opened(self, name: str) -> Locator:
        """The operation of this name, ready to be filled in."""
        operation = self.page.locator(f"[id$=-{name}].opblock")
        operation.locator(".opblock-summary-control").click()
        operation.get_by_role("button", name="Try it out").click()
        return operation

    def sent(self, operation: Locator) -> tuple[int, Any]:
        """Send it: the status that the page shows, and the JSON that came."""
        with self.page.expect_response(lambda response: "/api/" in response.url) as coming:
            operation.get_by_role("button", name="Execute").click()
        status = operation.locator(".live-responses-table .response .response-col_status")
        expect(status).to_have_text(re.compile(f"^{coming.value.status}"))
        return coming.value.status, coming.value.json()


@pytest.fixture(params=FRAMEWORKS)
def visitor(
    request: pytest.FixtureRequest, chromium: Any, contexts: list[Any], sites: dict[str, str]
) -> Visitor:
    context = chromium.new_context()
    contexts.append(context)
    return Visitor(context, sites[request.param])


@pytest.fixture
def name() -> str:
    return f"docs{secrets.token_hex(4)}"


def test_who_is_signed_in_on_the_site_tries_the_api_out(visitor: Visitor, name: str) -> None:
    visitor.register(name)
    docs = Docs(visitor)
    create = docs.opened("create_post")
    create.locator("textarea").fill('{"title": "Tried out"}')
    create.get_by_placeholder("Idempotency-Key").fill("once")
    status, post = docs.sent(create)
    assert (201, "Tried out", name) == (status, post["title"], post["author"]["username"])
    change = docs.opened("change_post")
    change.get_by_placeholder("post_id").fill(str(post["id"]))
    change.get_by_placeholder("If-Match").fill('"1"')
    change.locator("textarea").fill('{"content": "twice"}')
    assert (200, 2) == ((answer := docs.sent(change))[0], answer[1]["version"])
    with visitor.expecting(412):
        assert 412 == docs.sent(change)[0]
    visitor.page.screenshot(path=PICTURES / f"docs-{name}.png")
    assert [] == visitor.complaints


def test_a_token_is_enough(visitor: Visitor, name: str) -> None:
    visitor.register(name)
    docs = Docs(visitor)
    sign_in = docs.opened("sign_in")
    sign_in.locator("textarea").fill(json.dumps({"username": name, "password": PASSWORD}))
    _, made = docs.sent(sign_in)
    visitor.context.clear_cookies()
    me = docs.opened("get_me")
    with visitor.expecting(401):
        assert 401 == docs.sent(me)[0]
    docs.page.get_by_role("button", name="Authorize", exact=True).click()
    form = docs.page.locator(".auth-container", has_text="bearer")
    form.get_by_role("textbox").fill(made["token"])
    form.get_by_role("button", name="Apply credentials").click()
    form.get_by_role("button", name="Close").click()
    expect(docs.page.locator(".dialog-ux")).to_have_count(0)
    status, user = docs.sent(me)
    assert (200, name) == (status, user["username"])
    assert [] == visitor.complaints


def test_a_name_and_a_password_are_enough(visitor: Visitor, name: str) -> None:
    visitor.register(name)
    docs = Docs(visitor)
    visitor.context.clear_cookies()
    docs.page.get_by_role("button", name="Authorize", exact=True).click()
    form = docs.page.locator(".auth-container", has_text="OAuth2, password")
    form.get_by_label("username").fill(name)
    form.get_by_label("password", exact=False).last.fill(PASSWORD)
    visitor.page.screenshot(path=PICTURES / f"docs-authorize-{name}.png")
    with docs.page.expect_response("**/api/oauth/token") as coming:
        form.get_by_role("button", name="Apply given OAuth2 credentials").click()
    assert 200 == coming.value.status
    form.get_by_role("button", name="Close").click()
    status, user = docs.sent(docs.opened("get_me"))
    assert (200, name) == (status, user["username"])
    assert [] == visitor.complaints
