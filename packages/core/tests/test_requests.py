import pytest
from hypothesis import given
from hypothesis import strategies as st

from blog_core import schemas
from blog_core.domain.errors import Invalid, NotAuthenticated
from blog_core.http import problems
from blog_core.http.front import TOO_LARGE
from blog_core.http.operations import BY_NAME
from blog_core.http.problems import Refused
from blog_core.http.requests import (
    Asked,
    admit,
    credentials,
    expected,
    matches_none,
    query,
    refused,
)
from blog_core.schemas import ANYBODY, Credentials, Expected


@pytest.mark.sentence("authorization")
@pytest.mark.parametrize(
    ("sent", "token"),
    [
        (None, None),
        ("", None),
        ("Bearer abc", "abc"),
        ("bEARER abc", "abc"),
        ("  Bearer   abc ", "abc"),
        ("Bearer", ""),
        ("Basic abc", None),
        ("Token abc", None),
        ("Bearerabc", None),
    ],
)
def test_credentials_are_a_bearer_token(sent: str | None, token: str | None) -> None:
    assert Credentials(token) == credentials(sent)


@pytest.mark.sentence("order-no-database")
def test_credentials_are_asked_for_before_the_query_is_read() -> None:
    with pytest.raises(NotAuthenticated):
        admit(Asked(BY_NAME["list_tokens"], query="limit=0"))
    for sent in (Credentials("x"), Credentials(session="x")):
        with pytest.raises(Invalid):
            admit(Asked(BY_NAME["list_tokens"], sent, query="limit=0"))
        assert sent == admit(Asked(BY_NAME["list_tokens"], sent))
    assert ANYBODY == admit(Asked(BY_NAME["list_posts"], query="limit=1"))


@pytest.mark.sentence("order-no-database")
def test_a_body_is_refused_before_credentials_are_asked_for() -> None:
    with pytest.raises(Refused) as refused:
        admit(Asked(BY_NAME["list_tokens"], query="limit=0", refusal=TOO_LARGE))
    assert TOO_LARGE == problems.of(refused.value)


@pytest.mark.sentence("query")
@pytest.mark.parametrize("limit", [1, 20, 100])
def test_a_limit_is_from_1_to_100(limit: int) -> None:
    assert limit == query(schemas.PageQuery, f"limit={limit}").limit


@pytest.mark.sentence("query")
@pytest.mark.parametrize(
    "limit",
    ["", "0", "101", "999", "1000", "-1", "+1", "%2B1", "1.0", "01", "%201", "1_0", "%D9%A5", "x"],
)
def test_anything_else_is_no_limit(limit: str) -> None:
    with pytest.raises(Invalid) as invalid:
        query(schemas.PageQuery, f"limit={limit}")
    assert ["limit"] == [error.field for error in invalid.value.errors]


@pytest.mark.sentence("query")
def test_a_parameter_given_twice_is_refused_and_an_unknown_one_ignored() -> None:
    with pytest.raises(Invalid) as invalid:
        query(schemas.PostQuery, "x=1&x=2&q=a&status=none&q=b&author=%20&limit=5&limit=5")
    assert [
        ("author", "invalid"),
        ("status", "invalid"),
        ("q", "repeated"),
        ("limit", "repeated"),
    ] == [(error.field, error.code) for error in invalid.value.errors]
    assert schemas.PostQuery() == query(schemas.PostQuery, "x=1&x=2")


@pytest.mark.sentence("query-bytes")
def test_a_plus_is_a_blank() -> None:
    assert "a b c" == query(schemas.PostQuery, "q=a+b%20c").q


@given(st.text())
def test_no_query_raises_anything_but_invalid(text: str) -> None:
    try:
        found = query(schemas.PostQuery, text)
    except Invalid:
        return
    assert isinstance(found, schemas.PostQuery)


@pytest.mark.sentence("if-match")
@pytest.mark.parametrize(
    ("if_match", "versions"),
    [
        ('"1"', {1}),
        (' "1" , "22","3" ', {1, 22, 3}),
        ('"1", W/"2"', {1}),
        ('W/"1"', set()),
        ('"x", "1"', {1}),
        ("1", set()),
        ('"1', set()),
        ('"1" "2"', set()),
        ('"01"', set()),
        ('"0"', set()),
        ('"-1"', set()),
        (f'"{10**18}"', set()),
        ("", set()),
        ('"1", *', set()),
        ('"1"; "2"', set()),
    ],
)
def test_if_match_names_versions(if_match: str, versions: set[int]) -> None:
    assert Expected(frozenset(versions)) == expected(if_match)


@pytest.mark.sentence("if-match")
def test_if_match_may_be_any_or_absent() -> None:
    assert Expected(any=True) == expected(" * ")
    assert expected(None) is None


@pytest.mark.sentence("if-none-match")
@pytest.mark.parametrize(
    ("if_none_match", "matches"),
    [
        ('"1"', True),
        ('W/"1"', True),
        ('"x","1"', True),
        ("*", True),
        ('"2"', False),
        ("1", False),
        ('"1" x', False),
        ("", False),
        ('"11"', False),
    ],
)
def test_if_none_match_compares_weakly(if_none_match: str, matches: bool) -> None:
    assert matches == matches_none(if_none_match, '"1"')


@given(st.text(alphabet='"W/1, *\\x'))
def test_no_tag_raises(text: str) -> None:
    expected(text)
    matches_none(text, '"1"')


@pytest.mark.parametrize("text", ['"' * 8000, '"",' * 2600, " ," * 4000 + "x", 'W/""' * 2000])
def test_no_list_of_tags_keeps_the_rule_busy(text: str) -> None:
    assert Expected() == expected(text)
    assert not matches_none(text, '"1"')


def test_what_a_framework_refused_is_said_in_our_words() -> None:
    errors = [{"loc": ("body", "title"), "type": "missing", "msg": ""}]
    reason = refused(BY_NAME["create_post"], "", errors)
    assert [("title", "required")] == [(error.field, error.code) for error in reason.errors]
    errors = [{"loc": ("query", "limit"), "type": "int_parsing", "msg": ""}]
    reason = refused(BY_NAME["list_posts"], "limit=x&limit=y", errors)
    assert [("limit", "repeated")] == [(error.field, error.code) for error in reason.errors]
