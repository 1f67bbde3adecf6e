"""The session that Flask-Admin reads with."""

from typing import Any, cast

from sqlalchemy.orm import Session, scoped_session, sessionmaker

from blog_core.blog import Blog
from blog_core.storage.repositories import SqlStorage


class ReadOnly(Session):
    """A session that writes nothing: what is to change goes through the use cases."""

    def flush(self, objects: Any = None) -> None:
        raise RuntimeError("the admin writes through blog_core.blog.Blog")


class Reader(scoped_session[ReadOnly]):
    """A session for each thread, over the connections of the use cases that read.

    Flask-Admin wants the `db` of Flask-SQLAlchemy, and of it only that there is a `session`.
    """

    def __init__(self, blog: Blog) -> None:
        engine = cast("SqlStorage", blog.storage).reader
        super().__init__(sessionmaker(engine, class_=ReadOnly, autoflush=False))

    @property
    def session(self) -> "Reader":
        return self
