"""Where Django finds the core's database: two ways to it, and which models take which.

`default` is for Django's own tables, which `manage.py migrate` makes. `blog` is for the core's: it
reads, and the database refuses it to write, because every change goes through `Blog`. The admin
wraps its views in a transaction of the model's alias; one that may write would hold up the use case
inside it.
"""

from typing import TYPE_CHECKING, Any

from sqlalchemy import make_url

from blog_core.storage.engine import LOCK_TIMEOUT, server_options

if TYPE_CHECKING:
    from django.db.models import Model

DEFAULT = "default"
BLOG = "blog"


def databases(url: str) -> dict[str, dict[str, Any]]:
    """`DATABASES` of the core's database, by its SQLAlchemy URL."""
    parsed = make_url(url)
    name = parsed.get_backend_name()
    if name == "sqlite":
        return _both(
            {"ENGINE": "django.db.backends.sqlite3", "NAME": parsed.database},
            {"timeout": LOCK_TIMEOUT},
            # As the core's own connections: see the decision on BEGIN IMMEDIATE.
            writing={
                "init_command": "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL",
                "transaction_mode": "IMMEDIATE",
            },
            reading={"init_command": "PRAGMA query_only = ON"},
        )
    connection = {
        "NAME": parsed.database,
        "USER": parsed.username or "",
        "PASSWORD": parsed.password or "",
        "HOST": parsed.host or "",
        "PORT": str(parsed.port or ""),
    }
    options = {**server_options(url)["connect_args"], **parsed.query}
    if name == "postgresql":
        return _both(
            {"ENGINE": "django.db.backends.postgresql", **connection},
            options,
            reading={"options": f"{options['options']} -c default_transaction_read_only=on"},
        )
    import pymysql  # type: ignore[import-untyped] # noqa: PLC0415 # its driver only

    pymysql.install_as_MySQLdb()
    return _both(
        {"ENGINE": "django.db.backends.mysql", **connection},
        options,
        reading={"init_command": "SET SESSION TRANSACTION READ ONLY"},
    )


def _both(
    connection: dict[str, Any],
    options: dict[str, Any],
    *,
    reading: dict[str, Any],
    writing: dict[str, Any] | None = None,
) -> dict[str, dict[str, Any]]:
    return {
        DEFAULT: {**connection, "OPTIONS": options | (writing or {})},
        BLOG: {**connection, "OPTIONS": options | reading},
    }


class BlogRouter:
    """Sends the core's models to the alias that reads; Django's own go to `default`."""

    def db_for_read(self, model: "type[Model]", **hints: Any) -> str | None:
        return BLOG if model._meta.app_label == "blog" else None

    db_for_write = db_for_read

    def allow_relation(self, one: "Model", other: "Model", **hints: Any) -> bool:
        return True  # both aliases are one database

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool:
        return db == DEFAULT
