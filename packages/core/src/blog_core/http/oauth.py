"""Signing in for clients that speak OAuth 2: the password grant (RFC 6749, 4.3).

    with oauth.errors():
        granted = blog.sign_in(oauth.sign_in(fields))
    return oauth.granted(granted)

"Authorize" of interactive API documentation is such a client. There are no clients to register and
no scopes: `scope`, `client_id` and `client_secret` may be sent, and change nothing.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, StringConstraints, TypeAdapter

from blog_core import schemas
from blog_core.domain.errors import WrongPassword
from blog_core.domain.instants import parse_instant
from blog_core.http.problems import Refused
from blog_core.http.replies import JSON, Reply

Error = Literal["invalid_request", "invalid_grant", "unsupported_grant_type"]

_NO_NUL = r"^[^\u0000]*$"
Unread = Annotated[str, StringConstraints(pattern=_NO_NUL)]


class PasswordGrant(BaseModel):
    """The form that asks for a token. What it has no name for is not looked at."""

    model_config = ConfigDict(strict=True, extra="ignore", frozen=True)

    grant_type: Literal["password"]
    username: Annotated[str, StringConstraints(min_length=1, pattern=_NO_NUL)]
    password: Annotated[schemas.Secret, StringConstraints(min_length=1)]
    scope: Unread = schemas.optional("")
    client_id: Unread = schemas.optional("")
    client_secret: Unread = schemas.optional("")


@dataclass(frozen=True, slots=True)
class AccessToken:
    """The answer (RFC 6749, 5.1); `expires_in` is in seconds."""

    access_token: str
    token_type: Literal["bearer"]
    expires_in: int


@dataclass(frozen=True, slots=True)
class GrantRefused:
    """Why there is no token (RFC 6749, 5.2)."""

    error: Error
    error_description: str


_GRANTED, _REFUSED = TypeAdapter(AccessToken), TypeAdapter(GrantRefused)


def sign_in(fields: Mapping[str, str]) -> schemas.SignIn:
    """The username and password of a readable form. Raises Refused; an empty field is missing."""
    for name in ("grant_type", "username", "password"):
        if not fields.get(name):
            raise _refused("invalid_request", f"The field {name} is missing.")
        if name == "grant_type" and fields[name] != "password":
            raise _refused("unsupported_grant_type", "The one grant_type here is password.")
    return schemas.SignIn(username=fields["username"], password=fields["password"])


@contextmanager
def errors() -> Iterator[None]:
    """Say in OAuth's words that who signs in inside has no such password. Raises Refused."""
    try:
        yield
    except WrongPassword:
        raise _refused("invalid_grant", "The username or password is not right.") from None


def granted(made: schemas.NewToken) -> Reply:
    """The token, in OAuth's words."""
    seconds = (parse_instant(made.expires) - parse_instant(made.created)).total_seconds()
    token = AccessToken(made.token, "bearer", int(seconds))
    return Reply(200, (JSON,), _GRANTED.dump_json(token))


def _refused(error: Error, description: str) -> Refused:
    body = _REFUSED.dump_json(GrantRefused(error, description))
    return Refused(Reply(400, (JSON,), body))
