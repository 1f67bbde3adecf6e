import pytest

from blog_core.domain.errors import Invalid
from blog_core.domain.instants import parse_instant
from blog_core.http import forms
from blog_core.http.front import Front, Head
from blog_core.http.operations import OPERATIONS, PAGES, Operation
from blog_core.http.replies import Reply
from blog_core.settings import Settings

FRONT = Front(Settings(), (*OPERATIONS, *PAGES))
FORM = "application/x-www-form-urlencoded"


def read(body: bytes, content_type: str = FORM, **headers: str) -> bytes | Reply:
    """What the front makes of the body of `POST /login`."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    head = Head("POST", "/login", "", {"host": "localhost", "content-type": content_type, **named})
    operation = FRONT.admit(head)
    assert isinstance(operation, Operation)
    return FRONT.read(operation, head, body)


@pytest.mark.sentence("form-type")
@pytest.mark.parametrize(
    "content_type", [FORM, FORM.upper(), f"{FORM}; charset=utf-8", f'{FORM};charset="UTF-8"']
)
def test_a_form_in_utf_8_is_read(content_type: str) -> None:
    assert b"a=b" == read(b"a=b", content_type)


@pytest.mark.sentence("form-type")
@pytest.mark.parametrize(
    "content_type",
    [
        "",
        "application/json",
        "multipart/form-data; boundary=x",
        f"{FORM}; charset=latin-1",
        "text/plain",
    ],
)
def test_another_type_is_refused(content_type: str) -> None:
    refused = read(b"a=b", content_type)
    assert isinstance(refused, Reply)
    assert (415, FORM) == (refused.status, dict(refused.headers)["Accept-Post"])
    assert b"" == read(b"", content_type)


@pytest.mark.sentence("form-bytes")
@pytest.mark.parametrize(
    "body",
    [
        b"&".join(b"a%d=" % number for number in range(51)),
        b"a=1&a=2",
        b"a=1&%61=2",
        b"a&a",
        b"a=%",
        b"a=%zz",
        b"a=%ff",
        b"a=\xff",
        b"a=%00",
        b"%00=a",
        b"a=\x00",
        b"a=%ed%a0%80",
    ],
)
def test_what_two_readers_could_read_differently_is_refused(body: bytes) -> None:
    refused = read(body)
    assert isinstance(refused, Reply)
    assert 400 == refused.status


@pytest.mark.sentence("form-bytes")
def test_fifty_fields_are_read() -> None:
    body = b"&".join(b"a%d=" % number for number in range(50))
    assert body == read(body)


def test_a_compressed_form_is_refused() -> None:
    refused = read(b"a=b", content_encoding="gzip")
    assert isinstance(refused, Reply)
    assert 415 == refused.status


@pytest.mark.sentence("form-fields")
@pytest.mark.parametrize(
    ("body", "fields"),
    [
        (b"a=1+2%203&b=", {"a": "1 2 3", "b": ""}),
        (b"a=%C3%A9&b=\xc3\xa9", {"a": "é", "b": "é"}),
        (b"a", {"a": ""}),
        (b"&&a=1&", {"a": "1"}),
        (b"a=1;b=2", {"a": "1;b=2"}),
        (b"a=b=c", {"a": "b=c"}),
        (b"a=1%0D%0A2%0D3%0A4", {"a": "1\r\n2\r3\n4"}),
        (b"", {}),
    ],
)
def test_fields_are_what_was_sent(body: bytes, fields: dict[str, str]) -> None:
    assert read(body) == body
    assert fields == forms.fields(body)


@pytest.mark.sentence("form-fields")
def test_lines_of_a_form_end_in_lf() -> None:
    form = forms.PostForm(forms.fields(b"title=T&content=1%0D%0A2%0D3%0A4"))
    assert "1\n2\n3\n4" == form.values["content"]


@pytest.mark.sentence("page-next")
@pytest.mark.parametrize("path", ["/", "/write", "/posts/1/edit", "/?q=a%20b&cursor=x", "/a?b=//c"])
def test_a_path_of_this_site_is_followed(path: str) -> None:
    assert path == forms.own_path(path)


@pytest.mark.sentence("page-next")
@pytest.mark.parametrize(
    "elsewhere",
    [
        "",
        "write",
        "//evil.example",
        "/\\evil.example",
        "/%2Fevil.example",
        "///evil.example",
        "https://evil.example",
        "javascript:alert(1)",
        "/a\r\nSet-Cookie: x=y",
        "/a\n",
        " /a",
        "/\tevil.example",
        "/a#b",
        "/a@b",
        "/a?b=%",
        "/a?b=é",
        "/" + "x" * 2_000,
    ],
)
def test_nobody_is_led_elsewhere(elsewhere: str) -> None:
    assert "/" == forms.own_path(elsewhere)


def post_form(**values: str) -> forms.PostForm:
    return forms.PostForm({"title": "A title", **values})


@pytest.mark.sentence("page-write")
@pytest.mark.parametrize(
    ("typed", "instant"),
    [
        ("", None),
        (" ", None),
        ("2026-01-02T03:04", "2026-01-02T03:04:00Z"),
        ("2026-01-02 03:04", "2026-01-02T03:04:00Z"),
        ("2026-01-02T03:04:05", "2026-01-02T03:04:05Z"),
        ("2026-01-02T03:04:05.678", "2026-01-02T03:04:05.678Z"),
    ],
)
def test_a_time_that_is_typed_is_in_utc(typed: str, instant: str | None) -> None:
    expected = None if instant is None else parse_instant(instant)
    assert expected == post_form(pub_date=typed).checked().pub_date


@pytest.mark.sentence("page-write")
@pytest.mark.parametrize(
    "typed", ["tomorrow", "2026-01-02", "2026-01-02T03:04Z", "2026-02-30T00:00", "٢٠٢٦-01-02T03:04"]
)
def test_what_is_no_time_is_refused_with_what_else_is_wrong(typed: str) -> None:
    with pytest.raises(Invalid) as refused:
        post_form(title="", pub_date=typed).checked()
    assert {"title", "pub_date"} == {error.field for error in refused.value.errors}


@pytest.mark.sentence("page-edit")
def test_a_time_that_was_not_touched_stays_exact() -> None:
    was = "2026-01-02T03:04:05.678901Z"
    form = post_form(pub_date="2026-01-02T03:04", pub_date_was=was)
    assert parse_instant(was) == form.checked().pub_date
    form = post_form(pub_date="2026-01-02T03:05", pub_date_was=was)
    assert parse_instant("2026-01-02T03:05:00Z") == form.checked().pub_date


@pytest.mark.sentence("page-edit")
@pytest.mark.parametrize("version", ["", "0", "01", "-1", "1 ", "x", "9" * 19])
def test_a_version_that_is_none_is_a_stale_one(version: str) -> None:
    assert not forms.expected(post_form(version=version)).versions
