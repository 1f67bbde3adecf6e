"""The keys of an object come in alphabetical order: Flask's `app.json.sort_keys`."""

import json
from dataclasses import replace
from unittest.mock import patch

from flask import Response
from flask.json.provider import DefaultJSONProvider

import blog_flask.wsgi
from blog_core.http.replies import Reply
from blog_flask import api
from blog_flask.errors import send

provider = DefaultJSONProvider(blog_flask.wsgi.app)
provider.ensure_ascii = False


def by_flask(reply: Reply) -> Response:
    if not reply.body:
        return send(reply)
    body = provider.dumps(json.loads(reply.body), separators=(",", ":"))
    return send(replace(reply, body=body.encode()))


patch.object(api, "send", by_flask).start()

app = blog_flask.wsgi.app
