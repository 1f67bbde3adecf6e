import pytest

from http_parity.exchange import Answer, Request, declared_length, split_target, with_defaults

ANSWER = Answer(200, (("ETag", '"1"'), ("Link", "<a>"), ("link", "<b>")), b'{"a":1}')


def test_a_header_is_found_in_any_case_and_absent_ones_are_none() -> None:
    assert ANSWER.header("etag") == '"1"'
    assert ANSWER.header("Date") is None


def test_a_repeated_header_is_not_taken_for_one() -> None:
    with pytest.raises(LookupError, match="Link came 2 times"):
        ANSWER.header("Link")


def test_every_value_of_a_repeated_header_is_given_in_order() -> None:
    assert ANSWER.header_values("LINK") == ["<a>", "<b>"]


def test_a_body_is_read_as_json() -> None:
    assert ANSWER.json() == {"a": 1}


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        (Request("GET", "/"), (("Host", "h"),)),
        (Request("POST", "/"), (("Host", "h"), ("Content-Length", "0"))),
        (Request("DELETE", "/", (), b"x"), (("Host", "h"), ("Content-Length", "1"))),
        (Request("GET", "/", (("host", "own"),)), (("host", "own"),)),
        (
            Request("POST", "/", (("host", "own"), ("transfer-encoding", "chunked"))),
            (("host", "own"), ("transfer-encoding", "chunked")),
        ),
    ],
)
def test_defaults_are_added_only_where_the_request_has_none(
    request_: Request, expected: tuple[tuple[str, str], ...]
) -> None:
    assert with_defaults(request_, "h").headers == expected


@pytest.mark.parametrize(
    ("values", "expected"),
    [(["5"], 5), ([], None), (["5", "5"], None), (["+5"], None), (["\u0665"], None)],
)
def test_only_one_well_formed_length_declares_a_length(
    values: list[str], expected: int | None
) -> None:
    headers = tuple(("Content-Length", value) for value in values)
    assert declared_length(Request("POST", "/", headers)) == expected


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("/a?b=c?d", ("/a", "b=c?d")),
        ("//a/../b", ("//a/../b", "")),
        ("http://host/a?b", ("/a", "b")),
        ("http://host?b", ("", "b")),
        ("http://host", ("", "")),
        ("*", ("*", "")),
        ("/a%3Fb#c", ("/a%3Fb", "")),
        ("", ("", "")),
    ],
)
def test_a_request_target_is_split_without_being_repaired(
    target: str, expected: tuple[str, str]
) -> None:
    assert split_target(target) == expected
