"""The twin of `blog_core.storage` in memory: it keeps the ports' promises, without a database."""

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from operator import attrgetter
from typing import Any, Protocol, TypeVar

from blog_core import schemas
from blog_core.domain.errors import KeyInUse, Stale, Taken, Unavailable
from blog_core.domain.instants import format_instant, parse_instant
from blog_core.domain.posts import BlogPost, Status
from blog_core.domain.users import User, account_version
from blog_core.ports import (
    ActionKind,
    Caller,
    Known,
    NewAction,
    PostFilter,
    SignInUnderWay,
    StoredAnswer,
    StoredIdentity,
    StoredPassword,
    Window,
)

LOCK_TIMEOUT = 3.0


@dataclass(frozen=True, kw_only=True)
class UserRow:
    id: int
    username: str
    username_key: str
    email: str
    email_key: str
    password: str
    is_staff: bool
    is_active: bool
    joined: datetime


@dataclass(frozen=True, kw_only=True)
class PostRow:
    id: int
    author_id: int
    title: str
    content: str
    pub_date: datetime | None
    created: datetime
    updated: datetime
    version: int
    search: str


@dataclass(frozen=True, kw_only=True)
class TokenRow:
    id: int
    user_id: int
    digest: str
    created: datetime
    expires: datetime


@dataclass(frozen=True, kw_only=True)
class SessionRow(TokenRow):
    browser: str


@dataclass(frozen=True, kw_only=True)
class IdentityRow:
    id: int
    user_id: int
    issuer: str
    subject: str
    created: datetime
    used: datetime


@dataclass(frozen=True, kw_only=True)
class KeyRow:
    fingerprint: str
    answer: bytes
    created: datetime


@dataclass(frozen=True, kw_only=True)
class ActionRow:
    id: int
    at: datetime
    staff: str | None
    kind: ActionKind
    object_id: int
    name: str
    action: str


@dataclass
class Tables:
    """All that is stored. Rows are never changed, only replaced, so a copy is a snapshot."""

    users: dict[int, UserRow] = field(default_factory=dict)
    posts: dict[int, PostRow] = field(default_factory=dict)
    tokens: dict[int, TokenRow] = field(default_factory=dict)
    sessions: dict[int, SessionRow] = field(default_factory=dict)
    keys: dict[str, KeyRow] = field(default_factory=dict)
    actions: dict[int, ActionRow] = field(default_factory=dict)
    identities: dict[int, IdentityRow] = field(default_factory=dict)
    sign_ins: dict[str, tuple[SignInUnderWay, datetime]] = field(default_factory=dict)
    last_id: int = 0

    def copy(self) -> "Tables":
        return Tables(
            dict(self.users),
            dict(self.posts),
            dict(self.tokens),
            dict(self.sessions),
            dict(self.keys),
            dict(self.actions),
            dict(self.identities),
            dict(self.sign_ins),
            self.last_id,
        )

    def next_id(self) -> int:
        self.last_id += 1
        return self.last_id


class Row(Protocol):
    @property
    def id(self) -> int: ...


AnyRow = TypeVar("AnyRow", bound=Row)


def window_of(
    rows: Iterable[AnyRow],
    window: Window,
    key: Callable[[AnyRow], tuple[Any, ...]],
    *,
    descending: bool,
    after: tuple[Any, ...] | None,
) -> list[AnyRow]:
    """The rows a window shows, in the order of the walk."""
    descending = descending != window.backward
    ordered = sorted(rows, key=key, reverse=descending)
    if after is not None:
        ordered = [row for row in ordered if (key(row) < after if descending else key(row) > after)]
    return ordered[: window.limit]


