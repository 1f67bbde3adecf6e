"""Play faults under load over the three frameworks, and look for what was lost.

python -m tests.faults                        every part, every planted fault: minutes
python -m tests.faults --only database_killed one part, on each database that has it
python -m tests.faults --only deferred        one planted fault
python -m tests.faults --long --state FILE    faults at random until 300,000 writes; goes on
                                              where it stopped
python -m tests.faults --check                only say what is missing, if anything is

The exit code is 0 where everything holds, 1 where something does not, 2 where something that it
starts is not installed.
"""

import argparse
import json
import os
import random
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.faults import parts, power
from tests.faults.databases import Disk, MariaDB, MissingError, PostgreSQL, Program, Redis, SQLite
from tests.faults.mutants import MUTANTS, caught, power_lost
from tests.faults.stage import Finding, Stage

WRITES = 5_000
LONG_WRITES = 300_000
ROUND = 10_000
TOP_UP_SECONDS = 45.0
ROUND_SECONDS = 900.0
MEGABYTES = {"PostgreSQL": 128, "SQLite": 64}

ON: dict[str, tuple[parts.Part, ...]] = {
    "PostgreSQL": (
        parts.steady,
        parts.limit_exact,
        parts.store_flushed,
        parts.store_frozen,
        parts.store_killed,
        parts.database_killed,
        parts.workers_killed,
        parts.database_frozen,
        parts.table_locked,
        parts.pool_exhausted,
        parts.disk_full,
    ),
    "MariaDB": (parts.steady, parts.database_killed, parts.database_frozen, parts.table_locked),
    "SQLite": (parts.steady, parts.workers_killed, parts.table_locked, parts.disk_full),
}
POWER = "power_lost"


def main() -> int:
    """Run the session; see above for the exit code."""
    names = dict.fromkeys(part.__name__ for found in ON.values() for part in found)
    parser = argparse.ArgumentParser(
        prog="python -m tests.faults",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--only", action="append", choices=[*names, POWER, *MUTANTS], metavar="NAME",
        help=f"a part ({', '.join([*names, POWER])}) or a planted fault ({', '.join(MUTANTS)})",
    )  # fmt: skip
    parser.add_argument("--on", action="append", choices=list(ON), help="only on this database")
    parser.add_argument("--writes", type=int, help="how many writes are to be acknowledged")
    parser.add_argument("--long", action="store_true", help="faults at random, for hours")
    parser.add_argument("--check", action="store_true", help="only say what is missing")
    parser.add_argument("--state", type=Path, help="where the long form notes each round")
    arguments = parser.parse_args()
    # What was started is ended, whoever ends this.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        if sys.platform != "linux":
            raise MissingError("this session wants Linux: it finds processes in /proc")
        if arguments.check:
            for program in (PostgreSQL, MariaDB, Redis, power.tracing):
                program(Path())
            return 0
        if arguments.long:
            return _long(arguments.writes or LONG_WRITES, arguments.on or list(ON), arguments.state)
        return _short(arguments.writes or WRITES, arguments.on or list(ON), arguments.only)
    except MissingError as error:
        sys.stderr.write(f"{error}.\n")
        return 2


