"""How the list's time grows with the number of posts: first page and deep page.

The deep page starts after 90 % of the published posts. To an adapter it is addressed by a cursor
that the adapter itself gave out: the contract's `next` links are followed with `limit=100` to that
position (about 8,500 steps at a million posts), then the same cursor is asked for with the usual
page of 20. The peers are asked by page number or offset, as their tutorials do.
"""

import json
import statistics
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

from bench import data, load
from bench.answers import results
from bench.compare import Progress, counting
from bench.load import WrongAnswerError, ask
from bench.server_data import Server
from bench.servers import Cores, serving
from bench.targets import PAGE, Target, request

DEPTH = 0.9
_STEP = 100


@dataclass(frozen=True)
class Grown:
    """The list of one target at one size; medians of the rounds, in milliseconds."""

    target: str
    posts: int
    first: list[float]
    deep: list[float]

    @property
    def ratio(self) -> float:
        """How many times the first page's time the deep page takes: the median over the rounds."""
        return statistics.median(d / f for d, f in zip(self.deep, self.first, strict=True))


def grow(
    targets: Sequence[Target],
    sizes: Sequence[int],
    *,
    rounds: int,
    seconds: float,
    cores: Cores,
    say: Progress,
    server: Server | None = None,
) -> list[Grown]:
    """Time both pages of each target at each size, one request at a time over one connection."""
    return [
        grown
        for posts in sizes
        for grown in _at(
            targets, posts, rounds=rounds, seconds=seconds, cores=cores, say=say, server=server
        )
    ]


def _at(
    targets: Sequence[Target],
    posts: int,
    *,
    rounds: int,
    seconds: float,
    cores: Cores,
    say: Progress,
    server: Server | None,
) -> list[Grown]:
    say(f"seeding {posts:,} posts")
    database = (server or data).seeded(posts, counting(posts, say))
    ids = data.published(database)
    # A whole number of steps, and of pages for the peers.
    offset = int(len(ids) * DEPTH) // _STEP * _STEP
    expected = ids[offset : offset + PAGE]
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=data.RESULTS)))
        ports: dict[str, int] = {}
        pages: dict[str, tuple[bytes, bytes]] = {}
        cursor_query = None
        for target in targets:
            say(f"{posts:,} posts: starting {target.name}")
            port = stack.enter_context(serving(target, data.url(database), cores, folder))
            if target.deep_query is None:
                if cursor_query is None:
                    say(f"{posts:,} posts: following next to {offset:,}")
                    cursor_query = _walk(target, port, offset)
                query = cursor_query
            else:
                query = target.deep_query.format(offset=offset, page=offset // PAGE + 1)
            deep = request("GET", target.posts + query)
            _status, body = ask(port, deep)
            shown = [post["id"] for post in results(target, body)]
            if shown != expected:
                raise WrongAnswerError(f"{target.name}: {query} shows {shown}, not {expected}")
            ports[target.name] = port
            pages[target.name] = (request("GET", target.posts), deep)
        timed: dict[str, tuple[list[float], list[float]]] = {t.name: ([], []) for t in targets}
        for number in range(rounds + 1):
            for target in targets:
                say(f"{posts:,} posts: round {number} of {rounds}, {target.name}")
                for page, times in zip(pages[target.name], timed[target.name], strict=True):
                    result = load.run(
                        ports[target.name], [page], status=200, connections=1, seconds=seconds
                    )
                    if number:
                        times.append(statistics.median(result.latencies) * 1000)
    return [Grown(name, posts, first, deep) for name, (first, deep) in timed.items()]


def _walk(target: Target, port: int, offset: int) -> str:
    """The query of the page that starts after that many posts, found by following `next`."""
    path = f"{target.posts}?limit={_STEP}"
    for _ in range(offset // _STEP):
        status, body = ask(port, request("GET", path))
        if status != 200:
            raise WrongAnswerError(f"{target.name}: {path} answers {status}: {body[:600]!r}")
        path = json.loads(body)["next"]
    query = {
        name: values[0]
        for name, values in parse_qs(urlsplit(path).query).items()
        if name != "limit"
    }
    return f"?{urlencode(query)}"
