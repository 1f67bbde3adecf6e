"""A body is read whole before its length is looked at, as through a bridge that buffers it."""

from typing import TYPE_CHECKING
from unittest.mock import patch

import blog_django.wsgi
from blog_core.http import bodies, wsgi
from blog_core.http.front import TOO_LARGE, Head
from blog_core.http.replies import Reply

if TYPE_CHECKING:
    from wsgiref.types import WSGIEnvironment


def buffered(head: Head, environ: "WSGIEnvironment") -> bytes | Reply:
    parts: list[bytes] = []
    left = head.content_length or 0
    while left and (part := environ["wsgi.input"].read(min(left, 64 * 1024))):
        parts.append(part)
        left -= len(part)
    body = b"".join(parts)
    return TOO_LARGE if len(body) > bodies.LARGEST else body


patch.object(wsgi, "_body", buffered).start()

app = blog_django.wsgi.application
