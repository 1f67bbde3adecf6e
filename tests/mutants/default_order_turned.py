"""Without `order` the oldest come first, as rows come where nobody says `order_by`."""

from unittest.mock import patch

import blog_django.wsgi
from blog_core.blog import Blog
from blog_core.schemas import Credentials, Page, Post, PostQuery

_list_posts = Blog.list_posts


def by_id(self: Blog, credentials: Credentials, query: PostQuery) -> Page[Post]:
    order = {"order": query.order or "oldest"}
    return _list_posts(self, credentials, query.model_copy(update=order))


patch.object(Blog, "list_posts", by_id).start()

app = blog_django.wsgi.application
