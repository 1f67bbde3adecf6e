"""Each cause by the smallest exchange that has it."""

import json
from typing import Any

import pytest

from http_parity.causes import CAUSES, STATUS_CAUSES
from http_parity.compare import every_difference
from http_parity.exchange import Answer, Request
from http_parity.explain import explain, parts
from http_parity.results import Finding, Result
from http_parity.sequence import Exchange, Step

JSON = ("Content-Type", "application/json")


def ask(method: str, target: str, *headers: tuple[str, str], body: str | bytes = b"") -> Request:
    sent = body.encode() if isinstance(body, str) else body
    return Request(method, target, headers, sent)


def reply(status: int, body: Any = None, *headers: tuple[str, str]) -> Answer:
    if body is None:
        return Answer(status, headers)
    text = body if isinstance(body, str) else json.dumps(body, separators=(",", ":"))
    fields = headers if any(name == "Content-Type" for name, _ in headers) else (JSON, *headers)
    return Answer(status, (*fields, ("Content-Length", str(len(text)))), text.encode())


Turn = tuple[Request, Answer | None, Answer | None]


def finding(*turns: Turn, targets: tuple[str, str] = ("old", "new"), seen: int = 1) -> Finding:
    steps = tuple(
        Step(request.method, (request.target,), tuple((n, (v,)) for n, v in request.headers))
        for request, _, _ in turns
    )
    return Finding(
        sequence=steps,
        targets=targets,
        exchanges=(
            tuple(Exchange(request, a) for request, a, _ in turns),
            tuple(Exchange(request, b) for request, _, b in turns),
        ),
        differences=tuple(every_difference(turns[-1][1], turns[-1][2])),
        seen=seen,
    )


GET = ask("GET", "/a")
TWICE = ask("GET", "/a?q=1&q=2")
POST = ask("POST", "/a", JSON, body='{"a":1}')


def post(body: str | bytes, *headers: tuple[str, str]) -> Request:
    return ask("POST", "/a", *(headers or (JSON,)), body=body)


def moved(status: int, to: str) -> Answer:
    return reply(status, None, ("Location", to))


