"""The repositories on SQLAlchemy.

What is changed is loaded as an entity; what is only shown is selected column by column and built
straight into the output dataclasses: one query, no identity map.
"""

import hashlib
import json
import logging
import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import cached_property, lru_cache
from types import TracebackType
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Engine,
    Row,
    Select,
    Table,
    and_,
    bindparam,
    delete,
    insert,
    or_,
    select,
    type_coerce,
    union,
    update,
)
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from blog_core import schemas
from blog_core.domain.errors import BlogError, KeyInUse, Stale, Taken, Unavailable
from blog_core.domain.instants import format_instant, parse_instant
from blog_core.domain.posts import BlogPost, Status
from blog_core.domain.users import User, account_version
from blog_core.ports import (
    ActionKind,
    Caller,
    Known,
    NewAction,
    PostFilter,
    Proof,
    SignInUnderWay,
    StoredAnswer,
    StoredIdentity,
    StoredPassword,
    Window,
)
from blog_core.storage import migrate
from blog_core.storage.engine import (
    TURN,
    USERS,
    WRITERS,
    Turns,
    reading_engine,
    replica_engine,
    translated,
    writing_engine,
)
from blog_core.storage.probe import Probe
from blog_core.storage.search import holds_words, word_values
from blog_core.storage.tables import (
    InstantText,
    idempotency_keys,
    identities,
    posts,
    sessions,
    sign_ins,
    staff_actions,
    tokens,
    users,
)

# Seconds between two looks at a replica that did not answer.
REPLICA_RETRY = 5.0
# How many rows whose time is over are deleted on the way, at most.
FORGOTTEN = 100

log = logging.getLogger("blog")


def _text(column: ColumnElement[Any]) -> ColumnElement[Any]:
    return type_coerce(column, InstantText)


# --- users ---------------------------------------------------------------------------------------

_USER = select(users.c.id, users.c.username, _text(users.c.joined))
_USER_BY_NAME = _USER.where(users.c.username_key == bindparam("key"), users.c.is_active)
_ACCOUNT = _USER.add_columns(users.c.email, users.c.is_staff, users.c.is_active).where(
    users.c.id == bindparam("user_id")
)
_ACCOUNTS = (
    _USER.add_columns(users.c.email, users.c.is_staff, users.c.is_active)
    .where(users.c.id > bindparam("after"))
    .order_by(users.c.id)
)
_OWN_USER = _USER.add_columns(users.c.email, users.c.is_staff).where(
    users.c.id == bindparam("user_id")
)


_USER_COLUMNS = [column.name for column in users.c if column.name != "id"]
_NAMES = ("username", "email")


