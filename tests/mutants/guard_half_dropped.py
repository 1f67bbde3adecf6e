"""Whoever is signed in may change a published post: of the guard the half about whose is gone."""

from dataclasses import replace
from datetime import datetime
from unittest.mock import patch

import blog_flask.wsgi
from blog_core.blog import Blog
from blog_core.domain.posts import BlogPost
from blog_core.ports import Caller, Repositories
from blog_core.schemas import Expected

_editable = Blog._editable


def for_anybody(
    self: Blog,
    storage: Repositories,
    caller: Caller,
    post_id: int,
    expected: Expected,
    now: datetime,
) -> BlogPost:
    post = storage.posts.get(post_id, caller, now)
    owner = caller if post is None else replace(caller, id=post.author_id)
    return _editable(self, storage, owner, post_id, expected, now)


patch.object(Blog, "_editable", for_anybody).start()

app = blog_flask.wsgi.app
