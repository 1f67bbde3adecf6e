"""For tests: hold targets or answers against each other, and fail with the report."""

from collections.abc import Mapping
from collections.abc import Sequence as Many
from pathlib import Path
from typing import Any

from http_parity.exchange import Answer
from http_parity.report import Report
from http_parity.report_text import text
from http_parity.results import Result
from http_parity.rules import Rules, read_rules
from http_parity.targets import TargetSpec


class Parity:
    """What the fixture `parity` gives."""

    def compare(
        self,
        *targets: str | TargetSpec,
        openapi: Mapping[str, Any] | str | bytes | Path | None = None,
        examples: int = 200,
        seed: int = 1,
        rules: Rules | Path | str | None = None,
        strategies: Many[Any] = (),
        headers: Many[tuple[str, str]] = (),
        known: Many[Mapping[str, str]] = (),
        deadline: float | None = None,
    ) -> Result:
        """Fail, with the report as the message, unless the targets answer alike; the result.

        `openapi` is the document, or a Path to it; `rules` are Rules or the file that has them.
        Raises TargetError, DocumentError or RulesError where nothing can be compared.
        """
        # The engine is not paid for by tests that only use the plugin's presence.
        from http_parity.engine import compare  # noqa: PLC0415

        __tracebackhide__ = True
        specs = tuple(
            TargetSpec(target, name=target) if isinstance(target, str) else target
            for target in targets
        )
        result = compare(
            specs,
            document=openapi.read_bytes() if isinstance(openapi, Path) else openapi,
            examples=examples,
            seed=seed,
            rules=read_rules(rules) if isinstance(rules, Path | str) else rules,
            strategies=strategies,
            headers=headers,
            known=known,
            deadline=deadline,
        )
        if result.findings:
            raise AssertionError(f"\n{text(Report(result, specs))}")
        return result

    def assert_same(self, a: Answer, b: Answer, *, rules: Rules | None = None) -> None:
        """Fail, naming each difference, unless the two answers are the same."""
        __tracebackhide__ = True
        assert_same(a, b, rules=rules)


def assert_same(a: Answer, b: Answer, *, rules: Rules | None = None) -> None:
    """Fail, naming each difference, unless the two answers are the same but for the rules."""
    __tracebackhide__ = True
    left = (rules or Rules()).compare(a, b).left
    if left:
        lines = "".join(f"\n  {found}" for found in left)
        raise AssertionError(f"The answers differ:{lines}")
