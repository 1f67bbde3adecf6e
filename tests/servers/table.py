"""The reviewed table: what comes of each case behind each server.

["field-obs-fold"]
all = "server 400"
granian-asgi = "app 200"

`all` is what comes of the case behind every server that has no line of its own; `app 200 or no
answer` is for a server that races with its client.
"""

import tomllib
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from tests.servers.pairs import KINDS

REVIEWED = Path(__file__).with_name("reviewed.toml")

Table = Mapping[str, Mapping[str, str]]
"""Case, then server, then outcome, or outcomes with `OR` between them."""

OR = " or "
"""Between outcomes of which a server gives now one, now the other."""


def read(path: Path = REVIEWED) -> dict[str, dict[str, str]]:
    """An outcome for every server. Raises ValueError for a line that says nothing."""
    table = {}
    for case, entry in tomllib.loads(path.read_text("utf-8")).items():
        said = {kind: text for kind, text in entry.items() if kind != "all"}
        unknown = said.keys() - set(KINDS)
        if unknown:
            raise ValueError(f"{case} names a server that is not asked: {sorted(unknown)}")
        idle = [kind for kind, text in said.items() if text == entry["all"]]
        if idle:
            raise ValueError(f"{case} says of {idle} what it says of all")
        table[case] = {kind: said.get(kind, entry["all"]) for kind in KINDS}
    return table


def written(table: Table) -> str:
    """The table as text, the commonest outcome of each case as that of all."""
    parts = []
    for case, outcomes in table.items():
        common = Counter(outcomes.values()).most_common(1)[0][0]
        own = [f'{kind} = "{text}"' for kind, text in outcomes.items() if text != common]
        parts.append("\n".join([f'["{case}"]', f'all = "{common}"', *own, ""]))
    return "\n".join(parts)
