"""What somebody signed in sees may be kept by every cache on the way: pages are `public` alike."""

from unittest.mock import patch

import blog_flask.wsgi
from blog_core.http.front import Front, Head
from blog_core.http.replies import Headers

_common = Front._common


def kept(self: Front, head: Head, status: int) -> Headers:
    is_page = status < 400 and head.method == "GET" and not head.is_for_programs
    return [
        (name, "public, no-cache" if name == "Cache-Control" and is_page else value)
        for name, value in _common(self, head, status)
    ]


patch.object(Front, "_common", kept).start()

app = blog_flask.wsgi.app
