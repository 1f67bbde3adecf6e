"""Run by Alembic: the connection comes from `blog_core.storage.migrate`."""

from alembic import context

from blog_core.storage.tables import metadata

# PostgreSQL's and MariaDB's indexes of words, which the metadata cannot say.
_WORDS = ("ix_posts_search", "ix_posts_search_terms", "search_terms")


def _ours(name: str | None, kind: str, _parents: object) -> bool:
    # Other tables in the database (Django's own, the search index) are not this schema's to drop.
    return name in metadata.tables if kind == "table" else name not in _WORDS


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    include_name=_ours,
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