class MemoryUsers:
    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    def add(self, user: User) -> None:
        self._check(user, None)
        user.id = self._tables.next_id()
        self._put(user)

    def add_all(self, users: Sequence[User]) -> list[int]:
        for user in users:
            self.add(user)
        return [user.id for user in users]

    def known(self, username_keys: Sequence[str], email_keys: Sequence[str]) -> list[Known]:
        return [
            Known(row.username_key, row.email_key)
            for row in self._tables.users.values()
            if row.username_key in username_keys or row.email_key in email_keys
        ]

    def save(self, user: User) -> None:
        self._check(user, user.id)
        self._put(user)

    def remove(self, user: User) -> None:
        tables = self._tables
        del tables.users[user.id]
        for post in [post for post in tables.posts.values() if post.author_id == user.id]:
            del tables.posts[post.id]
        for token in [token for token in tables.tokens.values() if token.user_id == user.id]:
            del tables.tokens[token.id]
        for session in [one for one in tables.sessions.values() if one.user_id == user.id]:
            del tables.sessions[session.id]
        for identity in [one for one in tables.identities.values() if one.user_id == user.id]:
            del tables.identities[identity.id]
        begun = [key for key, (one, _) in tables.sign_ins.items() if one.user_id == user.id]
        for digest in begun:
            del tables.sign_ins[digest]

    def get(self, user_id: int) -> User | None:
        row = self._tables.users.get(user_id)
        if row is None:
            return None
        user = User(
            username=row.username,
            email=row.email,
            password=row.password,
            joined=row.joined,
            is_staff=row.is_staff,
            is_active=row.is_active,
        )
        user.id = row.id
        return user

    def password_by_name(self, username_key: str) -> StoredPassword | None:
        row = self._named(username_key)
        return None if row is None else StoredPassword(row.id, row.password)

    def password_of(self, user_id: int) -> StoredPassword | None:
        row = self._tables.users.get(user_id)
        return StoredPassword(row.id, row.password) if row and row.is_active else None

    def replace_password(self, stored: StoredPassword, new: str) -> bool:
        if self.password_of(stored.user_id) != stored:
            return False
        row = self._tables.users[stored.user_id]
        self._tables.users[row.id] = replace(row, password=new)
        return True

    def has_email(self, email_key: str) -> bool:
        return any(row.email_key == email_key for row in self._tables.users.values())

    def view(self, username_key: str) -> schemas.User | None:
        row = self._named(username_key)
        return None if row is None else _user(row)

    def view_own(self, user_id: int) -> schemas.OwnUser | None:
        row = self._tables.users.get(user_id)
        if row is None:
            return None
        joined = format_instant(row.joined)
        return schemas.OwnUser(row.id, row.username, joined, row.email, row.is_staff)

    def accounts(self, after: int, limit: int) -> list[schemas.StaffUser]:
        found = [self.view_account(user_id) for user_id in sorted(self._tables.users)]
        return [account for account in found if account and account.id > after][:limit]

    def account_id(self, username_key: str) -> int | None:
        rows = self._tables.users.values()
        return next((row.id for row in rows if row.username_key == username_key), None)

    def view_account(self, user_id: int) -> schemas.StaffUser | None:
        row = self._tables.users.get(user_id)
        if row is None:
            return None
        told = (row.username, row.email, row.is_staff, row.is_active)
        joined = format_instant(row.joined)
        return schemas.StaffUser(
            row.id, row.username, joined, *told[1:], version=account_version(*told)
        )

    def page(self, window: Window) -> list[schemas.User]:
        active = (row for row in self._tables.users.values() if row.is_active)
        rows = window_of(active, window, _by_id, descending=False, after=window.after)
        return [_user(row) for row in rows]

    def _named(self, username_key: str) -> UserRow | None:
        return next(
            (
                row
                for row in self._tables.users.values()
                if row.username_key == username_key and row.is_active
            ),
            None,
        )

    def _check(self, user: User, own_id: int | None) -> None:
        others = [row for row in self._tables.users.values() if row.id != own_id]
        taken = [
            name
            for name in ("username", "email")
            if getattr(user, f"{name}_key") in map(attrgetter(f"{name}_key"), others)
        ]
        if taken:
            raise Taken(taken)

    def _put(self, user: User) -> None:
        self._tables.users[user.id] = UserRow(
            id=user.id,
            username=user.username,
            username_key=user.username_key,
            email=user.email,
            email_key=user.email_key,
            password=user.password,
            is_staff=user.is_staff,
            is_active=user.is_active,
            joined=user.joined,
        )


