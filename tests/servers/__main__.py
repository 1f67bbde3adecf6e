"""Send raw bytes over every supported pair of a framework and a server.

python -m tests.servers            hold what comes to tests/servers/reviewed.toml
python -m tests.servers --only cut only the cases whose name begins so
python -m tests.servers --write    write what came into the table, for review
python -m tests.servers --page     write the generated part of docs/servers.md
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

from tests.corpora.connections import cases
from tests.seeds import seeded
from tests.servers import page, table
from tests.servers.pairs import PAIRS, serve
from tests.servers.session import hold, observed


def main() -> int:
    """Run the session; the exit code is 1 where anything is wrong."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", default="", help="the beginning of the names of cases")
    parser.add_argument("--write", action="store_true", help="write the table from what came")
    parser.add_argument("--page", action="store_true", help="write the page from the table")
    arguments = parser.parse_args()
    if arguments.page:
        page.write()
        return 0
    chosen = [case for case in cases() if case.name.startswith(arguments.only)]
    reviewed = table.read() if table.REVIEWED.exists() else {}
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="triptych-") as name:
        folder = Path(name)
        with serve(PAIRS, seeded(folder), folder) as servers:
            report = hold(servers, chosen, reviewed)
    if arguments.write:
        names = [case.name for case in cases()]
        merged = {**reviewed, **observed(report, servers)}
        text = table.written({name: merged[name] for name in names if name in merged})
        table.REVIEWED.write_text(text, "utf-8")
    stale = [] if arguments.only else sorted(reviewed.keys() - {case.name for case in chosen})
    report.wrong += [f"{name}: the reviewed table has it, and no case does" for name in stale]
    for line in report.wrong:
        sys.stdout.write(f"{line}\n")
    seconds = time.monotonic() - started
    sys.stdout.write(
        f"{len(chosen)} cases over {len(PAIRS)} pairs in {seconds:.0f} s: "
        f"{len(report.wrong)} wrong\n"
    )
    return 1 if report.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
