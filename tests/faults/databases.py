"""Databases and a store of the session's own, which may be killed, frozen, locked and filled up.

with PostgreSQL(folder) as database:
    database.kill()
    database.restart()

None listens beyond 127.0.0.1, and none is one that was there before.
"""

import contextlib
import os
import resource
import shutil
import signal
import socket
import sqlite3
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Self

import redis
from sqlalchemy import NullPool, create_engine, make_url, text
from sqlalchemy.exc import DBAPIError

START_SECONDS = 60.0
_NAME, _TEXT = "blog", "CHARACTER SET utf8mb4"


class MissingError(Exception):
    """Something that the session starts is not installed; says what to install."""


def find(program: str, package: str, folders: Sequence[str] = ()) -> str:
    """The path of a program. Raises MissingError."""
    path = os.pathsep.join([*folders, os.environ.get("PATH", os.defpath), "/usr/sbin"])
    found = shutil.which(program, path=path)
    if found is None:
        raise MissingError(
            f"{program} is not installed: install {package} (on Debian: apt-get install {package})"
        )
    return found


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def descendants(pid: int) -> list[int]:
    """The processes that this one started, and those that they started: Linux tells."""
    found, waiting = list[int](), [pid]
    while waiting:
        for children in Path(f"/proc/{waiting.pop()}/task").glob("*/children"):
            with contextlib.suppress(OSError):
                these = [int(child) for child in children.read_text("ascii").split()]
                found += these
                waiting += these
    return found


def send(number: signal.Signals, pids: Sequence[int]) -> None:
    """A signal to each of these that is still there."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


class Program(ABC):
    """A server in a folder of its own, on a port of its own, that runs within its block."""

    name: str

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    @abstractmethod
    def url(self) -> str: ...

    @abstractmethod
    def _command(self) -> list[str]: ...

    @abstractmethod
    def answers(self) -> bool:
        """Whether it can be used."""

    def _prepare(self) -> None:  # noqa: B027 # most need nothing
        """Make what it needs before its first start."""

    def _account(self) -> str | None:
        """Whom it runs as, where that is somebody else."""
        return None

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True)
        self._give(self.folder)
        self._prepare()
        self.restart()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def restart(self) -> float:
        """Start it, and return when it can be used: the instant, in monotonic seconds."""
        with (self.folder / "server.log").open("ab") as output:
            self._process = self._run(self._command(), output)
        deadline = time.monotonic() + START_SECONDS
        while not self.answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                log = (self.folder / "server.log").read_text("utf-8", "replace")
                raise RuntimeError(f"{self.name} did not start:\n{log[-2000:]}")
            time.sleep(0.02)
        return time.monotonic()

    def kill(self) -> None:
        """End all of its processes at once, with a signal that none can catch."""
        if self._process is not None:
            pids = [self._process.pid, *descendants(self._process.pid)]
            # The first one cannot start others any more.
            send(signal.SIGKILL, pids)
            self._process.wait()
            self._process = None

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """All of its processes are stopped until the block is left: they keep what they hold."""
        assert self._process is not None
        pids = [self._process.pid, *descendants(self._process.pid)]
        send(signal.SIGSTOP, pids)
        try:
            yield
        finally:
            send(signal.SIGCONT, pids)

    def _give(self, folder: Path) -> None:
        account = self._account()
        if account is not None:
            shutil.chown(folder, account, account)

    def _run(self, command: list[str], output: Any) -> "subprocess.Popen[bytes]":
        account = self._account()
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=self.folder,
            user=account,
            group=account,
            extra_groups=None if account is None else [],
            start_new_session=True,
        )

    def _finish(self, command: list[str]) -> None:
        with (self.folder / "prepare.log").open("ab") as output:
            code = self._run(command, output).wait(START_SECONDS)
        if code:
            log = (self.folder / "prepare.log").read_text("utf-8", "replace")
            raise RuntimeError(f"{command[0]} ended with {code}:\n{log[-2000:]}")


class Database(ABC):
    """What the parts of the session do to a database, and what they read from it."""

    name: str
    url: str

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Nobody else writes to the table of posts until the block is left."""
        engine = create_engine(self.url, poolclass=NullPool)
        with engine.connect() as connection:
            self._lock(connection.connection.cursor())
            yield
            connection.invalidate()
        engine.dispose()

    @abstractmethod
    def _lock(self, cursor: Any) -> None: ...

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """What a query finds, asked past the applications."""
        engine = create_engine(self.url, poolclass=NullPool)
        try:
            with engine.connect() as connection:
                return [tuple(row) for row in connection.execute(text(query))]
        finally:
            engine.dispose()


