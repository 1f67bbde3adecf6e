"""A thousand slow clients at once, and what ordinary clients have of it.

    python -m tests.deploy.slow_clients                        # every documented set-up
    python -m tests.deploy.slow_clients --only "nginx flask" --seconds 20

Of the slow ones two in five send the head of a request a byte at a time, two in five its body, one
in five reads an answer a little at a time; whoever is cut off comes again. Ordinary clients keep
their connections, and give up after ten seconds. Ends with 1 if behind a proxy the 99th percentile
of theirs is over 250 ms with the slow ones, and not without.
"""

import argparse
import contextlib
import os
import resource
import socket
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.deploy import load
from tests.deploy.fronts import FRONTS, missing
from tests.deploy.load import Load, Sent, percentile
from tests.deploy.running import Address, Running, environment, message
from tests.seeds import seeded, token_of
from tests.servers.pairs import PAIRS, Pair

ORDINARY, PAUSE = 4, 0.1
EACH = 1.0
"""Seconds between two bytes of a slow client."""
LIMIT = 0.250
GIVE_UP = 10.0
# A proxy before each server that the pages recommend, and every server by itself.
FRONTED = ("django behind gunicorn-wsgi", "flask behind gunicorn-wsgi", "fastapi behind uvicorn")
SETUPS = [
    *((front, pair) for front in FRONTS for pair in PAIRS if pair.name in FRONTED),
    *(("", pair) for pair in PAIRS),
]
ADA = {"Authorization": f"Bearer {token_of('ada')}", "Content-Type": "application/json"}


@dataclass
class Client:
    """One slow client: what it has yet to send, or that it only reads."""

    kind: str
    left: bytes
    due: float
    connection: socket.socket | None = None


class SlowClients:
    """So many of them, in one thread, until the block is left."""

    def __init__(self, address: Address, many: int) -> None:
        self._address = address
        kinds = ("head", "head", "body", "body", "answer")
        now = time.monotonic()
        self._clients = [
            Client(kinds[number % 5], b"", now + EACH * number / many) for number in range(many)
        ]
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.cut_off = 0

    @property
    def connected(self) -> int:
        """How many have a connection now."""
        return sum(client.connection is not None for client in self._clients)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stop.set()
        self._thread.join(60)
        for client in self._clients:
            if client.connection is not None:
                client.connection.close()

    def _run(self) -> None:
        while not self._stop.is_set():
            now = time.monotonic()
            for client in self._clients:
                if client.due <= now:
                    client.due = now + EACH
                    self._step(client)
            time.sleep(0.02)

    def _step(self, client: Client) -> None:
        try:
            if client.connection is None:
                self._begin(client)
            elif client.kind == "answer":
                if not client.connection.recv(256):
                    raise ConnectionResetError
            elif client.left:
                client.connection.send(client.left[:1])
                client.left = client.left[1:]
            elif not client.connection.recv(4096):
                raise ConnectionResetError
        except BlockingIOError:
            pass
        except OSError:
            self.cut_off += 1
            if client.connection is not None:
                client.connection.close()
            client.connection = None

    def _begin(self, client: Client) -> None:
        family = socket.AF_UNIX if isinstance(self._address, str) else socket.AF_INET
        client.connection = connection = socket.socket(family)
        if client.kind == "answer":
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        connection.settimeout(1)
        connection.connect(self._address)
        connection.setblocking(False)
        if client.kind == "head":
            client.left = message("/api/posts?limit=5", headers={"X-Slow": "z" * 400})
        elif client.kind == "body":
            whole = message("/api/posts", "POST", b'{"title": "' + b"z" * 600 + b'"}', ADA)
            connection.send(whole[:-600])
            client.left = whole[-600:]
        else:
            connection.send(message("/api/posts?limit=100"))


@dataclass(frozen=True)
class Had:
    """What the ordinary clients had in a span of time."""

    asked: int
    failed: int
    median: float
    high: float


def had(answers: Load, since: float, failed_before: int) -> Had:
    """Of the ordinary clients, from an instant on; who gave up counts with the time it waited."""
    took = [seconds for at, seconds in answers.seconds if at >= since]
    failed = answers.failed.total() - failed_before
    took += [GIVE_UP] * failed
    return Had(len(took), failed, percentile(took, 0.5), percentile(took, 0.99))


def measure(front: str, pair: Pair, many: int, seconds: float, seed: Path) -> tuple[str, bool]:
    """A line of the table, and whether the limit is kept."""
    folder = seed.parent / f"{front}-{pair.name}".replace(" ", "-")
    folder.mkdir()
    database = folder / "blog.sqlite3"
    database.write_bytes(seed.read_bytes())
    environ = environment(pair, f"sqlite:///{database}")
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(Running(pair, environ, folder / "server.log"))
        server.wait_for_workers(2)
        address = server.address
        if front:
            (folder / front).mkdir()
            upstreams = [f"{address[0]}:{address[1]}"]
            address = stack.enter_context(FRONTS[front](upstreams, folder / front))
        request = Sent("list_posts", message("/api/posts?limit=5"))
        answers = stack.enter_context(Load(lambda _: request, lambda: address, ORDINARY, PAUSE))
        time.sleep(1)
        since = time.monotonic()
        time.sleep(seconds / 2)
        alone = had(answers, since, 0)
        before = answers.failed.total()
        with SlowClients(address, many) as slow:
            time.sleep(seconds / 3)  # until they are all there
            since = time.monotonic()
            time.sleep(seconds)
            connected = slow.connected
            beside = had(answers, since, before)
    name = f"{front} before {pair.name}" if front else pair.name
    words = [
        *(name, _ms(alone.median), _ms(alone.high), f"{connected}"),
        *(f"{beside.asked:,}", f"{beside.failed}", _ms(beside.median), _ms(beside.high)),
        f"{os.getloadavg()[0]:.0f}",
    ]
    kept = beside.high <= LIMIT and not beside.failed
    return "| " + " | ".join(words) + " |", kept or alone.high > LIMIT


def _ms(seconds: float) -> str:
    return f"{1000 * seconds:,.0f} ms"


def main() -> int:
    """Measure what was asked for, and print it as a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", default="", help="words that the line has, as 'nginx flask'")
    parser.add_argument("--clients", type=int, default=1000, help="how many are slow")
    parser.add_argument("--seconds", type=float, default=20, help="for which each is measured")
    arguments = parser.parse_args()
    _room_for(2 * arguments.clients + 200)
    load.LONGEST = GIVE_UP
    without = missing()
    kept = True
    print(
        "| set-up | p50 alone | p99 alone | slow clients | requests | failed | p50 | p99 | load |"
    )
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- |", flush=True)
    with tempfile.TemporaryDirectory(prefix="triptych-") as directory:
        Path(directory).chmod(0o755)  # nginx's workers are somebody else
        seed = seeded(Path(directory))
        for front, pair in SETUPS:
            line = f"{front} {pair.name}" if front else f"bare {pair.name}"
            if front in without or not all(word in line for word in arguments.only.split()):
                continue
            text, good = measure(front, pair, arguments.clients, arguments.seconds, seed)
            print(text, flush=True)
            kept = kept and (good or not front)
    for name in without:
        print(f"Not measured: {name} is not installed.", file=sys.stderr)
    return 0 if kept else 1


def _room_for(descriptors: int) -> None:
    """Raise this process's limit of open files; exits with 1 where the system does not let it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < descriptors:
        sys.exit(f"Not enough open files: run `ulimit -Hn {descriptors}` as root, then try again")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, descriptors), hard))


if __name__ == "__main__":
    sys.exit(main())
