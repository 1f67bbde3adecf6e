"""The whole application on a database of its own, and Flask's test clients for it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient, FlaskCliRunner

from blog_core.settings import Settings
from blog_core.storage.migrate import upgrade
from blog_flask import create_app
from blog_flask.app import BlogFlask


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(database_url=f"sqlite:///{tmp_path / 'blog.sqlite3'}")


@pytest.fixture
def empty_app(settings: Settings) -> Iterator[BlogFlask]:
    """On a database that has no tables yet."""
    app = create_app(settings)
    yield app
    app.blog.close()


@pytest.fixture
def app(empty_app: BlogFlask, settings: Settings) -> BlogFlask:
    upgrade(settings.database_url)
    return empty_app


@pytest.fixture
def client(app: BlogFlask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def runner(app: BlogFlask) -> FlaskCliRunner:
    return app.test_cli_runner()
