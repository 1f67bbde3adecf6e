"""A framework behind a server that is configured by the files of deploy/.

with Running(PAIRS[0], environ, Path("server.log"), flags=["--workers", "3"]) as server:
    ask(server.address, "/livez")
"""

import contextlib
import http.client
import os
import shlex
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from tests.servers.pairs import PAIRS, Pair
from tests.workers import GENEROUS, SECRET
from triptych.servers import FRAMEWORKS

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"

PATIENCE = 300.0
"""Seconds for what takes one: the machine may be busy."""

T = TypeVar("T")

Address = tuple[str, int] | str
"""Host and port, or the path of a unix socket."""

WSGI = tuple(pair for pair in PAIRS if pair.kind.endswith("wsgi"))


def application(pair: Pair) -> str:
    """The import string that the pair's server loads."""
    found = FRAMEWORKS[pair.framework]
    wsgi = pair.kind.endswith("wsgi")
    return pair.application or str(found.wsgi if wsgi else found.asgi)


def command(pair: Pair, *flags: str) -> list[str]:
    """The command line that the comments in deploy/ give, and further flags."""
    options = {
        "gunicorn-wsgi": ["--config", str(DEPLOY / "gunicorn.conf.py")],
        "gunicorn-asgi": [
            *("--config", str(DEPLOY / "gunicorn.conf.py")),
            *("--worker-class", "asgi", "--threads", "1"),
        ],
        "uvicorn": [],
        "granian-wsgi": ["--interface", "wsgi", "--blocking-threads", "16"],
        "granian-asgi": ["--interface", "asgi"],
    }[pair.kind]
    program = str(Path(sys.executable).with_name(pair.server))
    return [program, *options, *flags, application(pair)]


def variables(path: Path) -> dict[str, str]:
    """What an environment file sets, as systemd and the engines of containers read it."""
    lines = [line.strip() for line in path.read_text("utf-8").splitlines()]
    pairs = [line.partition("=") for line in lines if line and not line.startswith("#")]
    return {name: "".join(shlex.split(value)) for name, _, value in pairs}


def environment(pair: Pair, url: str) -> dict[str, str]:
    """This process's environment, the server's file of deploy/ and a blog's own settings."""
    file = DEPLOY / f"{pair.server}.env"
    clean = {name: value for name, value in os.environ.items() if name != "WEB_CONCURRENCY"}
    return {
        **clean,
        **(variables(file) if file.exists() else {}),
        "MALLOC_ARENA_MAX": variables(DEPLOY / "blog.env")["MALLOC_ARENA_MAX"],
        "BLOG_DATABASE_URL": url,
        "BLOG_SECRET_KEY": SECRET,
        "PYTHONUNBUFFERED": "1",
        **GENEROUS,
    }


def listen_at(pair: Pair, address: Address) -> list[str]:
    """The flags with which a server listens there."""
    if isinstance(address, str):
        return {"gunicorn": ["--bind", f"unix:{address}"]}.get(pair.server, ["--uds", address])
    host, port = address
    if pair.server == "gunicorn":
        return ["--bind", f"{host}:{port}"]
    return ["--host", host, "--port", str(port)]


def free_port() -> int:
    """A port of 127.0.0.1 on which nothing listens."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
    return port


def wait_for(what: Callable[[], T], why: str, seconds: float = PATIENCE) -> T:
    """What the callable gives as soon as it is true. Raises AssertionError when it never is."""
    deadline = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < deadline, f"not within {seconds} s: {why}"
        time.sleep(0.02)
    return found


# --- processes -----------------------------------------------------------------------------------


def descendants(pid: int) -> list[int]:
    """The processes that a process started, and those that they started, oldest first."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            name, _, rest = entry.read_text().rpartition(")")
            children.setdefault(int(rest.split()[1]), []).append(int(name.split()[0]))
    found, left = [], [pid]
    while left:
        started = sorted(children.get(left.pop(), []))
        found += started
        left += started
    return sorted(found)


def is_worker(pid: int) -> bool:
    """Whether this is a process that serves, and not the one that counts semaphores."""
    with contextlib.suppress(OSError):
        words = Path(f"/proc/{pid}/cmdline").read_bytes()
        return bool(words) and b"resource_tracker" not in words and state(pid) != "Z"
    return False


