"""`pub_date` may be null but not absent: Pydantic 2 gives `X | None` no default any more."""

from unittest.mock import patch

import blog_flask.wsgi
from blog_core import schemas


class NewPost(schemas.NewPost):
    pub_date: schemas.InstantIn | None


patch.object(schemas, "NewPost", NewPost).start()

app = blog_flask.wsgi.app
