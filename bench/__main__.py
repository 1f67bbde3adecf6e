"""Compare each adapter with the tutorial spelling of its framework and with the bare driver.

    python -m bench             all operations and the growth of the list: about 25 minutes
    python -m bench --quick     the same with short rounds and up to 10^5 posts: two minutes
    python -m bench --database postgresql --no-growth
    python -m bench --profile flask list

Exit codes: 0 measured, whether or not the goals are met; 1 could not measure; 2 wrong usage;
130 interrupted.
"""

import argparse
import dataclasses
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from rich.console import Console

from bench import load, report
from bench.compare import Measured, Plan, Progress, compare
from bench.growth import Grown, grow
from bench.load import WrongAnswerError
from bench.profiling import profile
from bench.server_data import Server
from bench.servers import Cores, StartError, free_port, running
from bench.targets import OPERATIONS, TARGETS, request
from tools.databases import NoServer, server_url

# Many short rounds rather than few long ones: where a machine's speed drifts, the targets of one
# round still see the same speed.
_FULL = Plan(rounds=15, seconds=1.0, warm_up=1.0, connections=8, posts=1_000)
_QUICK = Plan(rounds=3, seconds=0.4, warm_up=0.2, connections=8, posts=1_000)
_FULL_SIZES = (1_000, 10_000, 100_000, 1_000_000)
_QUICK_SIZES = (1_000, 100_000)
_PAGE_BYTES = 20_000
_QUIET = 0.5


def main() -> int:
    arguments = _parser().parse_args()
    console = Console()
    if not console.is_terminal:
        console.width = 120
    try:
        if arguments.profile:
            name, operation = arguments.profile
            profile(
                TARGETS[name],
                operation,
                requests=arguments.requests,
                posts=_FULL.posts,
                sort=arguments.sort,
            )
        else:
            _measure(arguments, console)
    except (StartError, WrongAnswerError, NoServer, OSError) as error:
        lines = [f"bench: {error}", *filter(None, getattr(error, "__notes__", []))]
        Console(stderr=True, markup=False, highlight=False, soft_wrap=True).print("\n".join(lines))
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def _measure(arguments: argparse.Namespace, console: Console) -> None:
    plan = _QUICK if arguments.quick else _FULL
    changes = {
        name: value
        for name in ("rounds", "seconds", "connections")
        if (value := getattr(arguments, name)) is not None
    }
    plan = dataclasses.replace(plan, **changes)
    sizes = arguments.sizes or (_QUICK_SIZES if arguments.quick else _FULL_SIZES)
    targets = [TARGETS[name] for name in arguments.only or TARGETS]
    cores = Cores.choose()
    cores.pin_load()
    load_average = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
    if load_average is not None and load_average > _QUIET:
        console.print(
            f"Something else is at work here (load average {load_average:.1f}):"
            " read the ratios, not the rates, or come back later."
        )
    if cores.server is None:
        console.print("The servers and the load share all cores: no two could be pinned here.")
    measured: list[Measured] = []
    grown: list[Grown] = []
    ceiling = None
    with ExitStack() as stack:
        say = stack.enter_context(_progress(console))
        server = None
        if arguments.database != "sqlite":
            kind = arguments.database
            server = stack.enter_context(Server(kind if "://" in kind else server_url(kind)))
        if not arguments.growth_only:
            ceiling = _ceiling(cores, plan, say)
            measured = compare(
                targets, arguments.operations or OPERATIONS, plan, cores, say, server=server
            )
        if not arguments.no_growth:
            listed = [t for t in targets if not t.name.startswith("bare") and not t.joined]
            grown = grow(
                listed,
                sizes,
                rounds=plan.rounds,
                seconds=plan.seconds / 2,
                cores=cores,
                say=say,
                server=server,
            )
    report.print_all(console, measured, grown, ceiling)
    facts = {
        **dataclasses.asdict(plan),
        "sizes": sizes,
        "cores": dataclasses.asdict(cores),
        "load_average": load_average,
        "database": arguments.database.partition(":")[0],
    }
    path = report.write(measured, grown, ceiling, facts)
    console.print(f"Written to {path}", soft_wrap=True)


