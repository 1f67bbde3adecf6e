import re

import pytest

from blog_core.http import cookies
from blog_core.http.front import Front, Head
from blog_core.http.operations import BY_NAME, PAGES
from blog_core.http.replies import Reply
from blog_core.http.requests import Asked
from blog_core.schemas import ANYBODY, Credentials, NewSession, Pending
from blog_core.security.secrets import SecretKey
from blog_core.settings import Settings

from .fakes import SECRET

OPENED = cookies.opened(NewSession("a-value", 3600))


def sent(reply: Reply, *, https: bool) -> list[str]:
    finished = Front(Settings(https=https)).finish(
        Head("POST", "/login", "", {"host": "localhost"}), reply
    )
    return [value for name, value in finished.headers if name == "Set-Cookie"]


@pytest.mark.sentence("session")
def test_the_cookie_is_for_this_site_alone_and_no_script() -> None:
    reply = Reply(303, [("Location", "/"), OPENED])
    value = "session=a-value; Path=/; Max-Age=3600; HttpOnly; SameSite=Lax"
    assert [value] == sent(reply, https=False)
    assert [f"__Host-{value}; Secure"] == sent(reply, https=True)


@pytest.mark.sentence("session")
def test_the_cookie_is_taken_away_as_it_was_given() -> None:
    reply = Reply(303, [cookies.CLEARED])
    value = "session=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax"
    assert [value] == sent(reply, https=False)
    assert [f"__Host-{value}; Secure"] == sent(reply, https=True)


def test_anothers_cookie_and_a_second_one_are_sent_as_they_are() -> None:
    reply = Reply(200, [("Set-Cookie", "theme=dark"), ("set-cookie", "sessions=1"), OPENED])
    finished = Front(Settings(https=True)).finish(Head("GET", "/", "", {}), reply)
    values = [value for name, value in finished.headers if name.lower() == "set-cookie"]
    assert ["theme=dark", "sessions=1"] == values[:2]
    assert values[2].startswith("__Host-session=a-value;")


def test_a_value_needs_no_quotes_in_a_cookie() -> None:
    for _ in range(100):
        assert re.fullmatch("[A-Za-z0-9_-]{43}", SecretKey(SECRET).new_token())


@pytest.mark.sentence("session")
@pytest.mark.parametrize(
    ("field", "https", "value"),
    [
        ("session=abc", False, "abc"),
        ("a=b; session=abc; c=d", False, "abc"),
        ("a=b,session=abc", False, "abc"),
        (" session = abc ", False, "abc"),
        ("session=", False, ""),
        ("session", False, ""),
        ('session="abc"', False, '"abc"'),
        ("session=a=b", False, "a=b"),
        ("Session=abc", False, None),
        ("sessions=abc", False, None),
        ("__Host-session=abc", False, None),
        ("__Host-session=abc", True, "abc"),
        ("session=abc", True, None),
        ("", False, None),
    ],
)
def test_a_session_is_read_under_the_name_of_this_site(
    field: str, https: bool, value: str | None
) -> None:
    head = Head("GET", "/api/me", "", {"host": "localhost", "cookie": field})
    asked = Front(Settings(https=https)).pass_on(BY_NAME["get_me"], head, b"")
    assert isinstance(asked, Asked)
    assert (ANYBODY if value is None else Credentials(session=value)) == asked.credentials


@pytest.mark.sentence("session-rights")
@pytest.mark.parametrize(
    ("authorization", "expected"),
    [
        ("Bearer abc", Credentials("abc")),
        ("Bearer", Credentials("")),
        ("Basic abc", Credentials(session="x")),
        ("", Credentials(session="x")),
    ],
)
def test_with_a_token_the_cookie_is_not_looked_at(
    authorization: str, expected: Credentials
) -> None:
    headers = {"host": "localhost", "cookie": "session=x", "authorization": authorization}
    asked = Front(Settings()).pass_on(BY_NAME["get_me"], Head("GET", "/api/me", "", headers), b"")
    assert isinstance(asked, Asked)
    assert expected == asked.credentials


# --- a sign-in under way -------------------------------------------------------------------------

KEPT = cookies.pending(Pending("a-value", 600))


@pytest.mark.sentence("openid-cookie")
def test_the_cookie_of_a_sign_in_is_for_this_site_alone_and_no_script() -> None:
    value = "openid=a-value; Path=/; Max-Age=600; HttpOnly; SameSite=Lax"
    assert [value] == sent(Reply(200, [KEPT]), https=False)
    assert [f"__Host-{value}; Secure"] == sent(Reply(200, [KEPT]), https=True)


@pytest.mark.sentence("openid-cookie")
@pytest.mark.parametrize(
    ("cookie", "https", "pending"),
    [
        ("openid=x", False, "x"),
        ("session=y; openid=x", False, "x"),
        ("__Host-openid=x", True, "x"),
        ("openid=x", True, None),
        ("__Host-openid=x", False, None),
        ("openid=x; openid=x", False, None),
        ("openid=x,openid=y", False, None),
        ("my-openid=x", False, None),
        ("session=y", False, None),
    ],
)
def test_a_sign_in_is_found_under_its_name_of_this_site(
    cookie: str, https: bool, pending: str | None
) -> None:
    assert pending == cookies.sent_pending(cookie, https=https)
    head = Head("GET", "/openid", "", {"host": "localhost", "cookie": cookie})
    front = Front(Settings(https=https), PAGES)
    operation = front.admit(head)
    assert not isinstance(operation, Reply)
    asked = front.pass_on(operation, head, b"")
    assert isinstance(asked, Asked)
    assert pending == asked.pending
    if pending is not None:
        caching = dict(front.finish(head, Reply(200)).headers)["Cache-Control"]
        assert "no-store" == caching
