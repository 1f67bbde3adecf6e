"""The request's blog and its caller."""

from typing import TYPE_CHECKING, TypeVar, cast

from flask import current_app, g, request
from pydantic import BaseModel

from blog_core.blog import Blog
from blog_core.http import requests
from blog_core.http.wsgi import OPERATION
from blog_core.schemas import Credentials, Expected

if TYPE_CHECKING:
    from blog_flask.app import BlogFlask

Schema = TypeVar("Schema", bound=BaseModel)


def blog() -> Blog:
    return cast("BlogFlask", current_app).blog


def document() -> bytes:
    return cast("BlogFlask", current_app).document


def admit() -> None:
    """Before each operation: who asks, and whether the query is one."""
    environ = request.environ
    g.caller = requests.admit(
        environ[OPERATION], environ.get("HTTP_AUTHORIZATION"), environ["QUERY_STRING"]
    )


def caller() -> Credentials:
    found: Credentials = g.caller
    return found


def query(schema: type[Schema]) -> Schema:
    return requests.query(schema, request.environ["QUERY_STRING"])


def body(schema: type[Schema]) -> Schema:
    return requests.body(schema, request.get_json())


def key() -> str | None:
    return request.headers.get("Idempotency-Key")


def expected() -> Expected | None:
    return requests.expected(request.headers.get("If-Match"))