class SqlUsers:
    def __init__(self, connection: Connection, session: Session | None) -> None:
        self._connection = connection
        self._session = session

    def add(self, user: User) -> None:
        _writable(self._session).add(user)
        self.save(user)

    def add_all(self, added: Sequence[User]) -> list[int]:
        rows = [{name: getattr(user, name) for name in _USER_COLUMNS} for user in added]
        # In the order of the rows, so that each has its own id.
        statement = insert(users).returning(users.c.id, sort_by_parameter_order=True)
        try:
            return list(self._connection.scalars(statement, rows))
        except IntegrityError as error:
            raise Taken([field for field in _NAMES if f"{field}_key" in str(error.orig)]) from error

    def known(self, username_keys: Sequence[str], email_keys: Sequence[str]) -> list[Known]:
        # A union, because an OR of two indexed columns makes some databases read the whole table.
        found = [
            select(users.c.username_key, users.c.email_key).where(column.in_(keys))
            for column, keys in (
                (users.c.username_key, username_keys),
                (users.c.email_key, email_keys),
            )
        ]
        return [Known(*row) for row in self._connection.execute(union(*found)).all()]

    def save(self, user: User) -> None:
        keys = {"username": user.username_key, "email": user.email_key}
        taken = [field for field, key in keys.items() if self._is_taken(field, key, user.id)]
        if taken:
            raise Taken(taken)
        try:
            _writable(self._session).flush()
        except IntegrityError as error:
            # Somebody was faster since the look above. Each database names the column its own way.
            raise Taken([field for field in keys if f"{field}_key" in str(error.orig)]) from error

    def remove(self, user: User) -> None:
        session = _writable(self._session)
        session.delete(user)
        session.flush()

    def get(self, user_id: int) -> User | None:
        return _writable(self._session).get(User, user_id, with_for_update=True)

    def password_by_name(self, username_key: str) -> StoredPassword | None:
        return self._password(users.c.username_key == username_key)

    def password_of(self, user_id: int) -> StoredPassword | None:
        return self._password(users.c.id == user_id)

    def replace_password(self, stored: StoredPassword, new: str) -> bool:
        unchanged = (
            users.c.id == stored.user_id,
            users.c.password == stored.hash,
            users.c.is_active,
        )
        statement = update(users).where(*unchanged).values(password=new)
        return self._connection.execute(statement).rowcount == 1

    def has_email(self, email_key: str) -> bool:
        return self._is_taken("email", email_key, None)

    def view(self, username_key: str) -> schemas.User | None:
        row = self._connection.execute(_USER_BY_NAME, {"key": username_key}).one_or_none()
        return None if row is None else schemas.User(*row)

    def view_own(self, user_id: int) -> schemas.OwnUser | None:
        row = self._connection.execute(_OWN_USER, {"user_id": user_id}).one_or_none()
        return None if row is None else schemas.OwnUser(*row)

    def view_account(self, user_id: int) -> schemas.StaffUser | None:
        row = self._connection.execute(_ACCOUNT, {"user_id": user_id}).one_or_none()
        return None if row is None else _account(row)

    def accounts(self, after: int, limit: int) -> list[schemas.StaffUser]:
        found = self._connection.execute(_ACCOUNTS.limit(limit), {"after": after})
        return [_account(row) for row in found.all()]

    def account_id(self, username_key: str) -> int | None:
        named = select(users.c.id).where(users.c.username_key == username_key)
        found: int | None = self._connection.scalar(named)
        return found

    def page(self, window: Window) -> list[schemas.User]:
        statement = _by_id(_USER.where(users.c.is_active), users.c.id, window, descending=False)
        return [schemas.User(*row) for row in self._connection.execute(statement).all()]

    def _password(self, condition: ColumnElement[bool]) -> StoredPassword | None:
        statement = select(users.c.id, users.c.password).where(condition, users.c.is_active)
        row = self._connection.execute(statement).one_or_none()
        return None if row is None else StoredPassword(*row)

    def _is_taken(self, field: str, key: str, own_id: int | None) -> bool:
        owner = select(users.c.id).where(users.c[f"{field}_key"] == key)
        return self._connection.scalar(owner) not in (None, own_id)


def _account(row: Sequence[Any]) -> schemas.StaffUser:
    user_id, username, joined, email, is_staff, is_active = row
    version = account_version(username, email, is_staff, is_active)
    return schemas.StaffUser(user_id, username, joined, email, is_staff, is_active, version)


# --- posts ---------------------------------------------------------------------------------------

_POST = select(
    posts.c.id,
    posts.c.title,
    posts.c.content,
    _text(posts.c.pub_date),
    posts.c.author_id,
    users.c.username,
    _text(posts.c.created),
    _text(posts.c.updated),
    posts.c.version,
).join_from(posts, users)
_POST_BY_ID = _POST.where(posts.c.id == bindparam("post_id"))
_PUBLISHED = posts.c.pub_date <= bindparam("now")
_SCHEDULED = posts.c.pub_date > bindparam("now")
_VISIBLE = {
    "anybody": _POST_BY_ID.where(_PUBLISHED),
    "caller": _POST_BY_ID.where(or_(_PUBLISHED, posts.c.author_id == bindparam("caller_id"))),
    "staff": _POST_BY_ID,
}


