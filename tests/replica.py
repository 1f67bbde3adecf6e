"""A real PostgreSQL primary and a streaming replica of it, under the three frameworks.

    pytest tests/replica.py         (or: nox -s replica)

Not collected by itself: it makes two clusters from PostgreSQL's own programs and takes a minute.
"""

import json
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, text

from blog_core import schemas
from blog_core.blog import Blog
from blog_core.settings import Settings
from blog_core.storage import migrate
from blog_core.wiring import build
from http_parity.exchange import Answer, Request
from tests.seeds import LONG_AGO, PASSWORD
from tests.workers import SECRET, Worker

PROGRAMS = ("initdb", "pg_ctl", "pg_basebackup")
SECONDS = 60
FRAMEWORKS = {"django": "django-wsgi", "flask": "flask-wsgi", "fastapi": "fastapi-asgi"}


def programs() -> Path:
    """The folder of PostgreSQL's programs."""
    # Debian keeps them off the path, one folder a version.
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    if found := shutil.which("pg_basebackup"):
        folders.append(Path(found).parent)
    for folder in folders:
        if all((folder / name).exists() for name in PROGRAMS):
            return folder
    pytest.fail(
        f"PostgreSQL's programs {', '.join(PROGRAMS)} are not here: install its server (on Debian: "
        "apt-get install postgresql), or put their folder on PATH."
    )


def soon(condition: Callable[[], bool]) -> None:
    """Wait until it holds."""
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline, "it did not come to that"
        time.sleep(0.05)


@dataclass
class Cluster:
    """A server of PostgreSQL on a port of this machine, without a socket in the file system."""

    folder: Path
    port: int

    @property
    def url(self) -> str:
        return f"postgresql+psycopg://postgres@127.0.0.1:{self.port}/postgres"

    def start(self) -> None:
        settings = f"-c port={self.port} -c listen_addresses=127.0.0.1 -c fsync=off"
        settings += " -c unix_socket_directories= -c wal_level=replica -c hot_standby=on"
        log = self.folder.with_suffix(".log")
        run("pg_ctl", "start", "-w", "-D", self.folder, "-l", log, "-o", settings)

    def stop(self) -> None:
        run("pg_ctl", "stop", "-w", "-m", "immediate", "-D", self.folder)


def run(program: str, *arguments: str | Path) -> None:
    """Run one of the programs to its end, as another user where we are root: it refuses root."""
    user: dict[str, Any] = {}
    if is_root():
        user = {"user": "postgres", "group": "postgres", "extra_groups": []}
    command = [str(programs() / program), *map(str, arguments)]
    with tempfile.TemporaryFile() as said:
        done = subprocess.run(command, stdout=said, stderr=said, cwd="/", check=False, **user)
        said.seek(0)
        assert done.returncode == 0, said.read().decode()


def is_root() -> bool:
    return os.geteuid() == 0


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


@pytest.fixture(scope="module")
def clusters() -> Iterator[tuple[Cluster, Cluster]]:
    """A primary with the blog's tables, and its replica."""
    programs()
    folder = Path(tempfile.mkdtemp(prefix="triptych-replica-"))
    if is_root():
        os.chown(folder, pwd.getpwnam("postgres").pw_uid, pwd.getpwnam("postgres").pw_gid)
    primary = Cluster(folder / "primary", free_port())
    replica = Cluster(folder / "replica", free_port())
    started: list[Cluster] = []
    try:
        run("initdb", "-D", primary.folder, "-U", "postgres", "-A", "trust", "--no-sync")
        primary.start()
        started.append(primary)
        migrate.upgrade(primary.url)
        run(
            *("pg_basebackup", "-h", "127.0.0.1", "-p", f"{primary.port}", "-U", "postgres"),
            *("-D", replica.folder, "-R", "-X", "stream", "--checkpoint=fast", "--no-sync"),
        )
        replica.start()
        started.append(replica)
        yield primary, replica
    finally:
        for cluster in started:
            cluster.stop()
        shutil.rmtree(folder)


