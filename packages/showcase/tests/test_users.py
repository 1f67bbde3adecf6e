"""`triptych user`: what an operator does to accounts, in one sentence each."""

from contextlib import closing

import pytest
from click.testing import CliRunner, Result

from blog_core import schemas
from blog_core.blog import Blog
from blog_core.domain.errors import NotAuthenticated, WrongPassword
from blog_core.schemas import ANYBODY, Credentials, SignIn
from blog_core.settings import Settings
from blog_core.wiring import build
from triptych.cli import cli

PASSWORD = "battery staple"


def run(database: str, *arguments: str, stdin: str = "") -> Result:
    """`triptych user ARGUMENTS`, in this process."""
    env = {"BLOG_DATABASE_URL": database, "NO_COLOR": "1"}
    return CliRunner().invoke(cli, ["user", *arguments], input=stdin, env=env)


@pytest.fixture
def accounts(database: str) -> str:
    """A database with Ada, and Grace of the staff."""
    with closing(build(Settings(database_url=database))) as blog:
        for name in ("Ada", "grace"):
            new = schemas.NewUser(username=name, email=f"{name}@x.example", password=PASSWORD)
            blog.add_user(new, is_staff=name == "grace")
    return database


def is_good(blog: Blog, credentials: Credentials) -> bool:
    try:
        blog.get_me(credentials)
    except NotAuthenticated:
        return False
    return True


def signs_in(blog: Blog, password: str) -> bool:
    try:
        blog.sign_in(SignIn(username="ada", password=password))
    except WrongPassword:
        return False
    return True


def signed_in(blog: Blog) -> list[Credentials]:
    """Ada, with a token and with a session."""
    ada = SignIn(username="ada", password=PASSWORD)
    token, session = blog.sign_in(ada).token, blog.open_session(ANYBODY, ada).value
    return [Credentials(token), Credentials(session=session)]


def test_accounts_are_listed(accounts: str) -> None:
    lines = run(accounts, "list").stdout.splitlines()
    assert [["1", "Ada", "Ada@x.example"], ["2", "grace", "grace@x.example"]] == [
        line.split()[:3] for line in lines
    ]
    assert ["staff"] == lines[1].split()[4:]
    assert "grace\n" == run(accounts, "list", "--staff", "--names").stdout
    assert "" == run(accounts, "list", "--disabled").stdout


def test_who_is_disabled_is_out_at_once_until_enabled(accounts: str) -> None:
    with closing(build(Settings(database_url=accounts))) as blog:
        opened = signed_in(blog)
        assert [True, True] == [is_good(blog, one) for one in opened]
        ended = run(accounts, "disable", "ADA")
        assert (0, "Ada is disabled.\n") == (ended.exit_code, ended.stdout)
        assert [False, False] == [is_good(blog, one) for one in opened]
        assert not signs_in(blog, PASSWORD)
        assert "Ada\n" == run(accounts, "list", "--disabled", "--names").stdout
        assert "Ada is enabled.\n" == run(accounts, "enable", "ada").stdout
        assert signs_in(blog, PASSWORD)
        # What was ended stays ended.
        assert [False, False] == [is_good(blog, one) for one in opened]


def test_another_password_ends_what_the_old_one_opened(accounts: str) -> None:
    with closing(build(Settings(database_url=accounts))) as blog:
        opened = signed_in(blog)
        ended = run(accounts, "set-password", "ada", "--password-stdin", stdin="staple battery\n")
        assert (0, "Ada has another password.\n") == (ended.exit_code, ended.stdout)
        assert [False, False] == [is_good(blog, one) for one in opened]
        assert [False, True] == [signs_in(blog, one) for one in (PASSWORD, "staple battery")]


@pytest.mark.parametrize(
    ("arguments", "stdin", "sentence"),
    [
        (["disable", "Ada", "nobody"], "", "There is no user nobody."),
        (["enable", "nobody"], "", "There is no user nobody."),
        (["set-password", "nobody", "--password-stdin"], PASSWORD, "There is no user nobody."),
        (["set-password", "ada", "--password-stdin"], "short", "password: A password has at least"),
        (["set-password", "ada", "--password-stdin"], "ada@x.example", "password: The password is"),
    ],
)
def test_what_is_refused_is_one_sentence_and_nothing_is_done(
    accounts: str, arguments: list[str], stdin: str, sentence: str
) -> None:
    ended = run(accounts, *arguments, stdin=stdin)
    assert 7 == ended.exit_code
    assert ended.stderr.startswith(f"triptych: {sentence}")
    assert 1 == ended.stderr.count("\n")
    with closing(build(Settings(database_url=accounts))) as blog:
        assert signs_in(blog, PASSWORD)
