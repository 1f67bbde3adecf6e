"""NaN is read, refused, and crashes the refusal: FastAPI's own repeats the input as JSON."""

from unittest.mock import patch

from fastapi.exception_handlers import request_validation_exception_handler

from blog_core.http import bodies
from blog_fastapi import errors

ALLOWED = {f"{constant} is not JSON." for constant in ("NaN", "Infinity", "-Infinity")}

_why_unreadable = bodies.why_unreadable


def but_for_constants(body: bytes) -> str | None:
    reason = _why_unreadable(body)
    return None if reason in ALLOWED else reason


patch.object(bodies, "why_unreadable", but_for_constants).start()
patch.object(errors, "_invalid", request_validation_exception_handler).start()

import blog_fastapi.asgi  # noqa: E402 # adds its handlers when imported

app = blog_fastapi.asgi.app
