"""Signing in with a provider, on three frameworks over one database.

The flow is tried against a certified provider, what must be refused against one that lies.
"""

import itertools
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from joserfc.jwk import RSAKey

from blog_contract.browser import Browser, Screen
from blog_contract.client import Client
from blog_contract.resources import sign_up_form, unique
from blog_core.storage import migrate
from tests.openid.hostile import Claims, HostileProvider, send
from tests.openid.real import SECRET, real_provider, signed_in
from tests.workers import Worker
from tools.with_blog import provider

pytestmark = pytest.mark.once

FRAMEWORKS = ("django-wsgi", "flask-wsgi", "fastapi-asgi")
PAIRS = list(itertools.product(FRAMEWORKS, repeat=2))
URL = "http://localhost:8000"

Clients = dict[str, Client]


@pytest.fixture(scope="module")
def issuer() -> Iterator[str | None]:
    """The real provider's, None where it cannot run."""
    with real_provider([f"{URL}/openid/real"]) as found:
        yield found


@pytest.fixture
def real(issuer: str | None) -> None:
    """For tests that need the real provider."""
    if issuer is None:
        pytest.skip("Install Node.js 20 or later, with npm, to try a real provider.")


@pytest.fixture(scope="module")
def liar() -> Iterator[HostileProvider]:
    with HostileProvider() as hostile:
        yield hostile


@pytest.fixture
def hostile(liar: HostileProvider) -> HostileProvider:
    """The provider that lies, telling the truth until a test turns it."""
    liar.reset()
    liar.subject = unique("s-")
    liar.email = f"{liar.subject}@login.example"
    return liar


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("openid") / "blog.sqlite3"
    migrate.upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="module")
def clients(database: Path, liar: HostileProvider, issuer: str | None) -> Iterator[Clients]:
    """Each framework over the one database, with both providers."""
    settings = provider("liar", liar.issuer)
    if issuer is not None:
        settings |= provider("real", issuer, SECRET)
    workers: dict[str, Worker] = {}
    try:
        for name in FRAMEWORKS:
            workers[name] = Worker(name, database, more=settings)
            # One after the other: the first request is the slowest.
            assert 200 == Client(workers[name]).get("/livez").status
        yield {name: Client(worker) for name, worker in workers.items()}
    finally:
        for worker in workers.values():
            worker.close()


@pytest.fixture(params=FRAMEWORKS)
def client(request: pytest.FixtureRequest, clients: Clients) -> Client:
    return clients[request.param]


def on(client: Client, browser: Browser | None = None) -> Browser:
    """The same browser, speaking to this framework."""
    other = Browser(client)
    other.cookies = browser.cookies if browser else {}
    return other


def begun(browser: Browser, name: str, following: str = "/") -> str:
    """Where the provider's sign-in begins, by pressing its button."""
    screen = browser.post(f"/openid/{name}", next=following)
    assert 200 == screen.status, screen.text
    url = screen.one("a", rel="noreferrer").get("href") or ""
    assert f"0; url={url}" == screen.one("meta", **{"http-equiv": "refresh"}).get("content")
    return url


def returned(browser: Browser, back: str) -> Screen:
    """What answers a browser that a provider sends back."""
    parts = urlsplit(back)
    assert URL == f"{parts.scheme}://{parts.netloc}"
    target = f"{parts.path}?{parts.query}"
    return browser.ask("GET", target, b"", [("Sec-Fetch-Site", "cross-site")])


def assert_refused(screen: Screen, browser: Browser, status: int = 403) -> None:
    """Fail unless it is a clear page, and nobody is signed in by it."""
    assert status == screen.status, screen.text
    assert screen.all("div", role="alert"), screen.text
    assert "no-store" == screen.header("Cache-Control")
    assert "session" not in browser.cookies


def registered(browser: Browser, **typed: str) -> Screen:
    """What answers the form for somebody new."""
    return browser.send(browser.get("/openid").form("/openid"), **typed)


