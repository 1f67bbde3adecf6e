"""Bodies: their type, their coding, their length, their JSON."""

import gzip

import pytest

from blog_contract.answers import (
    NEVER,
    assert_problem,
    assert_refused,
    encoded,
    error_fields,
    from_application,
    host,
)
from blog_contract.client import Account, Client, NewPost
from blog_contract.resources import sign_up_form, unique
from blog_contract.sentences import sentence
from http_parity.exchange import Request

MIB = 1_048_576

READS_JSON = [
    ("POST", "/api/users"),
    ("POST", "/api/tokens"),
    ("PATCH", "/api/me"),
    ("POST", "/api/me/password"),
    ("POST", "/api/posts"),
    ("PUT", f"/api/posts/{NEVER}"),
    ("PATCH", f"/api/posts/{NEVER}"),
    ("POST", f"/api/posts/{NEVER}/publish"),
]
"""Every operation that takes a body."""


def accepting(method: str) -> str:
    return "Accept-Patch" if method == "PATCH" else "Accept-Post"


# Content-Type


@sentence("content-type")
@pytest.mark.parametrize(("method", "path"), READS_JSON)
@pytest.mark.parametrize("content_type", ["text/plain", None], ids=["text", "none"])
def test_a_body_of_another_type_is_415_and_the_answer_says_which_is_read(
    client: Client, method: str, path: str, content_type: str | None
) -> None:
    answer = client.request(method, path, body=b"{}", content_type=content_type)
    assert_problem(answer, 415)
    assert answer.header(accepting(method)) == "application/json"


@sentence("content-type")
@pytest.mark.parametrize(
    "content_type",
    [
        "",
        "json",
        "*/*",
        "application/*",
        "application/jsonx",
        "application/json5",
        "application/x-json",
        "text/json",
        "application/problem+json",
        "application/vnd.api+json",
        "application/merge-patch+json",
        "application/x-www-form-urlencoded",
        "multipart/form-data",
        "multipart/form-data; boundary=x",
        "application/json, text/plain",
        "text/plain, application/json",
        "application/json; charset=utf-16",
        "application/json; charset=latin-1",
        "application/json; charset=us-ascii",
        "application/json; charset=",
        "application/json; charset",
        "application/json; version=1",
        "application/json; charset=utf-8; version=1",
        "application/json; utf-8",
        "application/json charset=utf-8",
        "application /json",
        "text/plain; charset=rot13",
        "text/plain; charset=undefined",
        "caf\xe9/json",
    ],
)
def test_no_other_type_is_read_as_json(client: Client, content_type: str) -> None:
    answer = client.post("/api/tokens?x=1", body=b"{}", content_type=content_type)
    assert_problem(answer, 415)
    assert answer.header("Accept-Post") == "application/json"


@sentence("content-type")
@pytest.mark.parametrize(
    "content_type",
    [
        "application/json",
        "Application/JSON",
        "application/json; charset=utf-8",
        "application/json;charset=utf-8",
        "application/json; charset=UTF-8",
        "application/json; Charset=Utf-8",
        "APPLICATION/JSON; CHARSET=UTF-8",
    ],
)
def test_json_is_named_without_regard_to_case(client: Client, content_type: str) -> None:
    answer = client.post("/api/tokens?x=1", body=b"{}", content_type=content_type)
    assert ["username", "password"] == error_fields(answer)


@sentence("content-type", "ignored-body")
@pytest.mark.parametrize("charset", ["rot13", "base64", "idna", "undefined", "utf-16", "nonsense"])
def test_a_charset_nobody_reads_disturbs_nothing(client: Client, charset: str) -> None:
    answer = client.get("/api/posts?limit=1", content_type=f"text/plain; charset={charset}")
    assert 200 == answer.status


@sentence("content-type")
def test_an_empty_body_without_a_type_is_415(client: Client) -> None:
    assert_problem(client.post("/api/tokens"), 415)


# JSON


def nested(depth: int) -> bytes:
    """An object in which arrays go down to this depth, itself included."""
    return b'{"nested":' + b"[" * (depth - 1) + b"]" * (depth - 1) + b"}"


