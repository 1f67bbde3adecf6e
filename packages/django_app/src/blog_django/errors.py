"""Core's answers and failures as Django's responses."""

from typing import Any

from django.http import HttpResponse

from blog_core.domain.errors import BlogError
from blog_core.http import problems
from blog_core.http.replies import Reply


def send(reply: Reply) -> HttpResponse:
    return HttpResponse(reply.body, status=reply.status, headers=dict(reply.headers))


def refused(error: Exception, _context: dict[str, Any]) -> HttpResponse | None:
    """REST framework's exception handler; what it answers None to reaches the front."""
    return send(problems.of(error)) if isinstance(error, BlogError) else None
