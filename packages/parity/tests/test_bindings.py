import pytest

from http_parity.bindings import Correspondence, Made, atoms, scalars, shape
from http_parity.exchange import Answer, Request

ONE, OTHER = "8f14e45fceea167a5a36dedd4bea2543", "c9f0f895fb98ab9159f51fd0297e236d"


def answer(body: str, *headers: tuple[str, str]) -> Answer:
    return Answer(200, headers, body.encode())


def made(*places: str) -> Made:
    """A target that makes 32 hexadecimal digits at these places."""
    found = Made()
    for place in places:
        found.learn("read", place, ONE, OTHER)
    return found


def words(*places: str) -> Correspondence:
    return Correspondence((made(*places), made(*places)))


def test_what_both_make_up_at_a_place_is_told_in_the_words_of_the_first() -> None:
    ours, theirs = answer(f'{{"token":"{ONE}"}}'), answer(f'{{"token":"{OTHER}"}}')

    assert ours == words("body:/token").translate("read", ours, theirs)


def test_what_only_one_makes_up_stays_a_difference() -> None:
    ours, theirs = answer(f'{{"token":"{ONE}"}}'), answer(f'{{"token":"{OTHER}"}}')
    half = Correspondence((made("body:/token"), made()))

    assert theirs == half.translate("read", ours, theirs)
    assert [(ONE, OTHER)] == [(atom.a, atom.b) for atom in half.unknown]


def test_what_is_made_up_must_have_the_same_form() -> None:
    ours, theirs = answer(f'{{"token":"{ONE}"}}'), answer('{"token":"short"}')

    assert theirs == words("body:/token").translate("read", ours, theirs)


def test_what_corresponds_once_corresponds_everywhere() -> None:
    both = words("body:/token")
    both.translate("read", answer(f'{{"token":"{ONE}"}}'), answer(f'{{"token":"{OTHER}"}}'))
    ours = answer("x", ("Location", f"/things/{ONE}?a=1"), ("Set-Cookie", f"s={ONE}; HttpOnly"))
    theirs = answer(
        "x", ("Location", f"/things/{OTHER}?a=1"), ("Set-Cookie", f"s={OTHER}; HttpOnly")
    )

    assert ours == both.translate("other", ours, theirs)


def test_what_corresponds_to_something_else_does_not() -> None:
    both = words("body:/token")
    both.translate("read", answer(f'{{"token":"{ONE}"}}'), answer(f'{{"token":"{OTHER}"}}'))
    third = "45c48cce2e2d7fbdea1afc51c7c6ad26"
    ours, theirs = answer(f'{{"token":"{ONE}"}}'), answer(f'{{"token":"{third}"}}')

    assert theirs == both.translate("read", ours, theirs)


def test_white_space_and_the_order_of_keys_still_count() -> None:
    ours = answer(f'{{"a":1,"token":"{ONE}"}}')
    theirs = answer(f'{{"token": "{OTHER}", "a":1}}')

    translated = words("body:/token").translate("read", ours, theirs)

    assert f'{{"token": "{ONE}", "a":1}}'.encode() == translated.body


def test_a_length_follows_what_was_translated() -> None:
    numbers = Made()
    numbers.learn("read", "body:/id", "7", "8")
    both = Correspondence((numbers, numbers))
    ours = answer('{"id":7}', ("Content-Length", "8"))
    theirs = answer('{"id":5000}', ("Content-Length", "11"))

    assert ours == both.translate("read", ours, theirs)


def test_a_length_that_is_not_true_stays() -> None:
    numbers = Made()
    numbers.learn("read", "body:/id", "7", "8")
    ours = answer('{"id":7}', ("Content-Length", "8"))
    theirs = answer('{"id":5000}', ("Content-Length", "12"))

    translated = Correspondence((numbers, numbers)).translate("read", ours, theirs)

    assert "12" == translated.header("content-length")


def test_a_text_that_is_no_json_is_compared_by_its_words() -> None:
    page, other = (f'<input name="csrf" value="{value}">' for value in (ONE, OTHER))

    assert answer(page) == words("body~value").translate("read", answer(page), answer(other))


def test_a_field_made_anew_in_several_kinds_of_answer_is_so_in_every_one() -> None:
    everywhere = Made()
    for scope in ("read", "write", "list"):
        everywhere.learn(scope, "header:x-request-id", ONE, OTHER)
    ours, theirs = (answer("", ("X-Request-ID", value)) for value in (ONE, OTHER))

    assert ours == Correspondence((everywhere, everywhere)).translate("delete", ours, theirs)


def test_what_the_client_wrote_itself_does_not_correspond_without_a_reset() -> None:
    ours, theirs = answer('{"page":5}'), answer('{"page":6}')
    echo = Correspondence((Made(), Made()), by_form=True, sent=frozenset({"5"}))
    none = Correspondence((Made(), Made()), by_form=True)

    assert theirs == echo.translate("read", ours, theirs)
    assert ours == none.translate("read", ours, theirs)


def test_both_are_asked_alike_where_what_they_are_sent_corresponds() -> None:
    both = words("body:/token")
    both.translate("read", answer(f'{{"token":"{ONE}"}}'), answer(f'{{"token":"{OTHER}"}}'))
    asked = [Request("GET", "/", (("Authorization", f"Bearer {token}"),)) for token in (ONE, OTHER)]

    assert both.asked_alike(*asked)
    assert not both.asked_alike(asked[0], Request("GET", "/", (("Authorization", "Bearer x"),)))
    assert not words().asked_alike(*asked)


@pytest.mark.parametrize(
    ("body", "places"),
    [
        (b"{}", []),
        (b'{"a":1,"b":[true,{"c":"x"}]}', ["/a", "/b/0", "/b/1/c"]),
        (b'["a",null]', ["/0", "/1"]),
        (b' {"a" : 1 } '.strip(), ["/a"]),
        (b'{"a/b~":"\\"}"}', ["/a~1b~0"]),
        (b'{"a":', None),
        (b"hello", None),
        (b"", None),
        (b"{}]", None),
    ],
)
def test_every_value_of_a_json_body_is_found_where_it_stands(
    body: bytes, places: list[str] | None
) -> None:
    found = scalars(body)

    assert places == (None if found is None else [pointer for pointer, _ in found])
    for _, (start, end) in found or ():
        assert body[start:end] == body[start:end].strip()


def test_parts_of_a_text_are_told_from_what_is_the_same_in_it() -> None:
    ours, theirs = answer('{"next":"/p?cursor=abcd&n=2"}'), answer('{"next":"/p?cursor=efgh&n=2"}')

    assert [("body:/next#2", "abcd", "efgh")] == [
        (atom.place, atom.a, atom.b) for atom in atoms(ours, theirs)
    ]


def test_forms_tell_what_the_same_code_could_have_made() -> None:
    assert shape("7") == shape("5000")
    assert shape(ONE) == shape(OTHER)
    assert shape("2026-01-02T03:04:05Z") == shape("2027-11-12T13:14:15Z")
    assert shape("2026-01-02T03:04:05Z") != shape("2026-01-02T03:04:05.000Z")
    assert shape(ONE) != shape("Xw_QzR0pLk8fTt2n9sYv-3mB1cDaEeGg")
