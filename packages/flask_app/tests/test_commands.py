"""The application at the command line: `flask --app blog_flask …`."""

from pathlib import Path

import pytest
from flask.cli import FlaskGroup, ScriptInfo
from flask.testing import FlaskClient, FlaskCliRunner

from blog_core import schemas
from blog_core.settings import Settings
from blog_flask.app import BlogFlask

PASSWORD = "nine lives, no boots"


def test_flask_finds_the_application_and_nothing_touches_the_database(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    database = tmp_path / "blog.sqlite3"
    monkeypatch.setenv("BLOG_DATABASE_URL", f"sqlite:///{database}")
    found = ScriptInfo("blog_flask").load_app()
    assert isinstance(found, BlogFlask)
    assert f"sqlite:///{database}" == found.settings.database_url
    assert 200 == found.test_client().get("/livez").status_code
    assert not database.exists()


def test_the_routes_are_listed(app: BlogFlask, runner: FlaskCliRunner) -> None:
    listed = runner.invoke(FlaskGroup(create_app=lambda: app), ["routes"]).output
    assert "api.publish_post" in listed
    assert "/posts/<id:post_id>/edit" in listed


def test_a_database_is_made_and_made_again_without_harm(
    empty_app: BlogFlask, settings: Settings
) -> None:
    client, runner = empty_app.test_client(), empty_app.test_cli_runner()
    assert 503 == client.get("/readyz").status_code
    for _ in range(2):
        assert "The database is up to date.\n" == runner.invoke(args=["blog", "migrate"]).output
        assert 200 == client.get("/readyz").status_code


@pytest.mark.parametrize("staff", [True, False])
def test_who_was_made_can_sign_in(
    client: FlaskClient, runner: FlaskCliRunner, *, staff: bool
) -> None:
    made = runner.invoke(
        args=["blog", "create-user", "ada", *(["--staff"] if staff else [])],
        env={"BLOG_NEW_PASSWORD": PASSWORD},
    )
    assert f"ada has an account{', as staff' if staff else ''}.\n" == made.output
    answer = client.post("/api/tokens", json={"username": "ada", "password": PASSWORD})
    token = answer.get_json()["token"]
    me = client.get("/api/me", headers={"Authorization": f"Bearer {token}"}).get_json()
    assert (staff, "ada@localhost.localdomain") == (me["is_staff"], me["email"])


@pytest.mark.parametrize(
    ("name", "password", "said"),
    [
        ("ada", "short", "Error: password: A password has at least 8 bytes.\n"),
        ("a b", PASSWORD, "Error: username: Use only ASCII letters, digits"),
        ("Grace", PASSWORD, "Error: This username and email is taken.\n"),
    ],
)
def test_what_the_blog_refuses_is_said_in_a_sentence(
    runner: FlaskCliRunner, name: str, password: str, said: str
) -> None:
    def create(name: str, password: str) -> tuple[int, str]:
        env = {"BLOG_NEW_PASSWORD": password}
        result = runner.invoke(args=["blog", "create-user", name], env=env)
        return result.exit_code, result.output

    assert 0 == create("grace", PASSWORD)[0]
    status, output = create(name, password)
    assert 1 == status
    assert output.startswith(said)


def test_without_tables_the_command_that_makes_them_is_named(empty_app: BlogFlask) -> None:
    env = {"BLOG_NEW_PASSWORD": PASSWORD}
    refused = empty_app.test_cli_runner().invoke(args=["blog", "create-user", "ada"], env=env)
    assert 1 == refused.exit_code
    assert "run flask blog migrate." in refused.output


def test_a_database_that_cannot_be_opened_is_said(
    empty_app: BlogFlask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nowhere = Settings(database_url=f"sqlite:///{tmp_path}/none/blog.sqlite3")
    monkeypatch.setattr(empty_app, "settings", nowhere)
    refused = empty_app.test_cli_runner().invoke(args=["blog", "migrate"])
    assert "Error: The database is not ready: unable to open database file.\n" == refused.output


def test_a_password_is_not_read_where_nobody_can_be_asked(runner: FlaskCliRunner) -> None:
    refused = runner.invoke(args=["blog", "create-user", "ada"], input=PASSWORD)
    assert 2 == refused.exit_code
    assert "set BLOG_NEW_PASSWORD" in refused.output


def test_the_settings_are_shown_without_secrets(runner: FlaskCliRunner) -> None:
    shown = runner.invoke(args=["blog", "settings"]).output
    assert "BLOG_SECRET_KEY=(development default)\n" in shown
    assert Settings().secret_key not in shown


def test_the_shell_knows_the_blog(app: BlogFlask) -> None:
    with app.app_context():
        known = app.make_shell_context()
    assert known["blog"] is app.blog
    assert [] == known["blog"].list_posts(known["ANYBODY"], schemas.PostQuery()).results
