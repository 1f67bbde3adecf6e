"""`triptych import users`: from a file into the blog, all of them or none."""

import json
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from blog_core import schemas
from blog_core.domain.errors import WrongPassword
from blog_core.settings import Settings
from blog_core.wiring import build
from triptych.cli import cli

PASSWORD = "Grüße, Jürgen"
# Of this password, by Django's PBKDF2PasswordHasher with 1000 rounds, and by bcrypt with cost 4.
PBKDF2 = "pbkdf2_sha256$1000$saltsaltsaltsaltsaltsa$NdPmHN3gQkGiLmmvxVwcuxCHMLHIv+664RRdjnukrjQ="
BCRYPT = "$2b$04$M0UCovJEpis09oGQQvAvX.J.t0h3E72Qb2.ghCUlA.Y98wEDyCAyK"
CSV = f"username,email,password_hash\nada,ada@old.example,{BCRYPT}\nbob,bob@old.example,{PBKDF2}\n"


def run(database: str, *arguments: str, stdin: str = "") -> Result:
    """`triptych import users ARGUMENTS`, in this process."""
    env = {"BLOG_DATABASE_URL": database, "NO_COLOR": "1"}
    command = ["import", "users", *arguments]
    return CliRunner().invoke(cli, command, input=stdin, env=env, standalone_mode=True)


def signs_in(database: str, username: str) -> bool:
    with closing(build(Settings(database_url=database))) as blog:
        try:
            blog.sign_in(schemas.SignIn(username=username, password=PASSWORD))
        except WrongPassword:
            return False
    return True


def dump(**fields: Any) -> str:
    user: dict[str, Any] = {
        "password": PBKDF2,
        "last_login": None,
        "is_superuser": True,
        "username": "ada",
        "first_name": "",
        "last_name": "",
        "email": "",
        "is_staff": True,
        "is_active": True,
        "date_joined": "2020-01-02T03:04:05.678Z",
        "groups": [],
        "user_permissions": [],
    }
    return json.dumps([{"model": "auth.user", "pk": 1, "fields": user | fields}])


def test_users_of_a_table_sign_in(database: str, tmp_path: Path) -> None:
    file = tmp_path / "users.csv"
    file.write_text(CSV)
    ended = run(database, str(file))
    assert (0, "") == (ended.exit_code, ended.stderr)
    assert f"2 users imported into {database}; 0 there already, 0 refused.\n" == ended.stdout
    assert signs_in(database, "ada")
    assert signs_in(database, "bob")
    again = run(database, str(file))
    assert f"0 users imported into {database}; 2 there already, 0 refused.\n" == again.stdout


def test_users_of_a_dump_come_from_standard_input(database: str) -> None:
    options = ("-", "--allow-staff", "--missing-email-domain", "old.example")
    ended = run(database, *options, stdin=dump())
    assert (0, "") == (ended.exit_code, ended.stderr)
    with closing(build(Settings(database_url=database))) as blog:
        found = blog.staff.get_user(schemas.OPERATOR, 1)
    assert ("ada", "ada@old.example", "2020-01-02T03:04:05.678000Z", True) == (
        found.username,
        found.email,
        found.joined,
        found.is_staff,
    )


def test_a_dry_run_writes_nothing(database: str) -> None:
    ended = run(database, "-", "--dry-run", stdin=CSV)
    assert (0, "2 users can be imported, dry run; 0 there already, 0 refused.\n") == (
        ended.exit_code,
        ended.stdout,
    )
    assert not signs_in(database, "ada")


def test_who_is_refused_is_named_by_line_and_nobody_is_imported(
    database: str, tmp_path: Path
) -> None:
    report = tmp_path / "refused.jsonl"
    content = CSV + f"eve,eve@old.example,md5$salt$x\nno\x1bbody,n@old.example,{BCRYPT}\n"
    ended = run(database, "-", "--report", str(report), stdin=content)
    assert 7 == ended.exit_code
    assert ended.stderr.splitlines() == [
        'line 4: "eve": password: Its format is not one that is verified here.',
        (
            'line 5: "no\\u001bbody": username: '
            "Use only ASCII letters, digits, '_', '-' and '.'; not just dots."
        ),
        "triptych: 2 users refused, nobody imported: correct the file, or pass --skip-refused.",
    ]
    said = [json.loads(line) for line in report.read_text().splitlines()]
    assert [(4, "refused", "never_right"), (5, "refused", "invalid")] == [
        (one["line"], one["outcome"], one["code"]) for one in said
    ]
    assert not signs_in(database, "ada")
    ended = run(database, "-", "--skip-refused", stdin=content)
    assert 0 == ended.exit_code
    assert signs_in(database, "ada")
    assert not signs_in(database, "eve")


def test_more_refusals_than_fit_a_screen_are_counted(database: str) -> None:
    content = "username,email,password\n" + "a b,x,y\n" * 30
    ended = run(database, "-", stdin=content)
    assert 22 == len(ended.stderr.splitlines())
    assert "and 10 more: --report FILE has all of them." in ended.stderr


@pytest.mark.parametrize(
    ("arguments", "stdin", "code", "sentence"),
    [
        pytest.param(["no such file"], "", 8, "no such file cannot be read: No such", id="absent"),
        pytest.param(["/"], "", 8, "/ cannot be read: Is a directory.", id="directory"),
        pytest.param(["-"], "", 8, "Standard input: The file is empty.", id="empty"),
        pytest.param(["-"], "a,b\n", 8, "Standard input: There is no column", id="no-column"),
    ],
)
def test_a_file_that_is_none_is_one_sentence(
    database: str, arguments: list[str], stdin: str, code: int, sentence: str
) -> None:
    ended = run(database, *arguments, stdin=stdin)
    assert code == ended.exit_code
    assert sentence in ended.stderr
    assert 1 == ended.stderr.count("\n")


@pytest.mark.parametrize("column", ["password", "password=", "passwort=pw"])
def test_a_column_is_field_and_name(database: str, column: str) -> None:
    ended = run(database, "-", "--column", column, stdin=CSV)
    assert 2 == ended.exit_code
    assert "FIELD=NAME" in ended.stderr


def test_help_shows_columns_examples_and_exit_codes() -> None:
    shown = CliRunner().invoke(cli, ["import", "users", "--help"]).output
    for expected in ("Examples:", "Exit codes:", "pw_hash", "date_joined"):
        assert expected in shown
