"""Idempotency keys: asking again without doing it again."""

import secrets
from typing import Any

import pytest

from blog_contract.answers import error_fields
from blog_contract.client import Account, Client, NewUser
from blog_contract.resources import PAST, ids, sign_up_form, unique, walk
from blog_contract.sentences import sentence
from http_parity.exchange import Answer

FIELD = "Idempotency-Key"


def new_key() -> str:
    """A key nobody has used."""
    return secrets.token_urlsafe(16)


def create(client: Client, account: Account, key: str, **fields: Any) -> Answer:
    """The answer to creating a post under this key."""
    form = {"title": "Once"} | fields
    return client.post("/api/posts", json=form, token=account.token, idempotency_key=key)


def same(first: Answer, second: Answer) -> bool:
    """Whether two answers are the same, but for what every answer has of its own."""
    named = ["Content-Type", "Content-Length", "ETag", "Location"]
    return (first.status, first.body, [first.header(name) for name in named]) == (
        second.status,
        second.body,
        [second.header(name) for name in named],
    )


def found(client: Client, account: Account, word: str) -> list[int]:
    """The ids of the account's drafts with this word."""
    return ids(walk(client, f"/api/posts?status=draft&q={word}", token=account.token))


@sentence("idempotency", "create-post")
def test_a_post_is_created_once_however_often_its_key_comes(
    client: Client, author: Account
) -> None:
    key, title = new_key(), unique("once")
    answers = [create(client, author, key, title=title) for _ in range(3)]
    assert [201, 201, 201] == [answer.status for answer in answers]
    assert all(same(answers[0], answer) for answer in answers)
    assert [answers[0].json()["id"]] == found(client, author, title)


@sentence("idempotency", "sign-up")
def test_a_user_is_signed_up_once_however_often_the_key_comes(client: Client) -> None:
    key, form = new_key(), sign_up_form()
    answers = [client.post("/api/users", json=form, idempotency_key=key) for _ in range(2)]
    assert [201, 201] == [answer.status for answer in answers]
    assert same(*answers)
    assert 409 == client.post("/api/users", json=form).status
    assert 409 == client.post("/api/users", json=form, idempotency_key=new_key()).status


@sentence("idempotency", "sign-in")
def test_a_token_is_made_once_however_often_the_key_comes(
    client: Client, new_user: NewUser
) -> None:
    account, key = new_user(), new_key()
    form = {"username": account.username, "password": account.password}
    answers = [client.post("/api/tokens", json=form, idempotency_key=key) for _ in range(2)]
    assert [201, 201] == [answer.status for answer in answers]
    assert same(*answers)
    assert 200 == client.get("/api/me", token=answers[1].json()["token"]).status
    assert 2 == len(ids(walk(client, "/api/tokens", token=account.token)))


@sentence("idempotency")
def test_another_key_is_another_post(client: Client, author: Account) -> None:
    title = unique("twice")
    first = create(client, author, new_key(), title=title)
    second = create(client, author, new_key(), title=title)
    made = {first.json()["id"], second.json()["id"]}
    assert 2 == len(made)
    assert made == set(found(client, author, title))


@sentence("idempotency")
def test_keys_are_read_with_regard_to_case(client: Client, author: Account) -> None:
    key = "Key-" + new_key()
    first = create(client, author, key)
    second = create(client, author, key.swapcase())
    assert first.json()["id"] != second.json()["id"]


@sentence("idempotency")
def test_without_a_key_every_request_makes_a_post(client: Client, author: Account) -> None:
    title = unique("plain")
    for _ in range(2):
        client.post("/api/posts", json={"title": title}, token=author.token)
    assert 2 == len(found(client, author, title))


@sentence("idempotency")
@pytest.mark.parametrize("change", ["edited", "published", "deleted"])
def test_the_answer_is_the_stored_one_whatever_became_of_the_post(
    client: Client, author: Account, change: str
) -> None:
    key = new_key()
    first = create(client, author, key)
    path = first.header("Location") or ""
    parts: dict[str, Any] = {"token": author.token, "if_match": "*"}
    match change:
        case "edited":
            changed = client.patch(path, json={"title": "Edited"}, **parts)
        case "published":
            changed = client.post(f"{path}/publish", **parts)
        case _:
            changed = client.delete(path, **parts)
    assert changed.status in {200, 204}
    assert same(first, create(client, author, key))


@sentence("idempotency", "idempotency-caller")
def test_the_caller_is_the_user_whichever_token_they_use(client: Client, author: Account) -> None:
    key = new_key()
    first = create(client, author, key)
    form = {"username": author.username, "password": author.password}
    token = client.post("/api/tokens", json=form).json()["token"]
    again = client.post("/api/posts", json={"title": "Once"}, token=token, idempotency_key=key)
    assert same(first, again)


# The form of a key


@sentence("idempotency")
@pytest.mark.parametrize(
    "pattern",
    [
        pytest.param("{:.1}", id="1-character"),
        pytest.param("{:k>255}", id="255-characters"),
        pytest.param("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{{|}}~{}", id="every-sign"),
        pytest.param('"{}"', id="quoted"),
    ],
)
def test_any_1_to_255_visible_characters_are_a_key(
    client: Client, new_user: NewUser, pattern: str
) -> None:
    account = new_user()
    key = pattern.format(new_key())
    first = create(client, account, key)
    assert 201 == first.status, first.body
    assert same(first, create(client, account, key))


