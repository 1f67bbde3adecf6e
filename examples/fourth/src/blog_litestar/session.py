"""What a request brings along: guards, and dependencies by the names of their parameters."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from litestar.concurrency import sync_to_thread
from litestar.connection import ASGIConnection
from litestar.di import NamedDependency, Provide
from litestar.handlers import BaseRouteHandler

from blog_core.blog import Blog
from blog_core.http import forms, pages, requests
from blog_core.http.requests import ASKED, Asked
from blog_core.schemas import Credentials, OwnUser, PageQuery, PostQuery, Provider
from blog_litestar.errors import Asking

Connection = ASGIConnection[Any, Any, Any, Any]


def asked_by(request: Connection) -> Asked:
    """The request as the front read it."""
    scope: Any = request.scope  # ASGI knows nothing of what the front put there
    found: Asked = scope[ASKED]
    return found


def blog_of(request: Connection) -> Blog:
    found: Blog = request.app.state.blog
    return found


async def admit(request: Connection, _: BaseRouteHandler) -> None:
    """A guard, because those come before the body is looked at: how often, who, and what query."""
    asked, blog = asked_by(request), blog_of(request)
    if blog.limiter.waits:
        await sync_to_thread(requests.count, asked, blog.limiter)
    else:
        requests.count(asked, blog.limiter)
    requests.admit(asked)


@dataclass(frozen=True, slots=True)
class Session:
    """The blog, and who asks."""

    blog: Blog
    caller: Credentials


async def get_session(request: Asking) -> Session:
    return Session(blog_of(request), asked_by(request).credentials)


@dataclass(frozen=True, slots=True)
class Visit:
    """The blog, who looks at a page of it and is signing in to it, and the host that names it."""

    blog: Blog
    caller: Credentials
    visitor: OwnUser | None
    host: str
    pending: str | None
    browser: str

    @property
    def providers(self) -> Sequence[Provider]:
        return self.blog.openid.providers


def get_visit(request: Asking) -> Visit:
    """In a thread, because whoever sends a session is looked up in the database."""
    asked, blog = asked_by(request), blog_of(request)
    seen = pages.visitor(asked, blog)
    browser = request.headers.get("User-Agent", "")
    host: str = request.app.state.host
    return Visit(blog, seen.credentials, seen.user, host, asked.pending, browser)


async def get_fields(request: Asking) -> dict[str, str]:
    """The form that was sent."""
    return forms.fields(asked_by(request).body)


async def page_asked(request: Asking) -> PageQuery:
    return requests.query(PageQuery, asked_by(request).query)


async def posts_asked(request: Asking) -> PostQuery:
    return requests.query(PostQuery, asked_by(request).query)


async def home_asked(request: Asking) -> forms.PostsQuery:
    return requests.query(forms.PostsQuery, asked_by(request).query)


async def list_asked(request: Asking) -> forms.CursorQuery:
    return requests.query(forms.CursorQuery, asked_by(request).query)


async def login_asked(request: Asking) -> forms.LoginQuery:
    return requests.query(forms.LoginQuery, asked_by(request).query)


async def return_asked(request: Asking) -> forms.ReturnQuery:
    return requests.query(forms.ReturnQuery, asked_by(request).query)


async def settings_asked(request: Asking) -> forms.SettingsQuery:
    return requests.query(forms.SettingsQuery, asked_by(request).query)


DEPENDENCIES = {
    "session": Provide(get_session),
    "visit": Provide(get_visit, sync_to_thread=True),
    "fields": Provide(get_fields),
    "page_asked": Provide(page_asked),
    "posts_asked": Provide(posts_asked),
    "home_asked": Provide(home_asked),
    "list_asked": Provide(list_asked),
    "login_asked": Provide(login_asked),
    "return_asked": Provide(return_asked),
    "settings_asked": Provide(settings_asked),
}

Anyone = NamedDependency[Session]
PageAsked = NamedDependency[PageQuery]
PostsAsked = NamedDependency[PostQuery]

Visiting = NamedDependency[Visit]
HomeAsked = NamedDependency[forms.PostsQuery]
ListAsked = NamedDependency[forms.CursorQuery]
LoginAsked = NamedDependency[forms.LoginQuery]
ReturnAsked = NamedDependency[forms.ReturnQuery]
SettingsAsked = NamedDependency[forms.SettingsQuery]
Fields = NamedDependency[dict[str, str]]