def own(browser: Browser) -> dict[str, Any]:
    cookie = ("Cookie", f"session={browser.cookies['session']}")
    answer = browser.client.get("/api/me", headers=[cookie])
    assert 200 == answer.status, answer.body
    found: dict[str, Any] = answer.json()
    return found


def signed_up(client: Client, **fields: str) -> dict[str, str]:
    form: dict[str, str] = sign_up_form() | fields
    assert 201 == client.post("/api/users", json=form).status
    return form


def with_password(client: Client, form: dict[str, str]) -> Browser:
    browser = Browser(client)
    browser.post("/login", username=form["username"], password=form["password"])
    assert "session" in browser.cookies
    return browser


def rows(database: Path, table: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(database, timeout=30)) as connection:
        return connection.execute(f"SELECT * FROM {table}").fetchall()  # noqa: S608 # ours


# --- with the real provider ----------------------------------------------------------------------


@pytest.mark.sentence("openid-begin", "openid-return", "openid-finish")
@pytest.mark.usefixtures("real")
@pytest.mark.parametrize(("began", "came_back"), PAIRS)
def test_somebody_new_registers_and_signs_in_again(
    clients: Clients, began: str, came_back: str
) -> None:
    login = unique("new-")
    here, there = Browser(clients[began]), clients[came_back]
    back = signed_in(begun(here, "real", "/write"), login)
    assert "/openid" == returned(on(there, here), back).location
    form = on(clients[began], here).get("/openid").form("/openid")
    assert {"username": login, "email": f"{login}@login.example"} == form.fields
    done = on(there, here).send(form, username=f"{login}.x")
    assert "/write" == done.location
    me = own(here)
    assert (f"{login}.x", f"{login}@login.example") == (me["username"], me["email"])
    again = Browser(there)
    back = signed_in(begun(again, "real", "/drafts"), login)
    assert "/drafts" == returned(on(clients[began], again), back).location
    assert me["id"] == own(again)["id"]


@pytest.mark.sentence("openid-finish", "openid-unlink")
@pytest.mark.usefixtures("real")
@pytest.mark.parametrize("name", FRAMEWORKS)
def test_an_account_is_linked_by_whoever_is_signed_in_and_knows_the_password(
    clients: Clients, name: str
) -> None:
    form, login = signed_up(clients[name]), unique("linked-")
    browser = with_password(clients[name], form)
    assert "/openid" == returned(browser, signed_in(begun(browser, "real"), login)).location
    asked = browser.get("/openid")
    assert f"{login}@login.example" in asked.text
    wrong = browser.send(asked.form("/openid"), password="not this one")
    assert 422 == wrong.status
    assert "This is not your current password." in wrong.text
    right = browser.send(wrong.form("/openid"), password=form["password"])
    assert "/settings?done=linked" == right.location
    shown = browser.get(right.location)
    assert "From now on you can sign in with it." in shown.text
    other = Browser(clients[name])
    assert "/" == returned(other, signed_in(begun(other, "real"), login)).location
    assert own(browser)["id"] == own(other)["id"]
    unlinked = browser.send(shown.form("/settings", "unlink"), "unlink")
    assert "/settings?done=unlinked" == unlinked.location
    # Whoever had come in that way is out, and comes in no more.
    assert "/login?next=/settings" == other.get("/settings").location
    last = Browser(clients[name])
    assert "/openid" == returned(last, signed_in(begun(last, "real"), login)).location


