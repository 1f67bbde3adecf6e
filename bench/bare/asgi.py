"""The floor as an ASGI application; the queries run on the loop, without a thread."""

from typing import TYPE_CHECKING

from bench.bare import queries

if TYPE_CHECKING:
    from asgiref.typing import ASGIReceiveCallable, ASGISendCallable, Scope


async def app(scope: "Scope", receive: "ASGIReceiveCallable", send: "ASGISendCallable") -> None:
    if scope["type"] != "http":
        return
    path = scope["path"]
    status = 200
    if scope["method"] == "GET":
        if path == "/api/posts":
            body = queries.list_posts()
        else:
            body = queries.get_post(int(path.rpartition("/")[2]))
    else:
        status = 201
        sent = await _read(receive)
        if path == "/api/posts":
            token = dict(scope["headers"])[b"authorization"].decode().removeprefix("Bearer ")
            created = queries.create_post(sent, token)
            status, body = (status, created) if created else (401, b"{}")
        else:
            body = queries.sign_in(sent)
    await send(
        {
            "type": "http.response.start",
            "status": status,
            "headers": [
                (b"content-type", b"application/json"),
                (b"content-length", str(len(body)).encode()),
            ],
            "trailers": False,
        }
    )
    await send({"type": "http.response.body", "body": body, "more_body": False})


async def _read(receive: "ASGIReceiveCallable") -> bytes:
    body = b""
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return body
        body += message["body"]
        if not message["more_body"]:
            return body
