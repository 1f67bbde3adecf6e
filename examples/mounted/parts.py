"""The three applications without their fronts, on one blog, and who has which operations.

Settings come from the environment, as for each of them alone.
"""

from typing import TYPE_CHECKING

import blog_django.wsgi
import blog_fastapi.app
import blog_flask.app
from blog_core.http.front import Front
from blog_core.http.operations import OPERATIONS, PAGES
from blog_core.settings import Settings
from blog_django.session import blog
from examples.cut_over.routes import EVERYTHING, GROUPS

if TYPE_CHECKING:
    from wsgiref.types import WSGIApplication

settings = Settings.from_env()
# One pool of connections, one store of limits: the limits of three would each be reached alone.
shared = blog()

# An application's own front would act a second time on what the one outside has done.
django: "WSGIApplication" = blog_django.wsgi.application.application
flask: "WSGIApplication" = blog_flask.app.create_app(settings, shared).wsgi_app.application
fastapi = blog_fastapi.app.create_app(settings, shared).application

front = Front(settings, (*OPERATIONS, *PAGES))

FASTAPI = frozenset((*GROUPS["reading the API"], *GROUPS["writing posts by the API"]))
"""What has moved, by the names of the operations."""

DJANGO = frozenset((*GROUPS["reading pages"], *GROUPS["writing posts on pages"]))

FLASK = frozenset(EVERYTHING) - FASTAPI - DJANGO
"""The rest: accounts, tokens, signing in, settings, and what watches over the machine."""
