"""The request's blog and its caller."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeVar, cast

from flask import current_app, g, request
from pydantic import BaseModel

from blog_core.blog import Blog
from blog_core.http import forms, pages, requests
from blog_core.http.requests import ASKED, Asked
from blog_core.schemas import Credentials, Expected, OwnUser, Provider
from blog_core.settings import Settings

if TYPE_CHECKING:
    from blog_flask.app import BlogFlask

Schema = TypeVar("Schema", bound=BaseModel)


def blog() -> Blog:
    return cast("BlogFlask", current_app).blog


def settings() -> Settings:
    return cast("BlogFlask", current_app).settings


def host() -> str:
    """The site's own, whatever was sent."""
    return settings().hosts[0]


def document() -> bytes:
    return cast("BlogFlask", current_app).document


def asked() -> Asked:
    found: Asked = request.environ[ASKED]
    return found


def throttle() -> None:
    """Before each operation, first: whether its sender asks too often."""
    requests.count(asked(), blog().limiter)


def admit() -> None:
    """Before each operation: who asks, and whether the query is one."""
    g.caller = requests.admit(asked())


def welcome() -> None:
    """Before each page, after `admit`: who looks at it."""
    seen = pages.visitor(asked(), blog())
    g.caller, g.visitor = seen.credentials, seen.user


def caller() -> Credentials:
    found: Credentials = g.caller
    return found


def visitor() -> OwnUser | None:
    found: OwnUser | None = g.visitor
    return found


def query(schema: type[Schema]) -> Schema:
    return requests.query(schema, asked().query)


def fields() -> dict[str, str]:
    """The form that was sent."""
    return forms.fields(asked().body)


def pending() -> str | None:
    return asked().pending


def providers() -> Sequence[Provider]:
    return blog().openid.providers


def browser() -> str:
    return request.headers.get("User-Agent", "")


def body(schema: type[Schema]) -> Schema:
    return requests.body(schema, request.get_json())


def key() -> str | None:
    return request.headers.get("Idempotency-Key")


def expected() -> Expected | None:
    return requests.expected(request.headers.get("If-Match"))
