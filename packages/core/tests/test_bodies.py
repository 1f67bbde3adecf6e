import json

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from blog_core.http.bodies import LONGEST_NUMBER, is_json_type, why_unreadable

READABLE = [
    b"{}",
    b"[]",
    b"null",
    b'""',
    b"0",
    b"-0",
    b"1e5",
    b"1E-2",
    b"-1.5e+300",
    b"1e400",
    b"  {\t\r\n}  ",
    b'{"a":1,"b":[true,false,null]}',
    b'{"":0}',
    b'{"a":1,"A":2}',
    b'{"a":{"a":1}}',
    b'"\\u0000\\b\\f\\n\\r\\t\\/\\\\\\""',
    b'"\\ud83d\\udc0d"',
    b'"\\uD83D\\uDC0D"',
    b'"\\\\ud800"',
    b'"\x7f"',
    '"é漢🐍"'.encode(),
    '"\ufeff"'.encode(),
    '"\ufffe\uffff"'.encode(),
    b'"' + b"[" * 100 + b'"',
    b'"' + b'\\"[' * 100 + b'"',
    b"1" * LONGEST_NUMBER,
    b"[" * 32 + b"]" * 32,
    b"[" + b"{}," * 100 + b"[]]",
]
UNREADABLE = [
    b"",
    b" ",
    b"\xef\xbb\xbf{}",
    "{}".encode("utf-16"),
    "{}".encode("utf-16-le"),
    "{}".encode("utf-32"),
    "{}".encode("cp037"),
    b"{",
    b"}",
    b"[1,]",
    b"[,1]",
    b"[1 2]",
    b'{"a":1,}',
    b"{a:1}",
    b"{'a':1}",
    b'{"a"}',
    b'{"a":}',
    b"{}{}",
    b"{} x",
    b"{}\x00",
    b"\x00",
    b"\x0c{}",
    b"{}\xa0",
    b"// c\n{}",
    b"/**/{}",
    b"01",
    b"+1",
    b".5",
    b"1.",
    b"1e",
    b"0x1",
    b"1_0",
    "١".encode(),
    b"nul",
    b"True",
    b"NaN",
    b"-NaN",
    b"Infinity",
    b"-Infinity",
    b'{"a":NaN}',
    b'"\n"',
    b'"\x00"',
    b'"\x1f"',
    b'"\t"',
    b'"\\x41"',
    b'"\\u12"',
    b'"\\u+123"',
    b'"\\a"',
    b'"',
    b'"\\"',
    b'"\xff"',
    b'"\xc0\xaf"',
    b'"\xed\xa0\x80"',
    b'"\xf4\x90\x80\x80"',
    b'"\\ud800"',
    b'"\\udc00"',
    b'"\\udc0d\\ud83d"',
    b'"\\ud800\\u0041"',
    b'{"\\ud800":1}',
    b'{"a":1,"a":1}',
    b'{"a":1,"\\u0061":2}',
    b'[{"b":{"a":1,"a":2}}]',
    b"1" * (LONGEST_NUMBER + 1),
    b"-1." + b"0" * LONGEST_NUMBER,
    b"[" * 33 + b"]" * 33,
    b'{"a":' * 33 + b"1" + b"}" * 33,
    b"[" * 100_000,
    b"]" * 100_000,
    b'"' + b"\\\\" * 50_000 + b"[" * 50,
]


@pytest.mark.sentence("json")
@pytest.mark.parametrize("body", READABLE, ids=lambda body: repr(body[:20]))
def test_what_everybody_reads_alike_is_readable(body: bytes) -> None:
    assert why_unreadable(body) is None


@pytest.mark.sentence("json")
@pytest.mark.parametrize("body", UNREADABLE, ids=lambda body: repr(body[:20]))
def test_anything_else_is_refused_with_a_sentence(body: bytes) -> None:
    reason = why_unreadable(body)
    assert reason is not None
    assert reason.endswith(".")


@pytest.mark.sentence("json")
@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}"), ('[{"a":', "}]")])
def test_nesting_ends_at_32_levels(opening: str, closing: str) -> None:
    levels = opening.count("[") + opening.count("{")
    deepest = opening * (32 // levels) + "1" + closing * (32 // levels)
    assert why_unreadable(deepest.encode()) is None
    reason = why_unreadable(f"[{deepest}]".encode())
    assert reason == "The JSON is nested deeper than 32 levels."


@settings(deadline=None)  # a megabyte takes its time on a busy machine
@given(st.binary())
@example(b"[" * 1_000_000)
@example(b'{"a":' * 200_000)
@example(b'"\\' * 300_000)
@example(b'"' * 600_001)
@example(b"9" * 1_000_000)
@example(b"1e" + b"9" * 390)
def test_no_bytes_raise(body: bytes) -> None:
    reason = why_unreadable(body)
    assert reason is None or reason.endswith(".")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
)  # fmt: skip


@given(json_values, st.booleans())
def test_what_a_json_library_writes_is_readable(value: object, ascii_only: bool) -> None:
    assert why_unreadable(json.dumps(value, ensure_ascii=ascii_only).encode()) is None


@pytest.mark.sentence("content-type")
@pytest.mark.parametrize(
    "content_type",
    [
        "application/json",
        "Application/JSON",
        "application/json;charset=utf-8",
        "application/json ; charset=UTF-8",
        'application/json; Charset="utf-8"',
        " application/json\t",
    ],
)
def test_json_in_utf_8_is_json(content_type: str) -> None:
    assert is_json_type(content_type)


@pytest.mark.sentence("content-type")
@pytest.mark.parametrize(
    "content_type",
    [
        "",
        "text/plain",
        "application/json;",
        "application/jsonx",
        "application/json; charset=latin-1",
        "application/json; charset=utf-8; charset=utf-8",
        "application/json; charset = utf-8",
        "application/json; charset='utf-8'",
        "application/json; version=1",
        "application/json, application/json",
        "application/problem+json",
        "application/json\n",
        "application/ʝson",
    ],
)
def test_any_other_type_is_not(content_type: str) -> None:
    assert not is_json_type(content_type)