EXAMPLES: list[tuple[str, str, Request, Answer | None, Answer | None]] = [
    ("limits", "limit on request targets (414 became 200)", GET, reply(414), reply(200)),
    (
        "expectation",
        "Expect refused by one (417 became 200)",
        ask("GET", "/a", ("Expect", "x")),
        reply(417),
        reply(200),
    ),
    (
        "error_shape",
        "error body has another shape",
        GET,
        reply(404, {"a": 1}, ("Content-Language", "en")),
        reply(404, "no", ("Content-Type", "text/plain")),
    ),
    (
        "control_character",
        "control character in the path (404 became 200)",
        ask("GET", "/a%0A"),
        reply(404),
        reply(200, []),
    ),
    (
        "repeated_field",
        "Content-Type sent twice (200 became 400)",
        post("[]", JSON, ("Content-Type", "text/csv")),
        reply(200),
        reply(400),
    ),
    (
        "head_body",
        "HEAD: body gained",
        ask("HEAD", "/a"),
        Answer(200, (JSON,)),
        Answer(200, (JSON,), b"{}"),
    ),
    (
        "odd_path",
        "double slash (another 404)",
        ask("GET", "//a"),
        reply(404, {"a": 1}, ("X-Made-By", "a")),
        reply(404, "no", ("Content-Type", "text/plain")),
    ),
    (
        "page",
        "elements or text of the page differ",
        GET,
        reply(200, "<p>a</p>", ("Content-Type", "text/html")),
        reply(200, "<p>b</p>", ("Content-Type", "text/html")),
    ),
    (
        "page",
        "attribute href of elements differs",
        GET,
        reply(200, '<a href="/a">a</a>', ("Content-Type", "text/html")),
        reply(200, '<a href="/b">a</a>', ("Content-Type", "text/html")),
    ),
    ("no_answer", "no answer where the other answers 200", GET, reply(200), None),
    ("server_error", "500 where the other answers 422", POST, reply(422), reply(500, "oh")),
    ("odd_method", "lower-case method (200 became 405)", ask("get", "/a"), reply(200), reply(405)),
    ("odd_method", "unknown method (405 became 501)", ask("FOO", "/a"), reply(405), reply(501)),
    ("head", "HEAD answers 405", ask("HEAD", "/a"), reply(200), reply(405)),
    ("head", "HEAD: 200 became 204", ask("HEAD", "/a"), reply(200), reply(204)),
    ("options", "OPTIONS answers 405", ask("OPTIONS", "/a"), reply(204), reply(405)),
    (
        "options",
        "CORS preflight answers 405",
        ask("OPTIONS", "/a", ("Access-Control-Request-Method", "PUT")),
        reply(204),
        reply(405),
    ),
    (
        "slash_redirect",
        "trailing slash redirects (200 became 307)",
        ask("GET", "/a/?x=1"),
        reply(200, []),
        moved(307, "http://localhost/a?x=1"),
    ),
    (
        "slash_redirect",
        "double slash redirects (404 became 308)",
        ask("GET", "//a"),
        reply(404),
        moved(308, "/a"),
    ),
    ("slash", "trailing slash (404 became 200)", ask("GET", "/a/"), reply(404), reply(200, [])),
    ("slash", "double slash (404 became 200)", ask("GET", "//a"), reply(404), reply(200, [])),
    ("slash", "%2F in the path (404 became 200)", ask("GET", "/a%2fb"), reply(404), reply(200)),
    (
        "redirect_method",
        "redirect changed the method (307 became 302)",
        POST,
        moved(307, "/b"),
        moved(302, "/b"),
    ),
    ("redirect_method", "redirect 301 became 308", GET, moved(301, "/b"), moved(308, "/b")),
    (
        "conditional",
        "ETag/304 lost",
        ask("GET", "/a", ("If-None-Match", '"1"')),
        reply(304),
        reply(200, 1),
    ),
    (
        "precondition",
        "If-Match ignored (412 became 200)",
        ask("PUT", "/a", JSON, ("If-Match", '"0"'), body='{"a":1}'),
        reply(412),
        reply(200, {}),
    ),
    (
        "ranges",
        "range requests lost",
        ask("GET", "/a", ("Range", "bytes=0-1")),
        reply(206, "12"),
        reply(200, "123"),
    ),
    (
        "odd_length",
        "untrue Content-Length (400 became 200)",
        ask("POST", "/a", JSON, ("Content-Length", "+2"), body="{}"),
        reply(400),
        reply(200, {}),
    ),
    ("malformed_json", "empty body (400 became 422)", post(""), reply(400), reply(422)),
    ("malformed_json", "malformed JSON (400 became 422)", post("{"), reply(400), reply(422)),
    ("malformed_json", "NaN in JSON (400 became 200)", post("[NaN]"), reply(400), reply(200)),
    (
        "malformed_json",
        "byte order mark before JSON (400 became 200)",
        post(b"\xef\xbb\xbf{}"),
        reply(400),
        reply(200),
    ),
    (
        "malformed_json",
        "JSON in UTF-16 (400 became 200)",
        post("{}".encode("utf-16")),
        reply(400),
        reply(200),
    ),
    (
        "malformed_json",
        "JSON that is not UTF-8 (400 became 422)",
        post(b'"\xff"'),
        reply(400),
        reply(422),
    ),
    (
        "malformed_json",
        "lone surrogate in JSON (400 became 200)",
        post('{"a":"\\ud800"}'),
        reply(400),
        reply(200),
    ),
    (
        "malformed_json",
        "deeply nested JSON (400 became 422)",
        post("[" * 300 + "]" * 300),
        reply(400),
        reply(422),
    ),
    (
        "malformed_json",
        "deeply nested JSON (400 became 422)",
        post("[" * 100_000),
        reply(400),
        reply(422),
    ),
    (
        "malformed_json",
        "repeated key in JSON (400 became 200)",
        post('{"a":1,"a":2}'),
        reply(400),
        reply(200),
    ),
    (
        "media_type",
        "another content type (415 became 422)",
        post("a=1", ("Content-Type", "text/plain")),
        reply(415),
        reply(422),
    ),
    (
        "media_type",
        "missing content type (415 became 200)",
        ask("POST", "/a", body="{}"),
        reply(415),
        reply(200, {}),
    ),
    (
        "repeated_refused",
        "repeated query parameter (422 became 200)",
        TWICE,
        reply(422),
        reply(200),
    ),
    (
        "unknown_field",
        "unknown field accepted",
        post('{"a":1,"zulu":2}'),
        reply(422, {"zulu": "Extra inputs are not permitted"}),
        reply(201, {"a": 1}),
    ),
    (
        "unknown_field",
        "unknown field refused",
        post('{"a":1,"zulu":2}'),
        reply(201, {"a": 1}),
        reply(422, {"detail": [{"loc": ["body", "zulu"], "type": "extra_forbidden"}]}),
    ),
    (
        "null_field",
        "null accepted",
        post('{"a":null,"b":1}'),
        reply(422, {"a": "may not be null"}),
        reply(201, {"a": None}),
    ),
    (
        "missing_field",
        "missing field refused",
        post('{"b":1}'),
        reply(201, {}),
        reply(422, {"a": ["This field is required."]}),
    ),
    (
        "wrong_type",
        "value of another type accepted",
        post('{"a":"1","b":"x"}'),
        reply(422, {"a": "must be a number"}),
        reply(201, {"a": 1}),
    ),
    ("credentials", "missing credentials (401 became 403)", GET, reply(401), reply(403)),
    (
        "credentials",
        "bad credentials (401 became 403)",
        ask("GET", "/a", ("Authorization", "x")),
        reply(401),
        reply(403),
    ),
    (
        "path_parameter",
        "path parameter out of form (404 became 422)",
        ask("GET", "/a/x"),
        reply(404),
        reply(422),
    ),
    (
        "odd_host",
        "host name accepted (400 became 200)",
        ask("GET", "/a", ("Host", "evil")),
        reply(400),
        reply(200),
    ),
    ("became", "400 became 422", POST, reply(400, {"a": 1}), reply(422, {"b": 1})),
    (
        "cors",
        "CORS headers missing on errors",
        ask("GET", "/a", ("Origin", "https://a")),
        reply(404, 1, ("Access-Control-Allow-Origin", "*"), ("Vary", "Origin")),
        reply(404, 1),
    ),
    (
        "cors",
        "CORS: Access-Control-Allow-Methods differs",
        ask("OPTIONS", "/a"),
        reply(200, 1, ("Access-Control-Allow-Methods", "GET, PUT")),
        reply(200, 1, ("Access-Control-Allow-Methods", "GET")),
    ),
    (
        "allow",
        "Allow lists other methods",
        ask("PUT", "/a"),
        reply(405, 1, ("Allow", "GET, POST")),
        reply(405, 1, ("Allow", "GET")),
    ),
    (
        "allow",
        "Allow written in another order",
        ask("PUT", "/a"),
        reply(405, 1, ("Allow", "GET, POST")),
        reply(405, 1, ("Allow", "POST, GET")),
    ),
    (
        "set_members",
        "Vary lost Cookie",
        GET,
        reply(200, 1, ("Vary", "Accept, Cookie")),
        reply(200, 1, ("Vary", "Accept")),
    ),
    ("set_members", "Vary gained Cookie", GET, reply(200, 1), reply(200, 1, ("Vary", "Cookie"))),
    (
        "set_members",
        "Cache-Control says something else",
        GET,
        reply(200, 1, ("Cache-Control", "max-age=1")),
        reply(200, 1, ("Cache-Control", "max-age=2")),
    ),
    (
        "content_type",
        "content type lost its charset",
        GET,
        reply(200, "a", ("Content-Type", "text/html; charset=utf-8")),
        reply(200, "a", ("Content-Type", "text/html")),
    ),
    (
        "content_type",
        "content type changed (text/html became application/json)",
        GET,
        reply(200, "a", ("Content-Type", "text/html; charset=utf-8")),
        reply(200, "b"),
    ),
    (
        "cookie",
        "Set-Cookie lost HttpOnly",
        GET,
        reply(200, 1, ("Set-Cookie", "s=1; HttpOnly")),
        reply(200, 1, ("Set-Cookie", "s=1")),
    ),
    (
        "cookie",
        "Set-Cookie changed Max-Age",
        GET,
        reply(200, 1, ("Set-Cookie", "s=1; Max-Age=1")),
        reply(200, 1, ("Set-Cookie", "s=1; Max-Age=2")),
    ),
    ("cookie", "cookie s lost", GET, reply(200, 1, ("Set-Cookie", "s=1")), reply(200, 1)),
    ("etag", "ETag lost", GET, reply(200, 1, ("ETag", '"1"')), reply(200, 1)),
    (
        "location",
        "Location became absolute",
        POST,
        moved(201, "/a/1"),
        moved(201, "http://localhost/a/1"),
    ),
    ("location", "Location leads elsewhere", POST, moved(201, "/a/1"), moved(201, "/a/2")),
    (
        "length",
        "HEAD: Content-Length lost",
        ask("HEAD", "/a"),
        reply(200, None, ("Content-Length", "5")),
        reply(200),
    ),
    (
        "repeated_header",
        "Date came 2 times",
        GET,
        reply(200, 1, ("Date", "x")),
        reply(200, 1, ("Date", "x"), ("Date", "x")),
    ),
    ("header", "X-New gained", GET, reply(200, 1), reply(200, 1, ("X-New", "1"))),
    ("duplicate", "first instead of last duplicate", TWICE, reply(200, "2"), reply(200, "1")),
    (
        "duplicate",
        "last instead of first duplicate",
        TWICE,
        reply(200, {"q": "1"}),
        reply(200, {"q": "2"}),
    ),
    (
        "duplicate",
        "first instead of last duplicate key",
        post('{"a":1,"a":2}'),
        reply(200, {"a": 2}),
        reply(200, {"a": 1}),
    ),
    (
        "duplicate",
        "repeated query parameter (read differently)",
        TWICE,
        reply(200, [7]),
        reply(200, [8]),
    ),
    (
        "error_shape",
        "error body has another shape",
        GET,
        reply(404, {"message": "no"}),
        reply(404, {"detail": "no"}),
    ),
    (
        "error_shape",
        "error body has another shape",
        GET,
        reply(404, {"message": "no"}),
        reply(404, "<p>no", ("Content-Type", "text/html")),
    ),
    (
        "error_type",
        "errors have another content type",
        GET,
        reply(404, 1),
        reply(404, 1, ("Content-Type", "application/problem+json")),
    ),
    (
        "error_text",
        "error says something else",
        GET,
        reply(404, {"a": "x"}),
        reply(404, {"a": "yy"}),
    ),
    ("null_and_absent", "null became absent", GET, reply(200, {"a": None}), reply(200, {})),
    ("null_and_absent", "absent became null", GET, reply(200, {}), reply(200, {"a": None})),
    (
        "dates",
        "date format changed",
        GET,
        reply(200, {"at": "Mon, 01 Jan 2024 10:00:00 GMT"}),
        reply(200, {"at": "2024-01-01T10:00:00.000001Z"}),
    ),
    (
        "dates",
        "date format changed",
        GET,
        reply(200, {"at": "2024-01-01T10:00:00+00:00"}),
        reply(200, {"at": 1704103200}),
    ),
    ("types", "number became string", GET, reply(200, {"a": 1}), reply(200, {"a": "1"})),
    ("types", "string became null", GET, reply(200, {"a": "x"}), reply(200, {"a": None})),
    ("order", "list in another order", GET, reply(200, [1, 2]), reply(200, [2, 1])),
    ("members_of_lists", "list lost items", GET, reply(200, [1, 2, 3]), reply(200, [1, 3])),
    ("members_of_objects", "`b` lost", GET, reply(200, [{"b": 1}]), reply(200, [{}])),
    (
        "spellings",
        "JSON keys in another order",
        GET,
        reply(200, {"a": 1, "b": 2}),
        reply(200, {"b": 2, "a": 1}),
    ),
    (
        "spellings",
        "JSON with other white space",
        GET,
        reply(200, '{"a":1}'),
        reply(200, '{"a": 1}\n'),
    ),
    (
        "spellings",
        "JSON escapes characters differently",
        GET,
        reply(200, '"é"'),
        reply(200, '"\\u00e9"'),
    ),
    ("spellings", "the same value spelled differently", GET, reply(200, "1.0"), reply(200, "1")),
    ("empty", "body lost", GET, reply(200, "1"), reply(200, "")),
    ("another_value", "`a` has another value", GET, reply(200, {"a": 1}), reply(200, {"a": 2})),
]


