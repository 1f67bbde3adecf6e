"""The 404 of a draft takes longer than that of nothing: the post is read before it is hidden."""

from unittest.mock import patch

from sqlalchemy import select

import blog_flask.wsgi
from blog_core.blog import Blog
from blog_core.domain.errors import NotFound
from blog_core.schemas import Credentials, Post
from blog_core.storage.tables import posts, users

_get_post = Blog.get_post


def get_post(self: Blog, credentials: Credentials, post_id: int) -> Post:
    with self.storage.reading() as storage:
        connection = storage.connection  # type: ignore[attr-defined] # of SqlRepositories
        found = connection.execute(select(posts).where(posts.c.id == post_id)).one_or_none()
        if found is None:
            raise NotFound
        connection.execute(select(users).where(users.c.id == found.author_id)).one()
    return _get_post(self, credentials, post_id)


patch.object(Blog, "get_post", get_post).start()

app = blog_flask.wsgi.app