MALFORMED = {
    "empty": b"",
    "blank": b"  \n",
    "nul": b"\x00",
    "word": b"hello",
    "form": b"username=a&password=b",
    "open-object": b'{"username": "a"',
    "open-string": b'{"username": "a}',
    "open-array": b"[",
    "two-values": b"{}{}",
    "trailing-text": b"{} x",
    "trailing-nul": b"{}\x00",
    "trailing-comma": b'{"username": "a",}',
    "missing-comma": b'{"username": "a" "password": "b"}',
    "missing-colon": b'{"username" "a"}',
    "single-quotes": b"{'username': 'a'}",
    "bare-key": b"{username: 1}",
    "number-key": b'{1: "a"}',
    "comment": b"{/* a */}",
    "line-comment": b"{} // a",
    "python-true": b'{"username": True}',
    "python-none": b'{"username": None}',
    "undefined": b'{"username": undefined}',
    "nan": b'{"username": NaN}',
    "infinity": b'{"username": Infinity}',
    "minus-infinity": b'{"username": -Infinity}',
    "minus-nan": b'{"username": -NaN}',
    "leading-zero": b'{"username": 01}',
    "plus": b'{"username": +1}',
    "bare-fraction": b'{"username": .5}',
    "bare-point": b'{"username": 1.}',
    "bare-exponent": b'{"username": 1e}',
    "hexadecimal": b'{"username": 0x1}',
    "underscore": b'{"username": 1_0}',
    "401-digits": b'{"username": ' + b"1" * 401 + b"}",
    "minus-401-digits": b'{"username": -' + b"1" * 401 + b"}",
    "401-digits-of-fraction": b'{"username": 0.' + b"1" * 400 + b"}",
    "duplicate-key": b'{"username": "a", "username": "a"}',
    "duplicate-unknown-key": b'{"x": 1, "x": 2}',
    "duplicate-escaped-key": b'{"x": 1, "\\u0078": 2}',
    "duplicate-key-inside": b'{"a": [{"x": 1, "x": 1}]}',
    "raw-newline": b'{"username": "a\nb"}',
    "raw-tab": b'{"username": "a\tb"}',
    "raw-nul": b'{"username": "a\x00b"}',
    "bad-escape": b'{"username": "\\x41"}',
    "short-escape": b'{"username": "\\u12"}',
    "bad-blank": b"\x0c{}",
    "no-break-space": b"\xc2\xa0{}",
    "bom": b"\xef\xbb\xbf{}",
    "utf-16": '{"username": "a"}'.encode("utf-16"),
    "utf-16-le": '{"username": "a"}'.encode("utf-16-le"),
    "utf-16-be": '{"username": "a"}'.encode("utf-16-be"),
    "utf-32": '{"username": "a"}'.encode("utf-32"),
    "latin-1": '{"username": "é"}'.encode("latin-1"),
    "overlong": b'{"username": "\xc0\xaf"}',
    "cut-utf-8": b'{"username": "\xe2\x82"}',
    "surrogate-in-utf-8": b'{"username": "\xed\xa0\x80"}',
    "beyond-unicode": b'{"username": "\xf4\x90\x80\x80"}',
    "high-surrogate": b'{"username": "\\ud83d"}',
    "low-surrogate": b'{"username": "\\ude00"}',
    "surrogates-reversed": b'{"username": "\\ude00\\ud83d"}',
    "surrogate-then-text": b'{"username": "\\ud83dx"}',
    "surrogate-in-key": b'{"\\ud83d": 1}',
    "surrogate-inside": b'{"a": ["\\udfff"]}',
    "depth-33": nested(33),
    "depth-33-objects": b'{"a":' * 33 + b"1" + b"}" * 33,
    "depth-1000": nested(1000),
    "depth-100000": nested(100_000),
    "depth-100000-open": b"[" * 100_000,
}


@sentence("json", "status-400")
@pytest.mark.parametrize("body", MALFORMED.values(), ids=MALFORMED.keys())
def test_a_body_that_is_not_good_json_is_400(client: Client, body: bytes) -> None:
    assert_problem(client.post("/api/tokens", body=body), 400)


@sentence("json")
@pytest.mark.parametrize("constant", ["NaN", "Infinity", "-Infinity"])
@pytest.mark.parametrize("field", ["username", "another"])
def test_nan_or_infinity_in_a_field_is_400(client: Client, field: str, constant: str) -> None:
    body = b'{"password":"nine lives","%b":%b}' % (field.encode(), constant.encode())
    assert_problem(client.post("/api/tokens", body=body), 400)


