"""`author` is read, checked, and filters nothing."""

from unittest.mock import patch

import blog_fastapi.asgi
from blog_core.blog import Blog
from blog_core.schemas import Credentials, Page, Post, PostQuery

_list_posts = Blog.list_posts


def of_everybody(self: Blog, credentials: Credentials, query: PostQuery) -> Page[Post]:
    return _list_posts(self, credentials, query.model_copy(update={"author": None}))


patch.object(Blog, "list_posts", of_everybody).start()

app = blog_fastapi.asgi.app
