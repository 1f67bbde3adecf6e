"""A request's blog and its caller."""

from functools import cache

from django.conf import settings
from rest_framework.authentication import BaseAuthentication
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView

from blog_core.blog import Blog
from blog_core.http import requests
from blog_core.http.problems import REALM
from blog_core.http.requests import ASKED, Asked
from blog_core.schemas import Credentials
from blog_core.wiring import build


@cache
def blog() -> Blog:
    return build(settings.BLOG)


def asked_of(request: Request) -> Asked:
    """What the front found to be asked for; an ASGI request has it in its scope."""
    django_request = request._request
    asked: Asked = getattr(django_request, "scope", django_request.META)[ASKED]
    return asked


class SenderThrottle(BaseThrottle):
    """Counts a request to whoever sent it. Raises Throttled."""

    def allow_request(self, request: Request, view: APIView) -> bool:
        requests.count(asked_of(request), blog().limiter)
        return True


class BlogAuthentication(BaseAuthentication):
    """The credentials as they were sent: whether they are good, the use case finds out."""

    def authenticate(self, request: Request) -> tuple[None, Credentials]:
        return None, asked_of(request).credentials

    def authenticate_header(self, request: Request) -> str:
        return REALM


class IsAdmitted(BasePermission):
    """Raises NotAuthenticated where an operation needs credentials and none were sent."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        requests.admit(asked_of(request))
        return True
