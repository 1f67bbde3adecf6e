"""Query parameters that nobody knows are refused: `extra="forbid"` in FastAPI's query model."""

from unittest.mock import patch
from urllib.parse import parse_qsl

from pydantic import BaseModel

import blog_fastapi.asgi
from blog_core.domain.errors import FieldError, Invalid
from blog_core.http import requests

_query = requests.query


def known(schema: type[BaseModel], query_string: str) -> BaseModel:
    names = dict(parse_qsl(query_string, keep_blank_values=True))
    unknown = sorted(names.keys() - schema.model_fields)
    if unknown:
        raise Invalid([FieldError(name, "unknown", "There is no such field.") for name in unknown])
    return _query(schema, query_string)


patch.object(requests, "query", known).start()

app = blog_fastapi.asgi.app
