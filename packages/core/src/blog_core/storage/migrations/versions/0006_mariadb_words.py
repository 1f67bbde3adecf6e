"""On MariaDB an index of words, and names that no blank at their end makes another's."""

import sqlalchemy as sa
from alembic import op

from blog_core.storage.tables import folded

revision = "0006"
down_revision = "0005"

# What MariaDB itself takes for a word, folds or passes over must not matter: each word of `search`
# becomes its bytes in hexadecimal behind a letter, which is no stop word, and long enough even for
# a word of one letter. Lower case, because the words that are looked for are made so. Of a blank
# (20) no other two bytes can have the look: none ends in 2 before one that begins with 0.
# What is longer than the 84 characters MariaDB takes is cut into pieces.
_TERMS = (
    "regexp_replace(concat('w', replace(lower(hex(search)), '20', ' w')),"
    " '([0-9a-f]{80})(?=[0-9a-f])', '\\\\1 x')"
)


def upgrade() -> None:
    # MariaDB has no transactions for this: each step can be taken again after an interruption.
    connection = op.get_bind()
    if connection.dialect.name not in ("mysql", "mariadb"):
        return
    shortest, longest = connection.execute(
        sa.text("SELECT @@innodb_ft_min_token_size, @@innodb_ft_max_token_size")
    ).one()
    if shortest > 3 or longest < 81:
        raise RuntimeError(
            "MariaDB must index words of 3 to 81 characters: take innodb_ft_min_token_size and "
            "innodb_ft_max_token_size out of its configuration, restart it, and migrate again."
        )
    for column, length in (("username_key", 80), ("email_key", 120)):
        op.alter_column("users", column, type_=folded(length), nullable=False)
    connection.exec_driver_sql(
        "ALTER TABLE posts ADD COLUMN IF NOT EXISTS"
        " search_terms LONGTEXT CHARACTER SET ascii COLLATE ascii_bin"
        f" GENERATED ALWAYS AS ({_TERMS}) STORED"
    )
    op.execute("CREATE FULLTEXT INDEX IF NOT EXISTS ix_posts_search_terms ON posts (search_terms)")
