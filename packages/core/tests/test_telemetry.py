"""Lines, metrics and trace ids of one request, from the front of one application."""

import io
import json
import logging
import os
import socket
import subprocess
import sys
import urllib.request
from contextlib import closing
from pathlib import Path
from types import TracebackType
from typing import Any

import pytest

from blog_core.domain.errors import OutOfService, Throttled
from blog_core.http import problems, wsgi
from blog_core.http.front import Front
from blog_core.http.operations import OPERATIONS
from blog_core.settings import Rate, Settings
from blog_core.storage.migrate import upgrade
from blog_core.telemetry.logs import JsonFormatter, TextFormatter, request_id, trail
from blog_core.telemetry.traces import trace_id_of
from blog_core.telemetry.watching import telemetry
from blog_core.wiring import build

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
TRACEPARENT = f"00-{TRACE}-00f067aa0ba902b7-01"

ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None]


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def served(settings: Settings, method: str, path: str, query: str = "", **headers: str) -> str:
    """The status that a small application behind the front gives."""

    def application(environ: Any, start_response: Any) -> list[bytes]:
        found = trail.get()
        if found is not None:
            found.user_id = 7
        if path == "/api/me":
            raise RuntimeError("a line\r\n2026-01-01 ERROR [x] another")
        start_response("200 OK", [("Content-Type", "application/json")])
        return [b"{}"]

    environ = {
        "REQUEST_METHOD": method,
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "REMOTE_ADDR": "10.0.0.1",
        "HTTP_HOST": "localhost",
        "HTTP_X_REQUEST_ID": "the-id",
        "wsgi.input": io.BytesIO(),
        **{f"HTTP_{name.upper()}": value for name, value in headers.items()},
    }
    started: list[str] = []
    middleware = wsgi.FrontMiddleware(application, Front(settings, OPERATIONS))
    environ_of_wsgi: Any = environ
    b"".join(middleware(environ_of_wsgi, lambda status, _: started.append(status)))  # type: ignore[arg-type] # enough of it
    return started[0]


# --- lines ---------------------------------------------------------------------------------------


def record(message: str, *arguments: object, error: ExcInfo | None = None) -> logging.LogRecord:
    return logging.LogRecord("blog", logging.ERROR, "f.py", 1, message, arguments, error)


def failure(message: str) -> ExcInfo:
    try:
        raise ValueError(message)
    except ValueError as error:
        return type(error), error, error.__traceback__


HOSTILE = "a\r\n2026-01-01T00:00:00Z ERROR [-] made up\x1b[2J\x85\u2028\u202e\x00\udcff"


@pytest.mark.parametrize("formatter", [TextFormatter(), JsonFormatter()], ids=["text", "json"])
def test_no_message_makes_a_second_line(formatter: logging.Formatter) -> None:
    line = formatter.format(record("sent: %s", HOSTILE))
    assert 1 == len(line.splitlines())
    assert line.isprintable()
    line.encode()


def test_the_lines_of_a_traceback_are_told_from_others() -> None:
    first, *rest = TextFormatter().format(record("oh", error=failure(HOSTILE))).split("\n")
    assert " ERROR [-] oh" in first
    assert rest
    assert all(line.startswith("  ") and line.isprintable() for line in rest)
    assert any("made up" in line for line in rest)


def test_a_traceback_is_a_field() -> None:
    token = request_id.set("the-id")
    line = JsonFormatter().format(record("oh", error=failure(HOSTILE)))
    request_id.reset(token)
    said = json.loads(line)
    assert 1 == len(line.splitlines())
    assert ("error", "blog", "oh", "the-id", "ValueError") == tuple(
        said[name] for name in ("level", "logger", "message", "request_id", "error")
    )
    assert said["traceback"].startswith("Traceback (most recent")
    assert "made up" in said["traceback"]


ACCESS = Settings(access_log=True, trusted_proxies=("10.0.0.0/8",))


def test_a_request_has_one_line_without_its_query(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "blog")
    secret = {"authorization": "Bearer hush", "cookie": "session=hush", "idempotency_key": "hush"}
    sent = {"x_forwarded_for": "1.2.3.4, 192.0.2.1, 10.9.9.9", "traceparent": TRACEPARENT}
    assert "200" == served(ACCESS, "GET", "/api/posts", "q=hush", **secret, **sent)[:3]
    (line,) = caplog.records
    fields = line.__dict__["fields"]
    assert 0 <= fields.pop("duration_ms") < 60_000
    assert {
        "method": "GET",
        "path": "/api/posts",
        "status": 200,
        "operation": "list_posts",
        "client": "192.0.2.1",
        "user_id": 7,
    } == fields
    for formatter in (TextFormatter(), JsonFormatter()):
        assert "hush" not in formatter.format(line)


