"""Posts: writing them, reading them, changing them, publishing them."""

import re
import time
from datetime import datetime, timedelta
from typing import Any

import pytest

from blog_contract.answers import NEVER, assert_problem, encoded, error_fields
from blog_contract.client import Account, Client, NewPost, Post
from blog_contract.resources import FUTURE, INSTANT, PAST, etag, without
from blog_contract.sentences import sentence
from http_parity.exchange import Answer

STATES = [
    pytest.param(None, id="draft"),
    pytest.param(FUTURE, id="scheduled"),
    pytest.param(PAST, id="published"),
]
NOT_TEXT = [
    pytest.param(1, id="number"),
    pytest.param(False, id="false"),
    pytest.param(["x"], id="list"),
    pytest.param({"x": "y"}, id="object"),
]


def now(client: Client, account: Account) -> str:
    """The target's own clock: the instant at which it made a post just for this."""
    created: str = client.post(
        "/api/posts", json={"title": "What is the time?"}, token=account.token
    ).json()["created"]
    return created


def shown(client: Client, account: Account, post: Post) -> dict[str, Any]:
    """The post as its author sees it now."""
    body: dict[str, Any] = client.get(post.path, token=account.token).json()
    return body


# Writing


@sentence("create-post", "post", "json-bytes")
@pytest.mark.parametrize(
    ("pub_date", "status"),
    [(None, "draft"), (FUTURE, "scheduled"), (PAST, "published")],
    ids=["draft", "scheduled", "published"],
)
def test_a_new_post_is_answered_in_these_bytes(
    client: Client, author: Account, pub_date: str | None, status: str
) -> None:
    form = {"title": "On <Cats> & 'Dogs'", "content": "Naïve 猫 🐈\u2028/", "pub_date": pub_date}
    answer = client.post("/api/posts", json=form, token=author.token)
    assert 201 == answer.status
    post = answer.json()
    expected = {
        "id": post["id"],
        "title": form["title"],
        "content": form["content"],
        "pub_date": pub_date,
        "status": status,
        "author": {"id": author.id, "username": author.username},
        "created": post["created"],
        "updated": post["created"],
        "version": 1,
    }
    assert encoded(expected) == answer.body


@sentence("create-post", "etag", "ids")
def test_a_new_post_is_answered_with_its_path_and_its_first_tag(
    client: Client, author: Account
) -> None:
    answer = client.post("/api/posts", json={"title": "First"}, token=author.token)
    assert 201 == answer.status
    assert f"/api/posts/{answer.json()['id']}" == answer.header("Location")
    assert '"1"' == answer.header("ETag")
    assert re.fullmatch("[1-9][0-9]{0,17}", str(answer.json()["id"]))


@sentence("create-post")
def test_a_new_post_is_read_back_as_it_was_answered(client: Client, author: Account) -> None:
    made = client.post("/api/posts", json={"title": "Twice"}, token=author.token)
    read = client.get(made.header("Location") or "", token=author.token)
    assert 200 == read.status
    assert made.body == read.body
    assert made.header("ETag") == read.header("ETag")


@sentence("create-post", "status")
def test_a_title_is_enough_for_an_empty_draft(client: Client, author: Account) -> None:
    post = client.post("/api/posts", json={"title": "Alone"}, token=author.token).json()
    assert ("", None, "draft") == (post["content"], post["pub_date"], post["status"])


@sentence("create-post", "instants")
def test_a_post_is_created_and_updated_now(client: Client, author: Account) -> None:
    before = now(client, author)
    post = client.post("/api/posts", json={"title": "Now"}, token=author.token).json()
    after = now(client, author)
    assert re.fullmatch(INSTANT, post["created"])
    assert post["created"] == post["updated"]
    assert before <= post["created"] <= after


@sentence("create-post")
def test_a_post_needs_a_title(client: Client, author: Account) -> None:
    answer = client.post("/api/posts", json={}, token=author.token)
    assert ["title"] == error_fields(answer)


@sentence("problem-errors", "create-post", "unknown-fields")
def test_every_wrong_field_of_a_post_is_named_once_and_in_order(
    client: Client, author: Account
) -> None:
    form = {"version": 1, "pub_date": 1, "author": 1, "content": 1, "title": "\n" * 201}
    answer = client.post("/api/posts", json=form, token=author.token)
    assert ["title", "content", "pub_date", "author", "version"] == error_fields(answer)


