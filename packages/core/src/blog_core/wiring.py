"""The parts put together: settings in, a Blog on a database out."""

from datetime import UTC, datetime, timedelta

from blog_core.blog import NO_PROVIDERS, Blog
from blog_core.ports import LimitName, OpenId, Secrets, SharedWindows
from blog_core.security.passwords import Argon2Hasher
from blog_core.security.patience import PatientWindows
from blog_core.security.secrets import SecretKey
from blog_core.security.throttle import MemoryWindows, Throttle
from blog_core.settings import Rate, Settings
from blog_core.storage.repositories import SqlStorage
from blog_core.storage.windows import RedisWindows, SqlWindows


def build(settings: Settings) -> Blog:
    """The blog of these settings. The database is first touched by the first use case."""
    secrets = SecretKey(settings.secret_key)
    return Blog(
        storage=SqlStorage(settings.database_url),
        clock=lambda: datetime.now(UTC),
        hasher=Argon2Hasher(),
        secrets=secrets,
        limiter=_limiter(settings, secrets),
        openid=_openid(settings),
        token_lifetime=timedelta(days=settings.token_days),
        session_lifetime=timedelta(days=settings.session_days),
        rehash=settings.rehash,
    )


def _openid(settings: Settings) -> OpenId:
    if not settings.openid:
        return NO_PROVIDERS
    # What it takes is installed, and loaded, by those who have a provider.
    from blog_core.security.openid import OpenIdClients  # noqa: PLC0415

    return OpenIdClients(settings.openid, settings.url)


def _limiter(settings: Settings, secrets: Secrets) -> Throttle:
    wanted: dict[LimitName, Rate | None] = {
        "sign-in-account": settings.limit_sign_in,
        "sign-in-network": settings.limit_sign_in,
        "sign-up": settings.limit_sign_up,
        "writes": settings.limit_writes,
        "reads": settings.limit_reads,
    }
    rates = {name: rate for name, rate in wanted.items() if rate is not None}
    if settings.limits_store == "memory":
        return Throttle(rates, MemoryWindows())
    shared: SharedWindows = (
        SqlWindows(settings.database_url)
        if settings.limits_store == "database"
        else RedisWindows(settings.limits_store)
    )
    return Throttle(rates, PatientWindows(shared), secrets)