@pytest.mark.sentence("openid-email")
@pytest.mark.usefixtures("real")
@pytest.mark.parametrize("name", FRAMEWORKS)
def test_an_email_takes_over_nobodys_account(clients: Clients, database: Path, name: str) -> None:
    login = unique("victim-")
    form = signed_up(clients[name], email=f"{login.upper()}@Login.Example")
    before = rows(database, "identities")
    attacker = Browser(clients[name])
    # The provider says `email_verified`, too: that proves nothing about the account here.
    refused = returned(attacker, signed_in(begun(attacker, "real"), login))
    assert_refused(refused, attacker)
    assert "Sign in with its password, then link Real to it in the settings." in refused.text
    assert_refused(attacker.get("/openid"), attacker)
    assert before == rows(database, "identities")
    # Somebody else's email typed into the form does not either.
    back = signed_in(begun(attacker, "real"), unique("other-"))
    assert "/openid" == returned(attacker, back).location
    taken = registered(attacker, email=form["email"])
    assert 422 == taken.status
    assert "This is taken." in taken.text
    assert "session" not in attacker.cookies
    assert before == rows(database, "identities")


@pytest.mark.sentence("openid-refused")
@pytest.mark.usefixtures("real")
@pytest.mark.parametrize("name", FRAMEWORKS)
def test_whoever_cancels_is_told_so(clients: Clients, name: str) -> None:
    browser = Browser(clients[name])
    refused = returned(browser, signed_in(begun(browser, "real"), None))
    assert_refused(refused, browser)
    assert "You did not let Real sign you in here." in refused.text


@pytest.mark.sentence("openid-return", "openid-refused")
@pytest.mark.usefixtures("real")
@pytest.mark.parametrize(("began", "came_back"), PAIRS)
def test_a_code_is_good_once_and_only_where_it_was_asked_for(
    clients: Clients, began: str, came_back: str
) -> None:
    login = unique("codes-")
    first, second = Browser(clients[began]), Browser(clients[came_back])
    back = signed_in(begun(first, "real"), login)
    mine = parse_qs(urlsplit(begun(second, "real")).query)["state"][0]

    def injected(browser: Browser, state: str) -> Screen:
        query = {key: values[0] for key, values in parse_qs(urlsplit(back).query).items()}
        return returned(browser, f"{URL}/openid/real?{urlencode(query | {'state': state})}")

    # Another's code in one's own sign-in: what proves it (PKCE) is in the other browser.
    assert_refused(injected(second, mine), second)
    third = Browser(clients[came_back])
    back = signed_in(begun(third, "real"), login)
    assert "/openid" == returned(third, back).location
    # The same answer again, and the same code in a new sign-in.
    assert_refused(returned(third, back), third)
    assert_refused(
        injected(third, parse_qs(urlsplit(begun(third, "real")).query)["state"][0]), third
    )


@pytest.mark.sentence("openid-refused")
@pytest.mark.usefixtures("real")
@pytest.mark.parametrize("name", FRAMEWORKS)
def test_an_answer_of_one_provider_is_not_taken_for_anothers(
    clients: Clients, hostile: HostileProvider, name: str
) -> None:
    """Mix-up: a browser that went to the provider that lies comes back with the real one's code."""
    browser = Browser(clients[name])
    honest = signed_in(begun(Browser(clients[name]), "real"), unique("mixed-"))
    answer = {key: values[0] for key, values in parse_qs(urlsplit(honest).query).items()}
    url = begun(browser, "liar")
    asked = len(hostile.asked)
    assert_refused(
        returned(browser, hostile.come_back(url, code=answer["code"], iss=answer["iss"])), browser
    )
    # The code was not given to it.
    assert "/token" not in hostile.asked[asked:]
    # Sent to the other one's address, the sign-in is none that is under way.
    back = hostile.come_back(begun(browser, "liar")).replace("/openid/liar", "/openid/real")
    assert_refused(returned(browser, back), browser)


