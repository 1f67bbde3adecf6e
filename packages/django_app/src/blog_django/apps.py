"""The blog and its admin as applications of Django's."""

from django.apps import AppConfig
from django.contrib.admin.apps import SimpleAdminConfig
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, reset_queries


class BlogConfig(AppConfig):
    name = "blog_django"
    label = "blog"
    verbose_name = "Blog"
    default = True
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # Django looks at its connections before and after every request. Only its own pages use
        # any, and close them themselves: the API does not pay for it.
        request_started.disconnect(reset_queries)
        request_started.disconnect(close_old_connections)
        request_finished.disconnect(close_old_connections)


class BlogAdminConfig(SimpleAdminConfig):
    """Without looking for `admin` modules: there is one, and the URLs import it."""

    default = False
    default_site = "blog_django.site.BlogAdminSite"
