"""Who a request says it comes from."""

from typing import Any

import pytest

from blog_contract.answers import NEVER, assert_problem, error_fields
from blog_contract.client import Account, Client, NewPost
from blog_contract.resources import PAST, sign_up_form
from blog_contract.sentences import sentence

REALM = 'Bearer realm="blog"'
INVALID = 'Bearer realm="blog", error="invalid_token"'

POST = f"/api/posts/{NEVER}"
TITLE = {"title": "Title", "content": "", "pub_date": None}

NEEDS_CREDENTIALS: list[tuple[str, str, Any]] = [
    ("GET", "/api/me", None),
    ("PATCH", "/api/me", {}),
    ("DELETE", "/api/me", None),
    (
        "POST",
        "/api/me/password",
        {"current_password": "nine lives, no boots", "new_password": "seven seas, one sail"},
    ),
    ("GET", "/api/tokens", None),
    ("DELETE", f"/api/tokens/{NEVER}", None),
    ("DELETE", "/api/tokens/current", None),
    ("GET", "/api/posts?status=draft", None),
    ("GET", "/api/posts?status=scheduled", None),
    ("POST", "/api/posts", {"title": "Title"}),
    ("PUT", POST, TITLE),
    ("PATCH", POST, {"title": "Title"}),
    ("DELETE", POST, None),
    ("POST", f"{POST}/publish", {"pub_date": PAST}),
    ("POST", f"{POST}/unpublish", None),
]
"""Every operation that is not for anyone, with a body it would take."""

FOR_ANYONE = ["/api/users", "/api/users/{username}", "/api/posts", POST]
"""The reads that need no credentials but look at those they get."""


def with_body(body: Any) -> dict[str, Any]:
    return {} if body is None else {"json": body}


@sentence("status-401", "order-no-database")
@pytest.mark.parametrize(("method", "target", "body"), NEEDS_CREDENTIALS)
def test_without_credentials_it_is_401_and_the_answer_says_which(
    client: Client, method: str, target: str, body: Any
) -> None:
    answer = client.request(method, target, if_match='"1"', **with_body(body))
    assert_problem(answer, 401)
    assert answer.header("WWW-Authenticate") == REALM


@sentence("bad-token", "status-401")
@pytest.mark.parametrize(("method", "target", "body"), NEEDS_CREDENTIALS)
def test_a_bad_token_is_401_where_one_is_needed(
    client: Client, method: str, target: str, body: Any
) -> None:
    answer = client.request(
        method, target, if_match='"1"', token="no such token", **with_body(body)
    )
    assert_problem(answer, 401)
    assert answer.header("WWW-Authenticate") == INVALID


@sentence("bad-token", "status-401")
@pytest.mark.parametrize("target", FOR_ANYONE)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_bad_token_is_401_also_where_none_is_needed(
    client: Client, reader: Account, method: str, target: str
) -> None:
    answer = client.request(method, target.format(username=reader.username), token="no-such-token")
    assert 401 == answer.status
    assert answer.header("WWW-Authenticate") == INVALID


@sentence("bad-token", "authorization")
@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda token: token[:-1], id="cut"),
        pytest.param(lambda token: token + "A", id="longer"),
        pytest.param(lambda token: token.swapcase(), id="other-case"),
        pytest.param(lambda token: f'"{token}"', id="quoted"),
        pytest.param(lambda token: f"{token} {token}", id="twice"),
        pytest.param(lambda token: f"{token}=", id="padded"),
        pytest.param(lambda token: "%" + token, id="percent"),
        pytest.param(lambda token: "x" * 4000, id="long"),
        pytest.param(lambda token: "' OR 1=1 --", id="sql"),
    ],
)
def test_an_altered_token_is_401(client: Client, author: Account, change: Any) -> None:
    answer = client.get("/api/me", token=change(author.token))
    assert_problem(answer, 401)
    assert answer.header("WWW-Authenticate") == INVALID


@sentence("bad-token")
@pytest.mark.parametrize("target", ["/livez", "/readyz", "/openapi.json"])
def test_the_machines_paths_read_no_credentials(client: Client, target: str) -> None:
    expected = client.get(target)
    answer = client.get(target, token="no such token")
    assert (200, expected.body) == (answer.status, answer.body)


@sentence("bad-token", "sign-up", "sign-in")
def test_sign_up_and_sign_in_read_no_credentials(client: Client) -> None:
    form = sign_up_form()
    assert 201 == client.post("/api/users", json=form, token="no such token").status
    credentials = {"username": form["username"], "password": form["password"]}
    assert 201 == client.post("/api/tokens", json=credentials, token="no such token").status


@sentence("authorization")
@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER", "bEaReR"])
def test_the_scheme_is_read_without_regard_to_case(
    client: Client, author: Account, scheme: str
) -> None:
    answer = client.get("/api/me", headers=[("Authorization", f"{scheme} {author.token}")])
    assert (200, author.id) == (answer.status, answer.json()["id"])


@sentence("authorization", "status-401")
@pytest.mark.parametrize(
    "value", ["Basic {}", "Token {}", "Digest {}", "JWT {}", "Bearerx {}", "X-Bearer {}", "{}"]
)
def test_another_scheme_counts_as_none(client: Client, author: Account, value: str) -> None:
    fields = [("Authorization", value.format(author.token))]
    assert 200 == client.get("/api/posts?limit=1", headers=fields).status
    answer = client.get("/api/me", headers=fields)
    assert_problem(answer, 401)
    assert answer.header("WWW-Authenticate") == REALM


