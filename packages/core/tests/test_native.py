"""What the front does for pages that are a framework's own."""

import pytest

from blog_core.http.front import Front, Head
from blog_core.http.operations import OPERATIONS, PAGES, Native, Operation
from blog_core.http.replies import Reply
from blog_core.http.requests import Asked
from blog_core.settings import Settings

ADMIN = Native("/admin/", "default-src 'self'; img-src 'self' data:")
FRONT = Front(Settings(), (*OPERATIONS, *PAGES), native=[ADMIN])
COOKIE = {"cookie": "session=abc"}


def head(method: str, path: str, raw_path: str | None = None, **headers: str) -> Head:
    fields = {name.replace("_", "-"): value for name, value in headers.items()}
    return Head(method, path, "", {"host": "localhost", **fields}, raw_path)


def passed_on(asked: Head, body: bytes = b"") -> Asked:
    operation = FRONT.admit(asked)
    assert isinstance(operation, Operation)
    found = FRONT.pass_on(operation, asked, body)
    assert isinstance(found, Asked)
    return found


def refused(asked: Head) -> int:
    reply = FRONT.admit(asked)
    assert isinstance(reply, Reply)
    return reply.status


@pytest.mark.parametrize("path", ["/admin", "/admin/", "/admin/users/3/change/", "/admin/a.css"])
def test_everything_under_the_prefix_is_the_frameworks(path: str) -> None:
    found = passed_on(head("GET", path, **COOKIE))
    assert found.operation.native is ADMIN
    assert found.credentials.session == "abc"


@pytest.mark.parametrize("path", ["/administrator", "/admin/../settings", "/admin//x", "/admin/é"])
def test_what_only_looks_like_it_is_not(path: str) -> None:
    assert refused(head("GET", path)) == 404


def test_an_escape_is_another_path() -> None:
    assert refused(head("GET", "/admin/a/b", "/admin/a%2Fb")) == 404


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_any_method_is_passed_on_as_it_is(method: str) -> None:
    assert passed_on(head(method, "/admin/users/")).operation.method == method


def test_head_is_passed_on_as_get() -> None:
    assert passed_on(head("HEAD", "/admin/")).operation.method == "GET"


@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "BREW"])
def test_a_method_that_no_page_has_is_refused(method: str) -> None:
    assert refused(head(method, "/admin/")) == 404


def test_a_body_is_passed_on_as_it_is() -> None:
    kind = "multipart/form-data; boundary=x"
    found = passed_on(head("POST", "/admin/users/", content_type=kind), b"--x\r\n\xff")
    assert (found.body, found.content_type) == (b"--x\r\n\xff", kind)


def test_a_body_cut_short_is_not() -> None:
    asked = head("POST", "/admin/users/", content_length="9")
    operation = FRONT.admit(asked)
    assert isinstance(operation, Operation)
    reply = FRONT.pass_on(operation, asked, b"short")
    assert isinstance(reply, Reply)
    assert reply.status == 400


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_another_site_changes_nothing(method: str) -> None:
    assert refused(head(method, "/admin/", sec_fetch_site="cross-site", **COOKIE)) == 403
    assert refused(head(method, "/admin/", origin="https://evil.example")) == 403


def test_an_unknown_host_is_refused() -> None:
    assert refused(Head("GET", "/admin/", "", {"host": "evil.example"})) == 400


def test_what_the_page_says_of_itself_is_kept_but_for_what_is_the_fronts() -> None:
    asked = head("GET", "/admin/")
    FRONT.admit(asked)
    said = [
        ("Content-Type", "text/html"),
        ("Content-Language", "en"),
        ("Set-Cookie", "messages=x; Path=/admin/"),
        ("Vary", "Accept"),
        ("Server", "somebody"),
        ("X-Frame-Options", "SAMEORIGIN"),
        ("Content-Security-Policy", "default-src *"),
    ]
    reply = FRONT.finish(asked, Reply(200, said, b"<p>"))
    names = [name for name, _ in reply.headers]
    kept = dict(reply.headers)
    assert kept["Content-Language"] == "en"
    assert kept["Set-Cookie"] == "messages=x; Path=/admin/"
    assert kept["Content-Security-Policy"] == ADMIN.policy
    assert kept["X-Frame-Options"] == "DENY"
    assert kept["Cache-Control"] == "no-store"
    assert names.count("Vary") == 2
    assert "Server" not in names


def test_a_file_may_say_how_long_it_keeps() -> None:
    asked = head("GET", "/admin/static/base.css")
    FRONT.admit(asked)
    forever = ("Cache-Control", "max-age=315360000, public, immutable")
    reply = FRONT.finish(asked, Reply(200, [("Content-Type", "text/css"), forever], b"a{}"))
    assert [field for field in reply.headers if field[0] == "Cache-Control"] == [forever]


def test_a_site_on_https_says_so_here_too() -> None:
    front = Front(Settings(https=True), OPERATIONS, native=[ADMIN])
    asked = head("GET", "/admin/")
    front.admit(asked)
    names = [name for name, _ in front.finish(asked, Reply(200)).headers]
    assert "Strict-Transport-Security" in names


def test_without_native_pages_there_is_nothing() -> None:
    reply = Front(Settings()).admit(head("GET", "/admin/"))
    assert isinstance(reply, Reply)
    assert reply.status == 404
