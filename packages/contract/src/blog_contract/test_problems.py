"""Refusals: one shape for all of them."""

from collections.abc import Callable
from typing import Any

import pytest

from blog_contract.answers import (
    NEVER,
    TITLES,
    assert_problem,
    encoded,
    error_fields,
)
from blog_contract.client import Account, Client, NewPost
from blog_contract.resources import PAST, sign_up_form
from blog_contract.sentences import sentence
from http_parity.exchange import Answer

Refused = Callable[[Client, Account], Answer]

REFUSALS: dict[str, tuple[int, Refused]] = {
    "bad-query": (400, lambda client, _: client.get("/api/posts?q=%ff")),
    "bad-json": (400, lambda client, _: client.post("/api/tokens", body=b"{")),
    "no-credentials": (401, lambda client, _: client.get("/api/me")),
    "bad-token": (401, lambda client, _: client.get("/api/me", token="x")),
    "wrong-password": (
        401,
        lambda client, account: client.post(
            "/api/tokens", json={"username": account.username, "password": "not the one"}
        ),
    ),
    "wrong-current-password": (
        403,
        lambda client, account: client.post(
            "/api/me/password",
            json={"current_password": "not the one", "new_password": "seven seas, one sail"},
            token=account.token,
        ),
    ),
    "unknown-path": (404, lambda client, _: client.get("/api/nothing")),
    "unknown-post": (404, lambda client, _: client.get(f"/api/posts/{NEVER}")),
    "unknown-user": (404, lambda client, _: client.get("/api/users/nobody-of-this-name")),
    "wrong-method": (405, lambda client, _: client.delete("/api/posts")),
    "taken": (
        409,
        lambda client, account: client.post(
            "/api/users", json=sign_up_form(username=account.username)
        ),
    ),
    "large-body": (413, lambda client, _: client.post("/api/tokens", body=bytes(1_048_577))),
    "long-target": (414, lambda client, _: client.get("/api/posts?x=".ljust(3000, "a"))),
    "other-type": (
        415,
        lambda client, _: client.post("/api/tokens", body=b"{}", content_type="text/plain"),
    ),
    "missing-fields": (422, lambda client, _: client.post("/api/tokens", json={})),
    "bad-limit": (422, lambda client, _: client.get("/api/posts?limit=0")),
    "no-precondition": (
        428,
        lambda client, account: client.delete(f"/api/posts/{NEVER}", token=account.token),
    ),
    "many-fields": (
        431,
        lambda client, _: client.get("/livez", headers=[(f"X-{n}", "") for n in range(91)]),
    ),
}


@sentence("problem", "problem-everywhere", "json-bytes")
@pytest.mark.parametrize(("status", "refused"), REFUSALS.values(), ids=REFUSALS.keys())
def test_every_refusal_is_a_problem(
    client: Client, author: Account, status: int, refused: Refused
) -> None:
    assert_problem(refused(client, author), status)


@sentence("promise", "problem")
@pytest.mark.parametrize(("status", "refused"), REFUSALS.values(), ids=REFUSALS.keys())
def test_the_same_refusal_has_the_same_bytes(
    client: Client, author: Account, status: int, refused: Refused
) -> None:
    first, second = refused(client, author), refused(client, author)
    assert (status, first.body) == (second.status, second.body)


@sentence("status-404", "unpublished")
def test_what_is_not_there_is_404_in_the_same_bytes(
    client: Client, author: Account, reader: Account, new_post: NewPost
) -> None:
    draft = new_post(author)
    never = client.get(f"/api/posts/{NEVER}")
    assert never.body == client.get(draft.path).body
    assert never.body == client.get(draft.path, token=reader.token).body


@sentence("status-403")
@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_a_published_post_of_another_is_403(
    client: Client, author: Account, reader: Account, new_post: NewPost, method: str
) -> None:
    post = new_post(author, pub_date=PAST)
    body: dict[str, Any] = (
        {} if method == "DELETE" else {"json": {"title": "T", "content": "", "pub_date": None}}
    )
    answer = client.request(method, post.path, token=reader.token, if_match=post.etag, **body)
    assert_problem(answer, 403)
    assert post.body == client.get(post.path).json()


@sentence("status-409", "problem-errors")
def test_what_is_taken_is_409_with_the_fields_by_name(client: Client, author: Account) -> None:
    form = sign_up_form(username=author.username, email=author.email)
    answer = client.post("/api/users", json=form)
    assert ["username", "email"] == error_fields(answer, 409)
    assert ["taken", "taken"] == [error["code"] for error in answer.json()["errors"]]


@sentence("problem-everywhere")
@pytest.mark.parametrize("path", ["/livez", "/readyz", "/openapi.json"])
def test_the_machines_paths_refuse_with_problems(client: Client, path: str) -> None:
    assert_problem(client.post(path, json={}), 405)
    assert_problem(client.get(f"{path}?x=%ff"), 400)
    assert_problem(client.get(f"{path}?x=".ljust(3000, "a")), 414)


@sentence("problem-everywhere")
@pytest.mark.parametrize(
    ("method", "target", "status"),
    [
        ("GET", "/nothing", 404),
        ("POST", "/nothing", 404),
        ("GET", "/nothing?x=%ff", 400),
        ("GET", "/nothing".ljust(3000, "g"), 414),
        ("GET", "/apinothing", 404),
    ],
)
def test_elsewhere_a_page_says_the_same(
    client: Client, method: str, target: str, status: int
) -> None:
    answer = client.request(method, target)
    assert status == answer.status
    content_type = answer.header("Content-Type")
    assert content_type is not None
    assert content_type.partition(";")[0] == "text/html"
    page = answer.body.decode()
    assert TITLES[status] in page


@sentence("problem", "problem-errors")
@pytest.mark.parametrize("sent", ["<script>alert(1)</script>", "{{7*7}}", "%s%n", "\u202etxt.exe"])
def test_a_refusal_is_the_same_whatever_text_it_refuses(
    client: Client, author: Account, sent: str
) -> None:
    plain = client.patch("/api/me", json={"username": "a b"}, token=author.token)
    answer = client.patch("/api/me", json={"username": f" {sent}"}, token=author.token)
    assert_problem(answer, 422)
    assert plain.body == answer.body
    assert encoded(sent)[1:-1] not in answer.body
