"""What a request brings along, as dependencies.

Those that wait for nothing are `async` all the same: FastAPI sends each plain one to a thread.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Request, Security
from fastapi.concurrency import run_in_threadpool
from fastapi.routing import APIRoute
from fastapi.security import HTTPBearer, OAuth2PasswordBearer
from starlette.routing import Match
from starlette.types import Scope

from blog_core.blog import Blog
from blog_core.http import forms, pages, requests
from blog_core.http.requests import ASKED, Asked
from blog_core.schemas import Credentials, OwnUser, PageQuery, PostQuery, Provider


@dataclass(frozen=True, slots=True)
class Session:
    """The blog, and who asks."""

    blog: Blog
    caller: Credentials


async def get_session(request: Request) -> Session:
    asked: Asked = request.scope[ASKED]
    blog: Blog = request.app.state.blog
    if blog.limiter.waits:
        await run_in_threadpool(requests.count, asked, blog.limiter)
    else:
        requests.count(asked, blog.limiter)
    return Session(blog, requests.admit(asked))


@dataclass(frozen=True, slots=True)
class Visit:
    """The blog, who looks at a page of it and is signing in to it, and the host that names it."""

    blog: Blog
    caller: Credentials
    visitor: OwnUser | None
    host: str
    pending: str | None

    @property
    def providers(self) -> Sequence[Provider]:
        return self.blog.openid.providers


def get_visit(request: Request) -> Visit:
    """Plain, because whoever sends a session is looked up in the database."""
    asked: Asked = request.scope[ASKED]
    state = request.app.state
    requests.count(asked, state.blog.limiter)
    requests.admit(asked)
    seen = pages.visitor(asked, state.blog)
    return Visit(state.blog, seen.credentials, seen.user, state.host, asked.pending)


class OperationRoute(APIRoute):
    """A route that is asked only for its own operation, which the front knows already.

    Matching the path against every route in turn costs more than the route itself.
    """

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        if scope[ASKED].operation.name != self.name:
            return Match.NONE, {}
        return super().matches(scope)


class Password(OAuth2PasswordBearer):
    """Says in the document where a token is to be had for a name and a password."""

    async def __call__(self, request: Request) -> None:  # type: ignore[override]
        """Nothing is looked at: that is for `Bearer`, whatever way the token came."""


class Bearer(HTTPBearer):
    """Says in the document that a token is needed. Which is good is the blog's to decide."""

    async def __call__(  # type: ignore[override]
        self,
        request: Request,
        _: Annotated[None, Security(Password("/api/oauth/token", "password"))],
    ) -> Session:
        return await get_session(request)


async def get_query(request: Request) -> Any:
    """The query by the operation's schema: FastAPI's own would take the last of two values."""
    asked: Asked = request.scope[ASKED]
    assert asked.operation.query is not None  # noqa: S101 # a list has a query
    return requests.query(asked.operation.query, asked.query)


async def get_fields(request: Request) -> dict[str, str]:
    """The form that was sent."""
    asked: Asked = request.scope[ASKED]
    return forms.fields(asked.body)


async def get_browser(request: Request) -> str:
    return request.headers.get("User-Agent", "")


Anyone = Annotated[Session, Depends(get_session)]
SignedIn = Annotated[Session, Security(Bearer(scheme_name="bearer"))]
PageAsked = Annotated[PageQuery, Depends(get_query)]
PostsAsked = Annotated[PostQuery, Depends(get_query)]

Visiting = Annotated[Visit, Depends(get_visit)]
HomeAsked = Annotated[forms.PostsQuery, Depends(get_query)]
ListAsked = Annotated[forms.CursorQuery, Depends(get_query)]
LoginAsked = Annotated[forms.LoginQuery, Depends(get_query)]
ReturnAsked = Annotated[forms.ReturnQuery, Depends(get_query)]
SettingsAsked = Annotated[forms.SettingsQuery, Depends(get_query)]
Fields = Annotated[dict[str, str], Depends(get_fields)]
Browser = Annotated[str, Depends(get_browser)]