def _short(writes: int, databases: Sequence[str], only: Sequence[str] | None) -> int:
    begun, findings, acknowledged = time.monotonic(), list[Finding](), 0
    with _folder() as folder:
        for name in databases:
            chosen = [part for part in ON[name] if only is None or part.__name__ in only]
            if not chosen:
                continue
            with _stage(name, folder / name, disk=parts.disk_full in chosen) as stage:
                for part in chosen:
                    if part is parts.disk_full and name == "PostgreSQL" and stage.disk is None:
                        _say(f"left out: {name}, disk full: only root can mount a small disk")
                        continue
                    part(stage)
                if only is None:
                    _top_up(stage, writes // len(databases))
                stage.hold("afterwards", views=True)
                findings += stage.findings
                acknowledged += stage.ledger.writes
        if only is None or POWER in only:
            with _stage("SQLite", folder / POWER, traced=True) as stage:
                power_lost(stage)
                findings += stage.findings
                acknowledged += stage.ledger.writes
        for name in MUTANTS:
            if only is None or name in only:
                findings.append(caught(name, folder / name))
    wrong = sum(not finding.holds for finding in findings)
    if only is None and acknowledged < writes:
        _say(f"this machine came to {acknowledged} writes, {writes} were wanted")
    _say(
        f"{acknowledged} acknowledged writes, {len(findings)} findings, {wrong} wrong, in "
        f"{time.monotonic() - begun:.0f} s{_load()}"
    )
    return 1 if wrong else 0


def _top_up(stage: Stage, writes: int) -> None:
    with stage.load() as load:
        load.wait_for_writes(writes, TOP_UP_SECONDS)


def _long(writes: int, databases: Sequence[str], state: Path | None) -> int:
    done = _rounds(state)
    total, wrong = sum(done), 0
    _say(f"{total} acknowledged writes in {len(done)} rounds before this")
    number = len(done)
    while total < writes:
        begun = time.monotonic()
        name = databases[number % len(databases)]
        with _folder() as folder, _stage(name, folder / name) as stage:
            faults = _rough(stage, min(ROUND, writes - total))
            stage.hold("round", views=True)
        lost = sum(not finding.holds for finding in stage.findings)
        number, total, wrong = number + 1, total + stage.ledger.writes, wrong + lost
        seconds = round(time.monotonic() - begun)
        row = {"database": name, "writes": stage.ledger.writes, "faults": faults, "wrong": lost}
        row |= {"repeated": stage.ledger.repeated, "seconds": seconds}
        if state is not None:
            with state.open("a", encoding="utf-8") as file:
                file.write(json.dumps(row) + "\n")
        _say(f"round {number}: {row}; {total} of {writes}{_load()}")
    return 1 if wrong else 0


def _rounds(state: Path | None) -> list[int]:
    """How many writes each round has come to that ended without anything wrong."""
    if state is None or not state.exists():
        return []
    rows = [json.loads(line) for line in state.read_text("utf-8").splitlines()]
    return [row["writes"] for row in rows if not row["wrong"]]


def _rough(stage: Stage, writes: int) -> int:
    """Fault after fault under load, until so many writes are acknowledged; how many faults."""
    database, faults = stage.database, 0

    def kill_database() -> None:
        if isinstance(database, Program):
            database.kill()
            time.sleep(0.5)
            database.restart()

    def freeze_database() -> None:
        if isinstance(database, Program):
            with database.frozen():
                time.sleep(3)

    def lock_table() -> None:
        with database.locked():
            time.sleep(2.5)

    choices: list[Callable[[], None]] = [stage.fleet.kill_worker, lock_table]
    if isinstance(database, Program):
        choices += [kill_database, freeze_database]
    deadline = time.monotonic() + ROUND_SECONDS
    with stage.load():
        while stage.ledger.writes < writes and time.monotonic() < deadline:
            time.sleep(random.uniform(2, 6))
            random.choice(choices)()
            faults += 1
    return faults


@contextmanager
def _stage(name: str, folder: Path, *, disk: bool = False, traced: bool = False) -> Iterator[Stage]:
    """A stage on a database of this name, that is taken away afterwards."""
    folder.mkdir()
    folder.chmod(0o755)
    with ExitStack() as stack:
        small: Disk | None = None
        if disk:
            try:
                small = stack.enter_context(Disk(folder / "disk", MEGABYTES[name]))
            except MissingError:
                small = None
        store = None
        if name == "PostgreSQL":
            store = stack.enter_context(Redis(folder / "redis"))
            data = small.folder / "data" if small else None
            database: PostgreSQL | MariaDB | SQLite = stack.enter_context(
                PostgreSQL(folder / "postgresql", data)
            )
        elif name == "MariaDB":
            database = stack.enter_context(MariaDB(folder / "mariadb"))
        else:
            database = SQLite(small.folder if small else folder)
        stage = Stage(
            database,
            folder / "stage",
            store=store,
            disk=small,
            frameworks=["flask"] if traced else None,
            before=power.tracing(folder / "stage" / "writes.log") if traced else (),
        )
        yield stack.enter_context(stage)


@contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="triptych-faults-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # PostgreSQL is somebody else, where we are root
        yield folder


def _say(sentence: str) -> None:
    sys.stdout.write(f"{sentence}\n")
    sys.stdout.flush()


def _load() -> str:
    return f" (load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores)"


if __name__ == "__main__":
    sys.exit(main())