def state(pid: int) -> str:
    """The letter that the kernel gives a process: R, S, T, Z and so on; empty when it is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return ""


# --- servers -------------------------------------------------------------------------------------


# It ends with whoever started it, however that ends. A socket handed over is descriptor 3, and
# LISTEN_PID the process that is to read it: sd_listen_fds(3).
_BEGIN = """
import ctypes, os, sys
ctypes.CDLL(None).prctl(1, 15)  # PR_SET_PDEATHSIG, SIGTERM
parent, passed, *line = sys.argv[1:]
if os.getppid() != int(parent):
    sys.exit("whoever started this has ended")
if passed != "-":
    os.dup2(int(passed), 3)
    os.environ.update(LISTEN_FDS="1", LISTEN_PID=str(os.getpid()))
os.execv(line[0], line)
"""


@dataclass
class Running:
    """A server in a process group of its own; leaving the block ends it, workers included."""

    pair: Pair
    environ: Mapping[str, str]
    log: Path
    address: Address = field(default_factory=lambda: ("127.0.0.1", free_port()))
    flags: Sequence[str] = ()
    inherited: socket.socket | None = None
    """A listening socket that the server is handed over, as systemd does it."""

    def __enter__(self) -> Self:
        self.start()
        wait_for(self.ready, f"{self.pair.name} is ready: {self.log}")
        return self

    def start(self) -> None:
        """Start it and do not wait."""
        line = command(self.pair, *self._listens(), *self.flags)
        passed: tuple[int, ...] = ()
        if self.inherited is not None:
            passed = (self.inherited.fileno(),)
        line = [sys.executable, "-c", _BEGIN, str(os.getpid()), *map(str, passed or ("-",)), *line]
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                line,
                env=dict(self.environ),
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                pass_fds=passed,
                start_new_session=True,
            )

    def _listens(self) -> list[str]:
        if self.inherited is None:
            return listen_at(self.pair, self.address)
        return [] if self.pair.server == "gunicorn" else ["--fd", "3"]

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def ready(self) -> bool:
        """Whether it answers /readyz. Raises AssertionError when it has ended."""
        assert self.process.poll() is None, f"{self.pair.name} ended: {self.said()}"
        with contextlib.suppress(OSError, http.client.HTTPException):
            return ask(self.address, "/readyz", timeout=5).status == 200
        return False

    def said(self) -> str:
        """What it has written so far."""
        return self.log.read_text("utf-8", "replace")

    def workers(self) -> list[int]:
        """The processes that serve, oldest first."""
        return [pid for pid in descendants(self.process.pid) if is_worker(pid)]

    def wait_for_workers(self, many: int) -> list[int]:
        """The processes that serve, once there are so many."""
        wait_for(lambda: len(self.workers()) == many, f"{many} workers: {self.log}")
        return self.workers()

    def signal(self, number: int) -> None:
        """Send a signal to the process that was started, not to its workers."""
        self.process.send_signal(number)

    def stop(self, seconds: float = 60) -> None:
        """End it and wait; what is left of its group after that is killed."""
        self.process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(seconds)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


# --- requests ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Told:
    """An answer, and whether the connection is to be used again."""

    status: int
    headers: dict[str, str]
    body: bytes


def connect(address: Address, timeout: float = PATIENCE) -> socket.socket:
    """A connection to a server. Raises OSError where nobody listens."""
    if isinstance(address, str):
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(timeout)
        try:
            connection.connect(address)
        except OSError:
            connection.close()
            raise
        return connection
    return socket.create_connection(address, timeout)


def message(
    path: str,
    method: str = "GET",
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
    host: str = "localhost",
) -> bytes:
    """A request as it is sent."""
    fields = {"Host": host, **(headers or {})}
    if body is not None:
        fields["Content-Length"] = str(len(body))
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items())]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + (body or b"")


def answer(connection: socket.socket, method: str = "GET") -> Told:
    """The next answer on a connection. Raises OSError or HTTPException where there is none."""
    # Closed where nothing comes either: else its file keeps the connection's descriptor.
    with contextlib.closing(http.client.HTTPResponse(connection, method=method)) as response:
        response.begin()
        body = response.read()
        headers = {name.lower(): value for name, value in response.getheaders()}
        return Told(response.status, headers, body)


def ask(
    address: Address,
    path: str,
    method: str = "GET",
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
    timeout: float = PATIENCE,
) -> Told:
    """The answer to one request on a connection of its own."""
    with contextlib.closing(connect(address, timeout)) as connection:
        closing = {"Connection": "close", **(headers or {})}
        connection.sendall(message(path, method, body, closing))
        return answer(connection, method)
