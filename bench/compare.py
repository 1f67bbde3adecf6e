"""The four operations of every target, in interleaved rounds."""

import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from bench import data, load
from bench.answers import check_create, check_reads, sign_in
from bench.server_data import Server
from bench.servers import Cores, serving
from bench.targets import CREDENTIALS, NEW_POST, WRITES, Target, request

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Plan:
    """How much is measured; times in seconds."""

    rounds: int
    seconds: float
    warm_up: float
    connections: int
    posts: int


@dataclass(frozen=True)
class Measured:
    """The rounds of one operation of one target."""

    target: str
    operation: str
    rates: list[float]
    median_latency: list[float]
    busy: float
    """The largest share of a round that the load client was at work."""


def compare(
    targets: Sequence[Target],
    operations: Sequence[str],
    plan: Plan,
    cores: Cores,
    say: Progress,
    *,
    server: Server | None = None,
) -> list[Measured]:
    """Measure the operations of the targets, each on its own copy of one database.

    All servers stay up; only one is asked at a time. A round asks every target once, and each
    round starts with another target, so that what disturbs the machine disturbs all alike.
    """
    say(f"seeding {plan.posts:,} posts")
    source = (server or data).seeded(plan.posts, counting(plan.posts, say))
    # Spread over the whole table, and few enough to fit the requests in memory.
    singles = data.published(source)[:: max(1, plan.posts // 500)]
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=data.RESULTS)))
        ports: dict[str, int] = {}
        requests: dict[tuple[str, str], list[bytes]] = {}
        for target in targets:
            say(f"starting {target.name}")
            database = copied(source, folder / f"{target.name}.sqlite3", server)
            url = data.url(database)
            port = stack.enter_context(serving(target, url, cores, folder))
            check_reads(target, port, database)
            writes = bool({*operations} & {*WRITES}) and not target.joined
            token = sign_in(target, port) if writes else ""
            if "create" in operations and writes:
                check_create(target, port, database, token)
            ports[target.name] = port
            for operation in operations:
                requests[target.name, operation] = _requests(target, operation, token, singles)
        measured = []
        for operation in operations:
            status = 200 if operation in ("list", "single") else 201
            asked = [each for each in targets if operation not in WRITES or not each.joined]
            rounds: dict[str, list[load.Round]] = {target.name: [] for target in asked}
            for number in range(plan.rounds + 1):
                for index in range(len(asked)):
                    name = asked[(index + number) % len(asked)].name
                    say(f"{operation}: round {number} of {plan.rounds}, {name}")
                    result = load.run(
                        ports[name],
                        requests[name, operation],
                        status=status,
                        connections=plan.connections,
                        seconds=plan.seconds if number else plan.warm_up,
                    )
                    if number:
                        rounds[name].append(result)
            measured += [_summary(name, operation, results) for name, results in rounds.items()]
    return measured


def copied(source: Path | str, to: Path, server: Server | None) -> Path | str:
    """A database of its own for a server that writes."""
    if isinstance(source, Path):
        return data.copy(source, to)
    assert server is not None  # noqa: S101 # who else made a URL
    return server.copy(source)


def counting(posts: int, say: Progress) -> Callable[[int], None]:
    """Says how far a seeding is."""
    rows = 0

    def done(more: int) -> None:
        nonlocal rows
        rows += more
        say(f"seeding {posts:,} posts: {rows / (posts + data.AUTHORS):.0%}")

    return done


def _requests(target: Target, operation: str, token: str, singles: Sequence[int]) -> list[bytes]:
    match operation:
        case "list":
            return [request("GET", target.posts)]
        case "single":
            return [request("GET", target.post(number)) for number in singles]
        case "create":
            return [request("POST", target.posts, NEW_POST, token)]
        case _:
            return [request("POST", target.tokens, CREDENTIALS)]


def _summary(name: str, operation: str, rounds: Sequence[load.Round]) -> Measured:
    return Measured(
        target=name,
        operation=operation,
        rates=[round_.rate for round_ in rounds],
        median_latency=[sorted(r.latencies)[len(r.latencies) // 2] for r in rounds],
        busy=max(round_.busy for round_ in rounds),
    )