@pytest.mark.parametrize(
    ("expected", "request_", "a", "b"),
    [example[1:] for example in EXAMPLES],
    ids=[f"{function}-{name}" for function, name, *_ in EXAMPLES],
)
def test_a_cause_is_named(
    expected: str, request_: Request, a: Answer | None, b: Answer | None
) -> None:
    assert [expected] == [part.name for part in parts(finding((request_, a, b)))]


CREATE = ask("POST", "/a", JSON, body='{"t":"first"}')
EDIT = ask("PUT", "/a/1", JSON, body='{"t":"second"}')
READ = ask("GET", "/a/1")


def test_a_body_that_was_overwritten_is_a_stale_read() -> None:
    made, fresh, old = (
        reply(201, {"t": "first"}),
        reply(200, {"t": "second"}),
        reply(200, {"t": "first"}),
    )
    found = finding((CREATE, made, made), (EDIT, fresh, fresh), (READ, fresh, old))
    assert ["a stale read after a write"] == [part.name for part in parts(found)]


def test_what_was_deleted_and_is_still_there_is_a_stale_read() -> None:
    gone = reply(204)
    found = finding((ask("DELETE", "/a/1"), gone, gone), (READ, reply(404), reply(200, {"t": "x"})))
    assert ["a stale read after a write"] == [part.name for part in parts(found)]


