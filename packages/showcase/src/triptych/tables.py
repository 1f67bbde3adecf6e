"""Tables of users as files: CSV, JSON lines, a JSON array, or what Django's `dumpdata` writes.

    for line, values in tables.rows(stream, tables.Wanted({"password": "pw"})):
        ...

What is wrong with the file as a whole is a BadFile, in one sentence. What is wrong with one user is
for the blog to say.
"""

import codecs
import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import IO, Any, Literal

Format = Literal["csv", "jsonl", "json", "django"]
Row = tuple[int, dict[str, Any]]
"""The line on which a user begins, and what the file says of them."""

LONGEST = 65_536
"""Characters that the line or object of one user has at most."""

COLUMNS: dict[str, tuple[str, ...]] = {
    "username": ("username", "user_name", "login", "name"),
    "email": ("email", "email_address", "mail"),
    "password": ("password", "password_hash", "hashed_password", "pw_hash", "hash"),
    "joined": ("joined", "date_joined", "created", "created_at", "joined_at", "registered_at"),
    "is_staff": ("is_staff", "staff", "is_admin", "is_superuser"),
    "is_active": ("is_active", "active", "enabled"),
}
"""Of each field, by which names a file calls it; the first that is there counts."""
NEEDED = ("username", "email", "password")


class BadFile(Exception):
    """The file is no table of users; the message is a sentence that says why."""


@dataclass(frozen=True)
class Wanted:
    """Which columns are which fields, and which objects of a dump are users."""

    columns: Mapping[str, str]
    """By field, what the user of the command said that it is called here."""
    model: str = "auth.user"
    needed: Sequence[str] = NEEDED

    def names(self, found: Sequence[str], *, strict: bool = True) -> dict[str, str]:
        """By field, the name it has among these. Raises BadFile where a needed one is missing."""
        spelled = {name.strip().lower(): name for name in reversed(found)}
        names = {}
        for field, usual in COLUMNS.items():
            tried = (self.columns[field],) if field in self.columns else usual
            name = next((spelled[one.lower()] for one in tried if one.lower() in spelled), None)
            if name is not None:
                names[field] = name
            elif strict and (field in self.needed or field in self.columns):
                raise BadFile(
                    f"There is no column for {field} (looked for {', '.join(tried)}; there are "
                    f"{_listed(found)}): say which with --column {field}=NAME."
                )
        return names


def _listed(names: Sequence[str]) -> str:
    shown = [name[:40] for name in names[:12]]
    return ", ".join(shown + ["…"] * (len(names) > 12)) or "none"


def rows(stream: IO[bytes], wanted: Wanted, kind: Format | None = None) -> Iterator[Row]:
    """The users of the file, which tells its format by how it begins. Raises BadFile."""
    lines = _lines(stream)
    first, text = next(((number, line) for number, line in lines if line.strip()), (0, ""))
    if first == 0:
        raise BadFile("The file is empty.")
    begin = text.lstrip()[0]
    if kind is None:
        kind = {"[": "json", "{": "jsonl"}.get(begin, "csv")  # type: ignore[assignment]
    if kind in ("json", "django") and begin == "[":
        found = _array(first, text + "".join(line for _, line in lines))
    elif kind in ("jsonl", "django"):
        found = _objects(_again(first, text, lines))
    elif kind == "csv":
        return _records(_again(first, text, lines), wanted)
    else:
        raise BadFile(f"Line {first}: this is no JSON array.")
    return _users(found, wanted, only_django=kind == "django")