@sentence("json", "order-no-database")
@pytest.mark.parametrize(("method", "path"), READS_JSON)
@pytest.mark.parametrize("name", ["open-object", "nan", "duplicate-key", "bom", "depth-33"])
def test_bad_json_is_400_on_every_operation_that_reads_it(
    client: Client, method: str, path: str, name: str
) -> None:
    assert_problem(client.request(method, path, body=MALFORMED[name]), 400)


@sentence("json")
@pytest.mark.parametrize(
    ("method", "path"), [pair for pair in READS_JSON if not pair[1].endswith("/publish")]
)
def test_an_empty_body_is_400_where_one_is_needed(client: Client, method: str, path: str) -> None:
    assert_problem(client.request(method, path, body=b""), 400)


READABLE = {
    "depth-32": nested(32),
    "400-digits": b'{"nested": ' + b"1" * 400 + b"}",
    "exponent": b'{"nested": 1e400}',
    "surrogate-pair": b'{"nested": "\\ud83d\\ude00"}',
    "escaped-backslash-u": b'{"nested": "\\\\ud83d"}',
    "brackets-in-text": b'{"nested": "' + b"[" * 100 + b'"}',
    "quoted-brackets": b'{"nested": "\\"' + b"{" * 100 + b'"}',
    "siblings": b'{"nested": [' + b",".join([b"[]"] * 100) + b"]}",
    "same-key-elsewhere": b'{"nested": [{"x": 1}, {"x": {"x": 1}}]}',
    "blanks-around": b' \t\r\n{ "nested" : 1 } \n',
    "noncharacter": b'{"nested": "\xef\xbf\xbf"}',
}


@sentence("json", "unknown-fields")
@pytest.mark.parametrize("body", READABLE.values(), ids=READABLE.keys())
def test_json_within_the_limits_is_read(client: Client, body: bytes) -> None:
    answer = client.post("/api/tokens", body=body)
    assert ["username", "password", "nested"] == error_fields(answer)


@sentence("json-object", "problem-errors")
@pytest.mark.parametrize("body", [b"[]", b"[{}]", b'"text"', b"1", b"-0.5", b"true", b"null"])
@pytest.mark.parametrize("path", ["/api/users", "/api/tokens", "/api/me", "/api/posts"])
def test_json_that_is_no_object_is_422_without_a_field(
    client: Client, author: Account, path: str, body: bytes
) -> None:
    method = "PATCH" if path == "/api/me" else "POST"
    token = author.token if path in {"/api/me", "/api/posts"} else None
    assert [""] == error_fields(client.request(method, path, body=body, token=token))


# Length


@sentence("body-limit")
def test_a_body_of_one_mebibyte_is_read(client: Client) -> None:
    answer = client.post("/api/tokens", body=b"{}".ljust(MIB))
    assert ["username", "password"] == error_fields(answer)


@sentence("body-limit")
@pytest.mark.parametrize(
    ("method", "path"), [*READS_JSON, ("GET", "/api/posts"), ("DELETE", "/api/me")]
)
def test_a_body_of_one_byte_more_is_413(client: Client, method: str, path: str) -> None:
    assert_problem(client.request(method, path, body=b"{}".ljust(MIB + 1)), 413)


@sentence("body-limit", "ignored-body")
@pytest.mark.parametrize("path", ["/livez", "/readyz", "/openapi.json", "/api/users"])
def test_the_limit_holds_where_a_body_is_ignored(client: Client, path: str) -> None:
    answer = client.get(path, body=bytes(MIB + 1), content_type="text/plain")
    assert_problem(answer, 413)


@sentence("body-limit")
@pytest.mark.parametrize("declared", [MIB + 1, 10**9, 10**15])
def test_a_body_declared_too_large_is_413_before_it_comes(client: Client, declared: int) -> None:
    fields = (("Content-Type", "application/json"), ("Content-Length", str(declared)))
    request = Request("POST", "/api/tokens", (*host(client), *fields), b"{")
    assert_refused(client, request, 413)


@sentence("body-limit", "lossy-server")
def test_a_chunked_body_has_the_same_limit(client: Client, lossy_server: bool) -> None:
    fields = [("Transfer-Encoding", "chunked")]
    if lossy_server:
        assert_problem(client.post("/api/tokens", headers=fields, body=b"{}"), 411)
        return
    good = client.post("/api/tokens", headers=fields, body=b"{}".ljust(MIB))
    assert ["username", "password"] == error_fields(good)
    assert_problem(client.post("/api/tokens", headers=fields, body=b"{}".ljust(MIB + 1)), 413)


