"""Errors carry no CORS headers: FastAPI's error handling stands outside its CORSMiddleware."""

from unittest.mock import patch

import blog_fastapi.asgi
from blog_core.http.front import Front, Head
from blog_core.http.replies import Headers

_cors = Front._cors


def on_success(self: Front, head: Head, status: int) -> Headers:
    return _cors(self, head, status) if status < 400 else ()


patch.object(Front, "_cors", on_success).start()

app = blog_fastapi.asgi.app
