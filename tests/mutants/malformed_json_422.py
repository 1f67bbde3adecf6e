"""A body that is no JSON is 422: FastAPI calls it a validation error."""

from unittest.mock import patch

import blog_fastapi.asgi
from blog_core.http import bodies

_why_unreadable = bodies.why_unreadable


def left_to_fastapi(body: bytes) -> str | None:
    reason = _why_unreadable(body)
    return None if reason == "The body is not JSON." else reason


patch.object(bodies, "why_unreadable", left_to_fastapi).start()

app = blog_fastapi.asgi.app
