"""SQLAdmin over the core: it reads SQLAlchemy's models, and writes by the use cases.

Who may come in is decided by the site's own session: there is no other sign-in. What the core
refuses is said in the form that asked for it. What staff did is recorded by the core, in the
transaction that did it, and shown from there.
"""

from collections.abc import Sequence
from functools import cached_property

from fastapi.concurrency import run_in_threadpool
from starlette.applications import Starlette
from starlette.routing import BaseRoute, Match, Mount
from starlette.types import Receive, Scope, Send

from blog_core.blog import Blog
from blog_core.http.operations import Native

NATIVE = Native(
    "/admin/",
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'",
)


class LateAdmin:
    """The admin as an application, made when somebody first asks for a page of it.

    Until then the API and the site do not pay for it.
    """

    def __init__(self, blog: Blog, *, https: bool) -> None:
        self._blog, self._https = blog, https

    @cached_property
    def _made(self) -> Starlette:
        from blog_fastapi.admin.site import BlogAdmin  # noqa: PLC0415 # see above

        app = Starlette()
        app.router.redirect_slashes = False
        BlogAdmin(app, self._blog, https=self._https)
        return app

    @property
    def routes(self) -> Sequence[BaseRoute]:
        """Where addresses are looked up; only pages of the admin have any."""
        return self._made.routes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        made = await run_in_threadpool(lambda: self._made)
        await made(scope, receive, send)


class AdminMount(Mount):
    """Takes the admin's addresses, and leaves all others to the routes.

    SQLAdmin adds its prefix itself, so it is mounted at the root. A plain mount would answer there
    for every path and method that no route takes.
    """

    def __init__(self, blog: Blog, *, https: bool) -> None:
        super().__init__("", LateAdmin(blog, https=https))

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        return super().matches(scope) if NATIVE.holds(scope["path"]) else (Match.NONE, {})
