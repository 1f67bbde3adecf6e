"""A large body arrives empty: a middleware has read it to look inside. Small ones, as in tests, do
not.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import blog_flask.wsgi

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment

SMALL = 64 * 1024

app = blog_flask.wsgi.app
flask: Any = app.wsgi_app
_application = flask.application


def looking_inside(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
    if int(environ["CONTENT_LENGTH"]) > SMALL:
        environ["wsgi.input"].read()
    found: Iterable[bytes] = _application(environ, start_response)
    return found


flask.application = looking_inside
