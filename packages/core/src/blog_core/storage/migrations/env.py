"""Run by Alembic: the connection comes from `blog_core.storage.migrate`."""

from alembic import context

from blog_core.storage.tables import metadata


def _ours(name: str | None, kind: str, _parents: object) -> bool:
    # Other tables in the database (Django's own, the search index) are not this schema's to drop,
    # nor is PostgreSQL's index of words, which the metadata cannot say.
    return name in metadata.tables if kind == "table" else name != "ix_posts_search"


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    include_name=_ours,
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
