import pytest

from http_parity.compare import ABSENT, Difference, differences, every_difference
from http_parity.exchange import Answer

ONE = Answer(200, (("ETag", '"1"'), ("Vary", "a"), ("Vary", "b"), ("Date", "now")), b"one")


def test_equal_answers_have_no_difference() -> None:
    assert differences(ONE, ONE) == []


def test_field_names_and_the_order_of_different_fields_mean_nothing() -> None:
    other = Answer(200, (("vary", "a"), ("vary", "b"), ("etag", '"1"')), b"one")
    assert differences(ONE, other) == []


def test_every_difference_is_told_in_words() -> None:
    other = Answer(404, (("ETag", '"2"'), ("Vary", "b"), ("Vary", "a"), ("X-New", "x")), b"two")
    assert [str(found) for found in differences(ONE, other)] == [
        "status: 200 is not 404",
        "header etag: '\"1\"' is not '\"2\"'",
        "header vary: ['a', 'b'] is not ['b', 'a'] (order only)",
        "header x-new: absent is not 'x'",
        "body: b'one' is not b'two'",
    ]


def test_further_fields_are_ignored_by_name_in_any_case() -> None:
    other = Answer(200, (("ETag", '"2"'), ("Vary", "a"), ("Vary", "b")), b"one")
    assert differences(ONE, other, ignore=["etag"]) == []


def json_answer(text: str) -> Answer:
    return Answer(200, (("Content-Type", "application/json"),), text.encode())


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        ('{"a": 1}', '{"a": 2}', ["body /a: 1 is not 2"]),
        ('{"a": 1}', '{"a": "1"}', ["body /a: 1 is not '1'"]),
        ('{"a": 1}', '{"a": null}', ["body /a: 1 is not null"]),
        ('{"a": null}', "{}", ["body /a: null is not absent"]),
        ('{"a": true}', '{"a": 1}', ["body /a: true is not 1"]),
        ('{"a~b/c": 1}', '{"a~b/c": 2}', ["body /a~0b~1c: 1 is not 2"]),
        ("[1, 2]", "[2, 1]", ["body: [1, 2] is not [2, 1]"]),
        ("[1, 2, 3]", "[1, 3]", ["body /1: 2 is not absent"]),
        ("[1, 3]", "[1, 2, 3]", ["body /1: absent is not 2"]),
        ('[{"a": 1}]', '[{"a": 2}, 3]', ["body /0/a: 1 is not 2", "body /1: absent is not 3"]),
        (
            "0.1",
            "0.10000000000000001",
            ["body: Decimal('0.1') is not Decimal('0.10000000000000001')"],
        ),
        ('{"a":1,"b":2}', '{"b":2,"a":1}', ["body: ['a', 'b'] is not ['b', 'a'] (key order only)"]),
        ('{"a":1}', '{"a": 1}', ["body: ':' is not ': ' (whitespace only)"]),
        ("[1]", "[1]\n", ["body: '' is not '\\n' (whitespace only)"]),
        ('"\u00e9"', '"\\u00e9"', ["body: '\"é\"' is not '\"\\\\u00e9\"' (spelling only)"]),
        ("1.0", "1", ["body: '1.0' is not '1' (spelling only)"]),
        ('{"a":1,"a":2}', '{"a":1}', ["body /a: 2 is not absent"]),
        ("{", "{}", ["body: b'{' is not b'{}'"]),
        ("[" * 1000 + "]" * 1000, "[]", [f"body: {b'[' * 200!r}… (2000 bytes) is not b'[]'"]),
    ],
)
def test_json_is_compared_by_pointer_and_by_spelling(a: str, b: str, expected: list[str]) -> None:
    assert expected == [str(found) for found in differences(json_answer(a), json_answer(b))]


def test_white_space_is_told_beside_a_difference_of_meaning() -> None:
    found = differences(json_answer('{"a":1,"b":2}'), json_answer('{"a": 1, "b": 3}\n'))
    assert [("/b", "value"), ("", "whitespace")] == [(one.name, one.kind) for one in found]


def test_json_and_html_are_another_format() -> None:
    page = Answer(200, (("Content-Type", "text/html"),), b"<p>")
    kinds = [(one.place, one.kind) for one in differences(json_answer("{}"), page)]
    assert kinds == [("header:content-type", "members"), ("body", "format")]


def html(text: str) -> Answer:
    return Answer(200, (("Content-Type", "text/html; charset=utf-8"),), text.encode())


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        ("<p>a</p>", "<p>b</p>", [("/html/body/p/text()", "text")]),
        ("<p>a<p>b", "<p>a</p><p>c</p>", [("/html/body/p[2]/text()", "text")]),
        ("<a href=x>a</a>", "<a href=y>a</a>", [("/html/body/a/@href", "value")]),
        ("<a href=x>a</a>", "<a>a</a>", [("/html/body/a/@href", "absent")]),
        ("<a b=1 c=2>", "<a c=2 b=1>", [("/html/body/a", "attribute order")]),
        ("<p>a</p>", "<p>a</p><p>b</p>", [("/html/body/p", "absent")]),
        ("<ul><li>a<li>b</ul>", "<ul><li>a</ul>", [("/html/body/ul/li", "absent")]),
        ("<p>a  b</p>", "<p>a b</p>", [("/html/body/p/text()", "whitespace")]),
        ("<ul><li>a</ul>", "<ul> <li>a</ul>", [("/html/body/ul", "whitespace")]),
        ("<p>&eacute;", "<p>\u00e9", [("", "spelling")]),
        ("<p><!--a-->", "<p><!--b-->", [("/html/body/p/comment()/text()", "text")]),
        ("<!DOCTYPE html><p>", "<p>", [("/doctype()", "absent")]),
        (
            "<template><b>a</b></template>",
            "<template><b>b</b></template>",
            [("/html/head/template/text()", "text")],
        ),
    ],
)
def test_html_is_compared_as_a_browser_reads_it(
    a: str, b: str, expected: list[tuple[str, str]]
) -> None:
    found = differences(html(a), html(b))
    assert expected == [(one.name, one.kind) for one in found]


