"""Posts that hold every one of some words, by the database's own index where there is one.

`posts.search` holds the words already normalised and separated by blanks
(`blog_core.domain.search`), so an index has only to split at blanks.
"""

import re
from collections.abc import Sequence

from sqlalchemy import ColumnElement, Text, and_, bindparam, cast, func, literal_column, text
from sqlalchemy.dialects.postgresql import TSQUERY

from blog_core.storage.tables import posts


def holds_words(dialect: str, count: int) -> ColumnElement[bool]:
    """Whether a row of `posts` holds all of `count` words; `word_values` gives the parameters."""
    if dialect == "sqlite":
        return posts.c.id.in_(text("SELECT rowid FROM posts_words WHERE posts_words MATCH :words"))
    if dialect == "postgresql":
        # Word for word as in the index, which otherwise is not used.
        vector = func.array_to_tsvector(func.string_to_array(posts.c.search, literal_column("' '")))
        return vector.op("@@", is_comparison=True)(cast(bindparam("words", type_=Text), TSQUERY))
    indexed = text("MATCH (posts.search_terms) AGAINST (:terms IN BOOLEAN MODE)")
    # The index finds long words by their pieces, in whatever order. Byte by byte, because
    # MariaDB's own collation takes some letters for others.
    padded = func.concat(" ", posts.c.search, " ").collate("utf8mb4_bin")
    return and_(indexed, *(padded.like(bindparam(f"word_{number}")) for number in range(count)))


def word_values(dialect: str, words: Sequence[str]) -> dict[str, str]:
    """The parameters of `holds_words`. Words are letters and digits only: nothing to escape."""
    if dialect == "sqlite":
        return {"words": " ".join(f'"{word}"' for word in words)}
    if dialect == "postgresql":
        return {"words": " & ".join(f"'{word}'" for word in words)}
    likes = {f"word_{number}": f"% {word} %" for number, word in enumerate(words)}
    terms = dict.fromkeys(term for word in words for term in _terms(word))
    return {"terms": " ".join(f"+{term}" for term in terms), **likes}


# Of what a word is in MariaDB's index; the migration 0006 makes the same in SQL.
_TERM = 80


def _terms(word: str) -> list[str]:
    pieces = re.findall(f".{{1,{_TERM}}}", word.encode().hex())
    return [f"w{pieces[0]}", *(f"x{piece}" for piece in pieces[1:])]
