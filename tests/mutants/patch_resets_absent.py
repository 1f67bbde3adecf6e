"""A PATCH without a date takes the date away: `model_dump()` gives defaults for what is absent."""

from unittest.mock import patch

import blog_flask.wsgi
from blog_core.blog import Blog
from blog_core.schemas import Credentials, Expected, Post, PostChanges

_change_post = Blog.change_post


def with_defaults(
    self: Blog,
    credentials: Credentials,
    post_id: int,
    changes: PostChanges,
    expected: Expected | None,
) -> Post:
    present = changes.model_fields_set | {"pub_date"}
    changed = PostChanges.model_construct(present, **changes.model_dump())
    return _change_post(self, credentials, post_id, changed, expected)


patch.object(Blog, "change_post", with_defaults).start()

app = blog_flask.wsgi.app