@sentence("unknown-fields", "create-post")
@pytest.mark.parametrize(
    "field", ["id", "author", "author_id", "status", "created", "updated", "version", "Title"]
)
def test_a_post_takes_no_other_field(client: Client, author: Account, field: str) -> None:
    form = {"title": "Nothing else", field: 1}
    answer = client.post("/api/posts", json=form, token=author.token)
    assert [field] == error_fields(answer)


# Titles and content


@sentence("title")
@pytest.mark.parametrize(
    ("title", "stored"),
    [
        pytest.param("x", "x", id="1-character"),
        pytest.param("x" * 200, "x" * 200, id="200-characters"),
        pytest.param("🐈" * 200, "🐈" * 200, id="200-astral-characters"),
        pytest.param("  in  between  ", "in  between", id="trimmed"),
        pytest.param(" " * 50 + "x" * 200 + " " * 50, "x" * 200, id="200-after-trimming"),
        pytest.param("\u3000wide\u00a0", "wide", id="other-blanks-trimmed"),
        pytest.param("<b>&amp;</b>", "<b>&amp;</b>", id="markup"),
        pytest.param("مرحبا שלום 你好", "مرحبا שלום 你好", id="other-scripts"),
        pytest.param("e\u0301", "e\u0301", id="decomposed"),
    ],
)
def test_a_title_is_stored_trimmed_and_otherwise_as_sent(
    client: Client, author: Account, title: str, stored: str
) -> None:
    answer = client.post("/api/posts", json={"title": title}, token=author.token)
    assert 201 == answer.status, answer.body
    assert stored == answer.json()["title"]


@sentence("title", "text", "null")
@pytest.mark.parametrize(
    "title",
    [
        pytest.param("", id="empty"),
        pytest.param("   ", id="blank"),
        pytest.param("\u3000\u00a0", id="other-blanks"),
        pytest.param("x" * 201, id="201-characters"),
        pytest.param("two\nlines", id="newline"),
        pytest.param("two\rlines", id="carriage-return"),
        pytest.param("two\r\nlines", id="both"),
        pytest.param("two\u2028lines", id="line-separator"),
        pytest.param("two\u2029lines", id="paragraph-separator"),
        pytest.param("two\u0085lines", id="next-line"),
        pytest.param("nul\u0000", id="nul"),
        pytest.param(None, id="null"),
        *NOT_TEXT,
    ],
)
@pytest.mark.parametrize("operation", ["create", "put", "patch"])
def test_a_title_of_another_form_is_refused(
    client: Client, author: Account, draft: Post, operation: str, title: object
) -> None:
    answer = send(client, author, draft, operation, {"title": title})
    assert ["title"] == error_fields(answer)


@sentence("content")
@pytest.mark.parametrize(
    "content",
    [
        pytest.param("", id="empty"),
        pytest.param("  \t\r\n around \n\n", id="blanks-and-line-ends"),
        pytest.param("x" * 100_000, id="100000-characters"),
        pytest.param("🐈" * 100_000, id="100000-astral-characters"),
        pytest.param("\u0001\u001f\u007f\u0085\u2028\ufeff\ufffe\uffff", id="controls"),
        pytest.param("e\u0301 ﬁ Å ", id="not-normalised"),
        pytest.param('"\\\b\f\n\r\t/', id="escapes"),
        pytest.param("<script>alert(1)</script>", id="markup"),
        pytest.param("' OR 1=1; -- %s {0} ${x}", id="other-languages"),
    ],
)
def test_content_is_kept_as_sent(client: Client, author: Account, content: str) -> None:
    form = {"title": "Kept", "content": content}
    answer = client.post("/api/posts", json=form, token=author.token)
    assert 201 == answer.status, answer.body
    assert content == answer.json()["content"]
    read = client.get(answer.header("Location") or "", token=author.token)
    assert answer.body == read.body