class SqlPosts:
    def __init__(self, connection: Connection, session: Session | None) -> None:
        self._connection = connection
        self._session = session

    def add(self, post: BlogPost) -> None:
        session = _writable(self._session)
        session.add(post)
        session.flush()

    def save(self, post: BlogPost) -> None:
        with _one_writer():
            _writable(self._session).flush()

    def remove(self, post: BlogPost) -> None:
        session = _writable(self._session)
        session.delete(post)
        with _one_writer():
            session.flush()

    def get(self, post_id: int, caller: Caller, now: datetime) -> BlogPost | None:
        # Locked, so that whoever comes second finds what the first has left, or that it is gone.
        statement = select(BlogPost).where(posts.c.id == post_id).with_for_update()
        if not caller.is_staff:
            statement = statement.where(
                or_(posts.c.pub_date <= now, posts.c.author_id == caller.id)
            )
        return _writable(self._session).scalars(statement).one_or_none()

    def view(self, post_id: int, caller: Caller | None, now: datetime) -> schemas.Post | None:
        who = "anybody" if caller is None else "staff" if caller.is_staff else "caller"
        values = {"post_id": post_id, "now": now, "caller_id": caller and caller.id}
        row = self._connection.execute(_VISIBLE[who], values).one_or_none()
        return None if row is None else _post(row, format_instant(now))

    def page(self, wanted: PostFilter, window: Window, now: datetime) -> list[schemas.Post]:
        if wanted.words is not None and not wanted.words:
            return []
        statement = _posts_page(
            wanted.status,
            descending=wanted.newest_first != window.backward,
            by_author=wanted.author_key is not None,
            own=wanted.author_id is not None,
            dialect=self._connection.dialect.name,
            words=len(wanted.words or ()),
            beyond=window.after is not None,
        )
        values: dict[str, Any] = {"now": now, "limit": window.limit}
        if wanted.author_key is not None:
            values["author_key"] = wanted.author_key
        if wanted.author_id is not None:
            values["author_id"] = wanted.author_id
        if wanted.words is not None:
            values |= word_values(self._connection.dialect.name, wanted.words)
        if window.after is not None:
            instant, post_id = window.after
            values |= {"after_instant": parse_instant(str(instant)), "after_id": post_id}
        current = format_instant(now)
        rows = self._connection.execute(statement, values).all()
        return [_post(row, current) for row in rows]


# The shapes of the query are few; building one costs more than running it.
@lru_cache(maxsize=256)
def _posts_page(
    status: Status,
    *,
    descending: bool,
    by_author: bool,
    own: bool,
    dialect: str,
    words: int,
    beyond: bool,
) -> Select[Any]:
    column = posts.c.created if status == "draft" else posts.c.pub_date
    conditions: list[ColumnElement[bool]] = []
    if status == "draft":
        conditions.append(posts.c.pub_date.is_(None))
    elif status == "scheduled":
        conditions.append(_SCHEDULED)
    elif not (beyond and descending):
        # Beyond a published post going back in time, all are published: one bound, one range.
        conditions.append(_PUBLISHED)
    if by_author:
        author = select(users.c.id).where(users.c.username_key == bindparam("author_key"))
        conditions.append(posts.c.author_id == author.scalar_subquery())
    if own:
        conditions.append(posts.c.author_id == bindparam("author_id"))
    if words:
        conditions.append(holds_words(dialect, words))
    if beyond:
        instant = bindparam("after_instant", type_=column.type)
        post_id: ColumnElement[int] = bindparam("after_id")
        # Written out, because not every database uses an index for (a, b) < (?, ?).
        conditions.append(
            and_(column <= instant, or_(column < instant, posts.c.id < post_id))
            if descending
            else and_(column >= instant, or_(column > instant, posts.c.id > post_id))
        )
    order = (column.desc(), posts.c.id.desc()) if descending else (column, posts.c.id)
    return _POST.where(*conditions).order_by(*order).limit(bindparam("limit"))


def _post(row: Row[*tuple[Any, ...]], now: str) -> schemas.Post:
    post_id, title, content, pub_date, author_id, username, created, updated, version = row
    # Instants as text compare like instants: RFC 3339 of one length.
    status: Status = (
        "draft" if pub_date is None else "published" if pub_date <= now else "scheduled"
    )
    author = schemas.Author(author_id, username)
    return schemas.Post(
        post_id, title, content, pub_date, status, author, created, updated, version
    )


