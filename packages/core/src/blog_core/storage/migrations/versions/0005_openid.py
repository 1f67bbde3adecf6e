"""Identities at providers of sign-ins, and sign-ins under way."""

import sqlalchemy as sa
from alembic import op

from blog_core.storage.tables import Id, Instant, folded

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_table(
        "identities",
        sa.Column("id", Id, nullable=False),
        sa.Column("user_id", Id, nullable=False),
        sa.Column("digest", folded(64), nullable=False),
        sa.Column("issuer", sa.String(255), nullable=False),
        sa.Column("subject", sa.String(255), nullable=False),
        sa.Column("created", Instant(), nullable=False),
        sa.Column("used", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_identities"),
        sa.UniqueConstraint("digest", name="uq_identities_digest"),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name="fk_identities_user_id", ondelete="CASCADE"
        ),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_identities_user_id", "identities", ["user_id"])
    op.create_table(
        "sign_ins",
        sa.Column("digest", folded(64), nullable=False),
        sa.Column("provider", sa.String(20), nullable=False),
        sa.Column("next", sa.String(2000), nullable=False),
        sa.Column("user_id", Id),
        sa.Column("issuer", sa.String(255)),
        sa.Column("subject", sa.String(255)),
        sa.Column("username", sa.String(80)),
        sa.Column("email", sa.String(120)),
        sa.Column("expires", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_sign_ins"),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name="fk_sign_ins_user_id", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_sign_ins_user_id", "sign_ins", ["user_id"])
    op.create_index("ix_sign_ins_expires", "sign_ins", ["expires"])
