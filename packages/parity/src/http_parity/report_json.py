"""The report for programs: JSON with a stable form, and the findings read back from it.

`docs/parity.md` describes the members. A change that could break a reader gets another `version`.
"""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any, Final

from http_parity.differences import ABSENT, Difference
from http_parity.errors import TargetError
from http_parity.explain import Cause
from http_parity.report import Report
from http_parity.reproduce import free
from http_parity.results import Finding
from http_parity.rules import Rule, Rules
from http_parity.sequence import Exchange, Reference, Sequence, Step, Text
from http_parity.targets import TargetSpec

VERSION: Final = 1


def dump(report: Report) -> str:
    """The report as JSON text."""
    text = json.dumps(_document(report), indent=1, ensure_ascii=False) + "\n"
    # A lone surrogate is no text that a file could hold; as an escape JSON has it.
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _document(report: Report) -> dict[str, Any]:
    result = report.result
    return {
        "version": VERSION,
        "tool": f"http-parity {version('http-parity')}",
        "same": report.same,
        "seed": result.seed,
        "requests": result.requests,
        "sequences": result.sequences,
        "seconds": round(result.seconds, 3),
        "targets": [
            {"name": name, **(_spec(spec) if spec else {})}
            for name, spec in _zipped(result.targets, report.specs)
        ],
        "causes": [_cause(report, cause) for cause in report.causes],
        "findings": [_finding(finding) for finding in result.findings],
        "noise": [
            {
                "target": noise.target,
                "operation": noise.operation,
                "place": noise.place,
                "examples": list(noise.examples),
            }
            for noise in result.noise
        ],
        "allowed": [
            {"rule": sentence, "used": result.used.get(sentence, 0)} for sentence in result.allowed
        ],
        "operations": {
            name: {str(status): count for status, count in sorted(statuses.items())}
            for name, statuses in result.operations.items()
        },
        "described": list(result.described),
    }


def _zipped(
    names: tuple[str, ...], specs: tuple[TargetSpec, ...]
) -> list[tuple[str, TargetSpec | None]]:
    return [(name, specs[at] if at < len(specs) else None) for at, name in enumerate(names)]


def _spec(spec: TargetSpec) -> dict[str, Any]:
    # The environment may hold secrets, and stays out.
    return {
        "address": spec.address,
        "reset": spec.reset if isinstance(spec.reset, str) else None,
        "process": spec.process or bool(spec.env),
    }


def _cause(report: Report, cause: Cause) -> dict[str, Any]:
    findings = list(report.result.findings)
    return {
        "name": cause.name,
        "why": cause.why,
        "count": cause.count,
        "of_meaning": cause.of_meaning,
        "odd": list(cause.odd),
        "operations": list(cause.operations),
        "findings": [findings.index(finding) for finding in cause.findings],
        "differences": [_difference(found) for found in cause.differences],
        "curl": report.curl(cause),
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "targets": list(finding.targets),
        "seen": finding.seen,
        "sequence": [_step(step) for step in finding.sequence],
        "answers": [
            [_exchange(exchange) for exchange in exchanges] for exchanges in finding.exchanges
        ],
        "differences": [_difference(found) for found in finding.differences],
        "free": [{"where": rule.where, "kinds": list(rule.kinds)} for rule in free(finding)],
    }


def _step(step: Step) -> dict[str, Any]:
    return {
        "operation": step.operation,
        "method": step.method,
        "target": _text(step.target),
        "headers": [[name, _text(value)] for name, value in step.headers],
        "body": _text(step.body),
    }


def _text(text: Text) -> list[Any]:
    return [
        piece
        if isinstance(piece, str)
        else {
            "step": piece.step,
            "source": piece.source,
            "escape": piece.escape,
            "pattern": piece.pattern,
        }
        for piece in text
    ]


def _exchange(exchange: Exchange) -> dict[str, Any]:
    request, answer = exchange.request, exchange.answer
    found: dict[str, Any] = {
        "request": {
            "method": request.method,
            "target": request.target,
            "headers": [list(field) for field in request.headers],
            **_bytes(request.body),
        }
    }
    if answer is None:
        return {**found, "status": None, "error": exchange.error}
    headers = [list(field) for field in answer.headers]
    return {**found, "status": answer.status, "headers": headers, **_bytes(answer.body)}


def _bytes(body: bytes) -> dict[str, str]:
    try:
        return {"body": body.decode("utf-8")}
    except UnicodeDecodeError:
        return {"body_base64": base64.b64encode(body).decode("ascii")}


def _difference(found: Difference) -> dict[str, Any]:
    sides = {"a": found.a, "b": found.b}
    return {
        "place": found.place,
        "kind": found.kind,
        "of_meaning": found.of_meaning,
        **{side: _value(value) for side, value in sides.items() if value is not ABSENT},
    }


def _value(value: object) -> Any:
    match value:
        case bytes():
            return value.decode("utf-8", "backslashreplace")
        case list():
            return [_value(item) for item in value]
        case dict():
            return {str(key): _value(item) for key, item in value.items()}
        case None | str() | bool() | int() | float():
            return value
        case _:
            return str(value)


# and back


@dataclass(frozen=True)
class Recorded:
    """A finding read from a report: what is needed to send it again."""

    cause: str
    targets: tuple[TargetSpec, TargetSpec]
    sequence: Sequence
    rules: Rules


def load(text: str, name: str) -> list[Recorded]:
    """The findings of a report; TargetError, in one sentence, where it is none. `name` names it."""
    try:
        document = json.loads(text)
        if document["version"] != VERSION:
            raise TargetError(
                f"{name} has version {document['version']!r} of the report; this is for {VERSION}."
            )
        specs = {
            target["name"]: TargetSpec(
                target.get("address", target["name"]),
                name=target["name"],
                reset=target.get("reset"),
                process=target.get("process", False),
            )
            for target in document["targets"]
        }
        causes = {
            index: cause["name"] for cause in document["causes"] for index in cause["findings"]
        }
        return [
            _recorded(found, specs, causes.get(index, ""))
            for index, found in enumerate(document["findings"])
        ]
    except (KeyError, TypeError, ValueError, AttributeError):
        raise TargetError(f"{name} is no JSON report of parity compare.") from None


def _recorded(found: Mapping[str, Any], specs: dict[str, TargetSpec], cause: str) -> Recorded:
    first, second = (specs[name] for name in found["targets"])
    rules = [
        Rule(rule["where"], "not what this is about", kinds=tuple(rule["kinds"]))
        for rule in found["free"]
    ]
    return Recorded(cause, (first, second), tuple(map(_read, found["sequence"])), Rules(rules))


def _read(step: Mapping[str, Any]) -> Step:
    return Step(
        step["method"],
        _pieces(step["target"]),
        tuple((name, _pieces(value)) for name, value in step["headers"]),
        _pieces(step["body"]),
        step["operation"],
    )


def _pieces(text: list[Any]) -> Text:
    return tuple(piece if isinstance(piece, str) else Reference(**piece) for piece in text)
