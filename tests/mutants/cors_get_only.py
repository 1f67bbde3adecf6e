"""A preflight allows GET alone: the `allow_methods` that Starlette's CORSMiddleware begins with."""

from unittest.mock import patch

import blog_fastapi.asgi
from blog_core.http.front import Front, Head
from blog_core.http.replies import Headers

_cors = Front._cors


def get_only(self: Front, head: Head, status: int) -> Headers:
    return [
        (name, "GET" if name == "Access-Control-Allow-Methods" else value)
        for name, value in _cors(self, head, status)
    ]


patch.object(Front, "_cors", get_only).start()

app = blog_fastapi.asgi.app
