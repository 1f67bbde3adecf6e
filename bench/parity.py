"""How many requests a second http-parity compares, beside those that Schemathesis checks.

    python -m bench.parity                  five rounds of 1,000 requests each
    python -m bench.parity --rounds 3 --requests 500

Both get the same OpenAPI document, the same applications in process and the same seeded database,
each run a fresh copy of it. Exit codes: 0 measured; 1 a run failed.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.seeds import seeded

PARITY = {
    "parity, two targets": ("flask-wsgi", "fastapi-asgi"),
    "parity, four targets": ("django-wsgi", "django-asgi", "flask-wsgi", "fastapi-asgi"),
}
SCHEMATHESIS = {
    "Schemathesis, Flask": "flask-wsgi",
    "Schemathesis, FastAPI": "fastapi-asgi",
}
RUNS = (*SCHEMATHESIS, *PARITY)


def main() -> int:
    """Measure every run in each round, or, for a child, one of them."""
    parser = argparse.ArgumentParser(prog="python -m bench.parity")
    parser.add_argument("--requests", type=int, default=1_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--one", choices=RUNS, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        one(arguments.one, arguments.folder, arguments.requests, arguments.seed)
        return 0
    rates: dict[str, list[float]] = {name: [] for name in RUNS}
    for number in range(arguments.rounds):
        # Each round begins with another one: a machine's speed drifts.
        for name in (*RUNS[number % len(RUNS) :], *RUNS[: number % len(RUNS)]):
            rate = measured(name, arguments.requests, arguments.seed + number)
            if rate is None:
                return 1
            rates[name].append(rate)
    beside = rates["Schemathesis, Flask"]
    print(f"{arguments.rounds} rounds of {arguments.requests} requests,", end=" ")
    print(f"load average {os.getloadavg()[0]:.1f} at the end; medians per second")
    print(f"{'':24}{'requests':>10}{'range':>14}{'sent':>8}{'times Schemathesis, Flask':>28}")
    for name, found in rates.items():
        ratio = statistics.median(a / b for a, b in zip(found, beside, strict=True))
        sent = statistics.median(found) * len(PARITY.get(name, [name]))
        span = f"{min(found):.0f}-{max(found):.0f}"
        print(f"{name:24}{statistics.median(found):10.0f}{span:>14}{sent:8.0f}{ratio:28.2f}")
    return 0


def measured(name: str, requests: int, seed: int) -> float | None:
    """Requests a second of one run, in a process and on databases of its own."""
    with tempfile.TemporaryDirectory(prefix="triptych-bench-") as folder:
        done = subprocess.run(
            [
                *(sys.executable, "-m", "bench.parity", "--one", name, "--folder", folder),
                *("--requests", str(requests), "--seed", str(seed)),
            ],
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode:
        print(f"bench: {name} ended with {done.returncode}: {done.stderr[-2000:]}", file=sys.stderr)
        return None
    rate: float = json.loads(done.stdout.splitlines()[-1])
    return rate


def one(name: str, folder: Path, requests: int, seed: int) -> None:
    """Run it here and print the rate as JSON."""
    source = seeded(folder)
    if name in PARITY:
        print(json.dumps(_parity(PARITY[name], folder, source, requests, seed)))
    else:
        _schemathesis(SCHEMATHESIS[name], folder, source, requests, seed)


def _parity(
    targets: tuple[str, ...], folder: Path, source: Path, requests: int, seed: int
) -> float:
    from http_parity.engine import compare  # noqa: PLC0415 # only the child needs it
    from http_parity.targets import TargetSpec  # noqa: PLC0415 # same
    from tests.parity.__main__ import KNOWN, RULES, document_of, environ  # noqa: PLC0415 # same
    from tests.workers import TARGETS  # noqa: PLC0415 # same

    specs = [
        TargetSpec(
            TARGETS[name],
            name,
            reset="tests.parity.restore:restore",
            env=environ(folder, name, source),
        )
        for name in targets
    ]
    document = document_of(specs[0])
    result = compare(
        specs, document=document, examples=requests, seed=seed, rules=RULES, known=KNOWN
    )
    return result.requests / result.seconds


def _schemathesis(target: str, folder: Path, source: Path, requests: int, seed: int) -> None:
    """Print the rate and end the process at the last request: there is no other way to say when."""
    import schemathesis  # noqa: PLC0415 # only the child needs it
    from schemathesis.engine import from_schema  # noqa: PLC0415 # same

    from http_parity.targets import attribute  # noqa: PLC0415 # same
    from tests.seeds import token_of  # noqa: PLC0415 # same
    from tests.workers import SECRET, TARGETS  # noqa: PLC0415 # same
    from tools.with_blog import GENEROUS_LIMITS  # noqa: PLC0415 # same

    database = folder / "blog.sqlite3"
    shutil.copyfile(source, database)
    os.environ.update(
        BLOG_DATABASE_URL=f"sqlite:///{database}",
        BLOG_SECRET_KEY=SECRET,
        BLOG_HOSTS="localhost,testserver,127.0.0.1",
        **GENEROUS_LIMITS,
    )
    kind, _, path = TARGETS[target].partition(":")
    app = attribute(path)
    times: list[float] = []

    def count() -> None:
        times.append(time.perf_counter())
        if len(times) == requests + 1:
            print(json.dumps(requests / (times[-1] - times[0])), flush=True)
            os._exit(0)

    wrapped: Callable[..., Any]
    if kind == "wsgi":

        def wrapped(environ: Any, start_response: Any) -> Any:
            count()
            return app(environ, start_response)

        schema = schemathesis.openapi.from_wsgi("/openapi.json", wrapped)
    else:

        async def wrapped(scope: Any, receive: Any, send: Any) -> None:
            if scope["type"] == "http":
                count()
            await app(scope, receive, send)

        schema = schemathesis.openapi.from_asgi("/openapi.json", wrapped)
    times.clear()
    schema.config.update(headers={"Authorization": f"Bearer {token_of('ada')}"})
    schema.config.seed = seed
    for _ in from_schema(schema).execute():
        pass
    raise SystemExit(f"Schemathesis ended after {len(times)} requests: ask for fewer.")


if __name__ == "__main__":
    sys.exit(main())
