"""The examples on the pages do what the pages say."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from http_parity.exchange import Answer, Request
from http_parity.targets import TargetSpec, open_target
from tests.docs.building import ROOT

pytestmark = pytest.mark.once

EXAMPLES = ROOT / "docs" / "examples"
ORIGIN = ("Origin", "https://app.example")
PREFLIGHT = [("Access-Control-Request-Method", "PUT"), ORIGIN]


@pytest.mark.parametrize(
    "target", ["wsgi:cors_django:app", "wsgi:cors_flask:app", "asgi:cors_fastapi:app"]
)
def test_each_cors_library_does_what_it_is_told(
    target: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(EXAMPLES / "cors")
    # Django's settings are a process's.
    application = open_target(TargetSpec(target, env={"PYTHONPATH": str(EXAMPLES / "cors")}))
    try:
        answer = application.send(Request("GET", "/posts", (ORIGIN,)))
        assert "https://app.example" == answer.header("access-control-allow-origin")
        assert "X-Request-ID" in str(answer.header("access-control-expose-headers"))
        preflight = application.send(Request("OPTIONS", "/posts", tuple(PREFLIGHT)))
        assert (200, "600") == (preflight.status, preflight.header("access-control-max-age"))
        assert "PUT" in str(preflight.header("access-control-allow-methods"))
        other = application.send(Request("GET", "/posts", (("Origin", "https://b.example"),)))
        assert "https://b.example" != allowed(other)
    finally:
        application.close()


def allowed(answer: Answer) -> str | None:
    return answer.header("access-control-allow-origin")


MYAPP = """
from datetime import UTC, datetime
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from werkzeug.security import generate_password_hash

app = Flask(__name__)
app.config["SQLALCHEMY_DATABASE_URI"] = "sqlite:///old.sqlite3"
db = SQLAlchemy(app)

class User(db.Model):
    id = db.Column(db.Integer, primary_key=True)
    username = db.Column(db.String(80))
    email = db.Column(db.String(120))
    password_hash = db.Column(db.String(200))
    created_at = db.Column(db.DateTime(timezone=True))

with app.app_context():
    db.create_all()
    if not db.session.query(User).count():
        hashed = generate_password_hash("three windows")
        now = datetime.now(UTC)
        for name in ("ada", "bob"):
            db.session.add(User(username=name, email=f"{name}@old.example",
                                password_hash=hashed, created_at=now))
        db.session.commit()
"""


def test_users_of_a_flask_application_are_exported_and_imported(tmp_path: Path) -> None:
    (tmp_path / "myapp.py").write_text(MYAPP, "utf-8")
    shutil.copy(EXAMPLES / "importing" / "export.py", tmp_path)
    env = {**os.environ, "BLOG_DATABASE_URL": "sqlite:///blog.sqlite3"}

    def run(*command: str) -> str:
        done = subprocess.run(
            [sys.executable, *command],
            cwd=tmp_path,
            env=env,
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        )
        return done.stdout

    (tmp_path / "users.csv").write_text(run("export.py"), "utf-8")
    run("-m", "triptych", "migrate")
    column = ("--column", "password=password_hash")
    said = run("-m", "triptych", "import", "users", "users.csv", *column)
    assert said.startswith("2 users imported"), said


def test_the_change_of_the_start_turns_the_contract_red_and_says_why(tmp_path: Path) -> None:
    source = tmp_path / "packages" / "core" / "src"
    shutil.copytree(ROOT / "packages" / "core" / "src" / "blog_core", source / "blog_core")
    patch = EXAMPLES / "start" / "fine.patch"
    subprocess.run(["git", "apply", "--unsafe-paths", str(patch)], cwd=tmp_path, check=True)
    said = subprocess.run(
        [
            *(sys.executable, "tools/with_blog.py", "flask-wsgi"),
            *(sys.executable, "-m", "pytest", "--pyargs", "blog_contract", "-k", "health"),
            *("--target", "{target}", "--staff", "{staff}", "-p", "no:cacheprovider"),
        ],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(source)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "test_health.py" in said.stdout, said.stdout + said.stderr
    assert '{"status":"ok"}' in said.stdout
    assert '{"status":"fine"}' in said.stdout
    assert 0 != said.returncode
