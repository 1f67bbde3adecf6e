"""Whether the time of a refused sign-in tells who has an account.

    python -m bench.timing                       one framework after the other
    python -m bench.timing flask --requests 1000
    python -m bench.timing flask --planted 5     5 % more work for a known user: must be seen

Requests for a known user with a wrong password and for names nobody has take turns, in one process
with nothing else to do. The figure is the area under the ROC curve (AUC): how often a refusal of
the known user took longer than one of an unknown one. 0.5 tells nothing, 0 and 1 tell all. The
wall's clock sees what a client sees, and everything else this machine does; the process's own
counts the work alone.
"""

import argparse
import hashlib
import json
import os
import random
import secrets
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

from blog_core import schemas
from blog_core.security.passwords import Argon2Hasher
from blog_core.settings import Settings
from blog_core.storage import migrate
from blog_core.wiring import build
from http_parity.exchange import Request
from http_parity.targets import Target, open_target
from tools.with_blog import GENEROUS_LIMITS

TARGETS = {
    "django": "wsgi:blog_django.wsgi:application",
    "flask": "wsgi:blog_flask.wsgi:app",
    "fastapi": "asgi:blog_fastapi.asgi:app",
}
WARM_UP = 20
KNOWN = "known"
CLOCKS = {"wall": time.perf_counter, "cpu": time.process_time}


def main() -> int:
    """Measure, and print a line for each framework and clock."""
    parser = argparse.ArgumentParser(prog="python -m bench.timing", description=__doc__)
    parser.add_argument("framework", nargs="?", choices=TARGETS)
    parser.add_argument("--requests", type=int, default=1_000)
    parser.add_argument("--planted", type=float, default=0, metavar="PERCENT")
    arguments = parser.parse_args()
    if arguments.framework is None:
        # One framework a process: each reads the environment when it is imported.
        return max(subprocess.run(_command(name), check=False).returncode for name in TARGETS)
    with tempfile.TemporaryDirectory(prefix="triptych-timing-") as folder:
        prepare(Path(folder))
        if arguments.planted:
            plant(arguments.planted)
        with closing(open_target(TARGETS[arguments.framework])) as target:
            times = measured(target, arguments.requests)
    print(f"{arguments.framework}, {arguments.requests} requests, planted {arguments.planted:g} %")
    for clock, (known, unknown) in times.items():
        middles = ", ".join(f"{median(found) * 1e3:.2f} ms" for found in (known, unknown))
        print(f"  {clock}: AUC {auc(known, unknown):.3f}, medians known and unknown {middles}")
    return 0


def _command(name: str) -> list[str]:
    return [sys.executable, "-m", "bench.timing", name, *sys.argv[1:]]


def prepare(folder: Path) -> None:
    """A database with the known user, and an environment that leads there without limits."""
    os.environ |= {
        "BLOG_DATABASE_URL": f"sqlite:///{folder / 'blog.sqlite3'}",
        "BLOG_SECRET_KEY": secrets.token_hex(32),
        **GENEROUS_LIMITS,
    }
    migrate.upgrade(os.environ["BLOG_DATABASE_URL"])
    with closing(build(Settings.from_env())) as blog:
        new = {"username": KNOWN, "email": "known@example.org", "password": "nine lives, no boots"}
        blog.add_user(schemas.NewUser(**new))


def plant(percent: float) -> None:
    """Let a known user's verification take so much more work, as a careless change would."""
    verify, rounds = Argon2Hasher.verify, _rounds(percent)

    def slower(self: Argon2Hasher, password: str, stored: str | None) -> bool:
        if stored is not None:
            hashlib.pbkdf2_hmac("sha256", b"", b"", rounds)
        return verify(self, password, stored)

    Argon2Hasher.verify = slower  # type: ignore[method-assign] # the fault that is planted


def _rounds(percent: float) -> int:
    """How many rounds of PBKDF2 take so much of a verification."""

    def seconds(*arguments: object) -> float:
        found = []
        for _ in range(15):
            begin = time.process_time()
            if arguments:
                hashlib.pbkdf2_hmac("sha256", b"", b"", 10_000)
            else:
                Argon2Hasher().verify("x", None)
            found.append(time.process_time() - begin)
        return median(found)

    return max(1, int(10_000 * seconds() * percent / 100 / seconds("pbkdf2")))


def measured(target: Target, requests: int) -> dict[str, tuple[list[float], list[float]]]:
    """The seconds by each clock, of the known user and of names nobody has, half of them each."""
    times: dict[str, tuple[list[float], list[float]]] = {clock: ([], []) for clock in CLOCKS}
    turns = [number % 2 for number in range(requests)]
    random.Random(1).shuffle(turns)  # noqa: S311 # an order, no secret
    for number, unknown in enumerate([0, 1] * (WARM_UP // 2) + turns):
        # As long as the known one, so that nothing but the account is another.
        name = f"n{secrets.token_hex(2)}" if unknown else KNOWN
        body = json.dumps({"username": name, "password": f"wrong {number:06}"}).encode()
        request = Request("POST", "/api/tokens", (("Content-Type", "application/json"),), body)
        begin = {clock: read() for clock, read in CLOCKS.items()}
        answer = target.send(request)
        took = {clock: read() - begin[clock] for clock, read in CLOCKS.items()}
        if answer.status != 401:
            raise RuntimeError(f"{name} was answered with {answer.status}: {answer.body!r}")
        if number >= WARM_UP:
            for clock, seconds in took.items():
                times[clock][unknown].append(seconds)
    return times


def auc(known: list[float], unknown: list[float]) -> float:
    """How often one of the known took longer than one of the unknown; equal ones count half."""
    wins = sum((one > other) + (one == other) / 2 for one in known for other in unknown)
    return wins / (len(known) * len(unknown))


def median(times: list[float]) -> float:
    return sorted(times)[len(times) // 2]


if __name__ == "__main__":
    sys.exit(main())
