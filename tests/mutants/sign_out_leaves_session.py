"""Signing out takes the cookie away and no more: sessions kept in the cookie have no end of their
own.
"""

from unittest.mock import patch

import blog_fastapi.asgi
from blog_core.blog import Blog
from blog_core.schemas import Credentials


def close_session(self: Blog, credentials: Credentials) -> None:
    """There is no row to take away."""


patch.object(Blog, "close_session", close_session).start()

app = blog_fastapi.asgi.app