@sentence("content", "text", "null", "strict")
@pytest.mark.parametrize(
    "content",
    [
        pytest.param("x" * 100_001, id="100001-characters"),
        pytest.param("nul \u0000 inside", id="nul"),
        pytest.param(None, id="null"),
        *NOT_TEXT,
    ],
)
@pytest.mark.parametrize("operation", ["create", "put", "patch"])
def test_content_of_another_form_is_refused(
    client: Client, author: Account, draft: Post, operation: str, content: object
) -> None:
    answer = send(client, author, draft, operation, {"content": content})
    assert ["content"] == error_fields(answer)


@sentence("text", "json")
@pytest.mark.parametrize("field", ["title", "content"])
def test_a_lone_surrogate_is_unreadable(client: Client, author: Account, field: str) -> None:
    body = b'{"title":"x","' + field.encode() + b'":"\\ud83d"}'
    if field == "title":
        body = b'{"title":"\\ud83d"}'
    answer = client.post(
        "/api/posts", body=body, content_type="application/json", token=author.token
    )
    assert 400 == answer.status


# Instants


@sentence("instants")
@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        ("2026-01-02T03:04:05Z", "2026-01-02T03:04:05.000000Z"),
        ("2026-01-02T03:04:05.000006Z", "2026-01-02T03:04:05.000006Z"),
        ("2026-01-02T03:04:05.1Z", "2026-01-02T03:04:05.100000Z"),
        ("2026-01-02T03:04:05.12345Z", "2026-01-02T03:04:05.123450Z"),
        ("2026-01-02T03:04:05+02:00", "2026-01-02T01:04:05.000000Z"),
        ("2026-01-02T03:04:05.5-05:30", "2026-01-02T08:34:05.500000Z"),
        ("2025-12-31T23:30:00-01:00", "2026-01-01T00:30:00.000000Z"),
        ("2026-01-02T03:04:05+00:00", "2026-01-02T03:04:05.000000Z"),
        ("2026-01-02T03:04:05-00:00", "2026-01-02T03:04:05.000000Z"),
        ("2026-01-02t03:04:05z", "2026-01-02T03:04:05.000000Z"),
        ("2024-02-29T23:59:59Z", "2024-02-29T23:59:59.000000Z"),
        ("1970-01-01T00:00:00Z", "1970-01-01T00:00:00.000000Z"),
        ("9998-12-31T23:59:59.999999Z", "9998-12-31T23:59:59.999999Z"),
    ],
)
def test_an_instant_comes_back_in_utc_with_six_digits(
    client: Client, author: Account, sent: str, stored: str
) -> None:
    form = {"title": "When", "pub_date": sent}
    answer = client.post("/api/posts", json=form, token=author.token)
    assert 201 == answer.status, answer.body
    assert stored == answer.json()["pub_date"]
    read = client.get(answer.header("Location") or "", token=author.token)
    assert stored == read.json()["pub_date"]