class MemoryPosts:
    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self._loaded: dict[int, int] = {}

    def add(self, post: BlogPost) -> None:
        post.id = self._tables.next_id()
        self._put(post)

    def save(self, post: BlogPost) -> None:
        if post.version != self._loaded[post.id]:
            self._check(post)
            self._put(post)

    def remove(self, post: BlogPost) -> None:
        self._check(post)
        del self._tables.posts[post.id]

    def get(self, post_id: int, caller: Caller, now: datetime) -> BlogPost | None:
        row = self._tables.posts.get(post_id)
        if row is None or not _visible(row, caller, now):
            return None
        post = BlogPost(
            author_id=row.author_id,
            title=row.title,
            content=row.content,
            pub_date=row.pub_date,
            created=row.created,
        )
        post.id, post.updated, post.version, post.search = (
            row.id,
            row.updated,
            row.version,
            row.search,
        )
        post.author = self._tables.users[row.author_id].username
        self._loaded[post_id] = row.version
        return post

    def view(self, post_id: int, caller: Caller | None, now: datetime) -> schemas.Post | None:
        row = self._tables.posts.get(post_id)
        return None if row is None or not _visible(row, caller, now) else self._view(row, now)

    def page(self, wanted: PostFilter, window: Window, now: datetime) -> list[schemas.Post]:
        if wanted.words is not None and not wanted.words:
            return []
        after = None
        if window.after is not None:
            instant, post_id = window.after
            after = (parse_instant(str(instant)), post_id)
        rows = window_of(
            (row for row in self._tables.posts.values() if self._matches(row, wanted, now)),
            window,
            lambda row: (row.pub_date or row.created, row.id),
            descending=wanted.newest_first,
            after=after,
        )
        return [self._view(row, now) for row in rows]

    def _matches(self, row: PostRow, wanted: PostFilter, now: datetime) -> bool:
        author = self._tables.users[row.author_id]
        return (
            _status(row, now) == wanted.status
            and wanted.author_key in (None, author.username_key)
            and wanted.author_id in (None, author.id)
            and set(wanted.words or ()) <= set(row.search.split(" "))
        )

    def _view(self, row: PostRow, now: datetime) -> schemas.Post:
        return schemas.Post(
            row.id,
            row.title,
            row.content,
            None if row.pub_date is None else format_instant(row.pub_date),
            _status(row, now),
            schemas.Author(row.author_id, self._tables.users[row.author_id].username),
            format_instant(row.created),
            format_instant(row.updated),
            row.version,
        )

    def _check(self, post: BlogPost) -> None:
        row = self._tables.posts.get(post.id)
        if row is None or row.version != self._loaded[post.id]:
            raise Stale

    def _put(self, post: BlogPost) -> None:
        self._loaded[post.id] = post.version
        self._tables.posts[post.id] = PostRow(
            id=post.id,
            author_id=post.author_id,
            title=post.title,
            content=post.content,
            pub_date=post.pub_date,
            created=post.created,
            updated=post.updated,
            version=post.version,
            search=post.search,
        )


class MemoryTokens:
    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    def add(self, user_id: int, digest: str, created: datetime, expires: datetime) -> int:
        row = TokenRow(
            id=self._tables.next_id(),
            user_id=user_id,
            digest=digest,
            created=created,
            expires=expires,
        )
        self._tables.tokens[row.id] = row
        return row.id

    def caller(self, digest: str, now: datetime) -> Caller | None:
        for row in self._tables.tokens.values():
            user = self._tables.users[row.user_id]
            if row.digest == digest and row.expires > now and user.is_active:
                return Caller(user.id, user.is_staff, row.id)
        return None

    def remove(self, user_id: int, token_id: int) -> bool:
        row = self._tables.tokens.get(token_id)
        if row is None or row.user_id != user_id:
            return False
        del self._tables.tokens[token_id]
        return True

    def remove_others(self, user_id: int, token_id: int | None) -> None:
        for row in list(self._tables.tokens.values()):
            if row.user_id == user_id and row.id != token_id:
                del self._tables.tokens[row.id]

    def page(self, user_id: int, window: Window, now: datetime) -> list[schemas.Token]:
        own = (
            row
            for row in self._tables.tokens.values()
            if row.user_id == user_id and row.expires > now
        )
        rows = window_of(own, window, _by_id, descending=True, after=window.after)
        return [
            schemas.Token(row.id, format_instant(row.created), format_instant(row.expires))
            for row in rows
        ]


