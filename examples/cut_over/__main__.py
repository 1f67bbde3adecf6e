"""Move a site from Flask to FastAPI and on to Django, route by route, while people use it.

    python -m examples.cut_over                        # nginx, 300 seconds, 100 requests a second
    python -m examples.cut_over --seconds 30           # the quick one
    python -m examples.cut_over --proxy caddy
    python -m examples.cut_over --fault offset_for_z   # something is wrong behind the moved routes

The three frameworks run on one database behind a proxy. People read and write through the proxy,
signed in by cookie or token, or not at all. Each group of routes is moved twice, and one is moved
back in between. Before a move the comparing client asks the old and the new framework directly;
after it the old one directly and the new one through the proxy. Where they differ after a move, the
routes go back.

Exit code: 0 when nothing failed, nobody was signed out and nothing differed; 1 otherwise; 2 when it
could not be found out.
"""

import argparse
import os
import secrets
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from examples.cut_over.comparing import SERVED_BY, compare, harmless, request, sign_in_watcher
from examples.cut_over.load import Load
from examples.cut_over.proxies import PROXIES, Proxy, ProxyError
from examples.cut_over.routes import GROUPS
from http_parity.errors import TargetError
from http_parity.sockets import SocketTarget
from tests.mutants import MUTANTS
from tools.with_blog import free_port, provider, ready, triptych
from triptych.errors import Failure
from triptych.servers import FRAMEWORKS, Servers

ROOT = Path(__file__).parents[2]
START_SECONDS = 300
IN_FORCE_SECONDS = 20
OLD, NEW, NEXT = "flask", "fastapi", "django"
BACK = "writing posts on pages"
"""The group that is moved back once, whatever the comparison says."""


@dataclass(frozen=True)
class Move:
    """A group of routes goes to another framework."""

    group: str
    to: str
    back: bool = False


PLAN = (
    *(
        move
        for group in GROUPS
        for move in (
            (Move(group, NEW), Move(group, OLD, back=True), Move(group, NEW))
            if group == BACK
            else (Move(group, NEW),)
        )
    ),
    *(Move(group, NEXT) for group in GROUPS),
)


