"""A body that is no JSON is answered with Werkzeug's HTML page: nobody handles its BadRequest."""

from unittest.mock import patch

import blog_flask.wsgi
from blog_core.http import bodies


def left_to_flask(_body: bytes) -> None:
    return None


patch.object(bodies, "why_unreadable", left_to_flask).start()

app = blog_flask.wsgi.app
