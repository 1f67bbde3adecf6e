"""What an ASGI server loads: the application with the settings of the environment."""

import os
from typing import Any

from django.conf import settings
from django.core.asgi import get_asgi_application

from blog_core.http.asgi import FrontMiddleware
from blog_core.http.front import Front
from blog_core.http.operations import OPERATIONS, PAGES

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "blog_django.settings")

_django: Any = get_asgi_application()  # its annotations are narrower than ASGI
application = FrontMiddleware(_django, Front(settings.BLOG, (*OPERATIONS, *PAGES), settings.NATIVE))

from blog_django.session import blog  # noqa: E402 # it needs Django set up

blog().prepare()
