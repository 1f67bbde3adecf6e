"""Races: what holds when several clients do the same thing at once."""

import secrets
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier
from typing import Any, TypeVar

import pytest

from blog_contract.client import Account, Client, NewPost, NewUser
from blog_contract.resources import FUTURE, PAST, ids, sign_up_form, unique, walk
from blog_contract.sentences import sentence
from http_parity.exchange import Answer

ROUNDS = 20

Result = TypeVar("Result")


def at_once(calls: Sequence[Callable[[], Result]]) -> list[Result]:
    """What these calls gave, each on a thread of its own, none begun before all were ready."""
    barrier = Barrier(len(calls))

    def run(call: Callable[[], Result]) -> Result:
        barrier.wait(30)
        return call()

    with ThreadPoolExecutor(len(calls)) as threads:
        return list(threads.map(run, calls))


def statuses(answers: Sequence[Answer]) -> list[int]:
    return sorted(answer.status for answer in answers)


# Two writers


@sentence("one-writer", "if-match")
def test_of_two_writers_with_one_tag_exactly_one_wins_every_round(
    client: Client, author: Account, new_post: NewPost
) -> None:
    post = new_post(author)
    tag = post.etag
    for turn in range(ROUNDS):
        answers = at_once(
            [
                partial(
                    client.patch,
                    post.path,
                    json={"content": words},
                    token=author.token,
                    if_match=tag,
                )
                for words in (f"left {turn}", f"right {turn}")
            ]
        )
        assert [200, 412] == statuses(answers), turn
        winner = next(answer for answer in answers if answer.status == 200)
        assert winner.body == client.get(post.path, token=author.token).body
        assert turn + 2 == winner.json()["version"]
        tag = winner.header("ETag") or ""


@sentence("one-writer", "if-match")
@pytest.mark.parametrize("first", ["put", "patch", "publish", "unpublish", "delete"])
@pytest.mark.parametrize("second", ["put", "patch", "publish", "unpublish", "delete"])
def test_of_any_two_operations_with_one_tag_exactly_one_wins(
    client: Client, author: Account, new_post: NewPost, first: str, second: str
) -> None:
    for _ in range(3):
        post = new_post(author, pub_date=FUTURE)
        parts: dict[str, Any] = {"token": author.token, "if_match": post.etag}
        form = {"title": "Put", "content": "", "pub_date": PAST}
        operations = {
            "put": partial(client.put, post.path, json=form, **parts),
            "patch": partial(client.patch, post.path, json={"title": "Patched"}, **parts),
            "delete": partial(client.delete, post.path, **parts),
            "publish": partial(client.post, f"{post.path}/publish", **parts),
            "unpublish": partial(client.post, f"{post.path}/unpublish", **parts),
        }
        answers = at_once([operations[first], operations[second]])
        lost = 404 if 204 in statuses(answers) else 412
        won = 204 if lost == 404 else 200
        assert sorted([won, lost]) == statuses(answers)


@sentence("one-writer", "etag")
def test_no_acknowledged_change_is_lost_among_writers_who_try_again(
    client: Client, author: Account, new_post: NewPost
) -> None:
    post = new_post(author, content="")
    writers, changes = 3, 5

    def append(writer: int) -> None:
        for number in range(changes):
            while True:
                read = client.get(post.path, token=author.token)
                content = read.json()["content"] + f"{writer}.{number} "
                answer = client.patch(
                    post.path,
                    json={"content": content},
                    token=author.token,
                    if_match=read.header("ETag"),
                )
                assert answer.status in {200, 412}
                if answer.status == 200:
                    break

    at_once([partial(append, writer) for writer in range(writers)])
    final = client.get(post.path, token=author.token).json()
    expected = sorted(f"{w}.{n}" for w in range(writers) for n in range(changes))
    assert expected == sorted(final["content"].split())
    assert 1 + writers * changes == final["version"]


@sentence("one-writer", "if-match")
def test_a_reader_sees_one_version_or_the_other_and_its_own_tag(
    client: Client, author: Account, new_post: NewPost
) -> None:
    post = new_post(author, title="1", content="1", pub_date=PAST)

    def write() -> list[Answer]:
        for version in range(2, 12):
            form = {"title": str(version), "content": str(version), "pub_date": PAST}
            client.put(post.path, json=form, token=author.token, if_match="*")
        return []

    def read() -> list[Answer]:
        return [client.get(post.path) for _ in range(30)]

    for answer in [answer for answers in at_once([write, read, read]) for answer in answers]:
        shown = answer.json()
        version = str(shown["version"])
        assert (version, version) == (shown["title"], shown["content"])
        assert f'"{version}"' == answer.header("ETag")


# One name


