"""The four operations as SQL and `json.dumps`: request body and token in, answer body out."""

import hashlib
import json
import os
import secrets
import sqlite3
import threading
from datetime import UTC, datetime, timedelta
from typing import Any

from argon2 import PasswordHasher

_COLUMNS = """
    posts.id, posts.title, posts.content, posts.pub_date, users.id, users.username,
    posts.created, posts.updated, posts.version
"""
_LIST = f"""
    SELECT {_COLUMNS} FROM posts JOIN users ON users.id = posts.author_id
    WHERE posts.pub_date <= ? ORDER BY posts.pub_date DESC, posts.id DESC LIMIT 20
"""  # noqa: S608  # nothing but the constant above goes in
_ONE = f"""
    SELECT {_COLUMNS} FROM posts JOIN users ON users.id = posts.author_id
    WHERE posts.id = ? AND posts.pub_date <= ?
"""  # noqa: S608  # same

_PATH = os.environ["BLOG_DATABASE_URL"].removeprefix("sqlite:///")
_local = threading.local()
_hasher = PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1)


def _connection() -> sqlite3.Connection:
    if not hasattr(_local, "connection"):
        _local.connection = sqlite3.connect(_PATH)
    connection: sqlite3.Connection = _local.connection
    return connection


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")


def _instant(stored: str) -> str:
    return f"{stored[:10]}T{stored[11:]}Z"


def _post(row: tuple[Any, ...]) -> dict[str, Any]:
    return {
        "id": row[0],
        "title": row[1],
        "content": row[2],
        "pub_date": _instant(row[3]),
        "status": "published",
        "author": {"id": row[4], "username": row[5]},
        "created": _instant(row[6]),
        "updated": _instant(row[7]),
        "version": row[8],
    }


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def list_posts() -> bytes:
    rows = _connection().execute(_LIST, (_now(),))
    return _json({"results": [_post(row) for row in rows]})


def get_post(post_id: int) -> bytes:
    return _json(_post(_connection().execute(_ONE, (post_id, _now())).fetchone()))


def create_post(body: bytes, token: str) -> bytes | None:
    """The new post; None for a token that is not good."""
    data = json.loads(body)
    now = _now()
    pub_date = data["pub_date"].replace("T", " ").removesuffix("Z")
    with _connection() as connection:
        author = connection.execute(
            "SELECT user_id FROM tokens WHERE digest = ? AND expires > ?", (_digest(token), now)
        ).fetchone()
        if author is None:
            return None
        cursor = connection.execute(
            "INSERT INTO posts (author_id, title, content, pub_date, created, updated, version,"
            " search) VALUES (?, ?, ?, ?, ?, ?, 1, '')",
            (author[0], data["title"], data["content"], pub_date, now, now),
        )
    assert cursor.lastrowid is not None  # noqa: S101  # an INSERT has one
    return get_post(cursor.lastrowid)


def sign_in(body: bytes) -> bytes:
    data = json.loads(body)
    user_id, password = (
        _connection()
        .execute(
            "SELECT id, password FROM users WHERE username_key = ?", (data["username"].lower(),)
        )
        .fetchone()
    )
    _hasher.verify(password, data["password"])
    token = secrets.token_urlsafe(32)
    created = _now()
    expires = (datetime.now(UTC) + timedelta(days=30)).strftime("%Y-%m-%d %H:%M:%S.%f")
    with _connection() as connection:
        cursor = connection.execute(
            "INSERT INTO tokens (user_id, digest, created, expires) VALUES (?, ?, ?, ?)",
            (user_id, _digest(token), created, expires),
        )
    return _json(
        {
            "id": cursor.lastrowid,
            "token": token,
            "created": _instant(created),
            "expires": _instant(expires),
        }
    )


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
