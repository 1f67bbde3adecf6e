"""The big list of naughty strings in every place that takes text: alike on all targets, never 500.

What is accepted comes back to the byte. What is to be accepted is worked out from the contract
(`[title]`, `[content]`, `[username]`, `[query-bytes]`, `[path-bytes]`, `[header-bytes]`).
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import quote

import pytest

from http_parity.exchange import Answer, Request
from tests.alike import assert_alike
from tests.corpora import naughty_strings
from tests.seeds import PASSWORD, Askable, ask, good, token_of

pytestmark = pytest.mark.once

STRINGS = [*naughty_strings(), " ", "\t", "\r\n", "\0", "\ufeff", "a\u2028b", "x" * 201, "é" * 200]
NUMBERS = range(len(STRINGS))
NAMES = re.compile(r"(?!\.{1,2}\Z)[A-Za-z0-9_.-]{1,80}")


def is_title(text: str) -> bool:
    """By `[title]`."""
    broken = any(unicodedata.category(letter) in ("Cc", "Zl", "Zp") for letter in text)
    return not broken and 1 <= len(trimmed(text)) <= 200


def trimmed(text: str) -> str:
    """Without the blanks at its ends: Unicode's space separators."""
    return text.strip(
        "".join(chr(n) for n in range(0x3001) if unicodedata.category(chr(n)) == "Zs")
    )


def as_field(text: str) -> str:
    """The text's bytes as one line: a field ends where a line does."""
    return " ".join(text.encode().decode("latin-1").splitlines()).strip(" \t")


def without_id(answer: Answer) -> Answer:
    """The answer without the request id, which is another one each time."""
    headers = tuple(field for field in answer.headers if field[0].lower() != "x-request-id")
    return replace(answer, headers=headers)


@pytest.mark.parametrize("number", NUMBERS)
def test_as_a_title(odd_blogs: Mapping[str, Askable], number: int) -> None:
    text = STRINGS[number]
    answer = assert_alike(ask(odd_blogs, good("create_post", json={"title": text})))
    if is_title(text):
        assert (201, trimmed(text)) == (answer.status, answer.json()["title"])
    else:
        assert 422 == answer.status, answer.body


@pytest.mark.parametrize("number", NUMBERS)
def test_as_content(odd_blogs: Mapping[str, Askable], number: int) -> None:
    text = STRINGS[number]
    request = good("create_post", json={"title": "naughty", "content": text})
    answer = assert_alike(ask(odd_blogs, request))
    if "\0" in text:
        assert 422 == answer.status
        return
    assert (201, text) == (answer.status, answer.json()["content"])
    again = good("get_post", target=f"/api/posts/{answer.json()['id']}", token=token_of("ada"))
    assert text == assert_alike(ask(odd_blogs, again)).json()["content"]


@pytest.mark.parametrize("number", NUMBERS)
def test_as_a_username(odd_blogs: Mapping[str, Askable], number: int) -> None:
    text = STRINGS[number]
    new = {"username": text, "email": f"n{number}@example.org", "password": PASSWORD}
    answer = assert_alike(ask(odd_blogs, good("sign_up", json=new)))
    if NAMES.fullmatch(text):
        assert answer.status in (201, 409), answer.body
        there = assert_alike(ask(odd_blogs, good("get_user", target=f"/api/users/{text}")))
        assert (200, text.lower()) == (there.status, there.json()["username"].lower())
    else:
        assert 422 == answer.status, answer.body


@pytest.mark.parametrize("number", NUMBERS[::10])  # each costs a hash on every target
def test_as_a_password(odd_blogs: Mapping[str, Askable], number: int) -> None:
    """Never somebody's, so it is refused in the same words as any other wrong one."""
    wrong = {"username": "ada", "password": STRINGS[number]}
    answer = assert_alike(ask(odd_blogs, good("sign_in", json=wrong)))
    assert (422 if "\0" in STRINGS[number] else 401) == answer.status, answer.body


@pytest.mark.parametrize("number", NUMBERS)
def test_as_a_search(odd_blogs: Mapping[str, Askable], number: int) -> None:
    text = STRINGS[number]
    request = good("list_posts", target=f"/api/posts?q={quote(text, safe='')}")
    answer = assert_alike(ask(odd_blogs, request))
    if "\0" in text:
        assert 400 == answer.status
    else:
        assert (200 if 1 <= len(text) <= 200 else 422) == answer.status, answer.body


@pytest.mark.parametrize("number", NUMBERS)
def test_as_an_unescaped_query(odd_blogs: Mapping[str, Askable], number: int) -> None:
    text = STRINGS[number].encode().decode("latin-1")
    if set(text) & set("\r\n #"):
        text = quote(text[:200])  # these end a target; they are no part of it
    answers = ask(odd_blogs, good("list_posts", target=f"/api/posts?q={text}"))
    if answers:  # some are refused by every server
        assert assert_alike(answers).status in (200, 400, 422)


@pytest.mark.parametrize("number", NUMBERS)
def test_as_a_path(odd_blogs: Mapping[str, Askable], number: int) -> None:
    text = STRINGS[number]
    answer = assert_alike(
        ask(odd_blogs, good("get_user", target=f"/api/users/{quote(text, safe='')}"))
    )
    assert answer.status in (200, 404), answer.body
    assert answer.status == 404 or NAMES.fullmatch(text)


@pytest.mark.parametrize("number", NUMBERS)
def test_as_fields(odd_blogs: Mapping[str, Askable], number: int) -> None:
    value = as_field(STRINGS[number])
    fields = tuple((name, value) for name in ("X-Request-ID", "If-None-Match", "Cookie", "Accept"))
    answers = ask(odd_blogs, Request("GET", good("get_post").target, fields))
    if not answers:  # every server refused it
        return
    ids = {answer.header("X-Request-ID") for answer in answers.values()}
    if re.fullmatch("[A-Za-z0-9._-]{1,64}", value):
        assert {value} == ids
    else:
        assert len(answers) == len(ids)
    answer = assert_alike({name: without_id(answer) for name, answer in answers.items()})
    assert (304 if value == "*" else 200) == answer.status, answer.body


@pytest.mark.parametrize("number", NUMBERS)
def test_as_credentials(odd_blogs: Mapping[str, Askable], number: int) -> None:
    value = as_field(STRINGS[number])
    answers = ask(odd_blogs, good("get_post", headers=[("Authorization", value)]))
    if not answers:  # every server refused it
        return
    answer = assert_alike(answers)
    several = "," in value and value.isascii()
    assert (400 if several else 200) == answer.status, answer.body


@pytest.mark.parametrize("number", NUMBERS)
def test_as_an_idempotency_key(odd_blogs: Mapping[str, Askable], number: int) -> None:
    value = as_field(STRINGS[number])
    fields = [("Idempotency-Key", value)]
    answers = ask(odd_blogs, good("create_post", headers=fields))
    if not answers:  # every server refused it
        return
    answer = assert_alike(answers)
    good_key = re.fullmatch(r"[\x21-\x7e]{1,255}", value)
    assert (201 if good_key else 422) == answer.status, (value, answer.body)
