"""Steady load over all operations for a while, and whether anything grows meanwhile.

    python -m tests.deploy.soak --minutes 30
    python -m tests.deploy.soak --minutes 30 --rate 50 --database postgresql+psycopg://…/empty

Django and Flask on gunicorn and FastAPI on uvicorn, configured by deploy/, on one database. Every
ten seconds the memory, the open descriptors and the sockets of each server's processes are noted.
Ends with 1 if one of them grew after the first third of the time, or if a request failed. The
picture and the samples are written to --picture and --samples.
"""

import argparse
import contextlib
import itertools
import json
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

from blog_core.storage import migrate
from tests.deploy import picture
from tests.deploy.load import Load, Sent, percentile
from tests.deploy.running import Running, Told, ask, descendants, environment, message
from tests.servers.pairs import PAIRS

CHOSEN = ("django behind gunicorn-wsgi", "flask behind gunicorn-wsgi", "fastapi behind uvicorn")
CLIENTS = 4
EVERY = 10.0
PASSWORD = "nine lives, no boots"
NEXT_PASSWORD = "eight wonders, one left"

# How much more of each, by the slope over the time that is judged, is still flat.
ALLOWED = {"memory": 0.03, "descriptors": 0.05, "sockets": 0.05}
AT_LEAST = {"memory": 6.0, "descriptors": 3.0, "sockets": 3.0}
UNITS = {"memory": "MiB", "descriptors": "", "sockets": ""}


# --- the load ------------------------------------------------------------------------------------


@dataclass
class Story:
    """One user after another, who signs up, does everything there is, and leaves."""

    name: str
    token: str = ""
    second: str = ""
    post: int = 0
    etag: str = "*"
    steps: Iterator[Sent] = field(init=False)
    users: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def __post_init__(self) -> None:
        self.steps = self._steps()

    def next(self) -> Sent:
        """The next request; after the last the next user begins."""
        found = next(self.steps, None)
        if found is None:
            self.steps = self._steps()
            found = next(self.steps)
        return found

    def seen(self, sent: Sent, told: Told | None) -> None:
        """Note what later requests need; after a failure the next user begins."""
        if told is None or told.status not in sent.good:
            self.steps = self._steps()
            return
        said = json.loads(told.body) if told.body.startswith(b"{") else {}
        if sent.name == "sign_in":
            self.token = said["token"]
        elif sent.name == "grant_token":
            self.second = said["access_token"]
        elif sent.name == "create_post":
            self.post = said["id"]
        if sent.name.endswith("_post"):
            self.etag = told.headers.get("etag", self.etag)

    def _send(self, name: str, method: str, path: str, data: object = None) -> Sent:
        fields = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        if method != "GET" and self.post:
            fields["If-Match"] = self.etag
        if isinstance(data, str):
            fields["Content-Type"] = "application/x-www-form-urlencoded"
            body: bytes | None = data.encode()
        else:
            fields["Content-Type"] = "application/json"
            body = None if data is None else json.dumps(data).encode()
        return Sent(name, message(path, method, body, fields), method)

    def _steps(self) -> Iterator[Sent]:
        user = f"{self.name}-{next(self.users)}"
        self.token, self.post, self.etag = "", 0, "*"
        account = {"username": user, "email": f"{user}@example.org", "password": PASSWORD}
        yield self._send("sign_up", "POST", "/api/users", account)
        yield self._send("sign_in", "POST", "/api/tokens", {k: account[k] for k in _SIGN_IN})
        yield self._send("get_me", "GET", "/api/me")
        yield self._send("change_me", "PATCH", "/api/me", {"username": f"{user}x"})
        yield self._send("get_user", "GET", f"/api/users/{user}x")
        yield self._send("list_users", "GET", "/api/users?limit=5")
        yield self._send("create_post", "POST", "/api/posts", _CONTENT)
        post = f"/api/posts/{self.post}"
        yield self._send("get_post", "GET", post)
        yield self._send("change_post", "PATCH", post, {"title": "Changed"})
        yield self._send("replace_post", "PUT", post, _CONTENT | {"pub_date": None})
        yield self._send("publish_post", "POST", f"{post}/publish")
        for page in ("/", f"/posts/{self.post}", f"/users/{user}x", "/feed.atom", "/login"):
            yield self._send(page, "GET", page)
        for query in ("limit=20", f"author={user}x", "order=oldest", "q=soak"):
            yield self._send("list_posts", "GET", f"/api/posts?{query}")
        yield self._send("unpublish_post", "POST", f"{post}/unpublish")
        grant = {"grant_type": "password", "username": f"{user}x", "password": PASSWORD}
        yield self._send("grant_token", "POST", "/api/oauth/token", urlencode(grant))
        yield self._send("list_tokens", "GET", "/api/tokens")
        for name, path in (("livez", "/livez"), ("readyz", "/readyz"), ("openapi", _DOCUMENT)):
            yield self._send(name, "GET", path)
        changed = {"current_password": PASSWORD, "new_password": NEXT_PASSWORD}
        yield self._send("change_password", "POST", "/api/me/password", changed)
        yield self._send("delete_post", "DELETE", post)
        self.post = 0
        again = {"username": f"{user}x", "password": NEXT_PASSWORD}
        yield self._send("sign_in", "POST", "/api/tokens", again)
        yield self._send("delete_me", "DELETE", "/api/me")


