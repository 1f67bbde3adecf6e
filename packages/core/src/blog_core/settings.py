"""The settings, from the environment: parsed once, checked, and printed without secrets."""

import os
import re
import secrets
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any, Literal, Self
from urllib.parse import urlsplit

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

_UNITS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400}
_RATE = re.compile(rf"([1-9][0-9]{{0,8}})/({'|'.join(_UNITS)})")
Profile = Literal["development", "production"]
LogFormat = Literal["text", "json"]
LogLevel = Literal["debug", "info", "warning", "error"]

_SHORTEST_SECRET = 32
_DEVELOPMENT_DATABASE = "sqlite:///blog.sqlite3"
_PROVIDER = re.compile("BLOG_OPENID_([A-Z][A-Z0-9]{0,19})_(ISSUER|CLIENT_ID|CLIENT_SECRET|TITLE)")
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_HOST = re.compile(r"\[[0-9a-f:.]+\]|[a-z0-9_.-]+")
_LISTENER = re.compile(r"(\[[0-9a-f:.]+\]|[A-Za-z0-9_.-]+):([1-9][0-9]{0,4})")
_ORIGIN = re.compile(r"https?://(?:\[[0-9a-f:.]+\]|[a-z0-9_.-]+)(?::[0-9]{1,5})?")
# What the documentation of databases, and of this blog, has for an example.
_COMMON_PASSWORDS = frozenset(
    ("", "admin", "blog", "changeme", "mariadb", "mysql", "password", "postgres", "root", "secret")
)
# Only so that several processes of one development machine agree without being told.
_DEVELOPMENT_SECRET = "development-only-secret-that-production-refuses"  # noqa: S105


@dataclass(frozen=True, slots=True)
class Rate:
    """So many times in so many seconds."""

    quota: int
    seconds: int

    def __str__(self) -> str:
        unit = next((name for name, seconds in _UNITS.items() if seconds == self.seconds), None)
        return f"{self.quota}/{unit}"


@dataclass(frozen=True, kw_only=True)
class OpenIdProvider:
    """Where people may sign in: the variables `BLOG_OPENID_<NAME>_<FIELD>`, `name` in lower case.

    Whoever runs `issuer` can sign in as everybody who is linked there.
    """

    name: str
    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    title: str


@dataclass(frozen=True, slots=True)
class Unsafe:
    """What production refuses, unless `BLOG_ALLOW` has its word."""

    word: str
    variable: str
    reason: str

    def __str__(self) -> str:
        return f"{self.variable}: {self.reason} If that is meant, BLOG_ALLOW={self.word} says so."


UNSAFE_WORDS = (
    "localhost",
    "http",
    "temporary-database",
    "database-password",
    "http-origins",
    "no-limits",
    "open-metrics",
)


