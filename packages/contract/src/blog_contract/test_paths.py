"""Paths: one spelling each."""

import pytest

from blog_contract.answers import ALLOW, NEVER, assert_problem, assert_refused, example, host
from blog_contract.client import Account, Client
from blog_contract.sentences import sentence
from http_parity.exchange import Request


@sentence("paths", "status-404", "problem-everywhere")
@pytest.mark.parametrize(
    "path",
    [
        "/api/",
        "/api/nothing",
        "/api/posts/",
        "/api/posts/1/",
        "/api/posts//",
        "/api//posts",
        "/api/posts/1//publish",
        "/api/posts.json",
        "/api/posts/1.json",
        "/api/Posts",
        "/api/POSTS",
        "/api/posts/1/Publish",
        "/api/Me",
        "/api/tokens/Current",
        "/api/./posts",
        "/api/../api/posts",
        "/api/nothing/../posts",
        "/api/posts/.",
        "/api/posts/..",
        "/api/posts/%2e%2e",
        "/api/me/",
        "/api/me/password/",
        "/api/me/nothing",
        "/api/posts/1/publish/",
        "/api/posts/1/nothing",
        "/api/users/somebody/posts",
        "/api/v1/posts",
    ],
)
def test_a_path_spelled_otherwise_is_another_path(client: Client, path: str) -> None:
    assert_problem(client.get(path), 404)


@sentence("paths")
@pytest.mark.parametrize("path", ["/api/posts/", "/api/posts/1/", "/api//posts", "//api/posts"])
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_no_path_is_redirected_to_the_one_that_was_meant(
    client: Client, method: str, path: str
) -> None:
    # Clients repeat a redirected write with GET, without its body or without its credentials.
    answer = client.request(method, path, json={"title": "Never"})
    assert (404, None) == (answer.status, answer.header("Location"))


@sentence("paths", "lossy-server")
@pytest.mark.parametrize(
    "path", ["/api/posts%2F1", "/api/posts%2f1", "/api/posts/1%2Fpublish", "/api/users/a%2Fb"]
)
@pytest.mark.parametrize("method", ["GET", "OPTIONS"])
def test_an_escaped_slash_is_no_slash(
    client: Client, method: str, path: str, lossy_server: bool
) -> None:
    answer = client.request(method, path)
    if lossy_server:
        decoded = client.request(method, path.replace("%2F", "/").replace("%2f", "/"))
        assert (decoded.status, decoded.body) == (answer.status, answer.body)
    else:
        assert_problem(answer, 404)


@sentence("paths")
@pytest.mark.parametrize(
    "path",
    [
        "/api",
        "//api/posts",
        "/API/posts",
        "/livez/",
        "/Livez",
        "/livez.json",
        "/readyz/",
        "/openapi",
        "/openapi.json/",
        "/OpenAPI.json",
        "/swagger",
        "/redoc",
        "/schema",
    ],
)
def test_a_path_that_is_none_of_the_api_is_404(client: Client, path: str) -> None:
    assert 404 == client.get(path).status


@sentence("path-bytes")
@pytest.mark.parametrize(
    "segment",
    [
        "%00",
        "%0A",
        "a%0A",
        "%0D%0A",
        "%09",
        "%1F",
        "%7F",
        "%80",
        "%FF",
        "%C3%A9",
        "%E2%80%AE",
        "%F0%9F%98%80",
        "%C0%AF",
        "%ED%A0%80",
        "%20",
        "a%20",
        "%20a",
        "a+b",
        "a%2Bb",
        "a;v=1",
        "a%3Bv=1",
        "a,b",
        "a:b",
        "a@b",
        "a!b",
        "a$b",
        "a&b",
        "a'b",
        "a(b)",
        "a*b",
        "a=b",
        "a%25b",
        "a%3Fb",
        "a%23b",
        "a%5Cb",
        "a%22b",
        "a%3Cb%3E",
        "%7Ba%7D",
    ],
)
@pytest.mark.parametrize("before", ["/api/users/", "/api/posts/", "/api/"])
def test_a_segment_of_anything_but_unreserved_ascii_is_404(
    client: Client, before: str, segment: str
) -> None:
    assert_problem(client.get(before + segment), 404)


@sentence("path-bytes")
@pytest.mark.parametrize(
    "segment",
    [
        pytest.param("\xc3\xa9", id="utf-8"),
        pytest.param("\xe9", id="latin-1"),
        pytest.param("\xff", id="ff"),
        *'"<>{}|\\^`[]',
        "%",
        "%4",
        "%zz",
        "a%",
    ],
)
def test_a_segment_of_raw_bytes_is_404_unless_a_server_refuses_it(
    client: Client, segment: str
) -> None:
    assert_refused(client, Request("GET", f"/api/users/{segment}", host(client)), 404)


ODD_IDS = [
    "0",
    "00",
    "01",
    "-1",
    "+1",
    "%2B1",
    "1.0",
    "1.",
    "1e3",
    "1_0",
    "1,0",
    "0x1",
    "%201",
    "1%20",
    "1%0A",
    "1%00",
    "%D9%A1",
    "%EF%BC%91",
    "%C2%B2",
    "1" + "0" * 18,
    "9" * 19,
    "9" * 40,
    "x",
    "1x",
    "None",
    "NaN",
    "true",
    "current",
    "~1",
    "1~",
]


@sentence("path-ids", "ids")
@pytest.mark.parametrize("form", ODD_IDS)
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/posts/{}"),
        ("PUT", "/api/posts/{}"),
        ("DELETE", "/api/posts/{}"),
        ("POST", "/api/posts/{}/publish"),
        ("OPTIONS", "/api/posts/{}"),
    ],
)
def test_a_post_id_out_of_form_is_404(client: Client, method: str, path: str, form: str) -> None:
    assert_problem(client.request(method, path.format(form)), 404)


@sentence("ids", "status-404")
@pytest.mark.parametrize("form", [str(NEVER), "1" + "0" * 17])
def test_an_id_in_form_is_looked_for(client: Client, author: Account, form: str) -> None:
    answer = client.delete(f"/api/tokens/{form}", token=author.token)
    assert 404 == answer.status
    assert 204 == client.options(f"/api/tokens/{form}").status


@sentence("paths")
@pytest.mark.parametrize("path", ALLOW)
def test_every_path_of_the_contract_exists(client: Client, path: str) -> None:
    assert 204 == client.options(example(path)).status


@sentence("paths", "order-no-database")
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"])
def test_an_unknown_path_is_404_whatever_the_method(client: Client, method: str) -> None:
    assert_problem(client.request(method, "/api/nothing"), 404)
