"""What the use cases need from the outside, as protocols."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from blog_core import schemas
from blog_core.domain.posts import BlogPost, Status
from blog_core.domain.users import User
from blog_core.settings import Rate


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody whose credentials were good: the user, and the token or session they used."""

    id: int
    is_staff: bool
    token_id: int | None = None
    session_id: int | None = None


@dataclass(frozen=True, slots=True)
class Window:
    """Which part of an ordered list: at most `limit` items beyond `after`, in order or backwards.

    `after` is the sort key of an item, which need not exist any more.
    """

    limit: int
    after: tuple[str | int, ...] | None = None
    backward: bool = False


@dataclass(frozen=True, slots=True)
class PostFilter:
    """Which posts: of one status, of one author, with all of these words."""

    status: Status
    newest_first: bool = True
    author_key: str | None = None
    author_id: int | None = None
    words: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class StoredPassword:
    """A user's password hash as it stood when it was read."""

    user_id: int
    hash: str


@dataclass(frozen=True, slots=True)
class Known:
    """By which names an account is known."""

    username_key: str
    email_key: str


@dataclass(frozen=True, slots=True)
class Proof:
    """What a provider says of whoever signed in there: who, by `issuer` and `subject`.

    `email` is an address in form, though nobody need have checked that it is theirs.
    """

    issuer: str
    subject: str
    username: str = ""
    email: str = ""


@dataclass(frozen=True, slots=True)
class SignInUnderWay:
    """A sign-in with a provider: begun, or, with a `proof`, to be finished here.

    `user_id` is who wants to link it; None for somebody who was not signed in.
    """

    provider: str
    next: str
    user_id: int | None = None
    proof: Proof | None = None


@dataclass(frozen=True, slots=True)
class StoredIdentity:
    """Somebody at a provider who is a user here."""

    id: int
    issuer: str
    created: str
    used: str


class Users(Protocol):
    def add(self, user: User) -> None:
        """Give the user an id. Raises Taken."""

    def add_all(self, users: Sequence[User]) -> list[int]:
        """Add users whom nobody else uses, at once; their ids in this order. Raises Taken."""

    def known(self, username_keys: Sequence[str], email_keys: Sequence[str]) -> list["Known"]:
        """The accounts, disabled or not, that have one of these usernames or emails."""

    def save(self, user: User) -> None:
        """Raises Taken."""

    def remove(self, user: User) -> None:
        """Remove the user with everything that is theirs."""

    def get(self, user_id: int) -> User | None:
        """The user to change; others who want to change it wait until this is done."""

    def password_by_name(self, username_key: str) -> StoredPassword | None:
        """The password of an active user."""

    def password_of(self, user_id: int) -> StoredPassword | None: ...
    def replace_password(self, stored: StoredPassword, new: str) -> bool:
        """Put a new hash, while the user is active and the old one still stands; tell whether."""

    def has_email(self, email_key: str) -> bool:
        """Whether somebody has this email, active or not."""

    def view(self, username_key: str) -> schemas.User | None: ...
    def view_own(self, user_id: int) -> schemas.OwnUser | None: ...
    def accounts(self, after: int, limit: int) -> list[schemas.StaffUser]:
        """Everybody's, disabled or not, by id from beyond this one."""

    def account_id(self, username_key: str) -> int | None:
        """Whose username it is, disabled or not."""

    def view_account(self, user_id: int) -> schemas.StaffUser | None:
        """The account, disabled or not."""

    def page(self, window: Window) -> list[schemas.User]:
        """By id. In the order of the walk: the caller turns a backward page round."""


class Posts(Protocol):
    def add(self, post: BlogPost) -> None:
        """Give the post an id."""

    def save(self, post: BlogPost) -> None:
        """Write the change in one UPDATE on id and version. Raises Stale."""

    def remove(self, post: BlogPost) -> None:
        """Raises Stale."""

    def get(self, post_id: int, caller: Caller, now: datetime) -> BlogPost | None:
        """The post to change, if the caller sees it; locked until the end of the use case."""

    def view(self, post_id: int, caller: Caller | None, now: datetime) -> schemas.Post | None:
        """The post to show, if the caller sees it."""

    def page(self, wanted: PostFilter, window: Window, now: datetime) -> list[schemas.Post]:
        """In the order of the walk: the caller turns a backward page round."""


