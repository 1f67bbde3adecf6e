"""The parts of the session: one fault each, under load, and what has to hold.

Bounds on time are those of a machine that has nothing else to do: what the same requests take on
this one without a fault, its 99th percentile, is added to each.
"""

import http.client
import json
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

from tests.faults.client import Client
from tests.faults.databases import MissingError, Program, SQLite, no_larger_files
from tests.faults.fleet import WORKERS
from tests.faults.load import CALMING_SECONDS, Event
from tests.faults.stage import SIGN_INS, Stage, median, percentile, statuses, wait, watching

REQUEST_ENDS = 3.5
LIVEZ = 0.25
GOOD_AGAIN = 2.0
ONCE = 0.1
AFTERWARDS = 0.005
CROWD = 60

Part = Callable[[Stage], None]


def steady(stage: Stage, seconds: float = 3.0, writes: int = 0) -> None:
    """Without a fault nothing is refused."""
    begun = time.monotonic()
    with stage.load() as load:
        wait(seconds)
        load.wait_for_writes(writes, CALMING_SECONDS * 3)
    asked = stage.since(begun)
    refused = [event for event in asked if event.status in (0, 503)]
    rate = len(asked) / (time.monotonic() - begun)
    stage.time(
        "no fault",
        f"{len(refused)} of {len(asked)} requests refused ({rate:.0f} a second)",
        not refused,
        percentile([event.seconds for event in asked], 0.99),
    )
    stage.hold("no fault")


def database_killed(stage: Stage) -> None:
    """kill -9 of the database: good again within two seconds after it is back."""
    assert isinstance(stage.database, Program)
    with stage.load():
        start = time.monotonic()
        begun = wait(1.0)
        stage.database.kill()
        wait(1.0)
        back = stage.database.restart()
        wait(GOOD_AGAIN + 1.0)
    down = stage.since(begun, back)
    after = [event for event in stage.since(back) if event.status in (0, 503)]
    last = max((event.ended - back for event in after), default=0.0)
    usual = _usual(stage, start, begun)
    stage.time(
        "database killed",
        f"good again {last:.2f} s after it was back (bound {GOOD_AGAIN} s); "
        f"while it was away {statuses(down)}, the slowest {_slowest(down):.2f} s",
        last <= GOOD_AGAIN + usual,
        usual,
    )
    stage.hold("database killed")


def workers_killed(stage: Stage, kills: int = 4) -> None:
    """kill -9 of a worker every second: only requests in flight are broken."""
    begun = time.monotonic()
    with stage.load():
        for _ in range(kills):
            wait(1.0)
            stage.fleet.kill_worker()
        wait(1.0)
    asked = stage.since(begun)
    broken = [event for event in asked if event.status == 0]
    refused = [event for event in asked if event.status == 503]
    # A client has one connection to each framework, and one request on it.
    at_most = kills * len(stage.accounts)
    stage.time(
        "worker killed every second",
        f"{len(broken)} of {len(asked)} requests broken by {kills} kills "
        f"(at most {at_most} were in flight), {len(refused)} refused",
        len(broken) <= at_most and not refused,
        median([event.seconds for event in asked]),
    )
    stage.hold("worker killed every second")


def database_frozen(stage: Stage, seconds: float = 10.0) -> None:
    """Stopped in the middle of everything: requests end, and /livez answers."""
    assert isinstance(stage.database, Program)
    with _observed(stage, "database frozen", seconds) as run, stage.database.frozen():
        run()
    stage.hold("database frozen")


def table_locked(stage: Stage, seconds: float = 7.0) -> None:
    """Nobody else may write to the table of posts."""
    with _observed(stage, "table locked", seconds) as run, stage.database.locked():
        run()
    stage.hold("table locked")


def pool_exhausted(stage: Stage, seconds: float = 5.0) -> None:
    """The same, and many more who want to write than there are connections."""
    with _observed(stage, "pool exhausted", seconds) as run, stage.database.locked():
        run(CROWD)
    stage.hold("pool exhausted")


# --- the store of limits -------------------------------------------------------------------------


