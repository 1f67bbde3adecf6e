"""Whoever signs in keeps the session value that was sent: nothing calls Django's `cycle_key`."""

from dataclasses import replace
from unittest.mock import patch

import blog_django.wsgi
from blog_core.blog import Blog
from blog_core.schemas import Credentials, NewSession, SignIn, Visitor
from blog_core.security.secrets import SecretKey

_open_session, _visitor = Blog.open_session, Blog.visitor


class Kept(SecretKey):
    """A key whose next token is known already."""

    def __init__(self, value: str) -> None:
        super().__init__("only for tests")
        self._value = value

    def new_token(self) -> str:
        return self._value


def visitor(self: Blog, credentials: Credentials) -> Visitor:
    return replace(_visitor(self, credentials), credentials=credentials)


def open_session(
    self: Blog, credentials: Credentials, sign_in: SignIn, browser: str = ""
) -> NewSession:
    blog = self
    if credentials.session:
        blog = replace(self, secrets=Kept(credentials.session))
    return _open_session(blog, credentials, sign_in, browser)


patch.object(Blog, "visitor", visitor).start()
patch.object(Blog, "open_session", open_session).start()

app = blog_django.wsgi.application
