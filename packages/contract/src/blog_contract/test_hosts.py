"""The host a request names."""

import re

import pytest

from blog_contract.answers import assert_problem, assert_refused
from blog_contract.client import Account, Client, NewPost
from blog_contract.resources import sign_up_form
from blog_contract.sentences import sentence
from http_parity.exchange import Request

EVIL = "evil.example"


def own_name(client: Client) -> str:
    """The host of the target without its port."""
    return re.sub(r":[0-9]+$", "", client.target.host)


@sentence("host")
@pytest.mark.parametrize("port", ["", ":1", ":80", ":8000", ":65535"])
def test_the_port_of_a_host_is_ignored(client: Client, port: str) -> None:
    answer = client.send(Request("GET", "/livez", (("Host", own_name(client) + port),)))
    assert (200, b'{"status":"ok"}') == (answer.status, answer.body)


@sentence("host", "status-400")
@pytest.mark.parametrize(
    "host",
    [
        EVIL,
        f"{EVIL}:80",
        f"{{own}}.{EVIL}",
        f"{EVIL}.{{own}}",
        "x{own}",
        "{own}x",
        "192.0.2.1",
        "[2001:db8::1]",
    ],
)
@pytest.mark.parametrize("path", ["/livez", "/api/posts", "/openapi.json"])
def test_a_host_not_on_the_list_is_400(client: Client, path: str, host: str) -> None:
    fields = (("Host", host.format(own=own_name(client))),)
    assert_problem(client.send(Request("GET", path, fields)), 400)


@sentence("host")
@pytest.mark.parametrize(
    "host",
    [
        "",
        " ",
        "{own}:port",
        "{own}:80:80",
        "{own}:-1",
        f"{{own}}, {EVIL}",
        f"{{own}}@{EVIL}",
        f"{EVIL}@{{own}}",
        f"{{own}}/{EVIL}",
        f"{{own}}#{EVIL}",
        "{own} x",
        "http://{own}",
        "[::1",
        "caf\xe9",
    ],
)
def test_a_host_that_is_none_is_400(client: Client, host: str) -> None:
    fields = (("Host", host.format(own=own_name(client))),)
    assert_refused(client, Request("GET", "/livez", fields), 400)


@sentence("host")
def test_no_host_is_400(client: Client) -> None:
    assert_refused(client, Request("GET", "/livez"), 400)


@sentence("host")
@pytest.mark.parametrize("second", ["{own}", EVIL, ""])
def test_two_hosts_are_400(client: Client, second: str) -> None:
    own = own_name(client)
    fields = (("Host", own), ("Host", second.format(own=own)))
    assert_refused(client, Request("GET", "/livez", fields), 400)
    assert_refused(client, Request("GET", "/livez", fields[::-1]), 400)


@sentence("host-not-repeated")
@pytest.mark.parametrize("path", ["/livez", "/api/nothing", "/nothing", "/api/posts"])
def test_a_refused_host_is_not_repeated(client: Client, path: str) -> None:
    answer = client.send(Request("GET", path, (("Host", EVIL),)))
    assert_not_repeated(answer.headers, answer.body)


@sentence("host-not-repeated", "forwarded")
@pytest.mark.parametrize(
    "fields",
    [
        (("X-Forwarded-Host", EVIL),),
        (("X-Forwarded-Host", EVIL), ("X-Forwarded-Proto", "https"), ("X-Forwarded-Port", "1")),
        (("Forwarded", f"for=192.0.2.1;host={EVIL};proto=https"),),
        (("X-Host", EVIL), ("X-Original-Host", EVIL)),
    ],
    ids=["host", "host-proto-port", "forwarded", "others"],
)
def test_a_forwarded_host_is_not_repeated(
    client: Client, author: Account, new_post: NewPost, fields: tuple[tuple[str, str], ...]
) -> None:
    for _ in range(2):
        new_post(author, pub_date="2001-02-03T04:05:06Z")
    form = sign_up_form()
    made = client.post("/api/users", json=form, headers=fields)
    assert f"/api/users/{form['username']}" == made.header("Location")
    assert_not_repeated(made.headers, made.body)
    listed = client.get(f"/api/posts?limit=1&author={author.username}", headers=fields)
    assert listed.json()["next"].startswith("/api/posts?")
    assert_not_repeated(listed.headers, listed.body)


@sentence("host-not-repeated")
def test_locations_and_links_are_paths(client: Client, author: Account, new_post: NewPost) -> None:
    posts = [new_post(author, pub_date="2001-02-03T04:05:06Z") for _ in range(2)]
    assert [f"/api/posts/{post.id}" for post in posts] == [post.path for post in posts]
    answer = client.get(f"/api/posts?limit=1&author={author.username}")
    link = answer.header("Link")
    assert link is not None
    assert re.fullmatch(r'</api/posts\?[^>]*>; rel="next"', link)


def assert_not_repeated(headers: tuple[tuple[str, str], ...], body: bytes) -> None:
    assert all(EVIL not in value for _, value in headers)
    assert EVIL.encode() not in body
