"""A database, the three frameworks over it, and who writes there: where a part is played."""

import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from tests.faults.checker import check_rows, check_views
from tests.faults.databases import Database, Disk, Redis
from tests.faults.fleet import ROOT, Account, Fleet, make_accounts
from tests.faults.load import Event, Ledger, Load

AUTHORS = 8
SIGN_INS = 10
# Seconds: where every hundredth request takes longer without a fault, times say nothing of one.
TOO_BUSY = 1.0


@dataclass(frozen=True)
class Finding:
    """One invariant, the figure reached, and whether it holds."""

    stage: str
    part: str
    says: str
    holds: bool

    def __str__(self) -> str:
        return f"{'ok   ' if self.holds else 'WRONG'} {self.stage}, {self.part}: {self.says}"


class Stage:
    """Runs within its block."""

    def __init__(
        self,
        database: Database,
        folder: Path,
        *,
        store: Redis | None = None,
        disk: Disk | None = None,
        authors: int = AUTHORS,
        frameworks: Sequence[str] | None = None,
        applications: Mapping[str, str] | None = None,
        before: tuple[str, ...] = (),
        acts: Sequence[str] = (),
    ) -> None:
        self.database = database
        self.name = database.name
        self.shows = True
        self.strict = False
        self.folder = folder
        self.store = store
        self.disk = disk
        self.ledger = Ledger()
        self.findings: list[Finding] = []
        self._authors = authors
        self._acts = acts
        self._stack = ExitStack()
        environ = {
            "BLOG_LIMITS_STORE": store.url if store else "memory",
            "BLOG_LIMIT_SIGN_IN": f"{SIGN_INS}/day",
            "BLOG_TRUSTED_PROXIES": "127.0.0.1",  # who tries passwords comes from many networks
        }
        chosen = {} if frameworks is None else {"frameworks": tuple(frameworks)}
        self.fleet = Fleet(
            database.url,
            folder,
            applications=applications,
            environ=environ,
            before=before,
            **chosen,
        )
        self.accounts: list[Account] = []

    def __enter__(self) -> Self:
        self.folder.mkdir(exist_ok=True)
        names = tuple(f"author-{number}" for number in range(self._authors))
        self.accounts = make_accounts(self.database.url, names)
        self._stack.enter_context(self.fleet)
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def load(self) -> Load:
        """Authors at work, once all that was killed before is there again."""
        self.fleet.wait_until_ready()
        return Load(self.fleet.ports, self.accounts, self.ledger, acts=self._acts)

    def find(self, part: str, says: str, holds: bool) -> None:
        finding = Finding(self.name, part, says, holds)
        self.findings.append(finding)
        if self.shows:
            sys.stdout.write(f"{finding}\n")
            sys.stdout.flush()

    def time(self, part: str, says: str, holds: bool, noise: float) -> None:
        """As `find`, of what depends on the machine: `noise` is what it does without the fault."""
        too_busy = noise > TOO_BUSY and not self.strict
        if too_busy:
            says = f"not judged, this machine is too busy (99 % within {noise:.1f} s): {says}"
        self.find(part, says, holds or too_busy)

    def hold(self, part: str, *, views: bool = False) -> None:
        """Hold the database, or what the frameworks show too, to what was acknowledged."""
        wrong = [*self.ledger.wrong, *check_rows(self.ledger, self.database)]
        self.ledger.wrong.clear()
        if views:
            wrong += check_views(self.database, self.fleet, self.accounts)
        known = self.ledger.writes
        tried_again = self.ledger.repeated
        says = f"{known} acknowledged writes by now, {tried_again} creates repeated elsewhere"
        says += ": none lost, none doubled, no 500, nobody signed out"
        if views:
            says += "; every framework shows what the database has"
        self.find(part, says if not wrong else f"{len(wrong)} wrong: {wrong[0]}", not wrong)
        for sentence in wrong[1:4] if self.shows else ():
            sys.stdout.write(f"      also: {sentence}\n")

    def since(self, begin: float, end: float | None = None) -> list[Event]:
        """What was asked from an instant on, in monotonic seconds, and until another."""
        return [
            event
            for event in self.ledger.events
            if event.began >= begin and (end is None or event.began <= end)
        ]


@dataclass
class Watch:
    """How long a path took to answer, asked by a process of its own."""

    answers: list[tuple[float, float, int]] = field(default_factory=list)

    def between(self, begin: float, end: float) -> list[float]:
        return [seconds for due, seconds, _ in self.answers if begin <= due <= end]

    def statuses(self, begin: float, end: float) -> Counter[int]:
        return Counter(status for due, _, status in self.answers if begin <= due <= end)


@contextmanager
def watching(ports: Mapping[str, int], path: str) -> Iterator[Watch]:
    """Ask for a path twenty times a second, of each; the answers are there after the block."""
    watch = Watch()
    command = [sys.executable, "-m", "tests.faults.livez", path, *map(str, ports.values())]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
    ) as process:
        try:
            yield watch
        finally:
            said, _ = process.communicate("")
        for line in said.splitlines():
            _, due, seconds, status = line.split()
            watch.answers.append((float(due), float(seconds), int(status)))


def percentile(values: Sequence[float], share: float) -> float:
    """Of the values, in their order, the one below which this share is; 0 where there is none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else 0.0


def median(values: Sequence[float]) -> float:
    return statistics.median(values) if values else 0.0


def wait(seconds: float) -> float:
    """Let the load go on for so long; the instant after."""
    time.sleep(seconds)
    return time.monotonic()


def statuses(events: Sequence[Event]) -> str:
    """How often each status came, 0 standing for none."""
    counted = Counter(event.status for event in events)
    shown = {status: counted[status] for status in sorted(counted)}
    return ", ".join(f"{status or 'broken'}: {count}" for status, count in shown.items())
