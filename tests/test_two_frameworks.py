"""Three frameworks, a process each, on one SQLite file: what one writes holds for the others."""

import itertools
import secrets
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from blog_contract.client import Client
from blog_contract.resources import PAST, sign_up_form
from blog_core.schemas import NewUser
from blog_core.settings import Settings
from blog_core.storage import migrate
from blog_core.wiring import build
from http_parity.compare import differences
from http_parity.exchange import Answer, Request
from tests.workers import Worker, barrier

FRAMEWORKS = ("django-wsgi", "flask-wsgi", "fastapi-asgi")
PAIRS = list(itertools.permutations(FRAMEWORKS, 2))
ROUNDS = 500
"""Over all pairs together."""


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file that all of them have."""
    path = tmp_path_factory.mktemp("shared") / "blog.sqlite3"
    migrate.upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="module")
def staff(database: Path) -> dict[str, str]:
    """How somebody of the staff signs in."""
    form = sign_up_form()
    with closing(build(Settings(database_url=f"sqlite:///{database}"))) as blog:
        blog.add_user(NewUser(**form), is_staff=True)
    return {name: form[name] for name in ("username", "password")}


@pytest.fixture(scope="module")
def workers(database: Path) -> Iterator[dict[str, Worker]]:
    """Each framework over one file, any two of them able to begin at once."""
    start = barrier(2)
    workers = {name: Worker(name, database, start) for name in FRAMEWORKS}
    try:
        yield workers
    finally:
        for worker in workers.values():
            worker.close()


@pytest.fixture(scope="module")
def clients(workers: dict[str, Worker]) -> dict[str, Client]:
    return {name: Client(worker) for name, worker in workers.items()}


def sign_in(client: Client, form: dict[str, Any]) -> str:
    credentials = {"username": form["username"], "password": form["password"]}
    answer = client.post("/api/tokens", json=credentials)
    assert 201 == answer.status, answer.body
    token: str = answer.json()["token"]
    return token


@pytest.fixture(scope="module")
def form(clients: dict[str, Client]) -> dict[str, Any]:
    """What somebody signed up with."""
    form = sign_up_form()
    assert 201 == clients["flask-wsgi"].post("/api/users", json=form).status
    return form


def test_of_two_writers_on_two_frameworks_exactly_one_wins_every_round(
    workers: dict[str, Worker], clients: dict[str, Client], form: dict[str, Any]
) -> None:
    token = sign_in(clients["django-wsgi"], form)
    made = clients["fastapi-asgi"].post(
        "/api/posts", json={"title": "Contended", "pub_date": PAST}, token=token
    )
    path, tag = made.header("Location") or "", made.header("ETag") or ""
    wins = dict.fromkeys(FRAMEWORKS, 0)
    for turn, pair in enumerate(itertools.islice(itertools.cycle(PAIRS), ROUNDS)):
        answers = at_once(workers, {name: change(path, name, token, tag) for name in pair})
        assert [200, 412] == sorted(answer.status for answer in answers.values()), answers
        winner = next(name for name, answer in answers.items() if answer.status == 200)
        wins[winner] += 1
        assert turn + 2 == answers[winner].json()["version"]
        assert f"by {winner}" == answers[winner].json()["content"]
        # The third one is asked, who had no part in it.
        (third,) = set(FRAMEWORKS) - set(pair)
        read = clients[third].get(path, token=token)
        assert answers[winner].body == read.body
        tag = read.header("ETag") or ""
    assert all(wins.values()), wins


def change(path: str, name: str, token: str, tag: str) -> Request:
    """A PATCH that says who made it."""
    body = f'{{"content":"by {name}"}}'.encode()
    fields = (
        ("Authorization", f"Bearer {token}"),
        ("Content-Type", "application/json"),
        ("If-Match", tag),
    )
    return Request("PATCH", path, fields, body)


def at_once(workers: Mapping[str, Worker], requests: Mapping[str, Request]) -> dict[str, Answer]:
    """The answers of two workers to requests that neither began before the other was ready."""
    for name, request in requests.items():
        workers[name].begin(request, together=True)
    return {name: workers[name].end() for name in requests}


@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_a_token_of_one_is_good_on_the_others_until_one_of_them_ends_it(
    clients: dict[str, Client], form: dict[str, Any], first: str, second: str
) -> None:
    token = sign_in(clients[first], form)
    for client in clients.values():
        assert form["username"] == client.get("/api/me", token=token).json()["username"]
    assert 204 == clients[second].delete("/api/tokens/current", token=token).status
    for client in clients.values():
        refused = client.get("/api/me", token=token)
        assert 401 == refused.status
        assert 'Bearer realm="blog", error="invalid_token"' == refused.header("WWW-Authenticate")


@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_a_password_changed_on_one_ends_the_other_tokens_on_all(
    clients: dict[str, Client], first: str, second: str
) -> None:
    form = sign_up_form()
    assert 201 == clients[first].post("/api/users", json=form).status
    kept, ended = sign_in(clients[second], form), sign_in(clients[first], form)
    change = {"current_password": form["password"], "new_password": "eight wonders, one left"}
    assert 204 == clients[second].post("/api/me/password", json=change, token=kept).status
    for client in clients.values():
        assert (200, 401) == (
            client.get("/api/me", token=kept).status,
            client.get("/api/me", token=ended).status,
        )


@pytest.mark.parametrize(
    ("framework", "edit", "done"),
    [
        ("flask-wsgi", "/admin/posts/edit/?id={id}", 302),
        ("fastapi-asgi", "/admin/posts/edit/{id}", 303),
    ],
)
def test_a_post_edited_in_an_admin_is_another_version_everywhere(
    clients: dict[str, Client], staff: dict[str, str], framework: str, edit: str, done: int
) -> None:
    admin = clients[framework]
    token = sign_in(admin, staff)
    made = admin.post("/api/posts", json={"title": "One"}, token=token)
    path, tag = made.header("Location") or "", made.header("ETag") or ""
    session = (submit(admin, "/login", staff).header("Set-Cookie") or "").partition(";")[0]
    form = {"title": "Two", "content": "", "pub_date": "", "version": "1"}
    sent = submit(admin, edit.format(id=made.json()["id"]), form, ("Cookie", session))
    assert done == sent.status
    for client in clients.values():
        assert "Two" == client.get(path, token=token).json()["title"]
        stale = client.patch(path, json={"title": "Three"}, token=token, if_match=tag)
        assert 412 == stale.status


def submit(client: Client, path: str, form: Mapping[str, str], *headers: tuple[str, str]) -> Answer:
    """The answer to a form that is sent."""
    kind = "application/x-www-form-urlencoded"
    return client.post(path, body=urlencode(form).encode(), content_type=kind, headers=headers)


@pytest.mark.parametrize("operation", ["sign_up", "sign_in", "create_post"])
@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_a_key_used_on_one_gets_the_same_bytes_from_another(
    clients: dict[str, Client], form: dict[str, Any], first: str, second: str, operation: str
) -> None:
    token = sign_in(clients[first], form)
    credentials = {"username": form["username"], "password": form["password"]}
    path, body = {
        "sign_up": ("/api/users", sign_up_form()),
        "sign_in": ("/api/tokens", credentials),
        "create_post": ("/api/posts", {"title": "Once", "content": "日本語 \u2028 é"}),
    }[operation]
    parts: dict[str, Any] = {
        "json": body,
        "idempotency_key": secrets.token_urlsafe(16),
        "headers": [("X-Request-ID", "the-same")],
        "token": token if operation == "create_post" else None,
    }
    made, again = clients[first].post(path, **parts), clients[second].post(path, **parts)
    assert 201 == made.status
    assert [] == [str(difference) for difference in differences(made, again)]


@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_a_cursor_of_one_goes_on_through_another(
    clients: dict[str, Client], form: dict[str, Any], first: str, second: str
) -> None:
    token = sign_in(clients[first], form)
    for _ in range(2):
        clients[first].post("/api/posts", json={"title": "Walked"}, token=token)
    page = clients[first].get("/api/posts?status=draft&limit=1", token=token).json()
    here, there = (clients[name].get(page["next"], token=token) for name in (first, second))
    assert 200 == here.status
    assert here.body == there.body
