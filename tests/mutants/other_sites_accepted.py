"""Forms and cookies of other sites are taken: FastAPI does not look where a request comes from."""

from unittest.mock import patch

import blog_fastapi.asgi
from blog_core.http.front import Front, Head
from blog_core.http.operations import Operation
from blog_core.http.replies import Reply


def unchecked(self: Front, operation: Operation, head: Head) -> Reply | None:
    return None


patch.object(Front, "_cross_site", unchecked).start()

app = blog_fastapi.asgi.app
