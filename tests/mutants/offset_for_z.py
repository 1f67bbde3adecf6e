"""Instants end in `+00:00` instead of `Z`: FastAPI's `jsonable_encoder` takes `isoformat`."""

import re
from dataclasses import replace
from unittest.mock import patch

from fastapi import Response

import blog_fastapi.asgi
from blog_core.http.replies import Reply
from blog_fastapi import api
from blog_fastapi.errors import send


def by_isoformat(reply: Reply) -> Response:
    return send(replace(reply, body=re.sub(rb"(\.[0-9]{6})Z\"", rb'\1+00:00"', reply.body)))


patch.object(api, "send", by_isoformat).start()

app = blog_fastapi.asgi.app
