"""Users brought along from elsewhere, on every storage."""

from typing import Any

import pytest

from blog_core import importing
from blog_core.domain.errors import WrongPassword
from blog_core.importing import Brought, ImportedUser, Refusal, Report
from blog_core.schemas import OPERATOR, SignIn

from .fakes import PASSWORD, QuickHasher, Site

HASH = "old$" + QuickHasher.digest(PASSWORD)


def values(name: str, **changes: Any) -> dict[str, Any]:
    return {"username": name, "email": f"{name}@old.example", "password": HASH} | changes


def brought(*users: dict[str, Any]) -> list[Brought]:
    found = []
    for line, one in enumerate(users, 2):
        user = importing.user(line, one)
        assert isinstance(user, ImportedUser)
        found.append((line, user))
    return found


def run(blog_site: Site, *users: dict[str, Any], **options: Any) -> Report:
    return blog_site.blog.importing.users(brought(*users), **options)


def lines(report: Report) -> list[tuple[int, str, str]]:
    return [(one.line, one.error.field, one.error.code) for one in report.refused]


def account(blog_site: Site, user_id: int = 1) -> tuple[str, str, bool, bool]:
    found = blog_site.blog.staff.get_user(OPERATOR, user_id)
    return found.username, found.joined, found.is_staff, found.is_active


def names(blog_site: Site) -> list[str]:
    """The usernames of everybody there is."""
    actions = blog_site.blog.staff.history(OPERATOR, "user", limit=10_000)
    return [action.name for action in reversed(actions)]


def test_who_was_brought_along_signs_in_with_the_old_password(blog_site: Site) -> None:
    report = run(blog_site, values("Ada"), values("bob"))
    assert (2, True, [], []) == (report.new, report.written, report.there, report.refused)
    assert blog_site.sign_in("ada").token
    with pytest.raises(WrongPassword):
        blog_site.sign_in("bob", "another")


def test_what_is_known_of_them_comes_along(blog_site: Site) -> None:
    joined = "2015-06-07 08:09:10.111213+02:00"
    run(
        blog_site,
        values("ada", joined=joined, is_staff=True, is_active=True),
        values("bob", joined="2015-06-07T08:09:10", is_active=False),
        values("eve"),
        allow_staff=True,
    )
    now = "2026-01-02T03:04:05.000006Z"
    ids = [one.object_id for one in reversed(blog_site.blog.staff.history(OPERATOR, "user"))]
    assert [
        ("ada", "2015-06-07T06:09:10.111213Z", True, True),
        ("bob", "2015-06-07T08:09:10.000000Z", False, False),
        ("eve", now, False, True),
    ] == [account(blog_site, user_id) for user_id in ids]
    with pytest.raises(WrongPassword):
        blog_site.sign_in("bob")


def test_it_may_be_repeated(blog_site: Site) -> None:
    run(blog_site, values("ada"))
    ada = blog_site.sign_in("ada")
    again = run(blog_site, values("ADA", email="ADA@old.example"), values("bob"))
    assert (1, True, [(2, "ADA")]) == (
        again.new,
        again.written,
        [(one.line, one.username) for one in again.there],
    )
    # Who is there stays as they are: signed in, with the hash that was rewritten.
    assert "ada" == blog_site.blog.get_me(ada).username
    assert ["ada", "bob"] == names(blog_site)


def test_of_one_who_is_refused_nobody_is_imported(blog_site: Site) -> None:
    run(blog_site, values("ada"))
    wrong = [
        values("bob", password="md5$salt$hash"),
        values("eve", is_staff=True),
        values("ada", email="other@old.example"),
        values("ann", email="ada@old.example"),
        values("new"),
        values("NEW", email="new2@old.example"),
        values("new3", email="NEW@old.example"),
    ]
    expected = [
        (2, "password", "never_right"),
        (3, "is_staff", "not_allowed"),
        (4, "username", "taken"),
        (5, "email", "taken"),
        (7, "username", "repeated"),
        (8, "email", "repeated"),
    ]
    report = run(blog_site, *wrong)
    assert (expected, 1, False) == (lines(report), report.new, report.written)
    assert ["ada"] == names(blog_site)
    report = run(blog_site, *wrong, skip_refused=True)
    assert (expected, 1, True) == (lines(report), report.new, report.written)
    assert ["ada", "new"] == names(blog_site)


def test_who_was_refused_before_counts(blog_site: Site) -> None:
    nobody = importing.user(9, {"username": "a b"})
    assert isinstance(nobody, Refusal)
    assert not run(blog_site, values("ada"), refused=[nobody]).written
    report = run(blog_site, values("ada"), refused=[nobody], skip_refused=True)
    assert (True, [nobody]) == (report.written, report.refused)


def test_a_dry_run_says_the_same_and_writes_nothing(blog_site: Site) -> None:
    users = [values("ada"), values("eve", is_staff=True)]
    dry = run(blog_site, *users, dry_run=True, skip_refused=True)
    assert (1, False, [(3, "is_staff", "not_allowed")]) == (dry.new, dry.written, lines(dry))
    assert [] == names(blog_site)


@pytest.mark.parametrize(
    ("changes", "field", "code"),
    [
        ({"username": "a b"}, "username", "invalid"),
        ({"username": None}, "username", "required"),
        ({"username": 7}, "username", "wrong_type"),
        ({"email": "ada"}, "email", "invalid"),
        ({"email": ""}, "email", "required"),
        ({"password": None}, "password", "required"),
        ({"password": "x" * 256}, "password", "too_long"),
        ({"password": "pbkdf2_sha256$1$é$x"}, "password", "invalid"),
        ({"password": "\ud800"}, "password", "invalid"),
        ({"joined": "yesterday"}, "joined", "invalid"),
        ({"joined": "1969-12-31T23:59:59+00:00"}, "joined", "invalid"),
        ({"joined": "0001-01-01T00:00:00+14:00"}, "joined", "invalid"),
        ({"joined": 5}, "joined", "wrong_type"),
        ({"is_staff": "perhaps"}, "is_staff", "invalid"),
        ({"is_active": []}, "is_active", "invalid"),
    ],
)
def test_values_that_are_no_user_are_refused(
    changes: dict[str, Any], field: str, code: str
) -> None:
    refusal = importing.user(3, values("ada") | changes)
    assert isinstance(refusal, Refusal)
    assert (3, field, code) == (refusal.line, refusal.error.field, refusal.error.code)


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        *((word, True) for word in (True, 1, "1", "t", "True", "YES", " on ")),
        *((word, False) for word in (False, 0, "0", "f", "False", "no", "off")),
    ],
)
def test_a_flag_is_said_in_many_ways(said: object, meant: bool) -> None:
    user = importing.user(2, values("ada", is_active=said))
    assert isinstance(user, ImportedUser)
    assert meant is user.is_active
    assert user.joined is None


def test_more_than_one_batch_is_one_transaction(blog_site: Site) -> None:
    many = [values(f"user{number}") for number in range(2_500)]
    heard: list[int] = []
    report = run(blog_site, *many, done=heard.append)
    assert (2_500, [1_000, 1_000, 500]) == (report.new, heard)
    again = run(blog_site, *many)
    assert (0, 2_500) == (again.new, len(again.there))
    sign_in = SignIn(username="user2499", password=PASSWORD)
    assert blog_site.blog.sign_in(sign_in).token
