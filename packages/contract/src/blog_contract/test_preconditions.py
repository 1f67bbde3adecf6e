"""Preconditions: entity tags, reading again only what changed, writing only what was read."""

from typing import Any

import pytest

from blog_contract.answers import NEVER, assert_problem
from blog_contract.client import Account, Client, NewPost, Post
from blog_contract.resources import FUTURE, PAST
from blog_contract.sentences import sentence
from http_parity.exchange import Answer

WRITES = ["put", "patch", "delete", "publish", "unpublish"]


def write(client: Client, path: str, operation: str, *, token: str | None, **parts: Any) -> Answer:
    """The answer to one of the operations that need `If-Match`, its body valid."""
    match operation:
        case "put":
            form = {"title": "Put", "content": "Put", "pub_date": FUTURE}
            return client.put(path, json=form, token=token, **parts)
        case "patch":
            return client.patch(path, json={"title": "Patched"}, token=token, **parts)
        case "delete":
            return client.delete(path, token=token, **parts)
        case _:
            return client.post(f"{path}/{operation}", token=token, **parts)


def done(operation: str) -> int:
    """The status of the operation when it was done."""
    return 204 if operation == "delete" else 200


@pytest.fixture
def post(client: Client, author: Account, new_post: NewPost) -> Post:
    """A scheduled post at version 3: every write would change it."""
    made = new_post(author, pub_date=FUTURE)
    for tag in ['"1"', '"2"']:
        client.patch(made.path, json={"content": tag}, token=author.token, if_match=tag)
    return made


# Writing


@sentence("if-match")
@pytest.mark.parametrize("operation", WRITES)
def test_a_write_without_if_match_is_428_and_changes_nothing(
    client: Client, author: Account, post: Post, operation: str
) -> None:
    before = client.get(post.path, token=author.token)
    answer = write(client, post.path, operation, token=author.token)
    assert_problem(answer, 428)
    assert before.body == client.get(post.path, token=author.token).body


@sentence("if-match", "etag")
@pytest.mark.parametrize("operation", WRITES)
@pytest.mark.parametrize(
    "tags",
    [
        pytest.param('"3"', id="its-tag"),
        pytest.param("*", id="star"),
        pytest.param('"1", "3"', id="in-a-list"),
        pytest.param('"3","9"', id="in-a-list-without-blank"),
        pytest.param('"a,b" , "3"', id="beside-a-tag-with-a-comma"),
        pytest.param('W/"3", "3"', id="beside-its-weak-twin"),
    ],
)
def test_a_write_with_the_present_tag_is_done(
    client: Client, author: Account, post: Post, operation: str, tags: str
) -> None:
    answer = write(client, post.path, operation, token=author.token, if_match=tags)
    assert done(operation) == answer.status, answer.body
    if operation != "delete":
        assert '"4"' == answer.header("ETag")


@sentence("if-match", "etag")
@pytest.mark.parametrize("operation", WRITES)
@pytest.mark.parametrize(
    "tags",
    [
        pytest.param('"2"', id="stale"),
        pytest.param('"4"', id="ahead"),
        pytest.param('"1", "2"', id="stale-list"),
        pytest.param('W/"3"', id="weak"),
        pytest.param('w/"3"', id="weak-in-lower-case"),
        pytest.param('W/"3", "2"', id="weak-beside-stale"),
        pytest.param('"03"', id="leading-zero"),
        pytest.param('"+3"', id="sign"),
        pytest.param('" 3"', id="blank-inside"),
        pytest.param('"3.0"', id="fraction"),
        pytest.param('"' + "3" * 40 + '"', id="huge"),
        pytest.param('""', id="empty-tag"),
        pytest.param("3", id="no-quotes"),
        pytest.param("'3'", id="single-quotes"),
        pytest.param('"3', id="quote-not-closed"),
        pytest.param('3"', id="quote-not-opened"),
        pytest.param('"2" "3"', id="no-comma"),
        pytest.param('"3" x', id="rest"),
        pytest.param('*, "3"', id="star-in-a-list"),
        pytest.param("**", id="two-stars"),
        pytest.param('"*"', id="quoted-star"),
        pytest.param("null", id="null"),
    ],
)
def test_a_write_with_another_tag_is_412_and_changes_nothing(
    client: Client, author: Account, post: Post, operation: str, tags: str
) -> None:
    before = client.get(post.path, token=author.token)
    answer = write(client, post.path, operation, token=author.token, if_match=tags)
    assert_problem(answer, 412)
    assert before.body == client.get(post.path, token=author.token).body
    assert '"3"' == before.header("ETag")


