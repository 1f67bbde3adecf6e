"""Why two targets answer differently, in words: findings grouped by cause.

    for cause in explain(result):
        print(cause.name, cause.count, cause.operations)

A cause is decided from the request that was sent and both answers to it, by the functions in
`causes`, more specific first. Each takes what it accounts for; what none accounts for is named by
its place, so nothing is left out.
"""

import re
from dataclasses import dataclass
from typing import Final

from http_parity.causes import CAUSES, STATUS_CAUSES, Case, general
from http_parity.differences import Difference
from http_parity.exchange import split_target
from http_parity.results import Finding, Result

STATUSES: Final = re.compile(
    r" \(((?:\d+|no answer) became (?:\d+|no answer)|another \d+|read differently)\)\Z"
)
"""What tells the variants of one cause apart."""


@dataclass(frozen=True)
class Cause:
    """Findings that have one reason."""

    name: str
    """What happened, as a person would say it: `400 became 422`; from the reference to the rest."""
    why: str
    """What it does to clients, or where it comes from; one sentence."""
    findings: tuple[Finding, ...]
    """The shortest reproducer first."""
    differences: tuple[Difference, ...]
    """What the first finding's last answers have of it."""
    odd: tuple[str, ...]
    """The targets that answer unlike the others; of two the one that is not the reference."""

    @property
    def example(self) -> Finding:
        """The finding to show."""
        return self.findings[0]

    @property
    def count(self) -> int:
        """How many generated sequences showed it."""
        return sum(finding.seen for finding in self.findings)

    @property
    def operations(self) -> tuple[str, ...]:
        """The operations it was met in."""
        return tuple(dict.fromkeys(operation_of(finding) for finding in self.findings))

    @property
    def targets(self) -> tuple[str, ...]:
        """The targets that differ from the reference by it."""
        return tuple(dict.fromkeys(finding.targets[1] for finding in self.findings))

    @property
    def of_meaning(self) -> bool:
        """Whether answers say different things, and not the same in other bytes."""
        # Other bytes have another length.
        found = [one for one in self.differences if one.place != "header:content-length"]
        return any(one.of_meaning for one in found or self.differences)


@dataclass(frozen=True)
class Part:
    """What a cause accounts for in one finding."""

    name: str
    why: str
    differences: tuple[Difference, ...]


def explain(result: Result) -> list[Cause]:
    """The causes of all findings, the most frequent first; those of bytes alone at the end."""
    groups: dict[str, list[tuple[Finding, Part]]] = {}
    for finding in result.findings:
        for part in parts(finding):
            groups.setdefault(STATUSES.sub("", part.name), []).append((finding, part))
    causes = []
    for members in groups.values():
        members.sort(key=lambda member: _size(member[0]))
        part = members[0][1]
        variants = {one.name for _, one in members}
        more = ", and others" if len(variants) > 1 else ""
        name = STATUSES.sub(rf" (\1{more})", part.name)
        findings = tuple(finding for finding, _ in members)
        odd = _odd(result.targets, findings)
        causes.append(Cause(name, part.why, findings, part.differences, odd))
    return sorted(causes, key=lambda cause: (not cause.of_meaning, -cause.count, cause.name))


def parts(finding: Finding) -> list[Part]:
    """The differences of one finding, by cause; each is in exactly one."""
    case = Case(finding)
    left = list(finding.differences)
    found: list[Part] = []
    while left:
        part = _next(case, left)
        found.append(part)
        left = [difference for difference in left if difference not in part.differences]
    return found


def operation_of(finding: Finding) -> str:
    """The operation in which the two differ; without a document, method and path."""
    step = finding.sequence[-1]
    request = finding.exchanges[0][-1].request
    return step.operation or f"{request.method} {split_target(request.target)[0]}"


def _next(case: Case, left: list[Difference]) -> Part:
    status = any(found.part == "status" for found in left)
    for cause in STATUS_CAUSES if status else CAUSES:
        claimed = cause(case, left)
        if claimed is not None:
            name, accounted = claimed
            why = " ".join((cause.__doc__ or "").split())
            return Part(name, why, tuple(accounted))
    return Part(f"{general(left[0].place)} differs", "", (left[0],))


def _size(finding: Finding) -> tuple[int, int]:
    steps = finding.exchanges[0]
    return len(steps), sum(
        len(step.request.target) + len(step.request.body) + 20 * len(step.request.headers)
        for step in steps
    )


def _odd(targets: tuple[str, ...], findings: tuple[Finding, ...]) -> tuple[str, ...]:
    """Who answers alone: the reference, where all others answer unlike it in the same way."""
    reference = findings[0].targets[0]
    others = tuple(dict.fromkeys(finding.targets[1] for finding in findings))
    if len(targets) > 2 and set(others) == set(targets) - {reference}:
        return (reference,)
    return others
