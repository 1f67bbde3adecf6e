"""Walking the tour: each step sent to every target in turn, and the answers compared.

for chapter in TOUR:
    for step in chapter.steps:
        outcome = walk.take(step)
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from http_parity.compare import differences
from http_parity.exchange import Answer, Request
from http_parity.targets import Target
from triptych.tour import Kind, Step

_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")
_TOKEN = re.compile(r"[!-~]{20,}")
_SECONDS = re.compile(r"(|.*;t=)\d+")


@dataclass(frozen=True)
class Outcome:
    """What one step brought: the answers in the order of the targets, as they are compared."""

    step: Step
    answers: tuple[Answer, ...]
    problems: tuple[str, ...]
    """A line for each difference, none where the answers are identical and as expected."""


class Walk:
    """One visitor per target, who remember what they were told."""

    def __init__(self, targets: Sequence[Target], run: str) -> None:
        self._targets = targets
        # Of one length, so that the lengths of answers can be compared.
        self._visitors = [
            {
                "name": f"visitor-{number}-{run}",
                "NAME": f"VISITOR-{number}-{run.upper()}",
                "email": f"visitor-{number}-{run}@example.org",
            }
            for number, _ in enumerate(targets, 1)
        ]
        self._steps = 0

    def take(self, step: Step) -> Outcome:
        """Send the step's request to each target. Raises TargetError where one does not answer."""
        self._steps += 1
        holders = self._visitors[1:] + self._visitors[:1] if step.borrowed else self._visitors
        requests = [request(step, holder, f"tour-{self._steps:02}") for holder in holders]
        received = [target.send(sent) for target, sent in zip(self._targets, requests, strict=True)]
        for holder, answer in zip(holders, received, strict=True):
            holder.update(kept(step, answer))
        answers = tuple(
            comparable(step, answer, holder)
            for answer, holder in zip(received, holders, strict=True)
        )
        return Outcome(step, answers, tuple(self._problems(step, answers)))

    def _problems(self, step: Step, answers: Sequence[Answer]) -> list[str]:
        names = [target.name for target in self._targets]
        wrong = {
            name: answer.status
            for name, answer in zip(names, answers, strict=True)
            if answer.status != step.status
        }
        if len(wrong) == len(names) and len(set(wrong.values())) == 1:
            wrong = {"Every one": answers[0].status}
        found = [
            f"{name} answers {status}, the contract says {step.status}"
            for name, status in wrong.items()
        ]
        for name, answer in zip(names[1:], answers[1:], strict=True):
            # Another status is said above; that all the rest differs too would only hide it.
            if answer.status == answers[0].status:
                found += [
                    f"{names[0]} and {name} differ: {difference}"
                    for difference in differences(answers[0], answer)
                ]
        return found


def request(step: Step, known: Mapping[str, str], request_id: str) -> Request:
    """The step's request with what is known filled in."""
    headers = {"X-Request-ID": request_id}
    body = b""
    if step.token:
        headers["Authorization"] = f"Bearer {known.get('token', '')}"
    if step.json is not None:
        headers["Content-Type"] = "application/json"
        body = json.dumps(_filled(step.json, known), ensure_ascii=False).encode()
    elif step.body is not None:
        body = step.body.encode()
    headers |= {name: _filled(value, known) for name, value in step.headers.items()}
    return Request(step.method, _filled(step.path, known), tuple(headers.items()), body)


def comparable(step: Step, answer: Answer, known: Mapping[str, str]) -> Answer:
    """The answer with what varies by design written <so>, and everything else as it came.

    A value that has not the form it should have stays, and so does a body that is not the compact
    JSON of the contract: then the comparison shows it.
    """
    body = answer.body
    document = _document(body)
    fields = {path[1:].lower() for path in step.varies if path.startswith(":")}
    if step.varies and document is not None:
        instants: dict[str, str] = {}
        for path, kind in step.varies.items():
            _replace(document, path.split("."), kind, known, instants)
        body = _compact(document)
    headers = []
    for name, value in answer.headers:
        shown = value
        if name.lower() == "location":
            for key in ("name", "post"):
                shown = re.sub(rf"/{re.escape(known.get(key, '/'))}\Z", f"/<{key}>", shown)
        # The length of what was replaced says nothing; that it was right is still compared.
        if name.lower() == "content-length" and value == str(len(answer.body)):
            shown = str(len(body))
        if name.lower() in fields:
            shown = _SECONDS.sub(r"\1<seconds>", value)
        headers.append((name, shown))
    return replace(answer, headers=tuple(headers), body=body)


def found(answer: Answer, where: str) -> list[str]:
    """The values at a place in the answer: `:Header`, or a path in the body, `*` for each item."""
    if where.startswith(":"):
        return answer.header_values(where[1:])
    return [
        value if isinstance(value, str) else json.dumps(value)
        for value in _at(_document(answer.body, strict=False), where.split("."))
    ]


def _at(node: Any, path: Sequence[str]) -> list[Any]:
    if not path:
        return [node]
    head, *rest = path
    match node:
        case dict() if head in node:
            return _at(node[head], rest)
        case list() if head == "*":
            return [value for item in node for value in _at(item, rest)]
        case list() if head.isdigit() and int(head) < len(node):
            return _at(node[int(head)], rest)
        case _:
            return []


def kept(step: Step, answer: Answer) -> dict[str, str]:
    """What of the answer later steps need, by its name."""
    values = {name: found(answer, where) for name, where in step.keep.items()}
    return {name: value[0] for name, value in values.items() if value}


def _filled(value: Any, known: Mapping[str, str]) -> Any:
    match value:
        case str():
            # What was never learned stays as it is: the answers will tell.
            return re.sub(r"\{(\w+)\}", lambda name: known.get(name[1], name[0]), value)
        case dict():
            return {key: _filled(item, known) for key, item in value.items()}
        case list():
            return [_filled(item, known) for item in value]
        case _:
            return value


def _document(body: bytes, *, strict: bool = True) -> Any:
    try:
        document = json.loads(body)
    except ValueError:
        return None
    return document if not strict or _compact(document) == body else None


def _compact(document: Any) -> bytes:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def _replace(
    document: Any,
    path: Sequence[str],
    kind: Kind,
    known: Mapping[str, str],
    instants: dict[str, str],
) -> None:
    *parents, last = path
    for parent in parents:
        document = document.get(parent) if isinstance(document, dict) else None
    if not isinstance(document, dict):
        return
    match kind, document.get(last):
        case "id", int(value) if value > 0 and not isinstance(value, bool):
            document[last] = "<id>"
        case "instant", str(value) if _INSTANT.fullmatch(value):
            # Equal instants stay equal, different ones different.
            document[last] = instants.setdefault(value, f"<instant {len(instants) + 1}>")
        case "token", str(value) if _TOKEN.fullmatch(value):
            document[last] = "<token>"
        case "name" | "email", str(value) if value == known[kind]:
            document[last] = f"<{kind}>"
        case _:
            pass