class SettingsError(ValueError):
    """A setting is missing or wrong; the message names it and says what to do."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Everything that can be set, each field from the variable `BLOG_<NAME>`.

    Raises SettingsError from both constructors.
    """

    profile: Profile = "development"
    database_url: str = field(default=_DEVELOPMENT_DATABASE, repr=False)
    database_read_url: str = field(default="", repr=False)
    secret_key: str = field(default=_DEVELOPMENT_SECRET, repr=False)
    hosts: tuple[str, ...] = ("localhost", "127.0.0.1", "[::1]")
    cors_origins: tuple[str, ...] = ()
    https: bool = False
    rehash: bool = True
    token_days: int = 30
    session_days: int = 14
    trusted_proxies: tuple[str, ...] = ()
    limits_store: str = field(default="memory", repr=False)
    limit_sign_in: Rate | None = Rate(10, 60)
    limit_sign_up: Rate | None = Rate(20, 3600)
    limit_writes: Rate | None = Rate(120, 60)
    limit_reads: Rate | None = Rate(1200, 60)
    url: str = ""
    log_format: LogFormat = "text"
    log_level: LogLevel = "info"
    access_log: bool = False
    metrics: str = ""
    tracing: bool = False
    drain_file: str = ""
    allow: tuple[str, ...] = ()
    openid: tuple[OpenIdProvider, ...] = ()

    def __post_init__(self) -> None:
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
        self._check_limits()
        self._check_url()
        for provider in self.openid:
            self._check_provider(provider)
        self._check_watching()
        self._check_profile()

    @property
    def metrics_listener(self) -> tuple[str, int] | None:
        """Host and port where metrics are served; None where they are not."""
        found = _LISTENER.fullmatch(self.metrics)
        return (found[1].strip("[]"), int(found[2])) if found else None

    def unsafe(self) -> Iterator[Unsafe]:
        """What is not safe on the internet, whatever the profile and `BLOG_ALLOW`."""
        if all(host.strip("[]") in _LOOPBACK for host in self.hosts):
            yield Unsafe(
                "localhost",
                "BLOG_HOSTS",
                "production needs the names under which clients reach the site, as blog.example.",
            )
        if not self.https:
            yield Unsafe(
                "http",
                "BLOG_HTTPS",
                "production is reached over https: passwords and sessions would be read on the "
                "way; say on.",
            )
        url = make_url(self.database_url)
        if url.drivername == "sqlite" and _is_temporary(f"{url.database}"):
            yield Unsafe(
                "temporary-database",
                "BLOG_DATABASE_URL",
                "the database is in a directory for temporary files, which the system empties; "
                "keep it elsewhere, as in /var/lib/blog.",
            )
        for variable, text in (
            ("BLOG_DATABASE_URL", self.database_url),
            ("BLOG_DATABASE_READ_URL", self.database_read_url or self.database_url),
        ):
            url = make_url(text)
            if url.host and url.host not in _LOOPBACK and _is_common(url.password, url.username):
                yield Unsafe(
                    "database-password",
                    variable,
                    "the database on another machine needs a password that is nobody's default.",
                )
                break
        plain = [origin for origin in self.cors_origins if origin.startswith("http://")]
        if plain:
            yield Unsafe(
                "http-origins",
                "BLOG_CORS_ORIGINS",
                f"{plain[0]} is not https: whoever is on the way can read what its pages may.",
            )
        for name in ("sign_in", "sign_up"):
            if getattr(self, f"limit_{name}") is None:
                yield Unsafe(
                    "no-limits",
                    f"BLOG_LIMIT_{name.upper()}",
                    "without this limit passwords can be tried, and accounts made, without end; "
                    "say a rate, as 10/minute.",
                )
        if self.metrics_listener and _is_open(self.metrics_listener[0]):
            yield Unsafe(
                "open-metrics",
                "BLOG_METRICS",
                "everybody could read the metrics there; use the address of the network that "
                "Prometheus is on, as 10.0.0.5:9100.",
            )

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None) -> Self:
        """The settings in `environ`, by default the process's own; what is absent has a default."""
        environ = os.environ if environ is None else environ
        names = {
            f"BLOG_{setting.name.upper()}": setting.name
            for setting in fields(cls)
            if setting.name != "openid"
        }
        values: dict[str, Any] = {
            name: _parse(variable, name, environ[variable])
            for variable, name in names.items()
            if environ.get(variable, "") != ""
        }
        return cls(**values, openid=_providers(environ))

    def shown(self) -> dict[str, str]:
        """Each variable and its value, secrets and passwords left out, for people to read."""
        return {
            "BLOG_PROFILE": self.profile,
            "BLOG_DATABASE_URL": make_url(self.database_url).set(query={}).render_as_string(),
            "BLOG_DATABASE_READ_URL": self.database_read_url
            and make_url(self.database_read_url).set(query={}).render_as_string(),
            "BLOG_SECRET_KEY": "(development default)"
            if self.secret_key == _DEVELOPMENT_SECRET
            else "(set)",
            "BLOG_HOSTS": ",".join(self.hosts),
            "BLOG_CORS_ORIGINS": ",".join(self.cors_origins),
            "BLOG_HTTPS": "on" if self.https else "off",
            "BLOG_REHASH": "on" if self.rehash else "off",
            "BLOG_TOKEN_DAYS": str(self.token_days),
            "BLOG_SESSION_DAYS": str(self.session_days),
            "BLOG_TRUSTED_PROXIES": ",".join(self.trusted_proxies),
            "BLOG_LIMITS_STORE": re.sub(r"(?<=://)[^@/]*@|\?.*", "", self.limits_store),
            "BLOG_LIMIT_SIGN_IN": _shown(self.limit_sign_in),
            "BLOG_LIMIT_SIGN_UP": _shown(self.limit_sign_up),
            "BLOG_LIMIT_WRITES": _shown(self.limit_writes),
            "BLOG_LIMIT_READS": _shown(self.limit_reads),
            "BLOG_URL": self.url,
            "BLOG_LOG_FORMAT": self.log_format,
            "BLOG_LOG_LEVEL": self.log_level,
            "BLOG_ACCESS_LOG": "on" if self.access_log else "off",
            "BLOG_METRICS": self.metrics or "off",
            "BLOG_TRACING": "on" if self.tracing else "off",
            "BLOG_DRAIN_FILE": self.drain_file,
            "BLOG_ALLOW": ",".join(self.allow),
            **{
                f"BLOG_OPENID_{one.name.upper()}_{name}": value
                for one in self.openid
                for name, value in (
                    ("ISSUER", one.issuer),
                    ("CLIENT_ID", one.client_id),
                    ("CLIENT_SECRET", "(set)"),
                    ("TITLE", one.title),
                )
            },
        }

    def _check_profile(self) -> None:
        if self.profile not in ("development", "production"):
            raise SettingsError("BLOG_PROFILE: use development or production.")
        if self.profile == "production" and self.secret_key == _DEVELOPMENT_SECRET:
            raise SettingsError(
                "BLOG_SECRET_KEY: production needs one of its own; make one with "
                '`python -c "import secrets; print(secrets.token_urlsafe(48))"`.'
            )
        if self.profile == "production":
            for unsafe in self.unsafe():
                if unsafe.word not in self.allow:
                    raise SettingsError(str(unsafe))

    def _check_limits(self) -> None:
        for network in self.trusted_proxies:
            try:
                ip_network(network)
            except ValueError:
                raise SettingsError(
                    f"BLOG_TRUSTED_PROXIES: {network!r} is no address or network, as 10.0.0.0/8."
                ) from None
        if not re.fullmatch(r"memory|database|rediss?://.+", self.limits_store):
            raise SettingsError("BLOG_LIMITS_STORE: use memory, database or redis://HOST/DATABASE.")

    def _check_watching(self) -> None:
        if self.log_format not in ("text", "json"):
            raise SettingsError("BLOG_LOG_FORMAT: use text or json.")
        if self.log_level not in ("debug", "info", "warning", "error"):
            raise SettingsError("BLOG_LOG_LEVEL: use debug, info, warning or error.")
        if self.metrics and (self.metrics_listener is None or not self.metrics_listener[1] < 65536):
            raise SettingsError(
                "BLOG_METRICS: use off, or an address and a port, as 127.0.0.1:9100."
            )
        if self.drain_file and not Path(self.drain_file).is_absolute():
            raise SettingsError(
                "BLOG_DRAIN_FILE: use the whole path of a file, as /run/blog/drain."
            )
        for word in self.allow:
            if word not in UNSAFE_WORDS:
                raise SettingsError(
                    f"BLOG_ALLOW: {word!r} is no word for it; use {', '.join(UNSAFE_WORDS)}."
                )

    def _check_url(self) -> None:
        if not self.url:
            if self.openid:
                raise SettingsError(
                    "BLOG_URL: signing in with a provider needs it; say under which address people "
                    "reach the site, as https://blog.example."
                )
            return
        if not _ORIGIN.fullmatch(self.url):
            raise SettingsError(
                f"BLOG_URL: {self.url!r} is not an address without a path, as https://blog.example."
            )
        scheme = "https" if self.https else "http"
        host = re.sub(r":[0-9]+\Z", "", self.url.partition("://")[2])
        if not self.url.startswith(f"{scheme}://") or host not in self.hosts:
            raise SettingsError(
                f"BLOG_URL: {self.url!r} is not {scheme} with one of BLOG_HOSTS; "
                "BLOG_HTTPS says which of http and https it is."
            )

    def _check_provider(self, provider: OpenIdProvider) -> None:
        variable = f"BLOG_OPENID_{provider.name.upper()}"
        try:
            parts = urlsplit(provider.issuer)
            host = parts.hostname if not (parts.query or parts.fragment or parts.username) else None
        except ValueError:
            parts, host = urlsplit(""), None
        loopback = host in _LOOPBACK and self.profile == "development"
        if (
            not host
            or not re.fullmatch(r"[!-~]{1,255}", provider.issuer)
            or not (parts.scheme == "https" or (parts.scheme == "http" and loopback))
        ):
            raise SettingsError(
                f"{variable}_ISSUER: use the provider's own address, as https://login.example; "
                "http will do in development, on this machine."
            )
        if not re.fullmatch(r"[^\x00-\x1f\x7f-\x9f]{1,40}", provider.title):
            raise SettingsError(f"{variable}_TITLE: use at most 40 characters on one line.")

    def _check_database(self) -> None:
        url = _database("BLOG_DATABASE_URL", self.database_url)
        if not self.database_read_url:
            return
        replica = _database("BLOG_DATABASE_READ_URL", self.database_read_url)
        if self.database_url == _DEVELOPMENT_DATABASE:
            raise SettingsError(
                "BLOG_DATABASE_READ_URL: say in BLOG_DATABASE_URL where the primary is of which "
                "this is a replica."
            )
        if _kind(replica) != _kind(url):
            raise SettingsError(
                f"BLOG_DATABASE_READ_URL: {_kind(replica)} is no replica of the {_kind(url)} in "
                "BLOG_DATABASE_URL; use a replica of that database."
            )
        if _kind(url) == "sqlite":
            raise SettingsError(
                "BLOG_DATABASE_READ_URL: SQLite has no replicas; leave it out, or use PostgreSQL "
                "or MariaDB."
            )


