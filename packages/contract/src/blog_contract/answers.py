"""What the tests of requests and answers share.

assert_refused(client, Request("get", "/livez", host(client)), 501)
"""

import json
from typing import Any

from blog_contract.client import Client
from http_parity.exchange import Answer, Headers, Request

TITLES = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    409: "Conflict",
    411: "Length Required",
    412: "Precondition Failed",
    413: "Content Too Large",
    414: "URI Too Long",
    415: "Unsupported Media Type",
    417: "Expectation Failed",
    422: "Unprocessable Content",
    428: "Precondition Required",
    429: "Too Many Requests",
    431: "Request Header Fields Too Large",
    500: "Internal Server Error",
    501: "Not Implemented",
    503: "Service Unavailable",
}
"""RFC 9110 section 15 and RFC 6585, whatever this Python calls them."""

ALLOW = {
    "/api/users": "GET, HEAD, OPTIONS, POST",
    "/api/users/{username}": "GET, HEAD, OPTIONS",
    "/api/me": "DELETE, GET, HEAD, OPTIONS, PATCH",
    "/api/me/password": "OPTIONS, POST",
    "/api/tokens": "GET, HEAD, OPTIONS, POST",
    "/api/tokens/{id}": "DELETE, OPTIONS",
    "/api/tokens/current": "DELETE, OPTIONS",
    "/api/oauth/token": "OPTIONS, POST",
    "/api/posts": "GET, HEAD, OPTIONS, POST",
    "/api/posts/{id}": "DELETE, GET, HEAD, OPTIONS, PATCH, PUT",
    "/api/posts/{id}/publish": "OPTIONS, POST",
    "/api/posts/{id}/unpublish": "OPTIONS, POST",
    "/livez": "GET, HEAD, OPTIONS",
    "/readyz": "GET, HEAD, OPTIONS",
    "/openapi.json": "GET, HEAD, OPTIONS",
}
"""Every path of the contract and its methods, as `Allow` says them."""

NEVER = 999_999_999_999_999_999
"""The highest id a path can hold, and one that never was."""

SERVER_REFUSALS = frozenset({400, 404, 405, 413, 414, 417, 431, 501, 505})
"""What a server may say by itself to a request that no application gets to see."""


def example(path: str) -> str:
    """A path of this form; whether its user or id exists makes no difference before a database."""
    return path.replace("{username}", "somebody").replace("{id}", str(NEVER))


def host(client: Client) -> Headers:
    """The one field without which no request is answered."""
    return (("Host", client.target.host),)


def encoded(value: Any) -> bytes:
    """The one spelling of a JSON value: compact UTF-8, keys in the order given."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def assert_problem(answer: Answer, status: int) -> dict[str, Any]:
    """Fail unless the answer is a problem of this status in every detail; gives the problem."""
    assert status == answer.status, answer.body
    assert answer.header("Content-Type") == "application/problem+json"
    assert answer.header("Content-Length") == str(len(answer.body))
    problem: dict[str, Any] = answer.json()
    names = ["type", "title", "status", "detail"]
    assert names + (["errors"] if "errors" in problem else []) == list(problem)
    assert problem["type"] == "about:blank"
    assert TITLES[status] == problem["title"]
    assert status == problem["status"]
    assert isinstance(problem["detail"], str)
    assert problem["detail"]
    for error in problem.get("errors", []):
        assert list(error) == ["field", "code", "message"]
        assert [str, str, str] == [type(value) for value in error.values()]
    assert ("errors" in problem) or status not in {409, 422}
    assert status in {409, 422} or "errors" not in problem
    assert encoded(problem) == answer.body
    return problem


def error_fields(answer: Answer, status: int = 422) -> list[str]:
    """The fields that a problem of this status names, in its order."""
    return [error["field"] for error in assert_problem(answer, status)["errors"]]


def from_application(answer: Answer) -> bool:
    """Whether the application answered, and not the server before it."""
    return answer.header("X-Content-Type-Options") is not None


def assert_refused(
    client: Client, request: Request, status: int, *, or_no_answer: bool = False
) -> None:
    """Fail unless the request is refused with this problem, or by a server before it is seen.

    Only for requests on which servers themselves disagree; in process there is but one answer.
    `or_no_answer` is for those after which no answer may be possible.
    """
    answer = client.attempt(request)
    if answer is None:
        assert or_no_answer or client.behind_a_server
    elif client.behind_a_server and not from_application(answer):
        assert answer.status in SERVER_REFUSALS
    elif request.method == "HEAD":
        assert status == answer.status
    else:
        assert_problem(answer, status)
