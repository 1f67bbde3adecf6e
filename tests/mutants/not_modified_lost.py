"""A post that has not changed is sent again: nothing in FastAPI compares `If-None-Match`."""

from unittest.mock import patch

import blog_fastapi.asgi
from blog_core.http import front
from blog_core.http.front import Head
from blog_core.http.replies import Headers


def never(_head: Head, _headers: Headers) -> bool:
    return False


patch.object(front, "_not_modified", never).start()

app = blog_fastapi.asgi.app
