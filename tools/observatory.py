"""Have the MDN HTTP Observatory grade the three frameworks, and compare what it says of them.

    python -m tools.observatory node_modules/@mdn/mdn-http-observatory/src/scan.js

Each is behind its production server, and reached over TLS as behind a proxy: the certificate is
made here, and the grader told to trust it. Ends with 0 where the three results are the same and
nothing in them is negative, else with 1.
"""

import argparse
import json
import os
import secrets
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from ssl import PROTOCOL_TLS_SERVER, SSLContext
from typing import Any

import trustme

from tools.relay import HOST, relay
from tools.with_blog import GENEROUS_LIMITS, serving, triptych

SERVERS = {"django": "gunicorn", "flask": "granian", "fastapi": "uvicorn"}


def main() -> int:
    """Start the servers, have them graded, say what came of it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("scan", type=Path, help="the grader's src/scan.js")
    scan = parser.parse_args().scan
    with tempfile.TemporaryDirectory(prefix="triptych-") as directory, ExitStack() as running:
        env = os.environ | {
            "BLOG_DATABASE_URL": f"sqlite:///{directory}/blog.sqlite3",
            "BLOG_HTTPS": "on",
            "BLOG_PROFILE": "production",
            "BLOG_ALLOW": "localhost,temporary-database",
            "BLOG_SECRET_KEY": secrets.token_hex(32),
            **GENEROUS_LIMITS,
        }
        triptych("migrate", env=env)
        authority = trustme.CA()
        trusted = Path(directory, "authority.pem")
        authority.cert_pem.write_to_path(str(trusted))
        context = SSLContext(PROTOCOL_TLS_SERVER)
        authority.issue_cert(HOST).configure_cert(context)
        results = {}
        for framework, server in SERVERS.items():
            log = Path(directory, f"{framework}.log")
            url = running.enter_context(serving(framework, server, log, env))
            with relay([int(url.rpartition(":")[2])], context) as port:
                results[framework] = graded(scan, f"{HOST}:{port}", trusted)
    for line in table(results):
        sys.stdout.write(f"{line}\n")
    wrong = [*negative(results), *different(results)]
    for sentence in wrong:
        sys.stderr.write(f"{sentence}\n")
    return 1 if wrong else 0


def graded(scan: Path, site: str, trusted: Path) -> Any:
    """What the grader says of a site; ends the program where it says nothing."""
    env = os.environ | {"NODE_EXTRA_CA_CERTS": str(trusted)}
    ended = subprocess.run(["node", scan, site], env=env, stdout=subprocess.PIPE, check=False)
    if ended.returncode:
        sys.exit(f"The grader ended with {ended.returncode}: {ended.stdout.decode()}")
    return json.loads(ended.stdout.replace(site.encode(), HOST.encode()))


def table(results: Mapping[str, Any]) -> list[str]:
    """A line for each framework, and one for each thing that was graded."""
    lines = [
        f"{name}: {one['scan']['grade']}, {one['scan']['score']}" for name, one in results.items()
    ]
    first = next(iter(results.values()))
    return [*lines, *(f"  {name}: {test['result']}" for name, test in first["tests"].items())]


def negative(results: Mapping[str, Any]) -> list[str]:
    """A sentence for each thing that costs a framework points, or did not pass."""
    return [
        f"{framework}: {name} is graded {test['result']} ({test['scoreModifier']})"
        for framework, result in results.items()
        for name, test in result["tests"].items()
        if test["scoreModifier"] < 0 or not test["pass"]
    ]


def different(results: Mapping[str, Any]) -> list[str]:
    """A sentence for each thing that is graded otherwise than at the first framework."""
    (first, expected), *others = results.items()
    return [
        f"{name}: {expected['tests'][name]} at {first}, {test} at {framework}"
        for framework, result in others
        for name, test in result["tests"].items()
        if test != expected["tests"][name]
    ]


if __name__ == "__main__":
    sys.exit(main())
