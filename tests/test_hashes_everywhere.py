"""Hashes as other libraries make them: the right password signs in, on every framework.

Each is made anew by the library itself; the core's own tests hold literals of other releases.
"""

from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime

import argon2
import bcrypt
import pytest
from django.contrib.auth import hashers
from passlib.hash import pbkdf2_sha256  # type: ignore[import-untyped]
from pwdlib.hashers.argon2 import Argon2Hasher as Pwdlib
from pwdlib.hashers.bcrypt import BcryptHasher
from werkzeug.security import generate_password_hash

from blog_contract.client import Client
from blog_core.domain.users import User
from blog_core.security.passwords import Argon2Hasher
from blog_core.storage import migrate
from blog_core.storage.repositories import SqlStorage
from tests.workers import GENEROUS, Worker

pytestmark = [pytest.mark.once, pytest.mark.sentence("imported-hashes")]

FRAMEWORKS = ("django-wsgi", "flask-wsgi", "fastapi-asgi")
PASSWORD = "Grüße, Jürgen"
SENT = PASSWORD.encode()
SALT = "saltsaltsaltsaltsaltsa"

# Rounds are few where a library lets one choose, but for one of each kind: those are its defaults.
MADE: dict[str, Callable[[], str]] = {
    "django-pbkdf2": lambda: hashers.PBKDF2PasswordHasher().encode(PASSWORD, SALT),
    "django-pbkdf2-old": lambda: hashers.PBKDF2PasswordHasher().encode(PASSWORD, SALT, 20_000),
    "django-argon2": lambda: hashers.Argon2PasswordHasher().encode(PASSWORD, SALT),
    "django-scrypt": lambda: hashers.ScryptPasswordHasher().encode(PASSWORD, SALT),
    "django-scrypt-small": lambda: hashers.ScryptPasswordHasher().encode(PASSWORD, SALT, n=2**10),
    "django-bcrypt": lambda: "bcrypt$" + bcrypt.hashpw(SENT, bcrypt.gensalt(4)).decode(),
    "django-bcrypt-sha256": lambda: hashers.BCryptSHA256PasswordHasher().encode(
        PASSWORD,
        bcrypt.gensalt(4),  # type: ignore[arg-type] # Django's own salt() gives bytes
    ),
    "werkzeug-scrypt": lambda: generate_password_hash(PASSWORD),
    "werkzeug-scrypt-small": lambda: generate_password_hash(PASSWORD, "scrypt:1024:8:2"),
    "werkzeug-pbkdf2": lambda: generate_password_hash(PASSWORD, "pbkdf2:sha256"),
    "werkzeug-pbkdf2-long-salt": lambda: generate_password_hash(
        PASSWORD, "pbkdf2:sha256:5000", salt_length=64
    ),
    "bcrypt-2a": lambda: bcrypt.hashpw(SENT, bcrypt.gensalt(4, prefix=b"2a")).decode(),
    "bcrypt-2b": lambda: bcrypt.hashpw(SENT, bcrypt.gensalt()).decode(),
    "bcrypt-2y": lambda: "$2y$" + bcrypt.hashpw(SENT, bcrypt.gensalt(4)).decode()[4:],
    "argon2-cffi": lambda: argon2.PasswordHasher().hash(PASSWORD),
    "argon2-cffi-small": lambda: argon2.PasswordHasher(1, 1024, 2).hash(PASSWORD),
    "pwdlib-argon2": lambda: Pwdlib().hash(PASSWORD),
    "pwdlib-bcrypt": lambda: BcryptHasher(rounds=5).hash(PASSWORD),
    "passlib-pbkdf2": lambda: pbkdf2_sha256.hash(PASSWORD),
}

NEVER = {
    "empty": "",
    "unusable": hashers.make_password(None),
    "plain": PASSWORD,
    "md5": "md5$salt$0b4f2a2a3c9ed2c9d4e9a2e0b6b5e3f0",
    "cut": "$2b$04$M0UCovJEpis09oGQQvAvX.J.t0h3E72Qb2",
    "no-fields": "pbkdf2_sha256$",
    "monstrous-pbkdf2": "pbkdf2_sha256$2000000000$salt$aGFzaA==",
    "monstrous-scrypt": "scrypt:1073741824:8:1$salt$abcdef",
    "monstrous-bcrypt": "$2b$31$M0UCovJEpis09oGQQvAvX.J.t0h3E72Qb2.ghCUlA.Y98wEDyCAyK",
    "monstrous-argon2": "$argon2id$v=19$m=4294967295,t=9,p=1$vJ50nVeBROJZKpjfvghhwA$HuNSRRW3N1Pt",
    "no-ascii": "scrypt$16384$é$8$5$\u2028",
}


@pytest.fixture(scope="module")
def clients(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Client]]:
    """The three on one file with a user of each hash, where none is rewritten."""
    path = tmp_path_factory.mktemp("hashes") / "blog.sqlite3"
    put_users(f"sqlite:///{path}", {kind: make() for kind, make in MADE.items()} | NEVER)
    limits = GENEROUS | {"BLOG_REHASH": "off"}
    workers: dict[str, Worker] = {}
    try:
        for name in FRAMEWORKS:
            workers[name] = Worker(name, path, limits=limits)
            # One after the other: three that begin at once take a small machine a minute.
            assert 200 == Client(workers[name]).get("/livez").status
        yield {name: Client(worker) for name, worker in workers.items()}
    finally:
        for worker in workers.values():
            worker.close()


def put_users(url: str, stored: dict[str, str]) -> None:
    """A user of each name, with that hash, whatever it is."""
    migrate.upgrade(url)
    storage = SqlStorage(url)
    with closing(storage), storage.writing() as repositories:
        for name, password in stored.items():
            repositories.users.add(
                User(
                    username=name,
                    email=f"{name}@old.example",
                    password=password,
                    joined=datetime.now(UTC),
                )
            )


def status(client: Client, username: str, password: str) -> int:
    sign_in = {"username": username, "password": password}
    return client.post("/api/tokens", json=sign_in).status


@pytest.mark.parametrize("framework", FRAMEWORKS)
@pytest.mark.parametrize("kind", MADE)
def test_the_right_password_signs_in_and_a_wrong_one_does_not(
    clients: dict[str, Client], framework: str, kind: str
) -> None:
    client = clients[framework]
    assert 201 == status(client, kind, PASSWORD)
    assert 401 == status(client, kind, PASSWORD.upper())


@pytest.mark.parametrize("framework", FRAMEWORKS)
@pytest.mark.parametrize("kind", NEVER)
def test_garbage_and_monsters_are_a_plain_401(
    clients: dict[str, Client], framework: str, kind: str
) -> None:
    client = clients[framework]
    answer = client.post("/api/tokens", json={"username": kind, "password": PASSWORD})
    nobody = client.post("/api/tokens", json={"username": "nobody", "password": PASSWORD})
    assert (401, nobody.body) == (answer.status, answer.body)


def test_each_kind_is_one_that_may_be_imported_or_never_right() -> None:
    hasher = Argon2Hasher()
    assert {} == {
        kind: reason for kind, make in MADE.items() if (reason := hasher.why_never(make()))
    }
    assert [] == [kind for kind, stored in NEVER.items() if hasher.why_never(stored) is None]
