"""Restart every server again and again under load, and count the requests that failed.

    python -m tests.deploy.rolling                             # ten restarts of each
    python -m tests.deploy.rolling --only gunicorn --times 3
    python -m tests.deploy.rolling --fresh                     # connections as a proxy's

Clients keep their connections, look before each request whether the server has closed them, and
never ask twice: a request that is refused, reset or not answered whole has failed. Ends with 1 if
a request failed where `docs/production.md` says that none does.
"""

import argparse
import contextlib
import os
import random
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path

from tests.deploy.load import Load, Sent
from tests.deploy.running import (
    Running,
    descendants,
    environment,
    free_port,
    is_worker,
    message,
    wait_for,
)
from tests.seeds import seeded, token_of
from tests.servers.pairs import PAIRS, Pair

CLIENTS = 4
PAUSE = 0.15
ADA = {"Authorization": f"Bearer {token_of('ada')}", "Content-Type": "application/json"}


@dataclass
class Served:
    """What restarts have in common: a pair, its settings, and the server that serves now."""

    pair: Pair
    environ: dict[str, str]
    folder: Path
    now: Running = field(init=False)

    def running(self, address: tuple[str, int], *flags: str) -> Running:
        return Running(self.pair, self.environ, self.folder / "server.log", address, flags)


Restart = Callable[[], None]


def handed_over(served: Served) -> AbstractContextManager[Restart]:
    """The socket stays open; a new master is ready before the old one is told to stop."""
    return _on_a_socket(served, new_first=True)


def socket_kept(served: Served) -> AbstractContextManager[Restart]:
    """The socket stays open; the old master ends, then the new one starts: `systemctl restart`."""
    return _on_a_socket(served, new_first=False)


@contextlib.contextmanager
def _on_a_socket(served: Served, *, new_first: bool) -> Iterator[Restart]:
    with socket.socket() as listener, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notified:
        listener.bind(("127.0.0.1", 0))
        listener.listen(2048)
        notified.bind(str(served.folder / "notify"))
        served.environ["NOTIFY_SOCKET"] = str(served.folder / "notify")
        address = listener.getsockname()

        def start() -> Running:
            server = served.running(address)
            server.inherited = listener
            server.log = served.folder / f"{time.monotonic_ns()}.log"
            server.start()
            if served.pair.server == "gunicorn":
                _until_told(notified)
            else:  # uvicorn tells systemd nothing; it says so in its log
                many = int(served.environ["UVICORN_WORKERS"])
                wait_for(
                    lambda: server.said().count("Application startup complete") == many, "ready"
                )
            return server

        served.now = start()

        def restart() -> None:
            old = served.now
            if new_first:
                served.now = start()
                old.stop()
            else:
                old.stop()
                served.now = start()

        yield restart
        served.now.stop()


def _until_told(notified: socket.socket) -> None:
    notified.settimeout(120)
    while b"READY=1" not in notified.recv(4096):
        pass


@contextlib.contextmanager
def by_usr2(served: Served) -> Iterator[Restart]:
    """gunicorn starts its own successor, which takes over its socket; then it is told to stop."""
    file = served.folder / "gunicorn.pid"
    served.now = served.running(("127.0.0.1", free_port()), "--pid", str(file))
    served.now.start()
    wait_for(served.now.ready, "ready")

    def restart() -> None:
        old = int(file.read_text())
        os.kill(old, signal.SIGUSR2)
        successor = served.folder / "gunicorn.pid.2"
        new = int(wait_for(lambda: _text(successor), "a successor"))
        wait_for(lambda: len(list(filter(is_worker, descendants(new)))) >= 2, "its workers")
        os.kill(old, signal.SIGTERM)
        wait_for(lambda: _text(file) == f"{new}\n" and not successor.exists(), "its place")

    try:
        yield restart
    finally:
        os.kill(int(wait_for(lambda: _text(file), "the last")), signal.SIGTERM)
        wait_for(lambda: not file.exists(), "the end of the last")
        served.now.stop()


def _text(file: Path) -> str:
    """What is in a file; nothing while it is moved."""
    with contextlib.suppress(FileNotFoundError):
        return file.read_text()
    return ""


