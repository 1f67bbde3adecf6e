"""Every operation, asked of the four targets over equal databases: the same answers to the byte.

Compared with `http_parity`'s own defaults. What is random by design is masked where a case says so
(`Case.generated`), and nowhere else: cases that only read mask nothing.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import pytest

from blog_core.http.documents import error_statuses
from blog_core.http.front import METHODS
from blog_core.http.operations import BY_NAME, OPERATIONS, Operation
from http_parity.compare import differences
from http_parity.exchange import Answer, Request
from tests.seeds import (
    GOOD,
    IDS,
    NEVER,
    PASSWORD,
    SESSION,
    Answers,
    Outages,
    ask,
    good,
    token_of,
)
from tests.workers import ORIGIN, Worker

INSTANT = r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z"
GENERATED = {
    "access_token": "[A-Za-z0-9_-]{43,64}",
    "created": INSTANT,
    "expires": INSTANT,
    "joined": INSTANT,
    "pub_date": INSTANT,
    "token": "[A-Za-z0-9_-]{43,64}",
    "updated": INSTANT,
}
"""The members of an answer that a write may make up, and their form."""

WRITES: Mapping[str, tuple[str, ...]] = {
    "sign_up": ("joined",),
    "sign_in": ("token", "created", "expires"),
    "grant_token": ("access_token",),
    "create_post": ("created", "updated"),
    "replace_post": ("updated",),
    "change_post": ("updated",),
    "publish_post": ("pub_date", "updated"),
    "unpublish_post": ("updated",),
}
"""What the success of an operation makes up."""

OUT_OF_REACH = {("livez", 500), ("openapi", 500)}
"""Documented, but not to be had from outside: these two ask no database that could be broken."""


@dataclass(frozen=True)
class Case:
    """A request and what it is to show: an operation answering with this status."""

    what: str
    operation: str
    status: int
    request: Request
    generated: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.operation}-{self.status}-{self.what}".replace(" ", "-")


def of(name: str, status: int, what: str, **replaced: Any) -> Case:
    """A case of an operation: its good request with these parts replaced."""
    return Case(what, name, status, good(name, **replaced))


def refusals(operation: Operation) -> Iterator[Case]:
    """What every operation of its kind refuses; nothing of it changes the database."""
    name, asked = operation.name, GOOD[operation.name]
    path = asked.target.partition("?")[0]
    yield of(name, 400, "broken escape", target=f"{path}?x=%zz")
    yield of(name, 400, "unknown host", headers=[("Host", "other.example")])
    two = [("Authorization", "Bearer a"), ("Authorization", "Bearer b")]
    yield of(name, 400, "two tokens", headers=two, token=None)
    short = [("Content-Length", "1000")]
    yield of(name, 400, "short body", headers=short, json=None, form=None)
    yield of(name, 413, "large body", headers=[("Content-Length", "1048577")], json=None)
    yield of(name, 414, "long query", target=f"{path}?{'x' * 2700}")
    yield of(name, 417, "expectation", headers=[("Expect", "the unexpected")])
    yield of(name, 431, "large header", headers=[("X-Long", "x" * 8000)])
    if operation.credentials != "unread":
        yield of(name, 401, "bad token", token="not-a-token")
    if operation.credentials == "needed":
        yield of(name, 401, "no token", token=None)
        yield of(name, 401, "other scheme", token=None, headers=[("Authorization", "Basic eDp4")])
    if operation.form:
        yield from bad_forms(operation)
    elif operation.body is not None:
        yield from bad_bodies(operation)
    if operation.query is not None:
        for query in ("limit=0", "limit=2&limit=2", "limit=%2B5", "cursor=x", "cursor="):
            yield of(name, 422, query, target=f"{path}?{query}")
    if operation.versioned:
        yield from unmet(operation)


def bad_bodies(operation: Operation) -> Iterator[Case]:
    name, asked = operation.name, GOOD[operation.name]
    for what, body in {
        "cut off": b'{"title": "x"',
        "nan": b'{"title": NaN}',
        "twice": b'{"title": "x", "title": "x"}',
        "not utf-8": b'{"title": "\xff"}',
        "surrogate": b'{"title": "\\ud800"}',
        "deep": b"[" * 33 + b"]" * 33,
    }.items():
        fields = [("Content-Type", "application/json")]
        request = good(name, json=None, headers=fields)
        yield Case(what, name, 400, replace(request, body=body))
    for what, fields in {
        "form": [("Content-Type", "application/x-www-form-urlencoded")],
        "charset": [("Content-Type", "application/json; charset=utf-16")],
        "no type": [],
        "coded": [("Content-Type", "application/json"), ("Content-Encoding", "gzip")],
    }.items():
        yield Case(what, name, 415, replace(good(name, json=None, headers=fields), body=b"{}"))
    fields_of_it = asked.json or {}
    yield of(name, 422, "unknown fields", json={**fields_of_it, "zulu": 1, "alpha": None})
    yield of(name, 422, "list", json=[fields_of_it])
    yield of(name, 422, "text", json="text")
    assert operation.body is not None
    wrong = dict.fromkeys(operation.body.model_fields, 1)
    yield of(name, 422, "numbers", json=wrong)
    yield of(name, 422, "booleans", json=dict.fromkeys(wrong, True))
    yield of(name, 422, "nul", json=dict.fromkeys(wrong, "\0"))


def bad_forms(operation: Operation) -> Iterator[Case]:
    name, form = operation.name, GOOD[operation.name].form
    assert form is not None
    sent = [("Content-Type", "application/x-www-form-urlencoded")]
    for what, body in {
        "broken escape": b"username=%zz",
        "not utf-8": b"username=%ff",
        "twice": b"username=a&username=a",
        "many fields": b"&".join([b"x=1"] * 51),
    }.items():
        request = good(name, form=None, headers=sent)
        yield Case(what, name, 400, replace(request, body=body))
    for what, fields in {
        "json": [("Content-Type", "application/json")],
        "charset": [("Content-Type", f"{sent[0][1]}; charset=latin-1")],
        "no type": [],
        "coded": [*sent, ("Content-Encoding", "gzip")],
    }.items():
        request = good(name, form=None, headers=fields)
        yield Case(what, name, 415, replace(request, body=b"a=b"))
    for missing in form:
        left = {field: value for field, value in form.items() if field != missing}
        yield of(name, 400, f"no {missing}", form=left)
        yield of(name, 400, f"empty {missing}", form={**form, missing: ""})
        yield of(name, 400, f"wrong {missing}", form={**form, missing: "wrong"})


def unmet(operation: Operation) -> Iterator[Case]:
    name, target = operation.name, GOOD[operation.name].target
    suffix = target.removeprefix("/api/posts/").lstrip("0123456789")
    yield of(name, 428, "no if-match", if_match=None)
    for tag in ('"99"', 'W/"1"', "1", '"1', "", '"a", "b"'):
        yield of(name, 412, f"if-match {tag}", if_match=tag)
    bob = token_of("bob")
    yield of(name, 403, "of another", target=f"/api/posts/1{suffix}", token=bob, if_match="*")
    for what, post_id in {
        "never": NEVER,
        "draft": IDS["draft"],
        "scheduled": IDS["scheduled"],
    }.items():
        there = f"/api/posts/{post_id}{suffix}"
        yield of(name, 404, what, target=there, token=bob, if_match="*")
    for form in ("0", "01", "1.0", "x", "%31", "1000000000000000000"):
        yield of(name, 404, f"id {form}", target=f"/api/posts/{form}{suffix}")


def special() -> Iterator[Case]:
    """What one operation alone refuses, and other ways to ask the reading ones."""
    taken = {"username": "ADA", "email": "BOB@example.org", "password": PASSWORD}
    yield of("sign_up", 409, "taken", json=taken)
    yield of("sign_up", 422, "key", headers=[("Idempotency-Key", "a b")])
    weak = {"username": "a b", "email": "a@b", "password": "password"}
    yield of("sign_up", 422, "weak", json=weak)
    yield of("sign_up", 422, "nothing", json={})
    yield of("get_user", 404, "nobody", target="/api/users/nobody")
    yield of("get_user", 404, "form", target="/api/users/a%20b")
    yield of("change_me", 409, "taken", json={"username": "ada", "email": "bob@example.org"})
    wrong = {"current_password": "wrong", "new_password": "eight wonders, one left"}
    yield of("change_password", 403, "wrong", json=wrong)
    same = {"current_password": PASSWORD, "new_password": "eve@example.org"}
    yield of("change_password", 422, "own email", json=same)
    for what, name in {
        "unknown": "nobody",
        "known": "ada",
        "mail": "a@b.c",
    }.items():
        yield of("sign_in", 401, what, json={"username": name, "password": "wrong"})
    yield of("end_token", 404, "never", target=f"/api/tokens/{NEVER}")
    yield of("end_token", 404, "of another", target="/api/tokens/1")
    yield of("get_post", 404, "never", target=f"/api/posts/{NEVER}")
    yield of("get_post", 404, "draft", target=f"/api/posts/{IDS['draft']}")
    for who, status in {"ada": 200, "bob": 404, "sam": 200}.items():
        for title in ("draft", "scheduled"):
            there = f"/api/posts/{IDS[title]}"
            yield of("get_post", status, f"{title} {who}", target=there, token=token_of(who))
    for tag, status in {'"1"': 304, 'W/"1"': 304, "*": 304, '"2", "1"': 304, '"2"': 200}.items():
        yield of("get_post", status, f"if-none-match {tag}", headers=[("If-None-Match", tag)])
    yield of("create_post", 422, "instant", json={"title": "x", "pub_date": "2001-02-03T04:05:06"})
    yield of("publish_post", 422, "null", json={"pub_date": None})


def lists() -> Iterator[Case]:
    """Pages of every kind; their cursors are bytes like any other."""
    for query in (
        *("", "limit=1", "limit=100", "order=oldest", "order=newest&limit=2", "author=ADA"),
        *("author=nobody", "author=bob&order=oldest", "q=list", "q=LIST+number&limit=3"),
        *(
            "q=%E6%97%A5",
            "q=etudes",
            "q=--",
            "q=nothing",
            "status=published",
            "unknown=1&unknown=2",
        ),
    ):
        for who in (None, "ada"):
            token = who and token_of(who)
            yield of("list_posts", 200, f"{query} {who}", target=f"/api/posts?{query}", token=token)
    for query in ("status=draft", "status=scheduled", "status=draft&limit=2&order=oldest"):
        for who in ("ada", "bob", "sam"):
            target = f"/api/posts?{query}"
            yield of("list_posts", 200, f"{query} {who}", target=target, token=token_of(who))
        yield of("list_posts", 401, query, target=f"/api/posts?{query}")
    for query in ("status=x", "q=", "order=x&author=a%20b&status=", "q=a&q=b", f"q={'x' * 201}"):
        yield of("list_posts", 422, query[:40], target=f"/api/posts?{query}")
    for query in ("", "limit=1", "limit=100", "unknown=1"):
        yield of("list_users", 200, query, target=f"/api/users?{query}")
        yield of("list_tokens", 200, query, target=f"/api/tokens?{query}")
    for query in ("q=%ff", "q=%00", "q=<", "q=\xe9", "&".join(["x=1"] * 51)):
        yield of("list_posts", 400, query[:40], target=f"/api/posts?{query}")


def fields() -> Iterator[Case]:
    """Header fields on which frameworks and servers quarrel."""
    for what, sent in {
        "allowed origin": [("Origin", ORIGIN)],
        "other origin": [("Origin", "https://other.example")],
        "accept": [("Accept", "text/html, application/xml;q=0.9")],
        "forwarded": [("X-Forwarded-Host", "other.example"), ("X-Forwarded-Proto", "https")],
        "override": [("X-HTTP-Method-Override", "DELETE")],
        "cookie": [("Cookie", f"a=b; session={SESSION}")],
        "range": [("Range", "bytes=0-1")],
        "underscore": [("Idempotency_Key", "x")],
    }.items():
        for name in ("get_post", "list_users", "get_me", "livez", "readyz"):
            yield of(name, 200, what, headers=sent)
    for name in ("get_post", "get_me"):
        yield of(name, 400, "two cookies", headers=[("Cookie", "session=1; session=2")])
        by_cookie = [("Cookie", f"session={SESSION}")]
        yield of(name, 200, "by cookie", headers=by_cookie, token=None)
        yield of(name, 401, "bad token and cookie", headers=by_cookie, token="not-a-token")
        over = [("Cookie", "session=over")]
        yield of(name, 401, "a session that is over", headers=over, token=None)
    for name in ("create_post", "change_post", "delete_me"):
        elsewhere = [("Cookie", f"session={SESSION}"), ("Sec-Fetch-Site", "cross-site")]
        yield of(name, 403, "from another site", headers=elsewhere, token=None)
        yield of(name, 401, "allowed origin", headers=[("Origin", ORIGIN)], token="not-a-token")


def methods() -> Iterator[Case]:
    """Every method on every path: HEAD as GET, OPTIONS and preflights, 405, 501."""
    examples: dict[str, str] = {}
    methods_of: dict[str, set[str]] = {}
    for operation in OPERATIONS:
        examples[operation.path] = GOOD[operation.name].target.partition("?")[0]
        methods_of.setdefault(operation.path, set()).add(operation.method)
    for template, there in methods_of.items():
        path = examples[template]
        for method in sorted(METHODS - there - {"OPTIONS"}):
            if not (method == "HEAD" and "GET" in there):
                yield Case(path, method, 405, Request(method, path, (("X-Request-ID", "x"),)))
        for method in ("get", "FOO", "PROPFIND"):
            yield Case(path, method, 501, Request(method, path, (("X-Request-ID", "x"),)))
        for origin in (ORIGIN, "https://other.example"):
            preflight = (("Origin", origin), ("Access-Control-Request-Method", "PUT"))
            sent = (("X-Request-ID", "x"), *preflight)
            yield Case(f"{path} {origin}", "OPTIONS", 204, Request("OPTIONS", path, sent))
    for path in ("/api", "/api/", "/api/posts/", "//api/posts", "/api/posts.json", "/API/me"):
        for method in ("GET", "POST", "OPTIONS"):
            yield Case(path, method, 404, Request(method, path, (("X-Request-ID", "x"),)))


def heads(cases: list[Case]) -> Iterator[Case]:
    for case in cases:
        if case.request.method == "GET":
            yield replace(
                case, what=f"{case.what} head", request=replace(case.request, method="HEAD")
            )


def successes() -> Iterator[Case]:
    """Every operation done, in order, after everything else; then a key used twice."""
    for operation in OPERATIONS:
        made = WRITES.get(operation.name, ())
        yield Case("done", operation.name, operation.success, good(operation.name), made)
    for name in ("sign_up", "sign_in", "create_post"):
        parts: dict[str, Any] = {"headers": [("Idempotency-Key", "twice")]}
        if name == "sign_up":
            parts["json"] = {"username": "h", "email": "h@example.org", "password": PASSWORD}
        for what in ("key first", "key again"):
            yield Case(what, name, 201, good(name, **parts), WRITES[name])
    for name in ("replace_post", "change_post", "publish_post", "unpublish_post"):
        yield of(name, 412, "no longer")
    yield of("delete_post", 404, "no longer")
    yield of("get_me", 401, "left", token=token_of("dora"))
    yield of("get_me", 401, "ended", token=GOOD["end_current_token"].token)


UNCHANGING = [
    *(case for operation in OPERATIONS for case in refusals(operation)),
    *special(),
    *lists(),
    *fields(),
    *methods(),
]
CASES = [*UNCHANGING, *heads(UNCHANGING), *successes()]


def without_generated(answer: Answer, generated: tuple[str, ...]) -> Answer:
    """The answer with the members masked that it made up; fails unless each is there, in form."""
    body = answer.body.decode()
    for name in generated:
        body, count = re.subn(rf'("{name}"):"{GENERATED[name]}"', rf'\1:"({name})"', body)
        assert count == 1, (name, body)
    return replace(answer, body=body.encode())


def assert_same(answers: Answers, status: int) -> None:
    """Fail unless all have this status and none differs from the first."""
    (first, expected), *others = answers.items()
    assert status == expected.status, (first, expected.body)
    for name, answer in others:
        found = [str(difference) for difference in differences(expected, answer)]
        assert [] == found, f"{name} is not {first}"


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_four_answer_alike(blogs: dict[str, Worker], case: Case) -> None:
    answers = ask(blogs, case.request)
    if case.operation == "openapi" and case.status == 200:
        # It may differ in form: test_openapi compares what it says.
        answers = {name: without_document(answer) for name, answer in answers.items()}
    masked = {name: without_generated(answer, case.generated) for name, answer in answers.items()}
    assert_same(masked, case.status)


def without_document(answer: Answer) -> Answer:
    headers = tuple(field for field in answer.headers if field[0].lower() != "content-length")
    return replace(answer, headers=headers, body=b"")


@pytest.mark.parametrize("name", [name for name in BY_NAME if name not in ("livez", "openapi")])
def test_the_four_answer_alike_without_a_database(outages: Outages, name: str) -> None:
    assert_same(outages[name, 503], 503)


@pytest.mark.parametrize("name", [name for name in BY_NAME if name not in ("livez", "openapi")])
def test_the_four_answer_alike_when_something_unexpected_happens(
    outages: Outages, name: str
) -> None:
    assert_same(outages[name, 500], 500)


@pytest.mark.parametrize("name", ["livez", "openapi"])
def test_what_asks_no_database_needs_none(outages: Outages, name: str) -> None:
    for status in (500, 503):
        answers = outages[name, status]
        if name == "openapi":
            answers = {target: without_document(answer) for target, answer in answers.items()}
        assert_same(answers, 200)


@pytest.mark.parametrize("name", [operation.name for operation in OPERATIONS if operation.keyed])
def test_the_four_answer_alike_while_a_key_is_in_use(outages: Outages, name: str) -> None:
    assert_same(outages[name, 409], 409)


@pytest.mark.parametrize(
    "name", [operation.name for operation in OPERATIONS if 429 in error_statuses(operation)]
)
def test_the_four_answer_alike_to_who_asks_too_often(outages: Outages, name: str) -> None:
    assert_same(outages[name, 429], 429)


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
def test_every_status_an_operation_can_have_has_a_case(
    operation: Operation, outages: Outages
) -> None:
    name = operation.name
    provoked = {
        status
        for (asked, status), answers in outages.items()
        if asked == name and {answer.status for answer in answers.values()} == {status}
    }
    provoked |= {case.status for case in CASES if case.operation == name}
    documented = {operation.success, *error_statuses(operation)}
    out_of_reach = {status for asked, status in OUT_OF_REACH if asked == name}
    assert documented - out_of_reach <= provoked
    assert not out_of_reach & provoked
