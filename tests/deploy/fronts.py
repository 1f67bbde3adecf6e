"""nginx and Caddy, started with the files of deploy/ before servers of the blog.

with nginx(["127.0.0.1:8001"], folder) as address:
    ask(address, "/livez")
"""

import contextlib
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

from tests.deploy.running import DEPLOY, connect, free_port, wait_for

PROGRAMS = ("nginx", "caddy")


def missing() -> list[str]:
    """Which of the programs are not installed."""
    return [name for name in PROGRAMS if shutil.which(name, path=_path()) is None]


def _path() -> str:
    return f"{os.environ.get('PATH', os.defpath)}{os.pathsep}/usr/sbin"


def nginx_configuration(upstreams: Sequence[str], port: int, folder: Path) -> Path:
    """The files of deploy/ in a folder: another port, other servers, nothing outside the folder."""
    text = (DEPLOY / "nginx.conf").read_text("utf-8")
    for pattern, instead in (
        *_as_root(),
        (r"^        listen 80;$", f"        listen 127.0.0.1:{port};"),
        (r"^        listen \[::\]:80;\n", ""),
        (r"^pid /run/nginx.pid;$", f"pid {folder}/nginx.pid;"),
        (r"/var/log/nginx/blog.log", f"{folder}/nginx.log"),
        (r"^http {$", "http {\n" + _folders(folder)),
    ):
        text, times = re.subn(pattern, instead, text, flags=re.MULTILINE)
        assert times == 1, f"deploy/nginx.conf has {times} times {pattern}"
    path = folder / "nginx.conf"
    path.write_text(text, "utf-8")
    servers = "".join(f"server {each} max_fails=1 fail_timeout=2s;\n" for each in upstreams)
    (folder / "blog-upstream.conf").write_text(servers, "utf-8")
    return path


def _as_root() -> list[tuple[str, str]]:
    """As root, nginx's workers stay root: pytest's folders are closed to anybody else."""
    return [(r"^worker_processes auto;$", "worker_processes auto;\nuser root;")] * (
        os.geteuid() == 0
    )


def _folders(folder: Path) -> str:
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    return "".join(f"    {kind}_temp_path {folder}/{kind};\n" for kind in kinds)


@contextlib.contextmanager
def nginx(upstreams: Sequence[str], folder: Path) -> Iterator[tuple[str, int]]:
    """The address of an nginx before these servers."""
    port = free_port()
    configuration = nginx_configuration(upstreams, port, folder)
    line = ["nginx", "-p", str(folder), "-c", str(configuration), "-g", "daemon off;"]
    folder.chmod(0o755)  # nginx's workers are another user where the master is root
    with _running(line, folder / "nginx.err", {}, port):
        yield ("127.0.0.1", port)


@contextlib.contextmanager
def caddy(upstreams: Sequence[str], folder: Path) -> Iterator[tuple[str, int]]:
    """The address of a Caddy before these servers."""
    port = free_port()
    variables = {
        "BLOG_SITE": f"http://:{port}",
        "BLOG_UPSTREAMS": " ".join(upstreams),
        "CADDY_ADMIN": f"unix/{folder}/caddy.sock",
        "HOME": str(folder),
        "XDG_DATA_HOME": str(folder),
        "XDG_CONFIG_HOME": str(folder),
    }
    line = ["caddy", "run", "--config", str(DEPLOY / "Caddyfile"), "--adapter", "caddyfile"]
    with _running(line, folder / "caddy.log", variables, port):
        yield ("127.0.0.1", port)


Front = Callable[[Sequence[str], Path], AbstractContextManager[tuple[str, int]]]
FRONTS: dict[str, Front] = {"nginx": nginx, "caddy": caddy}


@contextlib.contextmanager
def _running(line: list[str], log: Path, variables: dict[str, str], port: int) -> Iterator[None]:
    with log.open("wb") as output:
        process = subprocess.Popen(
            line,
            env={**os.environ, "PATH": _path(), **variables},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:

        def listens() -> bool:
            assert process.poll() is None, log.read_text()
            with contextlib.suppress(OSError):
                connect(("127.0.0.1", port)).close()
                return True
            return False

        wait_for(listens, f"{line[0]} listens: {log}")
        yield
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
