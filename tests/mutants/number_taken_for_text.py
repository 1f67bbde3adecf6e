"""A number is taken for the text of its digits, as REST framework's CharField takes it."""

from typing import Any
from unittest.mock import patch

import blog_django.wsgi
from blog_django.serializers import SchemaSerializer

_run_validation = SchemaSerializer.run_validation


def coerced(self: SchemaSerializer, data: Any) -> Any:
    if isinstance(data, dict):
        data = {
            name: str(value) if type(value) in (int, float) else value
            for name, value in data.items()
        }
    return _run_validation(self, data)


patch.object(SchemaSerializer, "run_validation", coerced).start()

app = blog_django.wsgi.application
