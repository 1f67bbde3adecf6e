"""Files of users: every form they have, and in one sentence what is wrong with one."""

import io
import json
import tracemalloc
from typing import Any

import pytest

from triptych import tables
from triptych.tables import BadFile, Format, Row, Wanted

ADA = {"username": "ada", "email": "ada@old.example", "password": "$2b$12$x"}
WANTED = Wanted({})


def rows(content: str | bytes, wanted: Wanted = WANTED, kind: Format | None = None) -> list[Row]:
    sent = content if isinstance(content, bytes) else content.encode()
    return list(tables.rows(io.BytesIO(sent), wanted, kind))


def dumped(fields: dict[str, Any], model: str = "auth.user") -> dict[str, Any]:
    return {"model": model, "pk": 1, "fields": fields}


@pytest.mark.parametrize(
    ("content", "line"),
    [
        pytest.param("username,email,password\nada,ada@old.example,$2b$12$x\n", 2, id="csv"),
        pytest.param(
            "\ufeffPassword_Hash;E-Mail;Email;UserName\r\n$2b$12$x;-;ada@old.example;ada\r\n",
            2,
            id="csv-of-a-spreadsheet",
        ),
        pytest.param('login\tmail\tpw_hash\nada\tada@old.example\t"$2b$12$x"', 2, id="tabs"),
        pytest.param(
            "\n\nusername,email,hash\n\nada,ada@old.example,$2b$12$x", 5, id="blank-lines"
        ),
        pytest.param(json.dumps(ADA) + "\n", 1, id="jsonl"),
        pytest.param("\n" + json.dumps(ADA), 2, id="jsonl-without-an-end"),
        pytest.param(json.dumps([ADA]), 1, id="json"),
        pytest.param(json.dumps([ADA], indent=2), 2, id="json-indented"),
        pytest.param(json.dumps([dumped({**ADA, "first_name": "A"})]), 1, id="dumpdata"),
        pytest.param(
            json.dumps([dumped({}, "auth.group"), dumped(ADA)], indent=1), 7, id="dumpdata-indented"
        ),
        pytest.param(
            json.dumps(dumped({}, "auth.group")) + "\n" + json.dumps(dumped(ADA)),
            2,
            id="dumpdata-jsonl",
        ),
    ],
)
def test_a_file_tells_its_format_by_how_it_begins(content: str, line: int) -> None:
    assert [(line, ADA)] == rows(content)


def test_a_quoted_field_goes_over_lines_and_the_first_of_them_counts() -> None:
    content = 'about,username,email,password\n"a\nb",ada,e,p\n"c,""d""",bob,e,p\n'
    assert [(2, "ada"), (4, "bob")] == [
        (line, values["username"]) for line, values in rows(content)
    ]


def test_columns_go_by_what_the_user_of_the_command_says() -> None:
    wanted = Wanted({"username": "nick", "joined": "since"}, needed=("username", "password"))
    content = "username,nick,since,created_at,password\nno,ada,2020,2021,x\n"
    assert [(2, {"username": "ada", "joined": "2020", "password": "x"})] == rows(content, wanted)


def test_another_model_is_named() -> None:
    content = json.dumps([dumped(ADA, "people.Person")])
    assert [(1, ADA)] == rows(content, Wanted({}, model="people.person"))
    with pytest.raises(BadFile, match=r"no auth\.user in it, but people\.Person: .* --model"):
        rows(content)


def test_a_later_user_without_an_email_is_for_the_blog_to_refuse() -> None:
    second = {"username": "bob", "password": "x"}
    assert [(1, ADA), (2, second)] == rows(json.dumps(ADA) + "\n" + json.dumps(second))


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        pytest.param(b"", "The file is empty.", id="empty"),
        pytest.param(b" \n\n", "The file is empty.", id="blank"),
        pytest.param(b"username,email,password\n\xff,b,c\n", "Line 2 is not UTF-8", id="latin-1"),
        pytest.param("username".encode("utf-16"), "Line 1 ", id="utf-16"),
        pytest.param(b"username,email,password\na\0,b,c\n", "Line 2 holds NUL", id="nul"),
        pytest.param(
            b"username,email,password\n" + b"x" * 10_000_000, "Line 2 is longer", id="10-mb-line"
        ),
        pytest.param(b"x" * 10_000_000, "Line 1 is longer", id="10-mb-header"),
        pytest.param(
            b'[{"username": "' + b"x" * 10_000_000 + b'"}]', "Line 1: an object is", id="10-mb-item"
        ),
        pytest.param(
            b'username,email,password\n"' + b"x\n" * 50_000, "is not CSV: field", id="open-quote"
        ),
        pytest.param(b'username,email,password\n"a"b,c,d\n', "Line 2 is not CSV", id="odd-quote"),
        pytest.param(b"username,email,password\na,b\n", "Line 2 has 2 columns", id="short-row"),
        pytest.param(
            b"username,password\na,b\n",
            r"no column for email \(looked for email, .*; there are username, password\): .*--col",
            id="no-email",
        ),
        pytest.param(b"a\n", "no column for username", id="one-word"),
        pytest.param(b"{}\n", "no column for username .* there are none", id="empty-object"),
        pytest.param(b'{"username": \n', "Line 1 is not JSON.", id="broken-jsonl"),
        pytest.param(b'{"a":' * 50_000, "Line 1 is ", id="deep-jsonl"),
        pytest.param(b"[" * 50_000, "Line 1 is not JSON.", id="deep-array"),
        pytest.param(b'[{"username": "a"\n', "Line 1 is not JSON.", id="broken-array"),
        pytest.param(b"[1]", "Line 1: this is no JSON object.", id="numbers"),
        pytest.param(b"[\n\n", "Line 3 is not JSON.", id="open-array"),
        pytest.param(json.dumps([ADA])[:-1].encode(), "Line 1: the array is not", id="cut-array"),
        pytest.param(json.dumps([ADA])[:-1].encode() + b",]", "Line 1 is not JSON", id="comma"),
        pytest.param(json.dumps([ADA]).encode() + b" x", "After the array", id="more"),
    ],
)
def test_what_is_wrong_with_a_file_is_one_sentence(content: bytes, sentence: str) -> None:
    with pytest.raises(BadFile, match=sentence) as found:
        rows(content)
    assert str(found.value).endswith(".") or "--column" in str(found.value)
    assert len(str(found.value)) < 400


def test_a_format_that_is_said_is_the_one() -> None:
    with pytest.raises(BadFile, match="nothing that dumpdata wrote"):
        rows(json.dumps([ADA]), kind="django")
    with pytest.raises(BadFile, match="no JSON array"):
        rows("username,email,password\n", kind="json")
    assert [(1, ADA)] == rows(json.dumps([dumped(ADA)]), kind="django")


def test_a_line_that_is_too_long_is_not_read_whole() -> None:
    stream = io.BytesIO(b"x" * 30_000_000)
    tracemalloc.start()
    with pytest.raises(BadFile):
        list(tables.rows(stream, WANTED))
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 2_000_000