class MemorySessions:
    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    def add(
        self, user_id: int, digest: str, created: datetime, expires: datetime, browser: str
    ) -> int:
        self._drop(lambda row: row.user_id == user_id and row.expires <= created)
        row = SessionRow(
            id=self._tables.next_id(),
            user_id=user_id,
            digest=digest,
            created=created,
            expires=expires,
            browser=browser,
        )
        self._tables.sessions[row.id] = row
        return row.id

    def caller(self, digest: str, now: datetime) -> Caller | None:
        for row in self._tables.sessions.values():
            user = self._tables.users[row.user_id]
            if row.digest == digest and row.expires > now and user.is_active:
                return Caller(user.id, user.is_staff, session_id=row.id)
        return None

    def remove(self, user_id: int, session_id: int) -> bool:
        return self._drop(lambda row: row.user_id == user_id and row.id == session_id)

    def remove_others(self, user_id: int, session_id: int | None) -> None:
        self._drop(lambda row: row.user_id == user_id and row.id != session_id)

    def remove_digest(self, digest: str) -> None:
        self._drop(lambda row: row.digest == digest)

    def opened(self, session_id: int) -> datetime | None:
        row = self._tables.sessions.get(session_id)
        return None if row is None else row.created

    def page(self, user_id: int, window: Window, now: datetime) -> list[schemas.Session]:
        own = (
            row
            for row in self._tables.sessions.values()
            if row.user_id == user_id and row.expires > now
        )
        return [
            schemas.Session(
                row.id, format_instant(row.created), format_instant(row.expires), row.browser
            )
            for row in window_of(own, window, _by_id, descending=True, after=window.after)
        ]

    def _drop(self, unwanted: Callable[[SessionRow], bool]) -> bool:
        rows = self._tables.sessions
        dropped = [row.id for row in rows.values() if unwanted(row)]
        for session_id in dropped:
            del rows[session_id]
        return bool(dropped)


class MemoryIdempotencyKeys:
    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    def find(self, key: str, since: datetime) -> StoredAnswer | None:
        row = self._tables.keys.get(key)
        if row is None or row.created < since:
            return None
        return StoredAnswer(row.fingerprint, row.answer)

    def claim(self, key: str, fingerprint: str, now: datetime, since: datetime) -> None:
        keys = self._tables.keys
        for old in [name for name, row in keys.items() if row.created < since]:
            del keys[old]
        if key in keys:
            raise KeyInUse
        keys[key] = KeyRow(fingerprint=fingerprint, answer=b"", created=now)

    def answer(self, key: str, answer: bytes) -> None:
        self._tables.keys[key] = replace(self._tables.keys[key], answer=answer)


class MemoryActions:
    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    def add_all(self, actions: Sequence[NewAction]) -> None:
        for action in actions:
            self.add(action)

    def add(self, action: NewAction) -> None:
        staff_id = action.staff_id
        row = ActionRow(
            id=self._tables.next_id(),
            at=action.at,
            staff=None if staff_id is None else self._tables.users[staff_id].username,
            kind=action.kind,
            object_id=action.object_id,
            name=action.name,
            action=action.action,
        )
        self._tables.actions[row.id] = row

    def page(
        self, kind: ActionKind | None, object_id: int | None, limit: int, before: int | None
    ) -> list[schemas.StaffAction]:
        rows = [
            row
            for row in sorted(self._tables.actions.values(), key=_by_id, reverse=True)
            if kind in (None, row.kind)
            and object_id in (None, row.object_id)
            and (before is None or row.id < before)
        ]
        return [
            schemas.StaffAction(
                row.id,
                format_instant(row.at),
                row.staff,
                row.kind,
                row.object_id,
                row.name,
                row.action,
            )
            for row in rows[:limit]
        ]


