"""The version is compared first and the post changed afterwards, in another transaction."""

from unittest.mock import patch

import blog_flask.wsgi
from blog_core.blog import Blog
from blog_core.domain.errors import Stale, VersionRequired
from blog_core.schemas import Credentials, Expected, Post, PostChanges

_change_post = Blog.change_post


def check_then_write(
    self: Blog,
    credentials: Credentials,
    post_id: int,
    changes: PostChanges,
    expected: Expected | None,
) -> Post:
    if expected is None:
        raise VersionRequired
    if not expected.allows(self.get_post(credentials, post_id).version):
        raise Stale
    return _change_post(self, credentials, post_id, changes, Expected(any=True))


patch.object(Blog, "change_post", check_then_write).start()

app = blog_flask.wsgi.app
