"""Ask several targets the same generated requests, and find where their answers part.

    result = compare(
        [TargetSpec("wsgi:old:app"), TargetSpec("asgi:new:app")],
        document=json.loads(Path("openapi.json").read_text()),
        examples=2_000,
        seed=1,
    )
    [str(finding.differences[0]) for finding in result.findings]

The first target is the reference: what is asked next depends on its answers, and every other target
is compared with it.
"""

from collections.abc import Callable, Mapping
from collections.abc import Sequence as Many
from dataclasses import dataclass
from typing import Any, Protocol

from http_parity.compare import Difference
from http_parity.exchange import Answer
from http_parity.results import Result
from http_parity.sequence import Step
from http_parity.targets import TargetSpec


@dataclass(frozen=True)
class Progress:
    """How far a comparison has come: requests and sequences compared, differences found."""

    requests: int
    examples: int
    sequences: int
    findings: int
    doing: str
    """`comparing` or `shrinking`."""


class Rules(Protocol):
    """What is declared to be free to differ."""

    @property
    def sentences(self) -> Many[str]:
        """All of it, a sentence each: `Result.allowed`."""

    def judge(
        self, differences: Many[Difference], step: Step, a: Answer, b: Answer
    ) -> tuple[list[Difference], list[str]]:
        """The differences that nothing allows, and the sentences that were needed for the rest.

        The answers are those of the two targets, with what each target made up itself (ids,
        tokens, instants that correspond) replaced by the same text in both.
        """


def compare(
    targets: Many[TargetSpec],
    *,
    document: Mapping[str, Any] | None,
    examples: int,
    seed: int,
    rules: Rules | None = None,
    strategies: Many[Any] = (),
    headers: Many[tuple[str, str]] = (),
    known: Many[Mapping[str, str]] = (),
    on_progress: Callable[[Progress], None] | None = None,
    deadline: float | None = None,
) -> Result:
    """Send `examples` generated requests to every target, and shrink what they answer differently.

    - `document`: the OpenAPI document, 3.0 or 3.1. Without it there must be `strategies`.
    - `rules`: what may differ; None allows the fields of the server (`compare.SERVER_FIELDS`).
    - `strategies`: Hypothesis strategies of a `Step` or a `Sequence`, or `module:attribute` of one.
    - `headers`: sent with every request that has no such field of its own.
    - `known`: values that the targets know from the start, by the name of the property or parameter
      that wants them: `{"username": "ada", "password": "…"}`, `{"token": "…"}`.
    - `deadline`: in seconds from now; what is found by then is the result.

    With one target alone, it is compared with itself, and the result holds only noise. Raises
    TargetError where a target or its reset fails, DocumentError where the document cannot be read.
    """
    raise NotImplementedError
