"""Servers of one worker, pinned to one core, and the bench itself pinned to another."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.load import WrongAnswerError
from bench.targets import Target

ROOT = Path(__file__).parent.parent
START_SECONDS = 60.0
SECRET_KEY = "not a secret: the bench serves nobody else"


class StartError(Exception):
    """A server did not come up."""


@dataclass(frozen=True)
class Cores:
    """One core for the server and one for the load; None where the system cannot pin."""

    server: int | None
    load: int | None

    @classmethod
    def choose(cls) -> "Cores":
        if not hasattr(os, "sched_getaffinity"):
            return cls(None, None)
        available = sorted(os.sched_getaffinity(0))
        if len(available) < 2:
            return cls(None, None)
        return cls(available[0], available[1])

    def pin_load(self) -> None:
        _pin(self.load)

    @contextmanager
    def of_server(self) -> Iterator[None]:
        """What is started within runs on the server's core: children inherit the affinity."""
        _pin(self.server)
        try:
            yield
        finally:
            _pin(self.load)


def environment(url: str) -> dict[str, str]:
    """What every application is configured by."""
    return {
        "BLOG_DATABASE_URL": url,
        "BLOG_SECRET_KEY": SECRET_KEY,
        # Counted as ever, and never reached.
        "BLOG_LIMIT_SIGN_IN": "999999999/day",
        "BLOG_LIMIT_WRITES": "999999999/day",
        "BLOG_LIMIT_READS": "999999999/day",
        "BLOG_PROFILE": "production",
        "BLOG_ALLOW": "localhost,http,temporary-database",
        "BLOG_HOSTS": "127.0.0.1",
        "BLOG_HTTPS": "off",
        "PYTHONPATH": str(ROOT),
    }


@contextmanager
def serving(target: Target, url: str, cores: Cores, folder: Path) -> Iterator[int]:
    """Serve a target on a database; gives the port and ends the server afterwards.

    Raises StartError when it does not come up.
    """
    port = free_port()
    flags = {"gunicorn": _gunicorn, "uvicorn": _uvicorn}[target.server]
    env = environment(url) | ({"BENCH_JOINED": "yes"} if target.joined else {})
    command = [sys.executable, "-m", target.server, *flags(port), target.import_string]
    with running(command, port, cores, folder / f"{target.name}.log", env):
        yield port


@contextmanager
def running(
    command: list[str], port: int, cores: Cores, log: Path, env: dict[str, str]
) -> Iterator[None]:
    """Run a command that listens on a port.

    Raises StartError when it does not.
    """
    with log.open("wb") as output, cores.of_server():
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd=ROOT,
            env={**os.environ, **env},
        )
    try:
        _await(process, port, log)
        yield
    except WrongAnswerError as error:
        error.add_note(_tail(log))
        raise
    finally:
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def free_port() -> int:
    """A port of 127.0.0.1, at or above 20000, on which nothing listens."""
    for port in range(20_000 + os.getpid() % 20_000, 65_000):
        with socket.socket() as sock:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                sock.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise StartError("no port is free")


def _await(process: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1):
                return
        except OSError:
            time.sleep(0.05)
    raise StartError(f"{log.stem} did not start:\n{_tail(log)}")


def _tail(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-15:])


def _pin(core: int | None) -> None:
    if core is not None:
        os.sched_setaffinity(0, {core})


def _gunicorn(port: int) -> list[str]:
    return [
        "--bind", f"127.0.0.1:{port}",
        "--workers", "1",
        "--worker-class", "gthread",
        "--threads", "16",
        "--keep-alive", "60",
        "--no-control-socket",
        "--log-level", "warning",
    ]  # fmt: skip


def _uvicorn(port: int) -> list[str]:
    return [
        "--host", "127.0.0.1",
        "--port", str(port),
        "--workers", "1",
        "--http", "httptools",
        "--ws", "none",
        "--no-proxy-headers",
        "--no-server-header",
        "--no-access-log",
        "--log-level", "warning",
    ]  # fmt: skip
