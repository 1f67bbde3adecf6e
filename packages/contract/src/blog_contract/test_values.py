"""Values: nothing is coerced, nothing unknown is taken, null means what it says."""

from typing import Any

import pytest

from blog_contract.answers import error_fields
from blog_contract.client import Account, Client, NewPost
from blog_contract.resources import sign_up_form
from blog_contract.sentences import sentence

TEXT_FIELDS = [
    ("sign-up", "username"),
    ("sign-up", "email"),
    ("sign-up", "password"),
    ("sign-in", "username"),
    ("sign-in", "password"),
    ("me", "username"),
    ("me", "email"),
    ("password", "current_password"),
    ("password", "new_password"),
    ("create", "title"),
    ("create", "content"),
    ("put", "title"),
    ("put", "content"),
    ("patch", "title"),
    ("patch", "content"),
]
INSTANT_FIELDS = [("create", "pub_date"), ("put", "pub_date"), ("patch", "pub_date")]
INSTANT_FIELDS += [("publish", "pub_date")]


def refused(
    client: Client, account: Account, new_post: NewPost, operation: str, changes: dict[str, Any]
) -> list[str]:
    """The fields a good request of this operation is refused for, with these changes."""
    token: str | None = account.token
    method, path, form, etag = "POST", "", {}, None
    match operation:
        case "sign-up":
            path, form, token = "/api/users", sign_up_form(), None
        case "sign-in":
            form = {"username": account.username, "password": account.password}
            path, token = "/api/tokens", None
        case "me":
            method, path = "PATCH", "/api/me"
        case "password":
            form = {"current_password": account.password, "new_password": "seven seas, one sail"}
            path = "/api/me/password"
        case "create":
            path, form = "/api/posts", {"title": "Title"}
        case "put" | "patch" | "publish":
            post = new_post(account)
            path, etag = post.path, post.etag
            if operation == "put":
                form = {"title": "Title", "content": "", "pub_date": None}
            if operation == "publish":
                path += "/publish"
            else:
                method = operation.upper()
    answer = client.request(method, path, json={**form, **changes}, token=token, if_match=etag)
    return error_fields(answer)


@sentence("strict")
@pytest.mark.parametrize(("operation", "field"), TEXT_FIELDS)
@pytest.mark.parametrize("value", [1, 1.5, True, [], ["a"], {}, {"a": 1}], ids=repr)
def test_nothing_but_text_is_taken_for_text(
    client: Client, author: Account, new_post: NewPost, operation: str, field: str, value: Any
) -> None:
    assert [field] == refused(client, author, new_post, operation, {field: value})


@sentence("null")
@pytest.mark.parametrize(("operation", "field"), [*TEXT_FIELDS, ("publish", "pub_date")])
def test_null_is_refused_where_it_means_nothing(
    client: Client, author: Account, new_post: NewPost, operation: str, field: str
) -> None:
    assert [field] == refused(client, author, new_post, operation, {field: None})


@sentence("null", "patch-post", "status")
def test_null_means_a_draft_in_pub_date(client: Client, author: Account, new_post: NewPost) -> None:
    assert "draft" == new_post(author, pub_date=None)["status"]
    for method in ("PUT", "PATCH"):
        post = new_post(author, pub_date="2001-02-03T04:05:06Z")
        form = {"title": post["title"], "content": "", "pub_date": None}
        answer = client.request(
            method, post.path, json=form, token=author.token, if_match=post.etag
        )
        assert (None, "draft") == (answer.json()["pub_date"], answer.json()["status"])


@sentence("strict", "instants")
@pytest.mark.parametrize(("operation", "field"), INSTANT_FIELDS)
@pytest.mark.parametrize("value", [0, 1767322800, 1.5, True, False, [], {}], ids=repr)
def test_nothing_but_text_is_taken_for_an_instant(
    client: Client, author: Account, new_post: NewPost, operation: str, field: str, value: Any
) -> None:
    assert [field] == refused(client, author, new_post, operation, {field: value})


