import pytest

from blog_core.settings import UNSAFE_WORDS, Settings, SettingsError, new_secret

SECRET = "a secret of at least 32 characters"


def test_without_any_variable_the_defaults_serve_one_machine() -> None:
    settings = Settings.from_env({})
    assert Settings() == settings
    assert ("development", "sqlite:///blog.sqlite3") == (settings.profile, settings.database_url)
    assert ("localhost", "127.0.0.1", "[::1]") == settings.hosts
    assert ((), False, True, 30) == (
        settings.cors_origins,
        settings.https,
        settings.rehash,
        settings.token_days,
    )


def test_an_empty_variable_counts_as_absent() -> None:
    assert Settings() == Settings.from_env({"BLOG_HOSTS": "", "BLOG_HTTPS": "", "OTHER": "x"})


def test_every_field_comes_from_its_variable() -> None:
    settings = Settings.from_env(
        {
            "BLOG_PROFILE": "production",
            "BLOG_DATABASE_URL": "postgresql+psycopg://u:p@db/blog",
            "BLOG_SECRET_KEY": SECRET,
            "BLOG_HOSTS": " Blog.Example, www.blog.example,",
            "BLOG_CORS_ORIGINS": "https://app.example,http://localhost:3000",
            "BLOG_HTTPS": "on",
            "BLOG_REHASH": "off",
            "BLOG_TOKEN_DAYS": "7",
            "BLOG_SESSION_DAYS": "1",
            "BLOG_LOG_FORMAT": "json",
            "BLOG_LOG_LEVEL": "warning",
            "BLOG_ACCESS_LOG": "on",
            "BLOG_METRICS": "127.0.0.1:9100",
            "BLOG_TRACING": "on",
            "BLOG_DRAIN_FILE": "/run/blog/drain",
            "BLOG_ALLOW": "http-origins, database-password",
        }
    )
    expected = Settings(
        profile="production",
        database_url="postgresql+psycopg://u:p@db/blog",
        secret_key=SECRET,
        hosts=("blog.example", "www.blog.example"),
        cors_origins=("https://app.example", "http://localhost:3000"),
        https=True,
        rehash=False,
        token_days=7,
        session_days=1,
        log_format="json",
        log_level="warning",
        access_log=True,
        metrics="127.0.0.1:9100",
        tracing=True,
        drain_file="/run/blog/drain",
        allow=("http-origins", "database-password"),
    )
    assert expected == settings


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("BLOG_PROFILE", "staging"),
        ("BLOG_SECRET_KEY", "x" * 31),
        ("BLOG_DATABASE_URL", "blog.sqlite3"),
        ("BLOG_DATABASE_URL", "mysql://u:p@db/blog"),
        ("BLOG_DATABASE_URL", "postgresql+psycopg://u:p@db:port/blog"),
        ("BLOG_DATABASE_URL", "oracle://u:p@db/blog"),
        ("BLOG_DATABASE_URL", "sqlite://"),
        ("BLOG_DATABASE_URL", "sqlite:///:memory:"),
        ("BLOG_HOSTS", ","),
        ("BLOG_HOSTS", "*"),
        ("BLOG_HOSTS", "blog.example:8000"),
        ("BLOG_HOSTS", "https://blog.example"),
        ("BLOG_CORS_ORIGINS", "*"),
        ("BLOG_CORS_ORIGINS", "null"),
        ("BLOG_CORS_ORIGINS", "https://app.example/"),
        ("BLOG_CORS_ORIGINS", "app.example"),
        ("BLOG_HTTPS", "true"),
        ("BLOG_REHASH", "ON"),
        ("BLOG_TOKEN_DAYS", "0"),
        ("BLOG_TOKEN_DAYS", "3651"),
        ("BLOG_TOKEN_DAYS", "-1"),
        ("BLOG_TOKEN_DAYS", "1.5"),
        ("BLOG_TOKEN_DAYS", "٣"),
        ("BLOG_TOKEN_DAYS", "9" * 5000),
        ("BLOG_SESSION_DAYS", "0"),
        ("BLOG_SESSION_DAYS", "401"),
        ("BLOG_SESSION_DAYS", "1h"),
        ("BLOG_LOG_FORMAT", "xml"),
        ("BLOG_LOG_LEVEL", "INFO"),
        ("BLOG_ACCESS_LOG", "yes"),
        ("BLOG_METRICS", "9100"),
        ("BLOG_METRICS", "http://127.0.0.1:9100"),
        ("BLOG_METRICS", "127.0.0.1:99999"),
        ("BLOG_TRACING", "1"),
        ("BLOG_DRAIN_FILE", "drain"),
        ("BLOG_ALLOW", "everything"),
    ],
)
def test_a_wrong_value_is_refused_by_the_name_of_its_variable(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=rf"^{name}: .+\.$"):
        Settings.from_env({name: value})


