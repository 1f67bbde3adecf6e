"""Users: signing up, being seen, changing one's own account, leaving."""

import re
from collections.abc import Callable
from typing import Any

import pytest

from blog_contract.answers import assert_problem, encoded, error_fields
from blog_contract.client import Account, Client, NewPost, NewUser
from blog_contract.resources import (
    FUTURE,
    INSTANT,
    PASSWORD,
    PAST,
    Page,
    ids,
    page,
    sign_up_form,
    unique,
    walk,
    without,
)
from blog_contract.sentences import sentence

NOT_TEXT = [
    pytest.param(None, id="null"),
    pytest.param(1, id="number"),
    pytest.param(True, id="true"),
    pytest.param([], id="list"),
    pytest.param({}, id="object"),
]


# Signing up


@sentence("sign-up", "user", "json-bytes")
def test_sign_up_answers_201_with_the_own_user_in_these_bytes(client: Client) -> None:
    form = sign_up_form()
    answer = client.post("/api/users", json=form)
    assert 201 == answer.status
    user = answer.json()
    expected = {
        "id": user["id"],
        "username": form["username"],
        "joined": user["joined"],
        "email": form["email"],
        "is_staff": False,
    }
    assert encoded(expected) == answer.body


@sentence("sign-up")
def test_sign_up_answers_the_path_of_the_new_user(client: Client) -> None:
    form = sign_up_form()
    answer = client.post("/api/users", json=form)
    location = answer.header("Location")
    assert f"/api/users/{form['username']}" == location
    assert answer.json()["id"] == client.get(location).json()["id"]


@sentence("sign-up")
def test_sign_up_signs_nobody_in(client: Client) -> None:
    answer = client.post("/api/users", json=sign_up_form())
    assert 201 == answer.status
    assert answer.header("Set-Cookie") is None
    assert "token" not in answer.json()


@sentence("ids", "instants")
def test_a_new_user_has_a_positive_id_and_an_instant_of_joining(client: Client) -> None:
    user = client.post("/api/users", json=sign_up_form()).json()
    assert isinstance(user["id"], int)
    assert user["id"] > 0
    assert re.fullmatch(INSTANT, user["joined"])


@sentence("sign-up", "user")
def test_sign_up_never_answers_the_password(client: Client) -> None:
    form = sign_up_form()
    answer = client.post("/api/users", json=form)
    assert form["password"].encode() not in answer.body


@sentence("sign-up")
def test_sign_up_needs_every_field_and_names_them_in_the_order_of_the_schema(
    client: Client,
) -> None:
    answer = client.post("/api/users", json={})
    assert ["username", "email", "password"] == error_fields(answer)


@sentence("sign-up")
@pytest.mark.parametrize("field", ["username", "email", "password"])
def test_sign_up_without_a_field_names_it(client: Client, field: str) -> None:
    answer = client.post("/api/users", json=without(sign_up_form(), field))
    assert [field] == error_fields(answer)


@sentence("strict", "null")
@pytest.mark.parametrize("field", ["username", "email", "password"])
@pytest.mark.parametrize("value", NOT_TEXT)
def test_sign_up_takes_nothing_but_text(client: Client, field: str, value: object) -> None:
    answer = client.post("/api/users", json=sign_up_form(**{field: value}))
    assert [field] == error_fields(answer)


@sentence("unknown-fields", "sign-up")
@pytest.mark.parametrize("field", ["id", "is_staff", "is_active", "joined", "Username"])
def test_sign_up_takes_no_other_field(client: Client, field: str) -> None:
    answer = client.post("/api/users", json=sign_up_form(**{field: True}))
    assert [field] == error_fields(answer)


@sentence("problem-errors", "unknown-fields")
def test_sign_up_names_its_own_fields_first_and_then_unknown_ones_by_alphabet(
    client: Client,
) -> None:
    form = {"zeta": 1, "password": "", "alpha": 1, "username": "", "email": sign_up_form()["email"]}
    answer = client.post("/api/users", json=form)
    assert ["username", "password", "alpha", "zeta"] == error_fields(answer)


