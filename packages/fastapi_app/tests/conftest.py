"""The whole application on a database of its own, and browsers in which people are signed in."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from blog_contract.browser import Browser
from blog_contract.client import Client
from blog_core.blog import Blog
from blog_core.schemas import OPERATOR, NewUser
from blog_core.settings import Settings
from blog_core.storage.migrate import upgrade
from blog_core.wiring import build
from blog_fastapi.app import create_app
from http_parity.asgi import ASGITarget

PASSWORD = "nine lives, no boots"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(database_url=f"sqlite:///{tmp_path / 'blog.sqlite3'}")


@pytest.fixture
def blog(settings: Settings) -> Iterator[Blog]:
    upgrade(settings.database_url)
    blog = build(settings)
    yield blog
    blog.close()


@pytest.fixture
def client(settings: Settings, blog: Blog) -> Iterator[Client]:
    """The application, called as a server calls it."""
    target = ASGITarget(create_app(settings, blog), "fastapi")
    yield Client(target)
    target.close()


def add_user(blog: Blog, username: str, *, is_staff: bool = False) -> int:
    new = NewUser(username=username, email=f"{username}@example.org", password=PASSWORD)
    return blog.staff.add_user(OPERATOR, new, is_staff=is_staff).id


def browser(client: Client, username: str) -> Browser:
    """A browser in which this user is signed in."""
    visitor = Browser(client)
    form = visitor.get("/login").form("/login")
    assert "/" == visitor.send(form, username=username, password=PASSWORD).location
    return visitor


@pytest.fixture
def ada(client: Client, blog: Blog) -> Browser:
    """Somebody who writes."""
    add_user(blog, "ada")
    return browser(client, "ada")


@pytest.fixture
def eve(client: Client, blog: Blog) -> Browser:
    """A member of the staff."""
    add_user(blog, "eve", is_staff=True)
    return browser(client, "eve")
