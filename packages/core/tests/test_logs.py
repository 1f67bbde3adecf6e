"""What an error says, and to whom: the log everything, the client nothing."""

import asyncio
import logging
from collections.abc import Callable, Iterable
from io import BytesIO
from typing import Any

import pytest

from blog_core.domain.errors import Unavailable
from blog_core.http import asgi, problems, wsgi
from blog_core.http.front import Front
from blog_core.settings import Settings
from blog_core.telemetry.logs import request_id

FRONT = Front(Settings())
INSIDE = "the secret of the inside"

Answer = tuple[int, dict[str, str], bytes]


class Failure(Exception):
    pass


def over_wsgi(path: str, *, late: bool = False, silent: bool = False) -> Answer:
    """The answer of a WSGI application that fails at once, in the middle, or says nothing."""

    def application(environ: Any, start_response: Any) -> Iterable[bytes]:
        if late:
            start_response("200 OK", [("X-Inside", INSIDE)])
            return rest()
        if silent:
            return []
        raise Failure(INSIDE)

    def rest() -> Iterable[bytes]:
        yield INSIDE.encode()
        raise Failure(INSIDE)

    started: list[tuple[str, list[tuple[str, str]]]] = []
    environ = {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": path,
        "HTTP_HOST": "localhost",
        "HTTP_X_REQUEST_ID": "the-id",
        "wsgi.input": BytesIO(),
    }

    def start_response(status: str, headers: list[tuple[str, str]]) -> None:
        started.append((status, headers))

    middleware = wsgi.FrontMiddleware(application, FRONT)
    body = b"".join(middleware(environ, start_response))  # type: ignore[arg-type] # enough of it
    ((status, headers),) = started
    return int(status[:3]), {name.lower(): value for name, value in headers}, body


def over_asgi(path: str, *, late: bool = False, silent: bool = False) -> Answer:
    """The same of an ASGI application."""

    async def application(scope: Any, receive: Any, send: Any) -> None:
        if late:
            headers = [(b"x-inside", INSIDE.encode())]
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            body = {"type": "http.response.body", "body": INSIDE.encode(), "more_body": True}
            await send(body)
        if not silent:
            raise Failure(INSIDE)

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "GET",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [(b"host", b"localhost"), (b"x-request-id", b"the-id")],
    }
    asyncio.run(asgi.FrontMiddleware(application, FRONT)(scope, receive, send))
    start, body = sent
    headers = {name.decode(): value.decode() for name, value in start["headers"]}
    return start["status"], headers, body["body"]


@pytest.mark.sentence("unexpected", "problem-everywhere")
@pytest.mark.parametrize("serve", [over_wsgi, over_asgi])
@pytest.mark.parametrize("failing", [{}, {"late": True}, {"silent": True}], ids=str)
def test_an_unexpected_error_is_logged_once_and_says_nothing(
    serve: Callable[..., Answer], failing: dict[str, bool], caplog: pytest.LogCaptureFixture
) -> None:
    status, headers, body = serve("/api/posts", **failing)
    assert (500, problems.unexpected().body) == (status, body)
    assert ("application/problem+json", "the-id") == (
        headers["content-type"],
        headers["x-request-id"],
    )
    assert str(len(body)) == headers["content-length"]
    assert INSIDE not in repr(headers)
    (record,) = caplog.records
    assert (logging.ERROR, "blog") == (record.levelno, record.name)
    assert "the-id" in record.getMessage()
    assert record.exc_info is not None
    assert failing == {"silent": True} or record.exc_info[0] is Failure


@pytest.mark.parametrize("serve", [over_wsgi, over_asgi])
def test_a_request_refused_by_the_front_is_no_error(
    serve: Callable[..., Answer], caplog: pytest.LogCaptureFixture
) -> None:
    assert 404 == serve("/api/nowhere")[0]
    assert [] == caplog.records


@pytest.mark.parametrize("serve", [over_wsgi, over_asgi])
def test_the_request_id_is_known_to_log_lines_while_the_request_lasts(
    serve: Callable[..., Answer], caplog: pytest.LogCaptureFixture
) -> None:
    seen: list[str] = []

    class Listener(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            seen.append(request_id.get())

    listener = Listener()
    logging.getLogger("blog").addHandler(listener)
    serve("/api/posts")
    logging.getLogger("blog").removeHandler(listener)
    assert (["the-id"], "-") == (seen, request_id.get())
    assert 1 == len(caplog.records)


@pytest.mark.sentence("status-503")
def test_a_database_that_does_not_answer_is_logged_as_a_warning(
    caplog: pytest.LogCaptureFixture,
) -> None:
    token = request_id.set("the-id")
    reply = problems.of(Unavailable(INSIDE))
    request_id.reset(token)
    assert 503 == reply.status
    assert int(dict(reply.headers)["Retry-After"]) >= 1
    assert INSIDE.encode() not in reply.body
    (record,) = caplog.records
    assert logging.WARNING == record.levelno
    assert "the-id" in record.getMessage()
