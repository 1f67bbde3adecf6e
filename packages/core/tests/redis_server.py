"""A Redis of a test's own, which may be treated badly."""

import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path
from typing import Self

import pytest
import redis


class RedisServer:
    """Runs within its block, on a free port. The test is skipped where none is installed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __enter__(self) -> Self:
        command = shutil.which("redis-server") or shutil.which("valkey-server")
        if command is None:
            pytest.skip("no redis-server or valkey-server is installed")
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            port = listener.getsockname()[1]
        self.url = f"redis://127.0.0.1:{port}/0"
        arguments = ["--port", f"{port}", "--bind", "127.0.0.1", "--save", "", "--dir"]
        self._process = subprocess.Popen(
            [command, *arguments, str(self._folder)], stdout=subprocess.DEVNULL
        )
        self._client = redis.Redis.from_url(self.url)
        deadline = time.monotonic() + 20
        while True:
            try:
                self._client.ping()
            except redis.ConnectionError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.02)
            else:
                return self

    def __exit__(self, *_: object) -> None:
        self._client.close()
        self.thaw()
        self.kill()

    def flush(self) -> None:
        self._client.flushall()

    def freeze(self) -> None:
        os.kill(self._process.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        if self._process.poll() is None:
            os.kill(self._process.pid, signal.SIGCONT)

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()