def limit_exact(stage: Stage) -> None:
    """Over all processes exactly as many sign-ins pass as may."""
    passed, asked = _try_passwords(stage, "203.0.113.1"), 8 * SIGN_INS
    stage.find(
        "sign-ins",
        f"{passed} of {asked} over {len(stage.fleet.ports)} frameworks, two workers each, passed "
        f"a limit of {SIGN_INS}",
        passed == SIGN_INS,
    )


def store_killed(stage: Stage) -> None:
    """The store of limits is gone."""
    assert stage.store is not None

    @contextmanager
    def gone() -> Iterator[None]:
        assert stage.store is not None
        stage.store.kill()
        yield
        stage.store.restart()

    _without_store(stage, "store of limits killed", gone)


def store_frozen(stage: Stage) -> None:
    """The store of limits does not answer."""
    assert stage.store is not None
    _without_store(stage, "store of limits frozen", stage.store.frozen)


def store_flushed(stage: Stage) -> None:
    """The store of limits has forgotten everything."""

    @contextmanager
    def flushed() -> Iterator[None]:
        assert stage.store is not None
        stage.store.flush()
        yield

    _without_store(stage, "store of limits flushed", flushed, processes=1)


def _without_store(
    stage: Stage, part: str, fault: Callable[[], "object"], processes: int | None = None
) -> None:
    processes = processes or WORKERS * len(stage.fleet.ports)
    network = f"198.51.{len(stage.findings) % 256}.7"
    if processes == 1:
        _try_passwords(stage, network)
    with watching(stage.fleet.ports, "/api/posts?limit=1") as watch:
        begun = wait(0.5)  # until the watcher has begun
        faulty = wait(2.0)
        with fault():  # type: ignore[attr-defined] # a context manager
            settled = wait(1.0)
            over = wait(2.0)
            passed = _try_passwords(stage, network)
        again = wait(1.0)
        end = wait(2.0)
    before, after = watch.between(begun, faulty), watch.between(again, end)
    first, later = watch.between(faulty, settled), watch.between(settled, over)
    usual = max(median(before), median(after))
    once, added = max(first, default=0.0) - usual, median(later) - usual
    noise = max(percentile(before, 0.99), percentile(after, 0.99))
    stage.time(
        part,
        f"{once * 1000:.0f} ms added once, at most (bound 100 ms), then {added * 1000:.1f} ms "
        f"(bound 5 ms); without the fault {usual * 1000:.1f} ms, 99 % {noise * 1000:.0f} ms",
        once <= ONCE + noise and added <= AFTERWARDS + noise,
        noise,
    )
    stage.find(
        part,
        f"{passed} sign-ins passed a limit of {SIGN_INS} in {processes} "
        f"process{'es' if processes > 1 else ''} that count for themselves",
        passed <= SIGN_INS * processes,
    )
    failed = watch.statuses(begun, over)
    stage.find(part, f"{sum(failed.values())} reads: {dict(failed)}", set(failed) == {200})


def _try_passwords(stage: Stage, network: str) -> int:
    """Sign in at once with wrong passwords; how many were not refused before one was looked at."""
    ports = list(stage.fleet.ports.values())

    def sign_in(number: int) -> int:
        port = ports[number % len(ports)]
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        body = json.dumps({"username": f"nobody-at-{network}", "password": f"guess {number}"})
        headers = {"Content-Type": "application/json", "X-Forwarded-For": network}
        try:
            connection.request("POST", "/api/tokens", body, headers)
            return connection.getresponse().status
        finally:
            connection.close()

    with ThreadPoolExecutor(16) as pool:
        answers = Counter(pool.map(sign_in, range(8 * SIGN_INS)))
    if set(answers) - {401, 429}:
        stage.find("sign-ins", f"other answers than 401 and 429: {answers}", False)
    return answers[401]


# --- a full disk ---------------------------------------------------------------------------------