# Names


@sentence("username")
@pytest.mark.parametrize(
    "form",
    [
        pytest.param("Ada_Lovelace-1815.{}", id="every-kind-of-character"),
        pytest.param("UPPER{}", id="upper-case"),
        pytest.param("_{}", id="underscore-first"),
        pytest.param("-{}", id="hyphen-first"),
        pytest.param(".{}", id="dot-first"),
        pytest.param("{}.", id="dot-last"),
        pytest.param("x" * 63 + "{}", id="80-characters"),
    ],
)
def test_a_username_is_kept_as_written(client: Client, form: str) -> None:
    username = form.format(unique())
    answer = client.post("/api/users", json=sign_up_form(username=username))
    assert 201 == answer.status, answer.body
    assert username == answer.json()["username"]
    assert username == client.get(f"/api/users/{username}").json()["username"]


@sentence("username")
@pytest.mark.parametrize(
    "username",
    [
        pytest.param("", id="empty"),
        pytest.param("x" * 81, id="81-characters"),
        pytest.param("ada lovelace", id="blank-inside"),
        pytest.param(" " + unique(), id="blank-before"),
        pytest.param(unique() + " ", id="blank-after"),
        pytest.param(unique() + "\n", id="newline-after"),
        pytest.param("ada/lovelace", id="slash"),
        pytest.param("ada@example.org", id="at"),
        pytest.param("ada+1", id="plus"),
        pytest.param("ada~1", id="tilde"),
        pytest.param("zoë", id="accent"),
        pytest.param("ａｄａ", id="full-width"),
        pytest.param("аda", id="cyrillic"),
        pytest.param("ada٣", id="arabic-digit"),
        pytest.param("ada\u0131", id="dotless-i"),
        pytest.param("ada\u200b", id="zero-width"),
        pytest.param(".", id="dot"),
        pytest.param("..", id="two-dots"),
    ],
)
def test_a_username_of_another_form_is_refused(client: Client, username: str) -> None:
    answer = client.post("/api/users", json=sign_up_form(username=username))
    assert ["username"] == error_fields(answer)


@sentence("username", "status-409", "problem")
@pytest.mark.parametrize("spelling", [str, str.upper, str.swapcase], ids=["same", "upper", "swap"])
def test_a_username_is_taken_in_whatever_case(
    client: Client, author: Account, spelling: Callable[[str], str]
) -> None:
    answer = client.post("/api/users", json=sign_up_form(username=spelling(author.username)))
    assert ["username"] == error_fields(answer, 409)
    assert ["taken"] == [error["code"] for error in answer.json()["errors"]]


@sentence("email", "status-409")
@pytest.mark.parametrize("spelling", [str, str.upper, str.swapcase], ids=["same", "upper", "swap"])
def test_an_email_is_taken_in_whatever_case(
    client: Client, author: Account, spelling: Callable[[str], str]
) -> None:
    answer = client.post("/api/users", json=sign_up_form(email=spelling(author.email)))
    assert ["email"] == error_fields(answer, 409)
    assert ["taken"] == [error["code"] for error in answer.json()["errors"]]


@sentence("status-409", "problem-errors")
def test_name_and_email_both_taken_are_both_named(
    client: Client, author: Account, reader: Account
) -> None:
    form = sign_up_form(username=author.username, email=reader.email)
    answer = client.post("/api/users", json=form)
    assert ["username", "email"] == error_fields(answer, 409)


@sentence("username", "user")
@pytest.mark.parametrize("spelling", [str, str.upper, str.swapcase], ids=["same", "upper", "swap"])
def test_a_path_finds_a_user_in_whatever_case(
    client: Client, author: Account, spelling: Callable[[str], str]
) -> None:
    answer = client.get(f"/api/users/{spelling(author.username)}")
    assert 200 == answer.status
    user = answer.json()
    expected = {"id": author.id, "username": author.username, "joined": user["joined"]}
    assert encoded(expected) == answer.body


