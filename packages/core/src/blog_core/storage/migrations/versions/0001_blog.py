"""Users, posts, tokens and idempotency keys."""

import sqlalchemy as sa
from alembic import op

from blog_core.storage.tables import Id, Instant, LongBytes, LongText, folded

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "users",
        sa.Column("id", Id, nullable=False),
        sa.Column("username", sa.String(80), nullable=False),
        sa.Column("username_key", folded(80), nullable=False),
        sa.Column("email", sa.String(120), nullable=False),
        sa.Column("email_key", folded(120), nullable=False),
        sa.Column("password", sa.String(255), nullable=False),
        sa.Column("is_staff", sa.Boolean(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("joined", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_users"),
        sa.UniqueConstraint("username_key", name="uq_users_username_key"),
        sa.UniqueConstraint("email_key", name="uq_users_email_key"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "posts",
        sa.Column("id", Id, nullable=False),
        sa.Column("author_id", Id, nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("content", LongText, nullable=False),
        sa.Column("pub_date", Instant()),
        sa.Column("created", Instant(), nullable=False),
        sa.Column("updated", Instant(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("search", LongText, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_posts"),
        sa.ForeignKeyConstraint(
            ["author_id"], ["users.id"], name="fk_posts_author_id", ondelete="CASCADE"
        ),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_posts_pub_date_id", "posts", ["pub_date", "id"])
    op.create_index("ix_posts_author_id_pub_date_id", "posts", ["author_id", "pub_date", "id"])
    op.create_index("ix_posts_author_id_created_id", "posts", ["author_id", "created", "id"])
    op.create_table(
        "tokens",
        sa.Column("id", Id, nullable=False),
        sa.Column("user_id", Id, nullable=False),
        sa.Column("digest", folded(64), nullable=False),
        sa.Column("created", Instant(), nullable=False),
        sa.Column("expires", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_tokens"),
        sa.UniqueConstraint("digest", name="uq_tokens_digest"),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name="fk_tokens_user_id", ondelete="CASCADE"
        ),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_tokens_user_id", "tokens", ["user_id"])
    op.create_table(
        "idempotency_keys",
        sa.Column("key", folded(64), nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("answer", LongBytes, nullable=False),
        sa.Column("created", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_idempotency_keys"),
    )
    op.create_index("ix_idempotency_keys_created", "idempotency_keys", ["created"])
    _index_words(op.get_bind().dialect.name)


def _index_words(dialect: str) -> None:
    if dialect == "postgresql":
        op.execute(
            "CREATE INDEX ix_posts_search ON posts"
            " USING gin (array_to_tsvector(string_to_array(search, ' ')))"
        )
    if dialect != "sqlite":
        return
    # Words are normalised and split at blanks by core: no more is left to the tokenizer.
    op.execute(
        "CREATE VIRTUAL TABLE posts_words USING fts5"
        "(search, content='posts', content_rowid='id', tokenize='ascii', detail='none')"
    )
    add = "INSERT INTO posts_words (rowid, search) VALUES (new.id, new.search);"
    remove = (
        "INSERT INTO posts_words (posts_words, rowid, search)"
        " VALUES ('delete', old.id, old.search);"
    )
    for name, moment, actions in (
        ("added", "INSERT", add),
        ("removed", "DELETE", remove),
        ("changed", "UPDATE OF id, search", remove + add),
    ):
        op.execute(f"CREATE TRIGGER posts_words_{name} AFTER {moment} ON posts BEGIN {actions} END")
