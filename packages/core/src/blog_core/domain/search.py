"""Text to the words a search compares, the same on every database.

Words are runs of letters and digits after compatibility decomposition, without marks (accents),
without regard to case; an ideograph or kana is a word of its own, because those scripts write no
blanks.
"""

import re
import unicodedata

_KANA = "\u3041-\u309f\u30a1-\u30fa\u30fc-\u30ff"
_CJK = _KANA + "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_WORD = re.compile(f"[{_CJK}]|[^\\W_{_CJK}]+")
# PostgreSQL's index takes words of 2,046 bytes at most: of a longer one only its beginning counts.
LONGEST_WORD = 500
_ASCII_WORD = re.compile("[a-z0-9]+")


def words(text: str) -> list[str]:
    """The words of a text in their order, repeats included."""
    return [word[:LONGEST_WORD] for word in _words(text)]


def _words(text: str) -> list[str]:
    if text.isascii():
        return _ASCII_WORD.findall(text.lower())
    # Folding can bring back composed characters (U+0345), hence the second decomposition.
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    bare = "".join(char for char in folded if not unicodedata.category(char).startswith("M"))
    return _WORD.findall(unicodedata.normalize("NFC", bare))


def searchable(title: str, content: str) -> str:
    """Each word of a post once, separated by blanks: what a search looks in."""
    return " ".join(dict.fromkeys(words(f"{title}\n{content}")))