class Tokens(Protocol):
    def add(self, user_id: int, digest: str, created: datetime, expires: datetime) -> int:
        """The new token's id."""

    def caller(self, digest: str, now: datetime) -> Caller | None:
        """Whose token it is, while it and the user are good."""

    def remove(self, user_id: int, token_id: int) -> bool:
        """Whether the user had such a token."""

    def remove_others(self, user_id: int, token_id: int | None) -> None:
        """All of the user's but this one."""

    def page(self, user_id: int, window: Window, now: datetime) -> list[schemas.Token]: ...


class Sessions(Protocol):
    def add(
        self, user_id: int, digest: str, created: datetime, expires: datetime, browser: str
    ) -> int:
        """The new session's id. The user's expired ones are forgotten."""

    def caller(self, digest: str, now: datetime) -> Caller | None:
        """Whose session it is, while it and the user are good."""

    def remove(self, user_id: int, session_id: int) -> bool:
        """Whether the user had such a session."""

    def remove_others(self, user_id: int, session_id: int | None) -> None:
        """All of the user's but this one."""

    def remove_digest(self, digest: str) -> None:
        """The session with this digest, whoever's it is."""

    def page(self, user_id: int, window: Window, now: datetime) -> list[schemas.Session]: ...
    def opened(self, session_id: int) -> datetime | None:
        """When it was opened."""


class SignIns(Protocol):
    """Sign-ins with a provider, under way for a few minutes."""

    def add(
        self, digest: str, under_way: SignInUnderWay, created: datetime, expires: datetime
    ) -> None:
        """The expired ones are forgotten."""

    def find(self, digest: str, now: datetime) -> SignInUnderWay | None: ...
    def remove(self, digest: str) -> bool:
        """Whether it was there: of two who ask at once it is one's."""


class Identities(Protocol):
    """Who of which provider is which user. Issuer and subject are told apart byte by byte."""

    def add(self, user_id: int, issuer: str, subject: str, now: datetime) -> None:
        """Raises Taken(["identity"]) where they are a user already."""

    def use(self, issuer: str, subject: str, now: datetime) -> int | None:
        """Whose identity it is, which stays so until the transaction ends."""

    def of(self, user_id: int) -> list[StoredIdentity]:
        """The user's, oldest first; nobody else changes them until a writing transaction ends."""

    def remove(self, user_id: int, identity_id: int) -> bool:
        """Whether the user had such an identity."""


@dataclass(frozen=True, slots=True)
class StoredAnswer:
    """What an idempotency key stands for: the request it came with and the answer it got."""

    fingerprint: str
    answer: bytes


class IdempotencyKeys(Protocol):
    def find(self, key: str, since: datetime) -> StoredAnswer | None: ...
    def claim(self, key: str, fingerprint: str, now: datetime, since: datetime) -> None:
        """Take the key for this request, and forget the ones from before `since`.

        Raises KeyInUse when another request with the key is ahead.
        """

    def answer(self, key: str, answer: bytes) -> None:
        """Remember the answer of a claimed key."""


ActionKind = Literal["user", "post"]


@dataclass(frozen=True, slots=True)
class NewAction:
    """What somebody of the staff does, or with None the operator, to a user or post."""

    at: datetime
    staff_id: int | None
    kind: ActionKind
    object_id: int
    name: str
    action: str


class Actions(Protocol):
    """The record of what staff did."""

    def add(self, action: NewAction) -> None:
        """Keep it, with the name that the staff member has now."""

    def add_all(self, actions: Sequence[NewAction]) -> None:
        """Keep what the operator did, at once."""

    def page(
        self, kind: ActionKind | None, object_id: int | None, limit: int, before: int | None
    ) -> list[schemas.StaffAction]:
        """Newest first: to one user or post, to all of a kind, or to all; before an action's id."""


class Repositories(Protocol):
    @property
    def users(self) -> Users: ...
    @property
    def posts(self) -> Posts: ...
    @property
    def tokens(self) -> Tokens: ...
    @property
    def sessions(self) -> Sessions: ...
    @property
    def keys(self) -> IdempotencyKeys: ...
    @property
    def actions(self) -> Actions: ...
    @property
    def sign_ins(self) -> SignIns: ...
    @property
    def identities(self) -> Identities: ...


