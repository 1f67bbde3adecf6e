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

_URL = os.environ["BLOG_DATABASE_URL"]
_SQLITE = _URL.startswith("sqlite")
_local = threading.local()
_hasher = PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1)


def _connection() -> Any:
    if not hasattr(_local, "connection"):
        _local.connection = _connected()
    return _local.connection


def _connected() -> Any:
    """Each statement is a transaction of its own: an operation writes once."""
    if _SQLITE:
        return sqlite3.connect(_URL.removeprefix("sqlite:///"), isolation_level=None)
    import psycopg  # noqa: PLC0415 # only where it is used

    return psycopg.connect(_URL.replace("+psycopg", ""), autocommit=True)


def _run(statement: str, values: tuple[Any, ...]) -> Any:
    return _connection().execute(statement if _SQLITE else statement.replace("?", "%s"), values)


def _now(later: timedelta = timedelta()) -> str:
    return (datetime.now(UTC) + later).strftime("%Y-%m-%d %H:%M:%S.%f" + ("" if _SQLITE else "+00"))


def _instant(stored: Any) -> str:
    if isinstance(stored, datetime):
        stored = stored.astimezone(UTC).isoformat(" ", "microseconds").removesuffix("+00:00")
    return f"{stored[:10]}T{stored[11:26]}Z"


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
    rows = _run(_LIST, (_now(),))
    return _json({"results": [_post(row) for row in rows]})


def get_post(post_id: int) -> bytes:
    return _json(_post(_run(_ONE, (post_id, _now())).fetchone()))


def create_post(body: bytes, token: str) -> bytes | None:
    """The new post; None for a token that is not good."""
    data = json.loads(body)
    now = _now()
    pub_date = data["pub_date"].replace("T", " ").removesuffix("Z") + ("" if _SQLITE else "+00")
    author = _run(
        "SELECT user_id FROM tokens WHERE digest = ? AND expires > ?", (_digest(token), now)
    ).fetchone()
    if author is None:
        return None
    row = _run(
        "INSERT INTO posts (author_id, title, content, pub_date, created, updated, version, search)"
        " VALUES (?, ?, ?, ?, ?, ?, 1, '') RETURNING id",
        (author[0], data["title"], data["content"], pub_date, now, now),
    ).fetchone()
    return get_post(row[0])


def sign_in(body: bytes) -> bytes:
    data = json.loads(body)
    user_id, password = _run(
        "SELECT id, password FROM users WHERE username_key = ?", (data["username"].lower(),)
    ).fetchone()
    _hasher.verify(password, data["password"])
    token = secrets.token_urlsafe(32)
    created, expires = _now(), _now(timedelta(days=30))
    row = _run(
        "INSERT INTO tokens (user_id, digest, created, expires) VALUES (?, ?, ?, ?) RETURNING id",
        (user_id, _digest(token), created, expires),
    ).fetchone()
    return _json(
        {
            "id": row[0],
            "token": token,
            "created": _instant(created),
            "expires": _instant(expires),
        }
    )


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