class Replay:
    """What the replica has done, and whether it goes on."""

    def __init__(self, primary: Cluster, replica: Cluster) -> None:
        self._primary = create_engine(primary.url, isolation_level="AUTOCOMMIT")
        self._replica = create_engine(replica.url, isolation_level="AUTOCOMMIT", pool_pre_ping=True)

    def pause(self) -> None:
        """Fall behind, once all there is so far has been replayed."""
        written = one(self._primary, "SELECT pg_current_wal_lsn()")
        caught_up = f"SELECT pg_last_wal_replay_lsn() >= '{written}'"
        soon(lambda: bool(one(self._replica, caught_up)))
        one(self._replica, "SELECT pg_wal_replay_pause()")
        state = "SELECT pg_get_wal_replay_pause_state()"
        soon(lambda: one(self._replica, state) == "paused")

    def go_on(self) -> None:
        one(self._replica, "SELECT pg_wal_replay_resume()")

    def connections(self) -> int:
        """How many the applications have to the replica."""
        asked = "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'"
        return int(one(self._replica, asked)) - 1

    def close(self) -> None:
        self._primary.dispose()
        self._replica.dispose()


def one(engine: Engine, statement: str) -> Any:
    with engine.connect() as connection:
        return connection.scalar(text(statement))


@pytest.fixture
def replay(clusters: tuple[Cluster, Cluster]) -> Iterator[Replay]:
    replay = Replay(*clusters)
    yield replay
    replay.go_on()
    replay.close()


@pytest.fixture(scope="module")
def sites(clusters: tuple[Cluster, Cluster]) -> Iterator[dict[str, Worker]]:
    """The three frameworks, each in a process of its own."""
    primary, replica = clusters
    urls = {"BLOG_DATABASE_URL": primary.url, "BLOG_DATABASE_READ_URL": replica.url}
    workers = {
        name: Worker(target, Path("unused"), more=urls) for name, target in FRAMEWORKS.items()
    }
    yield workers
    for worker in workers.values():
        worker.close()


def asked(
    site: Worker,
    method: str,
    target: str,
    body: object = None,
    *,
    token: str | None = None,
    if_match: str | None = None,
) -> Answer:
    headers = [("Content-Type", "application/json")] if body is not None else []
    headers += [("Authorization", f"Bearer {token}")] if token else []
    headers += [("If-Match", if_match)] if if_match else []
    content = json.dumps(body).encode() if body is not None else b""
    return site.send(Request(method, target, tuple(headers), content))


def member(site: Worker, name: str) -> str:
    """The token of a new user."""
    new = {"username": name, "email": f"{name}@example.org", "password": PASSWORD}
    assert asked(site, "POST", "/api/users", new).status == 201
    signed_in = asked(site, "POST", "/api/tokens", {"username": name, "password": PASSWORD})
    token: str = json.loads(signed_in.body)["token"]
    return token


def titles(answer: Answer) -> list[str]:
    return [post["title"] for post in json.loads(answer.body)["results"]]


def lists(site: Worker, title: str) -> bool:
    """Whether the list has this post and no other, for who is not signed in."""
    return [title] == titles(asked(site, "GET", "/api/posts"))


def is_answered(site: Worker, path: str, status: int) -> bool:
    return status == asked(site, "GET", path).status


def is_behind(blog: Blog, post: schemas.Post) -> bool:
    """Whether the author's list is without the post, for who is not signed in."""
    query = schemas.PostQuery(author=post.author.username)
    return post not in blog.list_posts(schemas.ANYBODY, query).results


