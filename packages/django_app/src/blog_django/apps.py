"""The blog and its admin as applications of Django's."""

from django.apps import AppConfig
from django.contrib.admin.apps import SimpleAdminConfig


class BlogConfig(AppConfig):
    name = "blog_django"
    label = "blog"
    verbose_name = "Blog"
    default = True
    default_auto_field = "django.db.models.BigAutoField"


class BlogAdminConfig(SimpleAdminConfig):
    """Without looking for `admin` modules: there is one, and the URLs import it."""

    default = False
    default_site = "blog_django.site.BlogAdminSite"
