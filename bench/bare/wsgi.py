"""The floor as a WSGI application."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from bench.bare import queries

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment


def app(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
    path = environ["PATH_INFO"]
    status = "200 OK"
    if environ["REQUEST_METHOD"] == "GET":
        if path == "/api/posts":
            body = queries.list_posts()
        else:
            body = queries.get_post(int(path.rpartition("/")[2]))
    else:
        status = "201 Created"
        sent = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
        if path == "/api/posts":
            token = environ["HTTP_AUTHORIZATION"].removeprefix("Bearer ")
            created = queries.create_post(sent, token)
            status, body = (status, created) if created else ("401 Unauthorized", b"{}")
        else:
            body = queries.sign_in(sent)
    start_response(
        status, [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
    )
    return [body]