@sentence("user")
def test_nobody_else_sees_the_email_even_signed_in(
    client: Client, author: Account, reader: Account
) -> None:
    answer = client.get(f"/api/users/{author.username}", token=reader.token)
    assert ["id", "username", "joined"] == list(answer.json())


@sentence("user")
def test_the_public_view_of_oneself_is_the_public_view(client: Client, author: Account) -> None:
    path = f"/api/users/{author.username}"
    assert client.get(path).body == client.get(path, token=author.token).body


@sentence("status-404", "username")
@pytest.mark.parametrize(
    "name",
    [
        pytest.param(unique("nobody"), id="nobody"),
        pytest.param("x" * 81, id="81-characters"),
        pytest.param("ada~", id="not-of-a-name"),
        pytest.param("1", id="an-id"),
    ],
)
def test_a_name_nobody_has_is_404(client: Client, name: str) -> None:
    answer = client.get(f"/api/users/{name}")
    assert_problem(answer, 404)


# Emails


@sentence("email")
@pytest.mark.parametrize(
    "email",
    [
        pytest.param("{}@example.org", id="plain"),
        pytest.param("{}+tag@example.org", id="plus"),
        pytest.param("{}.o'neill@mail.example.co.uk", id="apostrophe-and-subdomains"),
        pytest.param("{}_x-y@xn--bcher-kva.example.org", id="punycode"),
        pytest.param("{}" + "l" * 40 + "@" + "d" * 50 + ".example.org", id="120-characters"),
    ],
)
def test_a_valid_email_is_taken(client: Client, email: str) -> None:
    address = email.format(unique())
    answer = client.post("/api/users", json=sign_up_form(email=address))
    assert 201 == answer.status, answer.body
    assert address == answer.json()["email"]


@sentence("email")
@pytest.mark.parametrize(
    "email",
    [
        pytest.param("", id="empty"),
        pytest.param("ada", id="no-at"),
        pytest.param("ada@", id="no-domain"),
        pytest.param("@example.org", id="no-name"),
        pytest.param("ada@@example.org", id="two-ats"),
        pytest.param("ada@example..org", id="two-dots"),
        pytest.param("ada@-example.org", id="hyphen-first"),
        pytest.param("ada b@example.org", id="blank"),
        pytest.param(" ada@example.org", id="blank-before"),
        pytest.param("ada@example.org ", id="blank-after"),
        pytest.param("ada@example.org\n", id="newline-after"),
        pytest.param("Ada <ada@example.org>", id="display-name"),
        pytest.param("ada@example.org,b@example.org", id="two-addresses"),
        pytest.param("l" * 58 + "@" + "d" * 50 + ".example.org", id="121-characters"),
        pytest.param("ada\u0000@example.org", id="nul"),
    ],
)
def test_an_invalid_email_is_refused(client: Client, email: str) -> None:
    answer = client.post("/api/users", json=sign_up_form(email=email))
    assert ["email"] == error_fields(answer)


# Passwords


@sentence("password")
@pytest.mark.parametrize(
    "password",
    [
        pytest.param("k7#Vq2!z", id="8-bytes"),
        pytest.param("éöüß", id="8-bytes-of-4-characters"),
        pytest.param("x7" * 512, id="1024-bytes"),
        pytest.param("é" * 512, id="1024-bytes-of-512-characters"),
        pytest.param("  leading and trailing  ", id="blanks-around"),
        pytest.param("пароль из слов 密码", id="other-scripts"),
    ],
)
def test_a_password_signs_in_byte_for_byte(client: Client, password: str) -> None:
    form = sign_up_form(password=password)
    assert 201 == client.post("/api/users", json=form).status
    credentials = {"username": form["username"], "password": password}
    assert 201 == client.post("/api/tokens", json=credentials).status
    other = credentials | {"password": password.strip() + "."}
    assert 401 == client.post("/api/tokens", json=other).status