PRODUCTION = {
    "BLOG_PROFILE": "production",
    "BLOG_DATABASE_URL": "postgresql+psycopg://blog:Oor8uquoo9@db.example/blog",
    "BLOG_SECRET_KEY": SECRET,
    "BLOG_HOSTS": "blog.example",
    "BLOG_HTTPS": "on",
    "BLOG_CORS_ORIGINS": "https://app.example",
    "BLOG_METRICS": "10.0.0.5:9100",
}


def test_production_takes_what_is_safe() -> None:
    assert [] == list(Settings.from_env(PRODUCTION).unsafe())


def test_production_has_a_secret_of_its_own() -> None:
    with pytest.raises(SettingsError, match=r"^BLOG_SECRET_KEY: "):
        Settings.from_env(PRODUCTION | {"BLOG_SECRET_KEY": ""})
    assert Settings.from_env(PRODUCTION | {"BLOG_SECRET_KEY": new_secret()})


REMOTE = "postgresql+psycopg://blog{}@db.example/blog"


@pytest.mark.parametrize(
    ("name", "value", "word"),
    [
        ("BLOG_HOSTS", "", "localhost"),
        ("BLOG_HOSTS", "localhost,[::1]", "localhost"),
        ("BLOG_HTTPS", "", "http"),
        ("BLOG_HTTPS", "off", "http"),
        ("BLOG_DATABASE_URL", "sqlite:////tmp/blog.sqlite3", "temporary-database"),
        ("BLOG_DATABASE_URL", "sqlite:////var/tmp/a/blog.sqlite3", "temporary-database"),
        ("BLOG_DATABASE_URL", REMOTE.format(""), "database-password"),
        ("BLOG_DATABASE_URL", REMOTE.format(":blog"), "database-password"),
        ("BLOG_DATABASE_URL", REMOTE.format(":Changeme"), "database-password"),
        ("BLOG_CORS_ORIGINS", "https://app.example,http://app.example", "http-origins"),
        ("BLOG_LIMIT_SIGN_IN", "off", "no-limits"),
        ("BLOG_LIMIT_SIGN_UP", "off", "no-limits"),
        ("BLOG_METRICS", "0.0.0.0:9100", "open-metrics"),
        ("BLOG_METRICS", "[::]:9100", "open-metrics"),
        ("BLOG_METRICS", "8.8.8.8:9100", "open-metrics"),
    ],
)
def test_production_refuses_what_is_unsafe_but_for_an_explicit_word(
    name: str, value: str, word: str
) -> None:
    unsafe = PRODUCTION | {name: value}
    with pytest.raises(SettingsError, match=rf"^{name}: [^\n]+ BLOG_ALLOW={word} says so\.$"):
        Settings.from_env(unsafe)
    others = ",".join(set(UNSAFE_WORDS) - {word})
    with pytest.raises(SettingsError, match=rf"^{name}: "):
        Settings.from_env(unsafe | {"BLOG_ALLOW": others})
    assert Settings.from_env(unsafe | {"BLOG_ALLOW": word})
    assert Settings.from_env(unsafe | {"BLOG_PROFILE": "development"})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("BLOG_HOSTS", "blog.example,127.0.0.1"),  # the latter for health checks
        ("BLOG_DATABASE_URL", "postgresql+psycopg://postgres@127.0.0.1/blog"),
        ("BLOG_DATABASE_URL", "postgresql+psycopg:///blog?host=/run/postgresql"),
        ("BLOG_DATABASE_URL", "sqlite:////var/lib/blog/blog.sqlite3"),
        ("BLOG_LIMIT_READS", "off"),
        ("BLOG_METRICS", "off"),
        ("BLOG_METRICS", "blog-1:9100"),
        ("BLOG_METRICS", "[::1]:9100"),
    ],
)
def test_production_takes_what_is_no_danger(name: str, value: str) -> None:
    assert Settings.from_env(PRODUCTION | {name: value})


@pytest.mark.parametrize(
    "url",
    [
        "postgresql+psycopg://user:top-secret@db/blog",
        "postgresql+psycopg://user@db/blog?password=top-secret",
        "mariadb+pymysql://user:top-secret@db/blog",
    ],
)
def test_no_secret_is_shown(url: str) -> None:
    settings = Settings(database_url=url, database_read_url=url, secret_key=SECRET)
    shown = f"{settings!r} {settings} {settings.shown()}"
    assert "top-secret" not in shown
    assert SECRET not in shown
    for variable in ("BLOG_DATABASE_URL", "BLOG_DATABASE_READ_URL"):
        assert "db/blog" in settings.shown()[variable]


def test_what_is_shown_names_every_variable() -> None:
    shown = Settings().shown()
    named = {f"BLOG_{name.upper()}" for name in Settings.__dataclass_fields__}
    assert named - {"BLOG_OPENID"} == shown.keys()
    assert shown["BLOG_SECRET_KEY"] == "(development default)"


