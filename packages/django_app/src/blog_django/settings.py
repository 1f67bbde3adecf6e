"""Django's settings: what the front or the core does already is left out or switched off."""

from typing import Any

from blog_core.http import documents, swagger
from blog_core.http.front import HTML_POLICY
from blog_core.http.operations import Native
from blog_core.settings import Settings
from blog_django import static
from blog_django.database import databases

BLOG = Settings.from_env()

SECRET_KEY = BLOG.secret_key
DEBUG = False
# The front answers an unexpected error, and is the one to log it.
DEBUG_PROPAGATE_EXCEPTIONS = True
# The front has compared the host with BLOG_HOSTS before Django sees a request.
ALLOWED_HOSTS = ["*"]

# What the front passes on as it came: Django's own pages. The admin's scripts and styles are all
# files; the browsable API's templates have styles in attributes.
NATIVE = (
    swagger.NATIVE,
    Native("/admin/", HTML_POLICY),
    Native("/browse/", f"{HTML_POLICY}; style-src 'self' 'unsafe-inline'"),
)

WSGI_APPLICATION = "blog_django.wsgi.application"  # for runserver: behind the front as elsewhere
DATABASES = databases(BLOG.database_url)
DATABASE_ROUTERS = ["blog_django.database.BlogRouter"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "blog_django",
    "drf_spectacular",
    "rest_framework",
    "blog_django.apps.BlogAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.staticfiles",
]
# The front puts on what every answer carries. It refuses what comes from another site's pages too,
# by the headers browsers send: that stands for CsrfViewMiddleware and its tokens.
MIDDLEWARE: list[str] = []
SILENCED_SYSTEM_CHECKS = [
    # `check --deploy` would have middleware for just that: nosniff and its like, framing, forms.
    "security.W001",
    "security.W002",
    "security.W003",
    # The admin would have middleware for users, messages and sessions: `blog_django.native` stands
    # for the first two around its views alone, and there are no sessions but the site's.
    "admin.E408",
    "admin.E409",
    "admin.E410",
    "auth.W004",  # usernames are unique without regard to case: by `username_key`
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.jinja2.Jinja2",
        "OPTIONS": {"environment": "blog_core.http.rendering.environment"},
    },
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "blog_django.native.no_token",
            ]
        },
    },
]
ROOT_URLCONF = "blog_django.urls"
APPEND_SLASH = False  # another path is another path

AUTH_USER_MODEL = "blog.User"
AUTHENTICATION_BACKENDS = ["blog_django.native.SessionBackend"]
AUTH_PASSWORD_VALIDATORS = [{"NAME": "blog_django.native.CorePasswordValidator"}]
LOGIN_URL = "/login"
# Kept in a cookie: there is no session but the site's.
MESSAGE_STORAGE = "django.contrib.messages.storage.cookie.CookieStorage"
SESSION_COOKIE_SECURE = BLOG.https  # of the messages, too
STATIC_URL = static.prefix()

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
