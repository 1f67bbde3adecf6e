"""FastAPI with a session dependency and `response_model`, after its "SQL (Relational) Databases".

A post's author is loaded when `response_model` asks for it, as in SQLModel's "FastAPI and
Pydantic with Relationships"; with `BENCH_JOINED` in the environment it comes with a join.

The routes are `def`, the session comes from a `yield` dependency, ORM objects go out through models
with `from_attributes`; the security part follows "OAuth2 with Password (and hashing), Bearer".
"""

import hashlib
import os
import secrets
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError
from fastapi import Depends, FastAPI, HTTPException, Query
from fastapi.security import OAuth2PasswordBearer
from pydantic import BaseModel, ConfigDict
from sqlalchemy import ForeignKey, create_engine, select
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    Session,
    joinedload,
    mapped_column,
    relationship,
    sessionmaker,
)

hasher = PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1)


# SQLite keeps no time zones; PostgreSQL's columns of the blog do.
SQLITE = os.environ["BLOG_DATABASE_URL"].startswith("sqlite")


engine = create_engine(
    os.environ["BLOG_DATABASE_URL"], connect_args={"check_same_thread": False} if SQLITE else {}
)
SessionLocal = sessionmaker(bind=engine, autoflush=False)


def utcnow() -> datetime:
    return plain(datetime.now(UTC))


def plain(instant: datetime) -> datetime:
    return instant.replace(tzinfo=None) if SQLITE else instant


class Base(DeclarativeBase):
    pass


class User(Base):
    __tablename__ = "users"

    id: Mapped[int] = mapped_column(primary_key=True)
    username: Mapped[str]
    username_key: Mapped[str] = mapped_column(unique=True)
    password: Mapped[str]


class Post(Base):
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


AUTHOR = [joinedload(Post.author)] if "BENCH_JOINED" in os.environ else []


class Token(Base):
    __tablename__ = "tokens"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    digest: Mapped[str] = mapped_column(unique=True)
    created: Mapped[datetime] = mapped_column(default=utcnow)
    expires: Mapped[datetime]
    user: Mapped[User] = relationship()


class UserPublic(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: int
    username: str


class PostCreate(BaseModel):
    title: str
    content: str = ""
    pub_date: datetime | None = None


class PostPublic(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: int
    title: str
    content: str
    pub_date: datetime | None
    status: str
    author: UserPublic
    created: datetime
    updated: datetime
    version: int


class Credentials(BaseModel):
    username: str
    password: str


class TokenPublic(BaseModel):
    id: int
    token: str
    created: datetime
    expires: datetime


def get_session() -> Iterator[Session]:
    with SessionLocal() as session:
        yield session


SessionDep = Annotated[Session, Depends(get_session)]
oauth2_scheme = OAuth2PasswordBearer(tokenUrl="api/tokens")


def digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def get_current_user(session: SessionDep, token: Annotated[str, Depends(oauth2_scheme)]) -> User:
    row = session.scalars(
        select(Token).options(joinedload(Token.user)).where(Token.digest == digest(token))
    ).one_or_none()
    if row is None or row.expires <= utcnow():
        raise HTTPException(
            status_code=401,
            detail="Could not validate credentials",
            headers={"WWW-Authenticate": "Bearer"},
        )
    return row.user


CurrentUser = Annotated[User, Depends(get_current_user)]

app = FastAPI()


@app.get("/api/posts", response_model=list[PostPublic])
def list_posts(
    session: SessionDep,
    offset: int = 0,
    limit: Annotated[int, Query(le=100)] = 20,
) -> Sequence[Post]:
    return session.scalars(
        select(Post)
        .where(Post.pub_date <= utcnow())
        .order_by(Post.pub_date.desc(), Post.id.desc())
        .options(*AUTHOR)
        .offset(offset)
        .limit(limit)
    ).all()


@app.get("/api/posts/{post_id}", response_model=PostPublic)
def read_post(post_id: int, session: SessionDep) -> Post:
    post = session.get(Post, post_id, options=AUTHOR)
    if post is None or post.status != "published":
        raise HTTPException(status_code=404, detail="Post not found")
    return post


@app.post("/api/posts", response_model=PostPublic, status_code=201)
def create_post(post: PostCreate, session: SessionDep, user: CurrentUser) -> Post:
    pub_date = post.pub_date and plain(post.pub_date.astimezone(UTC))
    db_post = Post(title=post.title, content=post.content, pub_date=pub_date, author=user)
    session.add(db_post)
    session.commit()
    session.refresh(db_post)
    return db_post


@app.post("/api/tokens", response_model=TokenPublic, status_code=201)
def sign_in(credentials: Credentials, session: SessionDep) -> TokenPublic:
    user = session.scalars(
        select(User).where(User.username_key == credentials.username.lower())
    ).one_or_none()
    try:
        if user is None:
            raise HTTPException(status_code=401, detail="Incorrect username or password")
        hasher.verify(user.password, credentials.password)
    except VerifyMismatchError:
        raise HTTPException(status_code=401, detail="Incorrect username or password") from None
    token = secrets.token_urlsafe(32)
    row = Token(user_id=user.id, digest=digest(token), expires=utcnow() + timedelta(days=30))
    session.add(row)
    session.commit()
    session.refresh(row)
    return TokenPublic(id=row.id, token=token, created=row.created, expires=row.expires)