@pytest.mark.sentence("openid-no-password", "openid-unlink")
@pytest.mark.usefixtures("real")
@pytest.mark.parametrize("name", FRAMEWORKS)
def test_an_account_without_a_password_can_do_everything_else(clients: Clients, name: str) -> None:
    browser, login = Browser(clients[name]), unique("free-")
    returned(browser, signed_in(begun(browser, "real"), login))
    registered(browser)
    me = {"username": login, "password": "!"}
    for password in ("!", "", "any password"):
        tried = {"username": login, "password": password}
        assert 401 == clients[name].post("/api/tokens", json=tried).status
        assert 422 == Browser(clients[name]).post("/login", **tried).status
    settings = browser.get("/settings")
    last = browser.send(settings.form("/settings", "unlink"), "unlink")
    assert 409 == last.status
    assert "This is the only way to sign in to your account." in last.text
    cookie = ("Cookie", f"session={browser.cookies['session']}")
    change = {"current_password": "!", "new_password": "a password at last"}
    changed = clients[name].post("/api/me/password", json=change, headers=[cookie])
    assert 403 == changed.status
    short = browser.send(
        settings.form("/settings", "first-password"), "first-password", new_password="short"
    )
    assert 422 == short.status
    form = short.form("/settings", "first-password")
    done = browser.send(form, "first-password", new_password="a password at last")
    assert "/settings?done=password" == done.location
    me["password"] = "a password at last"
    assert 201 == clients[name].post("/api/tokens", json=me).status
    # There is one now: it is changed with the one before, no more without.
    assert 422 == browser.post("/settings", action="first-password", new_password="x" * 9).status
    unlinked = browser.send(browser.get("/settings").form("/settings", "unlink"), "unlink")
    assert "/settings?done=unlinked" == unlinked.location
    deletion = browser.get("/settings").form("/settings", "delete-account")
    assert "/" == browser.send(deletion, "delete-account", username=login).location
    back = signed_in(begun(browser, "real"), login)
    assert "/openid" == returned(browser, back).location


# --- with the one that lies ----------------------------------------------------------------------


def test_who_tells_the_truth_is_believed(client: Client, hostile: HostileProvider) -> None:
    """Else everything below would be refused for another reason."""
    browser = Browser(client)
    assert "/openid" == returned(browser, hostile.come_back(begun(browser, "liar"))).location
    assert "/" == registered(browser, username=hostile.subject).location
    assert hostile.subject == own(browser)["username"]


STATES: dict[str, Callable[[str], str | None]] = {
    "none": lambda state: None,
    "empty": lambda state: "",
    "forged": lambda state: "0" * 64,
    "longer": lambda state: state + "0",
    "not ascii": lambda state: "é" * 64,
}


@pytest.mark.sentence("openid-refused")
@pytest.mark.parametrize("what", STATES)
def test_a_state_that_is_not_the_browsers_own_is_refused(
    client: Client, hostile: HostileProvider, what: str
) -> None:
    browser = Browser(client)
    url = begun(browser, "liar")
    state = parse_qs(urlsplit(url).query)["state"][0]
    asked = len(hostile.asked)
    forged = hostile.come_back(url, state=STATES[what](state))
    assert_refused(returned(browser, forged), browser)
    assert asked == len(hostile.asked)
    # It cost the browser nothing: its own answer is still good.
    assert "/openid" == returned(browser, hostile.come_back(url)).location


@pytest.mark.sentence("openid-return", "openid-refused")
@pytest.mark.parametrize(("began", "came_back"), PAIRS)
def test_another_browsers_sign_in_is_refused(
    clients: Clients, hostile: HostileProvider, began: str, came_back: str
) -> None:
    """Sign-in CSRF: nobody is led into an attacker's account by an address."""
    attacker, victim = Browser(clients[began]), Browser(clients[came_back])
    back = hostile.come_back(begun(attacker, "liar"))
    assert_refused(returned(victim, back), victim)
    begun(victim, "liar")
    assert_refused(returned(victim, back), victim)
    # Nor does one browser's cookie finish what another has proved.
    assert "/openid" == returned(attacker, back).location
    assert_refused(victim.get("/openid"), victim)
    assert_refused(victim.post("/openid", username="x", email="x@login.example"), victim)


