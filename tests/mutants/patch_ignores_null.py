"""A null in PATCH changes nothing: `model_dump(exclude_none=True)` takes it for absent."""

from unittest.mock import patch

import blog_fastapi.asgi
from blog_core.blog import Blog
from blog_core.schemas import Credentials, Expected, Post, PostChanges

_change_post = Blog.change_post


def without_nulls(
    self: Blog,
    credentials: Credentials,
    post_id: int,
    changes: PostChanges,
    expected: Expected | None,
) -> Post:
    present = changes.model_dump(exclude_none=True, exclude_unset=True)
    changed = PostChanges.model_construct(set(present), **present)
    return _change_post(self, credentials, post_id, changed, expected)


patch.object(Blog, "change_post", without_nulls).start()

app = blog_fastapi.asgi.app