def disk_full(stage: Stage, seconds: float = 3.0) -> None:
    """No space is left, and then there is again."""
    with stage.load(), watching(stage.fleet.ports, "/api/posts?limit=1") as watch:
        start = time.monotonic()
        full = wait(1.0)
        with _without_space(stage) as how:
            # What was reserved before is soon used up.
            begun = wait(1.0)
            over = wait(seconds)
        back = time.monotonic()
        wait(GOOD_AGAIN + 1.0)
    asked = stage.since(begun, over)
    writes = [event for event in asked if event.operation not in ("read", "list")]
    reads = watch.statuses(begun, over)
    refused = [event for event in writes if event.status == 503]
    after = [event for event in stage.since(back) if event.status in (0, 503)]
    last = max((event.ended - back for event in after), default=0.0)
    usual = _usual(stage, start, full)
    stage.time(
        "disk full",
        f"({how}) {len(refused)} of {len(writes)} writes refused; "
        f"good again by itself {last:.2f} s after there was space",
        bool(refused) and last <= GOOD_AGAIN + usual,
        usual,
    )
    stage.find("disk full", f"{reads.total()} reads meanwhile: {dict(reads)}", set(reads) == {200})
    stage.hold("disk full")


@contextmanager
def _without_space(stage: Stage) -> Iterator[str]:
    if stage.disk is not None:
        with stage.disk.full():
            yield "a small disk, filled up"
    elif isinstance(stage.database, SQLite):
        log = stage.database.path.with_name(f"{stage.database.path.name}-wal")
        size = max(path.stat().st_size for path in (log, stage.database.path) if path.exists())
        with no_larger_files(stage.fleet.workers(), size):
            yield "no file may grow: only root can mount a small disk"
    else:
        raise MissingError("only root can mount a small disk")


# --- measuring -----------------------------------------------------------------------------------


@dataclass
class _Run:
    """Lets the load go on within a fault, with a crowd besides, and remembers when."""

    stage: Stage
    seconds: float
    begun: float = 0.0
    ended: float = 0.0

    def __call__(self, crowd: int = 0) -> None:
        self.begun = time.monotonic()
        if crowd:
            self._rush(crowd)
        wait(max(0.0, self.begun + self.seconds - time.monotonic()))
        self.ended = time.monotonic()

    def _rush(self, crowd: int) -> None:
        """So many at once want to write, again and again."""
        stage, until = self.stage, time.monotonic() + self.seconds
        account = stage.accounts[-1]
        path = f"/api/posts/{stage.ledger.crowded}"
        headers = {"Authorization": f"Bearer {account.token}", "If-Match": "*"}
        frameworks = list(stage.fleet.ports)

        def write(number: int) -> None:
            client = Client(stage.fleet.ports)
            while time.monotonic() < until:
                where = frameworks[number % len(frameworks)]
                got = client.ask(where, "PATCH", path, headers, {"content": f"{number}"})
                stage.ledger.note("crowd", got)
                time.sleep(1.0)  # as Retry-After says
            client.close()

        with ThreadPoolExecutor(crowd) as pool:
            list(pool.map(write, range(crowd)))


@contextmanager
def _observed(stage: Stage, part: str, seconds: float) -> Iterator[_Run]:
    """Hold what was asked while the fault was there to how long it may take."""
    run = _Run(stage, seconds)
    with stage.load(), watching(stage.fleet.ports, "/livez") as watch:
        start = wait(0.5)
        wait(1.5)
        yield run
        wait(1.0)
    usual = [event.seconds for event in stage.since(start, run.begun - 0.1)]
    noise = percentile(usual, 0.99)
    asked = stage.since(run.begun - 0.05, run.ended)
    slowest = _slowest(asked)
    lived = watch.between(run.begun, run.ended)
    late, quiet = percentile(lived, 0.99), percentile(watch.between(start, run.begun), 0.99)
    refused = [event for event in asked if event.status == 503]
    stage.time(
        part,
        f"{seconds:.0f} s: every request ended within {slowest:.2f} s (bound {REQUEST_ENDS} s; "
        f"without the fault 99 % within {noise:.2f} s): {statuses(asked)}",
        slowest <= REQUEST_ENDS + noise and bool(refused),
        noise,
    )
    stage.time(
        part,
        f"/livez: 99 % of {len(lived)} within {late * 1000:.0f} ms (bound 250 ms; without the "
        f"fault {quiet * 1000:.0f} ms)",
        late <= LIVEZ + quiet and set(watch.statuses(run.begun, run.ended)) == {200},
        max(noise, quiet),
    )


def _usual(stage: Stage, begin: float, end: float) -> float:
    """What requests take on this machine without the fault: their 99th percentile."""
    return percentile([event.seconds for event in stage.since(begin, end)], 0.99)


def _slowest(events: list[Event]) -> float:
    return max((event.seconds for event in events), default=0.0)
