"""Sessions: the cookie, what it is good for, when it ends; and what other sites' pages may not."""

import re
from collections.abc import Iterator
from urllib.parse import urlencode

import pytest

from blog_contract.answers import assert_problem
from blog_contract.browser import FORM, SESSIONS_OF_OTHERS, Browser, SignedIn
from blog_contract.client import Account, Client, NewPost, NewUser
from blog_contract.resources import PAST, sign_up_form, unique
from blog_contract.sentences import sentence
from http_parity.exchange import Answer

COOKIE = re.compile(
    r"session=(?P<value>[A-Za-z0-9_-]{43,}); Path=/; Max-Age=[1-9][0-9]*; HttpOnly; SameSite=Lax"
    r"|__Host-session=[A-Za-z0-9_-]{43,}; Path=/; Max-Age=[1-9][0-9]*; HttpOnly; SameSite=Lax;"
    r" Secure"
)
GONE = re.compile(
    r"session=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax"
    r"|__Host-session=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax; Secure"
)
CHALLENGE = 'Bearer realm="blog"'


@pytest.fixture
def own(new_user: NewUser) -> Account:
    """Somebody whose sessions may be ended."""
    return new_user()


# --- the cookie ----------------------------------------------------------------------------------


@sentence("session")
def test_signing_in_sets_a_cookie_for_this_site_alone_and_no_script(
    client: Client, author: Account
) -> None:
    sent = {"username": author.username, "password": author.password}
    cookie = Browser(client).post("/login", **sent).header("Set-Cookie")
    assert COOKIE.fullmatch(cookie or ""), cookie
    registered = Browser(client).post("/register", **sign_up_form()).header("Set-Cookie")
    assert COOKIE.fullmatch(registered or ""), registered


@sentence("session", "page-logout")
def test_signing_out_ends_the_session_and_takes_the_cookie_away(
    own: Account, sign_in: SignedIn
) -> None:
    browser = sign_in(own)
    kept = dict(browser.cookies)
    out = browser.send(browser.get("/").form("/logout"))
    assert "/" == out.location
    assert GONE.fullmatch(out.header("Set-Cookie") or ""), out.header("Set-Cookie")
    assert not browser.cookies
    browser.cookies.update(kept)
    assert "/login?next=/settings" == browser.get("/settings").location
    assert "/" == browser.post("/logout").location


@sentence("page-logout")
def test_whoever_is_not_signed_in_can_sign_out(anybody: Browser) -> None:
    assert "/" == anybody.post("/logout").location


@sentence("session", "stray-headers")
def test_nothing_but_signing_in_and_out_sets_a_cookie(
    browser: Browser, anybody: Browser, author: Account, new_post: NewPost
) -> None:
    there = f"/posts/{new_post(author, pub_date=PAST).id}"
    for path in ("/", there, "/login", "/register", "/feed.atom", "/nowhere"):
        assert None is browser.get(path).header("Set-Cookie"), path
        assert None is anybody.get(path).header("Set-Cookie"), path
    stale = anybody.get("/", ("Cookie", "session=made-up"))
    assert None is stale.header("Set-Cookie")
    refused = anybody.post("/login", username=author.username, password="wrong")
    assert None is refused.header("Set-Cookie")
    assert None is browser.post("/write", title="T").header("Set-Cookie")


# --- its rights ----------------------------------------------------------------------------------


@sentence("session-rights")
def test_a_session_may_over_the_api_what_a_token_may(
    client: Client, browser: Browser, author: Account
) -> None:
    cookie = [browser.cookie]
    assert author.id == client.get("/api/me", headers=cookie).json()["id"]
    title = unique("By session ")
    made = client.post("/api/posts", json={"title": title}, headers=cookie)
    assert 201 == made.status
    path = made.header("Location") or ""
    assert client.get(path, headers=cookie).body == client.get(path, token=author.token).body
    assert 204 == client.delete(path, headers=cookie, if_match="*").status


@sentence("session-rights")
def test_where_a_token_is_sent_the_cookie_is_not_looked_at(
    client: Client, browser: Browser, reader: Account
) -> None:
    cookie = [browser.cookie]
    assert reader.id == client.get("/api/me", headers=cookie, token=reader.token).json()["id"]
    assert_problem(client.get("/api/me", headers=cookie, token="no-token"), 401)
    stale = [("Cookie", "session=made-up")]
    assert 200 == client.get("/api/me", headers=stale, token=reader.token).status


