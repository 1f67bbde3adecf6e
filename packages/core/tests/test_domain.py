from datetime import UTC, datetime, timedelta

import pytest

from blog_core.domain import passwords
from blog_core.domain.browsers import browser_name
from blog_core.domain.posts import BlogPost, is_one_line
from blog_core.domain.users import User, is_email, is_username

NOW = datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC)
LATER = NOW + timedelta(days=1)


def new_post(pub_date: datetime | None = None) -> BlogPost:
    return BlogPost(author_id=1, title="Title", content="Words", pub_date=pub_date, created=NOW)


# --- users ---------------------------------------------------------------------------------------


def test_a_user_is_found_by_a_key_without_case() -> None:
    user = User(username="Ada.L-1", email="Ada@Blog.Example", password="hash", joined=NOW)
    assert ("ada.l-1", "ada@blog.example") == (user.username_key, user.email_key)
    user.rename("Bob")
    user.change_email("B@Blog.Example")
    assert ("Bob", "bob") == (user.username, user.username_key)
    assert ("B@Blog.Example", "b@blog.example") == (user.email, user.email_key)
    assert (False, True) == (user.is_staff, user.is_active)


@pytest.mark.sentence("username")
@pytest.mark.parametrize("name", ["a", "A-1_b.c", "...", "x" * 80])
def test_a_username_is_ascii_letters_digits_and_three_signs(name: str) -> None:
    assert is_username(name)


@pytest.mark.sentence("username")
@pytest.mark.parametrize("name", ["", "x" * 81, "a b", "a\n", "é", "١", "a@b", "a/b", "\u212a"])
def test_nothing_else_is_a_username(name: str) -> None:
    assert not is_username(name)


@pytest.mark.sentence("email")
@pytest.mark.parametrize(
    "email",
    ["a@b.c", "o'hara+x=1@sub.blog.example", "!#$%&*/?^_`{|}~-.@b.co", "a" * 110 + "@blog.test"],
)
def test_an_email_is_what_a_browser_takes(email: str) -> None:
    assert is_email(email)


@pytest.mark.sentence("email")
@pytest.mark.parametrize(
    "email",
    [
        "",
        "a",
        "a@b",
        "@b.c",
        "a@.c",
        "a@b.",
        "a@b..c",
        "a@-b.c",
        "a@b-.c",
        "a b@c.d",
        "a@b.c\n",
        "é@b.c",
        "a@é.c",
        "a@b@c.d",
        '"a"@b.c',
        "a@[127.0.0.1]",
        f"a@{'b' * 64}.c",
        "a" * 111 + "@blog.test",
    ],
)
def test_nothing_else_is_an_email(email: str) -> None:
    assert not is_email(email)


@pytest.mark.parametrize("email", ["a@" + "b." * 50_000, "a@" + "b-" * 50_000, "a" * 100_000])
def test_no_text_keeps_the_email_rule_busy(email: str) -> None:
    begin = datetime.now(UTC)
    assert not is_email(email)
    assert datetime.now(UTC) - begin < timedelta(seconds=0.1)


# --- passwords -----------------------------------------------------------------------------------


@pytest.mark.sentence("password")
@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("", "too_short"),
        ("1234567", "too_short"),
        ("ééé", "too_short"),
        ("éééé", None),
        ("🐍🐍", None),
        ("x" * 1024, None),
        ("x" * 1025, "too_long"),
        ("é" * 513, "too_long"),
        ("adalovelace", "too_similar"),
        ("ADALOVELACE", "too_similar"),
        ("Ada@Blog.Example", "too_similar"),
        ("adalovelace!", None),
        ("password", "too_common"),
        ("PASSWORD", "too_common"),
        ("12345678", "too_common"),
        ("correct horse battery", None),
    ],
)
def test_a_password_is_long_enough_and_nobodys_guess(password: str, code: str | None) -> None:
    error = passwords.problem("field", password, "AdaLovelace", "ada@blog.example")
    assert code == (error and error.code)
    assert error is None or error.field == "field"


