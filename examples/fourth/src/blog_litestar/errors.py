"""Answers, and failures as answers."""

from typing import Any, NoReturn

from litestar import Request, Response
from litestar.response import Template
from litestar.response.base import ASGIResponse
from litestar.types import ExceptionHandlersMap

from blog_core.domain.errors import BlogError
from blog_core.http import problems
from blog_core.http.forms import Again
from blog_core.http.pages import Page
from blog_core.http.replies import Reply

Asking = Request[Any, Any, Any]
Sent = Response[None]


class Ready(Sent):
    """A reply of the core, sent as it is: nothing encodes its body again."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(None, status_code=reply.status)
        self._reply = reply

    def to_asgi_response(self, *_: Any, **__: Any) -> ASGIResponse:
        reply = self._reply
        return ASGIResponse(body=reply.body, headers=reply.headers, status_code=reply.status)


def send(reply: Reply) -> Sent:
    return Ready(reply)


def render(page: Page) -> Template:
    return Template(
        page.template,
        context=dict(page.context),
        status_code=page.status,
        headers=dict(page.headers),
        media_type="text/html",  # Litestar adds the charset
    )


def refused(_: Asking, error: BlogError) -> Sent:
    return send(problems.of(error))


def show_again(_: Asking, again: Again) -> Template:
    return render(again.page)


def escape(_: Asking, error: Exception) -> NoReturn:
    """What nobody expected is the front's to log and to answer."""
    raise error


HANDLERS: ExceptionHandlersMap = {BlogError: refused, Again: show_again, Exception: escape}
