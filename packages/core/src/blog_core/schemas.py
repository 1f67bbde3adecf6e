"""What goes into a use case (Pydantic, strict) and what comes out (frozen dataclasses).

Instants come out as text, RFC 3339 in UTC with six digits: see `blog_core.domain.instants`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Any, Generic, Literal, Self, TypeVar, get_args

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import PydanticCustomError

from blog_core.domain import passwords, posts, users
from blog_core.domain.errors import FieldError, Invalid
from blog_core.domain.instants import INSTANT, parse_instant
from blog_core.domain.posts import Status

# --- fields ---------------------------------------------------------------------------------------


def _check(passes: bool, code: str, message: str) -> None:
    if not passes:
        raise PydanticCustomError(code, message)


def _username(value: str) -> str:
    _check(value != "", "too_short", "A username has at least 1 character.")
    _check(len(value) <= 80, "too_long", "A username has at most 80 characters.")
    _check(
        users.is_username(value),
        "invalid",
        "Use only ASCII letters, digits, '_', '-' and '.'; not just dots.",
    )
    return value


def _email(value: str) -> str:
    length = users.EMAIL_LENGTH
    _check(len(value) <= length, "too_long", f"An email has at most {length} characters.")
    _check(users.is_email(value), "invalid", "This is not a valid email address.")
    return value


def _title(value: str) -> str:
    _check(posts.is_one_line(value), "invalid", "A title is one line without control characters.")
    trimmed = value.strip()
    _check(trimmed != "", "too_short", "A title has at least 1 character.")
    length = posts.TITLE_LENGTH
    _check(len(trimmed) <= length, "too_long", f"A title has at most {length} characters.")
    return trimmed


def _text(value: str) -> str:
    _check("\0" not in value, "invalid", "Text must not hold NUL.")
    return value


def _good_password(value: str) -> str:
    error = passwords.problem("", value)
    if error is not None:
        raise PydanticCustomError(error.code, error.message)
    return value


def _instant(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return parse_instant(value)
    except ValueError as error:
        raise PydanticCustomError("invalid", str(error)) from None


def _limit(value: object) -> object:
    # A query is text: only the plain spelling of a number counts, not "+5", " 5" or "٥".
    if isinstance(value, str):
        plain = value.isascii() and value.isdigit() and len(value) <= 3 and value[0] != "0"
        _check(plain, "invalid", "Use a whole number from 1 to 100.")
        return int(value)
    return value


_NO_NUL = r"^[^\u0000]*$"
Username = Annotated[
    str,
    AfterValidator(_username),
    WithJsonSchema({"type": "string", "pattern": users.USERNAME}),
]
Email = Annotated[
    str,
    AfterValidator(_email),
    # Not "format": "email", which is RFC 5321's and refuses some of what browsers accept.
    WithJsonSchema({"type": "string", "maxLength": users.EMAIL_LENGTH, "pattern": users.EMAIL}),
]
Title = Annotated[
    str, AfterValidator(_title), WithJsonSchema({"type": "string", "pattern": posts.TITLE})
]
Content = Annotated[
    str,
    StringConstraints(max_length=posts.CONTENT_LENGTH),
    AfterValidator(_text),
    WithJsonSchema({"type": "string", "maxLength": posts.CONTENT_LENGTH, "pattern": _NO_NUL}),
]
# Its length counts bytes, which JSON Schema cannot say: 8 bytes are at least 2 characters.
NewSecret = Annotated[
    str,
    AfterValidator(_text),
    AfterValidator(_good_password),
    WithJsonSchema(
        {
            "type": "string",
            "format": "password",
            "minLength": passwords.SHORTEST // 4,
            "maxLength": passwords.LONGEST,
            "pattern": _NO_NUL,
            "description": "8 to 1024 bytes of UTF-8, no name of the user, no common password",
        }
    ),
]
Secret = Annotated[
    str,
    AfterValidator(_text),
    WithJsonSchema({"type": "string", "format": "password", "pattern": _NO_NUL}),
]
InstantIn = Annotated[
    datetime,
    BeforeValidator(_instant),
    WithJsonSchema({"type": "string", "format": "date-time", "pattern": INSTANT}),
]
Limit = Annotated[int, BeforeValidator(_limit), Field(ge=1, le=100)]
Query = Annotated[str, StringConstraints(min_length=1, max_length=200), AfterValidator(_text)]
Order = Literal["newest", "oldest"]
InstantOut = Annotated[str, WithJsonSchema({"type": "string", "format": "date-time"})]


# --- who asks ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Credentials:
    """What the caller sent to say who they are. Nothing has been checked yet.

    With a token the session is not looked at.
    """

    token: str | None = field(default=None, repr=False)
    session: str | None = field(default=None, repr=False)

    @property
    def are_sent(self) -> bool:
        return self.token is not None or self.session is not None


ANYBODY = Credentials()


@dataclass(frozen=True, slots=True)
class Operator:
    """Whoever runs the site, at its command line: may do what staff may. No request makes one."""


OPERATOR = Operator()


@dataclass(frozen=True, slots=True)
class Expected:
    """Which versions a change may be made from: `versions`, or any that exists (`If-Match: *`)."""

    versions: frozenset[int] = frozenset()
    any: bool = False

    def allows(self, version: int) -> bool:
        return self.any or version in self.versions


# --- input ---------------------------------------------------------------------------------------


def _drop_default(schema: dict[str, Any]) -> None:
    schema.pop("default", None)


def optional(default: Any) -> Any:
    """A field that may be absent. Its default stands for absence and is never used as a value."""
    return Field(default=default, json_schema_extra=_drop_default)


class Input(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class NewUser(Input):
    username: Username
    email: Email
    password: NewSecret

    @model_validator(mode="after")
    def _password_is_no_name(self) -> Self:
        check_password("password", self.password, self.username, self.email)
        return self


class NewMember(Input):
    """Somebody new who signs in with a provider, without a password."""

    username: Username
    email: Email


class UserChanges(Input):
    username: Username = optional("")
    email: Email = optional("")


class AccountChanges(UserChanges):
    """What staff may change of a user."""

    is_staff: bool = optional(False)
    is_active: bool = optional(True)
    password: NewSecret = optional("")


class PasswordChange(Input):
    current_password: Secret
    new_password: NewSecret


class FirstPassword(Input):
    """The password of somebody who had none."""

    new_password: NewSecret


class SignIn(Input):
    username: Annotated[
        str, AfterValidator(_text), WithJsonSchema({"type": "string", "pattern": _NO_NUL})
    ]
    password: Secret


class NewPost(Input):
    title: Title
    content: Content = ""
    pub_date: InstantIn | None = None


class PostContent(Input):
    title: Title
    content: Content
    pub_date: InstantIn | None


class PostChanges(Input):
    title: Title = optional("")
    content: Content = optional("")
    pub_date: InstantIn | None = optional(None)


class Publication(Input):
    pub_date: InstantIn = optional(None)


_LIMIT = {"type": "integer", "minimum": 1, "maximum": 100, "default": 20}
_Q = {"type": "string", "minLength": 1, "maxLength": 200, "pattern": _NO_NUL}
_STATUS = {"type": "string", "enum": list(get_args(Status))}
_ORDER = {"type": "string", "enum": list(get_args(Order)), "default": "newest"}


PageLimit = Annotated[Limit | None, WithJsonSchema(_LIMIT)]
Cursor = Annotated[str | None, WithJsonSchema({"type": "string", "pattern": "^[A-Za-z0-9_-]+$"})]


class ListQuery(BaseModel):
    """The query of a list: None is absent. Unknown parameters are ignored."""

    model_config = ConfigDict(strict=True, extra="ignore", frozen=True)


class PageQuery(ListQuery):
    limit: PageLimit = optional(None)
    cursor: Cursor = optional(None)


class PostQuery(ListQuery):
    author: Annotated[
        Username | None, WithJsonSchema({"type": "string", "pattern": users.USERNAME})
    ] = optional(None)
    status: Annotated[Status | None, WithJsonSchema(_STATUS)] = optional(None)
    q: Annotated[Query | None, WithJsonSchema(_Q)] = optional(None)
    order: Annotated[Order | None, WithJsonSchema(_ORDER)] = optional(None)
    limit: PageLimit = optional(None)
    cursor: Cursor = optional(None)


def check_password(field: str, password: str, username: str, email: str) -> None:
    """Raises Invalid unless the password is good enough for somebody with these names."""
    error = passwords.problem(field, password, username, email)
    if error is not None:
        raise Invalid([error])


# --- output --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class User:
    id: int
    username: str
    joined: InstantOut


@dataclass(frozen=True, slots=True)
class OwnUser:
    id: int
    username: str
    joined: InstantOut
    email: str
    is_staff: bool


@dataclass(frozen=True, slots=True)
class StaffUser:
    """An account as staff see it. `version` is another one when any of it has changed."""

    id: int
    username: str
    joined: InstantOut
    email: str
    is_staff: bool
    is_active: bool
    version: str


@dataclass(frozen=True, slots=True)
class StaffAction:
    """Something that staff did. `staff` is who it was then; None is the operator.

    `name` is the username or title that the user or post had then.
    """

    id: int
    at: InstantOut
    staff: str | None
    kind: Literal["user", "post"]
    object_id: int
    name: str
    action: str


# Posts and their authors are not frozen: that would make them three times as slow to make, and a
# page makes forty.


@dataclass(slots=True)
class Author:
    id: int
    username: str


@dataclass(slots=True)
class Post:
    id: int
    title: str
    content: str
    pub_date: InstantOut | None
    status: Status
    author: Author
    created: InstantOut
    updated: InstantOut
    version: int


@dataclass(frozen=True, slots=True)
class Token:
    id: int
    created: InstantOut
    expires: InstantOut


@dataclass(frozen=True, slots=True)
class NewToken:
    """The only place where the token itself is shown."""

    id: int
    token: str
    created: InstantOut
    expires: InstantOut


@dataclass(frozen=True, slots=True)
class Session:
    """A browser that is signed in; `current` is the one that asks."""

    id: int
    created: InstantOut
    expires: InstantOut
    browser: str
    current: bool = False


@dataclass(frozen=True, slots=True)
class NewSession:
    """The only place where the value itself is shown; it is good for `seconds`."""

    value: str = field(repr=False)
    seconds: int


@dataclass(frozen=True, slots=True)
class Provider:
    """Where people may sign in besides here; `title` is what they know it by."""

    name: str
    title: str


@dataclass(frozen=True, slots=True)
class Identity:
    """Somebody at a provider who is a user here."""

    id: int
    title: str
    created: InstantOut
    used: InstantOut


@dataclass(frozen=True, slots=True)
class WaysIn:
    """How a user can sign in."""

    has_password: bool
    identities: list[Identity]
    providers: Sequence[Provider]


@dataclass(frozen=True, slots=True)
class Pending:
    """What a browser keeps of a sign-in under way, good for `seconds`. Shown nowhere else."""

    value: str = field(repr=False)
    seconds: int


@dataclass(frozen=True, slots=True)
class Handover:
    """Where a sign-in goes on: `url` is the provider's."""

    provider: Provider
    url: str = field(repr=False)
    pending: Pending