class MemorySignIns:
    def __init__(self, tables: Tables) -> None:
        self._rows = tables.sign_ins

    def add(
        self, digest: str, under_way: SignInUnderWay, created: datetime, expires: datetime
    ) -> None:
        for over in [key for key, (_, end) in self._rows.items() if end <= created]:
            del self._rows[over]
        self._rows[digest] = under_way, expires

    def find(self, digest: str, now: datetime) -> SignInUnderWay | None:
        under_way, expires = self._rows.get(digest, (None, now))
        return under_way if expires > now else None

    def remove(self, digest: str) -> bool:
        return self._rows.pop(digest, None) is not None


class MemoryIdentities:
    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self._rows = tables.identities

    def add(self, user_id: int, issuer: str, subject: str, now: datetime) -> None:
        if self._of(issuer, subject) is not None:
            raise Taken(["identity"])
        row = IdentityRow(
            id=self._tables.next_id(),
            user_id=user_id,
            issuer=issuer,
            subject=subject,
            created=now,
            used=now,
        )
        self._rows[row.id] = row

    def use(self, issuer: str, subject: str, now: datetime) -> int | None:
        row = self._of(issuer, subject)
        if row is None:
            return None
        self._rows[row.id] = replace(row, used=now)
        return row.user_id

    def of(self, user_id: int) -> list[StoredIdentity]:
        return [
            StoredIdentity(
                row.id, row.issuer, format_instant(row.created), format_instant(row.used)
            )
            for row in self._rows.values()
            if row.user_id == user_id
        ]

    def remove(self, user_id: int, identity_id: int) -> bool:
        row = self._rows.get(identity_id)
        if row is None or row.user_id != user_id:
            return False
        del self._rows[identity_id]
        return True

    def _of(self, issuer: str, subject: str) -> IdentityRow | None:
        wanted = issuer, subject
        return next(
            (row for row in self._rows.values() if (row.issuer, row.subject) == wanted), None
        )


class MemoryRepositories:
    def __init__(self, tables: Tables) -> None:
        self.users = MemoryUsers(tables)
        self.posts = MemoryPosts(tables)
        self.tokens = MemoryTokens(tables)
        self.sessions = MemorySessions(tables)
        self.keys = MemoryIdempotencyKeys(tables)
        self.actions = MemoryActions(tables)
        self.sign_ins = MemorySignIns(tables)
        self.identities = MemoryIdentities(tables)


class MemoryStorage:
    """The port `Storage`: a writing block works on a copy, which takes the place when it ends."""

    def __init__(self) -> None:
        self.tables = Tables()
        self._writer = threading.Lock()

    @contextmanager
    def reading(self) -> Iterator[MemoryRepositories]:
        yield MemoryRepositories(self.tables.copy())

    @contextmanager
    def writing(self) -> Iterator[MemoryRepositories]:
        if not self._writer.acquire(timeout=LOCK_TIMEOUT):
            raise Unavailable("another writer took too long")
        try:
            tables = self.tables.copy()
            yield MemoryRepositories(tables)
            self.tables = tables
        finally:
            self._writer.release()

    def replica(self) -> None:
        """There is one copy."""

    def check(self) -> None:
        """Memory always answers."""

    def close(self) -> None:
        """There is nothing to give back."""


def _user(row: UserRow) -> schemas.User:
    return schemas.User(row.id, row.username, format_instant(row.joined))


def _status(row: PostRow, now: datetime) -> Status:
    if row.pub_date is None:
        return "draft"
    return "published" if row.pub_date <= now else "scheduled"


def _visible(row: PostRow, caller: Caller | None, now: datetime) -> bool:
    own = caller is not None and (caller.is_staff or caller.id == row.author_id)
    return own or _status(row, now) == "published"


def _by_id(row: Row) -> tuple[int]:
    return (row.id,)
