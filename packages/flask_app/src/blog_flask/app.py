"""The application factory."""

from functools import cached_property
from typing import Any

from flask import Flask
from jinja2 import Environment
from werkzeug.routing import BaseConverter

from blog_core.blog import Blog
from blog_core.http import swagger
from blog_core.http.front import Front
from blog_core.http.operations import ID, OPERATIONS, PAGES, PROVIDER, USERNAME
from blog_core.http.pages import environment
from blog_core.http.wsgi import FrontMiddleware
from blog_core.settings import Settings
from blog_core.wiring import build
from blog_flask import admin
from blog_flask.api import api, machine
from blog_flask.commands import commands, shell_context
from blog_flask.docs import docs
from blog_flask.errors import refused
from blog_flask.openapi import document
from blog_flask.pages import site


class IdConverter(BaseConverter):
    regex = ID

    def to_python(self, value: str) -> int:
        return int(value)


class UsernameConverter(BaseConverter):
    regex = USERNAME


class ProviderConverter(BaseConverter):
    regex = PROVIDER


class BlogFlask(Flask):
    """A Flask application that holds a blog and its settings, behind the front."""

    def __init__(self, blog: Blog, settings: Settings) -> None:
        super().__init__("blog_flask", static_folder=None)
        self.blog = blog
        self.settings = settings
        self.url_map.converters |= {
            "id": IdConverter,
            "provider": ProviderConverter,
            "username": UsernameConverter,
        }
        self.url_map.merge_slashes = False  # another path is another path
        # The front answers OPTIONS, and turns what escapes into a problem.
        self.config["PROVIDE_AUTOMATIC_OPTIONS"] = False
        self.config["PROPAGATE_EXCEPTIONS"] = True
        self.both = admin.WithAdmin(super().wsgi_app, blog, settings)
        front = Front(settings, (*OPERATIONS, *PAGES), [admin.NATIVE, swagger.NATIVE])
        self.wsgi_app: Any = FrontMiddleware(self.both, front)

    def create_jinja_environment(self) -> Environment:  # type: ignore[override] # needs no more
        return environment()

    @cached_property
    def document(self) -> bytes:
        return document(self)


def create_app(settings: Settings | None = None, blog: Blog | None = None) -> BlogFlask:
    """The blog on these settings, by default the environment's; `blog` stands in for theirs.

    Nothing touches the database before a request or a command.
    """
    settings = settings or Settings.from_env()
    app = BlogFlask(blog or build(settings), settings)
    app.register_blueprint(api)
    app.register_blueprint(machine)
    app.register_blueprint(site)
    app.register_blueprint(docs)
    app.cli.add_command(commands)
    app.shell_context_processor(shell_context)
    refused(app)
    return app
