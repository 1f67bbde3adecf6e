"""The doctor finds what is wrong: each check is made to fail by what it is there for."""

import json
import os
import sqlite3
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import create_engine, text

from blog_core.storage import engine as engines
from blog_core.storage.migrate import upgrade
from triptych import doctor
from triptych.cli import cli
from triptych.doctor import Plan, examine

POSTGRESQL = os.environ.get(
    "TEST_POSTGRESQL_URL", "postgresql+psycopg://postgres@127.0.0.1/postgres"
)
SECRET = "0123456789abcdefghijklmnopqrstuvwxyz"


@pytest.fixture
def site(tmp_path: Path) -> dict[str, str]:
    """Settings with nothing wrong about them, but what a test's directory is."""
    file = tmp_path / "blog.sqlite3"
    upgrade(f"sqlite:///{file}")
    file.chmod(0o640)
    return {
        "BLOG_PROFILE": "production",
        "BLOG_DATABASE_URL": f"sqlite:///{file}",
        "BLOG_SECRET_KEY": SECRET,
        "BLOG_HOSTS": "blog.example",
        "BLOG_HTTPS": "on",
        "BLOG_LIMITS_STORE": "database",
        "BLOG_ALLOW": "temporary-database",
    }


def found(environ: Mapping[str, str], check: str, plan: Plan | None = None) -> list[str]:
    """What a check says that is not fine, each with its level first."""
    return [
        f"{finding.level}: {finding.message}"
        for finding in examine(environ, plan or Plan())
        if finding.check == check and finding.level != "fine"
    ]


def test_a_site_that_is_well_has_nothing_but_what_was_allowed(site: dict[str, str]) -> None:
    wrong = [finding for finding in examine(site, Plan()) if finding.level != "fine"]
    assert [("settings", "BLOG_ALLOW has temporary-database.")] == [
        (finding.check, finding.advice) for finding in wrong
    ]


def test_every_unsafe_setting_is_named_at_once(site: dict[str, str]) -> None:
    unsafe = site | {"BLOG_HOSTS": "", "BLOG_HTTPS": "", "BLOG_LIMIT_SIGN_IN": "off"}
    named = [one.partition(": ")[2].partition(":")[0] for one in found(unsafe, "settings")]
    assert ["BLOG_HOSTS", "BLOG_HTTPS", "BLOG_DATABASE_URL", "BLOG_LIMIT_SIGN_IN"] == named
    levels = [one.partition(":")[0] for one in found(unsafe, "settings")]
    assert ["failure", "failure", "warning", "failure"] == levels
    development = found(unsafe | {"BLOG_PROFILE": "development"}, "settings")
    assert {"warning"} == {one.partition(":")[0] for one in development}
    (wrong,) = examine({"BLOG_HTTPS": "yes"}, Plan())
    assert ("failure", "BLOG_HTTPS: use on or off.") == (wrong.level, wrong.message)


@pytest.mark.parametrize(("profile", "level"), [("production", "failure"), ("", "warning")])
def test_a_secret_that_can_be_guessed(site: dict[str, str], profile: str, level: str) -> None:
    guessed = site | {"BLOG_PROFILE": profile, "BLOG_SECRET_KEY": "ab" * 20}
    (said,) = found(guessed, "secret")
    assert said.startswith(level)
    (said,) = found(site | {"BLOG_PROFILE": "", "BLOG_SECRET_KEY": ""}, "secret")
    assert "everybody knows" in said


def test_limits_that_do_not_hold(site: dict[str, str]) -> None:
    memory = site | {"BLOG_LIMITS_STORE": "memory", "BLOG_LIMIT_READS": "off"}
    first, second = found(memory, "limits", Plan(workers=3))
    assert "Each of 3 workers" in first
    assert "BLOG_LIMIT_READS is off" in second
    assert 1 == len(found(memory, "limits", Plan(workers=1)))
    (said,) = found(site | {"BLOG_LIMITS_STORE": "redis://:hush@127.0.0.1:9/0"}, "limits")
    assert said.startswith("failure: The store redis://127.0.0.1:9/0 does not answer")
    assert "hush" not in said


