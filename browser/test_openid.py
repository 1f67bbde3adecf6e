"""Signing in with a certified provider, in Chromium: every request goes to the next framework."""

import os
import secrets
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from browser.conftest import PRODUCTION
from browser.visitor import PASSWORD, PICTURES, Visitor
from tests.openid.real import SECRET, real_provider
from tools.relay import HOST, relay
from tools.with_blog import GENEROUS_LIMITS, provider, serving, triptych

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def blog(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """The URL of the three behind one address, and that of the provider they know."""
    directory = tmp_path_factory.mktemp("openid")
    with ExitStack() as running:
        ports: list[int] = []  # known once they run, and they are told this address before
        url = f"http://{HOST}:{running.enter_context(relay(ports))}"
        issuer = running.enter_context(real_provider([f"{url}/openid/real"]))
        assert issuer, "Install Node 20 or later with npm, then try again"
        env = os.environ | {
            "BLOG_DATABASE_URL": f"sqlite:///{directory}/blog.sqlite3",
            "BLOG_SECRET_KEY": secrets.token_hex(32),
            **GENEROUS_LIMITS,
            **provider("real", issuer, SECRET),
            "BLOG_URL": url,
        }
        triptych("migrate", env=env)
        for framework, server in PRODUCTION.items():
            log = Path(directory, f"{framework}.log")
            served = running.enter_context(serving(framework, server, log, env))
            ports.append(int(served.rpartition(":")[2]))
        yield url, issuer


@pytest.fixture
def visitor(blog: tuple[str, str], chromium: Any, contexts: list[Any]) -> Visitor:
    url, issuer = blog
    context = chromium.new_context()
    contexts.append(context)
    return Visitor(context, url, others=(issuer,))


@pytest.fixture
def login() -> str:
    return f"real-{secrets.token_hex(4)}"


def at_the_provider(visitor: Visitor, login: str) -> None:
    """Sign in there as whoever is typed, and agree."""
    page = visitor.page
    page.locator('input[name="login"]').fill(login)
    page.locator('input[name="password"]').fill("any")
    page.get_by_role("button", name="Sign-in").click()
    with page.expect_navigation(url=f"{visitor.site}/**"):
        page.get_by_role("button", name="Continue").click()


def test_somebody_new_registers_and_comes_again(visitor: Visitor, login: str) -> None:
    visitor.go("/login?next=/drafts")
    visitor.page.screenshot(path=PICTURES / "openid-login.png")
    visitor.page.get_by_role("button", name="Sign in with Real").click()
    at_the_provider(visitor, login)
    assert "/openid" == visitor.path
    expect(visitor.page.get_by_label("Username")).to_have_value(login)
    visitor.page.screenshot(path=PICTURES / "openid-register.png")
    with visitor.page.expect_navigation():
        visitor.page.get_by_role("button", name="Register").click()
    assert "/drafts" == visitor.path
    with visitor.page.expect_navigation():
        visitor.page.get_by_role("button", name="Sign out").click()
    # The provider still knows this browser, and only sends it back.
    visitor.go("/login?next=/settings")
    with visitor.page.expect_navigation(url=f"{visitor.site}/settings"):
        visitor.page.get_by_role("button", name="Sign in with Real").click()
    assert "/settings" == visitor.path
    assert [] == visitor.complaints


def test_an_account_is_linked_with_its_password_and_unlinked(visitor: Visitor, login: str) -> None:
    visitor.register(f"own{secrets.token_hex(4)}")
    visitor.go("/settings")
    visitor.page.get_by_role("button", name="Link Real").click()
    at_the_provider(visitor, login)
    visitor.page.get_by_label("Password").fill("this is not the one")
    with visitor.expecting(422), visitor.page.expect_navigation():
        visitor.page.get_by_role("button", name="Link").click()
    visitor.page.get_by_label("Password").fill(PASSWORD)
    with visitor.page.expect_navigation():
        visitor.page.get_by_role("button", name="Link").click()
    expect(visitor.page.get_by_text("From now on you can sign in with it.")).to_be_visible()
    visitor.page.screenshot(path=PICTURES / "openid-linked.png", full_page=True)
    with visitor.page.expect_navigation():
        visitor.page.get_by_role("button", name="Unlink").click()
    assert "/settings?done=unlinked" == visitor.path_and_query
    assert [] == visitor.complaints


def test_whoever_turns_back_at_the_provider_is_told_so(visitor: Visitor) -> None:
    visitor.go("/login")
    visitor.page.get_by_role("button", name="Sign in with Real").click()
    with visitor.expecting(403), visitor.page.expect_navigation(url=f"{visitor.site}/**"):
        visitor.page.get_by_role("link", name="Cancel").click()
    expect(visitor.page.get_by_role("alert")).to_be_visible()
    visitor.page.screenshot(path=PICTURES / "openid-cancelled.png")
    visitor.go("/settings")
    assert "/login" == visitor.path
    assert [] == visitor.complaints
