"""The museum's regressions, planted in one of the three and caught: what a clone can show.

The mutants are in the repository and in no wheel. They are run by other processes, by their import
strings and by `python -m tests.mutants`: nothing of them is imported here.
"""

import json
import os
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from pathlib import Path
from typing import Any

from triptych.errors import Failure
from triptych.page.spellings import Spelling
from triptych.page.stories import BY_SLUG, PLANTED, Story
from triptych.servers import FRAMEWORKS, Server, Servers

NOT_HERE = (
    "The regressions are planted from a clone of the repository: an installed wheel has no mutants."
)
BUSY = "Another regression is planted at the moment: wait until its tests have run."
READY_SECONDS = 300.0
TEST_SECONDS = 300.0


@dataclass(frozen=True)
class Regression:
    """One fault that a move between frameworks brought, as the museum has it."""

    name: str
    framework: str
    application: str
    file: Path
    cause: str
    fault: str
    tests: tuple[str, ...]
    row: int | None
    broke: str
    note: str
    sources: tuple[tuple[str, str], ...]
    story: Story

    @property
    def title(self) -> str:
        return FRAMEWORKS[self.framework].title

    @property
    def headline(self) -> str:
        """What somebody would call it, as the beginning of a line."""
        return self.cause[0].upper() + self.cause[1:]

    @property
    def code(self) -> Spelling:
        """The mutant, all of it."""
        source = self.file.read_text("utf-8")
        module = ".".join(self.file.with_suffix("").parts[-3:])
        return Spelling("", module, self.file, 1, source.count("\n"), source.rstrip("\n"))


class Garden:
    """What can be planted, from a clone whose root is `root`; nothing where there is none.

    `env` is that of the three servers: a mutant is on the same database.
    """

    def __init__(self, root: Path | None, directory: Path, env: Mapping[str, str]) -> None:
        self._root = root
        self._directory = directory
        self._env = env
        self._one_at_a_time = threading.Lock()

    @cached_property
    def everything(self) -> tuple[Regression, ...]:
        """All that one request shows, in the order of the museum."""
        if self._root is None:
            return ()
        told = subprocess.run(  # our own command line
            [sys.executable, "-m", "tests.mutants"],
            cwd=self._root,
            capture_output=True,
            check=False,
        )
        if told.returncode:
            return ()
        found = [_regression(self._root, said) for said in json.loads(told.stdout)]
        picked = [regression for regression in found if regression is not None]
        return tuple(sorted(picked, key=lambda one: (one.row is None, one.row, one.name)))

    @property
    def why_not(self) -> str:
        """Why there is nothing to plant, in one sentence; empty where there is."""
        if self.everything:
            return ""
        if self._root is None:
            return NOT_HERE
        return "The mutants do not run here: install the workspace with its contract suite."

    def of(self, name: str) -> Regression | None:
        if name not in PLANTED:
            return None
        return next((one for one in self.everything if one.name == name), None)

    @contextmanager
    def planted(self, name: str) -> Iterator["Planting"]:
        """One regression planted, for as long as the block lasts; its server then ends."""
        regression = self.of(name)
        assert regression is not None  # noqa: S101 # the caller has looked
        assert self._root is not None  # noqa: S101 # else there is no regression
        with Servers() as servers:
            planting = Planting(regression, self._root, self._directory, self._env, servers)
            planting.refused = not self._one_at_a_time.acquire(blocking=False)
            try:
                yield planting
            finally:
                planting.stop()
                if not planting.refused:
                    self._one_at_a_time.release()


