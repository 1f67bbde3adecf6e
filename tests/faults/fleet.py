"""The three frameworks behind their servers, two workers each, over one database.

with Fleet(database.url, folder) as fleet:
    fleet.ports["flask"]
    fleet.kill_worker()
"""

import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from blog_core import schemas
from blog_core.domain.browsers import browser_name
from blog_core.schemas import ANYBODY
from blog_core.settings import Settings
from blog_core.storage import migrate
from blog_core.wiring import build
from tests.faults.databases import descendants, free_port, send
from tests.workers import GENEROUS, SECRET
from tools.with_blog import ready, stop
from triptych import servers

WORKERS = 2
# Three applications start at once, on a machine that may be busy.
START_SECONDS = 600.0
FRAMEWORKS = ("django", "flask", "fastapi")
PASSWORD = "nine lives, no boots"
ROOT = Path(__file__).parent.parent.parent


@dataclass(frozen=True)
class Account:
    """Somebody who is signed in twice: a program with a token, and a browser."""

    name: str
    token: str
    session: str


def make_accounts(url: str, names: Iterator[str] | tuple[str, ...]) -> list[Account]:
    """Migrate the database at the URL, and sign these in."""
    migrate.upgrade(url)
    blog = build(Settings(database_url=url, secret_key=SECRET))
    found = []
    try:
        for name in names:
            new = schemas.NewUser(username=name, email=f"{name}@example.org", password=PASSWORD)
            blog.sign_up(new)
            sign_in = schemas.SignIn(username=name, password=PASSWORD)
            token = blog.sign_in(sign_in).token
            session = blog.open_session(ANYBODY, sign_in, browser_name("")).value
            found.append(Account(name, token, session))
    finally:
        blog.close()
    return found


class Fleet:
    """Runs within its block. `applications` stand in for a framework's own, by import string."""

    def __init__(
        self,
        url: str,
        folder: Path,
        *,
        frameworks: tuple[str, ...] = FRAMEWORKS,
        applications: Mapping[str, str] | None = None,
        environ: Mapping[str, str] | None = None,
        before: tuple[str, ...] = (),
    ) -> None:
        """`before` stands before the command of each server: what runs it."""
        self.frameworks = frameworks
        self.ports = {name: free_port() for name in frameworks}
        self.folder = folder
        self._applications = applications or {}
        self._before = before
        self._environ = {
            **os.environ,
            **GENEROUS,
            "BLOG_DATABASE_URL": url,
            "BLOG_SECRET_KEY": SECRET,
            "PYTHONPATH": str(ROOT),
            **(environ or {}),
        }
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._stack = ExitStack()
        self._turn = 0

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            for name in self.frameworks:
                with self._log(name).open("wb") as output:
                    process = subprocess.Popen(
                        [*self._before, *self._command(name)],
                        env=self._environ,
                        stdin=subprocess.DEVNULL,
                        stdout=output,
                        stderr=subprocess.STDOUT,
                        cwd=self.folder,
                        start_new_session=True,
                    )
                self._processes[name] = process
                stack.callback(stop, process)
            self._wait()
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def said(self) -> str:
        """What the servers wrote."""
        return "".join(self._log(name).read_text("utf-8", "replace") for name in self.frameworks)

    def workers(self) -> list[int]:
        """The processes that answer requests, of all servers."""
        return [pid for each in self._processes.values() for pid in self._workers_of(each)]

    def kill_worker(self) -> None:
        """End one of them at once, each time of another server, which starts one in its place."""
        self._turn += 1
        process = self._processes[self.frameworks[self._turn % len(self.frameworks)]]
        # The oldest, because the newest may not have begun to answer.
        send(signal.SIGKILL, sorted(self._workers_of(process), key=_age)[:1])

    def wait_until_ready(self) -> None:
        """Return when a new connection to each is answered, twice in a row."""
        for _ in range(2):
            self._wait()

    def kill(self) -> None:
        """End all servers at once; what stands before them sees it."""
        for process in self._processes.values():
            own = [] if self._before else [process.pid]
            send(signal.SIGKILL, [*own, *descendants(process.pid)])
            process.wait()

    def _wait(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        for name, process in self._processes.items():
            while not ready(self.ports[name]):
                if process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError(f"{name} is not ready:\n{self._log(name).read_text()}")
                time.sleep(0.1)

    def _workers_of(self, process: "subprocess.Popen[bytes]") -> list[int]:
        # uvicorn's come with one that only tidies up.
        children = descendants(process.pid)
        return [pid for pid in children if b"resource_tracker" not in _command_line(pid)]

    def _log(self, name: str) -> Path:
        return self.folder / f"{name}.log"

    def _command(self, name: str) -> list[str]:
        framework = servers.FRAMEWORKS[name]
        line = servers.command(
            name, framework.server, host="127.0.0.1", port=self.ports[name], workers=WORKERS
        )
        if name in self._applications:
            own = framework.wsgi if framework.server == "gunicorn" else framework.asgi
            line[line.index(f"{own}")] = self._applications[name]
        return line


def _command_line(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def _age(pid: int) -> int:
    """When the process was started: those before have less."""
    try:
        return int(Path(f"/proc/{pid}/stat").read_text("ascii", "replace").split()[-31])
    except (OSError, ValueError, IndexError):
        return 0
