"""Tokens: signing in, seeing one's own, signing out, changing the password."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from blog_contract.answers import NEVER, encoded, error_fields
from blog_contract.client import Account, Client, NewUser
from blog_contract.resources import INSTANT, ids, page, unique, walk, walk_back, without
from blog_contract.sentences import sentence

NEW_PASSWORD = "seven seas, one sail"

NOT_TEXT = [
    pytest.param(None, id="null"),
    pytest.param(12345678, id="number"),
    pytest.param(True, id="true"),
    pytest.param(["x"], id="list"),
    pytest.param({"x": 1}, id="object"),
]


def credentials(account: Account, **changes: Any) -> dict[str, Any]:
    """What this account signs in with, with these fields changed."""
    return {"username": account.username, "password": account.password} | changes


def sign_in(client: Client, account: Account, **changes: Any) -> dict[str, Any]:
    """A new token of this account, as the answer shows it; fails unless it is 201."""
    answer = client.post("/api/tokens", json=credentials(account, **changes))
    assert answer.status == 201, answer.body
    token: dict[str, Any] = answer.json()
    return token


def works(client: Client, token: str) -> bool:
    """Whether the token is good; fails where it is neither good nor refused as such."""
    answer = client.get("/api/me", token=token)
    if answer.status == 200:
        return True
    assert answer.status == 401
    assert answer.header("WWW-Authenticate") == 'Bearer realm="blog", error="invalid_token"'
    return False


# Signing in


@sentence("sign-in", "token", "json-bytes")
def test_sign_in_answers_201_with_the_token_in_these_bytes(client: Client, author: Account) -> None:
    answer = client.post("/api/tokens", json=credentials(author))
    assert 201 == answer.status
    token = answer.json()
    expected = {name: token[name] for name in ("id", "token", "created", "expires")}
    assert encoded(expected) == answer.body


@sentence("token", "ids", "instants")
def test_a_token_has_an_id_and_two_instants_in_order(client: Client, author: Account) -> None:
    token = sign_in(client, author)
    assert isinstance(token["id"], int)
    assert token["id"] > 0
    assert re.fullmatch(INSTANT, token["created"])
    assert re.fullmatch(INSTANT, token["expires"])
    created, expires = (datetime.fromisoformat(token[name]) for name in ("created", "expires"))
    assert expires - created >= timedelta(minutes=1)


@sentence("sign-in", "authorization")
def test_the_token_signs_its_user_in(client: Client, author: Account) -> None:
    token = sign_in(client, author)["token"]
    assert author.id == client.get("/api/me", token=token).json()["id"]


@sentence("sign-in")
def test_each_sign_in_gives_another_token(client: Client, author: Account) -> None:
    first, second = sign_in(client, author), sign_in(client, author)
    assert first["id"] != second["id"]
    assert first["token"] != second["token"]
    assert works(client, first["token"])
    assert works(client, second["token"])


@sentence("sign-in", "username")
@pytest.mark.parametrize("spelling", [str.upper, str.swapcase], ids=["upper", "swap"])
def test_sign_in_finds_the_username_in_whatever_case(
    client: Client, author: Account, spelling: Callable[[str], str]
) -> None:
    token = sign_in(client, author, username=spelling(author.username))["token"]
    assert author.username == client.get("/api/me", token=token).json()["username"]


@sentence("sign-in")
@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"password": "not the one"}, id="wrong-password"),
        pytest.param({"password": ""}, id="empty-password"),
        pytest.param({"username": unique("nobody")}, id="unknown-user"),
    ],
)
def test_what_does_not_sign_in_is_the_same_401(
    client: Client, author: Account, changes: dict[str, str]
) -> None:
    expected = client.post("/api/tokens", json=credentials(author, password="wrong as can be"))
    answer = client.post("/api/tokens", json=credentials(author, **changes))
    assert 401 == answer.status
    assert 'Bearer realm="blog"' == answer.header("WWW-Authenticate")
    assert expected.body == answer.body


@sentence("password", "sign-in")
def test_a_password_is_read_with_regard_to_case(client: Client, author: Account) -> None:
    swapped = credentials(author, password=author.password.swapcase())
    assert author.password != swapped["password"]
    assert 401 == client.post("/api/tokens", json=swapped).status


@sentence("sign-in")
def test_the_email_is_not_a_name_to_sign_in_with(client: Client, author: Account) -> None:
    by_email = credentials(author, username=author.email)
    assert client.post("/api/tokens", json=by_email).status in {401, 422}


@sentence("sign-in")
@pytest.mark.parametrize("field", ["username", "password"])
def test_sign_in_without_a_field_names_it(client: Client, author: Account, field: str) -> None:
    answer = client.post("/api/tokens", json=without(credentials(author), field))
    assert [field] == error_fields(answer)


@sentence("strict", "null", "sign-in")
@pytest.mark.parametrize("field", ["username", "password"])
@pytest.mark.parametrize("value", NOT_TEXT)
def test_sign_in_takes_nothing_but_text(
    client: Client, author: Account, field: str, value: object
) -> None:
    answer = client.post("/api/tokens", json=credentials(author, **{field: value}))
    assert [field] == error_fields(answer)


@sentence("unknown-fields", "sign-in")
def test_sign_in_takes_no_other_field(client: Client, author: Account) -> None:
    answer = client.post("/api/tokens", json=credentials(author, expires=None))
    assert ["expires"] == error_fields(answer)


# Seeing one's own


@sentence("token", "pages", "json-bytes")
def test_the_list_shows_a_token_without_its_secret_in_these_bytes(
    client: Client, new_user: NewUser
) -> None:
    account = new_user()
    token = sign_in(client, account)
    listed = page(client, "/api/tokens?limit=1", token=account.token).items
    assert encoded([without(token, "token")]) == encoded(listed)


@sentence("token")
def test_no_other_answer_shows_a_token(client: Client, new_user: NewUser) -> None:
    account = new_user()
    secret = sign_in(client, account)["token"]
    for path in ["/api/tokens", "/api/me", f"/api/users/{account.username}"]:
        answer = client.get(path, token=secret)
        shown = answer.body + repr(answer.headers).encode()
        assert secret.encode() not in shown, path


@sentence("token", "pages")
def test_own_tokens_are_listed_newest_first(client: Client, new_user: NewUser) -> None:
    account = new_user()
    made = [sign_in(client, account)["id"] for _ in range(3)]
    listed = ids(walk(client, "/api/tokens", token=account.token))
    assert made[::-1] == listed[:3]


@sentence("page-walk", "token")
def test_walking_the_tokens_shows_each_once_and_back_again(
    client: Client, new_user: NewUser
) -> None:
    account = new_user()
    for _ in range(4):
        sign_in(client, account)
    whole = page(client, "/api/tokens", token=account.token)
    pages = list(walk(client, "/api/tokens?limit=2", token=account.token))
    back = list(walk_back(client, pages[-1].path, token=account.token))
    assert [token["id"] for token in whole.items] == ids(iter(pages))
    assert [here.items for here in pages[::-1]] == [here.items for here in back]


@sentence("token")
def test_the_list_holds_nothing_of_another_user(
    client: Client, new_user: NewUser, author: Account
) -> None:
    account = new_user()
    foreign = sign_in(client, author)["id"]
    assert foreign not in ids(walk(client, "/api/tokens", token=account.token))


# Signing out


@sentence("sign-out")
def test_a_token_ends_by_its_id(client: Client, new_user: NewUser) -> None:
    account = new_user()
    token = sign_in(client, account)
    answer = client.delete(f"/api/tokens/{token['id']}", token=account.token)
    assert (204, b"") == (answer.status, answer.body)
    assert not works(client, token["token"])
    assert works(client, account.token)
    assert token["id"] not in ids(walk(client, "/api/tokens", token=account.token))


@sentence("sign-out")
def test_a_token_can_end_itself_by_its_id(client: Client, author: Account) -> None:
    token = sign_in(client, author)
    assert 204 == client.delete(f"/api/tokens/{token['id']}", token=token["token"]).status
    assert not works(client, token["token"])


@sentence("sign-out")
def test_current_ends_the_token_used_and_no_other(client: Client, author: Account) -> None:
    ending, staying = sign_in(client, author)["token"], sign_in(client, author)["token"]
    answer = client.delete("/api/tokens/current", token=ending)
    assert (204, b"") == (answer.status, answer.body)
    assert not works(client, ending)
    assert works(client, staying)


@sentence("sign-out", "status-401")
def test_an_ended_token_cannot_sign_out_again(client: Client, author: Account) -> None:
    token = sign_in(client, author)["token"]
    client.delete("/api/tokens/current", token=token)
    answer = client.delete("/api/tokens/current", token=token)
    assert 401 == answer.status
    assert 'Bearer realm="blog", error="invalid_token"' == answer.header("WWW-Authenticate")


@sentence("sign-out", "bad-token")
def test_an_ended_token_is_refused_where_none_is_needed(client: Client, author: Account) -> None:
    token = sign_in(client, author)["token"]
    client.delete("/api/tokens/current", token=token)
    assert 401 == client.get("/api/posts", token=token).status
    assert 401 == client.get(f"/api/users/{author.username}", token=token).status


@sentence("sign-out", "status-404")
def test_a_token_of_another_is_404_like_one_that_never_was_and_stays_good(
    client: Client, author: Account, reader: Account
) -> None:
    token = sign_in(client, author)
    foreign = client.delete(f"/api/tokens/{token['id']}", token=reader.token)
    never = client.delete(f"/api/tokens/{NEVER}", token=reader.token)
    assert 404 == foreign.status
    assert never.body == foreign.body
    assert works(client, token["token"])


@sentence("sign-out", "status-404")
@pytest.mark.staff
def test_not_even_staff_end_a_token_of_another(
    client: Client, author: Account, staff: Account
) -> None:
    token = sign_in(client, author)
    assert 404 == client.delete(f"/api/tokens/{token['id']}", token=staff.token).status
    assert works(client, token["token"])


@sentence("sign-out", "status-404")
def test_a_token_ended_before_is_404(client: Client, new_user: NewUser) -> None:
    account = new_user()
    token = sign_in(client, account)
    path = f"/api/tokens/{token['id']}"
    assert 204 == client.delete(path, token=account.token).status
    assert 404 == client.delete(path, token=account.token).status


@sentence("path-ids", "ids")
@pytest.mark.parametrize("form", ["0", "01", "-1", "1.0", "Current", "1" * 19, "x"])
def test_a_token_id_out_of_form_is_404(client: Client, author: Account, form: str) -> None:
    assert 404 == client.delete(f"/api/tokens/{form}", token=author.token).status


# Changing the password


def change_password(**changes: Any) -> dict[str, Any]:
    """The fields of a change of password, with these changed."""
    return {"current_password": "x", "new_password": NEW_PASSWORD} | changes


@sentence("password-change")
def test_after_a_change_of_password_the_new_one_signs_in_and_the_old_does_not(
    client: Client, new_user: NewUser
) -> None:
    account = new_user()
    form = change_password(current_password=account.password)
    answer = client.post("/api/me/password", json=form, token=account.token)
    assert (204, b"") == (answer.status, answer.body)
    assert 401 == client.post("/api/tokens", json=credentials(account)).status
    assert works(client, sign_in(client, account, password=NEW_PASSWORD)["token"])


@sentence("password-change")
def test_a_change_of_password_ends_every_token_but_the_one_used(
    client: Client, new_user: NewUser
) -> None:
    account = new_user()
    others = [sign_in(client, account)["token"] for _ in range(2)]
    used = sign_in(client, account)
    form = change_password(current_password=account.password)
    assert 204 == client.post("/api/me/password", json=form, token=used["token"]).status
    assert [False, False, False] == [works(client, t) for t in [account.token, *others]]
    assert works(client, used["token"])
    assert [used["id"]] == ids(walk(client, "/api/tokens", token=used["token"]))


@sentence("password-change")
def test_a_change_of_password_ends_no_token_of_another(
    client: Client, new_user: NewUser, reader: Account
) -> None:
    account = new_user()
    form = change_password(current_password=account.password)
    assert 204 == client.post("/api/me/password", json=form, token=account.token).status
    assert works(client, reader.token)


@sentence("password-change", "status-403")
def test_a_wrong_current_password_is_403_and_changes_nothing(
    client: Client, author: Account
) -> None:
    token = sign_in(client, author)["token"]
    form = change_password(current_password="not the one")
    answer = client.post("/api/me/password", json=form, token=author.token)
    assert 403 == answer.status
    assert works(client, token)
    assert works(client, sign_in(client, author)["token"])


@sentence("password-change", "password")
@pytest.mark.parametrize(
    "password",
    [
        pytest.param("k7#Vq2!", id="7-bytes"),
        pytest.param("x7" * 512 + "y", id="1025-bytes"),
        pytest.param("password", id="common"),
        pytest.param("k7#Vq2!z\u0000", id="nul"),
    ],
)
def test_a_new_password_keeps_the_rules(client: Client, author: Account, password: str) -> None:
    form = {"current_password": author.password, "new_password": password}
    answer = client.post("/api/me/password", json=form, token=author.token)
    assert ["new_password"] == error_fields(answer)
    assert works(client, sign_in(client, author)["token"])


@sentence("password-change", "password")
@pytest.mark.parametrize("field", ["username", "email"])
def test_a_new_password_is_neither_the_name_nor_the_email(
    client: Client, author: Account, field: str
) -> None:
    form = {
        "current_password": author.password,
        "new_password": getattr(author, field).upper(),
    }
    answer = client.post("/api/me/password", json=form, token=author.token)
    assert ["new_password"] == error_fields(answer)


@sentence("password-change")
def test_a_change_of_password_needs_both_fields(client: Client, author: Account) -> None:
    answer = client.post("/api/me/password", json={}, token=author.token)
    assert ["current_password", "new_password"] == error_fields(answer)


@sentence("strict", "null", "password-change")
@pytest.mark.parametrize("field", ["current_password", "new_password"])
@pytest.mark.parametrize("value", NOT_TEXT)
def test_a_change_of_password_takes_nothing_but_text(
    client: Client, author: Account, field: str, value: object
) -> None:
    form = change_password(current_password=author.password) | {field: value}
    answer = client.post("/api/me/password", json=form, token=author.token)
    assert [field] == error_fields(answer)


@sentence("unknown-fields", "password-change")
def test_a_change_of_password_takes_no_other_field(client: Client, author: Account) -> None:
    form = change_password(current_password=author.password, username=author.username)
    answer = client.post("/api/me/password", json=form, token=author.token)
    assert ["username"] == error_fields(answer)
