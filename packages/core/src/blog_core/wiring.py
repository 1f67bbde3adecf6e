"""The parts put together: settings in, a Blog on a database out."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from blog_core.blog import NO_PROVIDERS, Blog
from blog_core.ports import Limiter, LimitName, OpenId, Secrets, SharedWindows
from blog_core.security.passwords import Argon2Hasher
from blog_core.security.patience import PatientWindows
from blog_core.security.secrets import SecretKey
from blog_core.security.throttle import MemoryWindows, Throttle
from blog_core.settings import Rate, Settings
from blog_core.storage.repositories import SqlStorage
from blog_core.storage.windows import RedisWindows, SqlWindows
from blog_core.telemetry.watching import telemetry

if TYPE_CHECKING:
    from blog_core.telemetry.metrics import Metrics


def build(settings: Settings) -> Blog:
    """The blog of these settings. The database is first touched by the first use case."""
    secrets = SecretKey(settings.secret_key)
    watching = telemetry(settings)
    metrics = watching.metrics
    storage = SqlStorage(settings.database_url, settings.database_read_url)
    for pool, engine in storage.engines().items():
        if metrics is not None:
            metrics.watch(engine, pool)
        if watching.tracing is not None:
            watching.tracing.watch(engine)
    kind = Blog
    if watching.watches:
        # What it takes to say who asked and what was done is there for those who want to know.
        from blog_core.telemetry.traces import watched_blog  # noqa: PLC0415

        kind = watched_blog(watching.tracing)
    return kind(
        storage=storage,
        clock=lambda: datetime.now(UTC),
        hasher=Argon2Hasher(None if metrics is None else metrics.slots(os.cpu_count() or 1)),
        secrets=secrets,
        limiter=_limiter(settings, secrets, metrics),
        openid=_openid(settings),
        token_lifetime=timedelta(days=settings.token_days),
        session_lifetime=timedelta(days=settings.session_days),
        rehash=settings.rehash,
        draining=Path(settings.drain_file).exists if settings.drain_file else bool,
    )


def _openid(settings: Settings) -> OpenId:
    if not settings.openid:
        return NO_PROVIDERS
    # What it takes is installed, and loaded, by those who have a provider.
    from blog_core.security.openid import OpenIdClients  # noqa: PLC0415

    return OpenIdClients(settings.openid, settings.url)


def _limiter(settings: Settings, secrets: Secrets, metrics: "Metrics | None") -> Limiter:
    throttle = _throttle(settings, secrets, metrics)
    return throttle if metrics is None else metrics.counting(throttle)


def _throttle(settings: Settings, secrets: Secrets, metrics: "Metrics | None") -> Throttle:
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
    noticed = bool if metrics is None else metrics.store.set
    return Throttle(rates, PatientWindows(shared, noticed=noticed), secrets)
