"""The schema's versions: Alembic, the one owner of the tables.

Alembic is imported by those who migrate, not by every process that serves.
"""

import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from sqlalchemy import Connection, inspect, text

from blog_core.storage.engine import migrating_engine, translated

if TYPE_CHECKING:
    from alembic.config import Config

State = Literal["current", "absent", "behind", "ahead"]
"""`ahead`: a later release has migrated it, which leaves it fit for the one before."""

_DIRECTORY = Path(__file__).parent / "migrations"


def upgrade(url: str, revision: str = "head") -> None:
    """Bring the database's schema to a revision. Raises Unavailable when it does not answer."""
    from alembic import command  # noqa: PLC0415 # see above

    engine = migrating_engine(url)
    try:
        with translated(), engine.begin() as connection:
            command.upgrade(configuration(connection), revision)
    finally:
        engine.dispose()


def configuration(connection: Connection) -> "Config":
    """Alembic's configuration for an open connection, for its commands."""
    from alembic.config import Config  # noqa: PLC0415 # see above

    config = Config()
    config.set_main_option("script_location", str(_DIRECTORY))
    config.attributes["connection"] = connection
    return config


def state(connection: Connection) -> State:
    """How the database's schema stands to this release."""
    if not inspect(connection).has_table("alembic_version"):
        return "absent"
    stored = frozenset(connection.scalars(text("SELECT version_num FROM alembic_version")))
    known, heads = revisions()
    if stored == heads:
        return "current"
    return "behind" if stored <= known else "ahead"


@cache
def revisions() -> tuple[frozenset[str], frozenset[str]]:
    """This release's revisions, and, as Alembic reads them, those that no other one follows."""
    sources = [path.read_text("utf-8") for path in (_DIRECTORY / "versions").glob("*.py")]
    assigned = [dict(_ASSIGNMENT.findall(source)) for source in sources]
    known = frozenset(one["revision"] for one in assigned)
    followed = (one["down_revision"] for one in assigned if "down_revision" in one)
    return known, known.difference(followed)


_ASSIGNMENT = re.compile(r'^(revision|down_revision) = "(\w+)"$', re.MULTILINE)
