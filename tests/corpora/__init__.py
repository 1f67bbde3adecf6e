"""Bytes that others have found to be trouble, and where they come from: see LICENSES.md.

    dict(json_test_suite())["n_array_unclosed"]

A line of a `.jsonl` file is a case: its name, then its bytes as latin-1 text, or as pairs of a text
and how often it is repeated.
"""

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent

Case = tuple[str, bytes]


def json_test_suite() -> list[Case]:
    """Every file of JSONTestSuite: `y_…` must be accepted, `n_…` refused, `i_…` may be either."""
    return _cases("json_test_suite.jsonl")


def gunicorn_requests() -> list[Case]:
    """The requests gunicorn tests its parser with, `valid_…` and `invalid_…`.

    Some of the valid ones are so only with options of gunicorn that the blog is not served with.
    """
    return _cases("gunicorn_requests.jsonl")


def naughty_strings() -> list[str]:
    """Strings that have broken somebody's program."""
    return [json.loads(line) for line in _lines("naughty_strings.jsonl")]


def digest(cases: Iterable[Case]) -> str:
    """Of the names and the bytes."""
    found = hashlib.sha256()
    for name, data in cases:
        found.update(b"%b\0%d\0%b" % (name.encode(), len(data), data))
    return found.hexdigest()


def _cases(file: str) -> list[Case]:
    return [(name, _bytes(parts)) for name, *parts in map(json.loads, _lines(file))]


def _bytes(parts: list[Any]) -> bytes:
    pairs = [(part, 1) if isinstance(part, str) else part for part in parts]
    return b"".join(text.encode("latin-1") * times for text, times in pairs)


def _lines(file: str) -> list[str]:
    return (HERE / file).read_text("ascii").splitlines()