_SIGN_IN = ("username", "password")
_DOCUMENT = "/openapi.json"
_CONTENT = {"title": "A soak", "content": "*Some* text, `code` and [a link](https://example.org)."}


# --- what is noted, and the verdict --------------------------------------------------------------


@dataclass(frozen=True)
class Sample:
    """What the processes of one server hold: MiB (each shared page counted once), and counts."""

    minute: float
    memory: float
    descriptors: int
    sockets: int


def sample(pid: int, minute: float) -> Sample:
    """What a process and those that it started hold now."""
    memory, names = 0, []
    for each in (pid, *descendants(pid)):
        with contextlib.suppress(OSError):
            for line in Path(f"/proc/{each}/smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    memory += int(line.split()[1])
            names += [str(file.readlink()) for file in Path(f"/proc/{each}/fd").iterdir()]
    sockets = sum(name.startswith("socket:") for name in names)
    return Sample(minute, memory / 1024, len(names), sockets)


def growth(minutes: Sequence[float], values: Sequence[float]) -> float:
    """By how much the values rise over the time, by the line of least squares through them."""
    middle, mean = sum(minutes) / len(minutes), sum(values) / len(values)
    squares = sum((minute - middle) ** 2 for minute in minutes)
    products = ((m - middle) * (v - mean) for m, v in zip(minutes, values, strict=True))
    return sum(products) / squares * (minutes[-1] - minutes[0]) if squares else 0.0


def verdicts(samples: Sequence[Sample]) -> dict[str, tuple[float, float, bool]]:
    """Of each quantity: its mean, its growth over the time that is judged, whether that is flat.

    The first third of the time is not judged: caches fill and pools open.
    """
    judged = samples[len(samples) // 3 :]
    found = {}
    for quantity, part in ALLOWED.items():
        values = [float(getattr(each, quantity)) for each in judged]
        mean = sum(values) / len(values)
        grown = growth([each.minute for each in judged], values)
        flat = grown <= max(part * mean, AT_LEAST[quantity])
        found[quantity] = (mean, grown, flat)
    return found


# --- the run -------------------------------------------------------------------------------------


def main() -> int:
    """Serve, ask, look, and say what was seen."""
    arguments = _arguments()
    pairs = [pair for pair in PAIRS if pair.name in CHOSEN]
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="triptych-")))
        url = arguments.database or f"sqlite:///{folder}/blog.sqlite3"
        migrate.upgrade(url)
        servers = [
            stack.enter_context(Running(pair, environment(pair, url), folder / f"{pair.name}.log"))
            for pair in pairs
        ]
        for server in servers:
            server.wait_for_workers(2)
        for server in servers:
            _fill(server)
        loads = [
            stack.enter_context(_load(server, arguments.rate / len(servers))) for server in servers
        ]
        first = [server.workers() for server in servers]
        samples = _watch(servers, loads, arguments.minutes)
        same = first == [server.workers() for server in servers]
    return _report(arguments, [pair.name for pair in pairs], samples, loads, same)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--rate", type=float, default=50, help="requests a second, over all three")
    parser.add_argument("--database", help="an empty one; by default an SQLite file of its own")
    parser.add_argument("--picture", type=Path, default=Path("soak.svg"))
    parser.add_argument("--samples", type=Path, help="where the samples go, as JSON lines")
    return parser.parse_args()


