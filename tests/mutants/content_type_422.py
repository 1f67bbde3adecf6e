"""A body of another type is 422: FastAPI does not read it, and misses an object."""

from unittest.mock import patch

import blog_fastapi.asgi
from blog_core.domain.errors import FieldError, Invalid
from blog_core.http import problems
from blog_core.http.front import Front, Head
from blog_core.http.operations import Operation
from blog_core.http.replies import Reply

_read = Front.read


def unread(self: Front, operation: Operation, head: Head, body: bytes) -> bytes | Reply:
    found = _read(self, operation, head, body)
    if isinstance(found, Reply) and found.status == 415:
        return problems.of(Invalid([FieldError("", "wrong_type", "This must be a JSON object.")]))
    return found


patch.object(Front, "read", unread).start()

app = blog_fastapi.asgi.app
