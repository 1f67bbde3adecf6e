"""What every answer carries, and what none does."""

import re
from collections.abc import Callable

import pytest

from blog_contract.answers import NEVER, encoded
from blog_contract.client import Account, Client, NewPost
from blog_contract.resources import PAST, sign_up_form
from blog_contract.sentences import sentence
from http_parity.exchange import Answer

SERVERS_OWN = {"date", "server", "connection", "keep-alive", "transfer-encoding"}
ON_EVERY_ANSWER = {
    "cache-control",
    "vary",
    "x-content-type-options",
    "x-frame-options",
    "referrer-policy",
    "cross-origin-opener-policy",
    "cross-origin-resource-policy",
    "content-security-policy",
    "x-request-id",
}
CONTENT = {"content-type", "content-length"}

Asked = Callable[[Client, Account], Answer]


def created(client: Client, account: Account) -> Answer:
    return client.post("/api/posts", json={"title": "T"}, token=account.token)


def deleted(client: Client, account: Account) -> Answer:
    location = created(client, account).header("Location")
    assert location is not None
    return client.delete(location, token=account.token, if_match='"1"')


def not_modified(client: Client, account: Account) -> Answer:
    form = {"title": "T", "pub_date": PAST}
    location = client.post("/api/posts", json=form, token=account.token).header("Location")
    assert location is not None
    return client.get(location, headers=[("If-None-Match", '"1"')])


ANSWERS: dict[str, tuple[int, set[str], Asked]] = {
    "livez": (200, CONTENT, lambda client, _: client.get("/livez")),
    "readyz": (200, CONTENT, lambda client, _: client.get("/readyz")),
    "openapi": (200, CONTENT, lambda client, _: client.get("/openapi.json")),
    "user": (200, CONTENT, lambda client, own: client.get(f"/api/users/{own.username}")),
    "head": (200, CONTENT, lambda client, own: client.head(f"/api/users/{own.username}")),
    "me": (200, CONTENT, lambda client, own: client.get("/api/me", token=own.token)),
    "signed-up": (
        201,
        CONTENT | {"location"},
        lambda client, _: client.post("/api/users", json=sign_up_form()),
    ),
    "signed-in": (
        201,
        CONTENT,
        lambda client, own: client.post(
            "/api/tokens", json={"username": own.username, "password": own.password}
        ),
    ),
    "created": (201, CONTENT | {"location", "etag"}, created),
    "deleted": (204, set(), deleted),
    "options": (204, {"allow"}, lambda client, _: client.options("/api/posts")),
    "not-modified": (304, {"etag"}, not_modified),
    "bad-query": (400, CONTENT, lambda client, _: client.get("/api/posts?q=%ff")),
    "no-credentials": (
        401,
        CONTENT | {"www-authenticate"},
        lambda client, _: client.get("/api/me"),
    ),
    "unknown-path": (404, CONTENT, lambda client, _: client.get("/api/nothing")),
    "unknown-post": (404, CONTENT, lambda client, _: client.get(f"/api/posts/{NEVER}")),
    "wrong-method": (405, CONTENT | {"allow"}, lambda client, _: client.delete("/api/posts")),
    "taken": (
        409,
        CONTENT,
        lambda client, own: client.post("/api/users", json=sign_up_form(email=own.email)),
    ),
    "large-body": (
        413,
        CONTENT,
        lambda client, _: client.post("/api/tokens", body=bytes(1_048_577)),
    ),
    "long-target": (
        414,
        CONTENT,
        lambda client, _: client.get("/api/posts?x=".ljust(3000, "a")),
    ),
    "other-type": (
        415,
        CONTENT | {"accept-post"},
        lambda client, _: client.post("/api/tokens", body=b"{}", content_type="a/b"),
    ),
    "other-type-of-patch": (
        415,
        CONTENT | {"accept-patch"},
        lambda client, _: client.patch("/api/me", body=b"{}", content_type="a/b"),
    ),
    "other-coding": (
        415,
        CONTENT | {"accept-encoding"},
        lambda client, _: client.post(
            "/api/tokens", body=b"{}", headers=[("Content-Encoding", "gzip")]
        ),
    ),
    "bad-limit": (422, CONTENT, lambda client, _: client.get("/api/posts?limit=0")),
    "no-precondition": (
        428,
        CONTENT,
        lambda client, own: client.delete(f"/api/posts/{NEVER}", token=own.token),
    ),
    "many-fields": (
        431,
        CONTENT,
        lambda client, _: client.get("/livez", headers=[(f"X-{n}", "") for n in range(91)]),
    ),
}
over_answers = pytest.mark.parametrize(
    ("status", "own", "ask"), ANSWERS.values(), ids=ANSWERS.keys()
)