@pytest.mark.sentence("openid-return")
def test_an_answer_is_taken_once(client: Client, hostile: HostileProvider) -> None:
    browser = Browser(client)
    back = hostile.come_back(begun(browser, "liar"))
    held = dict(browser.cookies)
    assert "/openid" == returned(browser, back).location
    for cookies in (held, dict(browser.cookies)):
        replaying = Browser(client)
        replaying.cookies = cookies
        assert_refused(returned(replaying, back), replaying)
    proved = dict(browser.cookies)
    assert "/" == registered(browser, username=hostile.subject).location
    again = Browser(client)
    again.cookies = proved
    assert_refused(again.post("/openid", username="x", email="x@login.example"), again)


@pytest.mark.sentence("openid-finish")
def test_a_link_is_finished_by_whoever_began_it(client: Client, hostile: HostileProvider) -> None:
    form, other = signed_up(client), signed_up(client)
    browser = with_password(client, form)
    back = hostile.come_back(begun(browser, "liar"))
    browser.cookies["session"] = with_password(client, other).cookies["session"]
    refused = returned(browser, back)
    assert 403 == refused.status
    browser.cookies["session"] = with_password(client, form).cookies["session"]
    assert "/openid" == returned(browser, hostile.come_back(begun(browser, "liar"))).location
    browser.cookies["session"] = with_password(client, other).cookies["session"]
    assert 403 == browser.get("/openid").status
    assert 403 == browser.post("/openid", password=other["password"]).status


def test_an_identity_of_one_is_not_linked_by_another(
    client: Client, hostile: HostileProvider
) -> None:
    first = Browser(client)
    returned(first, hostile.come_back(begun(first, "liar")))
    registered(first, username=hostile.subject)
    second = with_password(client, signed_up(client))
    refused = returned(second, hostile.come_back(begun(second, "liar")))
    assert 403 == refused.status
    assert "is linked to another account here" in refused.text
    own_again = returned(first, hostile.come_back(begun(first, "liar")))
    assert 403 == own_again.status
    assert "is linked already" in own_again.text


FORGED: dict[str, Callable[[Claims], Claims]] = {
    "nonce of another": lambda claims: claims | {"nonce": "0" * 64},
    "no nonce": lambda claims: _without(claims, "nonce"),
    "nonce no text": lambda claims: claims | {"nonce": [claims["nonce"]]},
    "issuer of another": lambda claims: claims | {"iss": "https://login.example"},
    "issuer longer": lambda claims: claims | {"iss": claims["iss"] + "/"},
    "no issuer": lambda claims: _without(claims, "iss"),
    "audience of another": lambda claims: claims | {"aud": "other"},
    "audience of others": lambda claims: claims | {"aud": ["other", "third"]},
    "two audiences, party unsaid": lambda claims: claims | {"aud": ["blog", "other"]},
    "two audiences, party of another": lambda claims: (
        claims | {"aud": ["blog", "other"], "azp": "other"}
    ),
    "party of another": lambda claims: claims | {"azp": "other"},
    "no audience": lambda claims: _without(claims, "aud"),
    "expired": lambda claims: claims | {"iat": time.time() - 900, "exp": time.time() - 60},
    "no end": lambda claims: _without(claims, "exp"),
    "end no number": lambda claims: claims | {"exp": "never"},
    "from the future": lambda claims: claims | {"iat": time.time() + 600},
    "no beginning": lambda claims: _without(claims, "iat"),
    "not before": lambda claims: claims | {"nbf": time.time() + 600},
    "no subject": lambda claims: _without(claims, "sub"),
    "empty subject": lambda claims: claims | {"sub": ""},
    "subject no text": lambda claims: claims | {"sub": 1},
    "subject too long": lambda claims: claims | {"sub": "s" * 256},
    "of another access token": lambda claims: claims | {"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"},
}


def _without(claims: Claims, name: str) -> Claims:
    return {key: value for key, value in claims.items() if key != name}


