"""What a WSGI server loads: the application with the settings of the environment."""

import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application

from blog_core.http.front import Front
from blog_core.http.operations import OPERATIONS, PAGES
from blog_core.http.wsgi import FrontMiddleware

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "blog_django.settings")

application = FrontMiddleware(
    get_wsgi_application(), Front(settings.BLOG, (*OPERATIONS, *PAGES), settings.NATIVE)
)

from blog_django.session import blog  # noqa: E402 # it needs Django set up

blog().prepare()
