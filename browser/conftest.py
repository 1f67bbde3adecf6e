"""The three frameworks behind their production servers, and Chromium in front of them.

All three share one database and one host name. Behind one address, each request goes to the next of
them: the page, its style, the form that it sends.
"""

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, sync_playwright

from blog_core.security.passwords import Argon2Hasher
from blog_core.storage.repositories import SqlStorage
from browser.visitor import PICTURES, Visitor
from tools.relay import HOST, relay
from tools.with_blog import GENEROUS_LIMITS, serving, triptych
from triptych import filling

PRODUCTION = {"django": "gunicorn", "flask": "granian", "fastapi": "uvicorn"}
CHROMIUMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
QUIET = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
)
AUTHORS_PASSWORD = "three windows, open"
STAFF = ("the-staff", "keys to every window")


@pytest.fixture(scope="session")
def sites(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The URL of each framework, and of `all` of them behind one address."""
    directory = tmp_path_factory.mktemp("blog")
    database = f"sqlite:///{directory}/blog.sqlite3"
    env = os.environ | {
        "BLOG_DATABASE_URL": database,
        "BLOG_PROFILE": "production",
        "BLOG_ALLOW": "localhost,http,temporary-database",
        "BLOG_SECRET_KEY": secrets.token_hex(32),
        **GENEROUS_LIMITS,
    }
    triptych("migrate", env=env)
    name, password = STAFF
    triptych("user", "create", "--staff", name, env=env | {"BLOG_NEW_PASSWORD": password})
    storage = SqlStorage(database)
    filling.fill(storage, Argon2Hasher().hash(AUTHORS_PASSWORD))
    storage.close()
    with ExitStack() as running:
        urls = {
            framework: running.enter_context(
                serving(framework, server, Path(directory, f"{framework}.log"), env)
            )
            for framework, server in PRODUCTION.items()
        }
        ports = [int(url.rpartition(":")[2]) for url in urls.values()]
        urls["all"] = f"http://{HOST}:{running.enter_context(relay(ports))}"
        yield urls


@pytest.fixture(scope="session", autouse=True)
def pictures() -> None:
    """An empty folder for pictures."""
    PICTURES.mkdir(exist_ok=True)
    for old in PICTURES.glob("*.png"):
        old.unlink()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The machine's own Chromium, without a window."""
    path = next(filter(None, map(shutil.which, CHROMIUMS)), None)
    assert path, "Install chromium (Debian: apt-get install chromium), then try again."
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=[*QUIET])
        yield browser
        browser.close()


@pytest.fixture
def contexts(chromium: Browser) -> Iterator[list[BrowserContext]]:
    """The contexts a test opens; closed after it."""
    opened: list[BrowserContext] = []
    yield opened
    for context in opened:
        context.close()


@pytest.fixture(
    params=[
        pytest.param("django", marks=pytest.mark.long),
        "flask",
        pytest.param("fastapi", marks=pytest.mark.long),
        "all",
        pytest.param("all, no scripts", marks=pytest.mark.long),
    ]
)
def visitor(
    request: pytest.FixtureRequest,
    chromium: Browser,
    contexts: list[BrowserContext],
    sites: dict[str, str],
) -> Visitor:
    """A browser nobody has used, at each framework, at all of them, and once without JavaScript."""
    name, _, without = request.param.partition(", ")
    context = chromium.new_context(java_script_enabled=not without)
    contexts.append(context)
    return Visitor(context, sites[name])


@pytest.fixture
def reader(chromium: Browser, contexts: list[BrowserContext], sites: dict[str, str]) -> Visitor:
    """A browser nobody has used, at all three."""
    context = chromium.new_context()
    contexts.append(context)
    return Visitor(context, sites["all"])