@sentence("instants")
@pytest.mark.parametrize(
    "value",
    [
        "",
        "now",
        "1767322800",
        "2026-01-02",
        "2026-01-02T03:04Z",
        "2026-01-02T03:04:05",
        "2026-01-02T03:04:05.",
        "2026-01-02T03:04:05.Z",
        "2026-01-02T03:04:05,5Z",
        "2026-01-02T03:04:05.0000001Z",
        "2026-01-02T03:04:05+0100",
        "2026-01-02T03:04:05+01",
        "2026-01-02T03:04:05+24:00",
        "2026-01-02T03:04:05+01:60",
        "2026-01-02T03:04:05 Z",
        "2026-01-02T03:04:05Zulu",
        "2026-01-02T03:04:05ZZ",
        " 2026-01-02T03:04:05Z",
        "2026-01-02T03:04:05Z\n",
        "2026-1-2T03:04:05Z",
        "2026-13-01T00:00:00Z",
        "2026-00-01T00:00:00Z",
        "2026-02-29T00:00:00Z",
        "2026-01-32T00:00:00Z",
        "2026-01-02T24:00:00Z",
        "2026-01-02T03:60:00Z",
        "2026-01-02T03:04:61Z",
        "20260102T030405Z",
        "2026-W01-5T03:04:05Z",
        "+2026-01-02T03:04:05Z",
        "12026-01-02T03:04:05Z",
        "0000-01-01T00:00:00Z",
        "0001-01-01T00:00:00Z",
        "1969-12-31T23:59:59.999999Z",
        "9999-01-01T00:00:00Z",
        "9999-12-31T23:59:59-23:59",
        "\u0662\u0660\u0662\u0666-01-02T03:04:05Z",
        "Fri, 02 Jan 2026 03:04:05 GMT",
    ],
)
def test_an_instant_in_another_form_or_out_of_range_is_refused(
    client: Client, author: Account, new_post: NewPost, value: str
) -> None:
    assert ["pub_date"] == refused(client, author, new_post, "create", {"pub_date": value})


@sentence("instants")
@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ("2026-01-02T03:04:05Z", "2026-01-02T03:04:05.000000Z"),
        ("2026-01-02T03:04:05.6Z", "2026-01-02T03:04:05.600000Z"),
        ("2026-01-02T03:04:05.000006Z", "2026-01-02T03:04:05.000006Z"),
        ("2026-01-02T03:04:05+00:00", "2026-01-02T03:04:05.000000Z"),
        ("2026-01-02T03:04:05+05:30", "2026-01-01T21:34:05.000000Z"),
        ("2026-01-02T03:04:05-05:45", "2026-01-02T08:49:05.000000Z"),
        ("2024-02-29T23:59:59+23:59", "2024-02-29T00:00:59.000000Z"),
        ("1970-01-01T00:00:00Z", "1970-01-01T00:00:00.000000Z"),
        ("9998-12-31T23:59:59.999999Z", "9998-12-31T23:59:59.999999Z"),
    ],
)
def test_an_instant_comes_back_in_utc_with_six_digits(
    client: Client, author: Account, new_post: NewPost, sent: str, expected: str
) -> None:
    post = new_post(author, pub_date=sent)
    assert expected == post["pub_date"]
    assert expected == client.get(post.path, token=author.token).json()["pub_date"]


@sentence("text")
@pytest.mark.parametrize(
    ("operation", "field"),
    # A password that is only compared is wrong with a NUL, and no other kind of wrong.
    [pair for pair in TEXT_FIELDS if pair[0] != "sign-in" and pair[1] != "current_password"],
)
@pytest.mark.parametrize("value", ["\0", "a long enough text \0", "\0 at the front of it"])
def test_no_text_holds_a_nul(
    client: Client, author: Account, new_post: NewPost, operation: str, field: str, value: str
) -> None:
    assert [field] == refused(client, author, new_post, operation, {field: value})


OPERATIONS = ["sign-up", "sign-in", "me", "password", "create", "put", "patch", "publish"]


@sentence("unknown-fields")
@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("field", ["id", "is_staff", "version", "Title", "", " ", "é", "__proto__"])
def test_an_unknown_field_is_refused_by_its_name(
    client: Client, author: Account, new_post: NewPost, operation: str, field: str
) -> None:
    assert [field] == refused(client, author, new_post, operation, {field: 1})


@sentence("problem-errors", "unknown-fields")
@pytest.mark.parametrize(
    ("operation", "changes", "expected"),
    [
        ("create", {"z": 1, "pub_date": 1, "a": 1, "title": 1}, ["title", "pub_date", "a", "z"]),
        ("put", {"B": 1, "a": 1, "content": 1, "title": 1}, ["title", "content", "B", "a"]),
        (
            "sign-up",
            {"password": 1, "email": 1, "username": 1, "id": 1},
            ["username", "email", "password", "id"],
        ),
        ("sign-in", {"x10": 1, "x9": 1, "password": 1}, ["password", "x10", "x9"]),
        ("me", {"email": 1, "username": 1}, ["username", "email"]),
        (
            "password",
            {"new_password": 1, "current_password": 1},
            ["current_password", "new_password"],
        ),
    ],
)
def test_errors_come_in_the_order_of_the_schema_then_unknown_fields_by_name(
    client: Client,
    author: Account,
    new_post: NewPost,
    operation: str,
    changes: dict[str, Any],
    expected: list[str],
) -> None:
    assert expected == refused(client, author, new_post, operation, changes)


@sentence("problem-errors")
@pytest.mark.parametrize("field", ["title", "content", "pub_date"])
def test_what_put_leaves_out_is_named(
    client: Client, author: Account, new_post: NewPost, field: str
) -> None:
    post = new_post(author)
    form = {"title": "Title", "content": "", "pub_date": None}
    del form[field]
    answer = client.put(post.path, json=form, token=author.token, if_match=post.etag)
    assert [field] == error_fields(answer)
