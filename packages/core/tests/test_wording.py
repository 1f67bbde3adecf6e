from hypothesis import given
from hypothesis import strategies as st

from blog_core.http.wording import Part, differences

TEXTS = st.text(alphabet="ab é雨,. \n", max_size=60)


def without(kind: str, parts: list[Part]) -> str:
    return "".join(part.text for part in parts if part.kind != kind)


@given(TEXTS, TEXTS)
def test_both_texts_can_be_read_off_the_differences(old: str, new: str) -> None:
    parts = differences(old, new)
    assert old == without("added", parts)
    assert new == without("removed", parts)


def test_words_differ_as_wholes() -> None:
    assert [
        Part("same", "The "),
        Part("removed", "old"),
        Part("added", "new"),
        Part("same", " house."),
    ] == differences("The old house.", "The new house.")


def test_each_ideograph_is_a_word() -> None:
    parts = differences("雨の名前", "雨の夜")
    assert [Part("same", "雨の"), Part("removed", "名前"), Part("added", "夜")] == parts


def test_equal_texts_have_no_differences() -> None:
    assert [Part("same", "a b")] == differences("a b", "a b")
    assert [] == differences("", "")


def test_texts_too_different_to_compare_are_wholly_different() -> None:
    old, new = "a b " * 25_000, "c d " * 25_000
    parts = differences(old, new)
    assert (old, new) == (without("added", parts), without("removed", parts))
    assert len(parts) <= 4
