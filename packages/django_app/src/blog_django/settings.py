"""Django's settings: what the front or the core does already is left out or switched off."""

from typing import Any

from blog_core.http import documents
from blog_core.settings import Settings

BLOG = Settings.from_env()

SECRET_KEY = BLOG.secret_key
DEBUG = False
# The front answers an unexpected error, and is the one to log it.
DEBUG_PROPAGATE_EXCEPTIONS = True
# The front has compared the host with BLOG_HOSTS before Django sees a request.
ALLOWED_HOSTS = ["*"]

INSTALLED_APPS = ["drf_spectacular", "rest_framework", "blog_django"]
# The front puts on what every answer carries. It refuses what comes from another site's pages too,
# by the headers browsers send: that stands for CsrfViewMiddleware and its tokens.
MIDDLEWARE: list[str] = []
# `check --deploy` would have middleware for just that: nosniff and its like, framing, forms.
SILENCED_SYSTEM_CHECKS = ["security.W001", "security.W002", "security.W003"]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.jinja2.Jinja2",
        "OPTIONS": {"environment": "blog_core.http.rendering.environment"},
    }
]
ROOT_URLCONF = "blog_django.urls"
APPEND_SLASH = False  # another path is another path

USE_I18N = False
USE_TZ = True
TIME_ZONE = "UTC"

# A refusal is an answer, and not worth a warning each.
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "loggers": {"django.request": {"level": "CRITICAL"}},
}

REST_FRAMEWORK = {"EXCEPTION_HANDLER": "blog_django.errors.refused"}
SPECTACULAR_SETTINGS: dict[str, Any] = {
    "OAS_VERSION": "3.1.0",
    "TITLE": documents.TITLE,
    "VERSION": documents.VERSION,
    "APPEND_COMPONENTS": {
        "schemas": documents.PROBLEM_SCHEMAS,
        "securitySchemes": documents.SECURITY_SCHEMES,
    },
    "POSTPROCESSING_HOOKS": [],  # the default one moves enums into components
    "SORT_OPERATIONS": "blog_django.openapi.position",
    "SORT_OPERATION_PARAMETERS": False,
}