@contextlib.contextmanager
def by_hangup(served: Served) -> Iterator[Restart]:
    """SIGHUP: the workers are replaced one after the other by the same master."""
    server = served.now = served.running(("127.0.0.1", free_port()))
    server.start()
    wait_for(server.ready, "ready")

    def restart() -> None:
        old = set(server.workers())
        server.signal(signal.SIGHUP)
        wait_for(
            lambda: not old & set(server.workers()) and len(server.workers()) == len(old),
            "other workers",
            300,
        )
        wait_for(server.ready, "ready again")

    yield restart
    server.stop()


@contextlib.contextmanager
def stop_and_start(served: Served) -> Iterator[Restart]:
    """What a unit without a socket does: the old one ends, then the new one starts."""
    address = ("127.0.0.1", free_port())

    def start() -> None:
        served.now = served.running(address)
        served.now.start()
        wait_for(served.now.ready, "ready")

    start()

    def restart() -> None:
        served.now.stop()
        start()

    yield restart
    served.now.stop()


RECIPES: dict[str, dict[str, Callable[[Served], AbstractContextManager[Restart]]]] = {
    "gunicorn": {
        "handed over": handed_over,
        "socket kept": socket_kept,
        "USR2": by_usr2,
        "SIGHUP": by_hangup,
        "stop and start": stop_and_start,
    },
    "uvicorn": {
        "handed over": handed_over,
        "socket kept": socket_kept,
        "SIGHUP": by_hangup,
        "stop and start": stop_and_start,
    },
    "granian": {"SIGHUP": by_hangup, "stop and start": stop_and_start},
}
NONE_FAILS = {("gunicorn", "handed over"), ("gunicorn", "USR2")}


def next_request(fields: dict[str, str]) -> Sent:
    """Nine reads and a post, in no order."""
    if random.randrange(10):
        return Sent("list_posts", message("/api/posts?limit=5", headers=fields))
    body = b'{"title": "While it is restarted"}'
    return Sent("create_post", message("/api/posts", "POST", body, ADA | fields), "POST")


def measure(
    pair: Pair, recipe: str, times: int, seed: Path, folder: Path, *, fresh: bool
) -> tuple[str, int]:
    """A line of the table, and how many requests failed."""
    database = folder / "blog.sqlite3"
    database.write_bytes(seed.read_bytes())
    served = Served(pair, environment(pair, f"sqlite:///{database}"), folder)
    took = []
    with RECIPES[pair.server][recipe](served) as restart:
        server = served.now
        wait_for(server.ready, "ready")
        address = server.inherited.getsockname() if server.inherited else server.address
        fields = {"Connection": "close"} if fresh else {}
        with Load(lambda _: next_request(fields), lambda: address, CLIENTS, PAUSE) as load:
            for _ in range(times):
                time.sleep(1)
                since = time.monotonic()
                try:
                    restart()
                except AssertionError as error:
                    error.add_note(served.now.said()[-3000:])
                    raise
                took.append(time.monotonic() - since)
            time.sleep(1)
    failed = load.failed.total()
    kinds = ", ".join(f"{number} {kind}" for kind, number in sorted(load.failed.items())) or "none"
    longest = max((seconds for _, seconds in load.seconds), default=float("nan"))
    lines = [
        *(pair.name, recipe, f"{times}", f"{load.answered + failed:,}"),
        *(kinds, f"{longest:.1f} s", f"{sum(took) / times:.0f} s"),
    ]
    return "| " + " | ".join(lines) + " |", failed


def main() -> int:
    """Measure what was asked for, and print it as a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--times", type=int, default=10, help="how often each is restarted")
    parser.add_argument("--only", default="", help="words that the line has, as 'flask gunicorn'")
    parser.add_argument("--fresh", action="store_true", help="a connection for each request")
    arguments = parser.parse_args()
    wrong = 0
    print("| set-up | how | restarts | requests | failed | longest answer | a restart takes |")
    print("| --- | --- | --- | --- | --- | --- | --- |", flush=True)
    with tempfile.TemporaryDirectory(prefix="triptych-") as directory:
        seed = seeded(Path(directory))
        for pair in PAIRS:
            for recipe in RECIPES[pair.server]:
                line = f"{pair.name} {recipe}"
                if not all(word in line for word in arguments.only.split()):
                    continue
                folder = Path(directory, line.replace(" ", "-"))
                folder.mkdir()
                text, failed = measure(
                    pair, recipe, arguments.times, seed, folder, fresh=arguments.fresh
                )
                print(text, flush=True)
                wrong += failed if (pair.server, recipe) in NONE_FAILS else 0
    print(f"\nLoad average at the end: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
