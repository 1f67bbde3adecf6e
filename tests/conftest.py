"""What the tests of the workspace share; its modules are named `tests.…`, in workers too."""

import shutil
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from tests.seeds import (  # noqa: E402 # the path comes first
    Askable,
    Outages,
    provoke_limits,
    provoke_outages,
    seeded,
)
from tests.servers.live import Live  # noqa: E402
from tests.servers.pairs import PAIRS, serve  # noqa: E402
from tests.workers import ONCE, TARGETS, Worker  # noqa: E402


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--servers",
        action="store_true",
        help="send odd things to every pair of a framework and a production server, not in process",
    )


@pytest.fixture(scope="session")
def outages_and_blogs(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[Outages, dict[str, Worker]]]:
    """How the four targets answer without a good database, then the four over equal ones."""
    folder = tmp_path_factory.mktemp("same")
    files = {name: folder / name / "blog.sqlite3" for name in TARGETS}
    seed = seeded(folder)
    limits = _limited(folder, seed)
    workers = {name: Worker(name, path) for name, path in files.items()}
    try:
        outages = provoke_outages(workers, files, seed)
        yield outages | limits, workers
    finally:
        for worker in workers.values():
            worker.close()


def _limited(folder: Path, seed: Path) -> Outages:
    """How the four answer who has used up every limit."""
    workers: dict[str, Worker] = {}
    try:
        for name in TARGETS:
            path = folder / f"limited-{name}.sqlite3"
            shutil.copyfile(seed, path)
            workers[name] = Worker(name, path, limits=ONCE)
        return provoke_limits(workers)
    finally:
        for worker in workers.values():
            worker.close()


@pytest.fixture(scope="session")
def outages(outages_and_blogs: tuple[Outages, dict[str, Worker]]) -> Outages:
    """How the four targets answered while their database was missing, broken, or held a key."""
    return outages_and_blogs[0]


@pytest.fixture(scope="session")
def blogs(outages_and_blogs: tuple[Outages, dict[str, Worker]]) -> dict[str, Worker]:
    """The four targets, each with its own byte copy of one seeded database."""
    return outages_and_blogs[1]


@pytest.fixture(scope="session")
def odd_blogs(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Mapping[str, Askable]]:
    """The targets over equal databases, for odd things sent that may leave traces."""
    folder = tmp_path_factory.mktemp("odd")
    seed = seeded(folder)
    if request.config.getoption("--servers"):
        with serve(PAIRS, seed, folder) as served:
            asked = {each.pair.name: Live(each) for each in served}
            yield asked
            for each in asked.values():
                each.close()
        return
    yield from _in_process(folder, seed)


@pytest.fixture(scope="module")
def page_blogs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, Askable]]:
    """The four targets over equal databases, for forms that change them alike."""
    folder = tmp_path_factory.mktemp("pages")
    yield from _in_process(folder, seeded(folder))


def _in_process(folder: Path, seed: Path) -> Iterator[dict[str, Worker]]:
    workers: dict[str, Worker] = {}
    try:
        for name in TARGETS:
            path = folder / name / "blog.sqlite3"
            path.parent.mkdir()
            shutil.copyfile(seed, path)
            workers[name] = Worker(name, path)
        yield workers
    finally:
        for worker in workers.values():
            worker.close()
