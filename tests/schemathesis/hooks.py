"""What Schemathesis cannot read in the document: accounts, cursors, which passwords are good.

A hook never answers for the API, and hides no answer of it: it only makes a valid request out of
one that is valid by the document, yet not by the state of the blog.
"""

import http.client
import json
import secrets
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import schemathesis
from hypothesis import strategies as st

Case = schemathesis.Case[Any]

ACCOUNTS = Path(__file__).with_name("accounts.json")
PASSWORD = "an account of the test"

# What changes or ends the caller's own account: each time another one, made for it, so that the
# accounts of all other requests stay.
OF_THE_ACCOUNT = {("PATCH", "/api/me"), ("DELETE", "/api/me"), ("POST", "/api/me/password")}


# --- values ---------------------------------------------------------------------------------------


@st.composite
def instants(draw: st.DrawFn) -> str:
    """RFC 3339 with an offset, in either case, with up to six digits."""
    # A day of both ends is left out: there the offset decides about the year.
    instant = draw(st.datetimes(datetime(1970, 1, 2), datetime(9998, 12, 30)))  # noqa: DTZ001
    minutes = draw(st.none() | st.integers(-(23 * 60 + 59), 23 * 60 + 59))
    if minutes is not None:
        instant = instant.replace(tzinfo=timezone(timedelta(minutes=minutes)))
    digits = draw(st.integers(0, 6))
    fraction = f".{instant.microsecond:06}"[: digits + 1] if digits else ""
    offset = instant.strftime("%z") if minutes is not None else draw(st.sampled_from("Zz"))
    if minutes is not None:
        offset = f"{offset[:3]}:{offset[3:]}"
    text = instant.strftime(f"%Y-%m-%d{draw(st.sampled_from('Tt'))}%H:%M:%S")
    return f"{text.zfill(19)}{fraction}{offset}"


# Long enough, and with blanks: so no name, no email, and on no list of common passwords.
passwords = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=200).map(
    lambda text: f"{text} is not on a list"
)

schemathesis.openapi.format("date-time", instants())
schemathesis.openapi.format("password", passwords)


# --- requests -------------------------------------------------------------------------------------


@schemathesis.hook
def after_load_schema(context: schemathesis.HookContext, schema: schemathesis.BaseSchema) -> None:
    """Sign the accounts up."""
    for account in json.loads(ACCOUNTS.read_text("utf-8"))["auth"]:
        sign_up(schema.get_base_url(), account["name"])


@schemathesis.hook
def before_call(context: schemathesis.HookContext, case: Case, kwargs: dict[str, Any]) -> None:
    """Make a request that is valid by the document valid by the state of the blog as well."""
    url = case.operation.schema.get_base_url()
    account = None
    if (case.method, case.path) in OF_THE_ACCOUNT and is_good(url, case):
        account = f"u{secrets.token_hex(8)}"
        sign_up(url, account)
        case.headers["Authorization"] = f"Bearer {sign_in(url, account)}"
    if case.meta is None or not case.meta.generation.mode.is_positive:
        return
    if "Idempotency-Key" in case.headers:
        # A key used before is refused, or answered with what was made then and may be gone by now.
        case.headers["Idempotency-Key"] = distinct(case.headers["Idempotency-Key"])
    if "cursor" in case.query:
        cursor = cursor_of(url, case)
        case.query = {**case.query, "cursor": cursor}
        if cursor is None:
            del case.query["cursor"]
    if isinstance(case.body, dict):
        case.body = case.body | corrected(case.path, case.body, account)


def corrected(path: str, body: dict[str, Any], account: str | None) -> dict[str, Any]:
    """The fields of a valid body that the blog's state, or what no schema can say, wants others."""
    fields: dict[str, Any] = {}
    for name in ("password", "new_password"):
        if not 8 <= len(body.get(name, PASSWORD).encode()) <= 1024:
            fields[name] = PASSWORD
    # Every other name by its length, so that the same request stays the same.
    chosen = len(body.get("username", "")) % 2 == 1
    if path == "/api/users" and chosen:
        # The others stay as they are: many of these names are taken, 409.
        username = distinct(body["username"])
        fields |= {"username": username, "email": f"{username}@example.com"}
    if path in ("/api/tokens", "/api/oauth/token") and chosen:
        # The others stay as they are: 401.
        fields |= {"username": "ada", "password": PASSWORD}
    if account is not None and path == "/api/me/password":
        fields["current_password"] = PASSWORD
    return fields


def distinct(text: str) -> str:
    """Of the text's length if that is long enough, and not given before."""
    unique = secrets.token_hex(8)
    return unique + text[len(unique) :]


# --- the API, asked by the hooks themselves -------------------------------------------------------


def sign_up(url: str, name: str) -> None:
    new = {"username": name, "email": f"{name}@example.com", "password": PASSWORD}
    status, answer = ask(url, "POST", "/api/users", new)
    if status != 201:
        raise RuntimeError(f"{name} could not sign up: {answer}")


def sign_in(url: str, name: str) -> str:
    _, answer = ask(url, "POST", "/api/tokens", {"username": name, "password": PASSWORD})
    return str(answer["token"])


def is_good(url: str, case: Case) -> bool:
    """Whether the request's token is one, not made up or left out to see it refused."""
    return ask(url, "GET", "/api/me", token=case.headers.get("Authorization"))[0] == 200


def cursor_of(url: str, case: Case) -> str | None:
    """A cursor of the list that the request asks for, or None where it has one page only."""
    query = {**case.query, "limit": 1}
    del query["cursor"]
    path = f"{case.path}?{urlencode(query)}"
    _, answer = ask(url, "GET", path, token=case.headers.get("Authorization"))
    following = answer.get("next")
    return parse_qs(urlsplit(following).query)["cursor"][0] if following else None


def ask(
    url: str, method: str, path: str, body: Any = None, token: str | None = None
) -> tuple[int, Any]:
    """The status and the JSON of an answer."""
    headers = {"Content-Type": "application/json"} | ({"Authorization": token} if token else {})
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=30)
    try:
        sent = None if body is None else json.dumps(body)
        connection.request(method, path, sent, headers)
        response = connection.getresponse()
        return response.status, json.loads(response.read())
    finally:
        connection.close()