def test_lines_name_the_trace(caplog: pytest.LogCaptureFixture) -> None:
    formatted: list[dict[str, Any]] = []

    class Listener(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            formatted.append(json.loads(JsonFormatter().format(record)))

    caplog.set_level("INFO", "blog")
    listener = Listener()
    logging.getLogger("blog").addHandler(listener)
    assert "500" == served(ACCESS, "GET", "/api/me", traceparent=TRACEPARENT)[:3]
    logging.getLogger("blog").removeHandler(listener)
    error, request = formatted
    assert [TRACE, TRACE] == [error["trace_id"], request["trace_id"]]
    assert ["the-id", "the-id"] == [error["request_id"], request["request_id"]]
    assert ("RuntimeError", 500) == (error["error"], request["status"])


def test_without_being_asked_for_there_is_no_line(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG", "blog")
    assert "200" == served(Settings(), "GET", "/api/posts")[:3]
    assert [] == caplog.records


@pytest.mark.parametrize(
    ("sent", "found"),
    [
        (TRACEPARENT, TRACE),
        (f"cc-{TRACE}-00f067aa0ba902b7-00-more", TRACE),
        (f"00-{TRACE}-00f067aa0ba902b7-01-more", ""),
        (f"ff-{TRACE}-00f067aa0ba902b7-01", ""),
        (f"00-{TRACE.upper()}-00f067aa0ba902b7-01", ""),
        (f"00-{'0' * 32}-00f067aa0ba902b7-01", ""),
        (f"00-{TRACE}-{'0' * 16}-01", ""),
        (f"{TRACEPARENT},{TRACEPARENT}", ""),
        (f"{TRACEPARENT}\n", ""),
        ("", ""),
    ],
)
def test_a_trace_is_named_as_w3c_says(sent: str, found: str) -> None:
    assert found == trace_id_of(sent)


LOGGING = """
import logging, sys
from blog_core.settings import Settings
from blog_core.telemetry.logs import configure, log
if "host" in sys.argv:
    logging.basicConfig(format="mine: %(message)s", level="ERROR")
for _ in range(2):
    configure(Settings(log_format=sys.argv[1], log_level=sys.argv[2]))
for level in ("debug", "info", "warning"):
    getattr(log, level)(level)
logging.getLogger("other").info("of another")
logging.getLogger("other").warning("of another, a warning")
log.error("bad")
"""


def lines(*arguments: str) -> list[str]:
    """What a process with this configuration writes."""
    done = subprocess.run(
        [sys.executable, "-c", LOGGING, *arguments], check=True, capture_output=True, text=True
    )
    assert "" == done.stdout
    return done.stderr.splitlines()


def test_lines_go_to_standard_error_from_the_level_on() -> None:
    said = [json.loads(line)["message"] for line in lines("json", "info")]
    assert ["info", "warning", "of another, a warning", "bad"] == said
    assert ["ERROR [-] bad"] == [line.partition("Z ")[2] for line in lines("text", "error")]


def test_the_logging_of_whoever_holds_the_blog_stays_as_it_is() -> None:
    assert ["mine: bad"] == lines("json", "debug", "host")


# --- health --------------------------------------------------------------------------------------


def test_a_process_that_is_to_be_stopped_says_so_before(tmp_path: Path) -> None:
    url, drain = f"sqlite:///{tmp_path}/blog.sqlite3", tmp_path / "drain"
    upgrade(url)
    with closing(build(Settings(database_url=url, drain_file=str(drain)))) as blog:
        assert "ok" == blog.check().status
        drain.touch()
        with pytest.raises(OutOfService) as refusal:
            blog.check()
        assert 503 == problems.of(refusal.value).status
        drain.unlink()
        assert "ok" == blog.check().status


# --- metrics -------------------------------------------------------------------------------------


def samples(port: int) -> dict[str, float]:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=30) as answer:
        text: str = answer.read().decode()
    pairs = (line.rpartition(" ") for line in text.splitlines() if not line.startswith("#"))
    return {name: float(value) for name, _, value in pairs}


def test_requests_are_counted_by_few_words(caplog: pytest.LogCaptureFixture) -> None:
    port = free_port()
    settings = Settings(metrics=f"127.0.0.1:{port}")
    for method, path in (
        ("GET", "/api/posts"),
        ("HEAD", "/api/posts/12"),
        ("GET", "/api/posts/13"),
        ("GET", "/api/me"),
        ("BREW", "/api/posts"),
        ("GET", "/nowhere"),
        ("GET", "/nowhere/either"),
    ):
        served(settings, method, path)
    found = samples(port)
    counted = {
        name.removeprefix("blog_http_requests_total"): count
        for name, count in found.items()
        if name.startswith("blog_http_requests_total")
    }
    assert {
        '{method="GET",operation="list_posts",status="200"}': 1,
        '{method="HEAD",operation="get_post",status="200"}': 1,
        '{method="GET",operation="get_post",status="200"}': 1,
        '{method="GET",operation="get_me",status="500"}': 1,
        '{method="_OTHER",operation="none",status="501"}': 1,
        '{method="GET",operation="none",status="404"}': 2,
    } == counted
    assert 0 == found["blog_http_requests_in_flight"]
    buckets = [name for name in found if name.startswith("blog_http_request_seconds_bucket")]
    assert 6 * 14 == len(buckets)
    assert 2 == found['blog_http_request_seconds_count{method="GET",operation="none"}']


def test_a_taken_port_is_an_error_in_the_log_and_not_the_end(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        assert "200" == served(Settings(metrics=f"127.0.0.1:{port}"), "GET", "/api/posts")[:3]
    (line,) = caplog.records
    assert f"nothing can listen on 127.0.0.1:{port}" in line.getMessage()
    assert "PROMETHEUS_MULTIPROC_DIR" in line.getMessage()


WORKER = """
import sys
from blog_core.settings import Settings
from blog_core.telemetry.watching import telemetry
found = telemetry(Settings(metrics=sys.argv[1]))
found.begin()
found.metrics.requests.labels("livez", "GET", 200).inc()
found.metrics.in_flight.inc()
print("ready", flush=True)
sys.stdin.read()
"""


def test_the_processes_of_a_server_are_counted_together(tmp_path: Path) -> None:
    port = free_port()
    workers = [
        subprocess.Popen(
            [sys.executable, "-c", WORKER, f"127.0.0.1:{port}"],
            env=os.environ | {"PROMETHEUS_MULTIPROC_DIR": str(tmp_path)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        for _ in range(2)
    ]
    try:
        for worker in workers:
            assert worker.stdout is not None
            assert b"ready\n" == worker.stdout.readline()
        served_by_get = 'blog_http_requests_total{method="GET",operation="livez",status="200"}'
        # Whichever of them answers.
        for _ in range(4):
            found = samples(port)
            assert (2, 2) == (found[served_by_get], found["blog_http_requests_in_flight"])
        workers[0].kill()
        workers[0].wait()
        found = samples(port)
        assert (2, 1) == (found[served_by_get], found["blog_http_requests_in_flight"])
    finally:
        for worker in workers:
            worker.kill()
            worker.communicate()


def test_connections_hashes_and_refusals_are_counted(tmp_path: Path) -> None:
    settings = Settings(
        database_url=f"sqlite:///{tmp_path}/blog.sqlite3",
        metrics=f"127.0.0.1:{free_port()}",
        limit_sign_in=Rate(1, 60),
    )
    metrics = telemetry(settings).metrics
    assert metrics is not None

    def value(name: str, **labels: str) -> float | None:
        return metrics.registry.get_sample_value(name, labels)

    def connections(state: str) -> float | None:
        return value("blog_database_connections", pool="writing", state=state)

    with closing(build(settings)) as blog:
        with blog.storage.writing():
            assert (1, 1) == (connections("open"), connections("in use"))
        assert (1, 0) == (connections("open"), connections("in use"))
        hasher: Any = blog.hasher
        with hasher._slots:
            assert 1 == value("blog_password_hashes_running")
        assert 0 == value("blog_password_hashes_running")
        blog.limiter.hit("sign-in-network", "a")
        assert None is value("blog_refused_by_limit_total", limit="sign-in-network")
        with pytest.raises(Throttled):
            blog.limiter.hit("sign-in-network", "a")
        assert 1 == value("blog_refused_by_limit_total", limit="sign-in-network")
    assert 0 == connections("open")