def _fill(server: Running) -> None:
    """Have every worker hash as many passwords at once as it ever will.

    Each takes 19 MiB, which the allocator keeps: else the memory makes a step whenever two happen
    to meet for the first time.
    """
    body = json.dumps({"username": "nobody", "password": PASSWORD}).encode()
    fields = {"Content-Type": "application/json"}

    def sign_in(_number: int) -> int:
        return ask(server.address, "/api/tokens", "POST", body, fields).status

    with ThreadPoolExecutor(16) as pool:
        assert {401} == set(pool.map(sign_in, range(64)))


def _load(server: Running, rate: float) -> Load:
    run = f"{server.pair.framework}{os.getpid()}"
    stories = [Story(f"{run}-{number}") for number in range(CLIENTS)]
    return Load(
        lambda number: stories[number].next(),
        lambda: server.address,
        CLIENTS,
        CLIENTS / rate,
        lambda number, sent, told: stories[number].seen(sent, told),
    )


def _watch(
    servers: Sequence[Running], loads: Sequence[Load], minutes: float
) -> dict[str, list[Sample]]:
    found: dict[str, list[Sample]] = {server.pair.name: [] for server in servers}
    began = time.monotonic()
    for tick in itertools.count():
        now = time.monotonic() - began
        for server in servers:
            found[server.pair.name].append(sample(server.process.pid, now / 60))
        if now >= minutes * 60:
            return found
        if tick % 6 == 0:
            answered = sum(load.answered for load in loads)
            failed = sum((load.failed for load in loads), Counter())
            held = ", ".join(f"{each[-1].memory:.0f} MiB" for each in found.values())
            print(
                f"{now / 60:4.0f} min: {answered:,} answers, {dict(failed)} failed; {held}",
                flush=True,
            )
        time.sleep(min(EVERY, max(0.1, minutes * 60 - now)))
    raise AssertionError("unreachable")


def _report(
    arguments: argparse.Namespace,
    names: Sequence[str],
    samples: dict[str, list[Sample]],
    loads: Sequence[Load],
    same: bool,
) -> int:
    print("\n| set-up | requests | failed | p50 | p99 | memory | descriptors | sockets |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    good = same
    for name, load in zip(names, loads, strict=True):
        judged = verdicts(samples[name])
        words = [
            f"{mean:.0f} {UNITS[quantity]}".strip()
            + f" ({grown:+.1f}, {'flat' if flat else 'GROWS'})"
            for quantity, (mean, grown, flat) in judged.items()
        ]
        good = good and all(flat for _, _, flat in judged.values()) and not load.failed
        took = [seconds for _, seconds in load.seconds]
        times = [f"{1000 * percentile(took, part):.0f} ms" for part in (0.5, 0.99)]
        failed = ", ".join(f"{many} {kind}" for kind, many in load.failed.items()) or "none"
        print("| " + " | ".join([name, f"{load.answered:,}", failed, *times, *words]) + " |")
    if not same:
        print("A worker ended, or was replaced, meanwhile.")
    print(f"\nLoad average at the end: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    panels = [
        picture.Panel(
            f"{quantity}, {UNITS[quantity]}".rstrip(", "),
            {
                name: [(each.minute, float(getattr(each, quantity))) for each in samples[name]]
                for name in names
            },
        )
        for quantity in ALLOWED
    ]
    arguments.picture.write_text(picture.svg(panels, "minutes"), "utf-8")
    print(f"The picture is in {arguments.picture}")
    if arguments.samples:
        with arguments.samples.open("w", encoding="utf-8") as file:
            for name in names:
                for each in samples[name]:
                    print(json.dumps({"server": name, **vars(each)}), file=file)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