class PostgreSQL(Program, Database):
    """What is no log of changes can be kept in a folder elsewhere: `data`."""

    name = "PostgreSQL"

    def __init__(self, folder: Path, data: Path | None = None) -> None:
        super().__init__(folder)
        self._data = data or folder / "data"
        homes = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
        self._postgres = find("postgres", "postgresql", [str(home) for home in homes])
        self._initdb = find("initdb", "postgresql", [str(home) for home in homes])

    @property
    def url(self) -> str:  # type: ignore[override]
        return f"postgresql+psycopg://blog@127.0.0.1:{self.port}/postgres"

    def answers(self) -> bool:
        try:
            self.rows("SELECT 1")
        except Exception:  # whatever it says, it cannot be used yet
            return False
        return True

    def _account(self) -> str | None:
        # It refuses to run as root.
        return "postgres" if os.geteuid() == 0 else None

    def _prepare(self) -> None:
        options = ["--username", "blog", "--auth", "trust", "--encoding", "UTF8", "--no-locale"]
        self._data.mkdir(mode=0o700)
        self._give(self._data)
        # Later it waits for the disk as ever.
        log = ["--waldir", str(self.folder / "wal"), "--no-sync"]
        self._finish([self._initdb, "--pgdata", str(self._data), *options, *log])

    def _command(self) -> list[str]:
        settings = {
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",
            "shared_buffers": "32MB",
            "max_connections": "200",
        }
        flags = [f"-c{name}={value}" for name, value in settings.items()]
        return [self._postgres, "-D", str(self._data), "-p", f"{self.port}", *flags]

    def _lock(self, cursor: Any) -> None:
        cursor.execute("LOCK TABLE posts IN EXCLUSIVE MODE")


class MariaDB(Program, Database):
    name = "MariaDB"

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._server = find("mariadbd", "mariadb-server")
        self._install = find("mariadb-install-db", "mariadb-server")

    @property
    def url(self) -> str:  # type: ignore[override]
        return f"mariadb+pymysql://root@127.0.0.1:{self.port}/blog"

    def answers(self) -> bool:
        address = make_url(self.url).set(database="")
        engine = create_engine(address, poolclass=NullPool, connect_args={"read_timeout": 5})
        try:
            with engine.connect() as connection:
                connection.execute(text(f"CREATE DATABASE IF NOT EXISTS {_NAME} {_TEXT}"))
        except DBAPIError:
            return False
        finally:
            engine.dispose()
        return True

    def _prepare(self) -> None:
        self._finish(
            [
                *(self._install, "--no-defaults", f"--datadir={self.folder / 'data'}"),
                *("--auth-root-authentication-method=normal", "--skip-test-db"),
                *(["--user=root"] if os.geteuid() == 0 else []),
            ]
        )

    def _command(self) -> list[str]:
        return [
            *(self._server, "--no-defaults", f"--datadir={self.folder / 'data'}"),
            *(f"--port={self.port}", "--bind-address=127.0.0.1"),
            *(f"--socket={self.folder / 'socket'}", f"--pid-file={self.folder / 'pid'}"),
            *("--innodb-buffer-pool-size=32M", "--skip-name-resolve"),
            *(["--user=root"] if os.geteuid() == 0 else []),
        ]

    def _lock(self, cursor: Any) -> None:
        cursor.execute("LOCK TABLES posts WRITE")


class SQLite(Database):
    name = "SQLite"

    def __init__(self, folder: Path) -> None:
        self.path = folder / "blog.sqlite3"
        self.url = f"sqlite:///{self.path}"

    def _lock(self, cursor: Any) -> None:
        cursor.execute("BEGIN IMMEDIATE")

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(self.path, timeout=10)) as connection:
            return connection.execute(query).fetchall()


class Redis(Program):
    """A store of limits."""

    name = "Redis"

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        try:
            self._server = find("redis-server", "redis-server")
        except MissingError:
            self._server = find("valkey-server", "valkey-server")

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def answers(self) -> bool:
        client = redis.Redis.from_url(self.url, socket_timeout=2)
        try:
            client.ping()
        except redis.RedisError:
            return False
        finally:
            client.close()
        return True

    def flush(self) -> None:
        with redis.Redis.from_url(self.url) as client:
            client.flushall()

    def _command(self) -> list[str]:
        return [self._server, "--port", f"{self.port}", "--bind", "127.0.0.1", "--save", ""]


# --- a disk that fills up ------------------------------------------------------------------------


class Disk:
    """A small disk at a folder, within its block: only root may have one."""

    def __init__(self, folder: Path, megabytes: int) -> None:
        self.folder = folder
        self._megabytes = megabytes
        self._filler = folder / "filler"

    def __enter__(self) -> Self:
        self.folder.mkdir()
        size = f"size={self._megabytes}m,mode=0755"
        command = ["mount", "-t", "tmpfs", "-o", size, "triptych-faults", str(self.folder)]
        try:
            subprocess.run(command, check=True, capture_output=True)
        except (OSError, subprocess.CalledProcessError) as error:
            raise MissingError("only root can mount a small disk here") from error
        return self

    def __exit__(self, *_: object) -> None:
        # What is still open on it keeps it, unseen, until it is closed.
        subprocess.run(["umount", "--lazy", str(self.folder)], check=True)

    @contextmanager
    def full(self) -> Iterator[None]:
        """Without a free byte until the block is left."""
        with self._filler.open("wb", buffering=0) as file:
            for size in (1 << 20, 4096):
                with contextlib.suppress(OSError):
                    while True:
                        file.write(bytes(size))
        try:
            yield
        finally:
            self._filler.unlink()


@contextmanager
def no_larger_files(pids: Sequence[int], size: int) -> Iterator[None]:
    """These processes cannot make a file larger than this until the block is left.

    Stands in for a full disk where none can be mounted.
    """
    before = {}
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            before[pid] = resource.prlimit(pid, resource.RLIMIT_FSIZE)
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, before[pid][1]))
    try:
        yield
    finally:
        for pid, limit in before.items():
            with contextlib.suppress(ProcessLookupError):
                resource.prlimit(pid, resource.RLIMIT_FSIZE, limit)
