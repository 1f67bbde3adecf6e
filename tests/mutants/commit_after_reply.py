"""A change of a post is acknowledged first and committed after, as by a task in the background."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Timer
from unittest.mock import patch

from sqlalchemy import event
from sqlalchemy.orm import Session

import blog_fastapi.asgi
from blog_core.domain.posts import BlogPost
from blog_core.storage.engine import translated
from blog_core.storage.repositories import SqlRepositories, SqlStorage

# Long beside what a client needs on a busy machine to ask again.
SECONDS = 0.3


def notice_posts(session: Session, _context: object) -> None:
    if any(isinstance(entity, BlogPost) for entity in (*session.new, *session.dirty)):
        session.info["posts"] = True


@contextmanager
def acknowledged_first(self: SqlStorage) -> Iterator[SqlRepositories]:
    with translated():
        session = Session(self.writer, expire_on_commit=False, autoflush=False)
        event.listen(session, "after_flush", notice_posts)
        try:
            yield SqlRepositories(session.connection(), session)
        except BaseException:
            session.close()
            raise

    def commit() -> None:
        with session:
            session.commit()

    if "posts" in session.info:
        Timer(SECONDS, commit).start()
    else:
        commit()


patch.object(SqlStorage, "writing", acknowledged_first).start()

app = blog_fastapi.asgi.app
