from typing import Any

import pytest
from pydantic import BaseModel, TypeAdapter

from blog_core import schemas
from blog_core.domain.errors import Invalid
from blog_core.http.requests import body

NEW_USER = {"username": "ada", "email": "a@blog.example", "password": "correct horse battery"}


def refusals(schema: type[BaseModel], value: Any) -> list[tuple[str, str]]:
    with pytest.raises(Invalid) as refused:
        body(schema, value)
    return [(error.field, error.code) for error in refused.value.errors]


@pytest.mark.sentence("problem-errors")
def test_errors_come_in_the_order_of_the_schema_and_one_a_field() -> None:
    sent = {"zebra": 1, "password": "short", "apple": 1, "username": ""}
    assert [
        ("username", "too_short"),
        ("email", "required"),
        ("password", "too_short"),
        ("apple", "unknown"),
        ("zebra", "unknown"),
    ] == refusals(schemas.NewUser, sent)


@pytest.mark.sentence("json-object")
@pytest.mark.parametrize("value", [[], "text", 1, True, None])
def test_what_is_no_object_is_refused_as_a_whole(value: object) -> None:
    assert [("", "wrong_type")] == refusals(schemas.NewPost, value)


@pytest.mark.sentence("strict", "null")
@pytest.mark.parametrize("value", [1, True, None, [], {}, 1.5])
def test_nothing_is_made_into_text(value: object) -> None:
    assert [("title", "wrong_type")] == refusals(schemas.NewPost, {"title": value})


@pytest.mark.sentence("null")
@pytest.mark.parametrize(
    ("schema", "value"),
    [
        (schemas.UserChanges, {"username": None}),
        (schemas.UserChanges, {"email": None}),
        (schemas.PostChanges, {"title": None}),
        (schemas.PostChanges, {"content": None}),
        (schemas.Publication, {"pub_date": None}),
        (schemas.NewPost, {"title": "T", "content": None}),
    ],
)
def test_null_is_no_absence(schema: type[BaseModel], value: dict[str, object]) -> None:
    assert 1 == len(refusals(schema, value))


@pytest.mark.sentence("null", "put-post", "create-post", "patch-post")
def test_null_is_no_date() -> None:
    assert body(schemas.NewPost, {"title": "T", "pub_date": None}).pub_date is None
    assert body(schemas.PostChanges, {"pub_date": None}).model_fields_set == {"pub_date"}
    put = {"title": "T", "content": "", "pub_date": None}
    assert body(schemas.PostContent, put).pub_date is None
    for missing in put:
        rest = {name: value for name, value in put.items() if name != missing}
        assert [(missing, "required")] == refusals(schemas.PostContent, rest)


@pytest.mark.sentence("instants", "strict")
@pytest.mark.parametrize("value", [0, 1767323045, "2026-01-02", "1767323045", True, {}])
def test_only_a_whole_instant_is_a_date(value: object) -> None:
    assert ["pub_date"] == [
        field for field, _ in refusals(schemas.NewPost, {"title": "T", "pub_date": value})
    ]


@pytest.mark.sentence("title")
@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("T", "T"),
        (" \u3000\u00a0T t ", "T t"),
        ("x" * 200, "x" * 200),
        (" " * 50 + "🐍" * 200 + " ", "🐍" * 200),
    ],
)
def test_a_title_is_kept_trimmed(sent: str, kept: str) -> None:
    assert kept == body(schemas.NewPost, {"title": sent}).title


@pytest.mark.sentence("title")
@pytest.mark.parametrize(
    ("title", "code"),
    [
        ("", "too_short"),
        (" \u2003 ", "too_short"),
        ("x" * 201, "too_long"),
        ("a\nb", "invalid"),
        ("a\n", "invalid"),
        ("\u2028a", "invalid"),
        ("a\0", "invalid"),
    ],
)
def test_another_title_is_refused(title: str, code: str) -> None:
    assert [("title", code)] == refusals(schemas.NewPost, {"title": title})


@pytest.mark.sentence("content")
def test_content_is_kept_as_sent() -> None:
    content = " \r\n\t" + "🐍" * 99_996
    assert content == body(schemas.NewPost, {"title": "T", "content": content}).content
    sent = {"title": "T", "content": content + "x"}
    assert [("content", "too_long")] == refusals(schemas.NewPost, sent)


@pytest.mark.sentence("text")
@pytest.mark.parametrize(
    ("schema", "value", "field"),
    [
        (schemas.NewPost, {"title": "T", "content": "\0"}, "content"),
        (schemas.NewUser, {**NEW_USER, "password": "long enough\0"}, "password"),
        (schemas.SignIn, {"username": "a\0", "password": "p"}, "username"),
        (schemas.SignIn, {"username": "a", "password": "p\0"}, "password"),
        (
            schemas.PasswordChange,
            {"current_password": "\0", "new_password": "long enough"},
            "current_password",
        ),
    ],
)
def test_no_text_holds_nul(schema: type[BaseModel], value: object, field: str) -> None:
    assert [(field, "invalid")] == refusals(schema, value)


@pytest.mark.sentence("password")
@pytest.mark.parametrize(
    ("password", "code"),
    [("Adalovelace", "too_similar"), ("A@Blog.Example", "too_similar"), ("password", "too_common")],
)
def test_a_guess_is_no_password(password: str, code: str) -> None:
    sent = {**NEW_USER, "username": "adalovelace", "password": password}
    assert [("password", code)] == refusals(schemas.NewUser, sent)


def test_a_schema_never_shows_the_password_it_refuses() -> None:
    with pytest.raises(Invalid) as refused:
        body(schemas.NewUser, {**NEW_USER, "password": "hunter2"})
    assert "hunter2" not in repr(refused.value.errors)


@pytest.mark.sentence("user", "post", "token")
@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        (schemas.User, "id username joined"),
        (schemas.OwnUser, "id username joined email is_staff"),
        (schemas.Post, "id title content pub_date status author created updated version"),
        (schemas.Author, "id username"),
        (schemas.Token, "id created expires"),
        (schemas.NewToken, "id token created expires"),
    ],
)
def test_the_fields_of_an_answer_come_in_their_order(kind: type, fields: str) -> None:
    assert fields.split() == list(TypeAdapter(kind).json_schema()["properties"])