@contextmanager
def _one_writer() -> Iterator[None]:
    try:
        yield
    except StaleDataError as error:
        raise Stale from error


# --- tokens and sessions -------------------------------------------------------------------------


def _caller_of(table: Table) -> Select[Any]:
    return (
        select(users.c.id, users.c.is_staff, table.c.id)
        .join_from(table, users)
        .where(
            table.c.digest == bindparam("digest"),
            table.c.expires > bindparam("now"),
            users.c.is_active,
        )
    )


_TOKEN_CALLER = _caller_of(tokens)
_TOKEN = select(tokens.c.id, _text(tokens.c.created), _text(tokens.c.expires))
_SESSION_CALLER = _caller_of(sessions)
_SESSION = select(
    sessions.c.id, _text(sessions.c.created), _text(sessions.c.expires), sessions.c.browser
)


class _SqlGrants:
    """What tokens and sessions have in common: rows that sign their user in."""

    _table: Table

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def remove(self, user_id: int, grant_id: int) -> bool:
        grants = self._table.c
        statement = delete(self._table).where(grants.id == grant_id, grants.user_id == user_id)
        return self._connection.execute(statement).rowcount == 1

    def remove_others(self, user_id: int, grant_id: int | None) -> None:
        statement = delete(self._table).where(self._table.c.user_id == user_id)
        if grant_id is not None:
            statement = statement.where(self._table.c.id != grant_id)
        self._connection.execute(statement)

    def _add(self, **values: Any) -> int:
        result = self._connection.execute(insert(self._table).values(values))
        key: Any = result.inserted_primary_key
        return int(key[0])

    def _page(
        self, shown: Select[Any], user_id: int, window: Window, now: datetime
    ) -> Sequence[Row[*tuple[Any, ...]]]:
        grants = self._table.c
        own = shown.where(grants.user_id == user_id, grants.expires > now)
        return self._connection.execute(_by_id(own, grants.id, window, descending=True)).all()


class SqlTokens(_SqlGrants):
    _table = tokens

    def add(self, user_id: int, digest: str, created: datetime, expires: datetime) -> int:
        return self._add(user_id=user_id, digest=digest, created=created, expires=expires)

    def caller(self, digest: str, now: datetime) -> Caller | None:
        row = self._connection.execute(_TOKEN_CALLER, {"digest": digest, "now": now}).one_or_none()
        return None if row is None else Caller(*row)

    def page(self, user_id: int, window: Window, now: datetime) -> list[schemas.Token]:
        return [schemas.Token(*row) for row in self._page(_TOKEN, user_id, window, now)]


class SqlSessions(_SqlGrants):
    _table = sessions

    def add(
        self, user_id: int, digest: str, created: datetime, expires: datetime, browser: str
    ) -> int:
        over = delete(sessions).where(sessions.c.user_id == user_id, sessions.c.expires <= created)
        self._connection.execute(over)
        return self._add(
            user_id=user_id, digest=digest, created=created, expires=expires, browser=browser
        )

    def caller(self, digest: str, now: datetime) -> Caller | None:
        row = self._connection.execute(
            _SESSION_CALLER, {"digest": digest, "now": now}
        ).one_or_none()
        if row is None:
            return None
        user_id, is_staff, session_id = row
        return Caller(user_id, is_staff, session_id=session_id)

    def remove_digest(self, digest: str) -> None:
        self._connection.execute(delete(sessions).where(sessions.c.digest == digest))

    def page(self, user_id: int, window: Window, now: datetime) -> list[schemas.Session]:
        return [schemas.Session(*row) for row in self._page(_SESSION, user_id, window, now)]

    def opened(self, session_id: int) -> datetime | None:
        statement = select(sessions.c.created).where(sessions.c.id == session_id)
        return self._connection.scalar(statement)


# --- signing in with a provider ------------------------------------------------------------------