@sentence("password", "text")
@pytest.mark.parametrize(
    "password",
    [
        pytest.param("", id="empty"),
        pytest.param("k7#Vq2!", id="7-bytes"),
        pytest.param("éöü", id="6-bytes"),
        pytest.param("x7" * 512 + "y", id="1025-bytes"),
        pytest.param("é" * 513, id="1026-bytes-of-513-characters"),
        pytest.param("password", id="common-password"),
        pytest.param("12345678", id="common-digits"),
        pytest.param("iloveyou", id="common-words"),
        pytest.param("k7#Vq2!z\u0000", id="nul"),
    ],
)
def test_a_weak_or_overlong_password_is_refused(client: Client, password: str) -> None:
    answer = client.post("/api/users", json=sign_up_form(password=password))
    assert ["password"] == error_fields(answer)


@sentence("password")
@pytest.mark.parametrize("field", ["username", "email"])
@pytest.mark.parametrize("spelling", [str, str.upper], ids=["same", "upper"])
def test_a_password_is_neither_the_name_nor_the_email(
    client: Client, field: str, spelling: Callable[[str], str]
) -> None:
    form = sign_up_form()
    answer = client.post("/api/users", json=form | {"password": spelling(form[field])})
    assert ["password"] == error_fields(answer)


# The own account


@sentence("me", "user", "json-bytes")
def test_me_is_the_own_user_in_these_bytes(client: Client, author: Account) -> None:
    answer = client.get("/api/me", token=author.token)
    assert 200 == answer.status
    expected = {
        "id": author.id,
        "username": author.username,
        "joined": answer.json()["joined"],
        "email": author.email,
        "is_staff": False,
    }
    assert encoded(expected) == answer.body


@sentence("user")
@pytest.mark.staff
def test_staff_see_that_they_are_staff(client: Client, staff: Account) -> None:
    assert client.get("/api/me", token=staff.token).json()["is_staff"] is True


@sentence("me")
def test_changing_nothing_changes_nothing(client: Client, author: Account) -> None:
    before = client.get("/api/me", token=author.token)
    answer = client.patch("/api/me", json={}, token=author.token)
    assert 200 == answer.status
    assert before.body == answer.body
    assert before.body == client.get("/api/me", token=author.token).body


@sentence("me")
@pytest.mark.parametrize("field", ["username", "email"])
def test_one_field_of_the_account_changes_and_the_other_stays(
    client: Client, new_user: NewUser, field: str
) -> None:
    account = new_user()
    before = client.get("/api/me", token=account.token).json()
    value = sign_up_form()[field]
    answer = client.patch("/api/me", json={field: value}, token=account.token)
    assert 200 == answer.status
    assert encoded(before | {field: value}) == answer.body
    assert answer.body == client.get("/api/me", token=account.token).body


@sentence("me", "username")
def test_after_a_change_of_name_the_old_name_is_404_and_free(
    client: Client, new_user: NewUser
) -> None:
    account = new_user()
    renamed = client.patch("/api/me", json={"username": unique()}, token=account.token)
    assert 200 == renamed.status
    assert 404 == client.get(f"/api/users/{account.username}").status
    again = client.post("/api/users", json=sign_up_form(username=account.username))
    assert 201 == again.status


@sentence("me", "sign-in")
def test_after_a_change_of_name_the_new_name_signs_in_and_the_token_stays_good(
    client: Client, new_user: NewUser
) -> None:
    account = new_user()
    name = unique()
    client.patch("/api/me", json={"username": name}, token=account.token)
    new = {"username": name, "password": account.password}
    old = {"username": account.username, "password": account.password}
    assert 200 == client.get("/api/me", token=account.token).status
    assert 201 == client.post("/api/tokens", json=new).status
    assert 401 == client.post("/api/tokens", json=old).status


