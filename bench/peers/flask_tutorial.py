"""Flask with Flask-SQLAlchemy and `jsonify`, after the quickstarts of both.

Followed: Flask-SQLAlchemy 3.1 "Quick Start" and "Paging Query Results", Flask 3.1 "APIs with JSON".
A post's author is loaded when it is asked for, SQLAlchemy's default; with `BENCH_JOINED` in the
environment it comes with a join.
"""

import hashlib
import os
import secrets
from datetime import UTC, datetime, timedelta
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError
from flask import Flask, Response, abort, jsonify, request
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import ForeignKey
from sqlalchemy.orm import DeclarativeBase, Mapped, joinedload, mapped_column, relationship


class Base(DeclarativeBase):
    pass


app = Flask(__name__)
app.config["SQLALCHEMY_DATABASE_URI"] = os.environ["BLOG_DATABASE_URL"]
db = SQLAlchemy(app, model_class=Base)
hasher = PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1)


# SQLite keeps no time zones; PostgreSQL's columns of the blog do.
SQLITE = os.environ["BLOG_DATABASE_URL"].startswith("sqlite")


def utcnow() -> datetime:
    return plain(datetime.now(UTC))


def plain(instant: datetime) -> datetime:
    return instant.replace(tzinfo=None) if SQLITE else instant


def isoformat(instant: datetime | None) -> str | None:
    if instant is None:
        return None
    if instant.tzinfo is not None:
        instant = instant.astimezone(UTC).replace(tzinfo=None)
    return instant.isoformat(timespec="microseconds") + "Z"


class User(db.Model):  # type: ignore[name-defined, misc]  # built by the extension at run time
    __tablename__ = "users"

    id: Mapped[int] = mapped_column(primary_key=True)
    username: Mapped[str]
    username_key: Mapped[str] = mapped_column(unique=True)
    password: Mapped[str]

    def to_dict(self) -> dict[str, Any]:
        return {"id": self.id, "username": self.username}


class Post(db.Model):  # type: ignore[name-defined, misc]
    __tablename__ = "posts"

    id: Mapped[int] = mapped_column(primary_key=True)
    author_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    title: Mapped[str]
    content: Mapped[str]
    pub_date: Mapped[datetime | None]
    created: Mapped[datetime] = mapped_column(default=utcnow)
    updated: Mapped[datetime] = mapped_column(default=utcnow, onupdate=utcnow)
    version: Mapped[int] = mapped_column(default=1)
    # The blog's search column: required by the table, never read here.
    search: Mapped[str] = mapped_column(default="", deferred=True)
    author: Mapped[User] = relationship()

    @property
    def status(self) -> str:
        if self.pub_date is None:
            return "draft"
        return "published" if self.pub_date <= utcnow() else "scheduled"

    def to_dict(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "title": self.title,
            "content": self.content,
            "pub_date": isoformat(self.pub_date),
            "status": self.status,
            "author": self.author.to_dict(),
            "created": isoformat(self.created),
            "updated": isoformat(self.updated),
            "version": self.version,
        }


AUTHOR = [joinedload(Post.author)] if "BENCH_JOINED" in os.environ else []


class Token(db.Model):  # type: ignore[name-defined, misc]
    __tablename__ = "tokens"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    digest: Mapped[str] = mapped_column(unique=True)
    created: Mapped[datetime] = mapped_column(default=utcnow)
    expires: Mapped[datetime]
    user: Mapped[User] = relationship()


def digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def current_user() -> User:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme != "Bearer":
        abort(401)
    row = db.session.execute(
        db.select(Token).options(joinedload(Token.user)).filter_by(digest=digest(token))
    ).scalar_one_or_none()
    if row is None or row.expires <= utcnow():
        abort(401)
    user: User = row.user
    return user


@app.get("/api/posts")
def list_posts() -> Response:
    page = db.paginate(
        db.select(Post)
        .where(Post.pub_date <= utcnow())
        .order_by(Post.pub_date.desc(), Post.id.desc())
        .options(*AUTHOR),
        max_per_page=100,
    )
    return jsonify(
        results=[post.to_dict() for post in page],
        total=page.total,
        next=page.next_num,
        previous=page.prev_num,
    )


@app.get("/api/posts/<int:post_id>")
def get_post(post_id: int) -> Response:
    post = db.get_or_404(Post, post_id, options=AUTHOR)
    if post.status != "published":
        abort(404)
    return jsonify(post.to_dict())


@app.post("/api/posts")
def create_post() -> tuple[Response, int]:
    user = current_user()
    data = request.get_json()
    post = Post(
        author=user,
        title=data["title"],
        content=data.get("content", ""),
        pub_date=data.get("pub_date") and plain(datetime.fromisoformat(data["pub_date"])),
    )
    db.session.add(post)
    db.session.commit()
    return jsonify(post.to_dict()), 201


@app.post("/api/tokens")
def sign_in() -> tuple[Response, int]:
    data = request.get_json()
    user = db.session.execute(
        db.select(User).filter_by(username_key=data["username"].lower())
    ).scalar_one_or_none()
    if user is None:
        abort(401)
    try:
        hasher.verify(user.password, data["password"])
    except VerifyMismatchError:
        abort(401)
    token = secrets.token_urlsafe(32)
    row = Token(user_id=user.id, digest=digest(token), expires=utcnow() + timedelta(days=30))
    db.session.add(row)
    db.session.commit()
    return jsonify(
        id=row.id, token=token, created=isoformat(row.created), expires=isoformat(row.expires)
    ), 201