@sentence("instants", "strict")
@pytest.mark.parametrize(
    "sent",
    [
        pytest.param("2026-01-02T03:04:05", id="no-offset"),
        pytest.param("2026-01-02", id="date-alone"),
        pytest.param("03:04:05Z", id="time-alone"),
        pytest.param("2026-01-02 03:04:05Z", id="blank-for-T"),
        pytest.param("2026-01-02T03:04Z", id="no-seconds"),
        pytest.param("2026-01-02T03:04:05+0200", id="offset-without-colon"),
        pytest.param("2026-01-02T03:04:05+02", id="offset-of-hours"),
        pytest.param("2026-01-02T03:04:05+24:00", id="offset-of-a-day"),
        pytest.param("2026-01-02T03:04:05 UTC", id="zone-name"),
        pytest.param("20260102T030405Z", id="basic-form"),
        pytest.param("2026-W01-5T03:04:05Z", id="week-date"),
        pytest.param("2026-002T03:04:05Z", id="day-of-year"),
        pytest.param("2026-01-02T03:04:05.1234567Z", id="seven-digits"),
        pytest.param("2026-01-02T03:04:05.Z", id="no-digits"),
        pytest.param("2026-01-02T03:04:05,5Z", id="decimal-comma"),
        pytest.param("2026-1-2T03:04:05Z", id="short-month"),
        pytest.param("2026-02-29T00:00:00Z", id="no-such-day"),
        pytest.param("2026-13-01T00:00:00Z", id="no-such-month"),
        pytest.param("2026-01-02T24:00:01Z", id="no-such-hour"),
        pytest.param("2026-01-02T03:60:00Z", id="no-such-minute"),
        pytest.param("1969-12-31T23:59:59.999999Z", id="before-1970"),
        pytest.param("9999-01-01T00:00:00Z", id="after-9998"),
        pytest.param("0000-01-01T00:00:00Z", id="year-0"),
        pytest.param("12026-01-02T03:04:05Z", id="year-of-five-digits"),
        pytest.param("-2026-01-02T03:04:05Z", id="negative-year"),
        pytest.param("٢٠٢٦-01-02T03:04:05Z", id="arabic-digits"),
        pytest.param(" 2026-01-02T03:04:05Z", id="blank-before"),
        pytest.param("2026-01-02T03:04:05Z\n", id="newline-after"),
        pytest.param("Fri, 02 Jan 2026 03:04:05 GMT", id="http-date"),
        pytest.param("now", id="a-word"),
        pytest.param("1767323045", id="digits"),
        pytest.param("", id="empty"),
        pytest.param(1767323045, id="number"),
        pytest.param(1767323045.5, id="fraction"),
        pytest.param(0, id="zero"),
        pytest.param(True, id="true"),
        pytest.param([], id="list"),
        pytest.param({}, id="object"),
    ],
)
@pytest.mark.parametrize("operation", ["create", "put", "patch", "publish"])
def test_another_form_of_instant_is_refused(
    client: Client, author: Account, draft: Post, operation: str, sent: object
) -> None:
    answer = send(client, author, draft, operation, {"pub_date": sent})
    assert ["pub_date"] == error_fields(answer)


def send(
    client: Client, account: Account, post: Post, operation: str, changes: dict[str, Any]
) -> Answer:
    """Create a post, or put, patch or publish this one, with these fields changed."""
    whole = {"title": "Whole", "content": "", "pub_date": None}
    token = account.token
    match operation:
        case "create":
            return client.post("/api/posts", json=whole | changes, token=token)
        case "put":
            return client.put(post.path, json=whole | changes, token=token, if_match="*")
        case "patch":
            return client.patch(post.path, json=changes, token=token, if_match="*")
        case _:
            path = f"{post.path}/{operation}"
            return client.post(path, json=changes, token=token, if_match="*")


@pytest.fixture(scope="session")
def draft(author: Account, new_post: NewPost) -> Post:
    """A draft that no test changes."""
    return new_post(author)


# Reading


@sentence("post", "etag", "unpublished")
@pytest.mark.parametrize("pub_date", STATES)
def test_the_author_reads_their_post_with_its_tag(
    client: Client, author: Account, new_post: NewPost, pub_date: str | None
) -> None:
    post = new_post(author, pub_date=pub_date)
    answer = client.get(post.path, token=author.token)
    assert 200 == answer.status
    assert etag(answer.json()) == answer.header("ETag")


@sentence("post")
def test_a_published_post_reads_the_same_for_everyone(
    client: Client, author: Account, reader: Account, new_post: NewPost
) -> None:
    post = new_post(author, pub_date=PAST)
    bodies = {client.get(post.path, token=who).body for who in [None, author.token, reader.token]}
    assert 1 == len(bodies)


@sentence("status-404")
def test_an_id_that_never_was_is_404(client: Client) -> None:
    answer = client.get(f"/api/posts/{NEVER}")
    assert_problem(answer, 404)


@sentence("path-ids", "ids")
@pytest.mark.parametrize(
    "form", ["0", "00", "01", "-1", "+1", "1.0", "1e3", "1_0", "0x1", "1" * 19, "x", "%D9%A3"]
)
def test_a_post_id_out_of_form_is_404(client: Client, form: str) -> None:
    assert 404 == client.get(f"/api/posts/{form}").status


@sentence("status-404", "unpublished")
@pytest.mark.parametrize("pub_date", STATES)
def test_a_deleted_post_is_404_even_to_its_author(
    client: Client, author: Account, new_post: NewPost, pub_date: str | None
) -> None:
    post = new_post(author, pub_date=pub_date)
    answer = client.delete(post.path, token=author.token, if_match=post.etag)
    assert (204, b"") == (answer.status, answer.body)
    assert 404 == client.get(post.path, token=author.token).status
    again = client.delete(post.path, token=author.token, if_match=post.etag)
    assert 404 == again.status


