"""A request's blog and its caller."""

from functools import cache
from typing import cast

from django.conf import settings
from rest_framework.authentication import BaseAuthentication
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from blog_core.blog import Blog
from blog_core.domain.errors import NotAuthenticated
from blog_core.http import requests
from blog_core.http.operations import Operation
from blog_core.http.problems import REALM
from blog_core.http.wsgi import OPERATION
from blog_core.schemas import Credentials
from blog_core.wiring import build


@cache
def blog() -> Blog:
    return build(settings.BLOG)


def operation_of(request: Request) -> Operation:
    """What the front found to be asked for; an ASGI request has it in its scope."""
    django_request = request._request
    operation: Operation = getattr(django_request, "scope", django_request.META)[OPERATION]
    return operation


def caller_of(request: Request) -> Credentials:
    return cast("Credentials", request.auth)


class BearerAuthentication(BaseAuthentication):
    """The credentials as they were sent: whether they are good, the use case finds out."""

    def authenticate(self, request: Request) -> tuple[None, Credentials]:
        return None, requests.credentials(request.META.get("HTTP_AUTHORIZATION"))

    def authenticate_header(self, request: Request) -> str:
        return REALM


class IsSignedInWhereNeeded(BasePermission):
    """Raises NotAuthenticated where an operation needs credentials and none were sent."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        if operation_of(request).credentials == "needed" and caller_of(request).token is None:
            raise NotAuthenticated
        return True
