"""nginx and Caddy: started on a folder of their own, and told of another route map."""

import os
import shutil
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from examples.cut_over import routes
from http_parity.errors import TargetError
from http_parity.targets import open_target

HERE = Path(__file__).parent
INSTALL = "Install it (on Debian: apt-get install nginx-light caddy), then try again"
START_SECONDS = 60
# Where Debian has nginx, which not everybody has on PATH.
PATH = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin"])


class ProxyError(Exception):
    """The proxy is not there, or did not do as it was told; the message is one sentence."""


class Proxy(Protocol):
    """What stands before the frameworks."""

    url: str

    def serve(self, served: Mapping[str, str]) -> None:
        """Have these groups served by these frameworks from now on; nothing is dropped."""

    def stop(self) -> None:
        """End it."""


class _Running:
    """A proxy's process. `frameworks` are their ports by name; `default` has what is not named."""

    program: str

    def __init__(self, folder: Path, port: int, frameworks: Mapping[str, int], default: str):
        if shutil.which(self.program, path=PATH) is None:
            raise ProxyError(f"{self.program} is not on PATH. {INSTALL}.")
        self.url = f"http://127.0.0.1:{port}"
        self._folder = folder
        self._default = default
        self._prepare(port, frameworks)
        self._write({})
        with (folder / f"{self.program}.log").open("wb") as log:
            self._process = subprocess.Popen(
                self._command(), env=self._env(), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                process_group=0,  # Ctrl-C is for us; we end it after the load
            )  # fmt: skip
        self._wait()

    def serve(self, served: Mapping[str, str]) -> None:
        self._write(served)
        for command in self._reload():
            done = subprocess.run(
                command, env=self._env(), capture_output=True, text=True, check=False
            )
            if done.returncode:
                said = " ".join(done.stderr.split())[-500:]
                raise ProxyError(f"{self.program} refused the new routes: {said}.")

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait()

    def _prepare(self, port: int, frameworks: Mapping[str, int]) -> None: ...
    def _write(self, served: Mapping[str, str]) -> None: ...
    def _command(self) -> list[str]:
        raise NotImplementedError

    def _reload(self) -> list[list[str]]:
        raise NotImplementedError

    def _env(self) -> dict[str, str]:
        return {**os.environ, "PATH": PATH}

    def _replace(self, name: str, text: str) -> None:
        """As a whole or not at all: it may be read at any moment."""
        new = self._folder / f"{name}.new"
        new.write_text(text, "utf-8")
        new.replace(self._folder / name)

    def _wait(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                open_target(self.url).close()
            except TargetError:
                if self._process.poll() is not None or time.monotonic() > deadline:
                    log = (self._folder / f"{self.program}.log").read_text("utf-8", "replace")
                    raise ProxyError(
                        f"{self.program} does not listen: {' '.join(log.split())[-500:]}."
                    ) from None
                time.sleep(0.05)
            else:
                return


class Nginx(_Running):
    """nginx with `nginx.conf`."""

    program = "nginx"

    def _prepare(self, port: int, frameworks: Mapping[str, int]) -> None:
        (self._folder / "temporary").mkdir()
        shutil.copy(HERE / "nginx.conf", self._folder)
        upstreams = [
            f"upstream {name} {{ server 127.0.0.1:{number}; }}\n"
            for name, number in frameworks.items()
        ]
        self._replace("upstreams.conf", "".join(upstreams))
        self._replace("listen.conf", f"listen 127.0.0.1:{port};\n")

    def _write(self, served: Mapping[str, str]) -> None:
        self._replace("routes.map", routes.nginx_map(served, self._default))

    def _nginx(self, *words: str) -> list[str]:
        return ["nginx", "-p", str(self._folder), "-c", "nginx.conf", "-e", "stderr", *words]

    def _command(self) -> list[str]:
        return self._nginx("-g", "daemon off;")

    def _reload(self) -> list[list[str]]:
        return [self._nginx("-q", "-t"), self._nginx("-s", "reload")]

    def serve(self, served: Mapping[str, str]) -> None:
        """As any proxy, and wait until no worker with the old routes takes new connections."""
        before = self._taking()
        super().serve(served)
        deadline = time.monotonic() + START_SECONDS
        while before & self._taking():
            if time.monotonic() > deadline:
                raise ProxyError("nginx does not end its old workers.")
            time.sleep(0.05)

    def _taking(self) -> set[int]:
        """The workers that take new connections; others say that they are shutting down."""
        command = ["ps", "-A", "-ww", "-o", "pid=,ppid=,args="]
        shown = subprocess.run(command, capture_output=True, text=True, check=True)
        rows = [line.split(None, 2) for line in shown.stdout.splitlines()]
        taking = [f"{self._process.pid}", "nginx: worker process"]
        return {int(row[0]) for row in rows if [each.strip() for each in row[1:]] == taking}


class Caddy(_Running):
    """Caddy with `Caddyfile`."""

    program = "caddy"

    def _prepare(self, port: int, frameworks: Mapping[str, int]) -> None:
        shutil.copy(HERE / "Caddyfile", self._folder)
        self._ports = {"port": port, **frameworks}

    def _env(self) -> dict[str, str]:
        folder = str(self._folder)
        ports = {f"CUT_OVER_{name.upper()}": str(port) for name, port in self._ports.items()}
        # It keeps its own files under these two.
        homes = {"XDG_CONFIG_HOME": folder, "XDG_DATA_HOME": folder}
        own = super()._env()
        return {**own, "CUT_OVER_PLANTED": "9", "CUT_OVER_FOLDER": folder, **ports, **homes}

    def _write(self, served: Mapping[str, str]) -> None:
        self._replace("routes.caddy", routes.caddy_routes(served, self._default))

    def _command(self) -> list[str]:
        return ["caddy", "run", *self._config()]

    def _reload(self) -> list[list[str]]:
        address = f"unix/{self._folder}/admin.sock"
        return [["caddy", "reload", *self._config(), "--address", address]]

    def _config(self) -> list[str]:
        return ["--config", str(self._folder / "Caddyfile"), "--adapter", "caddyfile"]


PROXIES = {"nginx": Nginx, "caddy": Caddy}