@pytest.mark.parametrize(
    ("primary", "replica", "said"),
    [
        ("", "postgresql+psycopg://u@replica/blog", "BLOG_DATABASE_URL where the primary is"),
        ("mariadb+pymysql://u@db/blog", "postgresql+psycopg://u@r/blog", "no replica of the mar"),
        ("postgresql+psycopg://u@db/blog", "sqlite:///blog.sqlite3", "sqlite is no replica"),
        ("sqlite:///blog.db", "sqlite:///other.db", "SQLite has no replicas"),
        ("postgresql+psycopg://u@db/blog", "oracle://u@r/blog", "oracle is not supported"),
        ("postgresql+psycopg://u@db/blog", "replica", "use a SQLAlchemy URL"),
    ],
)
def test_a_replica_is_one_of_the_database(primary: str, replica: str, said: str) -> None:
    with pytest.raises(SettingsError, match=rf"^BLOG_DATABASE_READ_URL: .*{said}.*\.$"):
        Settings.from_env({"BLOG_DATABASE_URL": primary, "BLOG_DATABASE_READ_URL": replica})


def test_both_names_of_mariadb_are_one_kind() -> None:
    read = "mysql+pymysql://u@replica/blog"
    settings = Settings(database_url="mariadb+pymysql://u@db/blog", database_read_url=read)
    assert read == settings.database_read_url


# --- providers of sign-ins -----------------------------------------------------------------------

PROVIDER = {
    "BLOG_URL": "http://localhost:8000",
    "BLOG_OPENID_EXAMPLE_ISSUER": "https://login.example/realms/Blog",
    "BLOG_OPENID_EXAMPLE_CLIENT_ID": "blog",
    "BLOG_OPENID_EXAMPLE_CLIENT_SECRET": "top-secret",
}


def test_providers_come_each_from_their_variables() -> None:
    second = {
        "BLOG_OPENID_ACME2_ISSUER": "http://127.0.0.1:9000",
        "BLOG_OPENID_ACME2_CLIENT_ID": "id",
        "BLOG_OPENID_ACME2_CLIENT_SECRET": "hush",
        "BLOG_OPENID_ACME2_TITLE": "Acme & Söhne",
    }
    settings = Settings.from_env(PROVIDER | second)
    assert [("acme2", "Acme & Söhne"), ("example", "Example")] == [
        (one.name, one.title) for one in settings.openid
    ]
    assert "https://login.example/realms/Blog" == settings.openid[1].issuer
    assert "http://localhost:8000" == settings.url
    shown = f"{settings!r} {settings.shown()}"
    assert "top-secret" not in shown
    assert "hush" not in shown
    assert "(set)" == settings.shown()["BLOG_OPENID_EXAMPLE_CLIENT_SECRET"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("BLOG_URL", ""),
        ("BLOG_URL", "localhost:8000"),
        ("BLOG_URL", "http://localhost:8000/blog"),
        ("BLOG_URL", "https://localhost:8000"),
        ("BLOG_URL", "http://blog.example"),
        ("BLOG_OPENID_EXAMPLE_ISSUER", ""),
        ("BLOG_OPENID_EXAMPLE_ISSUER", "login.example"),
        ("BLOG_OPENID_EXAMPLE_ISSUER", "http://login.example"),
        ("BLOG_OPENID_EXAMPLE_ISSUER", "https://login.example/?x"),
        ("BLOG_OPENID_EXAMPLE_ISSUER", "https://user@login.example"),
        ("BLOG_OPENID_EXAMPLE_ISSUER", "https://[login"),
        ("BLOG_OPENID_EXAMPLE_ISSUER", "https://login.example/" + "x" * 255),
        ("BLOG_OPENID_EXAMPLE_CLIENT_ID", ""),
        ("BLOG_OPENID_EXAMPLE_CLIENT_SECRET", ""),
        ("BLOG_OPENID_EXAMPLE_TITLE", "x" * 41),
        ("BLOG_OPENID_EXAMPLE_TITLE", "a\nb"),
        ("BLOG_OPENID_EXAMPLE_ISSUERS", "https://login.example"),
        ("BLOG_OPENID_example_ISSUER", "https://login.example"),
        ("BLOG_OPENID_ISSUER", "https://login.example"),
    ],
)
def test_a_provider_that_cannot_work_is_refused(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=rf"^{name}: [^\n]+\.$"):
        Settings.from_env(PROVIDER | {name: value})


def test_production_takes_no_provider_over_http() -> None:
    production = {
        "BLOG_PROFILE": "production",
        "BLOG_SECRET_KEY": SECRET,
        "BLOG_ALLOW": "http,localhost,temporary-database",
    }
    local = {"BLOG_OPENID_EXAMPLE_ISSUER": "http://localhost:9000"}
    assert Settings.from_env(PROVIDER | local).openid
    assert Settings.from_env(PROVIDER | production).openid
    with pytest.raises(SettingsError, match=r"^BLOG_OPENID_EXAMPLE_ISSUER: "):
        Settings.from_env(PROVIDER | local | production)
