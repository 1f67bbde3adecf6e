"""The application factory."""

from functools import cached_property
from typing import Any

from flask import Flask
from jinja2 import Environment
from werkzeug.routing import BaseConverter

from blog_core.blog import Blog
from blog_core.http.front import Front
from blog_core.http.operations import ID, OPERATIONS, PAGES, USERNAME
from blog_core.http.pages import environment
from blog_core.http.wsgi import FrontMiddleware
from blog_core.settings import Settings
from blog_core.wiring import build
from blog_flask.api import api, machine
from blog_flask.errors import refused
from blog_flask.openapi import document
from blog_flask.pages import site


class IdConverter(BaseConverter):
    regex = ID

    def to_python(self, value: str) -> int:
        return int(value)


class UsernameConverter(BaseConverter):
    regex = USERNAME


class BlogFlask(Flask):
    """A Flask application that holds a blog, behind the front.

    `host` is the one that names the site.
    """

    def __init__(self, blog: Blog, settings: Settings) -> None:
        super().__init__("blog_flask", static_folder=None)
        self.blog = blog
        self.host = settings.hosts[0]
        self.url_map.converters |= {"id": IdConverter, "username": UsernameConverter}
        self.url_map.merge_slashes = False  # another path is another path
        # The front answers OPTIONS, and turns what escapes into a problem.
        self.config["PROVIDE_AUTOMATIC_OPTIONS"] = False
        self.config["PROPAGATE_EXCEPTIONS"] = True
        front = Front(settings, (*OPERATIONS, *PAGES))
        self.wsgi_app: Any = FrontMiddleware(super().wsgi_app, front)

    def create_jinja_environment(self) -> Environment:  # type: ignore[override] # needs no more
        return environment()

    @cached_property
    def document(self) -> bytes:
        return document(self)


def create_app(settings: Settings, blog: Blog | None = None) -> BlogFlask:
    """The blog on these settings, behind the front. Nothing touches the database before a request.

    `blog` stands in for the one the settings describe.
    """
    app = BlogFlask(blog or build(settings), settings)
    app.register_blueprint(api)
    app.register_blueprint(machine)
    app.register_blueprint(site)
    refused(app)
    return app
