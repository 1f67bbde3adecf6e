"""The writing that comes along is good enough to be put in."""

import unicodedata
from datetime import timedelta

from blog_core.domain.users import is_username
from blog_core.schemas import NewPost
from triptych.library import articles

LIBRARY = articles()


def test_there_are_a_few_dozen_by_several_authors() -> None:
    assert len(LIBRARY) >= 40
    authors = {article.author for article in LIBRARY}
    assert 6 <= len(authors) <= 8
    assert all(is_username(author) for author in authors)


def test_the_blog_would_take_every_one() -> None:
    for article in LIBRARY:
        new = NewPost(title=article.title, content=article.content)
        assert (new.title, new.content) == (article.title, article.content)


def test_some_are_drafts_and_some_still_to_come() -> None:
    assert [article for article in LIBRARY if article.published is None]
    assert [article for article in LIBRARY if (article.published or timedelta()) > timedelta()]


def test_no_two_appear_at_the_same_instant() -> None:
    instants = [article.published for article in LIBRARY if article.published is not None]
    assert len(set(instants)) == len(instants)


def test_many_scripts_are_among_them() -> None:
    scripts = {
        unicodedata.name(char, "").split()[0]
        for article in LIBRARY
        for char in article.title
        if char.isalpha()
    }
    assert {
        *("LATIN", "GREEK", "CYRILLIC", "ARABIC", "HEBREW", "DEVANAGARI"),
        *("CJK", "HIRAGANA", "HANGUL"),
    } <= scripts


def test_markdown_shows_what_it_can() -> None:
    everything = "\n".join(article.content for article in LIBRARY)
    for mark in ("```python", "```sql", "](/static/", "| --- |", "\n> ", "\n- ", "**", "- [ ]"):
        assert mark in everything
