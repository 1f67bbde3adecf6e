"""Signing in with a form, in the words of OAuth 2 (RFC 6749, 4.3)."""

from urllib.parse import urlencode

import pytest

from blog_contract.answers import assert_problem, encoded
from blog_contract.client import Account, Client, NewUser
from blog_contract.resources import unique
from blog_contract.sentences import sentence
from http_parity.exchange import Answer

PATH = "/api/oauth/token"
FORM = "application/x-www-form-urlencoded"


def grant(client: Client, account: Account, **changes: str | None) -> Answer:
    """The answer to this account's form, with these fields changed; None leaves one out."""
    fields = {
        "grant_type": "password",
        "username": account.username,
        "password": account.password,
    } | changes
    return send(
        client, urlencode({name: value for name, value in fields.items() if value is not None})
    )


def send(client: Client, body: str, content_type: str | None = FORM) -> Answer:
    return client.post(PATH, body=body.encode(), content_type=content_type)


def assert_error(answer: Answer, error: str) -> None:
    """Fail unless it is this error (RFC 6749, 5.2) in every detail."""
    assert 400 == answer.status
    assert "application/json" == answer.header("Content-Type")
    assert "no-store" == answer.header("Cache-Control")
    assert answer.header("WWW-Authenticate") is None
    said = answer.json()
    assert ["error", "error_description"] == list(said)
    assert error == said["error"]
    # The characters that RFC 6749 allows in a description.
    assert all(" " <= char <= "~" and char not in '"\\' for char in said["error_description"])
    assert encoded(said) == answer.body


@sentence("oauth", "json-bytes", "caching")
def test_a_password_is_granted_a_token_in_these_bytes(client: Client, author: Account) -> None:
    answer = grant(client, author)
    assert (200, "no-store") == (answer.status, answer.header("Cache-Control"))
    granted = answer.json()
    expected = {
        "access_token": granted["access_token"],
        "token_type": "bearer",
        "expires_in": granted["expires_in"],
    }
    assert encoded(expected) == answer.body
    assert isinstance(granted["expires_in"], int)
    assert granted["expires_in"] > 0


@sentence("oauth", "authorization", "sign-out")
def test_the_token_is_one_like_any_other(client: Client, new_user: NewUser) -> None:
    account = new_user()
    token = grant(client, account).json()["access_token"]
    assert account.id == client.get("/api/me", token=token).json()["id"]
    assert 2 == len(client.get("/api/tokens", token=token).json()["results"])
    assert 204 == client.delete("/api/tokens/current", token=token).status
    assert 401 == client.get("/api/me", token=token).status


@sentence("oauth", "username")
def test_the_username_is_found_in_whatever_case(client: Client, author: Account) -> None:
    assert 200 == grant(client, author, username=author.username.upper()).status


@sentence("oauth")
@pytest.mark.parametrize(
    "password", ["two\r\nlines\rof three\n", " blanks around ", "a+b & c=d %41", "héron, 黑猫"]
)
def test_the_password_is_taken_as_it_was_sent(
    client: Client, new_user: NewUser, password: str
) -> None:
    account = new_user(password=password)
    assert 200 == grant(client, account).status
    assert_error(grant(client, account, password=password + " "), "invalid_grant")


@sentence("oauth")
@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("scope", "posts:write everything"),
        ("client_id", "docs"),
        ("client_secret", "not looked at"),
        ("client_id", ""),
        ("state", "unknown fields too"),
    ],
)
def test_what_else_oauth_sends_changes_nothing(
    client: Client, author: Account, field: str, value: str
) -> None:
    answer = grant(client, author, **{field: value})
    assert 200 == answer.status
    assert ["access_token", "token_type", "expires_in"] == list(answer.json())


