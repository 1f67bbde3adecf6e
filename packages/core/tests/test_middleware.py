"""The two middlewares, where a server tells less, or other things, than it might."""

import asyncio
from collections.abc import Iterator
from io import BytesIO
from typing import Any

import pytest

from blog_core.http import asgi, wsgi
from blog_core.http.front import Front
from blog_core.http.requests import ASKED
from blog_core.settings import Settings

FRONT = Front(Settings())


def environ(**more: Any) -> dict[str, Any]:
    return {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": "/api/tokens",
        "HTTP_HOST": "localhost",
        "CONTENT_TYPE": "application/json",
        "wsgi.input": BytesIO(b"{}"),
        "wsgi.input_terminated": True,
        **more,
    }


def ask(request: dict[str, Any]) -> tuple[str, list[dict[str, Any]]]:
    """The status, and every environment from which the application read a body."""
    statuses: list[str] = []
    reached: list[dict[str, Any]] = []

    def application(environ: dict[str, Any], start_response: Any) -> Iterator[bytes]:
        refusal = environ[ASKED].refusal
        if refusal is None:
            reached.append(environ)
        # As `requests.admit` does, after the limits.
        start_response("200 OK" if refusal is None else f"{refusal.status} No", [])
        return iter(())

    def start_response(status: str, headers: object, exc_info: object = None) -> Any:
        statuses.append(status)

    list(wsgi.FrontMiddleware(application, FRONT)(request, start_response))
    return statuses[0], reached


@pytest.mark.sentence("lossy-server", "body-short")
def test_a_server_that_tells_little_gives_no_chunked_body_to_the_application() -> None:
    chunked = environ(HTTP_TRANSFER_ENCODING="chunked")
    status, reached = ask(chunked)
    assert ("411", []) == (status[:3], reached)
    status, reached = ask({**chunked, "RAW_URI": "/api/tokens", "wsgi.input": BytesIO(b"{}")})
    assert ("200 OK", b"{}") == (status, reached[0]["wsgi.input"].read())


@pytest.mark.sentence("body-short", "body-limit")
@pytest.mark.parametrize("length", ["9" * 20, "9" * 4000, "18446744073709551621"])
def test_a_length_of_many_digits_is_a_length(length: str) -> None:
    """A server that reads it takes the body's end for that of the connection."""
    told = environ(CONTENT_LENGTH=length, RAW_URI="/api/tokens")
    status, reached = ask(told)
    assert ("413", []) == (status[:3], reached)
    status, reached = ask({**told, "CONTENT_LENGTH": "2".zfill(30)})
    assert ("200 OK", b"{}") == (status, reached[0]["wsgi.input"].read())


@pytest.mark.parametrize(
    ("raw_path", "reached"),
    [
        (b"/livez", True),
        (b"http://localhost/livez", True),
        (b"HTTPS://a:b@[::1]:80/livez", True),
        (b"/livez#fragment", True),
        (b"http://localhost/livez#/fragment", True),
        (b"http://localhost", False),
        (b"livez", False),
        (b"/a://b/livez", False),
        (b"*", False),
    ],
)
def test_an_absolute_form_is_its_path(raw_path: bytes, reached: bool) -> None:
    """gunicorn's ASGI hands on the whole target."""
    paths: list[str] = []

    async def application(scope: Any, receive: Any, send: Any) -> None:
        paths.append(scope["path"])
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    async def receive() -> Any:
        return {"type": "http.request", "body": b""}

    async def send(message: Any) -> None: ...

    scope = {
        "type": "http",
        "method": "GET",
        "path": raw_path.decode(),
        "raw_path": raw_path,
        "query_string": b"",
        "headers": [(b"host", b"localhost")],
    }
    asyncio.run(asgi.FrontMiddleware(application, FRONT)(scope, receive, send))
    assert (["/livez"] if reached else []) == paths


@pytest.mark.sentence("upgrade")
def test_an_upgrade_does_not_reach_the_application() -> None:
    sent = environ(
        CONTENT_LENGTH="2", HTTP_CONNECTION="Upgrade", HTTP_UPGRADE="websocket", HTTP_ACCEPT="x"
    )
    (seen,) = ask(sent)[1]
    assert {"HTTP_HOST", "HTTP_ACCEPT"} == {name for name in seen if name.startswith("HTTP_")}


@pytest.mark.sentence("upgrade")
def test_a_websocket_is_refused() -> None:
    said: list[Any] = []

    async def application(scope: Any, receive: Any, send: Any) -> None:
        raise AssertionError("reached")

    async def receive() -> Any:
        return {"type": "websocket.connect"}

    async def send(message: Any) -> None:
        said.append(message)

    middleware = asgi.FrontMiddleware(application, FRONT)
    asyncio.run(middleware({"type": "websocket"}, receive, send))
    assert [{"type": "websocket.close"}] == said


def test_a_server_that_sends_files_by_itself_is_not_asked_to() -> None:
    """The front would see an empty answer, as behind granian."""
    offered: list[Any] = []

    async def application(scope: Any, receive: Any, send: Any) -> None:
        offered.append(scope.get("extensions"))
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    async def receive() -> Any:
        return {"type": "http.request"}

    async def send(_: Any) -> None:
        """Nobody reads it."""

    scope = {
        "type": "http",
        "method": "GET",
        "path": "/livez",
        "query_string": b"",
        "headers": [(b"host", b"localhost")],
        "extensions": {"http.response.pathsend": {}},
    }
    asyncio.run(asgi.FrontMiddleware(application, FRONT)(scope, receive, send))
    assert [{}] == offered
