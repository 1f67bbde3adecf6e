"""The models say of the core's tables what the database says, and read them as Django does."""

import pytest
from django.apps import apps
from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.db import OperationalError, connections, models
from django.db.utils import Error
from sqlalchemy import Connection, create_engine, inspect

from blog_core.schemas import OPERATOR, NewPost
from blog_core.settings import Settings
from blog_core.storage.migrate import upgrade
from blog_django.models import Post, Session, StaffAction, Token, User
from blog_django.session import blog

from .conftest import PASSWORD, signed_in

MODELS = (User, Post, Token, Session, StaffAction)
Described = dict[str, tuple[str, bool, bool, str | None]]


def described(connection: Connection, table: str) -> Described:
    """Of each column what the database says: type, null, unique, and what it refers to."""
    found = inspect(connection)
    with connections["default"].cursor() as cursor:
        constraints = connections["default"].introspection.get_constraints(cursor, table)
    unique = [one["columns"] for one in constraints.values() if one["unique"]]
    refers = {
        one["constrained_columns"][0]: f"{one['referred_table']}.{one['referred_columns'][0]}"
        for one in found.get_foreign_keys(table)
    }
    return {
        column["name"]: (
            as_seen(connection, column["type"].compile(connection.dialect)),
            column["nullable"],
            [column["name"]] in unique,
            refers.get(column["name"]),
        )
        for column in found.get_columns(table)
        # MariaDB computes one for its index of words: nobody reads or writes it.
        if "computed" not in column
    }


def as_seen(connection: Connection, kind: str) -> str:
    """A type without character set and collation; SQLite knows one type of whole numbers."""
    if connection.dialect.name == "sqlite" and "INT" in kind:
        return "INTEGER"
    return kind.split(" C", maxsplit=1)[0]


def made_by_django(model: type[models.Model]) -> str:
    """The name of a table that Django makes of the model, beside the core's."""
    name = f"django_{model._meta.db_table}"
    with connections["default"].schema_editor() as editor:
        standing, model._meta.db_table = model._meta.db_table, name
        try:
            editor.create_model(model)
        finally:
            model._meta.db_table = standing
    return name


def test_each_model_has_the_columns_of_its_table(nothing: Settings) -> None:
    upgrade(nothing.database_url)
    engine = create_engine(nothing.database_url)
    for model in MODELS:
        name = made_by_django(model)
        with engine.connect() as connection:
            expected = described(connection, model._meta.db_table)
            assert expected == described(connection, name), model
    engine.dispose()


def test_no_model_is_left_out() -> None:
    assert set(MODELS) == set(apps.get_app_config("blog").get_models())
    assert User is get_user_model()


def test_the_models_read_on_every_database_and_write_on_none(nothing: Settings) -> None:
    upgrade(nothing.database_url)
    ada = User.objects.create_user("Ada", "ada@example.org", PASSWORD)
    post = blog().staff.add_post(OPERATOR, ada.pk, NewPost(title="Engines"))
    found = Post.objects.select_related("author").get(author__username_key="ada")
    assert (post.id, "Engines", "draft", ada) == (found.pk, found.title, found.status, found.author)
    assert [found] == list(Post.objects.drafts())
    assert [] == [*Post.objects.published(), *Post.objects.scheduled()]
    assert blog().staff.get_user(OPERATOR, ada.pk).joined == f"{ada.joined:%Y-%m-%dT%H:%M:%S.%fZ}"
    assert blog().staff.get_user(OPERATOR, ada.pk).version == ada.version
    # --8<-- [start:as-queries]
    drafts = Post.objects.drafts().filter(author__username="Ada")
    written = User.objects.get_by_natural_key("ADA").posts.count()
    # --8<-- [end:as-queries]
    assert ([found], 1) == (list(drafts), written)
    with pytest.raises(Error):
        Post.objects.update(title="Past the core")
    with pytest.raises(Error):
        User.objects.all().delete()
    assert "Engines" == Post.objects.get().title


def test_users_are_made_by_the_core_and_found_as_it_finds_them(settings: Settings) -> None:
    made = User.objects.create_superuser("Ada", "ada@example.org", PASSWORD)
    assert made == User.objects.get_by_natural_key("ADA")
    assert made.has_perm("blog.delete_post")
    assert made.password.startswith("$argon2id$")
    assert made.check_password(PASSWORD)
    assert not made.check_password("no")
    with pytest.raises(ValidationError, match="username: This is taken"):
        User.objects.create_user("ADA", "lovelace@example.org", PASSWORD)
    with pytest.raises(ValidationError, match="among the most common"):
        User.objects.create_user("lovelace", "lovelace@example.org", "password")
    assert not User(username="x").has_perm("blog.delete_post")


def test_a_saved_user_is_changed_by_the_core(settings: Settings) -> None:
    client = signed_in("ada")
    ada = User.objects.get(username="ada")
    ada.email = "countess@example.org"
    ada.save()
    assert "countess@example.org" == client.get("/api/me").json()["email"]
    ada.set_password("eight lives, no boots")
    ada.save()
    assert 401 == client.get("/api/me").status_code
    ada.email = "nowhere"
    with pytest.raises(ValidationError, match="email"):
        ada.save()
    ada.delete()
    assert not User.objects.exists()
    actions = ["deleted", "changed password", "changed email"]
    assert actions == [f"{action.action}" for action in StaffAction.objects.all()]


def test_what_has_no_use_case_here_says_so(settings: Settings) -> None:
    signed_in("ada")
    for row in (Session.objects.get(), Post(), Token(), StaffAction()):
        with pytest.raises(TypeError):
            row.save()
    with pytest.raises(OperationalError, match="readonly"):
        Session.objects.update(browser="Past the core")
