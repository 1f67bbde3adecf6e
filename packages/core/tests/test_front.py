import json

import pytest

from blog_core.http.front import Front, Head, joined
from blog_core.http.operations import BY_NAME, OPERATIONS, Operation
from blog_core.http.replies import HTML, JSON, Reply
from blog_core.settings import Settings

FRONT = Front(Settings(cors_origins=("https://reader.example",)))
ANSWER = Reply(200, (JSON, ("ETag", '"1"'), ("X-Powered-By", "a framework")), b"{}")


def head(
    method: str = "GET",
    path: str = "/api/posts",
    query: str = "",
    raw_path: str | None = None,
    **headers: str,
) -> Head:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Head(method, path, query, {"host": "localhost", **named}, raw_path)


def refusal(found: Operation | Reply | bytes) -> int:
    assert isinstance(found, Reply)
    body = json.loads(found.body) if found.body else {}
    assert found.status == body.get("status", found.status)
    return found.status


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
def test_every_operation_is_found_by_its_method_and_path(operation: Operation) -> None:
    path = operation.path.replace("{username}", "Ada.L").replace("{token_id}", "7")
    path = path.replace("{post_id}", "7")
    assert operation is FRONT.admit(head(operation.method, path))
    if operation.method == "GET":
        assert operation is FRONT.admit(head("HEAD", path))


@pytest.mark.sentence("paths", "path-ids", "path-bytes")
@pytest.mark.parametrize(
    "path",
    [
        "/api",
        "/api/posts/",
        "/api//posts",
        "//api/posts",
        "/api/Posts",
        "/api/posts.json",
        "/api/posts/0",
        "/api/posts/01",
        "/api/posts/+1",
        "/api/posts/1_0",
        "/api/posts/١",
        "/api/posts/" + "9" * 19,
        "/api/posts/1\n",
        "/api/users/é",
        "/api/users/" + "x" * 81,
        "/api/posts;x",
        "/api/./posts",
        "",
        "*",
    ],
)
def test_another_path_is_not_there(path: str) -> None:
    assert 404 == FRONT.finish(head(path=path), _reply(FRONT.admit(head(path=path)))).status


def _reply(found: Operation | Reply) -> Reply:
    assert isinstance(found, Reply)
    return found


@pytest.mark.sentence("paths")
def test_an_escaped_path_is_another_one() -> None:
    assert 404 == refusal(FRONT.admit(head(path="/api/posts", raw_path="/api/%70osts")))


@pytest.mark.sentence("method-405", "method-501", "options")
@pytest.mark.parametrize(
    ("method", "status"),
    [("PUT", 405), ("TRACE", 405), ("CONNECT", 405), ("OPTIONS", 204), ("get", 501), ("BREW", 501)],
)
def test_another_method_is_told_which_there_are(method: str, status: int) -> None:
    found = FRONT.admit(head(method))
    assert status == refusal(found)
    assert isinstance(found, Reply)
    if status != 501:
        assert "GET, HEAD, OPTIONS, POST" == dict(found.headers)["Allow"]


@pytest.mark.sentence("order-no-database", "status-400")
@pytest.mark.parametrize(
    ("wrong", "status"),
    [
        (head(query="x" * 2690), 414),
        (head(x="x" * 8000), 431),
        (head(**{f"x{number}": "" for number in range(90)}), 431),
        (head(query="q=%"), 400),
        (head(query="q=%ff"), 400),
        (head(query="q=%00"), 400),
        (head(query="q=<"), 400),
        (head(query="q=\u00e9"), 400),
        (head(query="&".join(["x"] * 51)), 400),
        (head(authorization="Bearer a,Bearer b"), 400),
        (head(cookie="session=a; session=b"), 400),
        (head(cookie="session=a,__Host-session=b"), 400),
        (head(expect="200-ok"), 417),
        (head(host="evil.example"), 400),
        (head(host=""), 400),
        (head(host="localhost,localhost"), 400),
        (head(host="localhost:x"), 400),
        (Head("GET", "/api/posts", "", {}), 400),
    ],
)  # fmt: skip
def test_what_is_unreadable_never_reaches_an_application(wrong: Head, status: int) -> None:
    assert status == refusal(FRONT.admit(wrong))
    # Whatever else is wrong with it.
    wrong.path, wrong.method = "/api/nowhere", "BREW"
    assert status == refusal(FRONT.admit(wrong))


