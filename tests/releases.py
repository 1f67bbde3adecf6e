"""Two releases on one database while its schema changes: Flask has the old, FastAPI the new one.

    python -m tests.releases                     as docs/schema-changes.md has it, on SQLite
    python -m tests.releases --database URL      in a database of its own on that server
    python -m tests.releases --mutant rename     a change as nobody should make it: it is caught

The next release is a copy of the core with a few lines changed, before ours on PYTHONPATH. Its
migrations are run by Alembic while both take writes. Nobody may get a 5xx, but a 503 now and then;
no write that was answered may be lost, and readiness stays up. Ends with 0 if that held, else 1.
"""

import argparse
import contextlib
import http.client
import json
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import text

from blog_core.storage.engine import writing_engine
from blog_core.storage.migrate import revisions, upgrade
from tools.databases import scratch_database
from tools.with_blog import GENEROUS_LIMITS, serving, triptych

ROOT = Path(__file__).parent.parent
CORE = ROOT / "packages" / "core" / "src" / "blog_core"
PASSWORD = secrets.token_urlsafe(16)

EXPAND = """
import sqlalchemy as sa
from alembic import op

revision = "{revision}"
down_revision = "{before}"


def upgrade() -> None:
    {change}
"""
ADDED = 'op.add_column("posts", sa.Column("lang", sa.String(8), nullable=False, {default}))'
CHANGES = {
    "": ADDED.format(default='server_default=""'),
    "not-null": ADDED.format(default=""),
    "rename": 'op.alter_column("posts", "title", new_column_name="lang", '
    "existing_type=sa.String(200), existing_nullable=False)",
}
DROP = 'op.drop_column("posts", "lang")'

# What the next release has changed: it writes the new column, and sees nothing that is without it.
_LAST = '    Column("search", LongText, nullable=False),\n'
_NEW = '    Column("lang", String(8), nullable=False, default="en", server_default=""),\n'
PATCHES = {
    "storage/tables.py": (_LAST, _LAST + _NEW),
    "storage/repositories.py": (
        ").join_from(posts, users)",
        ').join_from(posts, users).where(posts.c.lang != "xx")',
    ),
}


# A lock may be waited for in vain now and then; a release that cannot go on is refused for good.
MOST_REFUSED = 20


@dataclass
class Held:
    """What happened, and what was promised to whoever wrote."""

    titles: dict[int, str] = field(default_factory=dict)
    statuses: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def count(self, who: str, what: str, status: int, body: bytes) -> bool:
        with self.lock:
            self.statuses[f"{who} {status}"] += 1
            self.refused[who] = self.refused[who] + 1 if status == 503 else 0
            if self.refused[who] == MOST_REFUSED:
                self.wrong.append(f"{who}: 503 {MOST_REFUSED} times in a row, the last to {what}")
            if status >= 500 and status != 503:
                self.wrong.append(f"{who}: {what} was answered with {status}: {body[:200]!r}")
        return status < 300