def test_what_the_settings_need_is_not_installed(
    site: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    wanting = site | {"BLOG_METRICS": "127.0.0.1:9100", "BLOG_TRACING": "on"}
    said = found(wanting, "installation")
    assert ["prometheus_client", "opentelemetry.sdk"] == [one.split()[1] for one in said]


def test_files_of_others_and_for_others(site: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "blog.sqlite3").chmod(0o644)
    (said,) = found(site, "files")
    assert said.startswith("warning: Every user of this machine")
    nowhere = site | {"BLOG_DATABASE_URL": f"sqlite:///{tmp_path}/nowhere/blog.sqlite3"}
    (said,) = found(nowhere, "files")
    assert said.startswith("failure: There is no directory")
    assert ["failure"] == [one.partition(":")[0] for one in found(nowhere, "database")]
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_directory_that_is_not_to_write(site: dict[str, str], tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    (said,) = found(site, "files")
    tmp_path.chmod(0o700)
    assert "cannot be written" in said


def test_a_path_that_depends_on_where_it_is_started(
    site: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (said,) = found(site | {"BLOG_DATABASE_URL": "sqlite:///blog.sqlite3"}, "files")
    assert "beside wherever the blog is started" in said


def test_little_room(site: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "LITTLE_SPACE", 1 << 60)
    (said,) = found(site, "disk")
    assert said.startswith("warning: ")
    monkeypatch.setattr(doctor, "NO_SPACE", 1 << 60)
    (said,) = found(site, "disk")
    assert said.startswith("failure: ")


def test_a_schema_that_is_not_this_release_s(site: dict[str, str], tmp_path: Path) -> None:
    def version(number: str) -> None:
        with sqlite3.connect(tmp_path / "blog.sqlite3") as connection:
            connection.execute("UPDATE alembic_version SET version_num = ?", (number,))
        connection.close()

    version("0001")
    (said,) = found(site, "schema")
    assert "failure: It is the one of an earlier release." == said
    version("9999")
    (said,) = found(site, "schema")
    assert said.startswith("warning: A later release")
    empty = tmp_path / "empty.sqlite3"
    sqlite3.connect(empty).close()
    (said,) = found(site | {"BLOG_DATABASE_URL": f"sqlite:///{empty}"}, "schema")
    assert "failure: There are no tables." == said


def test_a_file_that_is_no_database(site: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "blog.sqlite3").write_text("not a database" * 100)
    for left in tmp_path.glob("blog.sqlite3-*"):
        left.unlink()
    (finding,) = [one for one in examine(site, Plan()) if one.check == "database"]
    assert "failure" == finding.level


def test_a_database_that_loses_what_it_answered(
    site: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    prepare = engines.prepare_sqlite

    def careless(connection: sqlite3.Connection, record: object) -> None:
        prepare(connection, record)
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("PRAGMA foreign_keys = OFF")

    monkeypatch.setattr(engines, "prepare_sqlite", careless)
    assert ["synchronous", "foreign_keys"] == [one.split()[1] for one in found(site, "durability")]


def test_a_database_that_is_too_old(site: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(doctor.OLDEST, "sqlite", (99,))
    (said,) = found(site, "database")
    assert said.startswith("failure: sqlite is 3.")


def test_a_process_that_is_being_taken_out(site: dict[str, str], tmp_path: Path) -> None:
    drain = tmp_path / "drain"
    assert [] == found(site | {"BLOG_DRAIN_FILE": str(drain)}, "service")
    drain.touch()
    (said,) = found(site | {"BLOG_DRAIN_FILE": str(drain)}, "service")
    assert "/readyz is 503" in said


# --- a server ------------------------------------------------------------------------------------


@pytest.fixture
def served(site: dict[str, str]) -> Iterator[dict[str, str]]:
    """The same on PostgreSQL, in a database of its own."""
    name = f"triptych_doctor_{os.getpid()}"
    admin = create_engine(POSTGRESQL, isolation_level="AUTOCOMMIT")
    try:
        with admin.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name}"))
    except Exception as error:  # whatever there is instead of a server
        if "TEST_POSTGRESQL_URL" in os.environ:
            raise
        pytest.skip(f"no PostgreSQL here: {type(error).__name__}")
    url = admin.url.set(database=name).render_as_string(hide_password=False)
    try:
        yield site | {"BLOG_DATABASE_URL": url}
    finally:
        with admin.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
        admin.dispose()


def test_a_server_that_is_too_small_careless_and_out_of_time(served: dict[str, str]) -> None:
    engine = create_engine(served["BLOG_DATABASE_URL"], isolation_level="AUTOCOMMIT")
    assert [] == found(served, "durability")
    with engine.connect() as connection:
        name = engine.url.database
        connection.execute(text(f"ALTER DATABASE {name} SET synchronous_commit = off"))
    engine.dispose()
    (said,) = found(served, "durability")
    assert said.startswith("failure: synchronous_commit is off")
    assert [] == found(served, "connections")
    (said,) = found(served, "connections", Plan(workers=400))
    assert said.startswith("failure: 400 workers keep up to 2400 connections")
    for seconds, level in ((5, "warning"), (3600, "failure")):
        late = timedelta(seconds=seconds)
        (said,) = found(served, "clock", Plan(now=partial(_ago, late)))
        assert said.startswith(f"{level}: That of the database is ")
    assert ["failure: There are no tables."] == found(served, "schema")


def test_a_server_that_does_not_answer(site: dict[str, str]) -> None:
    away = "postgresql+psycopg://blog:top-secret@127.0.0.1:9/blog"
    (said,) = found(site | {"BLOG_DATABASE_URL": away}, "database")
    assert said.startswith("failure: postgresql+psycopg://blog:***@127.0.0.1:9/blog does not")
    assert "top-secret" not in said


# --- the command ---------------------------------------------------------------------------------


def test_the_command_says_it_to_people_and_machines(
    site: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in os.environ if name.startswith("BLOG_")]:
        monkeypatch.delenv(name)
    runner = CliRunner(env=site)
    people = runner.invoke(cli, ["doctor"])
    assert 9 == people.exit_code
    assert "1 warning" in people.output
    machines = runner.invoke(cli, ["doctor", "--json"])
    assert "warning" == json.loads(machines.output)["worst"]
    broken = runner.invoke(cli, ["doctor"], env={"BLOG_HTTPS": "off"})
    assert 10 == broken.exit_code
    assert "✗  settings" in broken.output


def _ago(late: timedelta) -> datetime:
    return datetime.now(UTC) - late
