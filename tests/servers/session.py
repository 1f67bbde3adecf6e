"""The session: every case to every pair, and what does not agree with the table or with itself."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field

from tests.corpora.connections import Case
from tests.servers.pairs import Served
from tests.servers.table import OR, Table
from tests.servers.watching import Seen, Watcher, unlike


@dataclass
class Report:
    """What was seen of each case, by pair, and everything that is wrong with it."""

    seen: dict[str, dict[str, Seen]] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)


def hold(servers: Sequence[Served], cases: Sequence[Case], table: Table) -> Report:
    """Ask all servers at once, each one case after the other."""
    report = Report({case.name: {} for case in cases})
    with ThreadPoolExecutor(len(servers)) as pool:
        for served, (seen, wrong) in zip(
            servers, pool.map(lambda served: _watch(served, cases, table), servers), strict=True
        ):
            report.wrong += wrong
            for name, found in seen.items():
                report.seen[name][served.pair.name] = found
    kinds = {served.pair.name: served.pair.kind for served in servers}
    for name, by_pair in report.seen.items():
        report.wrong += _disagreements(name, by_pair, kinds)
        report.wrong += _unexpected(name, by_pair, kinds, table)
    return report


def _watch(
    served: Served, cases: Sequence[Case], table: Table
) -> tuple[dict[str, Seen], list[str]]:
    seen: dict[str, Seen] = {}
    wrong: list[str] = []
    with closing(Watcher(served)) as watcher:
        for case in cases:
            expected = table.get(case.name, {}).get(served.pair.kind)
            seen[case.name], found = watcher.see(case, expected)
            wrong += [f"{case.name}: {served.pair.name}: {what}" for what in found]
        wrong += [f"after all: {served.pair.name}: {what}" for what in watcher.look()]
    return seen, wrong


def _disagreements(name: str, by_pair: Mapping[str, Seen], kinds: Mapping[str, str]) -> list[str]:
    """Two frameworks behind one server never differ; nor do two servers that did the same."""
    wrong = []
    pairs = list(by_pair.items())
    for at, (other, found) in enumerate(pairs):
        for first, expected in pairs[:at]:
            if kinds[first] == kinds[other] and expected.outcome != found.outcome:
                wrong.append(
                    f"{name}: {other} gave {found.outcome!r}, {first} {expected.outcome!r}"
                )
            if expected.outcome == found.outcome:
                wrong += [
                    f"{name}: {other} is not {first}: {what}" for what in unlike(expected, found)
                ]
                break
    return wrong


def _unexpected(
    name: str, by_pair: Mapping[str, Seen], kinds: Mapping[str, str], table: Table
) -> list[str]:
    if name not in table:
        return [f"{name}: it is not in the reviewed table"]
    return [
        f"{name}: {pair} gave {found.outcome!r}, reviewed is {table[name][kinds[pair]]!r}"
        for pair, found in by_pair.items()
        if found.outcome not in table[name][kinds[pair]].split(OR)
    ]


def observed(report: Report, servers: Sequence[Served]) -> dict[str, dict[str, str]]:
    """What was seen, as a table: of each kind of server its first pair."""
    firsts: dict[str, str] = {}
    for served in servers:
        firsts.setdefault(served.pair.kind, served.pair.name)
    return {
        name: {kind: by_pair[pair].outcome for kind, pair in firsts.items()}
        for name, by_pair in report.seen.items()
    }
