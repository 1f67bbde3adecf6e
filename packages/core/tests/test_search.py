import pytest
from hypothesis import given
from hypothesis import strategies as st

from blog_core.domain.search import LONGEST_WORD, searchable, words


@pytest.mark.sentence("search")
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("Hello, World 42!", ["hello", "world", "42"]),
        ("snake_case it's C++", ["snake", "case", "it", "s", "c"]),
        ("Café CAFÉ cafe\u0301", ["cafe", "cafe", "cafe"]),
        ("naïve Ångström", ["naive", "angstrom"]),
        ("Straße STRASSE", ["strasse", "strasse"]),
        ("Σίσυφος ΣΊΣΥΦΟΣ", ["σισυφοσ", "σισυφοσ"]),
        ("İstanbul istanbul", ["istanbul", "istanbul"]),
        ("ılık", ["ılık"]),
        ("ﬁne ﬃ ①", ["fine", "ffi", "1"]),
        ("Ｆｕｌｌ　Ｗｉｄｔｈ １２", ["full", "width", "12"]),
        ("smørrebrød Łódź æon", ["smørrebrød", "łodz", "æon"]),
        ("漢字とカナ", ["漢", "字", "と", "カ", "ナ"]),
        ("ｶﾞラーメン", ["カ", "ラ", "ー", "メ", "ン"]),
        ("𠮷野家", ["𠮷", "野", "家"]),
        ("東京・大阪゠京都", ["東", "京", "大", "阪", "京", "都"]),
        ("한국어 조선말", ["한국어", "조선말"]),
        ("हिन्दी", ["हनद"]),
        ("क़लम", ["कलम"]),
        ("🐍 snake🐍oil 👩‍💻", ["snake", "oil"]),
        ("zero\u200bwidth", ["zero", "width"]),
        ("٤٢ Ⅳ ½", ["٤٢", "iv", "1", "2"]),
        ("ᾳ Ὀδυσσεύς", ["αι", "οδυσσευσ"]),
        ("Ж й Ё", ["ж", "и", "е"]),
        ("!?…—*", []),
    ],
)
def test_words_are_what_people_search_for(text: str, expected: list[str]) -> None:
    assert expected == words(text)


def test_hangul_is_one_word_whether_composed_or_not() -> None:
    assert ["한"] == words("한") == words("\u1112\u1161\u11ab")


@given(st.text())
def test_words_of_words_are_the_same(text: str) -> None:
    once = words(text)
    assert once == words(" ".join(once))


@given(st.text(alphabet=st.characters(max_codepoint=127)))
def test_the_short_way_for_ascii_gives_the_same(text: str) -> None:
    # A letter of another script at the end takes the long way.
    assert [*words(text), "ж"] == words(f"{text} ж")


@given(st.text(alphabet=st.characters(exclude_categories=["Cn", "Cs"])))
def test_words_hold_letters_and_digits_only(text: str) -> None:
    assert all(word.isalnum() and "_" not in word for word in words(text))


@given(st.text(), st.text(), st.text())
def test_each_word_of_a_part_is_found_in_the_whole(title: str, before: str, part: str) -> None:
    stored = searchable(title, f"{before} {part}").split(" ")
    assert set(words(part)) <= set(stored)


def test_each_word_is_kept_once() -> None:
    assert searchable("Snake snake", "oil SNAKE") == "snake oil"


def test_a_word_without_end_counts_by_its_beginning() -> None:
    assert ["a" * LONGEST_WORD] == words("a" * 100_000)
    assert ["e" * LONGEST_WORD] == words("é" * 100_000)
    assert len("𐐨".encode()) * LONGEST_WORD <= 2046
