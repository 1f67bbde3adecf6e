"""`status` is a list, sent as repeated keys: what FastAPI makes of `list[Status] = Query()`."""

from unittest.mock import patch
from urllib.parse import parse_qsl, urlencode

from pydantic import BaseModel

import blog_fastapi.asgi
from blog_core.http import requests

_query = requests.query


def repeated(schema: type[BaseModel], query_string: str) -> BaseModel:
    pairs = parse_qsl(query_string, keep_blank_values=True)
    asked = {value: (name, value) for name, value in pairs if name == "status"}
    others = [pair for pair in pairs if pair[0] != "status"]
    return _query(schema, urlencode([*list(asked.values())[:1], *others]))


patch.object(requests, "query", repeated).start()

app = blog_fastapi.asgi.app
