"""What a comparison found, as plain data that every report is written from."""

from dataclasses import dataclass, field

from http_parity.compare import Difference
from http_parity.sequence import Exchange, Sequence


@dataclass(frozen=True)
class Finding:
    """A shortest sequence whose last step two targets answer differently.

    `exchanges[i]` are those of the target `targets[i]`, one for each step; `targets` are two names,
    the reference first. `differences` are those of the last step.
    """

    sequence: Sequence
    targets: tuple[str, str]
    exchanges: tuple[tuple[Exchange, ...], tuple[Exchange, ...]]
    differences: tuple[Difference, ...]
    seen: int = 1
    """How many generated sequences showed it."""


@dataclass(frozen=True)
class Noise:
    """A place in which a target differs from itself, asked the same thing twice from one state."""

    target: str
    operation: str
    place: str
    """`status`, `header:NAME`, `body:POINTER` with `*` for any index, or `body`."""
    examples: tuple[str, str]


@dataclass(frozen=True)
class Result:
    """A whole comparison."""

    targets: tuple[str, ...]
    seed: int
    sequences: int
    requests: int
    """Steps compared; each was sent to every target."""
    seconds: float
    findings: tuple[Finding, ...] = ()
    noise: tuple[Noise, ...] = ()
    allowed: tuple[str, ...] = ()
    """What was declared to be free to differ, a sentence each; printed with every report."""
    used: dict[str, int] = field(default_factory=dict)
    """How often each of `allowed` was needed."""
    operations: dict[str, dict[int, int]] = field(default_factory=dict)
    """Coverage: for each operation, how many answers of each status were compared."""
    described: tuple[str, ...] = ()
    """Those of `operations` that the document describes; the others were made up."""
