"""Methods: HEAD, OPTIONS, 405 and 501."""

from collections.abc import Iterator

import pytest

from blog_contract.answers import (
    ALLOW,
    assert_problem,
    assert_refused,
    example,
    host,
)
from blog_contract.client import Account, Client, NewPost
from blog_contract.resources import PAST
from blog_contract.sentences import sentence
from http_parity.compare import differences
from http_parity.exchange import Request

STANDARD = ["GET", "POST", "PUT", "PATCH", "DELETE", "TRACE"]


def not_allowed() -> Iterator[tuple[str, str]]:
    for path, allow in ALLOW.items():
        for method in STANDARD:
            if method not in allow.split(", "):
                yield method, path


@sentence("options")
@pytest.mark.parametrize(("path", "allow"), ALLOW.items())
def test_options_names_the_methods_of_a_path(client: Client, path: str, allow: str) -> None:
    answer = client.options(example(path))
    assert (204, allow, b"") == (answer.status, answer.header("Allow"), answer.body)


@sentence("options", "bad-token")
def test_options_needs_no_good_credentials(client: Client) -> None:
    assert 204 == client.options("/api/me").status
    assert 204 == client.options("/livez", token="no such token").status


@sentence("method-405", "problem")
@pytest.mark.parametrize(("method", "path"), list(not_allowed()))
def test_a_method_a_path_does_not_have_is_405(client: Client, method: str, path: str) -> None:
    answer = client.request(method, example(path))
    assert_problem(answer, 405)
    assert ALLOW[path] == answer.header("Allow")


@sentence("method-405", "head")
@pytest.mark.parametrize("path", [path for path, allow in ALLOW.items() if "HEAD" not in allow])
def test_head_where_there_is_no_get_is_405_without_a_body(client: Client, path: str) -> None:
    answer = client.head(example(path))
    assert (405, ALLOW[path], b"") == (answer.status, answer.header("Allow"), answer.body)


@sentence("method-405")
@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("operation", ["publish", "unpublish"])
def test_what_is_written_by_post_is_not_written_by_get(
    client: Client, author: Account, new_post: NewPost, operation: str, method: str
) -> None:
    post = new_post(author, pub_date=PAST if operation == "unpublish" else None)
    before = client.get(post.path, token=author.token)
    path = f"{post.path}/{operation}"
    answer = client.request(method, path, token=author.token, if_match=post.etag)
    after = client.get(post.path, token=author.token)
    assert (405, before.body) == (answer.status, after.body)


@sentence("method-405")
def test_connect_is_405_unless_a_server_refuses_it(client: Client) -> None:
    assert_refused(client, Request("CONNECT", "/api/posts", host(client)), 405)


@sentence("method-501")
@pytest.mark.parametrize(
    "method",
    [
        *("get", "Get", "post", "options", "head", "FOO", "PROPFIND", "MKCOL", "QUERY", "PURGE"),
        *("GETS", "G", "M-SEARCH", "X_Y", "!#$%&'*+.^`|~"),
    ],
)
def test_any_other_method_is_501_unless_a_server_refuses_it(client: Client, method: str) -> None:
    assert_refused(client, Request(method, "/api/posts", host(client)), 501)


@sentence("method-501", "forwarded")
@pytest.mark.parametrize(
    "field",
    ["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override", "X_HTTP_METHOD_OVERRIDE"],
)
def test_no_header_overrides_the_method(
    client: Client, author: Account, new_post: NewPost, field: str
) -> None:
    post = new_post(author)
    answer = client.get(post.path, token=author.token, headers=[(field, "DELETE")])
    assert 200 == answer.status
    answer = client.post(post.path, token=author.token, headers=[(field, "DELETE")])
    assert_problem(answer, 405)
    assert 200 == client.get(post.path, token=author.token).status


@sentence("method-501")
def test_no_parameter_overrides_the_method(client: Client) -> None:
    assert 200 == client.get("/livez?_method=DELETE&method=POST").status
    form = client.post("/livez", body=b"_method=GET", content_type="application/json")
    assert_problem(form, 405)


HEADS = ["/api/users", "/api/users?limit=1", "/api/posts", "/api/posts?limit=1&order=oldest"]
HEADS += ["/livez", "/readyz", "/openapi.json"]


@sentence("head", "promise")
@pytest.mark.parametrize("target", HEADS)
def test_head_answers_as_get_without_the_body(client: Client, target: str) -> None:
    head, get = client.head(target), client.get(target)
    assert b"" == head.body
    assert str(len(get.body)) == head.header("Content-Length")
    found = differences(get, head, ignore=["X-Request-ID"])
    assert ["body"] == [difference.part for difference in found]


@sentence("head", "etag")
@pytest.mark.parametrize("path", ["{post}", "/api/users/{username}", "/api/me", "/api/tokens"])
def test_head_of_what_is_ones_own_answers_as_get(
    client: Client, author: Account, new_post: NewPost, path: str
) -> None:
    target = path.format(post=new_post(author).path, username=author.username)
    head, get = client.head(target, token=author.token), client.get(target, token=author.token)
    assert b"" == head.body
    found = differences(get, head, ignore=["X-Request-ID"])
    assert ["body"] == [difference.part for difference in found]


@sentence("head", "problem-everywhere")
@pytest.mark.parametrize(
    ("target", "status"),
    [
        ("/api/nothing", 404),
        ("/api/posts/999999999999999999", 404),
        ("/api/users/nobody-of-this-name", 404),
        ("/api/me", 401),
        ("/api/posts?limit=0", 422),
        ("/api/posts?q=%ff", 400),
    ],
)
def test_head_refuses_as_get_without_the_body(client: Client, target: str, status: int) -> None:
    head, get = client.head(target), client.get(target)
    assert (status, b"") == (head.status, head.body)
    found = differences(get, head, ignore=["X-Request-ID"])
    assert ["body"] == [difference.part for difference in found]