@sentence("oauth", "bad-token")
@pytest.mark.parametrize("sent", ["Basic Og==", "Basic ZG9jczpzZWNyZXQ=", "Bearer no such token"])
def test_no_credentials_are_read_but_those_of_the_form(
    client: Client, author: Account, sent: str
) -> None:
    form = {"grant_type": "password", "username": author.username, "password": author.password}
    body = urlencode(form).encode()
    answer = client.post(PATH, body=body, content_type=FORM, headers=[("Authorization", sent)])
    assert 200 == answer.status


@sentence("oauth-errors", "sign-in")
@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"password": "not the one"}, id="wrong-password"),
        pytest.param({"username": unique("nobody")}, id="unknown-user"),
        pytest.param({"username": "no name at all"}, id="impossible-user"),
        pytest.param({"password": "x" * 2000}, id="long-password"),
    ],
)
def test_what_does_not_sign_in_is_the_same_invalid_grant(
    client: Client, author: Account, changes: dict[str, str]
) -> None:
    expected = grant(client, author, password="wrong as can be")
    answer = grant(client, author, **changes)
    assert_error(answer, "invalid_grant")
    assert expected.body == answer.body


@sentence("oauth-errors")
@pytest.mark.parametrize("value", [None, ""], ids=["absent", "empty"])
@pytest.mark.parametrize("field", ["grant_type", "username", "password"])
def test_a_missing_field_is_an_invalid_request_that_names_it(
    client: Client, author: Account, field: str, value: str | None
) -> None:
    answer = grant(client, author, **{field: value})
    assert_error(answer, "invalid_request")
    assert field in answer.json()["error_description"]


@sentence("oauth-errors", "form-type")
@pytest.mark.parametrize("content_type", [None, "application/json", FORM])
def test_an_empty_body_misses_every_field_whatever_its_type(
    client: Client, content_type: str | None
) -> None:
    assert_error(send(client, "", content_type), "invalid_request")


@sentence("oauth-errors")
@pytest.mark.parametrize(
    "grant_type",
    ["authorization_code", "client_credentials", "refresh_token", "Password", "password ", "x"],
)
def test_another_grant_type_is_not_supported(
    client: Client, author: Account, grant_type: str
) -> None:
    assert_error(grant(client, author, grant_type=grant_type), "unsupported_grant_type")
    answer = grant(client, author, grant_type=grant_type, username=None)
    assert_error(answer, "unsupported_grant_type")


@sentence("oauth-errors", "form-type")
@pytest.mark.parametrize(
    "content_type",
    [
        pytest.param(None, id="none"),
        "application/json",
        "multipart/form-data; boundary=x",
        f"{FORM}; charset=latin-1",
    ],
)
def test_a_body_that_says_it_is_no_form_is_415(
    client: Client, author: Account, content_type: str | None
) -> None:
    answer = send(client, "grant_type=password&username=a&password=b", content_type)
    assert_problem(answer, 415)
    assert FORM == answer.header("Accept-Post")


@sentence("oauth-errors", "form-bytes")
@pytest.mark.parametrize(
    "more",
    [
        pytest.param("username=b", id="username-twice"),
        pytest.param("password=b", id="password-twice"),
        pytest.param("grant_type=password", id="grant-type-twice"),
        pytest.param("user%6Eame=a", id="twice-in-another-spelling"),
        pytest.param("x=1&x=2", id="unknown-field-twice"),
        pytest.param("x=%zz", id="broken-escape"),
        pytest.param("x=%00", id="nul"),
        pytest.param("x=%ff", id="not-utf-8"),
        pytest.param("&".join(f"f{n}=" for n in range(48)), id="51-fields"),
    ],
)
def test_a_form_that_not_everybody_would_read_alike_is_400(client: Client, more: str) -> None:
    assert_problem(send(client, f"grant_type=password&username=a&password=b&{more}"), 400)


@sentence("oauth", "openapi")
def test_the_document_leads_to_it(client: Client) -> None:
    schemes = client.get("/openapi.json").json()["components"]["securitySchemes"]
    flows = [scheme["flows"] for scheme in schemes.values() if scheme["type"] == "oauth2"]
    assert [{"password": {"tokenUrl": PATH, "scopes": {}}}] == flows