@sentence("stray-headers")
@over_answers
def test_an_answer_has_these_headers_and_no_other(
    client: Client, author: Account, status: int, own: set[str], ask: Asked
) -> None:
    answer = ask(client, author)
    assert status == answer.status
    names = [name.lower() for name, _ in answer.headers]
    assert len(set(names)) == len(names)
    optional = SERVERS_OWN | {"strict-transport-security", "ratelimit", "ratelimit-policy"}
    assert ON_EVERY_ANSWER | own == set(names) - optional


@sentence("stray-headers")
@pytest.mark.parametrize("name", ["deleted", "options", "not-modified"])
def test_an_answer_without_content_has_neither_type_nor_body(
    client: Client, author: Account, name: str
) -> None:
    answer = ANSWERS[name][2](client, author)
    assert (None, b"") == (answer.header("Content-Type"), answer.body)


@sentence("security-headers")
@over_answers
def test_every_answer_carries_the_security_headers(
    client: Client, author: Account, status: int, own: set[str], ask: Asked
) -> None:
    answer = ask(client, author)
    expected = {
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "cross-origin",
        "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    }
    assert expected == {name: answer.header(name) for name in expected}


@sentence("security-headers", "caching")
def test_a_page_elsewhere_is_kept_to_its_own_origin(client: Client) -> None:
    answer = client.get("/nothing")
    assert 404 == answer.status
    assert answer.header("Cross-Origin-Resource-Policy") == "same-origin"
    assert answer.header("X-Content-Type-Options") == "nosniff"
    assert answer.header("X-Frame-Options") == "DENY"
    policy = answer.header("Content-Security-Policy")
    assert policy is not None
    assert "default-src" in policy
    assert "unsafe" not in policy
    assert (answer.header("Cache-Control"), answer.header("Vary")) == (
        "no-store",
        "Authorization, Cookie, Origin",
    )


@sentence("security-headers")
@pytest.mark.parametrize("path", ["/livez", "/api/nothing", "/nothing"])
def test_https_is_demanded_wherever_the_site_is_https(client: Client, path: str) -> None:
    expected = client.get("/api/posts?limit=1").header("Strict-Transport-Security")
    assert expected == client.get(path).header("Strict-Transport-Security")
    assert expected is None or re.fullmatch(r"max-age=[1-9][0-9]*(; includeSubDomains)?", expected)


# Caching


@sentence("caching")
@pytest.mark.parametrize("name", ["livez", "openapi", "user", "head", "options", "not-modified"])
def test_an_anonymous_read_may_be_kept_and_is_asked_for_again(
    client: Client, author: Account, name: str
) -> None:
    assert "public, no-cache" == ANSWERS[name][2](client, author).header("Cache-Control")


@sentence("caching")
@pytest.mark.parametrize(
    "name", [name for name, (status, _, _) in ANSWERS.items() if status not in {200, 304}]
)
def test_a_write_or_an_error_is_not_kept(client: Client, author: Account, name: str) -> None:
    if name != "options":
        assert "no-store" == ANSWERS[name][2](client, author).header("Cache-Control")


@sentence("caching")
@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
@pytest.mark.parametrize("path", ["/api/posts", "/livez", "/openapi.json"])
def test_an_answer_to_credentials_is_not_kept(
    client: Client, author: Account, method: str, path: str
) -> None:
    answer = client.request(method, path, token=author.token)
    assert answer.status in {200, 204}
    assert "no-store" == answer.header("Cache-Control")


@sentence("caching", "authorization")
def test_credentials_of_another_scheme_are_credentials_to_a_cache(client: Client) -> None:
    answer = client.get("/api/posts?limit=1", headers=[("Authorization", "Basic eDp5")])
    assert (200, "no-store") == (answer.status, answer.header("Cache-Control"))


@sentence("caching", "if-none-match")
def test_not_modified_to_credentials_is_not_kept(
    client: Client, author: Account, new_post: NewPost
) -> None:
    post = new_post(author)
    fields = [("If-None-Match", post.etag)]
    answer = client.get(post.path, token=author.token, headers=fields)
    assert (304, "no-store") == (answer.status, answer.header("Cache-Control"))


@sentence("caching")
@over_answers
def test_every_answer_varies_by_the_same_fields(
    client: Client, author: Account, status: int, own: set[str], ask: Asked
) -> None:
    assert "Authorization, Cookie, Origin" == ask(client, author).header("Vary")


# Request ids


@sentence("request-id")
@pytest.mark.parametrize(
    "sent", ["a", "0", "A-b_c.9", "-", "..", "x" * 64, "01234567-89ab-cdef-0123-456789abcdef"]
)
@pytest.mark.parametrize("path", ["/livez", "/api/nothing", "/api/posts?q=%ff", "/nothing"])
def test_a_good_request_id_is_repeated(client: Client, path: str, sent: str) -> None:
    assert sent == client.get(path, headers=[("X-Request-ID", sent)]).header("X-Request-ID")


@sentence("request-id")
@pytest.mark.parametrize(
    "sent",
    [
        "",
        "x" * 65,
        "a b",
        "a,b",
        "a/b",
        "a:b",
        "a%0Ab",
        "<script>",
        'a"b',
        "{a}",
        "caf\xe9",
        "\xd9\xa1",
        "$(id)",
    ],
)
def test_another_request_id_is_replaced(client: Client, sent: str) -> None:
    answer = client.get("/livez", headers=[("X-Request-ID", sent)])
    assert sent != answer.header("X-Request-ID")
    assert re.fullmatch(r"[A-Za-z0-9._-]{1,64}", answer.header("X-Request-ID") or "")


@sentence("request-id")
def test_every_request_without_an_id_gets_one_of_its_own(client: Client) -> None:
    given = [client.get("/livez").header("X-Request-ID") for _ in range(20)]
    assert all(re.fullmatch(r"[A-Za-z0-9._-]{8,64}", each or "") for each in given)
    assert len(set(given)) == 20


# Bytes


TEXTS = {
    "latin": "Café, naïve, Ångström",
    "han": "三つの枠組み 三個框架",
    "arabic": "ثلاثة أطر",
    "emoji": "👩‍💻🏳️‍🌈",
    "markup": "</script><!-- & ' \" -->",
    "slashes": "a/b \\ c",
    "separators": "a\u2028b\u2029c",
    "controls": "\x01\x08\t\n\x0b\x0c\r\x1f",
    "delete": "\x7f\x80\x9f",
    "noncharacters": "\ufffe\uffff\U0010ffff",
    "bom-inside": "a\ufeffb",
    "private": "\ue000\U000f0000",
    "combining": "e\u0301 \u1100\u1161\u11a8",
}


@sentence("json-bytes", "content", "text")
@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
def test_json_escapes_only_what_it_must(
    client: Client, author: Account, new_post: NewPost, text: str
) -> None:
    post = new_post(author, content=text)
    assert text == post["content"]
    answer = client.get(post.path, token=author.token)
    assert encoded(post.body) == answer.body
    assert encoded(text) in answer.body


@sentence("json-bytes")
@over_answers
def test_a_body_has_its_type_and_length(
    client: Client, author: Account, status: int, own: set[str], ask: Asked
) -> None:
    answer = ask(client, author)
    if CONTENT <= own:
        problem = "application/problem+json" if status >= 400 else "application/json"
        assert problem == answer.header("Content-Type")
        length = answer.header("Content-Length")
        assert length is not None
        # The answer to HEAD says how long the body would be.
        assert int(length) == len(answer.body) or (not answer.body and int(length) > 0)
    else:
        assert b"" == answer.body


# Accept


@sentence("accept")
@pytest.mark.parametrize(
    "accept",
    [
        "text/html",
        "application/xml",
        "image/png",
        "application/json;q=0",
        "*/*;q=0",
        "application/json; version=9",
        "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
        "",
        "nonsense",
        "a/b;q=caf\xe9",
    ],
)
@pytest.mark.parametrize(
    ("path", "status"), [("/api/posts?limit=1", 200), ("/api/nothing", 404), ("/livez", 200)]
)
def test_what_a_client_accepts_changes_nothing(
    client: Client, path: str, status: int, accept: str
) -> None:
    expected = client.get(path)
    answer = client.get(path, headers=[("Accept", accept)])
    assert (status, expected.body) == (answer.status, answer.body)
    assert expected.header("Content-Type") == answer.header("Content-Type")


@sentence("accept", "content-encoding")
@pytest.mark.parametrize("field", ["Accept-Language", "Accept-Encoding", "Accept-Charset", "Range"])
def test_nothing_else_is_negotiated(client: Client, field: str) -> None:
    values = {"Accept-Encoding": "gzip, br", "Range": "bytes=0-3"}
    expected = client.get("/openapi.json")
    answer = client.get("/openapi.json", headers=[(field, values.get(field, "fr;q=1, utf-16"))])
    assert (200, expected.body) == (answer.status, answer.body)
    assert answer.header("Content-Encoding") is None


@sentence("range")
@pytest.mark.parametrize("asked", ["bytes=0-3", "bytes=-1", "bytes=0-0,2-3", "bytes=999999999-"])
@pytest.mark.parametrize("path", ["/livez", "/openapi.json", "/api/posts?limit=1"])
def test_a_range_is_answered_with_the_whole(client: Client, path: str, asked: str) -> None:
    expected = client.get(path)
    answer = client.get(path, headers=[("Range", asked)])
    assert (200, expected.body) == (answer.status, answer.body)
    assert (None, None) == (answer.header("Accept-Ranges"), answer.header("Content-Range"))


@sentence("upgrade")
@pytest.mark.parametrize("protocol", ["websocket", "h2c", "TLS/1.3"])
def test_no_other_protocol_is_offered(client: Client, protocol: str) -> None:
    fields = [("Connection", "Upgrade"), ("Upgrade", protocol), ("Sec-WebSocket-Version", "13")]
    assert 200 == client.get("/api/posts", headers=fields).status
