"""Whether a limit is exact over three frameworks with two processes each, and what a count costs.

    python -m bench.limits                                  memory, and the blog's database (SQLite)
    python -m bench.limits --database postgresql+psycopg://postgres@127.0.0.1/test --store database
    python -m bench.limits --store redis://127.0.0.1:6379/5 --rounds 10

200 sign-ins to one account over 40 connections, as many to each framework, where ten a day are
allowed: of a shared store ten pass. Each round is another account. In memory each process counts
for itself. A database that is named must be empty, or the blog's.
"""

import argparse
import http.client
import json
import os
import secrets
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

from blog_core.settings import Rate, Settings
from blog_core.storage import migrate
from blog_core.wiring import build
from tools.with_blog import GENEROUS_LIMITS, serving

SERVERS = {"django": "gunicorn", "flask": "gunicorn", "fastapi": "uvicorn"}
SENT, CONNECTIONS, LIMIT = 200, 40, 10
HITS = 1_000


def main() -> int:
    """Measure, and print a line a round and one for the cost."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.limits",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--store", action="append", help="memory, database or redis://…")
    parser.add_argument("--database", help="where the blog is kept; by default a new SQLite file")
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="triptych-limits-") as name:
        folder = Path(name)
        database = arguments.database or f"sqlite:///{folder / 'blog.sqlite3'}"
        migrate.upgrade(database)
        for store in arguments.store or ["memory", "database"]:
            shown = store.partition(":")[0]
            print(f"{shown}: {cost(database, store)}", flush=True)
            with served(database, store, folder) as urls:
                for number in range(arguments.rounds):
                    print(f"{shown}: round {number + 1}: {round_of(urls, number)}", flush=True)
    return 0


def cost(database: str, store: str) -> str:
    """What one count takes, as a request waits for it."""
    settings = Settings(database_url=database, limits_store=store, limit_writes=Rate(10**8, 60))
    blog = build(settings)
    blog.limiter.hit("writes", secrets.token_hex(8))
    time.sleep(0.2)  # until a shared store is connected to
    key, took = secrets.token_hex(8), []
    for _ in range(HITS):
        begun = time.perf_counter()
        blog.limiter.hit("writes", key)
        took.append(time.perf_counter() - begun)
    blog.close()
    median, late = statistics.median(took), sorted(took)[HITS * 99 // 100]
    return f"a count takes {median * 1e6:.0f} µs (median of {HITS}; 99 %: {late * 1e6:.0f} µs)"


@contextmanager
def served(database: str, store: str, folder: Path) -> Iterator[list[str]]:
    """The URLs of the three, two processes each, over one database and one store."""
    environ = os.environ | GENEROUS_LIMITS
    environ |= {
        "BLOG_DATABASE_URL": database,
        "BLOG_SECRET_KEY": secrets.token_hex(32),
        "BLOG_LIMITS_STORE": store,
        "BLOG_LIMIT_SIGN_IN": f"{LIMIT}/day",
        "BLOG_TRUSTED_PROXIES": "127.0.0.1",  # each round comes from another network
    }
    with ExitStack() as stack:
        yield [
            stack.enter_context(serving(name, server, folder / f"{name}.log", environ))
            for name, server in SERVERS.items()
        ]


def round_of(urls: list[str], number: int) -> str:
    """How many of the sign-ins passed, and how long they took."""

    def sign_in(one: int) -> tuple[int, float]:
        connection = http.client.HTTPConnection(
            urls[one % len(urls)].removeprefix("http://"), timeout=60
        )
        headers = {
            "Content-Type": "application/json",
            "X-Forwarded-For": f"198.51.{number % 256}.7",
        }
        body = json.dumps({"username": f"nobody-{number}", "password": f"guess {one}"})
        begun = time.perf_counter()
        connection.request("POST", "/api/tokens", body, headers)
        answer = connection.getresponse()
        answer.read()
        connection.close()
        return answer.status, time.perf_counter() - begun

    with ThreadPoolExecutor(CONNECTIONS) as pool:
        answers = list(pool.map(sign_in, range(SENT)))
    statuses = Counter(status for status, _ in answers)
    slow = sorted(took for _, took in answers)[SENT * 99 // 100]
    strange = {status: count for status, count in statuses.items() if status not in (401, 429)}
    said = f"{statuses[401]} of {SENT} passed, 99 % answered within {slow * 1000:.0f} ms"
    load = f"load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    return ", ".join(filter(None, [said, f"others: {strange}" if strange else "", load]))


if __name__ == "__main__":
    sys.exit(main())
