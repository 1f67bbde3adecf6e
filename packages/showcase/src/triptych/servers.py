"""Production servers: which serves which framework, and with which flags.

    os.execvp(sys.executable, command("flask", "gunicorn", host="127.0.0.1", port=8002, workers=2))

Every server is told to believe nothing that a client can send about proxies.
"""

import contextlib
import ctypes
import errno
import http.client
import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Self

from blog_core.telemetry.logs import SERVERS as SERVERS_LOGGING
from triptych.errors import NOT_INSTALLED, PORT_TAKEN, SERVER, USAGE, Failure

STOP_SECONDS = 15.0
"""How long a server may take to finish what it is answering before it is killed."""


@dataclass(frozen=True)
class Framework:
    """One implementation of the blog, by the import strings that servers load."""

    key: str
    title: str
    package: str
    server: str
    wsgi: str | None = None
    asgi: str | None = None


FRAMEWORKS = {
    framework.key: framework
    for framework in (
        Framework(
            "django",
            "Django",
            "blog_django",
            server="gunicorn",
            wsgi="blog_django.wsgi:application",
            asgi="blog_django.asgi:application",
        ),
        Framework("flask", "Flask", "blog_flask", server="gunicorn", wsgi="blog_flask.wsgi:app"),
        Framework(
            "fastapi", "FastAPI", "blog_fastapi", server="uvicorn", asgi="blog_fastapi.asgi:app"
        ),
    )
}

SERVERS = ("gunicorn", "uvicorn", "granian")


def command(
    key: str,
    server: str,
    *,
    host: str,
    port: int,
    workers: int,
    application: str = "",
    json_logs: bool = False,
) -> list[str]:
    """The command line of a production server for a framework.

    `application` is the import string of another one than the framework's own, of the same kind.
    `json_logs` has the server's own lines written as JSON as well. Raises Failure for a pair that
    cannot be, and for a framework or server that is not installed.
    """
    framework = FRAMEWORKS[key]
    if server == "uvicorn" and framework.asgi is None:
        raise Failure(
            f"{framework.title} speaks WSGI and uvicorn only ASGI: choose gunicorn or granian.",
            USAGE,
        )
    require(framework, server)
    if application:
        kind = "wsgi" if framework.wsgi else "asgi"
        framework = replace(framework, **{kind: application})
    flags = {"gunicorn": _gunicorn, "uvicorn": _uvicorn, "granian": _granian}[server]
    option = "--log-config-json" if server == "gunicorn" else "--log-config"
    logs = [option, str(SERVERS_LOGGING)] if json_logs else []
    return [sys.executable, "-m", server, *logs, *flags(framework, host, port, workers)]


def metrics_directory() -> str:
    """A new directory in which the processes of a server count together; the last ones' go.

    It bears the number of this process, which the server then takes over.
    """
    prefix = "triptych-metrics-"
    for left in Path(tempfile.gettempdir()).glob(f"{prefix}*-*"):
        pid = left.name.removeprefix(prefix).partition("-")[0]
        if pid.isdigit() and left.stat().st_uid == os.getuid() and not _runs(int(pid)):
            shutil.rmtree(left, ignore_errors=True)
    return tempfile.mkdtemp(prefix=f"{prefix}{os.getpid()}-")


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def require(framework: Framework, server: str) -> None:
    """Raises Failure unless the framework, its adapter and the server are installed."""
    if importlib.util.find_spec(server) is None:
        raise Failure(f"The server {server} is not installed: pip install {server}", NOT_INSTALLED)
    for module, what in ((framework.key, framework.title), (framework.package, framework.package)):
        if importlib.util.find_spec(module) is None:
            raise Failure(
                f"{what} is not installed: pip install 'triptych[{framework.key}]'", NOT_INSTALLED
            )


def _gunicorn(framework: Framework, host: str, port: int, workers: int) -> list[str]:
    if framework.wsgi:
        # One more than can wait for the database at once: see blog_core.storage.engine.
        kind = ["--worker-class", "gthread", "--threads", "16", framework.wsgi]
    else:
        kind = ["--worker-class", "asgi", str(framework.asgi)]
    return [
        "--bind", f"{_bracketed(host)}:{port}",
        "--workers", str(workers),
        # The front's 2,700 characters times 3 for escapes, plus method and version.
        "--limit-request-line", "8190",
        # Else a client on this machine can set SCRIPT_NAME and the scheme by header fields.
        "--forwarded-allow-ips", "",
        "--graceful-timeout", "10",
        "--no-control-socket",
        "--log-level", "warning",
        *kind,
    ]  # fmt: skip


def _uvicorn(framework: Framework, host: str, port: int, workers: int) -> list[str]:
    return [
        "--host", host,
        "--port", str(port),
        "--workers", str(workers),
        "--http", "httptools",
        "--ws", "none",
        "--no-proxy-headers",
        "--no-server-header",
        "--no-access-log",
        "--timeout-graceful-shutdown", "10",
        # Else its parent ends one that does not answer within five seconds: on a machine that is
        # very busy, each before it has started.
        "--timeout-worker-healthcheck", "30",
        "--log-level", "warning",
        str(framework.asgi),
    ]  # fmt: skip


