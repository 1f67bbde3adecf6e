"""A clock that only moves when told, and hashes that cost nothing."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from blog_core.blog import Blog
from blog_core.ports import Storage
from blog_core.schemas import ANYBODY, Credentials, NewUser, SignIn
from blog_core.security.secrets import SecretKey

PASSWORD = "correct horse battery"
SECRET = "a secret of at least 32 characters"


@dataclass
class FakeClock:
    now: datetime = datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def move(self, *, hours: float = 0, seconds: float = 0) -> None:
        self.now += timedelta(hours=hours, seconds=seconds)


class QuickHasher:
    """The port `PasswordHasher` for tests that are not about hashing.

    Hashes that begin with `old` are outdated. `before_hash` runs once, when a password is hashed:
    what happens meanwhile.
    """

    def __init__(self) -> None:
        self.before_hash: Callable[[], object] | None = None

    def hash(self, password: str) -> str:
        meanwhile, self.before_hash = self.before_hash, None
        if meanwhile is not None:
            meanwhile()
        return "new$" + self.digest(password)

    def verify(self, password: str, stored: str | None) -> bool:
        return stored is not None and stored.partition("$")[2] == self.digest(password)

    def outdated(self, stored: str) -> bool:
        return stored.startswith("old$")

    def why_never(self, stored: str) -> str | None:
        return None if stored.startswith(("old$", "new$")) else "Its format is not known."

    @staticmethod
    def digest(password: str) -> str:
        return sha256(password.encode()).hexdigest()


@dataclass
class Site:
    """A blog and what it is made of, with the few steps that most tests begin with."""

    blog: Blog
    storage: Storage
    clock: FakeClock
    hasher: QuickHasher

    def user(self, username: str, *, is_staff: bool = False) -> Credentials:
        """A new user, signed in."""
        email = f"{username}@blog.example"
        new = NewUser(username=username, email=email, password=PASSWORD)
        self.blog.add_user(new, is_staff=is_staff)
        return self.sign_in(username)

    def sign_in(self, username: str, password: str = PASSWORD) -> Credentials:
        token = self.blog.sign_in(SignIn(username=username, password=password)).token
        return Credentials(token)

    def open_session(self, username: str, password: str = PASSWORD) -> Credentials:
        """A browser that this user has signed in with."""
        sign_in = SignIn(username=username, password=password)
        return Credentials(session=self.blog.open_session(ANYBODY, sign_in, "Tests").value)

    def disable(self, credentials: Credentials) -> None:
        user_id = self.blog.get_me(credentials).id
        with self.storage.writing() as repositories:
            user = repositories.users.get(user_id)
            assert user is not None
            user.is_active = False
            repositories.users.save(user)

    def put_hash(self, user_id: int, stored: str) -> None:
        """Give a user the hash that they bring from elsewhere."""
        with self.storage.writing() as repositories:
            current = repositories.users.password_of(user_id)
            assert current is not None
            assert repositories.users.replace_password(current, stored)

    def hash_of(self, user_id: int) -> str:
        with self.storage.reading() as repositories:
            stored = repositories.users.password_of(user_id)
        assert stored is not None
        return stored.hash


def site(storage: Storage, *, rehash: bool = True) -> Site:
    clock, hasher = FakeClock(), QuickHasher()
    blog = Blog(
        storage=storage, clock=clock, hasher=hasher, secrets=SecretKey(SECRET), rehash=rehash
    )
    return Site(blog, storage, clock, hasher)
