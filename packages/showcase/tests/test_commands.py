"""The small commands: where something is wrong, one sentence and the documented exit code."""

import socket
import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import NullPool, create_engine, func, select

from blog_core import schemas
from blog_core.settings import Settings
from blog_core.storage.tables import posts, users
from blog_core.wiring import build
from triptych.cli import cli

Run = Callable[..., "subprocess.CompletedProcess[str]"]


def test_help_shows_examples_and_exit_codes() -> None:
    assert "Exit codes:" in CliRunner().invoke(cli, ["--help"]).output
    for name in ("demo", "serve", "seed"):
        assert "Examples:" in CliRunner().invoke(cli, [name, "--help"]).output


def test_migrate_makes_the_tables_and_may_be_repeated(triptych: Run, tmp_path: Path) -> None:
    for _ in range(2):
        ended = triptych("migrate")
        assert (ended.returncode, ended.stderr) == (0, "")
        assert ended.stdout == "sqlite:///blog.sqlite3 is up to date.\n"
    with closing(sqlite3.connect(tmp_path / "blog.sqlite3")) as database:
        assert list(database.execute("SELECT * FROM posts")) == []


def test_a_locked_database_is_one_sentence(triptych: Run, database: str, tmp_path: Path) -> None:
    other = sqlite3.connect(tmp_path / "blog.sqlite3", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    ended = triptych("seed", BLOG_DATABASE_URL=database)
    other.close()
    assert ended.returncode == 4
    assert ended.stderr == (
        f"triptych: The database {database} is locked by another program; end that program, or "
        "name another database.\n"
    )


def test_a_database_without_tables_is_told_how_to_get_them(triptych: Run) -> None:
    for arguments in (["seed"], ["user", "create", "ada", "--password-stdin"]):
        ended = triptych(*arguments, stdin="correct horse\n")
        assert ended.returncode == 4
        assert "has not the tables of this release: run triptych migrate." in ended.stderr
        assert "Traceback" not in ended.stderr


def test_a_wrong_setting_is_one_sentence(triptych: Run) -> None:
    for name in ("migrate", "settings", "seed"):
        ended = triptych(name, BLOG_TOKEN_DAYS="soon")
        assert ended.returncode == 2
        assert ended.stderr == "triptych: BLOG_TOKEN_DAYS: use a whole number.\n"


def test_settings_say_where_they_come_from_and_keep_secrets(triptych: Run) -> None:
    url = "postgresql+psycopg://blog:open-sesame@db/blog"
    ended = triptych("settings", BLOG_SECRET_KEY="s3cr3t" * 8, BLOG_DATABASE_URL=url)
    assert ended.returncode == 0
    rows = {line.split()[0]: line.split()[1:] for line in ended.stdout.splitlines()}
    assert rows["BLOG_TOKEN_DAYS"] == ["30", "default"]
    assert rows["BLOG_SECRET_KEY"] == ["(set)", "environment"]
    assert rows["BLOG_DATABASE_URL"][-1] == "environment"
    assert "open-sesame" not in ended.stdout
    assert "s3cr3t" not in ended.stdout


def test_seeding_is_repeatable(triptych: Run, tmp_path: Path) -> None:
    contents = []
    for name in ("one", "two", "other"):
        url = f"sqlite:///{tmp_path}/{name}.sqlite3"
        triptych("migrate", BLOG_DATABASE_URL=url)
        number = "8" if name == "other" else "7"
        arguments = ("seed", "--users", "12", "--posts", "300", "--seed", number)
        assert triptych(*arguments, BLOG_DATABASE_URL=url).returncode == 0
        with create_engine(url, poolclass=NullPool).connect() as connection:
            contents.append(
                (
                    connection.execute(select(users).order_by(users.c.id)).all(),
                    connection.execute(select(posts).order_by(posts.c.id)).all(),
                )
            )
    assert [len(rows) for rows in contents[0]] == [12, 300]
    assert contents[0] == contents[1]
    assert contents[0] != contents[2]


def test_seeding_twice_with_one_number_is_refused(triptych: Run, database: str) -> None:
    arguments = ("seed", "--users", "3", "--posts", "10")
    assert triptych(*arguments, BLOG_DATABASE_URL=database).returncode == 0
    ended = triptych(*arguments, BLOG_DATABASE_URL=database)
    assert ended.returncode == 7
    assert ended.stderr == (
        "triptych: What --seed 1 makes is in this database already: name another --seed.\n"
    )
    assert triptych(*arguments, "--seed", "2", BLOG_DATABASE_URL=database).returncode == 0
    with create_engine(database, poolclass=NullPool).connect() as connection:
        assert connection.scalar(select(func.count()).select_from(posts)) == 20


def test_what_was_seeded_is_found_by_search_and_nobody_can_sign_in(
    triptych: Run, database: str
) -> None:
    triptych("seed", "--users", "3", "--posts", "200", BLOG_DATABASE_URL=database)
    with closing(build(Settings(database_url=database))) as blog:
        page = blog.list_posts(schemas.ANYBODY, schemas.PostQuery(q="LIGHTHOUSE", limit=100))
    assert page.results
    assert all("lighthouse" in (post.title + post.content).lower() for post in page.results)
    with create_engine(database, poolclass=NullPool).connect() as connection:
        assert set(connection.scalars(select(users.c.password))) == {"!"}


@pytest.mark.parametrize("way", ["variable", "stdin"])
def test_a_user_who_was_created_can_sign_in(triptych: Run, database: str, way: str) -> None:
    password = "battery staple"
    if way == "variable":
        ended = triptych(
            *("user", "create", "Ada", "--staff"),
            BLOG_DATABASE_URL=database,
            BLOG_NEW_PASSWORD=password,
        )
    else:
        ended = triptych(
            *("user", "create", "Ada", "--staff", "--password-stdin"),
            BLOG_DATABASE_URL=database,
            stdin=password + "\n",
        )
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout == "Ada has an account, as staff.\n"
    with closing(build(Settings(database_url=database))) as blog:
        token = blog.sign_in(schemas.SignIn(username="ada", password=password))
        assert blog.get_me(schemas.Credentials(token.token)).is_staff


def test_a_taken_name_is_one_sentence(triptych: Run, database: str) -> None:
    create = ("user", "create", "--password-stdin")
    settings = {"BLOG_DATABASE_URL": database, "stdin": "battery staple\n"}
    assert triptych(*create, "ada", **settings).returncode == 0
    ended = triptych(*create, "ADA", "--email", "other@example.org", **settings)
    assert ended.returncode == 7
    assert ended.stderr == "triptych: This username is taken.\n"


def test_a_password_that_will_not_do_is_one_sentence(triptych: Run, database: str) -> None:
    ended = triptych(
        *("user", "create", "ada", "--password-stdin"), BLOG_DATABASE_URL=database, stdin="short\n"
    )
    assert ended.returncode == 7
    assert ended.stderr.startswith("triptych: password: ")
    assert ended.stderr.count("\n") == 1


def test_a_password_on_the_command_line_is_refused(triptych: Run, database: str) -> None:
    ended = triptych("user", "create", "ada", "--password", "x", BLOG_DATABASE_URL=database)
    assert ended.returncode == 2


def test_flask_on_uvicorn_is_refused(triptych: Run) -> None:
    ended = triptych("serve", "flask", "--server", "uvicorn")
    assert ended.returncode == 2
    assert ended.stderr == (
        "triptych: Flask speaks WSGI and uvicorn only ASGI: choose gunicorn or granian.\n"
    )


def test_serving_on_a_taken_port_is_one_sentence(triptych: Run) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        ended = triptych("serve", "django", "--port", str(port))
    assert ended.returncode == 3
    assert ended.stderr == (
        f"triptych: Port {port} is already in use: end what listens there, or pass another "
        "--port.\n"
    )