class Writer(threading.Thread):
    """Writes through one server until it is told to stop, and remembers what was answered."""

    def __init__(self, who: str, url: str, token: str, held: Held) -> None:
        super().__init__(daemon=True)
        self.who = who
        self.written = 0
        self._address = url.removeprefix("http://")
        self._token = token
        self._held = held
        self._over = threading.Event()

    def run(self) -> None:
        number = 0
        while not self._over.is_set():
            number += 1
            try:
                self._write(number)
            except (OSError, http.client.HTTPException) as error:
                # Whether it was done nobody knows: nothing was promised.
                with self._held.lock:
                    self._held.statuses[f"{self.who} {type(error).__name__}"] += 1
            time.sleep(0.02)

    def stop(self) -> None:
        self._over.set()
        self.join(60)

    def _write(self, number: int) -> None:
        title = f"{self.who} {number}"
        status, body = self.ask("POST", "/api/posts", {"title": title, "content": "text"})
        if not self._held.count(self.who, "POST", status, body):
            return
        made = json.loads(body)["id"]
        with self._held.lock:
            self._held.titles[made] = title
        status, body = self.ask("PATCH", f"/api/posts/{made}", {"title": f"{title} again"})
        if self._held.count(self.who, "PATCH", status, body):
            with self._held.lock:
                self._held.titles[made] = f"{title} again"
        for path in (f"/api/posts/{made}", "/api/posts?limit=5", "/readyz"):
            status, body = self.ask("GET", path)
            self._held.count(self.who, f"GET {path}", status, body)
            if status == 404:
                with self._held.lock:
                    self._held.wrong.append(f"{self.who}: {path} is gone")
        self.written += 1

    def ask(self, method: str, path: str, body: object = None) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection(self._address, timeout=30)
        headers = {"Authorization": f"Bearer {self._token}", "If-Match": "*"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        try:
            connection.request(method, path, json.dumps(body) if body else None, headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()


def next_release(directory: Path, mutant: str) -> tuple[Path, Path]:
    """The next release, and the one after it, which drops the column again."""
    (before,) = revisions()[1]
    one, two = directory / "next", directory / "after"
    for place, changed in ((one, True), (two, False)):
        shutil.copytree(CORE, place / "blog_core", ignore=shutil.ignore_patterns("__pycache__"))
        versions = place / "blog_core" / "storage" / "migrations" / "versions"
        expand = EXPAND.format(revision="9001", before=before, change=CHANGES[mutant])
        (versions / "9001_expand.py").write_text(expand)
        if not changed:
            drop = EXPAND.format(revision="9002", before="9001", change=DROP)
            (versions / "9002_contract.py").write_text(drop)
            continue
        for name, (old, new) in PATCHES.items():
            file = place / "blog_core" / name
            source = file.read_text("utf-8")
            if old not in source:
                raise RuntimeError(f"the core has changed: {name} has no {old!r}")
            file.write_text(source.replace(old, new))
    return one, two


def migrate(release: Path, url: str) -> None:
    """Run a release's migrations, by Alembic. Raises CalledProcessError."""
    script = "import sys; from blog_core.storage.migrate import upgrade; upgrade(sys.argv[1])"
    subprocess.run(
        [sys.executable, "-c", script, url], env=_on(release), check=True, capture_output=True
    )


def backfill(url: str, batch: int = 50) -> int:
    """Fill the new column, a short transaction for each few rows. How many there were."""
    engine, done = writing_engine(url), 0
    chosen = text("SELECT id FROM posts WHERE lang = '' ORDER BY id LIMIT :batch")
    fill = text("UPDATE posts SET lang = 'en' WHERE id BETWEEN :first AND :last AND lang = ''")
    try:
        while True:
            with engine.begin() as connection:
                ids = list(connection.scalars(chosen, {"batch": batch}))
                if not ids:
                    return done
                connection.execute(fill, {"first": ids[0], "last": ids[-1]})
            done += len(ids)
            time.sleep(0.01)
    finally:
        engine.dispose()


def _on(release: Path) -> dict[str, str]:
    return os.environ | {"PYTHONPATH": f"{release}"}


def change(url: str, mutant: str = "", *, writes: int = 5) -> Held:
    """Change the schema under load, each step once every writer has written so often again."""
    held = Held()
    env = os.environ | GENEROUS_LIMITS | {"BLOG_DATABASE_URL": url}
    env |= {"BLOG_SECRET_KEY": secrets.token_hex(32)}
    with tempfile.TemporaryDirectory(prefix="triptych-") as name, contextlib.ExitStack() as stack:
        directory = Path(name)
        release, after = next_release(directory, mutant)
        upgrade(url)
        triptych("user", "create", "ada", env=env | {"BLOG_NEW_PASSWORD": PASSWORD})
        old_url = stack.enter_context(serving("flask", "gunicorn", directory / "old.log", env))
        token = _token(old_url)
        old = Writer("before", old_url, token, held)
        stack.callback(old.stop)
        old.start()
        _say("the release before serves")
        _wait([old], held, writes)
        try:
            migrate(release, url)
        except subprocess.CalledProcessError as error:
            last = error.stderr.decode().strip().splitlines()[-1]
            held.wrong.append(f"the migration failed: {last}")
            return held
        _say("expanded")
        _wait([old], held, writes)
        if held.wrong:
            return held
        new_env = env | {"PYTHONPATH": f"{release}"}
        new_url = stack.enter_context(serving("fastapi", "uvicorn", directory / "new.log", new_env))
        new = Writer("next", new_url, token, held)
        stack.callback(new.stop)
        new.start()
        _wait([old, new], held, writes)
        _say(f"both serve; {backfill(url)} rows were filled in batches")
        _wait([old, new], held, writes)
        for reader in (old, new):
            _check(reader, held)
        new.stop()
        _say("the next release is gone again")
        migrate(after, url)
        _say("contracted")
        _wait([old], held, writes)
        old.stop()
        _check(old, held)
    return held


def _token(url: str) -> str:
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=60)
    body = json.dumps({"username": "ada", "password": PASSWORD})
    connection.request("POST", "/api/tokens", body, {"Content-Type": "application/json"})
    token: str = json.loads(connection.getresponse().read())["token"]
    connection.close()
    return token


def _check(reader: Writer, held: Held) -> None:
    """Every write that was answered is there, as it was answered last."""
    with held.lock:
        promised = dict(held.titles)
    for post, title in promised.items():
        status, body = reader.ask("GET", f"/api/posts/{post}")
        found = json.loads(body).get("title") if status == 200 else status
        # Another writer may have written it again since: then it goes on from there.
        if not f"{found}".startswith(title):
            held.wrong.append(f"{reader.who}: post {post} is {found!r}, not {title!r}")


def _wait(writers: list[Writer], held: Held, writes: int) -> None:
    """Until each has written so often again, or something went wrong."""
    deadline = time.monotonic() + 120
    goals = [writer.written + writes for writer in writers]
    while any(writer.written < goal for writer, goal in zip(writers, goals, strict=True)):
        if held.wrong:
            return
        if time.monotonic() > deadline:
            held.wrong.append(f"nobody could write for two minutes: {dict(held.statuses)}")
            return
        time.sleep(0.05)


def _say(sentence: str) -> None:
    sys.stderr.write(f"{sentence}\n")


@contextlib.contextmanager
def database(server: str) -> Iterator[str]:
    """A fresh database on a server, or an SQLite file where none is named."""
    if not server:
        with tempfile.TemporaryDirectory(prefix="triptych-") as directory:
            yield f"sqlite:///{directory}/blog.sqlite3"
        return
    with scratch_database(server, "triptych_releases") as url:
        yield url


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--database", default="", metavar="URL", help="by default SQLite")
    parser.add_argument("--mutant", default="", choices=list(CHANGES))
    arguments = parser.parse_args()
    with database(arguments.database) as url:
        held = change(url, arguments.mutant)
    print(f"{len(held.titles)} posts; {dict(sorted(held.statuses.items()))}")
    for wrong in held.wrong[:10]:
        print(f"wrong: {wrong}")
    return 1 if held.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
