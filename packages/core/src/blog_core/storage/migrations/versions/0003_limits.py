"""The windows of limits."""

import sqlalchemy as sa
from alembic import op

from blog_core.storage.tables import folded

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "limit_windows",
        sa.Column("id", folded(64), nullable=False),
        sa.Column("hits", sa.Integer(), nullable=False),
        sa.Column("ends", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_limit_windows"),
    )
    op.create_index("ix_limit_windows_ends", "limit_windows", ["ends"])
