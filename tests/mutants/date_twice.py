"""The application says `Date`, and uvicorn says it again."""

from email.utils import formatdate
from unittest.mock import patch

import blog_fastapi.asgi
from blog_core.http.front import Front, Head
from blog_core.http.replies import Headers

_common = Front._common


def dated(self: Front, head: Head, status: int) -> Headers:
    return [*_common(self, head, status), ("Date", formatdate(usegmt=True))]


patch.object(Front, "_common", dated).start()

app = blog_fastapi.asgi.app