def _database(variable: str, text: str) -> URL:
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):  # the latter for a port that is no number
        raise SettingsError(
            f"{variable}: use a SQLAlchemy URL, as {_DEVELOPMENT_DATABASE}."
        ) from None
    if url.drivername not in (
        "sqlite",
        "postgresql+psycopg",
        "mysql+pymysql",
        "mariadb+pymysql",
    ):
        raise SettingsError(
            f"{variable}: {url.drivername} is not supported; use sqlite, "
            "postgresql+psycopg or mariadb+pymysql."
        )
    if url.drivername == "sqlite" and url.database in (None, "", ":memory:"):
        raise SettingsError(
            f"{variable}: a database in memory is another one for each connection; "
            f"name a file, as {_DEVELOPMENT_DATABASE}."
        )
    return url


def _kind(url: URL) -> str:
    return url.get_backend_name().replace("mysql", "mariadb")


def _providers(environ: Mapping[str, str]) -> tuple[OpenIdProvider, ...]:
    """The providers of sign-ins, in the order of their names."""
    found: dict[str, dict[str, str]] = {}
    for variable in sorted(environ):
        if not variable.startswith("BLOG_OPENID_") or environ[variable] == "":
            continue
        match = _PROVIDER.fullmatch(variable)
        if match is None:
            raise SettingsError(
                f"{variable}: use BLOG_OPENID_NAME_ISSUER, _CLIENT_ID, _CLIENT_SECRET and _TITLE, "
                "the name of at most 20 letters and digits, a letter first."
            )
        found.setdefault(match[1], {})[match[2].lower()] = environ[variable]
    for name, values in found.items():
        for needed in ("issuer", "client_id", "client_secret"):
            if needed not in values:
                raise SettingsError(
                    f"BLOG_OPENID_{name}_{needed.upper()}: the provider {name} needs it."
                )
    return tuple(
        OpenIdProvider(name=name.lower(), **{"title": name.capitalize(), **values})
        for name, values in found.items()
    )


