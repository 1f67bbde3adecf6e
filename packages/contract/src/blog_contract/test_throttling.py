"""What happens above the limits, over HTTP alone.

They ask another server of the implementation (`--limited`), on the same data, which allows one
sign-in, sign-up, change and read a day and believes what this machine says in `X-Forwarded-For`.
"""

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest

from blog_contract.answers import assert_problem
from blog_contract.browser import FORM, Browser
from blog_contract.client import Account, Client, From, NewPost, NewUser
from blog_contract.fixtures import Elsewhere
from blog_contract.resources import PASSWORD, sign_up_form, unique
from blog_contract.sentences import sentence
from http_parity.exchange import Answer

pytestmark = pytest.mark.limited

POLICY = {
    name: f'"{name}";q=1;w=86400'
    for name in ("sign-in-account", "sign-in-network", "sign-up", "writes", "reads")
}


def assert_limited(answer: Answer, name: str, *, page: bool = False) -> None:
    """Fail unless the answer says that this limit is reached, and until when."""
    assert 429 == answer.status, answer.body
    if not page:
        assert_problem(answer, 429)
    wait = answer.header("Retry-After") or ""
    assert re.fullmatch("[1-9][0-9]{0,4}", wait)
    assert int(wait) <= 86400
    assert POLICY[name] == answer.header("RateLimit-Policy")
    assert f'"{name}";r=0;t={wait}' == answer.header("RateLimit")
    assert "no-store" == answer.header("Cache-Control")


def by_json(client: Client, username: str, password: str) -> Answer:
    return client.post("/api/tokens", json={"username": username, "password": password})


def by_oauth(client: Client, username: str, password: str) -> Answer:
    form = {"grant_type": "password", "username": username, "password": password}
    return client.post("/api/oauth/token", body=urlencode(form).encode(), content_type=FORM)


def by_form(client: Client, username: str, password: str) -> Answer:
    return Browser(client).post("/login", username=username, password=password, next="").answer


SignIn = Callable[[Client, str, str], Answer]
DOORS: list[SignIn] = [by_json, by_oauth, by_form]


def named(value: object) -> str | None:
    return getattr(value, "__name__", None)


@sentence("limits", "limits-429")
@pytest.mark.parametrize("second", DOORS, ids=named)
@pytest.mark.parametrize("first", DOORS, ids=named)
def test_sign_ins_to_an_account_are_counted_together_whatever_the_door(
    elsewhere: Elsewhere, new_user: NewUser, first: SignIn, second: SignIn
) -> None:
    account = new_user()
    assert first(elsewhere(), account.username, account.password).status in (200, 201, 303)
    answer = second(elsewhere(), account.username.upper(), account.password)
    assert_limited(answer, "sign-in-account", page=second is by_form)


@sentence("limits-window", "limits-account")
def test_a_wrong_password_counts_and_the_right_one_is_then_refused(
    elsewhere: Elsewhere, new_user: NewUser, client: Client
) -> None:
    account = new_user()
    before = client.get("/api/tokens", token=account.token).body
    assert 401 == by_json(elsewhere(), account.username, "not the password").status
    assert_limited(by_json(elsewhere(), account.username, account.password), "sign-in-account")
    assert before == client.get("/api/tokens", token=account.token).body


@sentence("limits-account")
def test_an_account_nobody_has_is_limited_like_any_other(
    elsewhere: Elsewhere, new_user: NewUser
) -> None:
    known, unknown = new_user().username, unique()
    for name in (known, unknown):
        assert 401 == by_json(elsewhere(), name, "a guess at it").status
    refused = [by_json(elsewhere(), name, "a guess at it") for name in (known, unknown)]
    for answer in refused:
        assert_limited(answer, "sign-in-account")
    assert refused[0].body == refused[1].body


@sentence("limits-account")
def test_a_guess_at_the_current_password_counts_as_a_sign_in(
    elsewhere: Elsewhere, new_user: NewUser
) -> None:
    account = new_user()
    form = {"current_password": "a guess at it", "new_password": "other than before"}
    answer = elsewhere().post("/api/me/password", json=form, token=account.token)
    assert answer.status not in (204, 429)
    assert_limited(by_json(elsewhere(), account.username, account.password), "sign-in-account")


@sentence("limits")
@pytest.mark.parametrize(
    ("one", "other"),
    [("{v4}.7", "{v4}.200"), ("{v6}::7", "{v6}:ffff::1")],
    ids=["24 bits of IPv4", "64 bits of IPv6"],
)
def test_sign_ins_from_one_network_are_counted_together_whoever_it_is(
    elsewhere: Elsewhere, new_user: NewUser, one: str, other: str
) -> None:
    network = {"v4": elsewhere.ipv4(), "v6": elsewhere.ipv6()}
    first, second = elsewhere.at(one.format(**network)), elsewhere.at(other.format(**network))
    ada, bob = new_user(), new_user()
    assert 201 == by_json(first, ada.username, ada.password).status
    assert_limited(by_json(second, bob.username, bob.password), "sign-in-network")


