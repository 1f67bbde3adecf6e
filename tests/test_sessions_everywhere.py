"""A session is one thing on three frameworks: opened, used and ended on any of them.

A process each, on one SQLite file, as in `tests/test_two_frameworks.py`.
"""

import itertools
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from blog_contract.browser import Browser
from blog_contract.client import Client
from blog_contract.resources import PAST, sign_up_form, unique
from blog_core.storage import migrate
from tests.workers import Worker

FRAMEWORKS = ("django-wsgi", "flask-wsgi", "fastapi-asgi")
TRIPLES = list(itertools.product(FRAMEWORKS, repeat=3))
PAIRS = list(itertools.product(FRAMEWORKS, repeat=2))
OTHER_PASSWORD = "eight wonders, one left"

Form = dict[str, Any]


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sessions") / "blog.sqlite3"
    migrate.upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="module")
def clients(database: Path) -> Iterator[dict[str, Client]]:
    """Each framework over the one file."""
    workers = {name: Worker(name, database) for name in FRAMEWORKS}
    try:
        yield {name: Client(worker) for name, worker in workers.items()}
    finally:
        for worker in workers.values():
            worker.close()


@pytest.fixture(scope="module")
def member(clients: dict[str, Client]) -> Form:
    """What somebody signed up with who stays."""
    return signed_up(clients["flask-wsgi"])


def signed_up(client: Client) -> Form:
    form = sign_up_form()
    assert 201 == client.post("/api/users", json=form).status
    return form


def signed_in(client: Client, form: Form) -> Browser:
    browser = Browser(client)
    login = browser.get("/login").form("/login")
    sent = browser.send(login, username=form["username"], password=form["password"])
    assert "/" == sent.location
    return browser


def token_for(client: Client, form: Form) -> str:
    credentials = {"username": form["username"], "password": form["password"]}
    answer = client.post("/api/tokens", json=credentials)
    assert 201 == answer.status, answer.body
    token: str = answer.json()["token"]
    return token


def beside(browser: Browser, client: Client) -> Browser:
    """The same browser, speaking to another framework."""
    other = Browser(client)
    other.cookies = dict(browser.cookies)
    return other


def assert_ended(clients: Mapping[str, Client], browser: Browser) -> None:
    """Fail unless the session is refused everywhere, by the API and by pages."""
    for name, client in clients.items():
        here = beside(browser, client)
        assert 401 == client.get("/api/me", headers=[browser.cookie]).status, name
        assert "/login?next=/settings" == here.get("/settings").location, name
        assert 403 == here.post("/write", title="Never").status, name


def assert_token_ended(clients: Mapping[str, Client], token: str) -> None:
    for name, client in clients.items():
        assert 401 == client.get("/api/me", token=token).status, name
        assert 401 == client.post("/api/posts", json={"title": "T"}, token=token).status, name


@pytest.mark.parametrize(("opened", "used", "ended"), TRIPLES)
def test_a_session_of_one_is_used_on_another_and_ended_on_a_third(
    clients: dict[str, Client], member: Form, opened: str, used: str, ended: str
) -> None:
    browser = signed_in(clients[opened], member)
    there = beside(browser, clients[used])
    path = there.send(there.get("/write").form("/write"), "save", title="By session").location
    assert "By session" == beside(browser, clients[ended]).get(path).one("h1").text
    out = beside(browser, clients[ended])
    assert "/" == out.send(out.get("/").form("/logout")).location
    assert not out.cookies
    assert_ended(clients, browser)


@pytest.mark.parametrize(("opened", "used", "ended"), TRIPLES)
def test_a_token_of_one_is_used_on_another_and_ended_on_a_third(
    clients: dict[str, Client], member: Form, opened: str, used: str, ended: str
) -> None:
    token = token_for(clients[opened], member)
    made = clients[used].post("/api/posts", json={"title": "By token"}, token=token)
    path = made.header("Location") or ""
    assert "By token" == clients[ended].get(path, token=token).json()["title"]
    assert 204 == clients[ended].delete("/api/tokens/current", token=token).status
    assert_token_ended(clients, token)


# --- what ends more than one ---------------------------------------------------------------------


def by_page(button: str, **typed: str) -> Callable[[Browser, Form, Path], None]:
    def end(browser: Browser, form: Form, database: Path) -> None:
        filled = {name: value.format(**form) for name, value in typed.items()}
        settings = browser.get("/settings").form("/settings", button)
        assert 303 == browser.send(settings, button, **filled).status

    return end