@sentence("username", "status-409", "sign-up")
def test_of_many_sign_ups_with_one_name_in_any_case_one_wins(client: Client) -> None:
    name = unique("Race")
    spellings = [name, name.upper(), name.lower(), name.swapcase(), name, name.title()]
    answers = at_once(
        [
            partial(client.post, "/api/users", json=sign_up_form(username=spelling))
            for spelling in spellings
        ]
    )
    assert [201, 409, 409, 409, 409, 409] == statuses(answers)
    for answer in answers:
        if answer.status == 409:
            assert ["username"] == [error["field"] for error in answer.json()["errors"]]
    winner = next(answer for answer in answers if answer.status == 201).json()
    assert winner["id"] == client.get(f"/api/users/{name}").json()["id"]
    assert winner["username"] == client.get(f"/api/users/{name}").json()["username"]


@sentence("email", "status-409", "sign-up")
def test_of_many_sign_ups_with_one_email_in_any_case_one_wins(client: Client) -> None:
    email = f"{unique('Race')}@Example.org"
    spellings = [email, email.upper(), email.lower(), email.swapcase()]
    answers = at_once(
        [
            partial(client.post, "/api/users", json=sign_up_form(email=spelling))
            for spelling in spellings
        ]
    )
    assert [201, 409, 409, 409] == statuses(answers)


@sentence("me", "username", "status-409")
def test_of_two_users_who_take_one_name_at_once_one_gets_it(
    client: Client, new_user: NewUser
) -> None:
    accounts = [new_user(), new_user()]
    for _ in range(5):
        name = unique("Wanted")
        answers = at_once(
            [
                partial(client.patch, "/api/me", json={"username": name}, token=account.token)
                for account in accounts
            ]
        )
        assert [200, 409] == statuses(answers)


# One key


@sentence("idempotency", "status-409")
def test_one_key_at_once_makes_one_post(client: Client, author: Account) -> None:
    for _ in range(5):
        key, title = secrets.token_urlsafe(16), unique("once")

        def create(title: str = title, key: str = key) -> Answer:
            return client.post(
                "/api/posts", json={"title": title}, token=author.token, idempotency_key=key
            )

        answers = at_once([create] * 6)
        made = [answer for answer in answers if answer.status == 201]
        assert made
        assert {201, 409} >= set(statuses(answers))
        assert 1 == len({answer.body for answer in made})
        path = f"/api/posts?status=draft&q={title}"
        assert [made[0].json()["id"]] == ids(walk(client, path, token=author.token))
        assert made[0].body == create().body


@sentence("idempotency", "sign-up", "status-409")
def test_one_key_at_once_signs_up_one_user(client: Client) -> None:
    key, form = secrets.token_urlsafe(16), sign_up_form()

    def sign_up() -> Answer:
        return client.post("/api/users", json=form, idempotency_key=key)

    answers = at_once([sign_up] * 4)
    made = {answer.body for answer in answers if answer.status == 201}
    assert {201, 409} >= set(statuses(answers))
    assert 1 == len(made)
    assert {sign_up().body} == made


# Tokens


@sentence("sign-out")
def test_no_request_after_signing_out_is_answered_whoever_asks(
    client: Client, author: Account
) -> None:
    form = {"username": author.username, "password": author.password}
    for _ in range(5):
        token = client.post("/api/tokens", json=form).json()["token"]
        assert 204 == client.delete("/api/tokens/current", token=token).status
        answers = at_once([partial(client.get, "/api/me", token=token)] * 3)
        assert [401, 401, 401] == statuses(answers)


@sentence("password-change")
def test_of_two_changes_of_one_password_at_once_one_wins(client: Client, new_user: NewUser) -> None:
    account = new_user()
    wanted = ["left foot, right shoe", "right foot, left shoe"]
    answers = at_once(
        [
            partial(
                client.post,
                "/api/me/password",
                json={"current_password": account.password, "new_password": new},
                token=account.token,
            )
            for new in wanted
        ]
    )
    assert [204, 403] == statuses(answers)
    signs_in = [
        client.post("/api/tokens", json={"username": account.username, "password": new}).status
        for new in wanted
    ]
    assert [201 if answer.status == 204 else 401 for answer in answers] == signs_in


@sentence("create-post", "ids")
def test_posts_made_at_once_are_all_made(client: Client, new_user: NewUser) -> None:
    account = new_user()
    answers = at_once(
        [
            partial(client.post, "/api/posts", json={"title": "At once"}, token=account.token)
            for _ in range(8)
        ]
    )
    assert Counter({201: 8}) == Counter(statuses(answers))
    path = "/api/posts?status=draft&order=oldest"
    made = sorted(answer.json()["id"] for answer in answers)
    assert made == sorted(ids(walk(client, path, token=account.token)))


# Nothing is used up


@sentence("not-used-up")
def test_the_hundredth_read_is_answered_as_the_first(client: Client, author: Account) -> None:
    first = client.get("/api/me", token=author.token)
    for _ in range(99):
        answer = client.get("/api/me", token=author.token)
        assert (200, first.body) == (answer.status, answer.body)


@sentence("not-used-up")
def test_of_many_readers_at_once_each_is_answered(client: Client, author: Account) -> None:
    calls = [partial(client.get, "/api/me", token=author.token) for _ in range(20)]
    assert Counter({200: 20}) == Counter(statuses(at_once(calls)))
