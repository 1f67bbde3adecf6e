"""`Vary` does not name `Cookie`: Flask adds it only where a session was touched."""

from unittest.mock import patch

import blog_flask.wsgi
from blog_core.http.front import Front, Head
from blog_core.http.replies import Headers

_common = Front._common


def without_cookie(self: Front, head: Head, status: int) -> Headers:
    return [
        (name, "Authorization, Origin" if name == "Vary" else value)
        for name, value in _common(self, head, status)
    ]


patch.object(Front, "_common", without_cookie).start()

app = blog_flask.wsgi.app
