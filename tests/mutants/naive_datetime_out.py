"""Instants are shown without their zone, as the `isoformat` of a naive datetime."""

import re
from dataclasses import replace
from unittest.mock import patch

from flask import Response

import blog_flask.wsgi
from blog_core.http.replies import Reply
from blog_flask import api
from blog_flask.errors import send


def naive(reply: Reply) -> Response:
    return send(replace(reply, body=re.sub(rb"(\.[0-9]{6})Z\"", rb'\1"', reply.body)))


patch.object(api, "send", naive).start()

app = blog_flask.wsgi.app
