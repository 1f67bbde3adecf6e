"""Reading from a page of another origin."""

from urllib.parse import urlsplit

import pytest

from blog_contract.answers import ALLOW, NEVER, example
from blog_contract.client import Account, Client, NewPost
from blog_contract.sentences import sentence
from http_parity.exchange import Answer

EXPOSED = "ETag, Link, Location, RateLimit, RateLimit-Policy, Retry-After, X-Request-ID"
ACCEPTED = "Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match"

FOREIGN = [
    "https://evil.example",
    "http://localhost",
    "null",
    "",
    "*",
    "https://",
    "file://",
    "caf\xe9",
]


def cors_fields(answer: Answer) -> dict[str, str]:
    """The answer's CORS fields by name in lower case; fails on a repeated one."""
    found = [(name.lower(), value) for name, value in answer.headers]
    found = [pair for pair in found if pair[0].startswith("access-control-")]
    assert len(dict(found)) == len(found)
    return dict(found)


REQUESTS = [
    ("GET", "/api/posts?limit=1", 200),
    ("HEAD", "/api/posts?limit=1", 200),
    ("GET", "/livez", 200),
    ("GET", "/openapi.json", 200),
    ("OPTIONS", "/api/posts", 204),
    ("GET", "/api/posts?q=%ff", 400),
    ("GET", "/api/me", 401),
    ("GET", "/api/nothing", 404),
    ("GET", f"/api/posts/{NEVER}", 404),
    ("DELETE", "/api/posts", 405),
    ("GET", "/api/posts?x=" + "a" * 3000, 414),
    ("POST", "/api/tokens", 415),
    ("GET", "/api/posts?limit=0", 422),
]


@sentence("cors")
@pytest.mark.cors
@pytest.mark.parametrize(
    ("method", "target", "status"),
    REQUESTS,
    ids=[f"{method}-{target[:20]}-{status}" for method, target, status in REQUESTS],
)
def test_an_allowed_origin_may_read_every_answer(
    client: Client, cors_origin: str, method: str, target: str, status: int
) -> None:
    answer = client.request(method, target, headers=[("Origin", cors_origin)])
    assert status == answer.status
    assert {
        "access-control-allow-origin": cors_origin,
        "access-control-expose-headers": EXPOSED,
    } == cors_fields(answer)


@sentence("cors")
@pytest.mark.cors
def test_an_allowed_origin_may_read_what_it_writes(
    client: Client, cors_origin: str, author: Account, new_post: NewPost
) -> None:
    post = new_post(author)
    origin = [("Origin", cors_origin)]
    answers = [
        client.post("/api/posts", json={"title": "T"}, token=author.token, headers=origin),
        client.delete(post.path, token=author.token, headers=origin),
        client.delete(post.path, token=author.token, headers=origin, if_match='"99"'),
        client.delete(post.path, token=author.token, headers=origin, if_match=post.etag),
    ]
    assert [201, 428, 412, 204] == [answer.status for answer in answers]
    for answer in answers:
        assert cors_origin == cors_fields(answer)["access-control-allow-origin"]


@sentence("cors")
@pytest.mark.parametrize("origin", FOREIGN)
@pytest.mark.parametrize(
    ("method", "target"),
    [("GET", "/api/posts?limit=1"), ("GET", "/api/nothing"), ("OPTIONS", "/api/posts")],
)
def test_another_origin_gets_no_leave(
    client: Client, origin: str, method: str, target: str
) -> None:
    without = client.request(method, target)
    answer = client.request(method, target, headers=[("Origin", origin)])
    assert {} == cors_fields(answer)
    assert (without.status, without.body) == (answer.status, answer.body)


@sentence("cors")
@pytest.mark.cors
@pytest.mark.parametrize(
    "spelling",
    [
        "{origin}/",
        "{origin}:443",
        "{origin}:80",
        "{origin}.evil.example",
        "{origin} ",
        "{origin}, {origin}",
        "https://evil.example/{origin}",
        "{upper}",
        "{other}://{host}",
        "https://x.{host}",
        "https://x{host}",
        "{host}",
    ],
)
def test_an_origin_is_matched_exactly(client: Client, cors_origin: str, spelling: str) -> None:
    parts = urlsplit(cors_origin)
    origin = spelling.format(
        origin=cors_origin,
        upper=cors_origin.upper(),
        host=parts.netloc,
        other="http" if parts.scheme == "https" else "https",
    )
    if origin.strip() == cors_origin:
        # Blanks around a value are no part of it (RFC 9110 section 5.5).
        origin = f"x {origin}"
    answer = client.get("/api/posts?limit=1", headers=[("Origin", origin)])
    assert 200 == answer.status
    assert {} == cors_fields(answer)


@sentence("cors", "caching")
@pytest.mark.parametrize("origin", [None, "https://evil.example"])
def test_without_an_allowed_origin_vary_is_the_same(client: Client, origin: str | None) -> None:
    headers = [] if origin is None else [("Origin", origin)]
    answer = client.get("/api/posts?limit=1", headers=headers)
    assert {} == cors_fields(answer)
    assert answer.header("Vary") == "Authorization, Cookie, Origin"


@sentence("cors-preflight", "options")
@pytest.mark.cors
@pytest.mark.parametrize("path", ALLOW)
@pytest.mark.parametrize("method", ["GET", "PUT", "FOO"])
def test_a_preflight_names_the_methods_of_the_path(
    client: Client, cors_origin: str, path: str, method: str
) -> None:
    answer = client.options(
        example(path),
        headers=[
            ("Origin", cors_origin),
            ("Access-Control-Request-Method", method),
            ("Access-Control-Request-Headers", "authorization, x-unknown"),
        ],
    )
    assert (204, b"") == (answer.status, answer.body)
    assert ALLOW[path] == answer.header("Allow")
    expected = {
        "access-control-allow-origin": cors_origin,
        "access-control-allow-methods": ALLOW[path],
        "access-control-allow-headers": ACCEPTED,
        "access-control-max-age": "600",
    }
    assert expected == {name: cors_fields(answer).get(name) for name in expected}
    assert "access-control-allow-credentials" not in cors_fields(answer)


@sentence("cors-preflight")
@pytest.mark.parametrize("path", ["/api/posts", "/api/me"])
@pytest.mark.parametrize("origin", FOREIGN)
def test_a_preflight_of_another_origin_is_plain_options(
    client: Client, path: str, origin: str
) -> None:
    answer = client.options(
        path, headers=[("Origin", origin), ("Access-Control-Request-Method", "GET")]
    )
    assert (204, ALLOW[path]) == (answer.status, answer.header("Allow"))
    assert {} == cors_fields(answer)


@sentence("cors-preflight", "paths")
@pytest.mark.cors
def test_a_preflight_of_an_unknown_path_is_404(client: Client, cors_origin: str) -> None:
    fields = [("Origin", cors_origin), ("Access-Control-Request-Method", "GET")]
    answer = client.options("/api/nothing", headers=fields)
    assert 404 == answer.status
    assert cors_origin == cors_fields(answer)["access-control-allow-origin"]