def _again(first: int, text: str, lines: Iterator[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    yield first, text
    yield from lines


# --- bytes and lines -----------------------------------------------------------------------------


def _lines(stream: IO[bytes]) -> Iterator[tuple[int, str]]:
    """Each line with its number. Only an array may have them longer than a user needs."""
    number, array = 0, None
    while True:
        line = stream.readline() if array else stream.readline(LONGEST + 1)
        if not line:
            return
        number += 1
        if number == 1:
            line = line.removeprefix(codecs.BOM_UTF8)
        if array is None and line.strip():
            array = line.lstrip()[:1] == b"["
            if array and not line.endswith(b"\n"):
                line += stream.readline()
        if not array and len(line) > LONGEST:
            raise BadFile(f"Line {number} is longer than {LONGEST:,} bytes: this is no user.")
        if b"\0" in line:
            raise BadFile(f"Line {number} holds NUL: this is no text.")
        try:
            yield number, line.decode()
        except UnicodeDecodeError:
            raise BadFile(f"Line {number} is not UTF-8: convert the file with iconv.") from None


# --- CSV -----------------------------------------------------------------------------------------


def _records(lines: Iterator[tuple[int, str]], wanted: Wanted) -> Iterator[Row]:
    at, header = next(lines)
    delimiter = max(",;\t|", key=header.count)
    last = at

    def texts() -> Iterator[str]:
        nonlocal last
        yield header
        for last, text in lines:  # noqa: B007 # read below
            yield text

    csv.field_size_limit(LONGEST)
    reader = csv.reader(texts(), delimiter=delimiter, strict=True)
    try:
        columns = next(reader)
        names = wanted.names(columns)
        places = {field: columns.index(name) for field, name in names.items()}
        begin = last + 1
        for record in reader:
            if record:
                if len(record) != len(columns):
                    raise BadFile(
                        f"Line {begin} has {len(record)} columns, where the first has "
                        f"{len(columns)}."
                    )
                yield begin, {field: record[place] for field, place in places.items()}
            begin = last + 1
    except csv.Error as error:
        raise BadFile(f"Line {last} is not CSV: {error}.") from None


# --- JSON ----------------------------------------------------------------------------------------

Found = Iterator[tuple[int, Any]]


def _objects(lines: Iterator[tuple[int, str]]) -> Found:
    for number, text in lines:
        if text.strip():
            try:
                yield number, json.loads(text)
            except (ValueError, RecursionError):
                raise BadFile(f"Line {number} is not JSON.") from None


def _array(first: int, text: str) -> Found:
    """The items of an array, one after the other: a dump can be long, and on one line."""
    decode = json.JSONDecoder().raw_decode
    line, at, counted = first, text.index("[") + 1, 0
    expected = "]"
    while True:
        at = _skipped(text, at)
        line += text.count("\n", counted, at)
        counted = at
        if text[at : at + 1] == "]" and expected != "item":
            break
        try:
            item, end = decode(text, at)
        except (ValueError, RecursionError):
            raise BadFile(f"Line {line} is not JSON.") from None
        if end - at > LONGEST:
            raise BadFile(f"Line {line}: an object is longer than {LONGEST:,} characters.")
        yield line, item
        at = _skipped(text, end)
        if text[at : at + 1] == ",":
            at, expected = at + 1, "item"
        elif text[at : at + 1] == "]":
            break
        else:
            raise BadFile(
                f"Line {line + text.count(chr(10), counted, at)}: the array is not closed."
            )
    if text[at + 1 :].strip():
        raise BadFile("After the array there is something else.")


def _skipped(text: str, at: int) -> int:
    while text[at : at + 1] in (" ", "\t", "\r", "\n"):
        at += 1
    return at


def _users(found: Found, wanted: Wanted, *, only_django: bool) -> Iterator[Row]:
    other: set[str] = set()
    known: dict[tuple[str, ...], dict[str, str]] = {}
    for line, item in found:
        if not isinstance(item, dict):
            raise BadFile(f"Line {line}: this is no JSON object.")
        values: Any = item
        if isinstance(item.get("fields"), dict) and isinstance(item.get("model"), str):
            if item["model"].lower() != wanted.model.lower():
                other.add(item["model"])
                continue
            values = item["fields"]
        elif only_django:
            raise BadFile(f"Line {line}: this is nothing that dumpdata wrote.")
        keys = tuple(values)
        if keys not in known:
            # A later user without an email is one that the blog refuses.
            known[keys] = wanted.names(keys, strict=not known)
        yield line, {field: values[name] for field, name in known[keys].items()}
    if not known and other:
        raise BadFile(
            f"There is no {wanted.model} in it, but {_listed(sorted(other))}: say which are users "
            "with --model."
        )