@sentence("ids", "status-404")
def test_the_id_of_a_deleted_post_is_not_given_to_another(
    client: Client, author: Account, new_post: NewPost
) -> None:
    """Else a tag from before the deletion would be good for a post its holder never read."""
    post = new_post(author)
    client.delete(post.path, token=author.token, if_match=post.etag)
    assert post.id != new_post(author).id
    assert 404 == client.get(post.path, token=author.token).status


# PUT and PATCH


@sentence("put-post", "etag", "post")
def test_put_replaces_all_three_fields(client: Client, author: Account, new_post: NewPost) -> None:
    post = new_post(author, title="Old", content="Old", pub_date=PAST)
    before = shown(client, author, post)
    form = {"title": "New", "content": "New", "pub_date": FUTURE}
    answer = client.put(post.path, json=form, token=author.token, if_match=post.etag)
    assert 200 == answer.status
    updated = answer.json()["updated"]
    expected = before | form | {"status": "scheduled", "updated": updated, "version": 2}
    assert encoded(expected) == answer.body
    assert '"2"' == answer.header("ETag")
    assert answer.body == client.get(post.path, token=author.token).body


@sentence("put-post", "null", "status")
def test_put_with_pub_date_null_makes_a_draft(
    client: Client, author: Account, new_post: NewPost
) -> None:
    post = new_post(author, pub_date=PAST)
    form = {"title": "Draft", "content": "", "pub_date": None}
    answer = client.put(post.path, json=form, token=author.token, if_match=post.etag)
    assert (None, "draft") == (answer.json()["pub_date"], answer.json()["status"])
    assert 404 == client.get(post.path).status


@sentence("put-post")
@pytest.mark.parametrize("field", ["title", "content", "pub_date"])
def test_put_without_a_field_names_it_and_changes_nothing(
    client: Client, author: Account, draft: Post, field: str
) -> None:
    form = without({"title": "x", "content": "", "pub_date": None}, field)
    answer = client.put(draft.path, json=form, token=author.token, if_match="*")
    assert [field] == error_fields(answer)
    assert draft.etag == client.get(draft.path, token=author.token).header("ETag")


@sentence("put-post", "problem-errors")
def test_an_empty_put_names_every_field(client: Client, author: Account, draft: Post) -> None:
    answer = client.put(draft.path, json={}, token=author.token, if_match="*")
    assert ["title", "content", "pub_date"] == error_fields(answer)


@sentence("patch-post", "etag")
@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"title": "New"}, "published"),
        ({"content": "New"}, "published"),
        ({"pub_date": FUTURE}, "scheduled"),
        ({"pub_date": None}, "draft"),
        ({"title": "New", "pub_date": None}, "draft"),
    ],
    ids=["title", "content", "scheduled", "draft", "two-fields"],
)
def test_patch_replaces_what_is_present_and_keeps_the_rest(
    client: Client,
    author: Account,
    new_post: NewPost,
    change: dict[str, Any],
    status: str,
) -> None:
    post = new_post(author, title="Old", content="Old", pub_date=PAST)
    before = shown(client, author, post)
    answer = client.patch(post.path, json=change, token=author.token, if_match=post.etag)
    assert 200 == answer.status
    updated = answer.json()["updated"]
    expected = before | change | {"status": status, "updated": updated, "version": 2}
    assert encoded(expected) == answer.body
    assert '"2"' == answer.header("ETag")
    assert answer.body == client.get(post.path, token=author.token).body


@sentence("patch-post", "etag")
@pytest.mark.parametrize("field", ["title", "content", "pub_date"])
def test_a_change_to_equal_values_moves_the_version(
    client: Client, author: Account, new_post: NewPost, field: str
) -> None:
    post = new_post(author, pub_date=PAST)
    before = shown(client, author, post)
    change = {field: before[field]}
    answer = client.patch(post.path, json=change, token=author.token, if_match=post.etag)
    assert 2 == answer.json()["version"]
    assert before["updated"] < answer.json()["updated"]


