"""The tables, and the domain's dataclasses mapped onto them."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Dialect,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    select,
)
from sqlalchemy.dialects.mysql import DATETIME, LONGBLOB, LONGTEXT
from sqlalchemy.orm import column_property, registry
from sqlalchemy.types import TypeDecorator, TypeEngine, UserDefinedType

from blog_core.domain.instants import format_instant
from blog_core.domain.posts import BlogPost
from blog_core.domain.users import User


class Instant(TypeDecorator[datetime]):
    """An aware instant in UTC on every database; MariaDB keeps its microseconds."""

    impl = DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name in ("mysql", "mariadb"):
            return dialect.type_descriptor(DATETIME(fsp=6))
        if dialect.name == "postgresql":
            return dialect.type_descriptor(DateTime(timezone=True))
        return dialect.type_descriptor(DateTime())

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None or dialect.name == "postgresql":
            return value
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class InstantText(UserDefinedType[str]):
    """A stored instant read as RFC 3339 text: lists need no datetime on the way out."""

    cache_ok = True

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], str | None]:
        # SQLite keeps instants as text already.
        return _text_from_text if dialect.name == "sqlite" else _text_from_datetime


def _text_from_text(value: str | None) -> str | None:
    return value and f"{value[:10]}T{value[11:]}Z"


def _text_from_datetime(value: datetime | None) -> str | None:
    if value is None:
        return None
    return format_instant(value if value.tzinfo else value.replace(tzinfo=UTC))


# SQLite numbers rows by itself only in INTEGER columns; Django's keys are BIGINT elsewhere.
Id = BigInteger().with_variant(Integer, "sqlite")
LongText = Text().with_variant(LONGTEXT(), "mysql", "mariadb")
LongBytes = LargeBinary().with_variant(LONGBLOB(), "mysql", "mariadb")


def folded(length: int) -> String:
    """Text that core has normalised already: compared byte by byte on every database."""
    # MariaDB's utf8mb4_bin would pass over blanks at the end.
    binary = String(length, collation="utf8mb4_nopad_bin")
    return String(length).with_variant(binary, "mysql", "mariadb")


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

users = Table(
    "users",
    metadata,
    Column("id", Id, primary_key=True),
    Column("username", String(80), nullable=False),
    Column("username_key", folded(80), nullable=False, unique=True),
    Column("email", String(120), nullable=False),
    Column("email_key", folded(120), nullable=False, unique=True),
    # Imported hashes are as long as they are: Django's reach 128, Werkzeug's scrypt 162.
    Column("password", String(255), nullable=False),
    Column("is_staff", Boolean, nullable=False),
    Column("is_active", Boolean, nullable=False),
    Column("joined", Instant, nullable=False),
    sqlite_autoincrement=True,  # an id is never given twice
)

posts = Table(
    "posts",
    metadata,
    Column("id", Id, primary_key=True),
    Column("author_id", Id, ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    Column("title", String(200), nullable=False),
    Column("content", LongText, nullable=False),
    Column("pub_date", Instant),
    Column("created", Instant, nullable=False),
    Column("updated", Instant, nullable=False),
    Column("version", Integer, nullable=False),
    Column("search", LongText, nullable=False),
    Index("ix_posts_pub_date_id", "pub_date", "id"),
    Index("ix_posts_author_id_pub_date_id", "author_id", "pub_date", "id"),
    Index("ix_posts_author_id_created_id", "author_id", "created", "id"),
    sqlite_autoincrement=True,  # an id is never given twice
)

tokens = Table(
    "tokens",
    metadata,
    Column("id", Id, primary_key=True),
    Column("user_id", Id, ForeignKey("users.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("digest", folded(64), nullable=False, unique=True),
    Column("created", Instant, nullable=False),
    Column("expires", Instant, nullable=False),
    sqlite_autoincrement=True,  # an id is never given twice
)

sessions = Table(
    "sessions",
    metadata,
    Column("id", Id, primary_key=True),
    Column("user_id", Id, ForeignKey("users.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("digest", folded(64), nullable=False, unique=True),
    Column("created", Instant, nullable=False),
    Column("expires", Instant, nullable=False),
    Column("browser", String(80), nullable=False),
    sqlite_autoincrement=True,  # an id is never given twice
)

identities = Table(
    "identities",
    metadata,
    Column("id", Id, primary_key=True),
    Column("user_id", Id, ForeignKey("users.id", ondelete="CASCADE"), nullable=False, index=True),
    # Of issuer and subject: no collation, blank or length makes one of two.
    Column("digest", folded(64), nullable=False, unique=True),
    Column("issuer", String(255), nullable=False),
    Column("subject", String(255), nullable=False),
    Column("created", Instant, nullable=False),
    Column("used", Instant, nullable=False),
    sqlite_autoincrement=True,  # an id is never given twice
)

sign_ins = Table(
    "sign_ins",
    metadata,
    Column("digest", folded(64), primary_key=True),
    Column("provider", String(20), nullable=False),
    Column("next", String(2000), nullable=False),
    Column("user_id", Id, ForeignKey("users.id", ondelete="CASCADE"), index=True),
    Column("issuer", String(255)),
    Column("subject", String(255)),
    Column("username", String(80)),
    Column("email", String(120)),
    Column("expires", Instant, nullable=False, index=True),
)

idempotency_keys = Table(
    "idempotency_keys",
    metadata,
    Column("key", folded(64), primary_key=True),
    Column("fingerprint", String(64), nullable=False),
    Column("answer", LongBytes, nullable=False),
    Column("created", Instant, nullable=False, index=True),
)

limit_windows = Table(
    "limit_windows",
    metadata,
    Column("id", folded(64), primary_key=True),
    Column("hits", Integer, nullable=False),
    # Seconds since 1970 by the database's clock.
    Column("ends", Double, nullable=False, index=True),
)

staff_actions = Table(
    "staff_actions",
    metadata,
    Column("id", Id, primary_key=True),
    Column("at", Instant, nullable=False),
    # Who it was stays said when they are gone.
    Column("staff_id", Id, ForeignKey("users.id", ondelete="SET NULL"), index=True),
    Column("staff", String(80)),
    Column("kind", String(4), nullable=False),
    Column("object_id", Id, nullable=False),
    Column("name", String(200), nullable=False),
    Column("action", String(200), nullable=False),
    Index("ix_staff_actions_kind_object_id_id", "kind", "object_id", "id"),
    sqlite_autoincrement=True,  # an id is never given twice
)

mappers = registry(metadata=metadata)
mappers.map_imperatively(User, users)
mappers.map_imperatively(
    BlogPost,
    posts,
    # One UPDATE ... WHERE id = ? AND version = ? decides between writers; the domain counts.
    version_id_col=posts.c.version,
    version_id_generator=False,
    properties={
        # In the statement that finds the post, so that it can be shown after a change.
        "author": column_property(
            select(users.c.username).where(users.c.id == posts.c.author_id).scalar_subquery(),
            expire_on_flush=False,
        )
    },
)