@sentence("me", "post")
def test_posts_show_the_present_name_of_their_author(
    client: Client, new_user: NewUser, new_post: NewPost
) -> None:
    account = new_user()
    post = new_post(account, pub_date=PAST)
    name = unique()
    client.patch("/api/me", json={"username": name}, token=account.token)
    assert {"id": account.id, "username": name} == client.get(post.path).json()["author"]
    assert [post.id] == ids(walk(client, f"/api/posts?author={name}"))


@sentence("me", "username")
def test_ones_own_name_and_email_in_another_case_are_not_taken(
    client: Client, new_user: NewUser
) -> None:
    account = new_user()
    change = {"username": account.username.swapcase(), "email": account.email.swapcase()}
    answer = client.patch("/api/me", json=change, token=account.token)
    assert 200 == answer.status
    assert change["username"] == answer.json()["username"]


@sentence("me", "status-409", "username", "email")
@pytest.mark.parametrize("field", ["username", "email"])
def test_the_name_and_email_of_another_are_taken_in_whatever_case(
    client: Client, author: Account, reader: Account, field: str
) -> None:
    taken = getattr(author, field).swapcase()
    answer = client.patch("/api/me", json={field: taken}, token=reader.token)
    assert [field] == error_fields(answer, 409)
    unchanged = client.get("/api/me", token=reader.token).json()
    assert getattr(reader, field) == unchanged[field]


@sentence("me", "status-409")
def test_a_refused_change_changes_neither_field(
    client: Client, author: Account, reader: Account
) -> None:
    change = {"username": unique(), "email": author.email}
    answer = client.patch("/api/me", json=change, token=reader.token)
    assert ["email"] == error_fields(answer, 409)
    assert reader.username == client.get("/api/me", token=reader.token).json()["username"]


@sentence("null", "strict", "me")
@pytest.mark.parametrize("field", ["username", "email"])
@pytest.mark.parametrize("value", [*NOT_TEXT, pytest.param("", id="empty")])
def test_the_account_takes_nothing_but_text(
    client: Client, reader: Account, field: str, value: object
) -> None:
    answer = client.patch("/api/me", json={field: value}, token=reader.token)
    assert [field] == error_fields(answer)


