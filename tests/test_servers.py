"""The session over real servers (`python -m tests.servers`) sees what it is there to see."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.corpora.connections import Case, cases
from tests.seeds import seeded
from tests.servers import page, table
from tests.servers.pairs import PAIRS, Pair, Served, serve
from tests.servers.session import hold

pytestmark = pytest.mark.once

CASES = {case.name: case for case in cases()}
FEW = [CASES[name] for name in ("plain", "length-right", "cut-length-ended", "cut-in-parts-ended")]
PLANTED = ("writes_what_was_cut_short", "says_more", "refuses_more")


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Served]]:
    """Django and Flask behind gunicorn, and Flask with each of the faults."""
    folder = tmp_path_factory.mktemp("servers")
    good = [Pair("django", "gunicorn", "gunicorn-wsgi"), Pair("flask", "gunicorn", "gunicorn-wsgi")]
    bad = [
        Pair("flask", "gunicorn", "gunicorn-wsgi", f"tests.planted:{fault}") for fault in PLANTED
    ]
    trusting = Pair("flask", "granian", "granian-wsgi", "tests.planted:trusts_the_end_of_chunks")
    with serve([*good, *bad, trusting], seeded(folder), folder) as started:
        names = ["django", "flask", *PLANTED, "trusts_the_end_of_chunks"]
        yield dict(zip(names, started, strict=True))


def wrong(servers: dict[str, Served], name: str, chosen: list[Case]) -> list[str]:
    """What is found of Django and one other."""
    return hold([servers["django"], servers[name]], chosen, table.read()).wrong


def test_nothing_is_wrong_with_what_is_right(servers: dict[str, Served]) -> None:
    assert [] == wrong(servers, "flask", FEW)


def test_a_write_from_a_body_that_was_cut_short_is_seen(servers: dict[str, Served]) -> None:
    found = wrong(servers, "writes_what_was_cut_short", FEW)
    written = [line for line in found if "of a request that was never whole" in line]
    assert {"cut-length-ended", "cut-in-parts-ended"} == {
        line.partition(":")[0] for line in written
    }


def test_a_write_for_a_client_that_broke_off_is_seen(servers: dict[str, Served]) -> None:
    chosen = [CASES["cut-chunked-ended"], CASES["cut-chunked-broken-later"], CASES["plain"]]
    found = hold([servers["trusts_the_end_of_chunks"]], chosen, table.read()).wrong
    written = [line for line in found if "'cut-chunked-broken-later'" in line]
    assert any("of a request that was never whole" in line for line in written), found


def test_an_answer_that_differs_behind_one_framework_is_seen(servers: dict[str, Served]) -> None:
    (found, *_) = wrong(servers, "says_more", [CASES["plain"]])
    assert "x-powered-by" in found.lower()


def test_a_status_that_differs_behind_one_framework_is_seen(servers: dict[str, Served]) -> None:
    found = wrong(servers, "refuses_more", [CASES["plain"]])
    assert any("'app 404'" in line and "'app 200'" in line for line in found)


def test_an_outcome_that_was_not_reviewed_is_seen(servers: dict[str, Served]) -> None:
    reviewed = {**table.read(), "plain": {"gunicorn-wsgi": "server 400"}}
    report = hold([servers["flask"]], [CASES["plain"], CASES["http-1.0"]], reviewed)
    assert [
        "plain: flask behind gunicorn-wsgi gave 'app 200', reviewed is 'server 400'"
    ] == report.wrong
    report = hold([servers["flask"]], [CASES["plain"]], {})
    assert ["plain: it is not in the reviewed table"] == report.wrong


def test_the_table_has_every_case_and_no_other() -> None:
    assert list(CASES) == list(table.read())


def test_the_table_is_written_as_it_is_read(tmp_path: Path) -> None:
    assert table.REVIEWED.read_text("utf-8") == table.written(table.read())


@pytest.mark.parametrize(
    "entry", ['all = "app 200"\nhypercorn = "app 400"', 'all = "app 200"\nuvicorn = "app 200"']
)
def test_a_line_that_says_nothing_is_refused(tmp_path: Path, entry: str) -> None:
    path = tmp_path / "table.toml"
    path.write_text(f'["plain"]\n{entry}\n')
    with pytest.raises(ValueError, match="plain"):
        table.read(path)


def test_no_case_of_the_application_s_own_fails_behind_any_server() -> None:
    failures = {
        name: outcomes
        for name, outcomes in table.read().items()
        if any(
            word.startswith("app 500") for said in outcomes.values() for word in said.split(", ")
        )
    }
    assert {} == failures


def test_nothing_that_was_cut_short_is_reviewed_as_written() -> None:
    reviewed = table.read()
    assert {"app 201", "app 200"}.isdisjoint(
        word
        for case in CASES.values()
        if case.cut
        for said in reviewed[case.name].values()
        for word in said.replace(" at the end", "").split(", ")
    )


def test_the_page_is_current() -> None:
    text = page.PAGE.read_text("utf-8")
    assert text == page.current(text), "python -m tests.servers --page"


def test_every_pair_that_can_be_served_is_asked() -> None:
    assert {
        ("django", "gunicorn"),
        ("django", "granian"),
        ("django", "uvicorn"),
        ("flask", "gunicorn"),
        ("flask", "granian"),
        ("fastapi", "gunicorn"),
        ("fastapi", "granian"),
        ("fastapi", "uvicorn"),
    } == {(pair.framework, pair.server) for pair in PAIRS}