@dataclass(frozen=True, slots=True)
class ProviderAnswer:
    """What a provider sent a browser back with. Nothing has been checked yet."""

    code: str | None = field(default=None, repr=False)
    state: str | None = field(default=None, repr=False)
    issuer: str | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Proved:
    """Somebody who is known to a provider and not yet here.

    `linking` is the name of the user to link them to, or None where they are to be a new one, with
    `username` and `email` to begin with. `with_password` says whether linking needs the password.
    """

    provider: Provider
    username: str
    email: str
    next: str
    linking: str | None = None
    with_password: bool = False


@dataclass(frozen=True, slots=True)
class Arrival:
    """Where somebody goes on who comes back from a provider: signed in, or with a `pending`."""

    next: str
    session: NewSession | None = None
    pending: Pending | None = None


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who looks at a page: `user` is None for somebody not signed in, or not any more.

    `credentials` are what the visitor's other use cases are called with: where `user` is None they
    are nobody's.
    """

    credentials: Credentials
    user: OwnUser | None = None


@dataclass(frozen=True, slots=True)
class Health:
    status: Literal["ok"] = "ok"


Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """One page of a list; `next` and `previous` are the cursors of the pages beside it."""

    results: list[Item]
    next: str | None
    previous: str | None


# --- validation errors ---------------------------------------------------------------------------

_CODES = {
    "missing": ("required", "This field is required."),
    "extra_forbidden": ("unknown", "There is no such field."),
    "string_type": ("wrong_type", "This must be a string."),
    "int_type": ("wrong_type", "This must be a whole number."),
    "datetime_type": ("wrong_type", "This must be an instant (RFC 3339) in a string."),
    "model_type": ("wrong_type", "This must be a JSON object."),
    "model_attributes_type": ("wrong_type", "This must be a JSON object."),
    "dict_type": ("wrong_type", "This must be a JSON object."),
    "string_too_short": ("too_short", "At least {min_length} character."),
    "string_too_long": ("too_long", "At most {max_length} characters."),
    "greater_than_equal": ("out_of_range", "At least {ge}."),
    "less_than_equal": ("out_of_range", "At most {le}."),
    "literal_error": ("invalid", "Use one of {expected}."),
}


def invalid(schema: type[BaseModel], errors: Sequence[Any]) -> Invalid:
    """Pydantic's errors as ours: one a field, in the order of the schema, unknown ones last."""
    order = {name: position for position, name in enumerate(schema.model_fields)}
    found: dict[str, FieldError] = {}
    for error in errors:
        field = str(error["loc"][0]) if error["loc"] else ""
        code, message = _CODES.get(error["type"], (error["type"], error["msg"]))
        found.setdefault(field, FieldError(field, code, message.format(**(error.get("ctx") or {}))))
    return Invalid(
        sorted(found.values(), key=lambda error: (order.get(error.field, len(order)), error.field))
    )
