"""After signing in one is led to wherever `next` says: Django's `redirect` asks no questions."""

from unittest.mock import patch

from django.utils.encoding import iri_to_uri

import blog_django.wsgi
from blog_core.http import forms


def anywhere(value: str) -> str:
    return iri_to_uri(value) or "/"


patch.object(forms, "own_path", anywhere).start()

app = blog_django.wsgi.application