@sentence("body-short")
@pytest.mark.parametrize("missing", [1, 100, 100_000])
def test_a_body_shorter_than_declared_writes_nothing(client: Client, missing: int) -> None:
    form = sign_up_form()
    # What has come is whole, good JSON: only the declared length shows that something is missing.
    body = encoded(form)
    fields = (("Content-Type", "application/json"), ("Content-Length", str(len(body) + missing)))
    request = Request("POST", "/api/users", (*host(client), *fields), body)
    assert_refused(client, request, 400, or_no_answer=True)
    assert 404 == client.get(f"/api/users/{form['username']}").status


@sentence("body-short")
def test_a_change_cut_short_changes_nothing(
    client: Client, author: Account, new_post: NewPost
) -> None:
    post = new_post(author, content="as it was")
    body = b'{"content":"cut"}'
    fields = (
        ("Authorization", f"Bearer {author.token}"),
        ("If-Match", post.etag),
        ("Content-Type", "application/json"),
        ("Content-Length", str(len(body) + 1)),
    )
    request = Request("PATCH", post.path, (*host(client), *fields), body)
    assert_refused(client, request, 400, or_no_answer=True)
    assert post.body == client.get(post.path, token=author.token).json()


# Content-Encoding


@sentence("content-encoding")
@pytest.mark.parametrize(
    "coding", ["gzip", "GZIP", "x-gzip", "deflate", "br", "zstd", "compress", "gzip, identity", "x"]
)
def test_a_coded_body_is_415_and_the_answer_says_what_is_read(client: Client, coding: str) -> None:
    answer = client.post(
        "/api/tokens", body=gzip.compress(b"{}"), headers=[("Content-Encoding", coding)]
    )
    assert_problem(answer, 415)
    assert answer.header("Accept-Encoding") == "identity"


@sentence("content-encoding")
def test_the_identity_coding_is_none(client: Client) -> None:
    answer = client.post("/api/tokens", body=b"{}", headers=[("Content-Encoding", "identity")])
    assert ["username", "password"] == error_fields(answer)


# Bodies nobody reads


@sentence("ignored-body")
@pytest.mark.parametrize("path", ["/livez", "/readyz", "/api/users?limit=1", "/api/posts?limit=1"])
@pytest.mark.parametrize("body", [b"{}", b"{", b"\xff\x00", b"x" * 1000])
def test_a_body_that_get_does_not_take_is_ignored(client: Client, path: str, body: bytes) -> None:
    answer = client.get(path, body=body, content_type="text/plain")
    assert (200, client.get(path).body) == (answer.status, answer.body)


@sentence("ignored-body", "publish")
def test_a_body_that_unpublish_does_not_take_is_ignored(
    client: Client, author: Account, new_post: NewPost
) -> None:
    post = new_post(author)
    for content_type, body in [("text/plain", b"x"), ("application/json", b"{")]:
        answer = client.post(
            f"{post.path}/unpublish",
            token=author.token,
            if_match=post.etag,
            body=body,
            content_type=content_type,
        )
        assert (200, post.body) == (answer.status, answer.json())


@sentence("ignored-body")
def test_a_body_that_delete_does_not_take_is_ignored(
    client: Client, author: Account, new_post: NewPost
) -> None:
    post = new_post(author)
    answer = client.delete(
        post.path, token=author.token, if_match=post.etag, body=b"{", content_type="text/plain"
    )
    assert (204, b"") == (answer.status, answer.body)


@sentence("ignored-body", "body-short")
def test_the_next_request_after_an_ignored_body_is_answered(client: Client) -> None:
    for _ in range(3):
        answer = client.get("/livez", body=b"GET /nothing HTTP/1.1\r\n\r\n", content_type="a/b")
        assert from_application(answer)
        assert (200, b'{"status":"ok"}') == (answer.status, answer.body)


@sentence("body-limit")
def test_a_refusal_of_a_large_body_leaves_the_server_answering(client: Client) -> None:
    name = unique()
    for _ in range(3):
        client.post("/api/users", body=b"{}".ljust(4 * MIB))
        assert 404 == client.get(f"/api/users/{name}").status
