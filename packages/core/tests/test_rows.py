"""The read models: what a tool sees of the tables."""

from collections.abc import Iterator

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from blog_core.schemas import OPERATOR, Expected, PostChanges
from blog_core.storage.repositories import SqlStorage
from blog_core.storage.rows import ActionRow, PostRow, UserRow

from .fakes import Site, site
from .test_blog import new_post


@pytest.fixture
def sql_storage(database_url: str) -> Iterator[SqlStorage]:
    storage = SqlStorage(database_url)
    yield storage
    storage.close()


@pytest.fixture
def sql_site(sql_storage: SqlStorage) -> Site:
    return site(sql_storage)


def test_rows_know_each_other(sql_storage: SqlStorage, sql_site: Site) -> None:
    ada = sql_site.user("ada")
    for title in ("One", "Two"):
        sql_site.blog.create_post(ada, new_post(title))
    with Session(sql_storage.reader) as session:
        post = session.scalars(select(PostRow).filter_by(title="Two")).one()
        assert (str(post), str(post.author), post.version) == ("Two", "ada", 1)
        assert ["One", "Two"] == sorted(map(str, post.author.posts))


def test_rows_show_what_was_done(sql_storage: SqlStorage, sql_site: Site) -> None:
    eve = sql_site.user("eve", is_staff=True)
    post = sql_site.blog.create_post(sql_site.user("ada"), new_post("One"))
    sql_site.blog.change_post(eve, post.id, PostChanges(title="Two"), Expected(any=True))
    sql_site.blog.staff.unpublish_posts(OPERATOR, [post.id])
    with Session(sql_storage.reader) as session:
        (row,) = session.scalars(select(ActionRow))
    assert ("eve", "post", post.id, "changed title post Two") == (
        row.staff,
        row.kind,
        row.object_id,
        str(row),
    )


def test_a_hash_is_in_no_row(sql_storage: SqlStorage, sql_site: Site) -> None:
    sql_site.user("ada")
    with Session(sql_storage.reader) as session:
        row = session.scalars(select(UserRow)).one()
        assert not hasattr(row, "password")
        assert session.scalar(select(func.count()).select_from(UserRow)) == 1
