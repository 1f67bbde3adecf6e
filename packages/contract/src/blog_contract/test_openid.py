"""Signing in with a provider, as far as it goes without one that answers."""

import pytest

from blog_contract.browser import Browser, Screen, SignedIn, assert_harmless
from blog_contract.client import Account, Client
from blog_contract.sentences import sentence

HELD = ["", "openid=", "openid=x", "openid=x; openid=x", "openid=" + "x" * 5000]
ANSWERS = ["", "code=c", "code=c&state=s", "state=&code=", "error=access_denied&state=s", "iss=i"]


def assert_refused(screen: Screen) -> None:
    """Fail unless it is a page that says so, kept by nobody, and gives no cookie."""
    assert 403 == screen.status
    assert screen.one("div", role="alert") is not None
    assert "no-store" == screen.header("Cache-Control")
    assert screen.header("Set-Cookie") is None
    assert_harmless(screen)


@pytest.mark.parametrize("name", ["unknown", "x" * 20, "x1"])
@sentence("openid-provider", "page-problem")
def test_a_provider_that_nobody_set_is_404(client: Client, name: str) -> None:
    for screen in (
        Browser(client).get(f"/openid/{name}?code=c&state=s"),
        Browser(client).post(f"/openid/{name}", next="/"),
    ):
        assert 404 == screen.status
        assert_harmless(screen)


@pytest.mark.parametrize("name", ["Unknown", "1", "x" * 21, "a_b", "a.b", "a/b", ""])
@sentence("openid-provider", "paths")
def test_a_name_out_of_form_is_no_path(client: Client, name: str) -> None:
    for method in ("GET", "POST", "OPTIONS", "DELETE"):
        assert 404 == client.request(method, f"/openid/{name}").status


@sentence("openid-finish")
@pytest.mark.parametrize("held", HELD, ids=range(len(HELD)))
def test_without_anything_to_finish_nobody_is_let_in(
    client: Client, sign_in: SignedIn, author: Account, held: str
) -> None:
    cookie = [("Cookie", held)] if held else []
    assert_refused(Browser(client).get("/openid", *cookie))
    fields = {"username": "x", "email": "x@example.org", "password": author.password}
    for browser in (Browser(client), sign_in(author)):
        if held:
            name, _, value = held.partition("=")
            browser.cookies[name] = value
        assert_refused(browser.post("/openid", **fields))


@pytest.mark.openid
@sentence("openid-return", "openid-refused")
@pytest.mark.parametrize("held", HELD, ids=range(len(HELD)))
@pytest.mark.parametrize("answer", ANSWERS)
def test_an_answer_to_nobodys_question_signs_nobody_in(
    client: Client, openid: str, held: str, answer: str
) -> None:
    cookie = [("Cookie", held)] if held else []
    assert_refused(Browser(client).get(f"/openid/{openid}?{answer}", *cookie))


@pytest.mark.openid
@sentence("openid-return", "query")
def test_an_answer_twice_is_none(client: Client, openid: str) -> None:
    for name in ("code", "state", "iss", "error"):
        assert 422 == Browser(client).get(f"/openid/{openid}?{name}=a&{name}=b").status


@pytest.mark.openid
@sentence("openid-provider", "openid-begin", "status-503")
def test_a_provider_that_does_not_answer_is_said_not_to(
    client: Client, openid: str, sign_in: SignedIn, author: Account
) -> None:
    for browser in (Browser(client), sign_in(author)):
        form = browser.get("/login?next=/write").form(f"/openid/{openid}")
        assert {"next": "/write"} == form.fields
        screen = browser.send(form)
        assert 503 == screen.status
        assert (screen.header("Retry-After") or "").isdigit()
        assert screen.one("div", role="alert") is not None
        assert form == screen.form(f"/openid/{openid}")
        assert "openid" not in browser.cookies


@pytest.mark.openid
@sentence("openid-provider", "page-settings")
def test_the_settings_show_where_to_link(openid: str, sign_in: SignedIn, author: Account) -> None:
    browser = sign_in(author)
    assert {"next": "/settings"} == browser.get("/settings").form(f"/openid/{openid}").fields
    for number in ("", "x", "999999999999999999"):
        assert 404 == browser.post("/settings", action="unlink", id=number).status


@sentence("openid-no-password", "page-settings")
def test_a_first_password_is_for_those_who_have_none(sign_in: SignedIn, author: Account) -> None:
    screen = sign_in(author).post("/settings", action="first-password", new_password="other one")
    assert 422 == screen.status


@pytest.mark.openid
@sentence("openid-begin", "cross-site")
def test_another_sites_page_begins_and_finishes_nothing(client: Client, openid: str) -> None:
    for target in (f"/openid/{openid}", "/openid"):
        fields = [("Sec-Fetch-Site", "cross-site")]
        assert 403 == Browser(client).ask("POST", target, b"", fields).status
