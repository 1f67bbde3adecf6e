"""A path with a slash too many is redirected: `redirect_slashes`, which FastAPI has on."""

from dataclasses import replace
from typing import Any
from unittest.mock import patch

import blog_fastapi.asgi
from blog_core.http.front import Front, Head
from blog_core.http.operations import Operation
from blog_core.http.replies import Reply

_route = Front._route


def left_to_fastapi(self: Front, head: Head) -> Operation | Reply:
    found = _route(self, head)
    other = _route(self, replace(head, path=head.path.rstrip("/"), raw_path=None))
    return found if isinstance(other, Reply) else other


patch.object(Front, "_route", left_to_fastapi).start()

app = blog_fastapi.asgi.app
fastapi: Any = app.application
fastapi.router.redirect_slashes = True