class SqlSignIns:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(
        self, digest: str, under_way: SignInUnderWay, created: datetime, expires: datetime
    ) -> None:
        _forget(self._connection, sign_ins.c.digest, digest, sign_ins.c.expires <= created)
        values = {
            "digest": digest,
            "provider": under_way.provider,
            "next": under_way.next,
            "user_id": under_way.user_id,
            "expires": expires,
            **(asdict(under_way.proof) if under_way.proof else {}),
        }
        self._connection.execute(insert(sign_ins).values(values))

    def find(self, digest: str, now: datetime) -> SignInUnderWay | None:
        there = sign_ins.c.digest == digest, sign_ins.c.expires > now
        row = self._connection.execute(_SIGN_IN.where(*there)).one_or_none()
        if row is None:
            return None
        provider, following, user_id, *proof = row
        return SignInUnderWay(
            provider, following, user_id, None if proof[0] is None else Proof(*proof)
        )

    def remove(self, digest: str) -> bool:
        statement = delete(sign_ins).where(sign_ins.c.digest == digest)
        return self._connection.execute(statement).rowcount == 1


_SIGN_IN = select(
    sign_ins.c.provider,
    sign_ins.c.next,
    sign_ins.c.user_id,
    sign_ins.c.issuer,
    sign_ins.c.subject,
    sign_ins.c.username,
    sign_ins.c.email,
)


class SqlIdentities:
    def __init__(self, connection: Connection, session: Session | None) -> None:
        self._connection = connection
        self._session = session

    def add(self, user_id: int, issuer: str, subject: str, now: datetime) -> None:
        values = {
            "user_id": user_id,
            "digest": _identity_digest(issuer, subject),
            "issuer": issuer,
            "subject": subject,
            "created": now,
            "used": now,
        }
        try:
            self._connection.execute(insert(identities).values(values))
        except IntegrityError as error:
            raise Taken(["identity"]) from error

    def use(self, issuer: str, subject: str, now: datetime) -> int | None:
        this = identities.c.digest == _identity_digest(issuer, subject)
        # Locks the row, too: an identity that is unlinked meanwhile signs nobody in after that.
        if self._connection.execute(update(identities).where(this).values(used=now)).rowcount == 0:
            return None
        return self._connection.scalar(select(identities.c.user_id).where(this))

    def of(self, user_id: int) -> list[StoredIdentity]:
        statement = _IDENTITY.where(identities.c.user_id == user_id).order_by(identities.c.id)
        if self._session is not None:
            # Of two who unlink at once the second sees what the first has left.
            statement = statement.with_for_update()
        return [StoredIdentity(*row) for row in self._connection.execute(statement).all()]

    def remove(self, user_id: int, identity_id: int) -> bool:
        own = identities.c.id == identity_id, identities.c.user_id == user_id
        return self._connection.execute(delete(identities).where(*own)).rowcount == 1


_IDENTITY = select(
    identities.c.id, identities.c.issuer, _text(identities.c.created), _text(identities.c.used)
)


def _forget(connection: Connection, key: Column[Any], own: str, over: ColumnElement[bool]) -> None:
    """Delete rows whose time is over, one's own first; the others where there are not too many."""
    # Looked up before: MariaDB locks every row that a DELETE looks at, and would wait for whoever
    # adds one at the moment.
    found = connection.scalars(select(key).where(over).order_by(key != own).limit(FORGOTTEN)).all()
    if found:
        connection.execute(delete(key.table).where(key.in_(found)))


def _identity_digest(issuer: str, subject: str) -> str:
    return hashlib.sha256(json.dumps([issuer, subject]).encode()).hexdigest()


# --- idempotency keys ----------------------------------------------------------------------------


