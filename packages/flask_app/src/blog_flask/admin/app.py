"""Flask-Admin over the blog: an application of its own.

    app = create_admin(blog, settings)

It reads the tables with a session that cannot write, and writes through the use cases. Its Jinja
environment, its signed cookie and its check before each request are not the site's, and cost the
site nothing.
"""

from flask import Flask, g, request
from flask_admin import Admin
from flask_admin.menu import MenuLink
from flask_admin.theme import Bootstrap4Theme

from blog_core.blog import Blog
from blog_core.domain.errors import NotFound
from blog_core.http import problems, static
from blog_core.http.rendering import moment
from blog_core.settings import Settings
from blog_flask.admin.reading import Reader
from blog_flask.admin.views import History, Home, Posts, Users
from blog_flask.errors import refused, send
from blog_flask.session import asked
from blog_flask.session import blog as the_blog

A_DAY = 86_400


class AdminFlask(Flask):
    """The application that holds the admin, and the same blog as the site."""

    def __init__(self, blog: Blog, settings: Settings) -> None:
        super().__init__("blog_flask.admin", static_url_path="/admin/own")
        self.blog = blog
        self.settings = settings
        self.config.update(
            PROPAGATE_EXCEPTIONS=True,  # to the front
            SECRET_KEY=blog.secrets.keyed("admin", "messages"),
            SEND_FILE_MAX_AGE_DEFAULT=A_DAY,
            # The cookie that keeps messages for the next page; who is signed in it does not know.
            SESSION_COOKIE_NAME="admin",
            SESSION_COOKIE_PATH="/admin/",
            SESSION_COOKIE_SAMESITE="Strict",
            SESSION_COOKIE_SECURE=settings.https,
        )


def create_admin(blog: Blog, settings: Settings) -> AdminFlask:
    """The admin of this blog. Nothing touches the database before a request."""
    app = AdminFlask(blog, settings)
    reader = Reader(blog)
    admin = Admin(
        app,
        name="The blog",
        index_view=Home(name="Home", template="blog/index.html"),
        theme=Bootstrap4Theme(base_template="blog/base.html"),
    )
    admin.add_views(
        Users(reader, name="Users", endpoint="users"),
        Posts(reader, name="Posts", endpoint="posts"),
        History(reader, name="History", endpoint="history"),
    )
    admin.add_link(MenuLink("To the site", url="/"))
    app.add_template_filter(moment)
    app.add_template_global(static.url, "static")
    app.before_request(only_staff)
    app.teardown_appcontext(lambda _: reader.remove())
    app.register_error_handler(404, lambda _: send(problems.of(NotFound())))
    refused(app)
    return app


def only_staff() -> None:
    """Whoever is not signed in is led to where one signs in; who is not on the staff gets 403."""
    if not f"{request.endpoint}".endswith("static"):
        g.caller = asked().credentials
        g.member = the_blog().staff.member(g.caller)