@sentence("unknown-fields", "me")
@pytest.mark.parametrize(
    ("field", "value"),
    [("is_staff", True), ("password", PASSWORD), ("id", 1), ("joined", PAST), ("is_active", True)],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_no_other_field_of_the_account_can_be_changed(
    client: Client, reader: Account, field: str, value: object
) -> None:
    answer = client.patch("/api/me", json={field: value}, token=reader.token)
    assert [field] == error_fields(answer)
    assert client.get("/api/me", token=reader.token).json()["is_staff"] is False


# Leaving


@sentence("me-delete")
def test_leaving_answers_204_without_a_body(client: Client, new_user: NewUser) -> None:
    answer = client.delete("/api/me", token=new_user().token)
    assert 204 == answer.status
    assert b"" == answer.body


@sentence("me-delete", "deleting-a-user")
def test_after_leaving_every_token_is_refused(client: Client, new_user: NewUser) -> None:
    account = new_user()
    credentials = {"username": account.username, "password": account.password}
    other = client.post("/api/tokens", json=credentials).json()["token"]
    client.delete("/api/me", token=account.token)
    assert 401 == client.get("/api/me", token=account.token).status
    assert 401 == client.get("/api/me", token=other).status
    assert 401 == client.post("/api/tokens", json=credentials).status


@sentence("me-delete", "deleting-a-user")
@pytest.mark.parametrize("pub_date", [None, FUTURE, PAST], ids=["draft", "scheduled", "published"])
def test_after_leaving_the_posts_are_404(
    client: Client, new_user: NewUser, new_post: NewPost, pub_date: str | None
) -> None:
    account = new_user()
    post = new_post(account, pub_date=pub_date)
    client.delete("/api/me", token=account.token)
    assert 404 == client.get(post.path).status
    assert [] == page(client, f"/api/posts?author={account.username}").items


@sentence("me-delete")
def test_after_leaving_name_and_email_are_free_again(client: Client, new_user: NewUser) -> None:
    account = new_user()
    client.delete("/api/me", token=account.token)
    assert 404 == client.get(f"/api/users/{account.username}").status
    form = sign_up_form(username=account.username.upper(), email=account.email.upper())
    answer = client.post("/api/users", json=form)
    assert 201 == answer.status
    assert account.id != answer.json()["id"]


@sentence("me-delete")
def test_leaving_takes_nothing_of_others_along(
    client: Client, new_user: NewUser, author: Account, new_post: NewPost
) -> None:
    post = new_post(author, pub_date=PAST)
    client.delete("/api/me", token=new_user().token)
    assert 200 == client.get(post.path).status
    assert 200 == client.get("/api/me", token=author.token).status


# The list of users


@pytest.fixture(scope="session")
def last_page_of_users(client: Client) -> str:
    """Where the list of users ended when it was walked: who signs up later comes after it."""
    path = "/api/users?limit=100"
    for here in walk(client, path):
        path = here.path
    return path


@sentence("list-users", "user", "pages")
def test_users_are_listed_by_id_oldest_first(
    client: Client, last_page_of_users: str, new_user: NewUser
) -> None:
    expected = [new_user().id for _ in range(3)]
    pages = list(walk(client, last_page_of_users))
    listed = ids(iter(pages))
    assert sorted(listed) == listed
    assert expected == [i for i in listed if i in expected]


@sentence("user", "list-users")
def test_the_list_shows_the_public_view_alone(
    client: Client, last_page_of_users: str, new_user: NewUser
) -> None:
    account = new_user()
    items = [user for here in walk(client, last_page_of_users) for user in here.items]
    listed = next(user for user in items if user["id"] == account.id)
    public = client.get(f"/api/users/{account.username}")
    assert public.body == encoded(listed)


@sentence("list-users", "page-walk")
def test_walking_the_users_shows_each_once_while_others_join_and_leave(
    client: Client, last_page_of_users: str, new_user: NewUser
) -> None:
    staying = [new_user() for _ in range(2)]
    leaving = new_user()
    start = last_page_of_users.replace("limit=100", "limit=2")
    seen: list[int] = []
    joined: list[int] = []
    for here in walk(client, start):
        seen += [user["id"] for user in here.items]
        if not joined:
            joined.append(new_user().id)
            client.delete("/api/me", token=leaving.token)
    expected = [account.id for account in staying] + joined
    assert sorted(set(seen)) == seen
    assert expected == [i for i in seen if i in expected]


@sentence("list-users", "page-walk")
def test_walking_the_users_back_shows_the_same_pages(client: Client, new_user: NewUser) -> None:
    for _ in range(5):
        new_user()
    pages: list[Page] = []
    for here in walk(client, "/api/users?limit=2"):
        pages.append(here)
        if len(pages) == 3:
            break
    back = page(client, pages[2].previous or "")
    assert pages[1].items == back.items
    assert pages[0].items == page(client, back.previous or "").items


@sentence("me-delete", "list-users")
def test_who_left_is_in_no_list(client: Client, last_page_of_users: str, new_user: NewUser) -> None:
    account = new_user()
    client.delete("/api/me", token=account.token)
    assert account.id not in ids(walk(client, last_page_of_users))


def emails(value: Any) -> list[str]:
    """Every key called email in a JSON value, however deep."""
    match value:
        case dict():
            return [k for k in value if k == "email"] + emails(list(value.values()))
        case list():
            return [found for item in value for found in emails(item)]
        case _:
            return []


@sentence("user")
def test_no_list_shows_an_email(client: Client, author: Account, new_post: NewPost) -> None:
    new_post(author, pub_date=PAST)
    for path in ["/api/users", f"/api/posts?author={author.username}"]:
        assert [] == emails(client.get(path, token=author.token).json())
