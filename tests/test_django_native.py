"""Django's own pages beside the other frameworks: one session, one database, one version."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlencode

import pytest

from blog_core.domain.users import User
from blog_core.settings import Settings
from blog_core.storage import migrate
from blog_core.wiring import build
from http_parity.exchange import Answer, Request
from tests.workers import SECRET, Worker

DJANGO = ("django-wsgi", "django-asgi")
OTHERS = ("flask-wsgi", "fastapi-asgi")


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """The session of somebody of the staff, and the database that it is in."""
    path = tmp_path_factory.mktemp("native") / "blog.sqlite3"
    url = f"sqlite:///{path}"
    migrate.upgrade(url)
    blog, now = build(Settings(database_url=url, secret_key=SECRET)), datetime.now(UTC)
    grace = User(
        username="grace", email="grace@example.org", password="!", joined=now, is_staff=True
    )
    value = blog.secrets.new_token()
    with blog.storage.writing() as storage:
        storage.users.add(grace)
        until = now + timedelta(days=1)
        storage.sessions.add(grace.id, blog.secrets.digest(value), now, until, "Firefox")
    blog.close()
    return value, path


@pytest.fixture(scope="module")
def workers(session: tuple[str, Path]) -> Iterator[dict[str, Worker]]:
    workers = {name: Worker(name, session[1]) for name in (*DJANGO, *OTHERS)}
    try:
        yield workers
    finally:
        for worker in workers.values():
            worker.close()


class Browser:
    """Somebody's session, sent from the site's own pages."""

    def __init__(self, session: str) -> None:
        self._fields = (("Cookie", f"session={session}"), ("Sec-Fetch-Site", "same-origin"))

    def get(self, worker: Worker, path: str, *fields: tuple[str, str]) -> Answer:
        return worker.send(Request("GET", path, (*self._fields, *fields)))

    def send(
        self, worker: Worker, method: str, path: str, kind: str, body: str, *fields: tuple[str, str]
    ) -> Answer:
        headers = (*self._fields, ("Content-Type", kind), *fields)
        return worker.send(Request(method, path, headers, body.encode()))

    def form(self, worker: Worker, path: str, **fields: str) -> Answer:
        kind = "application/x-www-form-urlencoded"
        return self.send(worker, "POST", path, kind, urlencode(fields))


@pytest.fixture
def grace(session: tuple[str, Path]) -> Browser:
    return Browser(session[0])


@pytest.mark.parametrize("other", OTHERS)
@pytest.mark.parametrize("django", DJANGO)
def test_a_change_in_the_admin_makes_the_earlier_etag_stale_elsewhere(
    workers: dict[str, Worker], grace: Browser, django: str, other: str
) -> None:
    there, json = workers[other], "application/json"
    made = grace.send(there, "POST", "/api/posts", json, '{"title":"Engines"}')
    path, tag = made.header("Location") or "", ("If-Match", made.header("ETag") or "")
    admin = f"/admin/blog/post/{path.rpartition('/')[2]}/change/"
    shown = grace.get(workers[django], admin).body.decode()
    [version] = re.findall(r'name="made_from" value="(\d+)"', shown)
    saved = grace.form(workers[django], admin, title="Looms", content="", made_from=version)
    assert 302 == saved.status, saved.body
    assert b'"title":"Looms"' in grace.get(there, path).body
    stale = grace.send(there, "PATCH", path, json, '{"title":"Lost"}', tag)
    assert 412 == stale.status
    # And the other way round: what changed there is a conflict in the form that was open here.
    fresh = ("If-Match", grace.get(there, path).header("ETag") or "")
    assert 200 == grace.send(there, "PATCH", path, json, '{"title":"Lamps"}', fresh).status
    refused = grace.form(workers[django], admin, title="Lost", content="", made_from="2")
    assert 409 == refused.status
    assert "Lamps" in refused.body.decode()


@pytest.mark.parametrize("django", DJANGO)
def test_a_change_in_the_browsable_api_makes_the_earlier_etag_stale_elsewhere(
    workers: dict[str, Worker], grace: Browser, django: str
) -> None:
    json, html = "application/json", ("Accept", "text/html")
    body = '{"title":"Engines"}'
    made = grace.send(workers[django], "POST", "/browse/posts/", json, body, html)
    assert 201 == made.status, made.body
    [number] = re.findall(r"/browse/posts/(\d+)/", made.header("Location") or "")
    changes = '{"title":"Looms","version":1}'
    changed = grace.send(workers[django], "PATCH", f"/browse/posts/{number}/", json, changes)
    assert (200, '"2"') == (changed.status, changed.header("ETag"))
    for other in OTHERS:
        tag = ("If-Match", '"1"')
        path = f"/api/posts/{number}"
        stale = grace.send(workers[other], "PATCH", path, json, '{"title":"Lost"}', tag)
        assert 412 == stale.status


@pytest.mark.parametrize("django", DJANGO)
def test_every_kind_of_page_is_served(
    workers: dict[str, Worker], grace: Browser, django: str
) -> None:
    index = grace.get(workers[django], "/admin/").body.decode()
    files = re.findall(r'(?:href|src)="(/admin/static/[^"]+)"', index)
    assert len(files) > 3
    for path in ("/admin/blog/user/", "/admin/jsi18n/", "/browse/", "/browse/users/", *files):
        answer = grace.get(workers[django], path, ("Accept", "text/html"))
        assert 200 == answer.status, path
        assert answer.header("Content-Security-Policy"), path
        assert "nosniff" == answer.header("X-Content-Type-Options")
