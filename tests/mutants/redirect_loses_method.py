"""A slash too many is redirected with 301, after which clients send GET: Django's RedirectView."""

from dataclasses import replace
from unittest.mock import patch

from django.urls import re_path
from django.views.generic import RedirectView

import blog_django.wsgi
from blog_core.http.front import Front, Head
from blog_core.http.operations import Operation
from blog_core.http.replies import Reply
from blog_django import urls

_route = Front._route


def left_to_django(self: Front, head: Head) -> Operation | Reply:
    found = _route(self, head)
    other = _route(self, replace(head, path=head.path.rstrip("/"), raw_path=None))
    return found if isinstance(other, Reply) else other


patch.object(Front, "_route", left_to_django).start()
without_slash = RedirectView.as_view(url="/%(path)s", permanent=True)
urls.urlpatterns.append(re_path(r"^(?P<path>.+)/$", without_slash))

app = blog_django.wsgi.application