@sentence("patch-post", "put-post")
@pytest.mark.parametrize("operation", ["put", "patch"])
def test_a_change_moves_updated_to_now_and_keeps_created(
    client: Client, author: Account, new_post: NewPost, operation: str
) -> None:
    post = new_post(author)
    created = shown(client, author, post)["created"]
    before = now(client, author)
    answer = send(client, author, post, operation, {"title": "Later"})
    after = now(client, author)
    assert created == answer.json()["created"]
    assert before <= answer.json()["updated"] <= after


@sentence("patch-post", "put-post", "etag")
def test_each_change_moves_the_version_by_one(
    client: Client, author: Account, new_post: NewPost
) -> None:
    post = new_post(author)
    tag = post.etag
    for version in range(2, 6):
        change = {"title": f"Version {version}"}
        answer = client.patch(post.path, json=change, token=author.token, if_match=tag)
        assert version == answer.json()["version"]
        tag = answer.header("ETag") or ""
        assert f'"{version}"' == tag


@sentence("unknown-fields", "put-post", "patch-post", "publish")
@pytest.mark.parametrize("operation", ["put", "patch", "publish"])
@pytest.mark.parametrize("field", ["id", "author", "status", "version", "updated", "PUB_DATE"])
def test_a_change_takes_no_other_field(
    client: Client, author: Account, draft: Post, operation: str, field: str
) -> None:
    answer = send(client, author, draft, operation, {field: None})
    assert [field] == error_fields(answer)


@sentence("title", "put-post", "patch-post")
@pytest.mark.parametrize("operation", ["put", "patch"])
def test_a_changed_title_is_trimmed_too(
    client: Client, author: Account, new_post: NewPost, operation: str
) -> None:
    answer = send(client, author, new_post(author), operation, {"title": "  trimmed "})
    assert "trimmed" == answer.json()["title"]


@sentence("put-post", "patch-post")
@pytest.mark.staff
@pytest.mark.parametrize("operation", ["put", "patch", "publish", "unpublish"])
def test_a_change_by_staff_leaves_the_post_its_author(
    client: Client, author: Account, staff: Account, new_post: NewPost, operation: str
) -> None:
    post = new_post(author, pub_date=FUTURE)
    changes = {} if operation.endswith("publish") else {"title": "Edited"}
    answer = send(client, staff, post, operation, changes)
    assert 200 == answer.status
    assert {"id": author.id, "username": author.username} == answer.json()["author"]


# Publishing


@sentence("publish", "status", "etag")
@pytest.mark.parametrize("pub_date", [None, FUTURE], ids=["draft", "scheduled"])
@pytest.mark.parametrize("body", [None, {}], ids=["no-body", "empty-object"])
def test_publish_publishes_now(
    client: Client,
    author: Account,
    new_post: NewPost,
    pub_date: str | None,
    body: dict[str, Any] | None,
) -> None:
    post = new_post(author, pub_date=pub_date)
    before = now(client, author)
    path = f"{post.path}/publish"
    if body is None:
        answer = client.post(path, token=author.token, if_match=post.etag)
    else:
        answer = client.post(path, json=body, token=author.token, if_match=post.etag)
    after = now(client, author)
    assert 200 == answer.status
    published = answer.json()
    assert ("published", 2) == (published["status"], published["version"])
    assert before <= published["pub_date"] <= after
    assert before <= published["updated"] <= after
    assert '"2"' == answer.header("ETag")
    assert answer.body == client.get(post.path).body


@sentence("publish")
@pytest.mark.parametrize("body", [None, {}, {"pub_date": PAST}], ids=["none", "empty", "same-date"])
def test_publishing_a_published_post_changes_nothing(
    client: Client, author: Account, new_post: NewPost, body: dict[str, Any] | None
) -> None:
    post = new_post(author, pub_date=PAST)
    before = client.get(post.path)
    path = f"{post.path}/publish"
    if body is None:
        answer = client.post(path, token=author.token, if_match=post.etag)
    else:
        answer = client.post(path, json=body, token=author.token, if_match=post.etag)
    assert 200 == answer.status
    assert before.body == answer.body
    assert before.header("ETag") == answer.header("ETag")
    assert before.body == client.get(post.path).body


