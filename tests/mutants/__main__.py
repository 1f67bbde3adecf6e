"""The planted regressions for other programs: what there is, and the tests of one, as they run.

    python -m tests.mutants                           what is planted, as JSON
    python -m tests.mutants sorted_keys --on mutant   its tests on it, a line of JSON for each
    python -m tests.mutants sorted_keys --on adapter  the same tests on the adapter as it is

Ends with 0 where the tests could be run, whatever they say.
"""

import argparse
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.museum import ROOT, ROWS
from tests.mutants import BY_NAME, MUTANTS, Mutant

if TYPE_CHECKING:
    import pytest


def described(mutant: Mutant) -> dict[str, Any]:
    row = next((row for row in ROWS if mutant.name in row.mutants), None)
    return {
        "name": mutant.name,
        "framework": mutant.target.partition("-")[0],
        "application": mutant.address.partition(":")[2],
        "file": str(Path(__file__).with_name(f"{mutant.name}.py").relative_to(ROOT)),
        "cause": mutant.cause,
        "fault": " ".join(mutant.fault.split()),
        "tests": list(mutant.tests),
        "processes": mutant.processes,
        "row": row and row.number,
        "broke": row.broke if row else "",
        "note": row.note if row else "",
        "sources": [[source.words, source.url] for source in row.sources] if row else [],
    }


class Lines:
    """Tells each outcome when it is there."""

    def __init__(self) -> None:
        self._stream = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")

    def tell(self, **said: object) -> None:
        self._stream.write(f"{json.dumps(said)}\n")
        self._stream.flush()

    def pytest_runtest_logreport(self, report: "pytest.TestReport") -> None:
        if report.when == "call" or report.failed:
            file, _, name = report.location
            said = report.longreprtext.splitlines() if report.failed else []
            why = [line[1:].strip() for line in said if line.startswith("E")]
            test = f"{Path(file).stem}::{name}"
            self.tell(test=test, passed=report.passed, why=why[:6])


def run(mutant: Mutant, on: str) -> int:
    """Its tests on it or on the adapter, in this process, over a database of their own."""
    # Not for those who only ask what there is.
    import pytest  # noqa: PLC0415

    from blog_core.storage.migrate import upgrade  # noqa: PLC0415
    from tests.runs import environment  # noqa: PLC0415

    lines = Lines()
    target = mutant.address if on == "mutant" else mutant.target
    with tempfile.TemporaryDirectory(prefix="mutant-") as folder:
        # Away from the workspace's own settings of pytest.
        os.chdir(folder)
        database = Path(folder, "blog.sqlite3")
        upgrade(f"sqlite:///{database}")
        os.environ |= environment(database) | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
        with Path(folder, "pytest.log").open("w", encoding="utf-8") as log:
            os.dup2(log.fileno(), 1)
        names = [
            f"{'blog_contract' if test.startswith('test_') else 'tests'}.{test}"
            for test in mutant.tests
        ]
        code = pytest.main(
            [
                *("-q", "--tb=short", "-p", "no:cacheprovider", "-p", "blog_contract.plugin"),
                *("-o", "python_files=test_*.py set_limits.py stored_rows.py"),
                *("-o", "console_output_style=classic", f"--rootdir={folder}", "--color=no"),
                *("--target", target, "--pyargs", *names),
            ],
            plugins=[lines],
        )
        if code not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
            said = Path(folder, "pytest.log").read_text("utf-8").strip().splitlines()
            lines.tell(error=said[-1] if said else f"pytest ended with {int(code)}")
            return 1
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument("name", nargs="?", choices=BY_NAME, metavar="NAME")
    parser.add_argument("--on", choices=("mutant", "adapter"), default="mutant")
    arguments = parser.parse_args()
    if arguments.name is None:
        sys.stdout.write(json.dumps([described(mutant) for mutant in MUTANTS], indent=1) + "\n")
        return 0
    return run(BY_NAME[arguments.name], arguments.on)


if __name__ == "__main__":
    sys.exit(main())
