"""Who asks: `request.user` is Django's user, `request.auth` the core's credentials."""

from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from blog_core.http.problems import REALM
from blog_core.schemas import Credentials
from blog_django.models import User
from blog_django.native import caller
from blog_django.session import blog

Found = tuple[User, Credentials] | None


def found(credentials: Credentials) -> Found:
    """The user whose credentials are good."""
    seen = blog().visitor(credentials).user
    return None if seen is None else (User.objects.get(pk=seen.id), credentials)


class TokenAuthentication(BaseAuthentication):
    """A token of `/api/tokens`: `Authorization: Bearer …`, or `Token …` as REST framework's own."""

    keywords = ("bearer", "token")

    def authenticate(self, request: Request) -> Found:
        keyword, _, token = get_authorization_header(request).decode("latin-1").partition(" ")
        if keyword.lower() not in self.keywords:
            return None
        user = found(Credentials(token=token.strip()))
        if user is None:
            raise AuthenticationFailed("The token is not good, or not any more.")
        return user

    def authenticate_header(self, request: Request) -> str:
        return REALM


class SessionAuthentication(BaseAuthentication):
    """The site's own session. The front has refused what another site's pages send with it."""

    def authenticate(self, request: Request) -> Found:
        return found(Credentials(session=caller(request._request).session))