def _is_temporary(path: str) -> bool:
    found = Path(path).absolute()
    places = {tempfile.gettempdir(), "/tmp", "/var/tmp", "/dev/shm"}  # noqa: S108 # to refuse them
    return any(found.is_relative_to(place) for place in places)


def _is_common(password: object, username: str | None) -> bool:
    return f"{password or ''}".lower() in _COMMON_PASSWORDS | {(username or "").lower()}


def _is_open(host: str) -> bool:
    """Whether an address is one that the whole world may reach; a name is taken to be known."""
    try:
        address = ip_address(host)
    except ValueError:
        return False
    return address.is_unspecified or address.is_global


def _shown(rate: Rate | None) -> str:
    return "off" if rate is None else str(rate)


def _rate(variable: str, text: str) -> Rate | None:
    if text == "off":
        return None
    rate = _RATE.fullmatch(text)
    if rate is None:
        units = ", ".join(_UNITS)
        raise SettingsError(
            f"{variable}: use off, or a number a unit, as 10/minute; units {units}."
        )
    return Rate(int(rate[1]), _UNITS[rate[2]])


def new_secret() -> str:
    return secrets.token_urlsafe(48)


def _parse(variable: str, name: str, text: str) -> object:
    if name.startswith("limit_"):
        return _rate(variable, text)
    if name in ("allow", "hosts", "cors_origins", "trusted_proxies"):
        return tuple(part.strip().lower() for part in text.split(",") if part.strip())
    if name in ("https", "rehash", "access_log", "tracing"):
        if text not in ("on", "off"):
            raise SettingsError(f"{variable}: use on or off.")
        return text == "on"
    if name in ("token_days", "session_days"):
        if not (text.isascii() and text.isdigit() and len(text) < 6):
            raise SettingsError(f"{variable}: use a whole number.")
        return int(text)
    if name == "metrics" and text == "off":
        return ""
    if name == "url":
        return text.lower().rstrip("/")
    return text
