"""A blog's database, and the command as a real process."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from blog_core.storage.migrate import upgrade


@pytest.fixture
def environment() -> dict[str, str]:
    """This process's, without what the developer has set for the blog."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("BLOG_")}
    return kept | {"NO_COLOR": "1", "COLUMNS": "100"}


@pytest.fixture
def triptych(
    tmp_path: Path, environment: dict[str, str]
) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run `triptych ARGUMENTS` to its end in a directory of its own, further variables set."""

    def run(*arguments: str, stdin: str = "", **variables: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "triptych", *arguments],
            env=environment | variables,
            cwd=tmp_path,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    return run


@pytest.fixture
def database(tmp_path: Path) -> str:
    """The URL of a migrated, empty database."""
    url = f"sqlite:///{tmp_path}/blog.sqlite3"
    upgrade(url)
    return url
