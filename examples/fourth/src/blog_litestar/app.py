"""The application factory."""

from litestar import Litestar
from litestar.openapi import OpenAPIConfig
from litestar.plugins.jinja import JinjaTemplateEngine
from litestar.template import TemplateConfig

from blog_core.blog import Blog
from blog_core.http import documents
from blog_core.http.asgi import FrontMiddleware
from blog_core.http.front import Front
from blog_core.http.operations import OPERATIONS, PAGES
from blog_core.http.pages import environment
from blog_core.settings import Settings
from blog_core.wiring import build
from blog_litestar.api import api, machine
from blog_litestar.errors import HANDLERS
from blog_litestar.pages import site
from blog_litestar.schemas import CoreBodies, CoreRequest, CoreSchemas
from blog_litestar.session import DEPENDENCIES


def create_app(settings: Settings, blog: Blog | None = None) -> FrontMiddleware:
    """The blog on these settings, behind the front. Nothing touches the database before a request.

    `blog` stands in for the one the settings describe.
    """

    def prepare(app: Litestar) -> None:
        app.state.blog.prepare()

    def close(app: Litestar) -> None:
        app.state.blog.close()

    app = Litestar(
        route_handlers=[api, machine, site],
        dependencies=DEPENDENCIES,
        request_class=CoreRequest,
        exception_handlers=HANDLERS,
        plugins=[CoreBodies(), CoreSchemas()],
        template_config=TemplateConfig(engine=JinjaTemplateEngine.from_environment(environment())),
        openapi_config=OpenAPIConfig(documents.TITLE, documents.VERSION),
        # The front logs what nobody expected, once.
        logging_config=None,
        on_startup=[prepare],
        on_shutdown=[close],
    )
    app.state.blog = blog or build(settings)
    app.state.host = settings.hosts[0]
    return FrontMiddleware(app, Front(settings, (*OPERATIONS, *PAGES)))  # type: ignore[arg-type]
