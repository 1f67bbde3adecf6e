"""Queries: what is read of them, what is refused, what is ignored."""

import pytest

from blog_contract.answers import assert_problem, assert_refused, error_fields, host
from blog_contract.client import Account, Client
from blog_contract.sentences import sentence
from http_parity.exchange import Request

LISTS = ["/api/posts", "/api/users"]


@sentence("query", "problem-errors")
@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize(
    "limit",
    [
        "",
        "0",
        "00",
        "01",
        "101",
        "999",
        "1000",
        "-1",
        "+1",
        "%2B1",
        "%201",
        "1%20",
        "1%0A",
        "1.0",
        "1.",
        "1e1",
        "1_0",
        "0x1",
        "x",
        "true",
        "null",
        "NaN",
        "%D9%A1",
        "%EF%BC%91",
        "%C2%B2",
        "1,2",
        "100000000000000000000",
        "1" * 400,
    ],
)
def test_a_limit_out_of_form_or_range_is_422(client: Client, path: str, limit: str) -> None:
    assert ["limit"] == error_fields(client.get(f"{path}?limit={limit}"))


@sentence("query")
@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize("limit", ["1", "9", "10", "99", "100", "%31", "1%30"])
def test_a_limit_from_1_to_100_is_taken(client: Client, path: str, limit: str) -> None:
    assert 200 == client.get(f"{path}?limit={limit}").status


@sentence("query")
@pytest.mark.parametrize(
    ("path", "field", "value"),
    [
        ("/api/posts", "limit", "1"),
        ("/api/posts", "cursor", "x"),
        ("/api/posts", "author", "a"),
        ("/api/posts", "status", "published"),
        ("/api/posts", "q", "a"),
        ("/api/posts", "order", "newest"),
        ("/api/users", "limit", "1"),
        ("/api/users", "cursor", "x"),
    ],
)
def test_a_known_parameter_given_twice_is_422(
    client: Client, path: str, field: str, value: str
) -> None:
    answer = client.get(f"{path}?{field}={value}&other=1&{field}={value}")
    assert [field] == error_fields(answer)


@sentence("query")
def test_a_parameter_given_twice_in_two_spellings_is_422(client: Client) -> None:
    assert ["limit"] == error_fields(client.get("/api/posts?limit=1&%6Cimit=1"))


@sentence("query")
@pytest.mark.parametrize("query", ["limit=1&limit=2", "limit=1&limit=", "limit&limit=1"])
def test_neither_the_first_nor_the_last_of_two_values_wins(
    client: Client, author: Account, query: str
) -> None:
    answer = client.get(f"/api/tokens?{query}", token=author.token)
    assert ["limit"] == error_fields(answer)


@sentence("query")
@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("order", ""),
        ("order", "Newest"),
        ("order", "-pub_date"),
        ("order", "newest%20"),
        ("status", ""),
        ("status", "Draft"),
        ("status", "deleted"),
        ("status", "draft,scheduled"),
        ("q", ""),
        ("q", "a" * 201),
        ("cursor", ""),
        ("cursor", "x"),
        ("cursor", "%C3%A9"),
    ],
)
def test_a_parameter_of_the_wrong_form_is_422(client: Client, field: str, value: str) -> None:
    assert [field] == error_fields(client.get(f"/api/posts?{field}={value}"))


@sentence("problem-errors", "query")
def test_several_bad_parameters_are_named_once_each(client: Client) -> None:
    answer = client.get("/api/posts?limit=0&order=x&status=x&q=&limit=x")
    fields = error_fields(answer)
    assert {"limit", "order", "status", "q"} == set(fields)
    assert len(set(fields)) == len(fields)


@sentence("query")
@pytest.mark.parametrize(
    "query",
    [
        "page=2",
        "format=xml",
        "format=json",
        "offset=10",
        "limit[]=1",
        "Limit=0",
        "LIMIT=x",
        "limit%20=0",
        "x=1&x=2",
        "=1",
        "x",
        "&",
        "&&x=1&&",
        "x=1=2",
        "x=%41%2B%26",
        "callback=f",
        "_=1",
        "a;limit=0",
    ],
)
def test_unknown_parameters_change_nothing(client: Client, query: str) -> None:
    expected = client.get("/api/posts?limit=1&order=oldest")
    answer = client.get(f"/api/posts?limit=1&order=oldest&{query}")
    assert (200, expected.body) == (answer.status, answer.body)
    assert expected.header("Link") == answer.header("Link")


@sentence("query", "page-limit")
@pytest.mark.parametrize("path", LISTS)
def test_an_empty_query_is_none(client: Client, path: str) -> None:
    assert client.get(path).body == client.get(f"{path}?").body


@sentence("query-bytes")
def test_plus_and_20_are_both_a_blank(client: Client) -> None:
    expected = client.get("/api/posts?q=one%20two&limit=1")
    assert 200 == expected.status
    assert (
        expected.json()["results"] == client.get("/api/posts?q=one+two&limit=1").json()["results"]
    )
    assert ["limit"] == error_fields(client.get("/api/posts?limit=+1"))


BAD_ESCAPES = {
    "ff": "%FF",
    "c3": "%C3",
    "cut": "%E2%82",
    "overlong": "%C0%AF",
    "surrogate": "%ED%A0%80",
    "beyond": "%F4%90%80%80",
    "latin-1": "caf%E9",
    "nul": "%00",
    "nul-inside": "a%00b",
    "bare": "%",
    "one-digit": "%4",
    "no-digits": "%zz",
    "blank-digit": "%2%30",
    "unicode-escape": "%u0041",
}


@sentence("query-bytes", "status-400")
@pytest.mark.parametrize("escape", BAD_ESCAPES.values(), ids=BAD_ESCAPES.keys())
@pytest.mark.parametrize(
    "target",
    ["/api/posts?q={}", "/api/posts?other={}", "/api/posts?{}=1", "/api/users?{}", "/livez?x={}"],
)
def test_an_escape_that_is_no_utf8_or_broken_is_400(
    client: Client, target: str, escape: str
) -> None:
    assert_problem(client.get(target.format(escape)), 400)


@sentence("query-bytes")
@pytest.mark.parametrize(
    "raw",
    [
        pytest.param("\xc3\xa9", id="utf-8"),
        pytest.param("\xe9", id="latin-1"),
        pytest.param("\xff", id="ff"),
        pytest.param("\x01", id="01"),
        pytest.param("\t", id="tab"),
        pytest.param("\x7f", id="7f"),
        *'"<>',
    ],
)
@pytest.mark.parametrize("target", ["/api/posts?q={}", "/livez?{}"])
def test_a_raw_character_that_no_query_holds_is_400_or_refused_by_a_server(
    client: Client, target: str, raw: str
) -> None:
    assert_refused(client, Request("GET", target.format(raw), host(client)), 400)


@sentence("query-bytes")
@pytest.mark.parametrize("raw", ["'()*", ",;:@", "!$~", "/?", "-._"])
def test_other_printable_characters_stand_for_themselves(client: Client, raw: str) -> None:
    assert 200 == client.get(f"/api/posts?limit=1&q=a{raw}").status


@sentence("query-count")
@pytest.mark.parametrize("path", ["/api/posts", "/livez", "/api/users"])
@pytest.mark.parametrize("name", ["x{}", "x"], ids=["different", "same"])
def test_50_query_fields_are_read_and_51_are_400(client: Client, path: str, name: str) -> None:
    fields = [f"{name.format(number)}=1" for number in range(51)]
    assert 200 == client.get(f"{path}?{'&'.join(fields[:50])}").status
    assert_problem(client.get(f"{path}?{'&'.join(fields)}"), 400)