def test_what_was_made_and_is_not_there_is_a_stale_read() -> None:
    made = reply(201, {"id": 1})
    found = finding((CREATE, made, made), (READ, reply(200, {"t": "x"}), reply(404)))
    assert ["a stale read after a write"] == [part.name for part in parts(found)]


def test_every_named_cause_is_tested() -> None:
    tested = {example[0] for example in EXAMPLES} | {"stale_status", "stale_body"}
    assert tested == {function.__name__ for function in (*STATUS_CAUSES, *CAUSES)}


def test_every_cause_says_what_it_does_to_clients() -> None:
    assert all(function.__doc__ for function in (*STATUS_CAUSES, *CAUSES))


def test_what_no_cause_accounts_for_is_named_by_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("http_parity.explain.CAUSES", ())
    found = finding((GET, reply(200, [{"b": 1}]), reply(200, [{"b": 2}], ("X-A", "1"))))
    assert ["header:x-a differs", "body:/*/b differs"] == [part.name for part in parts(found)]


def test_one_finding_may_have_several_causes_and_loses_nothing() -> None:
    found = finding(
        (
            GET,
            reply(200, {"a": 1, "b": None}, ("Vary", "Cookie")),
            reply(200, {"a": "1"}, ("ETag", '"1"')),
        )
    )
    told = parts(found)
    assert {"Vary lost Cookie", "ETag gained", "null became absent", "number became string"} == {
        part.name for part in told
    }
    claimed = {difference for part in told for difference in _hashable(part.differences)}
    assert set(_hashable(found.differences)) == claimed