def _ceiling(cores: Cores, plan: Plan, say: Progress) -> float:
    """What the load client reaches on a server that answers a page's size at once."""
    say("the load client's own ceiling")
    port = free_port()
    command = [sys.executable, "-m", "bench.ceiling", str(port), str(_PAGE_BYTES)]
    with (
        tempfile.TemporaryDirectory() as folder,
        running(command, port, cores, Path(folder) / "ceiling.log", {}),
    ):
        page = [request("GET", "/api/posts")]
        rounds = [
            load.run(
                port, page, status=200, connections=plan.connections, seconds=plan.seconds
            ).rate
            for _ in range(3)
        ]
    return sorted(rounds)[1]


@contextmanager
def _progress(console: Console) -> Iterator[Progress]:
    """Says what is being done: one changing line on a terminal, nothing elsewhere."""
    if not console.is_terminal:
        yield lambda text: None
        return
    with console.status("starting") as status:
        yield status.update


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m bench",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--quick", action="store_true", help="a run of about two minutes")
    parser.add_argument(
        "--database",
        default="sqlite",
        type=_database,
        metavar="sqlite|postgresql|URL",
        help="what all targets are measured on (default sqlite)",
    )
    parser.add_argument(
        "--only",
        action="append",
        choices=TARGETS,
        metavar="TARGET",
        help=f"measure only this target; may be repeated ({', '.join(TARGETS)})",
    )
    parser.add_argument(
        "--operation",
        action="append",
        choices=OPERATIONS,
        dest="operations",
        help="measure only this operation; may be repeated",
    )
    parser.add_argument("--rounds", type=_positive, help=f"rounds (default {_FULL.rounds})")
    parser.add_argument(
        "--seconds", type=float, help=f"seconds of a round (default {_FULL.seconds:g})"
    )
    parser.add_argument(
        "--connections", type=_positive, help=f"connections (default {_FULL.connections})"
    )
    parser.add_argument(
        "--sizes",
        type=_sizes,
        metavar="N,N,…",
        help="numbers of posts for the growth (default 1000,10000,100000,1000000)",
    )
    growth = parser.add_mutually_exclusive_group()
    growth.add_argument("--no-growth", action="store_true", help="leave the growth out")
    growth.add_argument("--growth-only", action="store_true", help="measure only the growth")
    parser.add_argument(
        "--profile",
        nargs=2,
        metavar=("TARGET", "OPERATION"),
        action=_ProfileAction,
        help="profile one operation in process instead of measuring",
    )
    parser.add_argument(
        "--requests", type=_positive, default=900, help="requests to profile (default 900)"
    )
    parser.add_argument(
        "--sort",
        choices=("tottime", "cumtime"),
        default="tottime",
        help="order of the profile (default tottime)",
    )
    return parser


class _ProfileAction(argparse.Action):
    """Two words, each of its own list."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: str | Sequence[str] | None,
        option_string: str | None = None,
    ) -> None:
        assert isinstance(values, list)  # noqa: S101  # nargs=2 makes one
        for word, known in zip(values, (TARGETS, OPERATIONS), strict=True):
            if word not in known:
                raise argparse.ArgumentError(self, f"{word!r} is none of {', '.join(known)}")
        setattr(namespace, self.dest, values)


def _database(text: str) -> str:
    if text.partition(":")[0].partition("+")[0] not in ("sqlite", "postgresql"):
        raise argparse.ArgumentTypeError(f"{text!r} is none of sqlite, postgresql or a URL of it")
    return text


def _positive(text: str) -> int:
    if (number := int(text)) < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return number


def _sizes(text: str) -> tuple[int, ...]:
    sizes = tuple(_positive(size) for size in text.split(","))
    if min(sizes) < 200:
        raise argparse.ArgumentTypeError("200 posts or more: below, no page is deep")
    return sizes


if __name__ == "__main__":
    sys.exit(main())
