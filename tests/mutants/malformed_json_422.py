"""A body that is no JSON is 422: FastAPI calls it a validation error."""

from unittest.mock import patch

import blog_fastapi.asgi
from blog_core.http import bodies


def left_to_fastapi(_body: bytes) -> None:
    return None


patch.object(bodies, "why_unreadable", left_to_fastapi).start()

app = blog_fastapi.asgi.app
