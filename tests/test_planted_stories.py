"""Each regression that the demo's page plants shows in the request that the page sends for it."""

import multiprocessing
import os
import shutil
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest

from blog_core.schemas import NewUser, SignIn
from blog_core.security.passwords import Argon2Hasher
from blog_core.settings import Settings
from blog_core.storage.migrate import upgrade
from blog_core.storage.repositories import SqlStorage
from blog_core.wiring import build
from http_parity.compare import differences
from http_parity.exchange import Answer
from http_parity.targets import open_target
from tests.mutants import BY_NAME
from tests.runs import environment
from triptych import filling
from triptych.page.stories import BY_SLUG, ORIGIN, PLANTED
from triptych.tour import PASSWORD
from triptych.walk import comparable, kept, request

pytestmark = pytest.mark.once

ADAPTERS = {
    "django": "wsgi:blog_django.wsgi:application",
    "flask": "wsgi:blog_flask.wsgi:app",
    "fastapi": "asgi:blog_fastapi.asgi:app",
}


def answer(address: str, slug: str, database: Path, token: str) -> Answer:
    """What the target says to a story, with what varies by design written alike.

    In a process of its own: a mutant changes the core of the process that it is in.
    """
    os.environ |= environment(database) | {"BLOG_CORS_ORIGINS": ORIGIN}
    target = open_target(address)
    story = BY_SLUG[slug]
    known = {"name": "ada", "token": token, "run": "00001", "newcomer": "guest"}
    for number, step in enumerate((*story.before, story.step)):
        received = target.send(request(step, known, f"step-{number}"))
        known |= kept(step, received)
        last = comparable(step, received, known)
    target.close()
    return last


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A database with something to read in it, and a token of somebody there."""
    file = tmp_path_factory.mktemp("filled") / "blog.sqlite3"
    url = f"sqlite:///{file}"
    upgrade(url)
    storage = SqlStorage(url)
    filling.fill(storage, Argon2Hasher().hash(PASSWORD))
    storage.close()
    blog = build(Settings.from_env(environment(file)))
    blog.add_user(NewUser(username="ada", email="ada@example.org", password=PASSWORD))
    token = blog.sign_in(SignIn(username="ada", password=PASSWORD)).token
    blog.close()
    return file, token


@pytest.fixture(scope="module")
def processes() -> Iterator[ProcessPoolExecutor]:
    context = multiprocessing.get_context("forkserver")
    with ProcessPoolExecutor(2, context, max_tasks_per_child=1) as pool:
        yield pool


@pytest.mark.parametrize("name", PLANTED)
def test_the_request_shows_the_regression(
    name: str, filled: tuple[Path, str], processes: ProcessPoolExecutor, tmp_path: Path
) -> None:
    file, token = filled
    mutant, slug = BY_NAME[name], PLANTED[name]
    addresses = (ADAPTERS[mutant.target.partition("-")[0]], mutant.address)
    given = []
    for number, address in enumerate(addresses):
        copy = tmp_path / f"{number}.sqlite3"
        shutil.copyfile(file, copy)
        given.append(processes.submit(answer, address, slug, copy, token))
    adapter, planted = (future.result(120) for future in given)
    assert BY_SLUG[slug].step.status == adapter.status
    assert differences(adapter, planted)
