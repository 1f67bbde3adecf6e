"""Putting writing into a blog: the showcase's own, or made-up writing by the million."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

from sqlalchemy import Connection, insert, select

from blog_core.domain.posts import BlogPost
from blog_core.domain.search import searchable
from blog_core.domain.users import User, name_key
from blog_core.storage.repositories import SqlStorage
from blog_core.storage.tables import posts, users
from triptych.errors import REFUSED, Failure
from triptych.library import articles
from triptych.plausible import Writing

NO_PASSWORD = "!"  # noqa: S105 # no format of a hash: nobody can sign in with any password
BATCH = 10_000
"""Rows in a transaction: the lock is given up between them, so that others can write too."""

_FIRST_DAY = datetime(2015, 1, 1, tzinfo=UTC)
_SPAN = timedelta(days=10 * 365)


def is_empty(storage: SqlStorage) -> bool:
    """Whether nobody has an account yet."""
    with storage.reader.connect() as connection:
        return connection.scalar(select(users.c.id).limit(1)) is None


def fill(storage: SqlStorage, password_hash: str) -> tuple[int, int]:
    """Put in the showcase's own writing, in one transaction; the numbers of authors and posts.

    Its authors all sign in with the password of that hash.
    """
    now = datetime.now(UTC)
    library = articles()
    with storage.writing() as repositories:
        authors: dict[str, User] = {}
        joined = now + min(article.published or timedelta() for article in library)
        for number, name in enumerate(sorted({article.author for article in library})):
            authors[name] = User(
                username=name,
                email=f"{name}@example.org",
                password=password_hash,
                joined=joined - timedelta(days=40 - number, hours=3 * number),
            )
            repositories.users.add(authors[name])
        for article in library:
            date = None if article.published is None else now + article.published
            written = min(date or now, now) - timedelta(hours=len(article.content) % 90 + 1)
            repositories.posts.add(
                BlogPost(
                    author_id=authors[article.author].id,
                    title=article.title,
                    content=article.content,
                    pub_date=date,
                    created=written,
                )
            )
    return len(authors), len(library)


def seed(
    storage: SqlStorage, *, people: int, writings: int, number: int, done: Callable[[int], None]
) -> None:
    """Put in made-up users and posts, the same for the same `number`; `done` hears of each batch.

    The posts are by these users. A twenty-fifth of them are drafts, a hundredth scheduled. Raises
    Failure where this number's users are in already.
    """
    writing = Writing(number)
    names = list(islice(writing.usernames(), people))
    ids: list[int] = []
    for batch in _batches(map(_user, names)):
        with storage.writer.begin() as connection:
            if not ids:
                _require_new(connection, str(batch[0]["username_key"]), number)
            # In the order of the rows, so that each post has the same author every time.
            statement = insert(users).returning(users.c.id, sort_by_parameter_order=True)
            ids += connection.scalars(statement, batch)
        done(len(batch))
    step = _SPAN / max(writings, 1)
    rows = (_post(writing, ids, _FIRST_DAY + position * step) for position in range(writings))
    for batch in _batches(rows):
        with storage.writer.begin() as connection:
            if connection.dialect.name == "sqlite":
                # Its 2 MB of cache hold none of the indexes: each row would read its pages anew.
                connection.exec_driver_sql("PRAGMA cache_size = -256000")
            connection.execute(insert(posts), batch)
        done(len(batch))


def _require_new(connection: Connection, key: str, number: int) -> None:
    if connection.scalar(select(users.c.id).where(users.c.username_key == key)) is not None:
        raise Failure(
            f"What --seed {number} makes is in this database already: name another --seed.", REFUSED
        )


def _user(name: str) -> dict[str, object]:
    email = f"{name}@example.org"
    return {
        "username": name,
        "username_key": name_key(name),
        "email": email,
        "email_key": name_key(email),
        "password": NO_PASSWORD,
        "is_staff": False,
        "is_active": True,
        "joined": _FIRST_DAY,
    }


def _post(writing: Writing, authors: list[int], earliest: datetime) -> dict[str, object]:
    title, content = writing.post()
    # Nearly in order, as writing arrives.
    date = earliest + timedelta(seconds=writing.below(7_200), microseconds=writing.below(1_000_000))
    kind = writing.below(100)
    published: datetime | None = date
    if kind < 4:
        published = None
    elif kind == 4:
        published = date.replace(year=date.year + 100, day=min(date.day, 28))
    return {
        "author_id": authors[writing.below(len(authors))],
        "title": title,
        "content": content,
        "pub_date": published,
        "created": date,
        "updated": date,
        "version": 1,
        "search": searchable(title, content),
    }


def _batches(rows: Iterator[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    while batch := list(islice(rows, BATCH)):
        yield batch