@sentence("if-match")
@pytest.mark.parametrize("operation", WRITES)
def test_if_match_in_two_header_fields_is_one_list(
    client: Client, author: Account, post: Post, operation: str
) -> None:
    fields = [("If-Match", '"1"'), ("If-Match", '"3"')]
    answer = write(client, post.path, operation, token=author.token, headers=fields)
    assert done(operation) == answer.status


@sentence("if-match", "one-writer")
@pytest.mark.parametrize("second", WRITES)
@pytest.mark.parametrize("first", ["put", "patch", "publish", "unpublish"])
def test_after_any_write_its_tag_is_stale_for_any_other(
    client: Client, author: Account, post: Post, first: str, second: str
) -> None:
    assert 200 == write(client, post.path, first, token=author.token, if_match='"3"').status
    assert 412 == write(client, post.path, second, token=author.token, if_match='"3"').status


@sentence("if-match", "publish")
@pytest.mark.parametrize(
    ("operation", "pub_date"),
    [("publish", PAST), ("unpublish", None)],
    ids=["publish", "unpublish"],
)
@pytest.mark.parametrize(("tag", "status"), [(None, 428), ('"9"', 412)], ids=["absent", "stale"])
def test_even_what_would_change_nothing_needs_the_present_tag(
    client: Client,
    author: Account,
    new_post: NewPost,
    operation: str,
    pub_date: str | None,
    tag: str | None,
    status: int,
) -> None:
    settled = new_post(author, pub_date=pub_date)
    answer = write(client, settled.path, operation, token=author.token, if_match=tag)
    assert status == answer.status


@sentence("order-no-database", "if-match")
@pytest.mark.parametrize("operation", WRITES)
def test_the_missing_precondition_comes_before_the_missing_post(
    client: Client, author: Account, operation: str
) -> None:
    answer = write(client, f"/api/posts/{NEVER}", operation, token=author.token)
    assert 428 == answer.status


@sentence("order-no-database", "status-401")
@pytest.mark.parametrize("operation", WRITES)
def test_missing_credentials_come_before_the_missing_precondition(
    client: Client, post: Post, operation: str
) -> None:
    assert 401 == write(client, post.path, operation, token=None).status


@sentence("order-no-database", "put-post", "patch-post")
@pytest.mark.parametrize("operation", ["put", "patch"])
def test_an_invalid_body_comes_before_the_missing_precondition(
    client: Client, author: Account, post: Post, operation: str
) -> None:
    answer = client.request(operation.upper(), post.path, json={"title": ""}, token=author.token)
    assert 422 == answer.status


@sentence("order-database", "if-match", "status-403")
@pytest.mark.parametrize("operation", WRITES)
def test_what_is_not_the_callers_comes_before_the_stale_tag(
    client: Client, author: Account, reader: Account, new_post: NewPost, operation: str
) -> None:
    published = new_post(author, pub_date=PAST)
    answer = write(client, published.path, operation, token=reader.token, if_match='"9"')
    assert 403 == answer.status


@sentence("order-database", "if-match", "status-404")
@pytest.mark.parametrize("operation", WRITES)
@pytest.mark.parametrize("tag", ['"9"', "*"], ids=["stale", "star"])
def test_the_missing_post_comes_before_the_stale_tag(
    client: Client, author: Account, operation: str, tag: str
) -> None:
    path = f"/api/posts/{NEVER}"
    assert 404 == write(client, path, operation, token=author.token, if_match=tag).status


# Reading


