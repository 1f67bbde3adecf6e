"""Drafts are left out of a page after it was cut: it is shorter by them, and `next` counts them."""

from dataclasses import replace
from unittest.mock import patch

from sqlalchemy import or_

import blog_flask.wsgi
from blog_core.blog import Blog
from blog_core.schemas import Credentials, Page, Post, PostQuery
from blog_core.storage import repositories
from blog_core.storage.tables import posts

_list_posts = Blog.list_posts


def left_out(self: Blog, credentials: Credentials, query: PostQuery) -> Page[Post]:
    page = _list_posts(self, credentials, query)
    if query.status not in (None, "published"):
        return page
    return replace(page, results=[post for post in page.results if post.status == "published"])


patch.object(Blog, "list_posts", left_out).start()
patch.object(
    repositories, "_PUBLISHED", or_(repositories._PUBLISHED, posts.c.pub_date.is_(None))
).start()

app = blog_flask.wsgi.app