@sentence("authorization", "status-401")
@pytest.mark.parametrize("target", ["?access_token={}", "?token={}", "?authorization=Bearer%20{}"])
def test_no_token_is_read_from_a_query(client: Client, author: Account, target: str) -> None:
    answer = client.get("/api/me" + target.format(author.token))
    assert_problem(answer, 401)
    assert answer.header("WWW-Authenticate") == REALM


@sentence("duplicate-credentials", "status-400")
@pytest.mark.parametrize("target", ["/api/me", "/api/posts", "/api/users", "/api/tokens"])
@pytest.mark.parametrize("second", ["Bearer {}", "Bearer x", "Basic eDp5", ""])
def test_two_credentials_are_400(client: Client, author: Account, target: str, second: str) -> None:
    fields = [
        ("Authorization", f"Bearer {author.token}"),
        ("Authorization", second.format(author.token)),
    ]
    assert_problem(client.get(target, headers=fields), 400)
    assert_problem(client.get(target, headers=fields[::-1]), 400)


@sentence("duplicate-credentials")
def test_two_credentials_write_nothing(client: Client, author: Account) -> None:
    fields = [("Authorization", f"Bearer {author.token}")] * 2
    assert_problem(client.delete("/api/me", headers=fields), 400)
    assert_problem(client.post("/api/posts", json={"title": "Title"}, headers=fields), 400)
    assert 200 == client.get("/api/me", token=author.token).status


@sentence("duplicate-credentials")
@pytest.mark.parametrize("value", ["Bearer {},", "Bearer {0},Bearer {0}", "Basic eDp5, Bearer {}"])
def test_credentials_with_a_comma_are_400(client: Client, author: Account, value: str) -> None:
    fields = [("Authorization", value.format(author.token))]
    assert_problem(client.get("/api/me", headers=fields), 400)


@sentence("header-bytes", "authorization")
@pytest.mark.parametrize("value", ["Bearer {}\xe9", "Bearer {}\xc3\xa9", "\xa0Bearer {}"])
def test_credentials_outside_ascii_are_none(client: Client, author: Account, value: str) -> None:
    fields = [("Authorization", value.format(author.token))]
    answer = client.get("/api/me", headers=fields)
    assert_problem(answer, 401)
    assert answer.header("WWW-Authenticate") == REALM


@sentence("header-bytes", "idempotency", "if-match")
def test_other_values_outside_ascii_count_as_empty(
    client: Client, author: Account, new_post: NewPost
) -> None:
    keyed = client.post(
        "/api/posts", json={"title": "T"}, token=author.token, idempotency_key="caf\xe9"
    )
    assert ["Idempotency-Key"] == error_fields(keyed)
    post = new_post(author)
    matched = client.delete(post.path, token=author.token, if_match=f"{post.etag}\xe9")
    assert_problem(matched, 412)
    typed = client.post("/api/tokens", body=b"{}", content_type="application/json\xa0")
    assert_problem(typed, 415)


@sentence("header-bytes", "lossy-server")
def test_a_name_with_an_underscore_is_absent(
    client: Client, author: Account, new_post: NewPost, lossy_server: bool
) -> None:
    post = new_post(author)
    bare = client.delete(post.path, token=author.token, headers=[("If_Match", post.etag)])
    answer = client.get("/livez", headers=[("X_Request_ID", "mine")])
    if lossy_server:
        assert (204, "mine") == (bare.status, answer.header("X-Request-ID"))
    else:
        assert_problem(bare, 428)
        assert "mine" != answer.header("X-Request-ID")


@sentence("forwarded")
@pytest.mark.parametrize(
    "field",
    [
        ("X-Forwarded-For", "192.0.2.1"),
        ("X-Forwarded-Proto", "https"),
        ("X-Forwarded-Ssl", "on"),
        ("X-Forwarded-Host", "evil.example"),
        ("X-Forwarded-Port", "1"),
        ("X-Forwarded-Prefix", "/prefix"),
        ("X-Forwarded-User", "root"),
        ("X-Script-Name", "/api"),
        ("Script-Name", "/api"),
        ("SCRIPT_NAME", "/api"),
        ("Path-Info", "/livez"),
        ("X-Original-URL", "/livez"),
        ("X-Rewrite-URL", "/livez"),
        ("Forwarded", "for=192.0.2.1;proto=https;host=evil.example"),
        ("Remote-User", "root"),
        ("X-HTTP-Method-Override", "DELETE"),
    ],
    ids=lambda field: field[0],
)
def test_what_a_proxy_might_say_changes_nothing(
    client: Client, author: Account, field: tuple[str, str]
) -> None:
    expected = client.get("/api/me", token=author.token)
    answer = client.get("/api/me", token=author.token, headers=[field])
    assert (200, expected.body) == (answer.status, answer.body)
    refused = client.get("/api/me", headers=[field])
    assert_problem(refused, 401)
    assert refused.header("Strict-Transport-Security") == expected.header(
        "Strict-Transport-Security"
    )