@sentence("session-over", "status-401")
@pytest.mark.parametrize("value", ["made-up", "", "x" * 43, "é", "0" * 4_000, *SESSIONS_OF_OTHERS])
@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/api/me"), ("GET", "/api/posts"), ("POST", "/api/posts"), ("GET", "/api/users")],
)
def test_a_made_up_session_is_401_wherever_the_api_reads_credentials(
    client: Client, method: str, path: str, value: str
) -> None:
    cookie = [("Cookie", f"session={value}".encode().decode("latin-1"))]
    body = b'{"title": "Never"}' if method == "POST" else None
    answer = client.request(method, path, headers=cookie, body=body)
    if value.isascii():
        assert_problem(answer, 401)
        assert CHALLENGE == answer.header("WWW-Authenticate")
    else:  # a field outside ASCII counts as empty
        anonymous = client.request(method, path, body=body)
        assert (anonymous.status, anonymous.body) == (answer.status, answer.body)


@sentence("session-over", "bad-token")
def test_a_made_up_session_changes_nothing_where_no_credentials_are_read(client: Client) -> None:
    stale = [("Cookie", "session=made-up")]
    for path in ("/livez", "/readyz", "/openapi.json"):
        assert 200 == client.get(path, headers=stale).status
    assert 201 == client.post("/api/users", json=sign_up_form(), headers=stale).status


@sentence("session", "session-over")
@pytest.mark.parametrize(
    "rename", ["Session={}", "sessionid={}", "session ={}x", "SESSION={}", "xsession={}"]
)
def test_a_session_under_another_name_or_with_more_is_none(
    client: Client, browser: Browser, rename: str
) -> None:
    name = browser.cookie[1].partition("=")[0]
    text = rename.replace("session", name, 1) if rename.startswith("session=") else rename
    assert 401 == client.get("/api/me", headers=[("Cookie", text.format(browser.session))]).status


@sentence("duplicate-credentials")
@pytest.mark.parametrize("path", ["/", "/login", "/api/me", "/api/posts"])
def test_two_session_cookies_are_400(client: Client, browser: Browser, path: str) -> None:
    field, pair = browser.cookie
    assert 400 == client.get(path, headers=[(field, f"{pair}; {pair}")]).status
    assert 400 == client.get(path, headers=[(field, f"{pair}; a=b; session=x")]).status
    assert 400 == client.get(path, headers=[(field, pair), (field, pair)]).status


@sentence("session-rights")
def test_a_session_is_found_among_other_cookies(
    client: Client, browser: Browser, author: Account
) -> None:
    field, pair = browser.cookie
    for jar in (f"a=b; {pair}", f"{pair}; a=b", f"a=b;{pair};c=d", f'q="x y"; {pair}'):
        assert author.id == client.get("/api/me", headers=[(field, jar)]).json()["id"], jar


# --- a new one -----------------------------------------------------------------------------------


@sentence("session-new")
def test_signing_in_gives_a_new_value_and_ends_the_session_that_was_sent_along(
    client: Client, own: Account, sign_in: SignedIn
) -> None:
    browser = sign_in(own)
    before = browser.cookie
    browser.sign_in(own)
    assert before != browser.cookie
    assert 401 == client.get("/api/me", headers=[before]).status
    assert 200 == client.get("/api/me", headers=[browser.cookie]).status


@sentence("session-new")
@pytest.mark.parametrize("path", ["/login", "/register"])
def test_a_value_from_before_signing_in_is_never_taken_over(
    client: Client, own: Account, path: str
) -> None:
    fixed = unique("fixed-by-somebody-else-")
    browser = Browser(client)
    browser.cookies["session"] = fixed
    form = {"username": own.username, "password": own.password}
    browser.post(path, **(form if path == "/login" else sign_up_form()))
    assert fixed != browser.session
    assert 401 == client.get("/api/me", headers=[("Cookie", f"session={fixed}")]).status
    assert 200 == client.get("/api/me", headers=[browser.cookie]).status


@sentence("session-new")
def test_every_sign_in_gives_another_value(own: Account, sign_in: SignedIn) -> None:
    values = {sign_in(own).session for _ in range(3)}
    assert 3 == len(values)


@sentence("session-new", "session")
def test_a_token_is_no_session_and_a_session_no_token(
    client: Client, browser: Browser, author: Account
) -> None:
    name = browser.cookie[1].partition("=")[0]
    as_session = [("Cookie", f"{name}={author.token}")]
    assert 401 == client.get("/api/me", headers=as_session).status
    assert 401 == client.get("/api/me", token=browser.session).status