class Storage(Protocol):
    """Where the blog is kept. A block is a transaction; what it raises undoes it.

    Both raise Unavailable when the database does not answer in time.
    """

    def reading(self) -> AbstractContextManager[Repositories]: ...
    def writing(self) -> AbstractContextManager[Repositories]: ...
    def replica(self) -> AbstractContextManager[Repositories] | None:
        """As `reading`, from a copy that may be behind; None where there is none to ask.

        Its block may raise Unavailable although the database answers.
        """

    def check(self) -> None:
        """Raises Unavailable unless the database answers with the schema of this release."""

    def close(self) -> None: ...


class Clock(Protocol):
    def __call__(self) -> datetime:
        """Now, aware and in UTC."""


class PasswordHasher(Protocol):
    def hash(self, password: str) -> str: ...
    def verify(self, password: str, stored: str | None) -> bool:
        """Whether it is the password. A missing hash costs the same time and is never right."""

    def outdated(self, stored: str) -> bool:
        """Whether the hash should be rewritten now that the password is known."""

    def why_never(self, stored: str) -> str | None:
        """A sentence saying why no password can be right for this hash, or None."""


@dataclass(frozen=True, slots=True)
class Handshake:
    """What ties a sign-in with a provider together: in the browser, in the token, with the code."""

    state: str
    nonce: str
    verifier: str


class OpenId(Protocol):
    """The providers of sign-ins: OpenID Connect's authorization code flow with PKCE.

    Raises ProviderUnavailable where a provider does not answer in time, or not as one.
    """

    @property
    def providers(self) -> Sequence[schemas.Provider]: ...
    def issuer(self, provider: str) -> str: ...
    def authorization_url(self, provider: str, handshake: Handshake) -> str:
        """Where the browser goes to sign in there."""

    def prove(
        self, provider: str, handshake: Handshake, answer: schemas.ProviderAnswer, now: datetime
    ) -> Proof:
        """Who it was, by the answer that the browser came back with.

        Its state has been compared. Raises SignInRefused.
        """

    def close(self) -> None: ...


LimitName = Literal["sign-in-account", "sign-in-network", "sign-up", "writes", "reads"]


class Limiter(Protocol):
    """How often what may be done."""

    @property
    def waits(self) -> bool:
        """Whether a hit may take as long as a store elsewhere: no thing for an event loop."""

    def limits(self, name: LimitName) -> bool:
        """Whether there is such a limit."""

    def hit(self, name: LimitName, key: str) -> None:
        """Count one more of this user, account or network. Raises Throttled above the limit."""

    def prepare(self) -> None:
        """Get ready in the background, that the first hit need not wait."""

    def close(self) -> None: ...


class Windows(Protocol):
    """Where limits are counted."""

    def hit(self, key: str, rate: Rate) -> tuple[int, float]:
        """Count one in the key's window, which begins with the first.

        How many there are now, or more than the quota; and for how many seconds the window still
        stands. Atomic.
        """

    def prepare(self) -> None:
        """Get ready in the background, that the first hit need not wait."""

    def close(self) -> None: ...


class SharedWindows(Protocol):
    """Where several processes count. Used by one thread at a time."""

    def count(
        self, asked: Mapping[tuple[str, int], int]
    ) -> dict[tuple[str, int], tuple[int, float]]:
        """Count so many in the window of each key, which begins with the first for its seconds.

        How many there are now, and for how many seconds the window still stands. Each key is
        counted atomically, and has at most 64 characters. Raises where that cannot be done.
        """

    def close(self) -> None: ...


class Secrets(Protocol):
    """What only those who know the site's secret can make or read."""

    def new_token(self) -> str:
        """A token, or the value of a session: 32 random bytes, printable."""

    def digest(self, token: str) -> str:
        """What is stored of a token or session."""

    def keyed(self, *parts: str) -> str:
        """A message authentication code over the parts, printable."""

    def seal_cursor(self, listing: str, backward: bool, key: Sequence[str | int]) -> str: ...
    def open_cursor(self, listing: str, cursor: str) -> tuple[bool, tuple[str | int, ...]]:
        """Whether it goes backwards, and from where. Raises ValueError unless it is of this list
        and unaltered."""
