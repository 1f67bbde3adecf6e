"""The parts put together: settings in, a Blog on a database out."""

from datetime import UTC, datetime, timedelta

from blog_core.blog import Blog
from blog_core.security.passwords import Argon2Hasher
from blog_core.security.secrets import SecretKey
from blog_core.settings import Settings
from blog_core.storage.repositories import SqlStorage


def build(settings: Settings) -> Blog:
    """The blog of these settings. The database is first touched by the first use case."""
    return Blog(
        storage=SqlStorage(settings.database_url),
        clock=lambda: datetime.now(UTC),
        hasher=Argon2Hasher(),
        secrets=SecretKey(settings.secret_key),
        token_lifetime=timedelta(days=settings.token_days),
        session_lifetime=timedelta(days=settings.session_days),
        rehash=settings.rehash,
    )
