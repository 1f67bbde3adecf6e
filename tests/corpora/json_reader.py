"""JSON as the contract reads it (`[json]`), written down a second time and in another way.

A reader of RFC 8259 by hand, so that what the core makes of Python's `json` can be held against
something that shares no code with it.
"""

from collections.abc import Sequence

DEEPEST = 32
MOST_DIGITS = 400

BLANKS = " \t\n\r"
DIGITS = "0123456789"
HEX = "0123456789abcdefABCDEF"
ESCAPES = {'"': '"', "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}


class Unreadable(Exception):
    """What the contract answers with 400."""


def keys(body: bytes) -> Sequence[str] | None:
    """The keys of the object that the body is, None where it is another value.

    Raises Unreadable.
    """
    if body.startswith(b"\xef\xbb\xbf"):
        raise Unreadable("a byte order mark")
    try:
        reader = _Reader(body.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise Unreadable("not UTF-8") from error
    return reader.document()


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0

    def document(self) -> Sequence[str] | None:
        found = self._value(0)
        self._blanks()
        if self._at < len(self._text):
            raise Unreadable("something after the value")
        return found

    def _value(self, depth: int) -> Sequence[str] | None:
        self._blanks()
        match self._peek():
            case "{":
                return self._object(depth + 1)
            case "[":
                self._array(depth + 1)
            case '"':
                self._string()
            case "t" | "f" | "n":
                self._word()
            case _:
                self._number()
        return None

    def _object(self, depth: int) -> Sequence[str]:
        found: list[str] = []
        self._open("{", depth)
        if self._peek() == "}":
            self._take("}")
        else:
            more = True
            while more:
                self._blanks()
                found.append(self._string())
                self._blanks()
                self._take(":")
                self._value(depth)
                more = self._more("}")
        if len(set(found)) < len(found):
            raise Unreadable("a key twice")
        return found

    def _array(self, depth: int) -> None:
        self._open("[", depth)
        if self._peek() == "]":
            self._take("]")
            return
        more = True
        while more:
            self._value(depth)
            more = self._more("]")

    def _open(self, bracket: str, depth: int) -> None:
        self._take(bracket)
        if depth > DEEPEST:
            raise Unreadable("too deep")
        self._blanks()

    def _more(self, end: str) -> bool:
        self._blanks()
        if self._peek() == ",":
            self._take(",")
            return True
        self._take(end)
        return False

    def _string(self) -> str:
        self._take('"')
        units: list[str] = []
        while (letter := self._next()) != '"':
            if letter < " ":
                raise Unreadable("a control character in a string")
            units.append(self._escape() if letter == "\\" else letter)
        # A pair of halves becomes its character; a half alone has none.
        try:
            return "".join(units).encode("utf-16", "surrogatepass").decode("utf-16")
        except UnicodeDecodeError as error:
            raise Unreadable("half a surrogate pair") from error

    def _escape(self) -> str:
        letter = self._next()
        if letter in ESCAPES:
            return ESCAPES[letter]
        if letter != "u":
            raise Unreadable("an unknown escape")
        digits = [self._next() for _ in range(4)]
        if not set(digits) <= set(HEX):
            raise Unreadable("an escape without four digits")
        return chr(int("".join(digits), 16))

    def _word(self) -> None:
        for word in ("true", "false", "null"):
            if self._text.startswith(word, self._at):
                self._at += len(word)
                return
        raise Unreadable("an unknown word")

    def _number(self) -> None:
        start = self._at
        if self._peek() == "-":
            self._take("-")
        if self._peek() == "0":
            self._take("0")
        else:
            self._digits()
        if self._peek() == ".":
            self._take(".")
            self._digits()
        if self._peek() in ("e", "E"):
            self._next()
            if self._peek() in ("+", "-"):
                self._next()
            self._digits()
        if self._at - start > MOST_DIGITS:
            raise Unreadable("a number too long")

    def _digits(self) -> None:
        start = self._at
        while self._peek() and self._peek() in DIGITS:
            self._at += 1
        if self._at == start:
            raise Unreadable("no digit where one is needed")

    def _blanks(self) -> None:
        while self._peek() and self._peek() in BLANKS:
            self._at += 1

    def _peek(self) -> str:
        return self._text[self._at : self._at + 1]

    def _next(self) -> str:
        letter = self._peek()
        if not letter:
            raise Unreadable("cut off")
        self._at += 1
        return letter

    def _take(self, letter: str) -> None:
        if self._next() != letter:
            raise Unreadable(f"no {letter} where one is needed")
