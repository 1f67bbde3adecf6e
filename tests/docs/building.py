"""The site, built in a folder of its own from this repository's files."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
OWN = ("docs", "zensical.toml", "site", ".cache", ".git")


def workspace(directory: Path) -> Path:
    """A folder like the repository, with a copy of the pages and of the site's configuration."""
    for entry in ROOT.iterdir():
        if entry.name not in OWN and (not entry.name.startswith(".")):
            (directory / entry.name).symlink_to(entry)
    shutil.copytree(ROOT / "docs", directory / "docs")
    shutil.copy(ROOT / "zensical.toml", directory)
    return directory


def one_page(directory: Path, text: str) -> Path:
    """A folder like the repository, with this page alone."""
    workspace(directory)
    shutil.rmtree(directory / "docs")
    (directory / "docs").mkdir()
    (directory / "docs" / "index.md").write_text(text, "utf-8")
    configuration = (directory / "zensical.toml").read_text("utf-8")
    alone = re.sub(r"(?ms)^nav = \[.*?^\]", 'nav = [{ "Page" = "index.md" }]', configuration)
    (directory / "zensical.toml").write_text(alone, "utf-8")
    return directory


def build(directory: Path) -> subprocess.CompletedProcess[str]:
    """Build as `nox -s docs` does; what comes out is in `site`."""
    command = [sys.executable, "-m", "zensical", "build", "--strict", "--clean"]
    return subprocess.run(command, cwd=directory, capture_output=True, text=True, check=False)
