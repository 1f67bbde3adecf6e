"""The cache that the tests put before the site keeps the rules of RFC 9111 that matter here."""

from collections.abc import Iterator
from itertools import count

import pytest

from http_parity.exchange import Answer, Headers, Request
from tests.shared_cache import SharedCache

ADA = ("Cookie", "session=ada")
TOKEN = ("Authorization", "Bearer ada")


class Site:
    """Answers with a number that counts requests, or 304 to its own tag; says what it is told."""

    def __init__(self, *headers: tuple[str, str], status: int = 200) -> None:
        self._headers, self._status = headers, status
        self._numbers: Iterator[int] = count(1)

    def __call__(self, request: Request) -> Answer:
        number = b"%d" % next(self._numbers)
        if ("If-None-Match", '"t"') in request.headers:
            return Answer(304, (("X-Number", number.decode()),))
        return Answer(self._status, self._headers, number)


def said(value: str, *more: tuple[str, str]) -> Headers:
    return (("Cache-Control", value), *more)


def bodies(cache: SharedCache, *sent: tuple[str, str]) -> list[bytes]:
    """What each of these readers gets, asking one after the other."""
    return [cache.send(Request("GET", "/", (field,))).body for field in sent]


OTHER = ("X-Other", "field")


@pytest.mark.parametrize(
    ("headers", "second"),
    [
        (said("max-age=60"), b"1"),
        (said("max-age=0"), b"2"),
        (said("max-age=60, s-maxage=0"), b"2"),
        (said("public"), b"2"),
        (said("no-store, max-age=60"), b"2"),
        (said("private, max-age=60"), b"2"),
        (said("max-age=60, no-cache"), b"2"),
        (said("max-age=60", ("Vary", "*")), b"2"),
        (said("max-age=60", ("Vary", "X-Other")), b"1"),
    ],
)
def test_what_is_fresh_is_given_again_unless_it_may_not_be_kept(
    headers: Headers, second: bytes
) -> None:
    assert [b"1", second] == bodies(SharedCache(Site(*headers)), OTHER, OTHER)


def test_what_is_stale_is_asked_for_again() -> None:
    now = iter((0.0, 59.0, 60.0, 60.0))
    cache = SharedCache(Site(*said("max-age=60")), clock=lambda: next(now))
    assert [b"1", b"1", b"2"] == bodies(cache, OTHER, OTHER, OTHER)


def test_vary_keeps_readers_apart() -> None:
    cache = SharedCache(Site(*said("max-age=60", ("Vary", "Accept, cookie"))))
    assert [b"1", b"2", b"1", b"2"] == bodies(cache, ADA, OTHER, ADA, OTHER)


@pytest.mark.parametrize(
    ("value", "second"), [("max-age=60", b"2"), ("public, max-age=60", b"1"), ("s-maxage=9", b"1")]
)
def test_what_answers_a_token_is_kept_only_where_that_is_said(value: str, second: bytes) -> None:
    assert [b"1", second] == bodies(SharedCache(Site(*said(value))), TOKEN, TOKEN)


def test_a_tag_is_sent_along_and_304_is_the_stored_answer_with_the_new_fields() -> None:
    cache = SharedCache(Site(*said("public, no-cache", ("ETag", '"t"'))))
    assert [b"1", b"1"] == bodies(cache, OTHER, OTHER)
    again = cache.send(Request("GET", "/"))
    assert (200, b"1", "3") == (again.status, again.body, again.header("X-Number"))


def test_a_write_makes_the_cache_forget_what_it_changed() -> None:
    cache = SharedCache(Site(*said("max-age=60")))
    assert [b"1"] == bodies(cache, OTHER)
    cache.send(Request("DELETE", "/"))
    assert [b"3"] == bodies(cache, OTHER)


@pytest.mark.parametrize(
    ("headers", "second"),
    [
        (said("public, no-cache"), b"1"),
        ((), b"1"),
        (said("no-store"), b"2"),
        (said("public, must-revalidate"), b"2"),
        (said("public", ("Vary", "Cookie")), b"2"),
    ],
)
def test_an_eager_one_gives_again_whatever_it_was_let_keep(headers: Headers, second: bytes) -> None:
    assert [b"1", second] == bodies(SharedCache(Site(*headers), eager=True), ADA, OTHER)
