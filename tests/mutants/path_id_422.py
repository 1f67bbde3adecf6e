"""An id out of form is a validation error, as FastAPI answers for a typed path parameter."""

import re
from unittest.mock import patch

import blog_fastapi.asgi
from blog_core.domain.errors import FieldError, Invalid
from blog_core.http import problems
from blog_core.http.front import Front, Head
from blog_core.http.operations import Operation
from blog_core.http.replies import Reply

_route = Front._route


def validated(self: Front, head: Head) -> Operation | Reply:
    found = _route(self, head)
    if (
        isinstance(found, Reply)
        and found.status == 404
        and re.match("/api/posts/[^/]+$", head.path)
    ):
        return problems.of(Invalid([FieldError("post_id", "int_parsing", "Not a whole number.")]))
    return found


patch.object(Front, "_route", validated).start()

app = blog_fastapi.asgi.app