def test_the_common_passwords_are_long_enough_to_be_asked_about() -> None:
    assert len(passwords.common()) > 8_000
    assert all(len(password.encode()) >= 8 for password in passwords.common())
    assert all(password == password.casefold() for password in passwords.common())


# --- posts ---------------------------------------------------------------------------------------


@pytest.mark.sentence("status")
def test_a_post_is_published_from_the_very_instant() -> None:
    assert new_post().status(NOW) == "draft"
    assert new_post(NOW).status(NOW) == "published"
    assert new_post(NOW).status(NOW - timedelta(microseconds=1)) == "scheduled"


def test_a_new_post_has_version_1_and_was_never_updated() -> None:
    post = new_post()
    assert (1, NOW, "title words") == (post.version, post.updated, post.search)


def test_an_edit_counts_even_of_nothing() -> None:
    post = new_post()
    post.edit(title="Title", content="Words", pub_date=None, now=LATER)
    assert (2, LATER, NOW) == (post.version, post.updated, post.created)


def test_an_edit_changes_what_a_search_finds() -> None:
    post = new_post()
    post.edit(title="Other", content="", pub_date=None, now=LATER)
    assert post.search == "other"


@pytest.mark.sentence("publish")
@pytest.mark.parametrize(
    ("pub_date", "at", "expected"),
    [
        (None, None, LATER),
        (NOW, None, NOW),
        (LATER, None, LATER),
        (LATER + timedelta(days=1), None, LATER),
        (None, NOW, NOW),
        (NOW, NOW, NOW),
        (NOW, LATER, LATER),
    ],
)
def test_publishing_counts_only_where_it_changes_something(
    pub_date: datetime | None, at: datetime | None, expected: datetime
) -> None:
    post = new_post(pub_date)
    changed = post.publish(at, LATER)
    assert expected == post.pub_date
    assert (pub_date != expected) == changed
    assert (2 if changed else 1) == post.version
    assert not post.publish(at, LATER)


@pytest.mark.sentence("publish")
def test_unpublishing_makes_a_draft_once() -> None:
    post = new_post(NOW)
    assert post.unpublish(LATER)
    assert (None, 2, LATER) == (post.pub_date, post.version, post.updated)
    assert not post.unpublish(LATER)
    assert post.version == 2


@pytest.mark.sentence("title")
@pytest.mark.parametrize(
    "mark", ["\n", "\r", "\t", "\0", "\x1c", "\x7f", "\x85", "\u2028", "\u2029"]
)
def test_a_line_holds_no_control_character_and_no_break(mark: str) -> None:
    assert not is_one_line(f"a{mark}b")


def test_a_line_may_hold_any_other_character() -> None:
    assert is_one_line("a \u00a0\u3000漢🐍\u200d\u202e")


GECKO = "AppleWebKit/537.36 (KHTML, like Gecko)"


@pytest.mark.parametrize(
    ("user_agent", "name"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:9) Gecko/20100101 Firefox/9", "Firefox on Linux"),
        (f"Mozilla/5.0 (Windows NT 10.0) {GECKO} Chrome/9 Safari/9 Edg/9", "Edge on Windows"),
        (f"Mozilla/5.0 (Linux; Android 9; K) {GECKO} Chrome/9 Safari/9", "Chrome on Android"),
        (f"Mozilla/5.0 (iPhone; like Mac OS X) {GECKO} Safari/9", "Safari on an iPhone"),
        ("Chrome/140.0.0.0", "Chrome"),
        ("curl/8.14.1", "curl/8.14.1"),
        ("x" * 200, "x" * 80),
        ("", ""),
    ],
)
def test_a_browser_is_called_by_a_name_that_its_user_knows(user_agent: str, name: str) -> None:
    assert browser_name(user_agent) == name
