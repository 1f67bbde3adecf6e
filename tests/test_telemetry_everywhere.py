"""Lines, metrics and traces of the same requests: the same on each target, and no secret."""

import json
import re
import socket
import urllib.request
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest

from blog_contract.plugin import NAMES
from blog_core.storage.migrate import upgrade
from http_parity.exchange import Request
from tests.otlp import Receiver, Span
from tests.workers import Worker

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PASSWORD = "a-password-that-is-secret"
KEY = "the-key-of-a-repetition"
ABSENT = ("time", "request_id", "duration_ms")


def request(number: int, method: str, path: str, body: object = None, **more: str) -> Request:
    headers = {
        "Host": "localhost",
        "traceparent": f"00-{TRACE}-00f067aa0ba902b7-01",
        "X-Request-ID": f"request-{number}",
        **({} if body is None else {"Content-Type": "application/json"}),
        **{name.replace("_", "-"): value for name, value in more.items()},
    }
    return Request(
        method,
        path,
        tuple(headers.items()),
        b"" if body is None else json.dumps(body).encode(),
    )


def seen(span: Span) -> tuple[str, str, dict[str, Any], bool]:
    return span.kind, span.name, span.attributes, span.failed


def metrics(port: int) -> list[str]:
    """The samples that say nothing of time."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=60) as answer:
        text: str = answer.read().decode()
    return [line for line in text.splitlines() if not re.match("#|.*(_bucket|_sum|_created)", line)]


@pytest.mark.once
def test_they_say_the_same_of_the_same_requests(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    found: dict[str, tuple[list[Any], list[str], list[Any]]] = {}
    secrets = {PASSWORD, KEY, "what-people-search-for"}
    with ExitStack() as stack:
        asked: dict[str, tuple[Worker, Receiver, int]] = {}
        for target in NAMES:
            database = tmp_path / f"{target}.sqlite3"
            upgrade(f"sqlite:///{database}")
            receiver = stack.enter_context(Receiver())
            with socket.socket() as listener:
                listener.bind(("127.0.0.1", 0))
                port = listener.getsockname()[1]
            more = {
                "BLOG_LOG_FORMAT": "json",
                "BLOG_ACCESS_LOG": "on",
                "BLOG_METRICS": f"127.0.0.1:{port}",
                "BLOG_TRACING": "on",
                "OTEL_EXPORTER_OTLP_ENDPOINT": receiver.url,
                "OTEL_BSP_SCHEDULE_DELAY": "100",
            }
            asked[target] = Worker(target, database, more=more), receiver, port
            stack.enter_context(closing(asked[target][0]))
        capfd.readouterr()
        for target, (worker, receiver, port) in asked.items():
            user = {"username": "ada", "email": "ada@example.org", "password": PASSWORD}
            worker.send(request(1, "POST", "/api/users", user))
            signed = worker.send(
                request(2, "POST", "/api/tokens", {"username": "ada", "password": PASSWORD})
            )
            token = json.loads(signed.body)["token"]
            secrets.add(token)
            bearer = {"Authorization": f"Bearer {token}"}
            post = {"title": "A title", "content": "Words."}
            worker.send(
                request(
                    3,
                    "POST",
                    "/api/posts",
                    post,
                    Idempotency_Key=KEY,
                    **bearer,
                )
            )
            worker.send(request(4, "GET", "/api/posts?q=what-people-search-for"))
            worker.send(request(5, "DELETE", "/api/posts/1", **bearer))
            worker.send(request(6, "GET", "/nowhere?password=" + PASSWORD))
            worker.send(request(7, "GET", "/login", Cookie=f"session={token}"))
            spans = receiver.wait(lambda spans: 7 == sum(span.kind == "SERVER" for span in spans))
            lines = [json.loads(line) for line in capfd.readouterr().err.splitlines()]
            assert [f"request-{number}" for number in range(1, 8)] == [
                line["request_id"] for line in lines
            ]
            for secret in secrets:
                assert secret not in json.dumps(lines)
                assert not any(secret.encode() in body for body in receiver.raw)
            said = metrics(port)
            assert not any(secret in line for secret in secrets for line in said)
            assert (
                {TRACE} == {span.trace_id for span in spans} == {line["trace_id"] for line in lines}
            )
            _check_nesting(spans)
            found[target] = (
                [{k: v for k, v in line.items() if k not in ABSENT} for line in lines],
                said,
                [seen(span) for span in spans],
            )
    first = found["flask-wsgi"]
    assert [201, 201, 201, 200, 428, 404, 200] == [line["status"] for line in first[0]]
    assert 1 == first[0][2]["user_id"]
    assert any("create_post" in line for line in first[1])
    for target, these in found.items():
        assert first[0] == these[0], target
        assert sorted(first[1]) == sorted(these[1]), target
        assert sorted(map(str, first[2])) == sorted(map(str, these[2])), target


def _check_nesting(spans: list[Span]) -> None:
    """SQL stands in a use case, and a use case in the request."""
    by_id = {span.id: span for span in spans}
    assert {"SERVER", "INTERNAL", "CLIENT"} == {span.kind for span in spans}
    for span in spans:
        if span.kind == "SERVER":
            assert "00f067aa0ba902b7" == span.parent
        else:
            assert by_id[span.parent].kind == "INTERNAL" or span.kind == "INTERNAL"
