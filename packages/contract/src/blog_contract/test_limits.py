"""How long a request may be before its body."""

import pytest

from blog_contract.answers import assert_problem, assert_refused, host
from blog_contract.client import Client
from blog_contract.sentences import sentence
from http_parity.exchange import Headers, Request


def weight(headers: Headers) -> int:
    """The bytes of names and values."""
    return sum(len(name) + len(value) for name, value in headers)


@sentence("request-line")
def test_a_path_of_2700_characters_is_looked_for(client: Client) -> None:
    assert_problem(client.get("/api/users/".ljust(2700, "a")), 404)


@sentence("request-line", "order-no-database")
@pytest.mark.parametrize("length", [2701, 4000, 8000])
def test_a_longer_path_is_414(client: Client, length: int) -> None:
    assert_problem(client.get("/api/users/".ljust(length, "a")), 414)


@sentence("request-line")
def test_path_and_query_count_together(client: Client) -> None:
    assert 200 == client.get("/livez?x=".ljust(2700, "a")).status
    # One more than the limit, with the question mark counted or not.
    assert_problem(client.get("/livez?x=".ljust(2702, "a")), 414)


@sentence("request-line")
@pytest.mark.parametrize("path", ["/api/posts", "/api/me", "/livez"])
def test_a_long_query_is_414_on_every_path(client: Client, path: str) -> None:
    assert_problem(client.get(f"{path}?x=".ljust(3000, "a")), 414)


@sentence("header-limits")
def test_90_header_fields_are_read_and_91_are_431(client: Client) -> None:
    fields = tuple((f"X-Field-{number}", "1") for number in range(90))
    assert 200 == client.send(Request("GET", "/livez", host(client) + fields[:89])).status
    assert_problem(client.send(Request("GET", "/livez", host(client) + fields)), 431)


@sentence("header-limits")
def test_8000_bytes_of_header_fields_are_read_and_8001_are_431(client: Client) -> None:
    fields = (*host(client), ("X-One", "1" * 3900), ("X-Two", ""))
    full = (*fields[:-1], ("X-Two", "2" * (8000 - weight(fields))))
    assert 8000 == weight(full)
    assert 200 == client.send(Request("GET", "/livez", full)).status
    more = (*full[:-1], ("X-Two", full[-1][1] + "2"))
    assert_problem(client.send(Request("GET", "/livez", more)), 431)


@sentence("header-limits")
@pytest.mark.parametrize("length", [8000, 60_000])
def test_one_long_header_field_is_431(client: Client, length: int) -> None:
    fields = (*host(client), ("X-Long", "1" * length))
    assert_refused(client, Request("GET", "/livez", fields), 431)


@sentence("header-limits")
def test_a_long_token_is_431_before_it_is_looked_for(client: Client) -> None:
    fields = (*host(client), ("Authorization", f"Bearer {'a' * 8000}"))
    assert_refused(client, Request("GET", "/api/me", fields), 431)


@sentence("expect")
@pytest.mark.parametrize("value", ["200-ok", "100-continue, 200-ok", "continue", "x", "100"])
@pytest.mark.parametrize("path", ["/livez", "/api/tokens"])
def test_another_expectation_is_417(client: Client, path: str, value: str) -> None:
    fields = (*host(client), ("Expect", value))
    assert_refused(client, Request("GET", path, fields), 417)


@sentence("expect")
@pytest.mark.parametrize("value", ["100-continue", "100-Continue"])
def test_the_expectation_of_continue_is_met(client: Client, value: str) -> None:
    answer = client.post("/api/tokens", json={}, headers=[("Expect", value)])
    assert_problem(answer, 422)