@sentence("limits", "limits-429")
def test_a_second_sign_up_from_a_network_is_429_and_makes_nobody(
    elsewhere: Elsewhere, client: Client
) -> None:
    here, form = elsewhere(), sign_up_form()
    assert 201 == here.post("/api/users", json=sign_up_form()).status
    assert_limited(here.post("/api/users", json=form), "sign-up")
    assert 404 == client.get(f"/api/users/{form['username']}").status


@sentence("limits", "form-later")
def test_a_second_registration_from_a_network_is_not_read(
    elsewhere: Elsewhere, client: Client
) -> None:
    here, form = elsewhere(), sign_up_form()
    assert 303 == Browser(here).post("/register", key=unique(), **sign_up_form()).status
    screen = Browser(here).post("/register", key=unique(), **form)
    assert_limited(screen.answer, "sign-up", page=True)
    assert "Too many requests" in screen.text
    assert PASSWORD.encode() not in screen.body
    assert 404 == client.get(f"/api/users/{form['username']}").status


@sentence("limits-account", "form-later")
def test_the_sign_in_form_is_shown_again_above_the_limit_of_an_account(
    elsewhere: Elsewhere, new_user: NewUser
) -> None:
    account = new_user()
    fields = {"username": account.username, "password": account.password, "next": "/drafts"}
    assert "/drafts" == Browser(elsewhere()).post("/login", **fields).location
    screen = Browser(elsewhere()).post("/login", **fields)
    assert_limited(screen.answer, "sign-in-account", page=True)
    form = screen.form("/login")
    assert (account.username, "/drafts") == (form.fields["username"], form.fields["next"])
    assert account.password.encode() not in screen.body


@pytest.fixture
def spent(elsewhere: Elsewhere, new_user: NewUser) -> Account:
    """A user who has changed something today."""
    account = new_user()
    assert 200 == elsewhere().patch("/api/me", json={}, token=account.token).status
    return account


@sentence("limits", "limits-429")
@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", "", {"title": "Changed", "content": "", "pub_date": None}),
        ("PATCH", "", {"title": "Changed"}),
        ("DELETE", "", None),
        ("POST", "/publish", None),
        ("POST", "/unpublish", None),
    ],
)
def test_a_second_change_is_429_from_wherever_and_changes_nothing(
    elsewhere: Elsewhere,
    client: Client,
    new_post: NewPost,
    spent: Account,
    method: str,
    path: str,
    body: dict[str, object] | None,
) -> None:
    post = new_post(spent)
    parts: dict[str, Any] = {} if body is None else {"json": body}
    answer = elsewhere().request(
        method, post.path + path, token=spent.token, if_match=post.etag, **parts
    )
    assert_limited(answer, "writes")
    assert post.body == client.get(post.path, token=spent.token).json()


@sentence("limits")
@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/api/posts", {"title": "One more"}),
        ("PATCH", "/api/me", {}),
        ("DELETE", "/api/me", None),
        ("DELETE", "/api/tokens/current", None),
    ],
)
def test_a_second_change_of_ones_own_is_429_and_changes_nothing(
    elsewhere: Elsewhere,
    client: Client,
    spent: Account,
    method: str,
    path: str,
    body: dict[str, object] | None,
) -> None:
    parts: dict[str, Any] = {} if body is None else {"json": body}
    assert_limited(elsewhere().request(method, path, token=spent.token, **parts), "writes")
    assert 200 == client.get("/api/me", token=spent.token).status
    drafts = client.get("/api/posts?status=draft", token=spent.token).json()
    assert [] == drafts["results"]


@sentence("limits", "form-later")
def test_a_form_of_who_has_changed_enough_is_shown_again_with_what_was_typed(
    elsewhere: Elsewhere, client: Client, spent: Account
) -> None:
    here = elsewhere()
    visitor = Browser(client).sign_in(spent)
    visitor.client = here
    text = "Typed, and\nnot lost"
    screen = visitor.post(
        "/write", title="Kept", content=text, pub_date="", action="save", key=unique()
    )
    assert_limited(screen.answer, "writes", page=True)
    assert "Kept" == screen.one("input", name="title").get("value")
    assert text == (screen.one("textarea", name="content").text or "").strip()
    drafts = client.get("/api/posts?status=draft", token=spent.token).json()
    assert [] == drafts["results"]


@sentence("limits")
def test_another_user_at_the_same_address_may_still_change_something(
    elsewhere: Elsewhere, new_user: NewUser
) -> None:
    here = elsewhere()
    for account in (new_user(), new_user()):
        assert 200 == here.patch("/api/me", json={}, token=account.token).status