@pytest.mark.sentence("openid-refused")
@pytest.mark.parametrize("what", FORGED)
def test_a_forged_claim_signs_nobody_in(
    client: Client, hostile: HostileProvider, what: str
) -> None:
    browser = Browser(client)
    hostile.forge = FORGED[what]
    assert_refused(returned(browser, hostile.come_back(begun(browser, "liar"))), browser)
    assert_refused(browser.get("/openid"), browser)


@pytest.mark.sentence("openid-refused")
def test_a_token_of_an_earlier_sign_in_is_refused(client: Client, hostile: HostileProvider) -> None:
    browser = Browser(client)
    tokens: list[str] = []

    def kept(claims: Claims) -> str:
        tokens.append(hostile.signed(claims))
        return tokens[0]

    hostile.sign = kept
    assert "/openid" == returned(browser, hostile.come_back(begun(browser, "liar"))).location
    other = Browser(client)
    assert_refused(returned(other, hostile.come_back(begun(other, "liar"))), other)
    assert 2 == len(tokens)


ANOTHER = RSAKey.generate_key(2048, {"kid": "1"}, auto_kid=False)
SIGNED: dict[str, Callable[[HostileProvider, Claims], str]] = {
    "not at all": lambda provider, claims: provider.unsigned(claims),
    "with what is public": lambda provider, claims: provider.signed_with_the_public_key(claims),
    "with another key": lambda provider, claims: provider.signed(claims, ANOTHER),
    "with a key of no name": lambda provider, claims: provider.signed(claims, ANOTHER, "2"),
    "cut": lambda provider, claims: provider.signed(claims).rpartition(".")[0] + ".",
    "altered": lambda provider, claims: provider.signed(claims).replace(".e", ".f", 1),
    "empty": lambda provider, claims: "",
    "no token": lambda provider, claims: "a.b.c",
}


@pytest.mark.sentence("openid-refused")
@pytest.mark.parametrize("what", SIGNED)
def test_a_token_signed_otherwise_signs_nobody_in(
    client: Client, hostile: HostileProvider, what: str
) -> None:
    browser = Browser(client)
    hostile.sign = lambda claims: SIGNED[what](hostile, claims)
    assert_refused(returned(browser, hostile.come_back(begun(browser, "liar"))), browser)


@pytest.mark.sentence("openid-refused")
@pytest.mark.parametrize("iss", [None, "", "https://login.example", "http://127.0.0.1"])
def test_an_answer_without_the_issuers_name_is_refused(
    client: Client, hostile: HostileProvider, iss: str | None
) -> None:
    browser = Browser(client)
    url = begun(browser, "liar")
    asked = len(hostile.asked)
    assert_refused(returned(browser, hostile.come_back(url, iss=iss)), browser)
    assert "/token" not in hostile.asked[asked:]


def test_keys_may_be_replaced(client: Client, hostile: HostileProvider) -> None:
    browser = Browser(client)
    assert "/openid" == returned(browser, hostile.come_back(begun(browser, "liar"))).location
    old, new = hostile.key, RSAKey.generate_key(2048, {"kid": "new"}, auto_kid=False)
    hostile.published = [new]
    hostile.sign = lambda claims: hostile.signed(claims, new, "new")
    try:
        other = Browser(client)
        assert "/openid" == returned(other, hostile.come_back(begun(other, "liar"))).location
        # The old one is not good any more.
        hostile.sign = lambda claims: hostile.signed(claims, old, "1")
        third = Browser(client)
        assert_refused(returned(third, hostile.come_back(begun(third, "liar"))), third)
    finally:
        hostile.published = [old]


ANSWERS: dict[str, Callable[[BaseHTTPRequestHandler], None]] = {
    "an error": lambda handler: send(handler, b"oh no", 500),
    "busy": lambda handler: send(handler, b"<h1>later</h1>", 429),
    "no JSON": lambda handler: send(handler, b"<h1>hello</h1>"),
    "no object": lambda handler: send(handler, b"[1]"),
    "too deep": lambda handler: send(handler, b"[" * 100_000),
    "too large": lambda handler: send(handler, b" " * 300_000),
    "packed": lambda handler: send(handler, b"x", Content_Encoding="gzip"),
    "elsewhere": lambda handler: send(handler, b"", 302, Location="/other"),
    "nothing": lambda handler: handler.wfile.close(),
}