def by_api(method: str, path: str, json: Form | None = None) -> Callable[..., None]:
    def end(browser: Browser, form: Form, database: Path) -> None:
        filled = {name: value.format(**form) for name, value in (json or {}).items()}
        headers = [browser.cookie]
        assert 204 == browser.client.request(method, path, headers=headers, json=filled).status

    return end


def by_whoever_runs_the_site(browser: Browser, form: Form, database: Path) -> None:
    with closing(sqlite3.connect(database, timeout=30)) as connection, connection:
        change = "UPDATE users SET is_active = 0 WHERE username = ?"
        assert 1 == connection.execute(change, [form["username"]]).rowcount


NEW_PASSWORD = {"current_password": "{password}", "new_password": OTHER_PASSWORD}
ENDINGS = {
    "signing out everywhere": by_page("end-all"),
    "a new password on a page": by_page("password", **NEW_PASSWORD),
    "a new password over the API": by_api("POST", "/api/me/password", NEW_PASSWORD),
    "deleting the account on a page": by_page("delete-account", username="{username}"),
    "deleting the account over the API": by_api("DELETE", "/api/me"),
    "disabling the account": by_whoever_runs_the_site,
}


@pytest.mark.parametrize(("opened", "acted"), PAIRS)
@pytest.mark.parametrize("ending", ENDINGS)
def test_what_ends_everything_ends_it_everywhere_at_its_first_use(
    clients: dict[str, Client], database: Path, ending: str, opened: str, acted: str
) -> None:
    form = signed_up(clients[acted])
    session, token = signed_in(clients[opened], form), token_for(clients[opened], form)
    acting = signed_in(clients[acted], form)
    kept = beside(acting, clients[acted])
    ENDINGS[ending](acting, form, database)
    assert_ended(clients, session)
    assert_token_ended(clients, token)
    if "password" in ending:  # whoever changes it stays signed in
        for name, client in clients.items():
            assert 200 == client.get("/api/me", headers=[kept.cookie]).status, name
    else:
        assert_ended(clients, kept)


@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_a_value_from_before_signing_in_is_accepted_nowhere(
    clients: dict[str, Client], member: Form, first: str, second: str
) -> None:
    made_up = Browser(clients[first])
    made_up.cookies["session"] = unique("fixed-by-somebody-else-")
    victim = beside(made_up, clients[first])
    victim.post("/login", username=member["username"], password=member["password"])
    assert made_up.session != victim.session
    assert_ended(clients, made_up)
    # Signing in again, on another framework, ends the session that is sent along.
    again = beside(victim, clients[second])
    again.post("/login", username=member["username"], password=member["password"])
    assert_ended(clients, victim)
    for name, client in clients.items():
        assert 200 == client.get("/api/me", headers=[again.cookie]).status, name


# --- reading changes nothing ---------------------------------------------------------------------


@pytest.mark.parametrize("name", FRAMEWORKS)
def test_following_every_link_changes_no_row(
    clients: dict[str, Client], database: Path, name: str
) -> None:
    form = signed_up(clients[name])
    browser = signed_in(clients[name], form)
    token = token_for(clients[name], form)
    for number in range(6):
        post = {"title": f"T {number}", "content": "[x](/drafts)", "pub_date": PAST}
        assert 201 == clients[name].post("/api/posts", json=post, token=token).status
        assert 201 == clients[name].post("/api/posts", json={"title": "D"}, token=token).status
    before = rows(database)
    signed, anonymous = crawled(browser), crawled(Browser(clients[name]))
    assert before == rows(database)
    assert {"/write", "/settings", "/drafts", "/feed.atom"} <= signed.keys()
    assert {"/login", "/register", "/feed.atom"} <= anonymous.keys()
    assert [path for path in signed if path.endswith("/delete")]
    for found in (signed, anonymous):
        assert not {path: status for path, status in found.items() if status not in (200, 303)}


def crawled(browser: Browser) -> dict[str, int]:
    """The status of every path that links lead to from home, at most 150 of them."""
    found: dict[str, int] = {}
    waiting = ["/"]
    while waiting and len(found) < 150:
        path = waiting.pop()
        if path in found:
            continue
        screen = browser.get(path)
        found[path] = screen.status
        if screen.status == 303:
            waiting.append(screen.location)
        elif (screen.header("Content-Type") or "").startswith("text/html"):
            links = [each.get("href") or "" for each in [*screen.all("a"), *screen.all("link")]]
            waiting += [link for link in reversed(links) if link.startswith("/")]
    return found


def rows(database: Path) -> list[str]:
    with closing(sqlite3.connect(database, timeout=30)) as connection:
        return list(connection.iterdump())