class SqlIdempotencyKeys:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def find(self, key: str, since: datetime) -> StoredAnswer | None:
        statement = select(idempotency_keys.c.fingerprint, idempotency_keys.c.answer).where(
            idempotency_keys.c.key == key, idempotency_keys.c.created >= since
        )
        row = self._connection.execute(statement).one_or_none()
        return None if row is None else StoredAnswer(*row)

    def claim(self, key: str, fingerprint: str, now: datetime, since: datetime) -> None:
        _forget(self._connection, idempotency_keys.c.key, key, idempotency_keys.c.created < since)
        values = {"key": key, "fingerprint": fingerprint, "answer": b"", "created": now}
        try:
            self._connection.execute(insert(idempotency_keys).values(values))
        except IntegrityError as error:
            raise KeyInUse from error

    def answer(self, key: str, answer: bytes) -> None:
        self._connection.execute(
            update(idempotency_keys).where(idempotency_keys.c.key == key).values(answer=answer)
        )


# --- what staff did ------------------------------------------------------------------------------

_ACTION = select(
    staff_actions.c.id,
    _text(staff_actions.c.at),
    staff_actions.c.staff,
    staff_actions.c.kind,
    staff_actions.c.object_id,
    staff_actions.c.name,
    staff_actions.c.action,
).order_by(staff_actions.c.id.desc())


class SqlActions:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add_all(self, actions: Sequence[NewAction]) -> None:
        self._connection.execute(insert(staff_actions), [asdict(action) for action in actions])

    def add(self, action: NewAction) -> None:
        values = asdict(action)
        if action.staff_id is not None:
            name = select(users.c.username).where(users.c.id == action.staff_id)
            values["staff"] = name.scalar_subquery()
        self._connection.execute(insert(staff_actions).values(values))

    def page(
        self, kind: ActionKind | None, object_id: int | None, limit: int, before: int | None
    ) -> list[schemas.StaffAction]:
        actions, statement = staff_actions.c, _ACTION.limit(limit)
        if kind is not None:
            statement = statement.where(actions.kind == kind)
        if object_id is not None:
            statement = statement.where(actions.object_id == object_id)
        if before is not None:
            statement = statement.where(actions.id < before)
        return [schemas.StaffAction(*row) for row in self._connection.execute(statement).all()]


# --- together ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class SqlRepositories:
    connection: Connection
    session: Session | None

    @cached_property
    def users(self) -> SqlUsers:
        return SqlUsers(self.connection, self.session)

    @cached_property
    def posts(self) -> SqlPosts:
        return SqlPosts(self.connection, self.session)

    @cached_property
    def tokens(self) -> SqlTokens:
        return SqlTokens(self.connection)

    @cached_property
    def sessions(self) -> SqlSessions:
        return SqlSessions(self.connection)

    @cached_property
    def keys(self) -> SqlIdempotencyKeys:
        return SqlIdempotencyKeys(self.connection)

    @cached_property
    def actions(self) -> SqlActions:
        return SqlActions(self.connection)

    @cached_property
    def sign_ins(self) -> SqlSignIns:
        return SqlSignIns(self.connection)

    @cached_property
    def identities(self) -> SqlIdentities:
        return SqlIdentities(self.connection, self.session)


class _turn(AbstractContextManager[int]):  # noqa: N801 # used like contextlib's functions
    """One's turn at the database, and how much longer one may wait for another."""

    __slots__ = ("_looks", "_turns")

    def __init__(self, turns: Turns, looks: int = TURN) -> None:
        self._turns = turns
        self._looks = looks

    def __enter__(self) -> int:
        return self._turns.take(self._looks)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._turns.give(error)


class _Reading(AbstractContextManager[SqlRepositories]):
    """One use case that reads. A class, because every read passes here: see `translated`."""

    __slots__ = ("_connection", "_storage")

    def __init__(self, storage: "SqlStorage") -> None:
        self._storage = storage

    def __enter__(self) -> SqlRepositories:
        self._storage.turns.take()
        try:
            with translated():
                self._connection = self._storage.take_reader()
        except BaseException as error:
            self._storage.turns.give(error)
            raise
        return SqlRepositories(self._connection, None)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if error is None or isinstance(error, BlogError):
                self._storage.give_back(self._connection)
                return
            self._connection.close()
            translated().__exit__(kind, error, trace)
        finally:
            self._storage.turns.give(error)


