"""Two texts side by side, and which words differ."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Kind = Literal["same", "removed", "added"]

# Words, blanks, and single signs; each ideograph and kana is a word, as in the search.
_TOKEN = re.compile(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]|[^\W_]+|\n|[^\S\n]+|.")
# What two texts that have nothing in common may cost; then they are shown as wholly different.
_MOST_STEPS = 500_000


@dataclass(frozen=True, slots=True)
class Part:
    """A run of words that stand in both texts, only in the old, or only in the new."""

    kind: Kind
    text: str


def differences(old: str, new: str) -> list[Part]:
    """How `new` is made of `old`. The time is bounded, whatever the texts are."""
    before, after = _TOKEN.findall(old), _TOKEN.findall(new)
    start = _common(before, after)
    end = _common(before[start:][::-1], after[start:][::-1])
    parts: list[tuple[Kind, str]] = [("same", "".join(before[:start]))]
    parts += _middle(before[start : len(before) - end], after[start : len(after) - end])
    parts.append(("same", "".join(before[len(before) - end :])))
    return _joined(parts)


def _common(one: Sequence[str], other: Sequence[str]) -> int:
    length = 0
    for mine, theirs in zip(one, other, strict=False):
        if mine != theirs:
            break
        length += 1
    return length


def _middle(old: Sequence[str], new: Sequence[str]) -> list[tuple[Kind, str]]:
    """The shortest way from one to the other (Myers, 1986), or all of both where it is too long."""
    trace = _trace(old, new)
    if trace is None:
        return [("removed", "".join(old)), ("added", "".join(new))]
    steps: list[tuple[Kind, str]] = []
    x, y = len(old), len(new)
    for edits in range(len(trace) - 1, -1, -1):
        reached = trace[edits]
        diagonal = x - y
        down = diagonal == -edits or (
            diagonal != edits and reached.get(diagonal - 1, -1) < reached.get(diagonal + 1, -1)
        )
        origin = diagonal + 1 if down else diagonal - 1
        from_x = reached.get(origin, 0)
        from_y = from_x - origin
        while x > max(from_x, 0) and y > max(from_y, 0):
            x, y = x - 1, y - 1
            steps.append(("same", old[x]))
        if edits:
            if down:
                y -= 1
                steps.append(("added", new[y]))
            else:
                x -= 1
                steps.append(("removed", old[x]))
    return steps[::-1]


def _trace(old: Sequence[str], new: Sequence[str]) -> list[dict[int, int]] | None:
    """How far each diagonal reaches before each number of edits; None where it takes too long."""
    reached = {1: 0}
    trace: list[dict[int, int]] = []
    left = _MOST_STEPS
    for edits in range(len(old) + len(new) + 1):
        trace.append(dict(reached))
        for diagonal in range(-edits, edits + 1, 2):
            if diagonal == -edits or (
                diagonal != edits and reached[diagonal - 1] < reached[diagonal + 1]
            ):
                x = reached[diagonal + 1]
            else:
                x = reached[diagonal - 1] + 1
            y = x - diagonal
            begun = x
            while x < len(old) and y < len(new) and old[x] == new[y]:
                x, y = x + 1, y + 1
            reached[diagonal] = x
            if x >= len(old) and y >= len(new):
                return trace
            left -= 1 + x - begun
        left -= len(reached)
        if left < 0:
            return None
    return trace


def _joined(parts: Sequence[tuple[Kind, str]]) -> list[Part]:
    found: list[Part] = []
    for kind, text in parts:
        if not text:
            continue
        if found and found[-1].kind == kind:
            found[-1] = Part(kind, found[-1].text + text)
        else:
            found.append(Part(kind, text))
    return found
