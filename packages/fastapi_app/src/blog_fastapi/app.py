"""The application factory."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from blog_core.blog import Blog
from blog_core.http import documents, swagger
from blog_core.http.asgi import FrontMiddleware
from blog_core.http.front import Front
from blog_core.http.operations import OPERATIONS, PAGES
from blog_core.settings import Settings
from blog_core.wiring import build
from blog_fastapi.admin import NATIVE, AdminMount
from blog_fastapi.api import api, machine
from blog_fastapi.docs import docs
from blog_fastapi.errors import install
from blog_fastapi.pages import site


def create_app(settings: Settings, blog: Blog | None = None) -> FrontMiddleware:
    """The blog on these settings, behind the front. Nothing touches the database before a request.

    `blog` stands in for the one the settings describe.
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.blog.prepare()
        yield
        app.state.blog.close()

    app = FastAPI(
        title=documents.TITLE,
        version=documents.VERSION,
        lifespan=lifespan,
        redirect_slashes=False,  # another path is another path
        # Served by the operation `openapi` and by `docs`, behind the same rules.
        openapi_url=None,
        # Asks the environment about it on every request otherwise.
        telemetry={"tracing": False, "metrics": False, "logs": False},
        # Not included: an included router is searched twice for each request.
        routes=[*api.routes, *machine.routes, *site.routes, *docs.routes],
    )
    app.state.blog = blog or build(settings)
    app.state.host = settings.hosts[0]
    install(app)
    app.router.routes.append(AdminMount(app.state.blog, https=settings.https))
    return FrontMiddleware(app, Front(settings, (*OPERATIONS, *PAGES), [swagger.NATIVE, NATIVE]))