@sentence("idempotency")
@pytest.mark.parametrize(
    "key",
    [
        pytest.param("", id="empty"),
        pytest.param("k" * 256, id="256-characters"),
        pytest.param("two words", id="blank"),
        pytest.param("two\twords", id="tab"),
        pytest.param("cl\u00e9", id="latin-1"),
    ],
)
@pytest.mark.parametrize("path", ["/api/posts", "/api/users", "/api/tokens"])
def test_a_key_of_another_form_is_refused_and_nothing_made(
    client: Client, author: Account, path: str, key: str
) -> None:
    name = unique()
    forms = {
        "/api/posts": {"title": name},
        "/api/users": sign_up_form(username=name),
        "/api/tokens": {"username": author.username, "password": author.password},
    }
    answer = client.post(path, json=forms[path], token=author.token, idempotency_key=key)
    assert [FIELD] == error_fields(answer)
    assert 404 == client.get(f"/api/users/{name}").status
    assert [] == found(client, author, name)


@sentence("idempotency")
def test_what_does_not_create_takes_no_notice_of_a_key(client: Client, author: Account) -> None:
    key = new_key()
    post = create(client, author, key)
    path = post.header("Location") or ""
    versions = [
        client.patch(
            path,
            json={"title": "Once"},
            token=author.token,
            if_match="*",
            idempotency_key=key,
        ).json()["version"]
        for _ in range(2)
    ]
    assert [2, 3] == versions


# Another body, path or caller


@sentence("idempotency-body")
@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"title": "Twice"}, id="another-title"),
        pytest.param({"content": "More"}, id="another-content"),
        pytest.param({"pub_date": PAST}, id="another-date"),
    ],
)
def test_another_body_under_a_used_key_is_refused(
    client: Client, author: Account, changes: dict[str, str]
) -> None:
    key = new_key()
    first = create(client, author, key)
    answer = create(client, author, key, **changes)
    assert [FIELD] == error_fields(answer)
    assert same(first, create(client, author, key))


@sentence("idempotency-body", "sign-up")
def test_another_user_under_a_used_key_is_refused_and_not_signed_up(client: Client) -> None:
    key, other = new_key(), sign_up_form()
    assert 201 == client.post("/api/users", json=sign_up_form(), idempotency_key=key).status
    answer = client.post("/api/users", json=other, idempotency_key=key)
    assert [FIELD] == error_fields(answer)
    assert 404 == client.get(f"/api/users/{other['username']}").status


@sentence("idempotency-caller")
def test_the_same_key_of_another_caller_is_another_key(
    client: Client, author: Account, reader: Account
) -> None:
    key = new_key()
    first, second = create(client, author, key), create(client, reader, key)
    assert [201, 201] == [first.status, second.status]
    assert author.id == first.json()["author"]["id"]
    assert reader.id == second.json()["author"]["id"]
    assert first.json()["id"] != second.json()["id"]


@sentence("idempotency-caller", "idempotency-body")
def test_another_caller_learns_nothing_from_a_used_key(
    client: Client, author: Account, reader: Account
) -> None:
    key = new_key()
    create(client, author, key, content="secret")
    other = create(client, reader, key, title="Unlike")
    assert 201 == other.status
    assert b"secret" not in other.body


# What uses no key up


@sentence("idempotency-caller")
def test_an_invalid_request_uses_no_key_up(client: Client, author: Account) -> None:
    key = new_key()
    assert ["title"] == error_fields(create(client, author, key, title=""))
    assert 201 == create(client, author, key).status


@sentence("idempotency-caller", "sign-up", "status-409")
def test_a_conflict_uses_no_key_up(client: Client, author: Account) -> None:
    key = new_key()
    taken = sign_up_form(username=author.username)
    answer = client.post("/api/users", json=taken, idempotency_key=key)
    assert ["username"] == error_fields(answer, 409)
    assert 201 == client.post("/api/users", json=sign_up_form(), idempotency_key=key).status


@sentence("idempotency-caller", "sign-in")
def test_a_refused_sign_in_uses_no_key_up(client: Client, author: Account) -> None:
    key = new_key()
    form = {"username": author.username, "password": "not the one"}
    assert 401 == client.post("/api/tokens", json=form, idempotency_key=key).status
    good = form | {"password": author.password}
    assert 201 == client.post("/api/tokens", json=good, idempotency_key=key).status


@sentence("idempotency-caller", "status-401")
def test_a_request_without_credentials_uses_no_key_up_and_gets_no_answer_of_one(
    client: Client, author: Account
) -> None:
    key = new_key()
    form = {"title": "Once"}
    assert 401 == client.post("/api/posts", json=form, idempotency_key=key).status
    assert 201 == create(client, author, key).status
    assert 401 == client.post("/api/posts", json=form, idempotency_key=key).status


@sentence("idempotency", "password-change", "sign-in")
def test_after_a_change_of_password_a_key_signs_nobody_in_with_the_old_one(
    client: Client, new_user: NewUser
) -> None:
    account, key = new_user(), new_key()
    form = {"username": account.username, "password": account.password}
    assert 201 == client.post("/api/tokens", json=form, idempotency_key=key).status
    change = {"current_password": account.password, "new_password": "seven seas, one sail"}
    assert 204 == client.post("/api/me/password", json=change, token=account.token).status
    assert 401 == client.post("/api/tokens", json=form, idempotency_key=key).status
