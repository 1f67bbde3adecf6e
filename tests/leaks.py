"""Run the contract suite with everything that watches switched on, then look there for its secrets.

    python -m tests.leaks                     flask-granian, all of the suite
    python -m tests.leaks fastapi-uvicorn -k tokens

Ends with 0 if the suite passed and no password, token, cookie or key of it is in a log line, a
metric or a span; else 1.
"""

import os
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path

from tests.observed import free_port
from tests.otlp import Receiver
from tools.with_blog import GENEROUS_LIMITS, provider, serving, triptych

PASSWORD = "the-password-of-the-staff"


def main() -> int:
    target, *more = sys.argv[1:] or ["flask-granian"]
    framework, _, server = target.partition("-")
    with tempfile.TemporaryDirectory(prefix="triptych-") as name, Receiver() as receiver:
        directory, port = Path(name), free_port()
        log, recorded = directory / "server.log", directory / "recorded"
        env = os.environ | GENEROUS_LIMITS | provider("example", "http://127.0.0.1:9") | {
            "BLOG_CORS_ORIGINS": "https://reader.example",
            "BLOG_DATABASE_URL": f"sqlite:///{directory}/blog.sqlite3",
            "BLOG_SECRET_KEY": "only-for-this-run-" * 3,
            "BLOG_LOG_FORMAT": "json",
            "BLOG_LOG_LEVEL": "debug",
            "BLOG_ACCESS_LOG": "on",
            "BLOG_METRICS": f"127.0.0.1:{port}",
            "BLOG_TRACING": "on",
            "OTEL_EXPORTER_OTLP_ENDPOINT": receiver.url,
        }  # fmt: skip
        quiet = env | {"BLOG_TRACING": "off", "BLOG_METRICS": "off"}
        triptych("migrate", env=quiet)
        triptych("user", "create", "--staff", "staff", env=quiet | {"BLOG_NEW_PASSWORD": PASSWORD})
        recorded.write_text(f"{PASSWORD}\n{env['BLOG_SECRET_KEY']}\n")
        sys.stderr, shown = (directory / "own").open("w"), sys.stderr
        with serving(framework, server, log, env) as url:
            suite = ["-p", "tests.recording", "--recorded", str(recorded), "--pyargs"]
            suite += ["blog_contract", "--target", url, "--staff", f"staff:{PASSWORD}", "-q"]
            command = [sys.executable, "-m", "pytest", *suite, *more]
            status = subprocess.run(command, check=False).returncode
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=60) as answer:
                metrics = answer.read()
        sys.stderr = shown
        secrets = {line.encode() for line in recorded.read_text("utf-8").splitlines()}
        places = {"log": log.read_bytes(), "metrics": metrics, "traces": b"".join(receiver.raw)}
        lines = places["log"].count(b"\n")
        found = {
            (place, secret) for place, content in places.items() for secret in secrets
            if secret in content
        }  # fmt: skip
    print(
        f"{len(secrets)} secrets; {lines} lines, {len(metrics)} bytes of metrics, "
        f"{len(receiver.spans)} spans; {len(found)} found"
    )
    for place, secret in sorted(found)[:20]:
        print(f"{place}: {secret!r}")
    return 1 if status or found or not receiver.spans else 0


if __name__ == "__main__":
    sys.exit(main())
