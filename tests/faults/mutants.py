"""Planted faults, and the part of the session that has to see each."""

import sys
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from textwrap import shorten

from tests.faults import parts, power
from tests.faults.databases import Database, PostgreSQL, SQLite
from tests.faults.load import CALMING_SECONDS
from tests.faults.stage import Finding, Stage

SYNCED_WRITES = 200


@dataclass(frozen=True)
class Mutant:
    """A fault, the part that is played with it, and the application that has it, if one has.

    `sign` is in what is found wrong because of it. `acts` are what the authors do meanwhile, where
    it is not everything.
    """

    says: str
    sign: str
    play: Callable[[Stage], None]
    application: str | None = None
    framework: str = "flask"
    database: str = "SQLite"
    acts: Sequence[str] = ()


def power_lost(stage: Stage) -> None:
    """The servers are killed, and the disk has what was synced."""
    assert isinstance(stage.database, SQLite)
    log = stage.folder / "writes.log"
    database = stage.database.path
    disk = power.Disk()
    disk.remember(database.parent)
    with stage.load() as load:
        load.wait_for_writes(SYNCED_WRITES, 3 * CALMING_SECONDS)
    stage.fleet.kill()
    disk.replay(log, (database.name, f"{database.name}-wal"))
    restored = SQLite(disk.restore(database.parent / "after").parent)
    before, stage.database = stage.database, restored
    writes = stage.ledger.writes
    stage.find("power lost", f"{writes} writes acknowledged, {disk.syncs} syncs", disk.syncs > 0)
    stage.hold("power lost")
    stage.database = before


def frozen_briefly(stage: Stage) -> None:
    parts.database_frozen(stage, 6.0)


def locked_in_a_crowd(stage: Stage) -> None:
    parts.pool_exhausted(stage, 4.0)


def killed_often(stage: Stage) -> None:
    parts.workers_killed(stage, 6)


def counting(stage: Stage) -> None:
    parts.steady(stage, 5.0)


MUTANTS = {
    "check_then_write": Mutant(
        "the ETag is checked first and the post written afterwards",
        "lost: ",
        counting,
        "tests.mutants.check_then_write:app",
        acts=("count",),
    ),
    "key_by_itself": Mutant(
        "the idempotency key is written in a transaction of its own",
        "doubled: ",
        killed_often,
        "tests.faults.planted.key_by_itself:app",
        acts=("create",),
    ),
    "limit_per_process": Mutant(
        "each process counts sign-ins for itself", "passed a limit", parts.limit_exact
    ),
    "synced_seldom": Mutant(
        "SQLite with synchronous = NORMAL",
        "lost: ",
        power_lost,
        "tests.faults.planted.synced_seldom:app",
    ),
    "deferred": Mutant(
        "SQLite's transactions are deferred",
        "requests refused",
        counting,
        "tests.faults.planted.deferred:app",
        acts=("count",),
    ),
    "waits_for_ever": Mutant(
        "no timeout anywhere",
        "every request ended",
        frozen_briefly,
        "tests.faults.planted.waits_for_ever:app",
        database="PostgreSQL",
    ),
    "no_turns": Mutant(
        "all threads may wait for the database at once",
        "/livez",
        locked_in_a_crowd,
        "tests.faults.planted.no_turns:app",
    ),
    "commit_after_reply": Mutant(
        "the answer is sent before the commit",
        "wrong: ",
        killed_often,
        "tests.mutants.commit_after_reply:app",
        framework="fastapi",
    ),
}


def caught(name: str, folder: Path) -> Finding:
    """Play a mutant's part; what was found wrong, if anything was."""
    mutant, begun = MUTANTS[name], time.monotonic()
    folder.mkdir()
    folder.chmod(0o755)
    with ExitStack() as stack:
        database: Database = (
            stack.enter_context(PostgreSQL(folder / "postgresql"))
            if mutant.database == "PostgreSQL"
            else SQLite(folder)
        )
        traced = mutant.play is power_lost
        stage = Stage(
            database,
            folder / "stage",
            # Without an application of its own it is how they are set up: then all of them are.
            frameworks=[mutant.framework] if mutant.application else None,
            applications={mutant.framework: mutant.application} if mutant.application else {},
            acts=mutant.acts,
            before=power.tracing(folder / "stage" / "writes.log") if traced else (),
        )
        stage.shows, stage.strict = False, True
        with stage:
            mutant.play(stage)
    wrong = [each for each in stage.findings if not each.holds and mutant.sign in each.says]
    seconds = time.monotonic() - begun
    seen = f"caught by “{wrong[0].part}”: {shorten(wrong[0].says, 200)}" if wrong else "not caught"
    says = f"{mutant.says}: {seen}"
    finding = Finding("mutant", name, f"{says} ({seconds:.0f} s)", bool(wrong))
    sys.stdout.write(f"{finding}\n")
    sys.stdout.flush()
    return finding
