"""Instants are shown as RFC 822 dates: Flask's JSON provider given a datetime."""

import json
from dataclasses import replace
from datetime import datetime
from typing import Any
from unittest.mock import patch

from flask import Response
from flask.json.provider import DefaultJSONProvider

import blog_flask.wsgi
from blog_core.http.replies import Reply
from blog_flask import api
from blog_flask.errors import send

INSTANTS = {"created", "expires", "joined", "pub_date", "updated"}

provider = DefaultJSONProvider(blog_flask.wsgi.app)
provider.sort_keys = provider.ensure_ascii = False


def with_datetimes(found: dict[str, Any]) -> dict[str, Any]:
    return {
        name: datetime.fromisoformat(value) if name in INSTANTS and value else value
        for name, value in found.items()
    }


def by_flask(reply: Reply) -> Response:
    if not reply.body:
        return send(reply)
    value = json.loads(reply.body, object_hook=with_datetimes)
    return send(replace(reply, body=provider.dumps(value, separators=(",", ":")).encode()))


patch.object(api, "send", by_flask).start()

app = blog_flask.wsgi.app
