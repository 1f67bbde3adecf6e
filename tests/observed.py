"""One request through a proxy, and what the log, the metrics and the traces say of it, together.

    python -m tests.observed                       nginx before each framework, on SQLite
    python -m tests.observed --database URL        in a database of its own on that server
    python -m tests.observed flask                 one framework

The request brings a traceparent, as a proxy that traces would send it, and writes a post. Ends with
0 if its line, its samples and its spans name one trace, else 1. Without nginx it goes straight to
the server.
"""

import argparse
import contextlib
import http.client
import io
import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from tests.otlp import Receiver, Span
from tests.releases import database
from tools.with_blog import GENEROUS_LIMITS, serving, triptych

SERVERS = {"django": "gunicorn", "flask": "granian", "fastapi": "uvicorn"}
NGINX = """
daemon off;
pid {directory}/nginx.pid;
error_log stderr;
events {{}}
http {{
    access_log off;
    client_body_temp_path {directory}/body;
    proxy_temp_path {directory}/proxy;
    fastcgi_temp_path {directory}/fastcgi;
    uwsgi_temp_path {directory}/uwsgi;
    scgi_temp_path {directory}/scgi;
    server {{
        listen 127.0.0.1:{port};
        location / {{
            proxy_pass {url};
            proxy_set_header Host $http_host;
            proxy_set_header X-Forwarded-For $remote_addr;
            proxy_set_header X-Request-ID $request_id;
        }}
    }}
}}
"""


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


@contextlib.contextmanager
def proxied(url: str, directory: Path) -> Iterator[str]:
    """The URL of nginx before this one, or this one where nginx is not installed."""
    nginx = shutil.which("nginx")
    if nginx is None:
        yield url
        return
    port = free_port()
    config = directory / "nginx.conf"
    config.write_text(NGINX.format(directory=directory, port=port, url=url))
    process = subprocess.Popen(
        [nginx, "-c", str(config), "-e", "stderr"], stderr=subprocess.DEVNULL
    )
    try:
        deadline = time.monotonic() + 60
        while True:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
                break
            if time.monotonic() > deadline:
                raise TimeoutError("nginx does not listen")
            time.sleep(0.05)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(30)


def observe(framework: str, url: str, directory: Path) -> bool:
    """Send one request, and say what was seen of it; whether that is of one trace."""
    trace = secrets.token_hex(16)
    password, port = secrets.token_urlsafe(16), free_port()
    log = directory / f"{framework}.log"
    with Receiver() as receiver:
        env = os.environ | GENEROUS_LIMITS | {
            "BLOG_DATABASE_URL": url,
            "BLOG_SECRET_KEY": secrets.token_hex(32),
            "BLOG_TRUSTED_PROXIES": "127.0.0.1",
            "BLOG_LOG_FORMAT": "json",
            "BLOG_ACCESS_LOG": "on",
            "BLOG_METRICS": f"127.0.0.1:{port}",
            "BLOG_TRACING": "on",
            "OTEL_SERVICE_NAME": f"blog-{framework}",
            "OTEL_EXPORTER_OTLP_ENDPOINT": receiver.url,
            "OTEL_BSP_SCHEDULE_DELAY": "200",
        }  # fmt: skip
        quiet = env | {"BLOG_TRACING": "off", "BLOG_METRICS": "off"}
        triptych("migrate", env=quiet)
        name = f"ada-{framework}"
        triptych("user", "create", name, env=quiet | {"BLOG_NEW_PASSWORD": password})
        with (
            contextlib.redirect_stderr(io.StringIO()),
            serving(framework, SERVERS[framework], log, env) as server,
            proxied(server, directory) as proxy,
        ):
            _, token = ask(proxy, "/api/tokens", {"username": name, "password": password})
            status, _ = ask(
                proxy,
                "/api/posts",
                {"title": "One request", "content": "seen from all sides"},
                traceparent=f"00-{trace}-{secrets.token_hex(8)}-01",
                Authorization=f"Bearer {json.loads(token)['token']}",
            )
            spans = receiver.wait(
                lambda spans: any(one.kind == "SERVER" and one.trace_id == trace for one in spans)
            )
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=60) as answer:
                samples = [
                    line
                    for line in answer.read().decode().splitlines()
                    if 'operation="create_post"' in line and "_bucket" not in line
                ]
        lines = [line for line in log.read_text("utf-8").splitlines() if trace in line]
    ours = [span for span in spans if span.trace_id == trace]
    print(f"\n== {framework} on {SERVERS[framework]}, {url.partition(':')[0]}")
    print(f"POST /api/posts: {status}, trace {trace}\n")
    print(*lines, "", *samples, "", sep="\n")
    show(ours)
    return (
        status == 201
        and len(lines) == 1
        and bool(samples)
        and {"SERVER", "INTERNAL", "CLIENT"} == {span.kind for span in ours}
        and password not in log.read_text("utf-8")
    )


def ask(url: str, path: str, body: object, **headers: str) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=60)
    connection.request(
        "POST", path, json.dumps(body), {"Content-Type": "application/json", **headers}
    )
    answer = connection.getresponse()
    found = answer.status, answer.read()
    connection.close()
    return found


def show(spans: list[Span]) -> None:
    """The spans as they stand in each other."""
    above = {span.id: span.parent for span in spans}
    for span in sorted(spans, key=lambda one: one.begun):
        depth, parent = 0, span.parent
        while parent in above:
            depth, parent = depth + 1, above[parent]
        said = span.attributes.get("db.query.text") or span.attributes.get("blog.request_id", "")
        print(f"{'  ' * depth}{span.kind:8} {span.name:20} {' '.join(said.split())[:70]}")


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("frameworks", nargs="*", choices=[*SERVERS, []], default=[])
    parser.add_argument("--database", default="", metavar="URL", help="by default SQLite")
    arguments = parser.parse_args()
    well = True
    with database(arguments.database) as url, tempfile.TemporaryDirectory() as directory:
        for framework in arguments.frameworks or SERVERS:
            well &= observe(framework, url, Path(directory))
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main())
