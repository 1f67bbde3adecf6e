"""What a request says, as the schemas the use cases take."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeVar
from urllib.parse import parse_qsl

from pydantic import BaseModel, ValidationError

from blog_core.domain.errors import FieldError, Invalid, NotAuthenticated
from blog_core.http import addresses, cookies
from blog_core.http.operations import Operation
from blog_core.http.problems import Refused
from blog_core.http.replies import Reply
from blog_core.ports import Limiter
from blog_core.schemas import ANYBODY, Credentials, Expected, invalid

Schema = TypeVar("Schema", bound=BaseModel)

# RFC 9110, 8.8.3: an entity tag, weak or strong.
_ETAG = r'(?:W/)?"[\x21\x23-\x7e]*"'
_ETAGS = re.compile(rf"[ \t,]*{_ETAG}(?:[ \t]*,[ \t,]*{_ETAG})*[ \t,]*")
_VERSION = re.compile(r'(?<!W/)"([1-9][0-9]{0,17})"')
_ONE_ETAG = re.compile(_ETAG)


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as the front passes it on; the application finds it under `ASKED`.

    `refusal` is what is wrong with the body, where that is not to be said yet; `content_type` is
    what the body is, `pending` what the browser holds of a sign-in with a provider.
    """

    operation: Operation
    credentials: Credentials = ANYBODY
    query: str = ""
    client: str = ""
    body: bytes = b""
    refusal: Reply | None = None
    content_type: str = ""
    pending: str | None = None


ASKED = "blog.asked"


def credentials(
    authorization: str | None, cookie: str | None = None, *, https: bool = False
) -> Credentials:
    """The bearer token (RFC 6750), else the session cookie. Another scheme counts as none."""
    if authorization:
        scheme, _, token = authorization.strip().partition(" ")
        if scheme.lower() == "bearer":
            return Credentials(token.strip())
    session = cookies.session(cookie, https=https) if cookie else None
    return ANYBODY if session is None else Credentials(session=session)


def count(asked: Asked, limiter: Limiter) -> None:
    """Count the request to its sender: the first that is done with it. Raises Throttled."""
    name = asked.operation.counts
    if name is not None:
        key = addresses.single if name == "reads" else addresses.network
        limiter.hit(name, key(asked.client))


def admit(asked: Asked) -> Credentials:
    """Who asks: the checks that come before the body is looked at.

    Raises Refused for a body that cannot be read, NotAuthenticated where credentials are needed and
    none are there, Invalid for the query.
    """
    operation = asked.operation
    if asked.refusal is not None:
        raise Refused(asked.refusal)
    if operation.credentials == "needed" and not asked.credentials.are_sent:
        raise NotAuthenticated
    if operation.query is not None and asked.query:
        query(operation.query, asked.query)
    return asked.credentials


def query(schema: type[Schema], query_string: str) -> Schema:
    """The known parameters. Raises Invalid, also where one is given twice."""
    found = _query(schema, query_string)
    assert isinstance(found, schema)  # noqa: S101 # for the type checker
    return found


# Asked for twice in a request: before the body is looked at, and for the use case.
@lru_cache(maxsize=256)
def _query(schema: type[BaseModel], query_string: str) -> BaseModel:
    values: dict[str, str] = {}
    twice: list[str] = []
    for name, value in parse_qsl(query_string, keep_blank_values=True):
        if name in schema.model_fields:
            if name in values:
                twice.append(name)
            values[name] = value
    try:
        model = schema.model_validate(values)
    except ValidationError as error:
        found = {problem.field: problem for problem in invalid(schema, error.errors()).errors}
        raise _once_each(schema, found, twice) from None
    if twice:
        raise _once_each(schema, {}, twice)
    return model


def body(schema: type[Schema], value: Any) -> Schema:
    """A decoded JSON body. Raises Invalid."""
    try:
        return schema.model_validate(value)
    except ValidationError as error:
        raise invalid(schema, error.errors()) from None


def refused(
    operation: Operation, query_string: str, errors: Sequence[Mapping[str, Any]]
) -> Invalid:
    """Why a framework that validates by the schemas itself refused, in our words.

    `errors` are Pydantic's, each `loc` led by "query" or "body".
    """
    if operation.query is not None and any(error["loc"][0] == "query" for error in errors):
        try:
            query(operation.query, query_string)
        except Invalid as reason:
            return reason
    if operation.body is None:
        raise AssertionError(f"{operation.name} takes no body, yet one was refused")
    return invalid(operation.body, [{**error, "loc": error["loc"][1:]} for error in errors])


def expected(if_match: str | None) -> Expected | None:
    """The versions `If-Match` names; weak tags and what is no tag name none (RFC 9110, 13.1.1)."""
    if if_match is None:
        return None
    if if_match.strip() == "*":
        return Expected(any=True)
    if not _ETAGS.fullmatch(if_match):
        return Expected()
    return Expected(frozenset(int(version) for version in _VERSION.findall(if_match)))


def matches_none(if_none_match: str, etag: str) -> bool:
    """Whether `If-None-Match` holds the tag, so that the answer is 304 (weak comparison)."""
    if if_none_match.strip() == "*":
        return True
    if not _ETAGS.fullmatch(if_none_match):
        return False
    return etag in {tag.removeprefix("W/") for tag in _ONE_ETAG.findall(if_none_match)}


def _once_each(
    schema: type[BaseModel], found: dict[str, FieldError], twice: Sequence[str]
) -> Invalid:
    repeated = {name: FieldError(name, "repeated", "Give this once.") for name in twice}
    errors = {**found, **repeated}
    return Invalid([errors[name] for name in schema.model_fields if name in errors])