@sentence("publish", "status")
@pytest.mark.parametrize("pub_date", STATES)
@pytest.mark.parametrize(
    ("given", "status"),
    [
        ("2002-03-04T05:06:07+01:00", "published"),
        ("2102-03-04T05:06:07+01:00", "scheduled"),
    ],
    ids=["past", "future"],
)
def test_publish_gives_a_post_the_date_it_names(
    client: Client,
    author: Account,
    new_post: NewPost,
    pub_date: str | None,
    given: str,
    status: str,
) -> None:
    post = new_post(author, pub_date=pub_date)
    path = f"{post.path}/publish"
    answer = client.post(path, json={"pub_date": given}, token=author.token, if_match=post.etag)
    assert 200 == answer.status
    changed = answer.json()
    assert (given[:4] + "-03-04T04:06:07.000000Z") == changed["pub_date"]
    assert (status, 2) == (changed["status"], changed["version"])


@sentence("publish")
def test_scheduling_for_the_same_instant_again_changes_nothing(
    client: Client, author: Account, new_post: NewPost
) -> None:
    post = new_post(author, pub_date=FUTURE)
    before = client.get(post.path, token=author.token)
    answer = client.post(
        f"{post.path}/publish",
        json={"pub_date": FUTURE},
        token=author.token,
        if_match=post.etag,
    )
    assert before.body == answer.body


@sentence("publish", "null")
def test_publish_refuses_a_null_date(client: Client, author: Account, draft: Post) -> None:
    answer = send(client, author, draft, "publish", {"pub_date": None})
    assert ["pub_date"] == error_fields(answer)


@sentence("publish", "status", "unpublished")
@pytest.mark.parametrize("pub_date", [FUTURE, PAST], ids=["scheduled", "published"])
def test_unpublish_makes_a_draft(
    client: Client, author: Account, new_post: NewPost, pub_date: str
) -> None:
    post = new_post(author, pub_date=pub_date)
    before = shown(client, author, post)
    answer = client.post(f"{post.path}/unpublish", token=author.token, if_match=post.etag)
    assert 200 == answer.status
    changes = {"pub_date": None, "status": "draft", "version": 2}
    assert encoded(before | changes | {"updated": answer.json()["updated"]}) == answer.body
    assert before["updated"] < answer.json()["updated"]
    assert '"2"' == answer.header("ETag")
    assert 404 == client.get(post.path).status


@sentence("publish")
def test_unpublishing_a_draft_changes_nothing(
    client: Client, author: Account, new_post: NewPost
) -> None:
    post = new_post(author)
    before = client.get(post.path, token=author.token)
    answer = client.post(f"{post.path}/unpublish", token=author.token, if_match=post.etag)
    assert 200 == answer.status
    assert before.body == answer.body
    assert post.etag == answer.header("ETag")


@sentence("publish", "ignored-body")
def test_unpublish_ignores_a_body(client: Client, author: Account, new_post: NewPost) -> None:
    post = new_post(author, pub_date=PAST)
    answer = client.post(
        f"{post.path}/unpublish",
        body=b"{not json",
        content_type="application/json",
        token=author.token,
        if_match=post.etag,
    )
    assert 200 == answer.status
    assert "draft" == answer.json()["status"]


@sentence("status", "publish")
def test_a_post_published_and_unpublished_and_published_again_keeps_counting(
    client: Client, author: Account, new_post: NewPost
) -> None:
    post = new_post(author)
    operations = ["publish", "unpublish", "publish"]
    states = [send(client, author, post, operation, {}).json() for operation in operations]
    assert [2, 3, 4] == [state["version"] for state in states]
    assert ["published", "draft", "published"] == [state["status"] for state in states]


@sentence("status", "etag")
def test_a_scheduled_post_is_published_when_its_time_comes(
    client: Client, author: Account, new_post: NewPost
) -> None:
    soon = datetime.fromisoformat(now(client, author)) + timedelta(seconds=2)
    post = new_post(author, pub_date=soon.isoformat())
    assert "scheduled" == shown(client, author, post)["status"]
    patience = time.monotonic() + 30
    while (answer := client.get(post.path)).status == 404 and time.monotonic() < patience:
        time.sleep(0.1)
    assert 200 == answer.status
    assert ("published", 1) == (answer.json()["status"], answer.json()["version"])
    assert soon <= datetime.fromisoformat(now(client, author))
