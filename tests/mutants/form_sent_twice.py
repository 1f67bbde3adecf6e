"""The same form sent twice makes two posts: its key is read by nobody."""

from unittest.mock import patch

import blog_fastapi.asgi
from blog_core.blog import Blog
from blog_core.schemas import Credentials, NewPost, Post

_create_post = Blog.create_post


def create_post(
    self: Blog, credentials: Credentials, post: NewPost, key: str | None = None
) -> Post:
    return _create_post(self, credentials, post)


patch.object(Blog, "create_post", create_post).start()

app = blog_fastapi.asgi.app