def _granian(framework: Framework, host: str, port: int, workers: int) -> list[str]:
    return [
        "--host", host,
        "--port", str(port),
        "--workers", str(workers),
        "--interface", "wsgi" if framework.wsgi else "asgi",
        *(["--blocking-threads", "16"] if framework.wsgi else []),
        "--http", "1",
        "--no-ws",
        "--no-access-log",
        "--workers-kill-timeout", "10",
        "--log-level", "warning",
        framework.wsgi or str(framework.asgi),
    ]  # fmt: skip


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def require_port(host: str, port: int, advice: str) -> None:
    """Raises Failure unless a server could listen there now; `advice` says what else to do."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        with socket.socket(family, socket.SOCK_STREAM) as listener:
            # As the servers do: a port in TIME_WAIT is free.
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((host, port))
    except PermissionError:
        raise Failure(
            f"Port {port} needs more rights than you have: {advice}.", PORT_TAKEN
        ) from None
    except OSError as error:
        if isinstance(error, socket.gaierror) or error.errno != errno.EADDRINUSE:
            raise Failure(
                f"Nothing can listen on {host}:{port}: {error.strerror}.", USAGE
            ) from error
        raise Failure(f"Port {port} is already in use: {advice}.", PORT_TAKEN) from None


def end_with_parent(parent: int) -> None:
    """Have the kernel end this process when the one that started it dies, however it dies.

    Linux only; elsewhere a parent that is killed leaves its servers behind.
    """
    if sys.platform == "linux":
        set_parent_death_signal = 1  # PR_SET_PDEATHSIG, prctl(2); it survives an exec
        ctypes.CDLL(None).prctl(set_parent_death_signal, signal.SIGTERM)
    if os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGTERM)


class Server:
    """One framework behind its production server, in a process group of its own."""

    def __init__(
        self,
        framework: Framework,
        port: int,
        log: Path,
        env: Mapping[str, str],
        application: str = "",
    ) -> None:
        self.framework = framework
        self.port = port
        self.log = log
        self.url = f"http://127.0.0.1:{port}"
        with log.open("wb") as output:
            self._process = subprocess.Popen(  # noqa: S603 # our own command line
                [
                    *(sys.executable, "-m", "triptych", "serve", framework.key),
                    # One: what is counted in a process is then counted in all of the server.
                    *("--port", str(port), "--workers", "1", "--parent", str(os.getpid())),
                    *(["--application", application] if application else []),
                ],
                env=dict(env),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                # Ctrl-C is for us; we then end them in order, and whole groups at once.
                process_group=0,
            )

    def require_alive(self) -> None:
        """Raises Failure when the process has ended."""
        status = self._process.poll()
        if status is not None:
            how = f"exit code {status}" if status >= 0 else signal.Signals(-status).name
            raise Failure(
                f"{self.framework.title} on port {self.port} died ({how}): {self._last_words()}",
                SERVER,
            )

    def wait_until_ready(self, deadline: float, check: Callable[[], None]) -> None:
        """Ask /readyz until it says 200. Raises Failure at the deadline, in monotonic seconds.

        `check` is called in between, and may raise to end the waiting.
        """
        while not self._ready():
            check()
            self.require_alive()
            if time.monotonic() > deadline:
                title = f"{self.framework.title} on port {self.port}"
                raise Failure(f"{title} is not ready: {self._last_words()}", SERVER)
            time.sleep(0.1)

    def terminate(self) -> None:
        self._signal(signal.SIGTERM)

    def wait(self, deadline: float) -> None:
        """Return when the whole group has ended; what still runs at the deadline is killed."""
        while not self._ended() and time.monotonic() < deadline:
            time.sleep(0.02)
        # The leader is not reaped yet, so the group is still ours: this ends stray workers too.
        self._signal(signal.SIGKILL)
        self._process.wait()

    def _ended(self) -> bool:
        if self._process.returncode is not None:
            return True
        options = os.WEXITED | os.WNOHANG | os.WNOWAIT
        return os.waitid(os.P_PID, self._process.pid, options) is not None

    def _signal(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, number)

    def _ready(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", "/readyz")
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def _last_words(self) -> str:
        lines = self.log.read_text("utf-8", "replace").split("\n")
        said = [line.strip() for line in lines if line.strip()]
        return f"{said[-1]} (all of it is in {self.log})" if said else "it said nothing"


class Servers:
    """Several servers as one: leaving the block ends all of them, whatever happened in it."""

    def __init__(self) -> None:
        self.running: list[Server] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        deadline = time.monotonic() + STOP_SECONDS
        for server in self.running:
            server.terminate()
        for server in self.running:
            server.wait(deadline)

    def start(
        self,
        framework: Framework,
        port: int,
        log: Path,
        env: Mapping[str, str],
        application: str = "",
    ) -> Server:
        """Start one; `application` is the import string of another than the framework's own."""
        server = Server(framework, port, log, env, application)
        self.running.append(server)
        return server

    def require_alive(self) -> None:
        """Raises Failure, naming the first, when one of them has ended."""
        for server in self.running:
            server.require_alive()