# --- its end -------------------------------------------------------------------------------------


def refused(client: Client, cookie: tuple[str, str]) -> bool:
    """Whether the session is refused at its first use."""
    return client.get("/api/me", headers=[cookie]).status == 401


@sentence("session-end", "sign-out")
def test_the_api_ends_the_session_it_was_asked_with_and_no_other(
    client: Client, own: Account, sign_in: SignedIn
) -> None:
    one, other = sign_in(own).cookie, sign_in(own).cookie
    assert 204 == client.delete("/api/tokens/current", headers=[one]).status
    assert refused(client, one)
    assert not refused(client, other)
    assert 200 == client.get("/api/me", token=own.token).status


@sentence("session-end", "password-change")
def test_a_password_changed_over_the_api_ends_every_other_session(
    client: Client, own: Account, sign_in: SignedIn
) -> None:
    one, other = sign_in(own).cookie, sign_in(own).cookie
    form = {"current_password": own.password, "new_password": "eight wonders, one left"}
    assert 204 == client.post("/api/me/password", json=form, headers=[one]).status
    assert refused(client, other)
    assert not refused(client, one)
    assert 401 == client.get("/api/me", token=own.token).status


@sentence("session-end", "me-delete")
@pytest.mark.parametrize("by", ["session", "token"])
def test_deleting_a_user_over_the_api_ends_all_of_their_sessions(
    client: Client, own: Account, sign_in: SignedIn, by: str
) -> None:
    one, other = sign_in(own).cookie, sign_in(own).cookie
    answer = (
        client.delete("/api/me", headers=[one])
        if by == "session"
        else client.delete("/api/me", token=own.token)
    )
    assert 204 == answer.status
    assert refused(client, one)
    assert refused(client, other)


# --- other sites' pages --------------------------------------------------------------------------


Fields = list[tuple[str, str]]

FETCHED = [None, "same-origin", "none", "same-site", "cross-site", "", "Same-Origin", "x"]
OWN, ELSEWHERE = "http://{host}", "https://elsewhere.example"
ORIGINS = [None, OWN, ELSEWHERE, "null", "http://{host}.elsewhere.example", "", "https://{host}:1"]


def sent(client: Client, fetched: str | None, origin: str | None, referer: str | None) -> Fields:
    host = client.target.host
    return [
        (name, value.replace("{host}", host))
        for name, value in (
            ("Sec-Fetch-Site", fetched),
            ("Origin", origin),
            ("Referer", referer),
        )
        if value is not None
    ]


def expected_to_pass(fetched: str | None, origin: str | None, referer: str | None) -> bool:
    """The contract in three lines: the first field that is there decides."""
    if fetched is not None:
        return fetched in ("same-origin", "none")
    said = origin if origin is not None else referer
    return said is None or said == OWN or said.startswith(f"{OWN}/")


def sources() -> Iterator[tuple[str | None, str | None, str | None]]:
    for fetched in FETCHED:
        yield from ((fetched, origin, None) for origin in ORIGINS)
    for referer in (f"{OWN}/login", f"{ELSEWHERE}/login", "about:blank"):
        yield from ((None, origin, referer) for origin in (None, OWN, ELSEWHERE))


SOURCES = list(sources())


@sentence("cross-site")
@pytest.mark.parametrize(("fetched", "origin", "referer"), SOURCES)
def test_an_unsafe_request_is_refused_unless_this_site_made_it(
    client: Client,
    browser: Browser,
    author: Account,
    fetched: str | None,
    origin: str | None,
    referer: str | None,
) -> None:
    fields = sent(client, fetched, origin, referer)
    ours = expected_to_pass(fetched, origin, referer)
    page = client.post("/logout", headers=fields, body=b"", content_type=None)
    assert (303 if ours else 403) == page.status
    by_cookie = client.patch("/api/me", json={}, headers=[*fields, browser.cookie])
    assert (200 if ours else 403) == by_cookie.status
    # With a token, or with nothing, the API is for every site.
    assert 200 == client.patch("/api/me", json={}, headers=fields, token=author.token).status
    assert 401 == client.patch("/api/me", json={}, headers=fields).status


