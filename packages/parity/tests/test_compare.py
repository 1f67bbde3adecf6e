from http_parity.compare import differences
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
        "header vary: ['a', 'b'] is not ['b', 'a']",
        "header x-new: absent is not 'x'",
        "body: b'one' is not b'two'",
    ]


def test_further_fields_are_ignored_by_name_in_any_case() -> None:
    other = Answer(200, (("ETag", '"2"'), ("Vary", "a"), ("Vary", "b")), b"one")
    assert differences(ONE, other, ignore=["etag"]) == []