@pytest.mark.sentence("host")
@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:8000", "127.0.0.1:1", "[::1]:80"])
def test_a_host_is_known_by_its_name(host: str) -> None:
    assert BY_NAME["list_posts"] is FRONT.admit(head(host=host))


@pytest.mark.sentence("order-no-database", "body-short", "content-type", "content-encoding", "json")
@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        ({"content_length": "3"}, b"{}", 400),
        ({"content_encoding": "gzip"}, b"{}", 415),
        ({}, b"{}", 415),
        ({"content_type": "text/plain"}, b"{}", 415),
        ({"content_type": "application/json"}, b"{", 400),
        ({"content_type": "application/json"}, b"", 400),
    ],
)
def test_an_unreadable_body_is_refused(headers: dict[str, str], body: bytes, status: int) -> None:
    assert status == refusal(FRONT.read(BY_NAME["create_post"], head("POST", **headers), body))


@pytest.mark.sentence("ignored-body", "publish")
def test_a_body_is_read_where_there_is_one_to_read() -> None:
    typed = head("POST", content_type="application/json", content_length="2")
    assert b"{}" == FRONT.read(BY_NAME["create_post"], typed, b"{}")
    assert b"" == FRONT.read(BY_NAME["unpublish_post"], typed, b"\xff\xff")
    assert b"{}" == FRONT.read(BY_NAME["publish_post"], head("POST"), b"")
    assert 415 == refusal(FRONT.read(BY_NAME["publish_post"], head("POST"), b"{}"))


@pytest.mark.sentence("header-bytes")
def test_unreadable_fields_count_as_empty_and_ambiguous_ones_as_absent() -> None:
    fields = [("a", "1"), ("b", "caf\u00e9"), ("c_d", "2"), ("a", "3"), ("b", "x")]
    assert {"a": "1,3", "b": ",x"} == joined(fields)


