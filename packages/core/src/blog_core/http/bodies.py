"""Which bytes are a readable JSON body (RFC 8259, and the stricter RFC 7493)."""

import json
import re
from collections.abc import Sequence
from typing import Any, NoReturn

LARGEST = 1024 * 1024
DEEPEST = 32
LONGEST_NUMBER = 400

_STRING = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)
_BRACKET = re.compile(rb"[][{}]")
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")
_MEDIA_TYPE = re.compile(
    r'application/json(?:[ \t]*;[ \t]*charset=(?:utf-8|"utf-8"))?', re.IGNORECASE
)


def is_json_type(content_type: str) -> bool:
    """Whether it is `application/json`, with no parameter but `charset=utf-8`."""
    return _MEDIA_TYPE.fullmatch(content_type.strip(" \t")) is not None


def why_unreadable(body: bytes) -> str | None:
    """A sentence saying why a body is no JSON that everybody would read alike, or None."""
    if not body:
        return "The body is empty: send a JSON object."
    # Before decoding: how deep a decoder goes before it breaks depends on the version of Python.
    if body.count(b"{") + body.count(b"[") > DEEPEST and _depth(body) > DEEPEST:
        return f"The JSON is nested deeper than {DEEPEST} levels."
    try:
        value = _DECODER.decode(body.decode())
        if _SURROGATE.search(body):
            json.dumps(value, ensure_ascii=False).encode()
    except _Refused as error:
        return str(error)
    except UnicodeEncodeError:
        return "The body holds half a surrogate pair, which is no character."
    except UnicodeDecodeError:
        return "The body is not UTF-8."
    except ValueError:
        return "The body is not JSON."
    return None


class _Refused(Exception):
    pass


def _depth(body: bytes) -> int:
    depth = deepest = 0
    for bracket in _BRACKET.findall(_STRING.sub(b"", body)):
        depth += 1 if bracket in b"{[" else -1
        deepest = max(depth, deepest)
    return deepest


def _unique(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    names = dict(pairs)
    if len(names) < len(pairs):
        raise _Refused("A JSON object has the same key twice.")
    return names


def _number(kind: type[int] | type[float]) -> Any:
    def parse(text: str) -> int | float:
        if len(text) > LONGEST_NUMBER:
            raise _Refused(f"A number has more than {LONGEST_NUMBER} digits.")
        return kind(text)

    return parse


def _constant(name: str) -> NoReturn:
    raise _Refused(f"{name} is not JSON.")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_unique,
    parse_int=_number(int),
    parse_float=_number(float),
    parse_constant=_constant,
)