class _Replica:
    """A server with a copy, asked as long as it answers."""

    def __init__(self, url: str) -> None:
        self.engine = replica_engine(url)
        self._turns = Turns(USERS)
        self._down = False
        self._look_at = 0.0

    def reading(self) -> AbstractContextManager[SqlRepositories] | None:
        """As `Storage.replica`."""
        if self._down:
            if time.monotonic() < self._look_at:
                return None
            # The one who looks may wait; nobody else does meanwhile.
            self._look_at = time.monotonic() + REPLICA_RETRY
        return self._block()

    @contextmanager
    def _block(self) -> Iterator[SqlRepositories]:
        try:
            with _turn(self._turns), self.engine.connect() as connection:
                if self._down:
                    self._down = False
                    log.warning("the replica answers again: whoever is not signed in reads there")
                yield SqlRepositories(connection, None)
        except (DBAPIError, PoolTimeoutError) as error:
            # Whatever it is, a schema that is behind included: the database itself is asked.
            if isinstance(error, DBAPIError):
                self._rest(error)
            raise Unavailable("the replica did not answer") from error

    def _rest(self, error: DBAPIError) -> None:
        self._look_at = time.monotonic() + REPLICA_RETRY
        if not self._down:
            self._down = True
            log.warning(
                "the replica does not answer (%s): everybody reads from the database itself",
                type(error.orig).__name__,
            )

    def close(self) -> None:
        self.engine.dispose()


class SqlStorage:
    """The blog in a database, by its SQLAlchemy URL. Connects when first used.

    `replica_url` is of a server that follows it, if there is one.
    """

    def __init__(self, url: str, replica_url: str = "") -> None:
        self.reader: Engine = reading_engine(url)
        self.writer: Engine = writing_engine(url)
        # Taking an SQLite connection from the pool costs as much as a query. Other databases can
        # hang up in between, which the pool finds out.
        self._keeps = self.reader.dialect.name == "sqlite"
        self._idle: deque[Connection] = deque()
        self.turns = Turns(USERS)
        self._writing_turns = Turns(WRITERS)
        self._probe = Probe(self._look)
        self._replica = _Replica(replica_url) if replica_url else None

    def engines(self) -> dict[str, Engine]:
        """Those that the use cases work on, by what they are for."""
        engines = {"reading": self.reader, "writing": self.writer}
        return engines | ({"replica": self._replica.engine} if self._replica else {})

    def reading(self) -> AbstractContextManager[SqlRepositories]:
        return _Reading(self)

    def replica(self) -> AbstractContextManager[SqlRepositories] | None:
        return self._replica.reading() if self._replica else None

    @contextmanager
    def writing(self) -> Iterator[SqlRepositories]:
        with (
            _turn(self._writing_turns) as looks,
            _turn(self.turns, looks),
            translated(),
            Session(self.writer, expire_on_commit=False, autoflush=False) as session,
            session.begin(),
        ):
            yield SqlRepositories(session.connection(), session)

    def check(self) -> None:
        self._probe()

    def _look(self) -> None:
        with _turn(self.turns), translated(), self.reader.connect() as connection:
            # One that is ahead is served: while the next release comes, both are there.
            if migrate.state(connection) not in ("current", "ahead"):
                raise Unavailable("the database's schema is not yet the one of this release")

    def take_reader(self) -> Connection:
        try:
            return self._idle.pop()
        except IndexError:
            return self.reader.connect()

    def give_back(self, connection: Connection) -> None:
        if self._keeps:
            self._idle.append(connection)
        else:
            connection.close()

    def close(self) -> None:
        while self._idle:
            self._idle.pop().close()
        self.reader.dispose()
        self.writer.dispose()
        if self._replica:
            self._replica.close()


def _writable(session: Session | None) -> Session:
    if session is None:
        raise RuntimeError("entities are loaded to be changed: use Storage.writing()")
    return session


def _by_id(
    statement: Select[Any], column: ColumnElement[int], window: Window, *, descending: bool
) -> Select[Any]:
    descending = descending != window.backward
    if window.after is not None:
        beyond = window.after[0]
        statement = statement.where(column < beyond if descending else column > beyond)
    return statement.order_by(column.desc() if descending else column).limit(window.limit)
