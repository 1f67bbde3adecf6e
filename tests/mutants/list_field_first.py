"""Of `If-Match` in two header fields the first is read: FastAPI's Header gives one of them."""

from unittest.mock import patch

import blog_fastapi.asgi
from blog_core.http import asgi
from blog_core.http.front import joined

LISTS = ("if-match", "if-none-match")


def first_of_each(fields: list[tuple[str, str]]) -> dict[str, str]:
    found = joined(fields)
    return found | {name: dict(reversed(fields))[name] for name in LISTS if name in found}


patch.object(asgi, "joined", first_of_each).start()

app = blog_fastapi.asgi.app
