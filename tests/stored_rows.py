"""What clients see of rows that stood in the database before the application served them.

The contract suite makes its data over HTTP and cannot have these. `tests/test_mutants.py` runs
them as it runs the suite, in a process of its own that has the database's URL:

    pytest --target flask-wsgi --pyargs tests.stored_rows
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from hashlib import sha256
from secrets import token_urlsafe

import pytest
from sqlalchemy import Engine, insert, update

from blog_contract.client import Client, NewPost, NewUser
from blog_contract.resources import PAST, ids, walk
from blog_core.settings import Settings
from blog_core.storage.engine import writing_engine
from blog_core.storage.tables import posts, sessions, users

LONG_AGO = datetime(2001, 2, 3, 4, 5, 6, 7, UTC)
FAR_AHEAD = datetime(2101, 2, 3, 4, 5, 6, 7, UTC)
PASSWORD = "Grüße, Jürgen"

# Made with Django 5.2.19, Werkzeug 3.1.9 and bcrypt 5.0.0, of the password above.
HASHES = {
    "django-pbkdf2": (
        "pbkdf2_sha256$1000$saltsaltsaltsaltsaltsa$NdPmHN3gQkGiLmmvxVwcuxCHMLHIv+664RRdjnukrjQ="
    ),
    "werkzeug-pbkdf2": (
        "pbkdf2:sha256:1000$ajlpNPVCwxZiK3c6"
        "$dbe0ccfed4081138b26c5de753c5540b6324c82eac6cc57d6eef0491c8027a52"
    ),
    "bcrypt": "$2b$04$M0UCovJEpis09oGQQvAvX.J.t0h3E72Qb2.ghCUlA.Y98wEDyCAyK",
}


@pytest.fixture(scope="session")
def database() -> Iterator[Engine]:
    engine = writing_engine(Settings.from_env().database_url)
    yield engine
    engine.dispose()


def store(database: Engine, user_id: int, **values: object) -> None:
    with database.begin() as connection:
        connection.execute(update(users).where(users.c.id == user_id).values(values))


def test_the_posts_of_a_disabled_author_are_still_listed(
    client: Client, database: Engine, new_user: NewUser, new_post: NewPost
) -> None:
    account = new_user()
    post = new_post(account, pub_date=PAST)
    store(database, account.id, is_active=False)
    assert 200 == client.get(post.path).status
    assert [post.id] == ids(walk(client, f"/api/posts?author={account.username}"))


@pytest.mark.parametrize("pub_date", [None, LONG_AGO, FAR_AHEAD], ids=["null", "past", "future"])
def test_a_post_stored_with_any_date_or_null_is_in_the_list_of_its_status(
    client: Client, database: Engine, new_user: NewUser, pub_date: datetime | None
) -> None:
    account = new_user()
    row = {"author_id": account.id, "title": "Old", "content": "", "search": "old", "version": 1}
    dates = {"pub_date": pub_date, "created": LONG_AGO, "updated": LONG_AGO}
    with database.begin() as connection:
        connection.execute(insert(posts).values(row | dates))
    status = {None: "draft", LONG_AGO: "published", FAR_AHEAD: "scheduled"}[pub_date]
    path = f"/api/posts?author={account.username}&status={status}"
    listed = [post for here in walk(client, path, token=account.token) for post in here.items]
    assert [("Old", status)] == [(post["title"], post["status"]) for post in listed]


@pytest.mark.parametrize("stored", HASHES.values(), ids=HASHES.keys())
def test_a_password_that_another_library_hashed_signs_in(
    client: Client, database: Engine, new_user: NewUser, stored: str
) -> None:
    account = new_user(password=PASSWORD)
    store(database, account.id, password=stored)
    form = {"username": account.username, "password": PASSWORD}
    assert 201 == client.post("/api/tokens", json=form).status


@pytest.mark.parametrize("stored", ["", "!", "md5$salt$00", "pbkdf2_sha256$no-number$a$b"])
def test_a_stored_hash_of_no_known_form_is_a_plain_401(
    client: Client, database: Engine, new_user: NewUser, stored: str
) -> None:
    account = new_user(password=PASSWORD)
    store(database, account.id, password=stored)
    form = {"username": account.username, "password": PASSWORD}
    assert 401 == client.post("/api/tokens", json=form).status


def test_a_session_that_was_opened_before_is_still_good(
    client: Client, database: Engine, new_user: NewUser
) -> None:
    account, value = new_user(), token_urlsafe(32)
    row = {"user_id": account.id, "digest": sha256(value.encode()).hexdigest(), "browser": "Old"}
    dates = {"created": LONG_AGO, "expires": FAR_AHEAD}
    with database.begin() as connection:
        connection.execute(insert(sessions).values(row | dates))
    cookie = [("Cookie", f"session={value}")]
    assert account.id == client.get("/api/me", headers=cookie).json()["id"]
    assert 200 == client.get("/settings", headers=cookie).status
