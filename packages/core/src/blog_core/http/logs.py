"""The log of the blog, and the id of the request under way, which its lines name."""

import logging
from contextvars import ContextVar

log = logging.getLogger("blog")

request_id: ContextVar[str] = ContextVar("request_id", default="-")
