from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blog_core.domain.instants import format_instant, parse_instant

instants = st.datetimes(
    min_value=datetime(1970, 1, 1),  # noqa: DTZ001 # Hypothesis adds the timezone
    max_value=datetime(9998, 12, 31, 23, 59, 59, 999999),  # noqa: DTZ001 # same
    timezones=st.just(UTC),
)


@pytest.mark.sentence("instants")
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-01-02T03:04:05Z", "2026-01-02T03:04:05.000000Z"),
        ("2026-01-02t03:04:05z", "2026-01-02T03:04:05.000000Z"),
        ("2026-01-02T03:04:05.5Z", "2026-01-02T03:04:05.500000Z"),
        ("2026-01-02T03:04:05.000006Z", "2026-01-02T03:04:05.000006Z"),
        ("2026-01-02T03:04:05+05:30", "2026-01-01T21:34:05.000000Z"),
        ("2026-01-02T03:04:05-00:00", "2026-01-02T03:04:05.000000Z"),
        ("2026-01-02T03:04:05-23:59", "2026-01-03T03:03:05.000000Z"),
        ("2024-02-29T00:00:00Z", "2024-02-29T00:00:00.000000Z"),
        ("1970-01-01T00:00:00Z", "1970-01-01T00:00:00.000000Z"),
        ("1969-12-31T23:00:00-01:00", "1970-01-01T00:00:00.000000Z"),
        ("9998-12-31T23:59:59.999999Z", "9998-12-31T23:59:59.999999Z"),
    ],
)
def test_an_instant_comes_back_in_utc(text: str, expected: str) -> None:
    assert expected == format_instant(parse_instant(text))


@pytest.mark.sentence("instants")
@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026-01-02",
        "2026-01-02T03:04Z",
        "2026-01-02T03:04:05",
        "2026-01-02 03:04:05Z",
        "2026-01-02T03:04:05.Z",
        "2026-01-02T03:04:05,5Z",
        "2026-01-02T03:04:05.0000001Z",
        "2026-01-02T03:04:05+0530",
        "2026-01-02T03:04:05+05",
        "2026-01-02T03:04:05+24:00",
        "2026-01-02T03:04:05+01:60",
        "2026-01-02T03:04:05 Z",
        "2026-01-02T03:04:05Z\n",
        " 2026-01-02T03:04:05Z",
        "2026-W01-5T03:04:05Z",
        "20260102T030405Z",
        "٢٠٢٦-01-02T03:04:05Z",
        "2026-02-29T00:00:00Z",
        "2026-13-01T00:00:00Z",
        "2026-01-00T00:00:00Z",
        "2026-01-02T24:00:00Z",
        "2026-01-02T23:60:00Z",
        "2026-06-30T23:59:60Z",
        "0000-01-01T00:00:00Z",
        "0001-01-01T00:00:00+01:00",
        "1969-12-31T23:59:59.999999Z",
        "1970-01-01T00:00:00+00:01",
        "9999-01-01T00:00:00Z",
        "9999-12-31T23:59:59-23:00",
        "9998-12-31T23:59:59-00:01",
    ],
)
def test_anything_else_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(ValueError, match=r"^[A-Z].*\.$"):
        parse_instant(text)


@given(instants)
def test_what_is_formatted_parses_to_the_same(instant: datetime) -> None:
    assert instant == parse_instant(format_instant(instant))


@given(instants, instants)
def test_instants_as_text_are_in_the_order_of_instants(first: datetime, second: datetime) -> None:
    assert (first <= second) == (format_instant(first) <= format_instant(second))


@given(st.text())
def test_no_text_raises_anything_but_value_error(text: str) -> None:
    try:
        parse_instant(text)
    except ValueError:
        return
    assert len(text) >= len("2026-01-02T03:04:05Z")