@pytest.fixture(scope="module")
def read_only(client: Client, author: Account, new_post: NewPost) -> Post:
    """A published post at version 2 that no test changes."""
    made = new_post(author, pub_date=PAST)
    client.patch(made.path, json={"content": "x"}, token=author.token, if_match='"1"')
    return made


@sentence("if-none-match", "head", "stray-headers")
@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize(
    "tags",
    [
        pytest.param('"2"', id="its-tag"),
        pytest.param('W/"2"', id="its-weak-twin"),
        pytest.param("*", id="star"),
        pytest.param('"1", "2"', id="in-a-list"),
        pytest.param('"1",W/"2","3"', id="weak-in-a-list"),
        pytest.param('"a,b", "2"', id="beside-a-tag-with-a-comma"),
    ],
)
def test_a_known_tag_is_answered_304_with_the_tag_alone(
    client: Client, read_only: Post, method: str, tags: str
) -> None:
    answer = client.request(method, read_only.path, headers=[("If-None-Match", tags)])
    assert (304, b"") == (answer.status, answer.body)
    assert '"2"' == answer.header("ETag")
    assert answer.header("Content-Type") is None


@sentence("if-none-match", "etag")
@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize(
    "tags",
    [
        pytest.param('"1"', id="stale"),
        pytest.param('W/"1", "3"', id="stale-list"),
        pytest.param('"02"', id="leading-zero"),
        pytest.param('"*"', id="quoted-star"),
        pytest.param("2", id="no-quotes"),
        pytest.param('"2', id="quote-not-closed"),
        pytest.param("garbage", id="garbage"),
    ],
)
def test_another_tag_is_answered_with_the_post(
    client: Client, read_only: Post, method: str, tags: str
) -> None:
    expected = client.request(method, read_only.path)
    answer = client.request(method, read_only.path, headers=[("If-None-Match", tags)])
    assert 200 == answer.status
    assert expected.body == answer.body
    assert '"2"' == answer.header("ETag")


@sentence("if-none-match")
def test_if_none_match_in_two_header_fields_is_one_list(client: Client, read_only: Post) -> None:
    fields = [("If-None-Match", '"1"'), ("If-None-Match", '"2"')]
    assert 304 == client.get(read_only.path, headers=fields).status


@sentence("if-none-match", "etag")
@pytest.mark.parametrize("operation", ["put", "patch", "publish", "unpublish"])
def test_after_a_change_the_old_tag_gets_the_new_post(
    client: Client, author: Account, post: Post, operation: str
) -> None:
    known = [("If-None-Match", '"3"')]
    assert 304 == client.get(post.path, token=author.token, headers=known).status
    changed = write(client, post.path, operation, token=author.token, if_match='"3"')
    answer = client.get(post.path, token=author.token, headers=known)
    assert 200 == answer.status
    assert changed.body == answer.body
    assert '"4"' == answer.header("ETag")


@sentence("if-none-match", "unpublished", "status-404")
@pytest.mark.parametrize("tags", ["*", '"3"'], ids=["star", "its-tag"])
def test_a_hidden_post_is_404_whatever_tag_is_known(
    client: Client, reader: Account, post: Post, tags: str
) -> None:
    known = [("If-None-Match", tags)]
    assert 404 == client.get(post.path, headers=known).status
    assert 404 == client.get(post.path, token=reader.token, headers=known).status


@sentence("etag", "head")
def test_head_answers_the_tag_and_length_of_get(client: Client, read_only: Post) -> None:
    full, head = client.get(read_only.path), client.head(read_only.path)
    assert (200, b"") == (head.status, head.body)
    assert full.header("ETag") == head.header("ETag")
    assert str(len(full.body)) == full.header("Content-Length") == head.header("Content-Length")


@sentence("etag")
@pytest.mark.parametrize("who", ["anonymous", "reader", "author"])
def test_the_tag_is_the_version_whoever_reads(
    client: Client, read_only: Post, author: Account, reader: Account, who: str
) -> None:
    token = {"anonymous": None, "reader": reader.token, "author": author.token}[who]
    answer = client.get(read_only.path, token=token)
    assert f'"{answer.json()["version"]}"' == answer.header("ETag")
