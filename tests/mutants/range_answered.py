"""A range is answered with 206 and a part: Werkzeug's conditional response, ranges on."""

from unittest.mock import patch

from flask import Response, request

import blog_flask.wsgi
from blog_core.http.replies import Reply
from blog_flask import api
from blog_flask.errors import send


def conditional(reply: Reply) -> Response:
    response = send(reply)
    if reply.status == 200:
        response.make_conditional(
            request.environ, accept_ranges=True, complete_length=len(reply.body)
        )
    return response


patch.object(api, "send", conditional).start()

app = blog_flask.wsgi.app
