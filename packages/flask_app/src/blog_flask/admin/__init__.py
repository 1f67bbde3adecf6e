"""The admin, mounted beside the site and made when somebody first asks for a page of it."""

from collections.abc import Iterable
from functools import cached_property
from typing import TYPE_CHECKING

from blog_core.blog import Blog
from blog_core.http.operations import Native
from blog_core.settings import Settings

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

    from flask import Flask

# Bootstrap has its icons in its style.
NATIVE = Native(
    "/admin/",
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'",
)


class WithAdmin:
    """Two applications as one, told apart by the path, as Flask's documentation dispatches."""

    def __init__(self, site: "WSGIApplication", blog: Blog, settings: Settings) -> None:
        self.site = site
        self.blog = blog
        self.settings = settings

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        application = self.admin if NATIVE.holds(environ["PATH_INFO"]) else self.site
        return application(environ, start_response)

    @cached_property
    def admin(self) -> "Flask":
        from blog_flask.admin.app import create_admin  # noqa: PLC0415 # who never asks need not wait

        return create_admin(self.blog, self.settings)
