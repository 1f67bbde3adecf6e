"""Django's command line: one `migrate` for the core's tables and Django's own."""

import io
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from django.core.management import CommandError, call_command
from django.db import connections
from sqlalchemy import inspect

from blog_core.settings import Settings, new_secret
from blog_core.storage import migrate
from blog_core.storage.engine import writing_engine
from blog_core.storage.tables import metadata
from blog_django.models import User
from blog_django.session import blog

from .conftest import PASSWORD, signed_in

ROOT = Path(__file__).parents[3]
OURS = {"django_content_type", "django_migrations", "django_admin_log", "auth_permission"}


def said(name: str, *arguments: str, **options: Any) -> str:
    out = io.StringIO()
    call_command(name, *arguments, stdout=out, **options)
    return out.getvalue()


@pytest.mark.parametrize("first", [None, "0001", "head"])
def test_migrate_brings_both_schemas_up(nothing: Settings, first: str | None) -> None:
    """From nothing, and over what `triptych migrate` has made, of an earlier release too."""
    if first is not None:
        migrate.upgrade(nothing.database_url, first)
    with pytest.raises(SystemExit):
        said("migrate", check=True)
    assert "Up to date" in said("migrate")
    blog().check()
    said("migrate", check=True)
    assert "No migrations to apply" in said("migrate")
    engine = writing_engine(nothing.database_url)
    with engine.begin() as connection:
        assert {*metadata.tables, *OURS} <= set(inspect(connection).get_table_names())
        # Raises where autogenerate would find something to change: Django's tables are none.
        command.check(migrate.configuration(connection))
    engine.dispose()
    said("makemigrations", check=True, dry_run=True)
    assert "[X] 0001_core_tables" in said("showmigrations", "blog")


def test_a_plan_and_a_check_change_nothing(nothing: Settings) -> None:
    assert "Not of this release" in said("migrate", plan=True)
    assert [] == connections["default"].introspection.table_names()


def test_one_application_is_migrated_alone(settings: Settings) -> None:
    assert "core's" not in said("migrate", "contenttypes")


def test_createsuperuser_makes_staff_by_the_cores_rules(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", PASSWORD)
    new = {"username": "ada", "email": "ada@example.org", "interactive": False}
    assert "created" in said("createsuperuser", **new)
    assert User.objects.get(username="ada").is_staff
    with pytest.raises(CommandError, match="taken"):
        said("createsuperuser", **{**new, "username": "ADA"})
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", "password")
    with pytest.raises(CommandError, match="among the most common"):
        said("createsuperuser", **{**new, "username": "lovelace", "email": "l@example.org"})


def test_changepassword_asks_the_core_and_ends_the_users_sessions(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = signed_in("ada")
    typed = iter(["password", "password", *2 * ["eight lives, no boots"]])
    monkeypatch.setattr("getpass.getpass", lambda prompt: next(typed))
    errors = io.StringIO()
    said("changepassword", "ada", stderr=errors)
    assert "among the most common" in errors.getvalue()
    assert 401 == ada.get("/api/me").status_code
    assert User.objects.get(username="ada").check_password("eight lives, no boots")


def test_the_command_line_stands_at_the_root_and_in_the_package(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'blog.sqlite3'}"
    environ = {"BLOG_DATABASE_URL": url, "BLOG_SECRET_KEY": new_secret()}

    def run(*line: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-W", "error", *line],
            cwd=tmp_path,
            env=environ,
            capture_output=True,
            text=True,
            check=False,
        )

    checked = run(str(ROOT / "manage.py"), "check", "--deploy", "--fail-level", "WARNING")
    assert 0 == checked.returncode, checked.stderr
    migrated = run("-m", "blog_django", "migrate", "--verbosity", "0")
    assert (0, "", "") == (migrated.returncode, migrated.stdout, migrated.stderr)
    line = ("shell", "-v", "0", "-c", "print(User.objects.count(), Post.objects.count())")
    shell = run("-m", "django", *line, "--settings", "blog_django.settings")
    assert "0 0\n" == shell.stdout, shell.stderr
