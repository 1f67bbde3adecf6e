"""The 404 of a draft says that it is one."""

from unittest.mock import patch

from sqlalchemy import select

import blog_flask.wsgi
from blog_core.blog import Blog
from blog_core.domain.errors import BlogError, NotFound
from blog_core.http import problems
from blog_core.http.replies import Reply
from blog_core.schemas import Credentials, Post
from blog_core.storage.tables import posts

_get_post, _of = Blog.get_post, problems.of


class Unpublished(NotFound):
    """It is there, but not to be seen."""


def get_post(self: Blog, credentials: Credentials, post_id: int) -> Post:
    try:
        return _get_post(self, credentials, post_id)
    except NotFound:
        with self.storage.reading() as storage:
            connection = storage.connection  # type: ignore[attr-defined] # of SqlRepositories
            if connection.scalar(select(posts.c.id).where(posts.c.id == post_id)):
                raise Unpublished from None
        raise


def of(error: BlogError) -> Reply:
    if isinstance(error, Unpublished):
        return problems.problem(404, "This post is not published yet.")
    return _of(error)


patch.object(Blog, "get_post", get_post).start()
patch.object(problems, "of", of).start()

app = blog_flask.wsgi.app