def test_two_sites_that_share_nothing_but_the_databases(
    clusters: tuple[Cluster, Cluster], replay: Replay
) -> None:
    primary, replica = clusters
    settings = Settings(database_url=primary.url, database_read_url=replica.url, secret_key=SECRET)
    with closing(build(settings)) as one_site, closing(build(settings)) as other:
        new = schemas.NewUser(username="eve", email="eve@example.org", password=PASSWORD)
        one_site.sign_up(new)
        signed_in = one_site.sign_in(schemas.SignIn(username="eve", password=PASSWORD))
        eve, query = schemas.Credentials(signed_in.token), schemas.PostQuery(author="eve")
        replay.pause()
        made = one_site.create_post(eve, schemas.NewPost(title="First", pub_date=LONG_AGO))
        for blog in (one_site, other):
            assert made == blog.get_post(eve, made.id) == blog.get_post(schemas.ANYBODY, made.id)
            assert [made] == blog.list_posts(eve, query).results
            assert [] == blog.list_posts(schemas.ANYBODY, query).results
        replay.go_on()
        soon(lambda: [made] == other.list_posts(schemas.ANYBODY, query).results)
        replay.pause()
        changes = schemas.PostChanges(title="Second")
        changed = other.change_post(eve, made.id, changes, schemas.Expected(frozenset({1})))
        for blog in (one_site, other):
            assert changed == blog.get_post(eve, made.id)
            assert made == blog.get_post(schemas.ANYBODY, made.id)
        replica.stop()
        try:
            for blog in (one_site, other):
                for _ in range(3):
                    assert [changed] == blog.list_posts(schemas.ANYBODY, query).results
        finally:
            replica.start()
        # Back, it is asked again.
        replay.pause()
        newer = one_site.create_post(eve, schemas.NewPost(title="Newer", pub_date=LONG_AGO))
        for blog in (one_site, other):
            assert newer in blog.list_posts(eve, query).results
            soon(partial(is_behind, blog, newer))
        one_site.delete_me(eve)


def test_an_author_sees_what_they_wrote_while_the_replica_is_behind(
    sites: dict[str, Worker], replay: Replay
) -> None:
    token = member(sites["django"], "ada")
    replay.pause()
    new = {"title": "First", "pub_date": "2001-02-03T04:05:06Z"}
    made = asked(sites["flask"], "POST", "/api/posts", new, token=token)
    assert made.status == 201
    path = f"/api/posts/{json.loads(made.body)['id']}"
    for site in sites.values():
        # Its author, wherever they ask.
        assert made.body == asked(site, "GET", path, token=token).body
        assert ["First"] == titles(asked(site, "GET", "/api/posts", token=token))
        # Anybody else: what the replica has not got is looked up, a list is as it is there.
        assert made.body == asked(site, "GET", path).body
        assert [] == titles(asked(site, "GET", "/api/posts"))
    replay.go_on()
    for site in sites.values():
        soon(partial(lists, site, "First"))
    replay.pause()
    changed = asked(
        sites["fastapi"], "PATCH", path, {"title": "Second"}, token=token, if_match='"1"'
    )
    assert changed.status == 200
    for site in sites.values():
        assert changed.body == asked(site, "GET", path, token=token).body
        assert made.body == asked(site, "GET", path).body
    gone = asked(sites["django"], "DELETE", path, token=token, if_match='"2"')
    assert gone.status == 204
    for site in sites.values():
        assert 404 == asked(site, "GET", path, token=token).status
        assert [] == titles(asked(site, "GET", "/api/posts", token=token))
    replay.go_on()
    for site in sites.values():
        soon(partial(is_answered, site, path, 404))


def test_without_the_replica_the_database_itself_is_asked(
    sites: dict[str, Worker], replay: Replay, clusters: tuple[Cluster, Cluster]
) -> None:
    token = member(sites["flask"], "bob")
    new = {"title": "Alone", "pub_date": "2001-02-03T04:05:06Z"}
    clusters[1].stop()
    try:
        assert asked(sites["django"], "POST", "/api/posts", new, token=token).status == 201
        for site in sites.values():
            for _ in range(3):
                assert ["Alone"] == titles(asked(site, "GET", "/api/posts"))
                soon(partial(is_answered, site, "/readyz", 200))
    finally:
        clusters[1].start()
    # Once it is back it is asked again, by each.
    replay.pause()
    for site in sites.values():
        asked(site, "GET", "/api/posts")
    newer = asked(sites["flask"], "POST", "/api/posts", new | {"title": "Newer"}, token=token)
    assert newer.status == 201
    for site in sites.values():
        soon(partial(lists, site, "Alone"))
    assert replay.connections() >= len(sites)