@pytest.mark.sentence("stray-headers", "security-headers", "caching")
def test_an_answer_carries_what_every_answer_carries_and_nothing_else() -> None:
    reply = FRONT.finish(head(x_request_id="abc"), ANSWER)
    headers = dict(reply.headers)
    assert len(headers) == len(reply.headers)
    assert {
        "Content-Type": "application/json",
        "ETag": '"1"',
        "Content-Length": "2",
        "Cache-Control": "public, no-cache",
        "Vary": "Authorization, Cookie, Origin",
        "X-Request-ID": "abc",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "cross-origin",
        "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    } == headers


@pytest.mark.sentence("security-headers")
def test_only_a_site_on_https_says_so() -> None:
    assert "Strict-Transport-Security" not in dict(FRONT.finish(head(), ANSWER).headers)
    secure = Front(Settings(https=True)).finish(head(), ANSWER)
    assert (
        "max-age=31536000; includeSubDomains" == dict(secure.headers)["Strict-Transport-Security"]
    )


@pytest.mark.sentence("caching")
@pytest.mark.parametrize(
    "request_head",
    [head("POST"), head(authorization="Bearer x"), head(cookie="a=b; session=x")],
)
def test_what_is_somebodys_is_not_stored(request_head: Head) -> None:
    assert "no-store" == dict(FRONT.finish(request_head, ANSWER).headers)["Cache-Control"]


@pytest.mark.sentence("caching")
def test_an_error_is_not_stored() -> None:
    assert "no-store" == dict(FRONT.finish(head(), Reply(404)).headers)["Cache-Control"]


@pytest.mark.sentence("head")
def test_head_has_the_length_but_no_body() -> None:
    reply = FRONT.finish(head("HEAD"), ANSWER)
    assert (b"", "2") == (reply.body, dict(reply.headers)["Content-Length"])


@pytest.mark.sentence("if-none-match")
def test_an_unchanged_post_is_not_sent_again() -> None:
    reply = FRONT.finish(head(if_none_match='W/"1"'), ANSWER)
    assert (304, b"") == (reply.status, reply.body)
    assert '"1"' == dict(reply.headers)["ETag"]
    assert not {"Content-Type", "Content-Length"} & dict(reply.headers).keys()
    assert 200 == FRONT.finish(head("PATCH", if_none_match='"1"'), ANSWER).status


@pytest.mark.sentence("cors")
@pytest.mark.parametrize("status", [200, 404, 500])
def test_an_allowed_origin_may_read_every_answer(status: int) -> None:
    headers = dict(FRONT.finish(head(origin="https://reader.example"), Reply(status)).headers)
    assert "https://reader.example" == headers["Access-Control-Allow-Origin"]
    assert "Access-Control-Allow-Credentials" not in headers
    assert "ETag" in headers["Access-Control-Expose-Headers"]


@pytest.mark.sentence("cors")
@pytest.mark.parametrize("origin", ["https://other.example", "null", "https://READER.example", ""])
def test_another_origin_is_told_nothing(origin: str) -> None:
    headers = FRONT.finish(head(origin=origin), ANSWER).headers
    assert [] == [name for name, _ in headers if name.startswith("Access-Control")]


@pytest.mark.sentence("cors-preflight")
def test_a_preflight_is_told_the_methods_of_the_path() -> None:
    ask = head("OPTIONS", origin="https://reader.example", access_control_request_method="POST")
    headers = dict(FRONT.finish(ask, _reply(FRONT.admit(ask))).headers)
    assert headers["Allow"] == headers["Access-Control-Allow-Methods"]
    assert "600" == headers["Access-Control-Max-Age"]


@pytest.mark.sentence("request-id")
@pytest.mark.parametrize("sent", ["a", "A-1_b.c", "x" * 64])
def test_a_good_request_id_is_repeated(sent: str) -> None:
    assert sent == head(x_request_id=sent).id


@pytest.mark.sentence("request-id")
@pytest.mark.parametrize("sent", ["", "a b", "x" * 65, "a\n", "a,b"])
def test_another_is_replaced_by_a_new_one(sent: str) -> None:
    first, second = head(x_request_id=sent).id, head(x_request_id=sent).id
    assert first != second
    assert sent not in (first, second)


@pytest.mark.sentence("problem-everywhere")
def test_outside_the_api_a_page_says_the_same() -> None:
    asked = head(path="/nowhere")
    reply = FRONT.finish(asked, _reply(FRONT.admit(asked)))
    assert (404, "text/html; charset=utf-8") == (reply.status, dict(reply.headers)["Content-Type"])
    assert b"404 Not Found" in reply.body


@pytest.mark.sentence("page-problem")
def test_a_problem_is_a_page_however_the_framework_writes_its_header() -> None:
    problem = Reply(404, (("content-type", "application/problem+json"),), b'{"detail": "No."}')
    reply = FRONT.finish(head("GET", "/posts/1"), problem)
    assert [HTML] == [header for header in reply.headers if header[0].lower() == "content-type"]


@pytest.mark.sentence("stray-headers")
def test_what_has_no_body_has_no_type() -> None:
    named = Reply(303, (("Location", "/"), ("Content-Type", "text/html; charset=utf-8")))
    headers = dict(FRONT.finish(head("POST", "/login"), named).headers)
    assert "Content-Type" not in headers
    assert ("/", "0") == (headers["Location"], headers["Content-Length"])
