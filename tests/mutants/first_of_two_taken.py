"""Of a query parameter given twice the first is taken, as Flask's `request.args` gives it."""

from unittest.mock import patch
from urllib.parse import parse_qsl, urlencode

from pydantic import BaseModel

import blog_flask.wsgi
from blog_core.http import requests

_query = requests.query


def first_of_each(schema: type[BaseModel], query_string: str) -> BaseModel:
    pairs = parse_qsl(query_string, keep_blank_values=True)
    return _query(schema, urlencode(dict(reversed(pairs))))


patch.object(requests, "query", first_of_each).start()

app = blog_flask.wsgi.app
