"""Without `If-Match` the change is made from whatever stands there."""

from unittest.mock import patch

import blog_flask.wsgi
from blog_core.schemas import Expected
from blog_flask import api
from blog_flask.session import expected


def anything() -> Expected:
    return expected() or Expected(any=True)


patch.object(api, "expected", anything).start()

app = blog_flask.wsgi.app
