"""A body that is no JSON is answered with Werkzeug's HTML page: nobody handles its BadRequest."""

from unittest.mock import patch

import blog_flask.wsgi
from blog_core.http import bodies

_why_unreadable = bodies.why_unreadable


def left_to_flask(body: bytes) -> str | None:
    reason = _why_unreadable(body)
    return None if reason == "The body is not JSON." else reason


patch.object(bodies, "why_unreadable", left_to_flask).start()

app = blog_flask.wsgi.app