class Planting:
    """A server with the fault, then the tests that catch it."""

    def __init__(
        self,
        regression: Regression,
        root: Path,
        directory: Path,
        env: Mapping[str, str],
        servers: Servers,
    ) -> None:
        self.regression = regression
        self.url = ""
        self.refused = False
        self._root = root
        self._log = directory / "planted.log"
        self._env = {**env, "PYTHONPATH": os.pathsep.join([str(root), *_path(env)])}
        self._servers = servers
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> Iterator[dict[str, Any]]:
        """Start the server; `url` is where it answers, empty where it does not."""
        if self.refused:
            yield {"kind": "failed", "sentence": BUSY}
            return
        yield {"kind": "starting"}
        began = time.monotonic()
        try:
            server = self._start()
            server.wait_until_ready(began + READY_SECONDS, lambda: None)
        except Failure as error:
            yield {"kind": "failed", "sentence": error.message}
            return
        self.url = server.url
        yield {"kind": "started", "seconds": time.monotonic() - began, "port": server.port}

    def _start(self) -> Server:
        framework = FRAMEWORKS[self.regression.framework]
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            port = listener.getsockname()[1]
        return self._servers.start(
            framework, port, self._log, self._env, application=self.regression.application
        )

    def tests(self) -> Iterator[dict[str, Any]]:
        """What the tests that are named for it say of the mutant, then of the adapter as it is.

        Each is told once its cases are through: some have hundreds.
        """
        found = {"mutant": [0, 0], "adapter": [0, 0]}
        for on in ("mutant", "adapter"):
            yield {"kind": "tests", "on": on, "names": self.regression.tests}
            for name, cases in groupby(self._run(on), _test):
                said = list(cases)
                if "error" in said[0]:
                    sentence = f"The tests did not run: {said[0]['error']}"
                    yield {"kind": "failed", "sentence": sentence}
                    return
                failed = [case for case in said if not case["passed"]]
                found[on][0] += len(said) - len(failed)
                found[on][1] += len(failed)
                yield {
                    "kind": "test",
                    "on": on,
                    "name": name,
                    "cases": len(said),
                    "failed": len(failed),
                    "first": _case(failed[0]["test"]) if failed else "",
                    "why": failed[0]["why"] if failed else [],
                }
        caught = found["mutant"][1] > 0 and found["adapter"][1] == 0 and found["adapter"][0] > 0
        yield {
            "kind": "end",
            "caught": caught,
            "mutant": found["mutant"],
            "adapter": found["adapter"],
        }

    def _run(self, on: str) -> Iterator[dict[str, Any]]:
        self._process = subprocess.Popen(  # noqa: S603 # our own command line
            [sys.executable, "-m", "tests.mutants", self.regression.name, "--on", on],
            cwd=self._root,
            env={name: value for name, value in self._env.items() if not name.startswith("BLOG_")},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            encoding="utf-8",
        )
        ending = threading.Timer(TEST_SECONDS, self._process.kill)
        ending.start()
        assert self._process.stdout is not None  # noqa: S101 # asked for above
        try:
            told = False
            for line in self._process.stdout:
                told = True
                yield json.loads(line)
            if self._process.wait() < 0 or not told:
                yield {"error": "they ended without a word."}
        finally:
            ending.cancel()
            self.stop()

    def stop(self) -> None:
        """End the tests that are running, if any."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()
            if process.stdout is not None:
                process.stdout.close()


def clone() -> Path | None:
    """The root of the clone that this module is run from, None where it is installed."""
    root = Path(__file__).resolve().parents[5]
    return root if (root / "tests" / "mutants" / "__main__.py").is_file() else None


def _test(said: Mapping[str, Any]) -> str:
    """The test that an outcome is of, without its case."""
    return str(said.get("test", "")).partition("[")[0]


def _case(test: str) -> str:
    """The case that a test's name ends with, without the target that pytest names there."""
    case = test.partition("[")[2].removesuffix("]")
    return re.sub(r"^(?:(?:wsgi|asgi):[\w.:]+|[a-z]+-[wa]sgi)-?", "", case)


def _path(env: Mapping[str, str]) -> list[str]:
    return [env["PYTHONPATH"]] if env.get("PYTHONPATH") else []


def _regression(root: Path, said: Mapping[str, Any]) -> Regression | None:
    if said["name"] not in PLANTED or said["processes"]:
        return None
    return Regression(
        name=said["name"],
        framework=said["framework"],
        application=said["application"],
        file=root / said["file"],
        cause=said["cause"],
        fault=said["fault"],
        tests=tuple(said["tests"]),
        row=said["row"],
        broke=said["broke"],
        note=said["note"],
        sources=tuple((words, url) for words, url in said["sources"]),
        story=BY_SLUG[PLANTED[said["name"]]],
    )
