"""Of a query parameter given twice the last is taken, as Django's QueryDict gives it."""

from unittest.mock import patch
from urllib.parse import parse_qsl, urlencode

from pydantic import BaseModel

import blog_django.wsgi
from blog_core.http import requests

_query = requests.query


def last_of_each(schema: type[BaseModel], query_string: str) -> BaseModel:
    return _query(schema, urlencode(dict(parse_qsl(query_string, keep_blank_values=True))))


patch.object(requests, "query", last_of_each).start()

app = blog_django.wsgi.application