READ = ["/api/posts", "/api/users", "/api/posts/1", "/", "/?q=x", "/login", "/feed.atom"]


@sentence("limits", "limits-429")
@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("path", READ)
def test_a_second_read_of_a_client_is_429(elsewhere: Elsewhere, method: str, path: str) -> None:
    here = elsewhere()
    assert here.request(method, path).status in (200, 404)
    answer = here.request(method, path)
    if method == "HEAD":
        assert (429, b"") == (answer.status, answer.body)
    else:
        assert_limited(answer, "reads", page=not path.startswith("/api/"))


@sentence("limits")
def test_one_ipv6_network_of_64_bits_is_one_client_and_an_ipv4_address_is_another(
    elsewhere: Elsewhere,
) -> None:
    v4, v6 = elsewhere.ipv4(), elsewhere.ipv6()
    for address, status in (
        (f"{v6}::7", 200),
        (f"{v6}:ffff::1", 429),
        (f"{v4}.7", 200),
        (f"{v4}.8", 200),
        (f"{v4}.7", 429),
        (f"::ffff:{v4}.8", 429),
    ):
        assert (address, status) == (address, elsewhere.at(address).get("/api/posts").status)


@sentence("limits")
@pytest.mark.parametrize("path", ["/livez", "/readyz", "/openapi.json", "/static/site.css"])
def test_machines_and_files_are_not_limited(elsewhere: Elsewhere, path: str) -> None:
    here = elsewhere()
    assert [200, 200, 200] == [here.get(path).status for _ in range(3)]


@sentence("limits-429", "order-no-database")
@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/nothing", 404),
        ("PUT", "/api/posts", 405),
        ("GET", "/api/posts?limit=many", 429),
        ("GET", "/api/me", 429),
        ("OPTIONS", "/api/posts", 204),
    ],
)
def test_above_a_limit_path_and_method_come_first_and_all_else_later(
    elsewhere: Elsewhere, method: str, path: str, status: int
) -> None:
    here = elsewhere()
    assert 200 == here.get("/api/posts").status
    assert status == here.request(method, path).status


@sentence("limits-address")
@pytest.mark.parametrize(
    "made_up",
    [
        ("X-Real-IP", "{other}"),
        ("Forwarded", "for={other}"),
        ("Client-IP", "{other}"),
        ("X-Client-IP", "{other}"),
        ("X-Forwarded-For-Original", "{other}"),
    ],
    ids=lambda field: field[0],
)
def test_other_fields_say_nothing_of_the_client(
    elsewhere: Elsewhere, made_up: tuple[str, str]
) -> None:
    here = elsewhere()
    name, value = made_up
    assert 200 == here.get("/api/posts").status
    field = (name, value.format(other=f"{elsewhere.ipv4()}.9"))
    assert_limited(here.get("/api/posts", headers=[field]), "reads")


@sentence("limits-address")
def test_what_stands_before_the_last_proxys_word_says_nothing_of_the_client(
    elsewhere: Elsewhere,
) -> None:
    address = f"{elsewhere.ipv4()}.7"
    assert 200 == elsewhere.at(address).get("/api/posts").status
    for before in (f"{elsewhere.ipv4()}.8, ", "unknown,", "127.0.0.1 ,\t"):
        assert_limited(elsewhere.at(before + address).get("/api/posts"), "reads")


@sentence("limits-address")
def test_the_proxies_own_addresses_are_passed_over(elsewhere: Elsewhere) -> None:
    address = f"{elsewhere.ipv4()}.7"
    assert 200 == elsewhere.at(address).get("/api/posts").status
    assert_limited(elsewhere.at(f"{address}, 127.0.0.1").get("/api/posts"), "reads")


@pytest.mark.cors
@sentence("limits-429", "cors")
def test_a_page_of_another_site_may_read_that_there_were_too_many(
    elsewhere: Elsewhere, cors_origin: str
) -> None:
    here = elsewhere()
    here.get("/api/posts")
    answer = here.get("/api/posts", headers=[("Origin", cors_origin)])
    assert_limited(answer, "reads")
    assert cors_origin == answer.header("Access-Control-Allow-Origin")
    exposed = answer.header("Access-Control-Expose-Headers") or ""
    assert {"Retry-After", "RateLimit", "RateLimit-Policy"} <= set(exposed.split(", "))


def test_it_allows_one_read_a_day_as_these_tests_expect(limited: Client) -> None:
    """Else every test here would say something about the set-up, and not about the blog."""
    here = From(limited.target, unique("no address "))
    answers = [here.get("/api/posts").status for _ in range(3)]
    assert 429 == answers[-1], "--limited must allow one of each a day"