def _hashable(differences: Any) -> list[str]:
    return [str(difference) for difference in differences]


def result(*findings: Finding, targets: tuple[str, ...] = ("old", "new")) -> Result:
    return Result(targets, seed=1, sequences=1, requests=1, seconds=1.0, findings=findings)


def test_findings_are_grouped_and_the_shortest_is_the_example() -> None:
    short = finding((ask("HEAD", "/a"), reply(200), reply(405)), seen=2)
    long = finding((ask("HEAD", "/a/long/path"), reply(200), reply(405)), seen=3)
    [cause] = explain(result(long, short))
    assert ("HEAD answers 405", 5) == (cause.name, cause.count)
    assert cause.example is short
    assert ("HEAD /a", "HEAD /a/long/path") == cause.operations
    assert "RFC 9110" in cause.why


def test_one_cause_with_several_statuses_is_told_once() -> None:
    one = finding((ask("get", "/a"), reply(200), reply(405)))
    two = finding((ask("get", "/long"), reply(404), reply(405)))
    [cause] = explain(result(two, one))
    assert ("lower-case method (200 became 405, and others)", 2) == (cause.name, cause.count)


def test_a_path_that_is_not_what_was_made_is_no_stale_read() -> None:
    made = reply(201, {"id": 1})
    found = finding((CREATE, made, made), (ask("GET", "/a/1%20"), reply(404), reply(200)))
    assert ["path parameter out of form (404 became 200)"] == [part.name for part in parts(found)]


def test_the_frequent_cause_comes_first_and_bytes_alone_last() -> None:
    order = finding((GET, reply(200, {"a": 1, "b": 2}), reply(200, {"b": 2, "a": 1})), seen=50)
    rare = finding((ask("HEAD", "/a"), reply(200), reply(405)))
    often = finding((GET, reply(200), reply(404)), seen=9)
    names = [cause.name for cause in explain(result(order, rare, often))]
    assert ["200 became 404", "HEAD answers 405", "JSON keys in another order"] == names


def test_of_three_the_odd_one_out_is_named() -> None:
    targets = ("a", "b", "c")
    head = (ask("HEAD", "/a"), reply(405), reply(200))
    with_b, with_c = (finding(head, targets=("a", other)) for other in ("b", "c"))
    assert ("a",) == explain(result(with_b, with_c, targets=targets))[0].odd
    assert ("c",) == explain(result(with_c, targets=targets))[0].odd


def test_a_parameter_read_differently_and_one_refused_are_one_cause() -> None:
    read = finding((TWICE, reply(200, {"a": 3}), reply(200, {"a": 4})), seen=3)
    refused = finding((ask("GET", "/a?longer=1&longer=2"), reply(200), reply(400)))
    [cause] = explain(result(refused, read))
    assert "repeated query parameter (read differently, and others)" == cause.name
    assert 4 == cause.count


def test_only_the_order_of_a_set_is_bytes_alone() -> None:
    mixed = finding((GET, reply(405, 1, ("Allow", "A, B")), reply(405, 1, ("Allow", "B, A"))))
    [cause] = explain(result(mixed))
    assert ("Allow written in another order", False) == (cause.name, cause.of_meaning)
