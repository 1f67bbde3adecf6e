"""`TokenAuthentication` as its documentation says to customise it: own keyword, own lookup."""

import hashlib

from django.utils import timezone
from rest_framework.authentication import TokenAuthentication
from rest_framework.exceptions import AuthenticationFailed

from bench.peers.drf_tutorial.blog.models import Token, User


def digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


class BearerTokenAuthentication(TokenAuthentication):
    keyword = "Bearer"

    def authenticate_credentials(self, key: str) -> tuple[User, Token]:
        try:
            token = Token.objects.select_related("user").get(digest=digest(key))
        except Token.DoesNotExist:
            raise AuthenticationFailed from None
        if token.expires <= timezone.now():
            raise AuthenticationFailed
        return token.user, token
