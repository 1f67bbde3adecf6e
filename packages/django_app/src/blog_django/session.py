"""A request's blog and its caller."""

from collections.abc import Sequence
from functools import cache
from typing import TypeVar

from django.conf import settings
from django.http import HttpRequest
from pydantic import BaseModel
from rest_framework.authentication import BaseAuthentication
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView

from blog_core.blog import Blog
from blog_core.http import forms, requests
from blog_core.http.problems import REALM
from blog_core.http.requests import ASKED, Asked
from blog_core.schemas import Credentials, OwnUser, Provider
from blog_core.wiring import build

Schema = TypeVar("Schema", bound=BaseModel)


@cache
def blog() -> Blog:
    return build(settings.BLOG)


def asked_of(request: HttpRequest) -> Asked:
    """What the front found to be asked for; an ASGI request has it in its scope."""
    asked: Asked = getattr(request, "scope", request.META)[ASKED]
    return asked


# --- the API -------------------------------------------------------------------------------------


class SenderThrottle(BaseThrottle):
    """Counts a request to whoever sent it. Raises Throttled."""

    def allow_request(self, request: Request, view: APIView) -> bool:
        requests.count(asked_of(request._request), blog().limiter)
        return True


class BlogAuthentication(BaseAuthentication):
    """The credentials as they were sent: whether they are good, the use case finds out."""

    def authenticate(self, request: Request) -> tuple[None, Credentials]:
        return None, asked_of(request._request).credentials

    def authenticate_header(self, request: Request) -> str:
        return REALM


class IsAdmitted(BasePermission):
    """Raises NotAuthenticated where an operation needs credentials and none were sent."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        requests.admit(asked_of(request._request))
        return True


# --- the pages -----------------------------------------------------------------------------------


class PageRequest(HttpRequest):
    """A request for a page: as whom to call the use cases, and who looks at it."""

    caller: Credentials
    visitor: OwnUser | None


def query(request: PageRequest, schema: type[Schema]) -> Schema:
    return requests.query(schema, asked_of(request).query)


def fields(request: PageRequest) -> dict[str, str]:
    return forms.fields(asked_of(request).body)


def pending(request: PageRequest) -> str | None:
    return asked_of(request).pending


def providers() -> Sequence[Provider]:
    return blog().openid.providers


def browser(request: PageRequest) -> str:
    return request.headers.get("User-Agent", "")


def host() -> str:
    """The site's first: what the ids in the feed begin with."""
    first: str = settings.BLOG.hosts[0]
    return first
