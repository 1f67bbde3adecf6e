"""Drafts stand in the list of posts: it hides what is scheduled only."""

from unittest.mock import patch

from sqlalchemy import or_

import blog_fastapi.asgi
from blog_core.storage import repositories
from blog_core.storage.tables import posts

patch.object(
    repositories, "_PUBLISHED", or_(repositories._PUBLISHED, posts.c.pub_date.is_(None))
).start()

app = blog_fastapi.asgi.app