@pytest.mark.sentence("openid-refused", "status-503")
@pytest.mark.parametrize("what", ANSWERS)
def test_a_provider_out_of_order_is_said_to_be(
    client: Client, hostile: HostileProvider, what: str
) -> None:
    browser = Browser(client)
    url = begun(browser, "liar")
    hostile.answers["/token"] = ANSWERS[what]
    screen = returned(browser, hostile.come_back(url))
    assert_refused(screen, browser, 503)
    assert "5" == screen.header("Retry-After")
    assert "Liar did not answer: try again in a moment." in screen.text


REFUSALS = ("invalid_grant", "invalid_client", "</p><script>", "\r\nx", "x" * 10_000)


@pytest.mark.parametrize("error", REFUSALS, ids=range(len(REFUSALS)))
def test_a_provider_may_refuse_in_any_words(
    client: Client, hostile: HostileProvider, error: str
) -> None:
    browser = Browser(client)
    body = f'{{"error": "{error[:40]}"}}'.encode().replace(b"\r\n", b"\\r\\n")
    hostile.answers["/token"] = lambda handler: send(handler, body, 400)
    assert_refused(returned(browser, hostile.come_back(begun(browser, "liar"))), browser)
    url = begun(browser, "liar")
    screen = returned(browser, hostile.come_back(url, code=None, error=error[:40]))
    assert_refused(screen, browser)
    assert "script" not in screen.body.decode()


def test_what_a_provider_calls_somebody_is_text(client: Client, hostile: HostileProvider) -> None:
    """Names and addresses of another's making are shown, and taken, only in their form."""
    browser = Browser(client)
    odd = {"preferred_username": "<b>Ädä", "email": '"<script>"@x', "name": ["x"]}
    hostile.forge = lambda claims: claims | odd
    assert "/openid" == returned(browser, hostile.come_back(begun(browser, "liar"))).location
    form = browser.get("/openid").form("/openid")
    assert {"username": "bAda", "email": ""} == form.fields


@pytest.mark.sentence("page-next")
@pytest.mark.parametrize("following", ["//evil.example", "https://evil.example", "/\\evil", ""])
def test_nobody_is_led_elsewhere(client: Client, hostile: HostileProvider, following: str) -> None:
    browser = Browser(client)
    url = begun(browser, "liar", following)
    assert "/openid" == returned(browser, hostile.come_back(url)).location
    assert "/" == registered(browser, username=hostile.subject).location


def test_a_disabled_account_is_signed_in_no_more(
    client: Client, hostile: HostileProvider, database: Path
) -> None:
    browser = Browser(client)
    returned(browser, hostile.come_back(begun(browser, "liar")))
    registered(browser, username=hostile.subject)
    with closing(sqlite3.connect(database, timeout=30)) as connection, connection:
        change = "UPDATE users SET is_active = 0 WHERE username = ?"
        assert 1 == connection.execute(change, [hostile.subject]).rowcount
    other = Browser(client)
    refused = returned(other, hostile.come_back(begun(other, "liar")))
    assert_refused(refused, other)
    assert "This account is closed." in refused.text


def test_the_database_holds_nothing_that_finishes_a_sign_in(
    client: Client, hostile: HostileProvider, database: Path
) -> None:
    browser = Browser(client)
    url = begun(browser, "liar")
    query = parse_qs(urlsplit(url).query)
    secrets = [browser.cookies["openid"], query["state"][0], query["nonce"][0]]
    stored = repr(rows(database, "sign_ins"))
    assert not [secret for secret in secrets if secret in stored]
    assert "S256" == query["code_challenge_method"][0]