def main() -> int:
    """Do it, and say how it went."""
    parser = argparse.ArgumentParser(
        prog="python -m examples.cut_over",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--proxy", choices=sorted(PROXIES), default="nginx")
    parser.add_argument("--seconds", type=float, default=300, help="how long, default %(default)s")
    parser.add_argument(
        "--rate", type=float, default=100, help="requests a second, default %(default)s"
    )
    parser.add_argument(
        "--database", metavar="URL", help="an empty database; an SQLite file where there is none"
    )
    parser.add_argument(
        "--fault",
        metavar="NAME",
        choices=sorted(mutant.name for mutant in MUTANTS if "-" in mutant.target),
        help="put this module of tests/mutants behind the routes that move to its framework",
    )
    arguments = parser.parse_args()
    if arguments.seconds <= 0 or arguments.rate <= 0:
        parser.error("--seconds and --rate are more than 0")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        with ExitStack() as cleanup:
            return CutOver(cleanup, arguments).run()
    except (ProxyError, Failure, TargetError) as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


class CutOver:
    """One run: everything is started by the constructor and ended by `cleanup`."""

    def __init__(self, cleanup: ExitStack, arguments: argparse.Namespace) -> None:
        self.seconds: float = arguments.seconds
        folder = Path(cleanup.enter_context(tempfile.TemporaryDirectory(prefix="cut-over-")))
        # nginx's workers are somebody else, where its master is root.
        folder.chmod(0o755)
        env = os.environ | {
            "BLOG_DATABASE_URL": arguments.database or f"sqlite:///{folder}/blog.sqlite3",
            "BLOG_SECRET_KEY": secrets.token_hex(32),
            "BLOG_TRUSTED_PROXIES": "127.0.0.1",
            **{f"BLOG_LIMIT_{name}": "off" for name in ("SIGN_IN", "SIGN_UP", "WRITES", "READS")},
            **provider("example", "http://127.0.0.1:9"),
            "PYTHONPATH": str(ROOT),
        }
        ports = {name: free_port() for name in FRAMEWORKS}
        triptych("migrate", env=env)
        say(f"Starting {', '.join(FRAMEWORKS)} and {arguments.proxy} on one database.")
        servers = cleanup.enter_context(Servers())
        for name, port in ports.items():
            servers.start(FRAMEWORKS[name], port, folder / f"{name}.log", env)
        deadline = time.monotonic() + START_SECONDS
        for server in servers.running:
            server.wait_until_ready(deadline, lambda: None)
        self.direct = {
            name: SocketTarget(f"http://127.0.0.1:{ports[name]}", name) for name in ports
        }
        self.fault: str = arguments.fault or ""
        self.planted = ""
        if self.fault:
            self.planted, ports["planted"] = cleanup.enter_context(planted(self.fault, env))
        self.proxy: Proxy = PROXIES[arguments.proxy](folder, free_port(), ports, OLD)
        cleanup.callback(self.proxy.stop)
        self.through = SocketTarget(self.proxy.url, "proxy")
        self.crowd = SocketTarget(self.proxy.url, "load")
        self.watcher = sign_in_watcher(self.direct[OLD])
        self.load = Load(self.crowd, arguments.rate, standing(self.direct[OLD], self.watcher.token))
        # The name of the upstream for each group, and of the framework behind it.
        self.served = dict.fromkeys(GROUPS, OLD)
        self.time_line: list[str] = []
        self.differences: list[str] = []
        self.refused: list[str] = []
        self.compared = 0
        self.moves: Counter[str] = Counter()
        self.backs: list[str] = []

    def run(self) -> int:
        """0 when nothing failed, nobody was signed out and nothing differed, else 1."""
        self.load.start()
        lasted = 0.0
        try:
            for number, move in enumerate(PLAN):
                self._wait_until(self.seconds * (number + 0.5) / len(PLAN))
                self.move(move)
            self._wait_until(self.seconds)
        finally:
            lasted = self.load.stop()
        return self.report(lasted)

    def _wait_until(self, second: float) -> None:
        time.sleep(max(0.0, self.load.began + second - time.monotonic()))

    def move(self, move: Move) -> None:
        """Compare, route, compare again, and route back where they differ."""
        old = self.served[move.group]
        if old == move.to:
            return
        before = compare(move.group, self.watcher, self.direct[old], self.direct[move.to])
        self.compared += before.compared
        if before.found:
            self.refused.append(move.group)
            self.differences += before.found
            self._log(f"{move.group}: {move.to} is not {old}; not moved. {before.found[0]}")
            return
        behind = "planted" if move.to == self.planted else move.to
        seconds = self._route(move.group, behind)
        after = compare(move.group, self.watcher, self.direct[old], self.through)
        self.compared += after.compared
        if after.by != {behind}:
            after.found.append(f"{move.group} was answered by {after.by}, not by {behind}")
        held = f"{before.compared} + {after.compared} compared"
        what = "back to" if move.back else "to"
        if after.found:
            self.differences += after.found
            self._log(
                f"{move.group}: {old} {what} {behind}: {len(after.found)} differences,"
                f" the first {after.found[0]}"
            )
            seconds = self._route(move.group, old)
            self.backs.append(move.group)
            self._log(f"{move.group}: rolled back to {old}, in force after {seconds:.2f} s")
            return
        self.served[move.group] = move.to
        if move.back:
            self.backs.append(move.group)
        else:
            self.moves[move.group] += 1
        self._log(f"{move.group}: {old} {what} {behind}, in force after {seconds:.2f} s; {held}")

    def _route(self, group: str, to: str) -> float:
        """Have the proxy send a group elsewhere; after how many seconds it does."""
        began = time.monotonic()
        behind = {name: "planted" if at == self.planted else at for name, at in self.served.items()}
        self.proxy.serve({**behind, group: to})
        in_a_row = 0
        while in_a_row < 5:
            # Two workers may be asked: each has to have read the new routes.
            with_new_connection = SocketTarget(self.proxy.url, "probe")
            answer = with_new_connection.send(harmless(GROUPS[group][0]))
            with_new_connection.close()
            in_a_row = in_a_row + 1 if answer.header_values(SERVED_BY) == [to] else 0
            if time.monotonic() > began + IN_FORCE_SECONDS:
                raise ProxyError(f"The proxy still does not send {group!r} to {to}.")
        return time.monotonic() - began

    def _log(self, line: str) -> None:
        stamped = f"{time.monotonic() - self.load.began:6.1f} s  {line}"
        self.time_line.append(stamped)
        say(stamped)

    def report(self, lasted: float) -> int:
        """Print what came of it."""
        tally = self.load.tally
        of = ", ".join(f"{count} {kind}" for kind, count in sorted(tally.kinds.items()))
        say("")
        say(f"requests            {tally.requests} in {lasted:.0f} s ({of})")
        say(
            f"rate                {tally.requests / lasted:.1f} a second, {self.load.rate:g} wanted"
        )
        say(f"failed              {len(tally.failed)}")
        for line in tally.failed[:5]:
            say(f"                    {line}")
        say(f"signed out          {len(tally.signed_out)}")
        for line in tally.signed_out[:5]:
            say(f"                    {line}")
        say(f"differences seen    {len(self.differences)} of {self.compared} compared")
        for line in self.differences[:5]:
            say(f"                    {line}")
        moved = Counter(self.moves[group] for group in GROUPS)
        times = ", ".join(f"{moved[count]} {count} times" for count in sorted(moved))
        say(f"groups moved        {times}; rolled back: {', '.join(self.backs) or 'none'}")
        say(f"sent again          {self.crowd.resent} (a kept connection had been closed)")
        if len(tally.seconds) > 1:
            cuts = statistics.quantiles(tally.seconds, n=100)
            say(
                f"answered in         {cuts[49] * 1000:.0f} ms in the middle,"
                f" {cuts[98] * 1000:.0f} ms for 99 of 100,"
                f" at most {max(tally.seconds) * 1000:.0f} ms"
            )
        say("answered by         " + ", ".join(self._answered()))
        whole = not (tally.failed or tally.signed_out or self.differences)
        return 0 if whole else 1

    def _answered(self) -> Iterator[str]:
        total: Counter[str] = Counter()
        for (_, framework), count in self.load.tally.by.items():
            total[framework or "the proxy itself"] += count
        for framework, count in total.most_common():
            yield f"{framework} {count}"


def standing(target: SocketTarget, token: str) -> list[int]:
    """Posts that nobody changes while it lasts."""
    new = {"title": "A standing post", "content": "*", "pub_date": "2017-01-02T03:04:05Z"}
    made = [target.send(request("POST", "/api/posts", json=new, token=token)) for _ in range(30)]
    return [answer.json()["id"] for answer in made]


@contextmanager
def planted(fault: str, env: Mapping[str, str]) -> Iterator[tuple[str, int]]:
    """A server of the application with the fault: its framework, and its port."""
    mutant = next(mutant for mutant in MUTANTS if mutant.name == fault)
    framework, kind = mutant.target.split("-")
    port = free_port()
    application = f"tests.mutants.{fault}:app"
    command = {
        "asgi": ["uvicorn", "--port", str(port), "--log-level", "error", "--no-proxy-headers"],
        "wsgi": ["gunicorn", "--bind", f"127.0.0.1:{port}", "--log-level", "error"],
    }[kind]
    with subprocess.Popen(
        [sys.executable, "-m", *command, application], cwd=ROOT, env=dict(env), process_group=0
    ) as process:
        try:
            deadline = time.monotonic() + START_SECONDS
            while not ready(port):
                if process.poll() is not None or time.monotonic() > deadline:
                    raise ProxyError(f"The application with {fault} does not start.")
                time.sleep(0.1)
            yield framework, port
        finally:
            process.terminate()


def say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
