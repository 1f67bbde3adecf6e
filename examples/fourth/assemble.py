"""Write the package `blog_litestar` from the blocks of docs/add-a-framework.md alone.

    python -m examples.fourth.assemble FOLDER [STEPS]

A block belongs to the file in its title; its lines are those of the files that the page includes.
With STEPS only the first so many sections "Step …" are read, and `app.py` goes without the names
that later ones bring.
"""

import re
import sys
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "add-a-framework.md"
STEP = re.compile(r"^## Step (\d+)", re.MULTILINE)
BLOCK = re.compile(
    r'^```python title="(blog_litestar/\w+\.py)"\n(.*?)^```$', re.MULTILINE | re.DOTALL
)
INCLUDED = re.compile(r'^--8<-- "(.+)"$', re.MULTILINE)


def files(steps: int | None = None) -> Mapping[str, str]:
    """The files of the package by their names, as the page has them after so many steps."""
    found = {}
    text = PAGE.read_text("utf-8")
    if steps is not None:
        text = text.partition(f"\n## Step {steps + 1}:")[0]
    for name, block in BLOCK.findall(text):
        found[name] = INCLUDED.sub(lambda line: (ROOT / line[1]).read_text("utf-8"), block).strip()
    if "blog_litestar/app.py" in found:
        missing = [name for name in ("api", "pages") if f"blog_litestar/{name}.py" not in found]
        found["blog_litestar/app.py"] = _without(found["blog_litestar/app.py"], missing)
    return {name: f"{text}\n" for name, text in found.items()}


def _without(app: str, missing: list[str]) -> str:
    """app.py before these modules are written: their routers are left out."""
    for module in missing:
        line = re.search(rf"^from blog_litestar\.{module} import (.+)\n", app, re.MULTILINE)
        assert line is not None, module  # noqa: S101 # the page has changed, and this has not
        app = app.replace(line[0], "")
        for router in line[1].split(", "):
            app = re.sub(rf"(route_handlers=\[.*?)\b{router}\b(?:, )?", r"\1", app)
    return app


def assemble(folder: Path, steps: int | None = None) -> None:
    """Write them into a folder that is to be on the path."""
    for name, text in files(steps).items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, "utf-8")


if __name__ == "__main__":
    assemble(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else None)
