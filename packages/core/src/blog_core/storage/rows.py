"""The tables as read models, for tools that show SQLAlchemy models: an admin, a notebook.

They are for reading, with a session on `SqlStorage.reader`, and know what belongs together. What is
to change goes through the use cases.
"""

from datetime import datetime

from sqlalchemy import Table
from sqlalchemy.orm import registry, relationship

from blog_core.storage.tables import posts, staff_actions, users


class UserRow:
    id: int
    username: str
    email: str
    is_staff: bool
    is_active: bool
    joined: datetime
    posts: list["PostRow"]

    def __str__(self) -> str:
        return self.username


class PostRow:
    id: int
    author_id: int
    author: UserRow
    title: str
    content: str
    pub_date: datetime | None
    created: datetime
    updated: datetime
    version: int

    def __str__(self) -> str:
        return self.title


class ActionRow:
    id: int
    at: datetime
    staff: str | None
    kind: str
    object_id: int
    name: str
    action: str

    def __str__(self) -> str:
        return f"{self.action} {self.kind} {self.name}"


def _map(row: type, table: Table, hidden: frozenset[str], **properties: object) -> None:
    shown = [column for column in table.c if column.name not in hidden]
    _mappers.map_imperatively(
        row, table, include_properties=[column.name for column in shown], properties=properties
    )


_mappers = registry()
# Neither the hash of a password nor what only the database needs.
_map(
    UserRow,
    users,
    frozenset(("password", "username_key", "email_key")),
    posts=relationship(PostRow, back_populates="author", viewonly=True),
)
_map(
    PostRow,
    posts,
    frozenset(("search",)),
    author=relationship(UserRow, back_populates="posts", viewonly=True, lazy="joined"),
)
_map(ActionRow, staff_actions, frozenset(("staff_id",)))
