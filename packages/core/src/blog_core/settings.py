"""The settings, from the environment: parsed once, checked, and printed without secrets."""

import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Literal, Self

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

Profile = Literal["development", "production"]

_SHORTEST_SECRET = 32
_HOST = re.compile(r"\[[0-9a-f:.]+\]|[a-z0-9_.-]+")
_ORIGIN = re.compile(r"https?://(?:\[[0-9a-f:.]+\]|[a-z0-9_.-]+)(?::[0-9]{1,5})?")
# Only so that several processes of one development machine agree without being told.
_DEVELOPMENT_SECRET = "development-only-secret-that-production-refuses"  # noqa: S105


class SettingsError(ValueError):
    """A setting is missing or wrong; the message names it and says what to do."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Everything that can be set, each field from the variable `BLOG_<NAME>`.

    Raises SettingsError from both constructors.
    """

    profile: Profile = "development"
    database_url: str = field(default="sqlite:///blog.sqlite3", repr=False)
    secret_key: str = field(default=_DEVELOPMENT_SECRET, repr=False)
    hosts: tuple[str, ...] = ("localhost", "127.0.0.1", "[::1]")
    cors_origins: tuple[str, ...] = ()
    https: bool = False
    rehash: bool = True
    token_days: int = 30
    session_days: int = 14

    def __post_init__(self) -> None:
        if self.profile not in ("development", "production"):
            raise SettingsError("BLOG_PROFILE: use development or production.")
        if self.profile == "production" and self.secret_key == _DEVELOPMENT_SECRET:
            raise SettingsError(
                "BLOG_SECRET_KEY: production needs one of its own; make one with "
                '`python -c "import secrets; print(secrets.token_urlsafe(48))"`.'
            )
        if len(self.secret_key) < _SHORTEST_SECRET:
            raise SettingsError(
                f"BLOG_SECRET_KEY: use at least {_SHORTEST_SECRET} characters, "
                "the same for all processes of the site."
            )
        self._check_database()
        if not self.hosts:
            raise SettingsError("BLOG_HOSTS: name at least one host, as blog.example.")
        for host in self.hosts:
            if not _HOST.fullmatch(host):
                raise SettingsError(f"BLOG_HOSTS: {host!r} is not a host name without a port.")
        for origin in self.cors_origins:
            if not _ORIGIN.fullmatch(origin):
                raise SettingsError(
                    f"BLOG_CORS_ORIGINS: {origin!r} is not an origin such as https://app.example."
                )
        if not 1 <= self.token_days <= 3650:
            raise SettingsError("BLOG_TOKEN_DAYS: use a number of days from 1 to 3650.")
        # Browsers forget a cookie after 400 days, whatever it says.
        if not 1 <= self.session_days <= 400:
            raise SettingsError("BLOG_SESSION_DAYS: use a number of days from 1 to 400.")

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None) -> Self:
        """The settings in `environ`, by default the process's own; what is absent has a default."""
        environ = os.environ if environ is None else environ
        names = {f"BLOG_{setting.name.upper()}": setting.name for setting in fields(cls)}
        values: dict[str, Any] = {
            name: _parse(variable, name, environ[variable])
            for variable, name in names.items()
            if environ.get(variable, "") != ""
        }
        return cls(**values)

    def shown(self) -> dict[str, str]:
        """Each variable and its value, secrets and passwords left out, for people to read."""
        return {
            "BLOG_PROFILE": self.profile,
            "BLOG_DATABASE_URL": make_url(self.database_url).set(query={}).render_as_string(),
            "BLOG_SECRET_KEY": "(development default)"
            if self.secret_key == _DEVELOPMENT_SECRET
            else "(set)",
            "BLOG_HOSTS": ",".join(self.hosts),
            "BLOG_CORS_ORIGINS": ",".join(self.cors_origins),
            "BLOG_HTTPS": "on" if self.https else "off",
            "BLOG_REHASH": "on" if self.rehash else "off",
            "BLOG_TOKEN_DAYS": str(self.token_days),
            "BLOG_SESSION_DAYS": str(self.session_days),
        }

    def _check_database(self) -> None:
        try:
            url = make_url(self.database_url)
        except (ArgumentError, ValueError):  # the latter for a port that is no number
            raise SettingsError(
                "BLOG_DATABASE_URL: use a SQLAlchemy URL, as sqlite:///blog.sqlite3."
            ) from None
        if url.drivername not in (
            "sqlite",
            "postgresql+psycopg",
            "mysql+pymysql",
            "mariadb+pymysql",
        ):
            raise SettingsError(
                f"BLOG_DATABASE_URL: {url.drivername} is not supported; use sqlite, "
                "postgresql+psycopg or mariadb+pymysql."
            )
        if url.drivername == "sqlite" and url.database in (None, "", ":memory:"):
            raise SettingsError(
                "BLOG_DATABASE_URL: a database in memory is another one for each connection; "
                "name a file, as sqlite:///blog.sqlite3."
            )


def new_secret() -> str:
    return secrets.token_urlsafe(48)


def _parse(variable: str, name: str, text: str) -> object:
    if name in ("hosts", "cors_origins"):
        return tuple(part.strip().lower() for part in text.split(",") if part.strip())
    if name in ("https", "rehash"):
        if text not in ("on", "off"):
            raise SettingsError(f"{variable}: use on or off.")
        return text == "on"
    if name in ("token_days", "session_days"):
        if not (text.isascii() and text.isdigit() and len(text) < 6):
            raise SettingsError(f"{variable}: use a whole number.")
        return int(text)
    return text
