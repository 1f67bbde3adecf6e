"""Where no database server answers, one sentence says what to start: nothing is skipped."""

import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import create_engine

from tools import databases

NOBODY = {
    "postgresql": "postgresql+psycopg://nobody@127.0.0.1:1/blog",
    "mariadb": "mariadb+pymysql://nobody@127.0.0.1:1/blog",
}
ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize("kind", NOBODY)
def test_where_nothing_answers_it_is_said_what_to_start(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(databases.variable(kind), NOBODY[kind])
    with pytest.raises(databases.NoServer, match=f"docker compose up -d --wait {kind}"):
        databases.database(kind, "unused")
    with pytest.raises(databases.NoServer, match="No database answers at"):
        databases.database(NOBODY[kind], "unused")


def test_a_command_on_a_database_that_is_not_there_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(databases.variable("postgresql"), NOBODY["postgresql"])
    command = ["tools/with_blog.py", "--database", "postgresql", "flask-wsgi", "true"]
    ended = subprocess.run(
        [sys.executable, *command], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (1, 1) == (ended.returncode, ended.stderr.count("\n"))
    assert "docker compose up" in ended.stderr


def test_sqlite_is_a_file_of_its_own(tmp_path: Path) -> None:
    with databases.database("sqlite", f"{tmp_path}/blog.sqlite3") as url:
        engine = create_engine(url)
        engine.connect().close()
        engine.dispose()
    assert (tmp_path / "blog.sqlite3").exists()


def test_another_word_is_no_database() -> None:
    with pytest.raises(databases.NoServer, match="oracle is no database"):
        databases.database("oracle", "unused")