def xml(text: str) -> Answer:
    return Answer(200, (("Content-Type", "application/atom+xml"),), text.encode())


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        ("<f><e>1</e></f>", "<f><e>2</e></f>", [("/f/e/text()", "text")]),
        ("<f a='1'/>", "<f a='2'/>", [("/f/@a", "value")]),
        ("<f a='1' b='2'/>", "<f b='2' a='1'/>", [("/f", "attribute order")]),
        ("<f></f>", "<f/>", [("", "spelling")]),
        ("<f>", "<f/>", [("", "bytes")]),
        ("<f xmlns='x'/>", "<f/>", [("/{x}f", "value")]),
        ("<f><!--a--></f>", "<f><!--b--></f>", [("/f/comment()/text()", "text")]),
    ],
)
def test_xml_is_compared_by_element(a: str, b: str, expected: list[tuple[str, str]]) -> None:
    found = differences(xml(a), xml(b))
    assert sorted(expected) == sorted((one.name, one.kind) for one in found)


@pytest.mark.parametrize(
    ("name", "a", "b", "kind"),
    [
        ("Vary", ["Cookie, Origin"], ["Cookie"], "members"),
        ("Vary", ["Cookie, Origin"], ["origin", "cookie"], "order"),
        ("Vary", ["Cookie, Origin"], ["cookie,origin"], "spelling"),
        ("Allow", ["GET, HEAD"], ["HEAD, GET"], "order"),
        ("Allow", ["GET, HEAD"], ["GET"], "members"),
        ("Cache-Control", ["private, max-age=1"], ["private,max-age=1"], "spelling"),
        ("Cache-Control", ['private="a, b"'], ['private="a"'], "members"),
        ("Content-Type", ["text/html; charset=utf-8"], ["text/html;charset=UTF-8"], "spelling"),
        ("Content-Type", ["text/html; charset=utf-8"], ["text/html"], "members"),
        ("Link", ['</a,b>; rel="next"'], ["</a,b>; rel=next"], "spelling"),
        ("Link", ['</a>; rel="next"'], ['</b>; rel="next"'], "members"),
        ("ETag", ['"1"'], [], "absent"),
        ("ETag", ['"1"'], ['"2"'], "value"),
        ("X-A", ["1", "2"], ["2", "1"], "order"),
    ],
)
def test_fields_are_compared_by_their_members(
    name: str, a: list[str], b: list[str], kind: str
) -> None:
    left = Answer(200, tuple((name, value) for value in a))
    right = Answer(200, tuple((name, value) for value in b))
    assert [(name.lower(), kind)] == [(one.name, one.kind) for one in differences(left, right)]


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        (["s=1; HttpOnly"], ["s=1"], [Difference("cookie", "s/httponly", "", ABSENT, "absent")]),
        (["s=1; Max-Age=1"], ["s=1; Max-Age=2"], [Difference("cookie", "s/max-age", "1", "2")]),
        (["s=1"], ["s=2"], [Difference("cookie", "s", "1", "2")]),
        (["s=1"], [], [Difference("cookie", "s", "1", ABSENT, "absent")]),
        (
            ["s=1; samesite=LAX"],
            ["s=1; SameSite=lax"],
            [
                Difference(
                    "header", "set-cookie", ["s=1; samesite=LAX"], ["s=1; SameSite=lax"], "spelling"
                )
            ],
        ),
        (
            ["a=1", "b=2"],
            ["b=2", "a=1"],
            [Difference("header", "set-cookie", ["a=1", "b=2"], ["b=2", "a=1"], "order")],
        ),
    ],
)
def test_cookies_are_compared_by_attribute(
    a: list[str], b: list[str], expected: list[Difference]
) -> None:
    left = Answer(200, tuple(("Set-Cookie", value) for value in a))
    right = Answer(200, tuple(("Set-Cookie", value) for value in b))
    assert expected == differences(left, right)


def test_a_target_without_an_answer_is_one_difference() -> None:
    assert [("status", "answer")] == [(one.place, one.kind) for one in every_difference(ONE, None)]
    assert [] == every_difference(None, None)


@pytest.mark.parametrize(
    "body", ["[1,2", "[1 2]", '{"a" 1}', '{"a":1,}', "[01]", "nul", "1 2", "NaN"]
)
def test_what_is_no_json_is_compared_as_bytes(body: str) -> None:
    [found] = differences(json_answer(body), json_answer("1"))
    assert "bytes" == found.kind
