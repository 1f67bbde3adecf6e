"""Django's test client, talking to the whole application on a database of its own."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpResponse

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "blog_django.settings")

from django.db import connections  # reads the settings
from django.test import override_settings
from rest_framework.test import APIClient
from sqlalchemy import create_engine, make_url, text

from blog_core.domain.users import User
from blog_core.settings import Settings
from blog_core.storage.migrate import upgrade
from blog_django.database import databases
from blog_django.session import blog
from blog_django.wsgi import application


def through_the_front(environ: dict[str, Any]) -> HttpResponse:
    """What a server does; the client's own handler would go past the front."""
    response = HttpResponse()

    def start_response(status: str, headers: list[tuple[str, str]], _: Any = None) -> Any:
        response.status_code = int(status[:3])
        del response["Content-Type"]
        for name, value in headers:
            response.headers[name] = value
        response.cookies.load(response.headers.get("Set-Cookie", ""))  # the client keeps them

    request = WSGIRequest(environ)
    response.content = b"".join(application(environ, start_response))
    vars(response)["wsgi_request"] = request  # the client looks its route up
    return response


@contextmanager
def on(settings: Settings) -> Iterator[Settings]:
    """Let the application have these settings, and Django this database."""
    standing = connections.settings
    connections.close_all()
    _forget_connections()
    vars(connections)["settings"] = connections.configure_settings(databases(settings.database_url))
    with override_settings(BLOG=settings):
        blog.cache_clear()
        try:
            yield settings
        finally:
            blog().close()
            blog.cache_clear()
            connections.close_all()
            _forget_connections()
            vars(connections)["settings"] = standing


def _forget_connections() -> None:
    local = vars(connections)["_connections"]
    for alias in connections:
        if hasattr(local, alias):
            delattr(local, alias)


@pytest.fixture(scope="session")
def empty_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database that `triptych migrate` has made: without Django's own tables."""
    path = tmp_path_factory.mktemp("empty") / "blog.sqlite3"
    upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture
def settings(tmp_path: Path, empty_sqlite: Path) -> Iterator[Settings]:
    path = tmp_path / "blog.sqlite3"
    shutil.copyfile(empty_sqlite, path)
    settings = Settings(database_url=f"sqlite:///{path}", limit_sign_in=None, limit_writes=None)
    with on(settings):
        yield settings


SERVERS = {
    name: url
    for name in ("postgresql", "mariadb")
    if (url := os.environ.get(f"BLOG_TEST_{name.upper()}_URL"))
}
"""Database servers to test on as well, where a URL says where one is."""


@pytest.fixture(params=["sqlite", *SERVERS])
def nothing(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Settings]:
    """The settings of a database with nothing in it, of each kind that is at hand."""
    if request.param == "sqlite":
        with on(Settings(database_url=f"sqlite:///{tmp_path / 'new.sqlite3'}")) as settings:
            yield settings
        return
    name = f"blog_django_tests_{os.getpid()}"
    server = create_engine(SERVERS[request.param], isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    url = make_url(SERVERS[request.param]).set(database=name)
    try:
        with on(Settings(database_url=url.render_as_string(hide_password=False))) as settings:
            yield settings
    finally:
        with server.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name}"))
        server.dispose()


def new_client() -> APIClient:
    client = APIClient(headers={"host": "localhost"})
    vars(client)["handler"] = through_the_front
    client.raise_request_exception = False  # the front answers it
    return client


@pytest.fixture
def client(settings: Settings) -> APIClient:
    return new_client()


PASSWORD = "nine lives, no boots"


def signed_in(name: str, *, is_staff: bool = False) -> APIClient:
    """A client with the session of a new user."""
    now = datetime.now(UTC)
    user = User(
        username=name,
        email=f"{name}@example.org",
        password=hash_of_password(),
        joined=now,
        is_staff=is_staff,
    )
    value = blog().secrets.new_token()
    with blog().storage.writing() as storage:
        storage.users.add(user)
        digest = blog().secrets.digest(value)
        storage.sessions.add(user.id, digest, now, now + timedelta(days=1), "Firefox")
    client = new_client()
    client.cookies["session"] = value
    return client


@cache
def hash_of_password() -> str:
    """Made once: making one takes longer than a test."""
    return blog().hasher.hash(PASSWORD)


@pytest.fixture
def staff(settings: Settings) -> APIClient:
    """The client of Grace, of the staff."""
    return signed_in("grace", is_staff=True)
