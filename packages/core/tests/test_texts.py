"""What no collation, tokenizer or time zone may make another of: the same on every storage."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TypeVar

import pytest
from sqlalchemy import Engine, event, insert

from blog_core import schemas
from blog_core.domain.errors import BlogError, Stale, Taken, WrongPassword
from blog_core.domain.posts import BlogPost
from blog_core.domain.search import words
from blog_core.domain.users import User
from blog_core.ports import PostFilter, Storage, Window
from blog_core.schemas import ANYBODY, Expected
from blog_core.storage.repositories import SqlStorage
from blog_core.storage.tables import posts

from .fakes import PASSWORD, Site

NOW = datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
Result = TypeVar("Result")

TEXTS = [
    "Café",
    "Cafe\u0301",
    "CAFÉ",
    "cafe",
    "ΣΊΣΥΦΟΣ",
    "σίσυφος",
    "σισυφοσ",
    "Straße",
    "STRASSE",
    "STRAẞE",
    "strase",
    "İstanbul",
    "ISTANBUL",
    "ıstanbul",
    "istanbul",
    "Æon",
    "aeon",
    "Łódź",
    "lodz",
    "smørrebrød",
    "smorrebrod",
    "🐍",
    "🐍 oil",
    "👩‍💻 at work",
    "👩💻 at work",
    "𝒳 marks",
    "x marks",
    "ﬁne",
    "fine",
    "fine ",
    "fine\u00a0",
    "fine\t\t",
    "\u0301",
    "e\u0301\u0301",
    "é\u0301",
    "\u0323\u0307s",
    "ṩ",
    "s\u0307\u0323",
    "क़लम",
    "कलम",
    "漢字",
    "字漢",
    "ｶﾞ",
    "ガ",
    "カ",
    "\u0001",
    "a\u0001b",
    "a\u007fb",
    "ab",
    "a b",
    "b a",
    "\ufeffab",
    "a\u200bb",
    "a\ufffeb",
    "a\uffffb",
    "\U0010ffff",
    "a",
    "I",
    "the",
    "about the www",
    "to be or not to be",
    "+snake -oil",
    "snake* ~oil",
    '"snake oil" @4 <(>',
    "snake oil",
    "oil snake",
    "snake_oil",
    "sn%ke",
    "100% it's",
    "\\",
    "\\\\ \\n",
    "' OR 1=1 --",
    "w61",
    "61",
    "x61",
    "20",
    " 0",
    "2 0",
    "z" * 40,
    "z" * 40 + "y",
    "z" * 40 + "y" * 40,
    "y" * 40 + "z" * 40,
    "z" * 40 + "y" * 41,
    "z" * 84,
    "z" * 85,
    "é" * 84,
    "漢a" * 60,
    "z" * 499,
    "z" * 500,
    "z" * 501,
    "Ж" * 500,
    "𐐨" * 500,
    "𐐨" * 501 + "b",
]
"""As titles only some are allowed, as contents all: without NUL and lone surrogates."""


def add_user(storage: Storage, name: str = "ada") -> int:
    user = User(username=name, email=f"{name}@blog.example", password="a hash", joined=NOW)
    with storage.writing() as repositories:
        repositories.users.add(user)
    return user.id


def add_posts(storage: Storage, author_id: int, *contents: str) -> list[int]:
    added = [
        BlogPost(author_id=author_id, title="-", content=content, pub_date=NOW, created=NOW)
        for content in contents
    ]
    with storage.writing() as repositories:
        for post in added:
            repositories.posts.add(post)
    return [post.id for post in added]


def published(storage: Storage, looked_for: list[str], now: datetime = NOW) -> list[schemas.Post]:
    wanted = PostFilter("published", words=tuple(looked_for), newest_first=False)
    with storage.reading() as repositories:
        return list(repositories.posts.page(wanted, Window(200), now))


# --- search and storing --------------------------------------------------------------------------


@pytest.mark.sentence("search")
def test_every_database_finds_the_same_posts(storage: Storage) -> None:
    add_posts(storage, add_user(storage), *TEXTS)
    for query in TEXTS:
        looked_for = words(query)
        if looked_for:
            expected = [text for text in TEXTS if set(looked_for) <= set(words(text))]
            assert expected == [post.content for post in published(storage, looked_for)], query


def test_a_text_comes_back_as_it_was_stored(storage: Storage) -> None:
    ids = add_posts(storage, add_user(storage), *TEXTS)
    with storage.reading() as repositories:
        for post_id, text in zip(ids, TEXTS, strict=True):
            shown = repositories.posts.view(post_id, None, NOW)
            assert shown is not None
            assert text == shown.content


def test_a_search_no_longer_finds_what_is_gone(storage: Storage) -> None:
    ada, bob = add_user(storage), add_user(storage, "bob")
    add_posts(storage, ada, "about a snake", "snake " + "z" * 90)
    theirs = add_posts(storage, bob, "about a snake")
    with storage.writing() as repositories:
        user = repositories.users.get(ada)
        assert user is not None
        repositories.users.remove(user)
    assert theirs == [post.id for post in published(storage, ["snake", "about"])]
    assert [] == published(storage, ["z" * 90])


INDEXES = {
    "sqlite": "posts_words VIRTUAL TABLE INDEX",
    "postgresql": "Bitmap Index Scan on ix_posts_search",
    "mysql": "'ix_posts_search_terms', '0'",
    "mariadb": "'ix_posts_search_terms', '0'",
}


@pytest.mark.sentence("search")
def test_a_search_goes_by_an_index(database_url: str) -> None:
    storage = SqlStorage(database_url)
    name, ada = storage.reader.dialect.name, add_user(storage)
    # So many that another way would be a detour.
    made = {"author_id": ada, "title": "-", "content": "-", "version": 1}
    made |= dict.fromkeys(("pub_date", "created", "updated"), NOW)
    with storage.writer.begin() as connection:
        rows = [{**made, "search": f"common {number}"} for number in range(2_000)]
        connection.execute(insert(posts), rows)
    add_posts(storage, ada, "a rare snake")
    if name == "postgresql":
        # What an index has not yet taken in makes it look dear, and so do rows of other tests.
        with storage.reader.connect() as connection:
            connection.exec_driver_sql("VACUUM ANALYZE posts")
    for looked_for in (["rare", "snake"], ["a"], ["common", "snake"], ["z" * 500]):
        statement, values = _statement(storage.reader, partial(published, storage, looked_for))
        explain = "EXPLAIN QUERY PLAN" if name == "sqlite" else "EXPLAIN"
        with storage.reader.connect() as connection:
            plan = connection.exec_driver_sql(f"{explain} {statement}", values).all()
        assert INDEXES[name] in "\n".join(map(str, plan))
    storage.close()


def _statement(engine: Engine, action: Callable[[], object]) -> tuple[str, tuple[object, ...]]:
    """The one statement that an action runs, as the driver gets it."""
    seen: list[tuple[str, tuple[object, ...]]] = []

    def note(_conn: object, _cursor: object, statement: str, values: object, *_: object) -> None:
        seen.append((statement, values))  # type: ignore[arg-type] # as the driver wants them

    event.listen(engine, "before_cursor_execute", note)
    try:
        action()
    finally:
        event.remove(engine, "before_cursor_execute", note)
    (found,) = seen
    return found


# --- ordering ------------------------------------------------------------------------------------

INSTANTS = [
    datetime(1970, 1, 1, tzinfo=UTC),
    datetime(1970, 1, 1, tzinfo=UTC) + MICROSECOND,
    datetime(2001, 2, 3, 4, 5, 6, 999_999, tzinfo=UTC),
    datetime(2001, 2, 3, 4, 5, 7, tzinfo=UTC),
    # An hour that comes twice, and one that never comes, where clocks are changed.
    datetime(2025, 3, 30, 1, 30, tzinfo=UTC),
    datetime(2025, 3, 30, 2, 30, tzinfo=UTC),
    datetime(2025, 10, 26, 0, 30, tzinfo=UTC),
    datetime(2025, 10, 26, 1, 30, tzinfo=UTC),
    datetime(2038, 1, 19, 3, 14, 8, tzinfo=UTC),
    datetime(9998, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
]


@pytest.mark.sentence("page-walk")
@pytest.mark.parametrize("newest_first", [True, False])
def test_pages_go_by_instant_then_by_id(storage: Storage, newest_first: bool) -> None:
    ada, end = add_user(storage), datetime(9999, 1, 1, tzinfo=UTC)
    # Each instant twice, stored in an order of its own.
    instants = [*INSTANTS[::-2], *INSTANTS[::2], *INSTANTS]
    added = [
        BlogPost(author_id=ada, title=title, content="", pub_date=instant, created=NOW)
        for title, instant in zip("zÉeaÄßs🐍Σς" * 2, instants, strict=True)
    ]
    with storage.writing() as repositories:
        for post in added:
            repositories.posts.add(post)
    ordered = sorted(added, key=lambda post: (post.pub_date, post.id), reverse=newest_first)
    expected = [post.id for post in ordered]
    wanted = PostFilter("published", newest_first=newest_first)
    with storage.reading() as repositories:
        walked: list[int] = []
        after: tuple[str | int, ...] | None = None
        while page := repositories.posts.page(wanted, Window(3, after), end):
            walked += [post.id for post in page]
            after = (f"{page[-1].pub_date}", page[-1].id)
        assert expected == walked
        back = repositories.posts.page(
            wanted,
            Window(100, (f"{ordered[-1].pub_date:%Y-%m-%dT%H:%M:%S.%f}Z", expected[-1]), True),
            end,
        )
        assert expected[:-1] == [post.id for post in back][::-1]


# --- uniqueness ----------------------------------------------------------------------------------

NOT_ADA = [
    "ada ",
    " ada",
    "ada\t",
    "ada\u00a0",
    "àda",
    "ada\u0301",
    "adа",
    "ada\u200b",
    "ada\u0001",
]


@pytest.mark.sentence("sign-in")
@pytest.mark.parametrize("name", NOT_ADA)
def test_only_the_name_itself_is_somebodys(blog_site: Site, name: str) -> None:
    blog_site.user("ada")
    with pytest.raises(WrongPassword):
        blog_site.sign_in(name)
    with blog_site.storage.reading() as repositories:
        users = repositories.users
        assert users.view(name) is None
        assert users.password_by_name(name) is None
        assert not users.has_email(f"{name}@blog.example")
        assert not users.has_email("ada@blog.example ")
        assert users.known([name], []) == []
        wanted = PostFilter("published", author_key=name)
        assert repositories.posts.page(wanted, Window(1), NOW) == []


def test_identities_are_told_apart_to_the_byte(storage: Storage) -> None:
    ada = add_user(storage)
    subjects = [text for text in TEXTS if len(text) <= 100]
    with storage.writing() as repositories:
        for subject in subjects:
            repositories.identities.add(ada, "https://login.example", subject, NOW)
    for subject in subjects:
        with storage.writing() as repositories, pytest.raises(Taken):
            repositories.identities.add(ada, "https://login.example", subject, NOW)


# --- races ---------------------------------------------------------------------------------------


def at_once(*actions: Callable[[], Result]) -> list[Result | BlogError]:
    """What each came to, or why it was refused; begun together, each in a thread of its own."""
    start = threading.Barrier(len(actions))
    outcomes: list[Result | BlogError] = []

    def run(action: Callable[[], Result]) -> None:
        start.wait(30)
        try:
            outcome: Result | BlogError = action()
        except BlogError as error:
            outcome = error
        outcomes.append(outcome)

    threads = [threading.Thread(target=run, args=(action,)) for action in actions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(outcomes) == len(actions)
    return outcomes


@pytest.mark.sentence("one-writer")
def test_of_writers_with_one_version_one_wins(blog_site: Site) -> None:
    blog, ada = blog_site.blog, blog_site.user("ada")
    post = blog.create_post(ada, schemas.NewPost(title="Race", content="0"))

    def change(number: int) -> Callable[[], schemas.Post]:
        changes = schemas.PostChanges(content=f"{number}")
        return lambda: blog.change_post(ada, post.id, changes, Expected(frozenset({1})))

    outcomes = at_once(*(change(number) for number in range(1, 5)))
    (won,) = [outcome for outcome in outcomes if isinstance(outcome, schemas.Post)]
    assert 3 == sum(isinstance(outcome, Stale) for outcome in outcomes)
    assert won == blog.get_post(ada, post.id)
    assert 2 == won.version


@pytest.mark.sentence("username", "email")
def test_of_one_name_in_different_cases_one_is_given(blog_site: Site) -> None:
    def sign_up(name: str, email: str) -> Callable[[], schemas.OwnUser]:
        new = schemas.NewUser(username=name, email=email, password=PASSWORD)
        return lambda: blog_site.blog.sign_up(new)

    names = at_once(
        *(
            sign_up(name, f"{n}@blog.example")
            for n, name in enumerate(["grace", "GRACE", "Grace", "gRACE"])
        )
    )
    emails = at_once(
        *(
            sign_up(f"user{n}", email)
            for n, email in enumerate(["h@b.example", "H@b.example", "h@B.EXAMPLE"])
        )
    )
    for outcomes, field in ((names, "username"), (emails, "email")):
        assert 1 == sum(isinstance(outcome, schemas.OwnUser) for outcome in outcomes)
        refused = [outcome for outcome in outcomes if isinstance(outcome, Taken)]
        assert {(field,)} == {outcome.fields for outcome in refused}
        assert len(refused) == len(outcomes) - 1
    assert 2 == len(blog_site.blog.list_users(ANYBODY, schemas.PageQuery()).results)


@pytest.mark.sentence("idempotency")
def test_of_one_key_sent_at_once_one_post_comes(blog_site: Site) -> None:
    blog, ada = blog_site.blog, blog_site.user("ada")
    new = schemas.NewPost(title="Once", pub_date=NOW)

    outcomes = at_once(*[lambda: blog.create_post(ada, new, "the-same")] * 4)
    made = {outcome.id for outcome in outcomes if isinstance(outcome, schemas.Post)}
    assert len(made) == 1
    again = blog.create_post(ada, new, "the-same")
    assert made == {again.id}
    assert 1 == len(blog.list_posts(ANYBODY, schemas.PostQuery()).results)