@sentence("cross-site")
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/api/posts"),
        ("PUT", "/api/posts/1"),
        ("PATCH", "/api/posts/1"),
        ("DELETE", "/api/posts/1"),
        ("POST", "/api/posts/1/publish"),
        ("POST", "/api/me/password"),
        ("DELETE", "/api/tokens/current"),
        ("DELETE", "/api/me"),
        ("POST", "/api/tokens"),
        ("POST", "/api/users"),
    ],
)
def test_no_method_of_the_api_takes_a_session_from_another_sites_page(
    client: Client, browser: Browser, method: str, path: str
) -> None:
    for elsewhere in (("Sec-Fetch-Site", "same-site"), ("Origin", ELSEWHERE)):
        answer = client.request(method, path, headers=[elsewhere, browser.cookie], body=b"{}")
        assert_problem(answer, 403)


@sentence("cross-site")
@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
@pytest.mark.parametrize("path", ["/", "/login", "/settings", "/api/me", "/api/posts"])
def test_every_site_may_lead_here_and_read_what_the_browser_lets_it(
    client: Client, browser: Browser, method: str, path: str
) -> None:
    fields = [("Sec-Fetch-Site", "cross-site"), ("Origin", ELSEWHERE), browser.cookie]
    assert client.request(method, path, headers=fields).status in (200, 204)


@sentence("cross-site", "page-edit", "page-delete", "page-settings")
@pytest.mark.parametrize("fetched", ["cross-site", "none"])
def test_a_link_does_nothing_of_what_a_form_does(
    client: Client, own: Account, new_post: NewPost, sign_in: SignedIn, fetched: str
) -> None:
    browser, post = sign_in(own), new_post(own)
    linked: dict[str, dict[str, str]] = {
        f"/posts/{post.id}/delete": {"version": "1"},
        f"/posts/{post.id}/edit": {"version": "1", "title": "By a link", "action": "publish"},
        "/write": {"title": "By a link", "key": "k"},
        "/settings": {"action": "end-all"},
        "/settings?": {"action": "delete-account", "username": own.username},
        "/logout": {},
    }
    for path, fields in linked.items():
        target = f"{path.rstrip('?')}?{urlencode(fields)}"
        assert browser.ask("GET", target, b"", [("Sec-Fetch-Site", fetched)]).status in (200, 405)
    assert 200 == browser.get("/settings").status
    assert post.body == client.get(post.path, token=own.token).json()
    drafts = client.get("/api/posts?status=draft", token=own.token).json()["results"]
    assert [post.id] == [draft["id"] for draft in drafts]


@sentence("cross-site", "page-problem")
@pytest.mark.parametrize("content_type", [FORM, "application/json", "text/plain", None])
def test_another_sites_form_is_403_whatever_it_holds_and_does_nothing(
    client: Client, own: Account, sign_in: SignedIn, content_type: str | None
) -> None:
    browser = sign_in(own)
    body = urlencode({"action": "delete-account", "username": own.username}).encode()
    fields: Fields = [("Sec-Fetch-Site", "cross-site")]
    if content_type is not None:
        fields.append(("Content-Type", content_type))
    pages = [browser.ask("POST", path, body, fields) for path in ("/settings", "/logout", "/write")]
    assert [403, 403, 403] == [page.status for page in pages]
    assert pages[0].body == pages[2].body
    assert 200 == browser.get("/settings").status


@sentence("cross-site", "order-no-database")
def test_another_sites_page_is_refused_before_its_body_is_looked_at(
    client: Client, browser: Browser
) -> None:
    fields = [("Sec-Fetch-Site", "cross-site"), ("Content-Type", "text/plain"), browser.cookie]
    for path in ("/login", "/api/posts"):
        assert 403 == client.post(path, headers=fields, body=b"%zz", content_type=None).status
    assert 405 == client.post("/drafts", headers=fields, body=b"", content_type=None).status
    assert 404 == client.post("/nowhere", headers=fields, body=b"", content_type=None).status


# --- below the limits ----------------------------------------------------------------------------


@sentence("limits-429")
def test_an_answer_below_the_limits_says_nothing_of_them(
    client: Client, browser: Browser, anybody: Browser, author: Account
) -> None:
    answers: list[Answer] = [
        client.get("/api/posts"),
        client.get("/livez"),
        client.post("/api/posts", json={"title": "T"}, token=author.token),
        client.post("/api/tokens", json={"username": author.username, "password": "wrong"}),
        browser.get("/").answer,
        anybody.post("/login", username=author.username, password="wrong").answer,
    ]
    for answer in answers:
        assert answer.status < 500
        for name in ("RateLimit", "RateLimit-Policy", "Retry-After"):
            assert None is answer.header(name)
