"""What staff did."""

import sqlalchemy as sa
from alembic import op

from blog_core.storage.tables import Id, Instant

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_table(
        "staff_actions",
        sa.Column("id", Id, nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("staff_id", Id, nullable=True),
        sa.Column("staff", sa.String(80), nullable=True),
        sa.Column("kind", sa.String(4), nullable=False),
        sa.Column("object_id", Id, nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("action", sa.String(200), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_staff_actions"),
        sa.ForeignKeyConstraint(
            ["staff_id"], ["users.id"], name="fk_staff_actions_staff_id", ondelete="SET NULL"
        ),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_staff_actions_staff_id", "staff_actions", ["staff_id"])
    op.create_index(
        "ix_staff_actions_kind_object_id_id", "staff_actions", ["kind", "object_id", "id"]
    )
