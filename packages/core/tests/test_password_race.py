"""Signing in with the old password while it is changed: every order in which the two can go on.

Each stops before it reads, writes, verifies or hashes, and goes on when it is told to. A
transaction is one step: that two of them do not mix is the storage's promise, and tested there.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from itertools import combinations
from typing import Any, cast

import pytest

from blog_core.blog import Blog
from blog_core.domain.errors import NotAuthenticated, WrongPassword
from blog_core.ports import Repositories, StoredPassword, Users
from blog_core.schemas import ANYBODY, Credentials, PasswordChange, SignIn

from .fakes import PASSWORD, QuickHasher, Site, site
from .memory import MemoryStorage

NEW_PASSWORD = "battery staple correct"
OLD = SignIn(username="ada", password=PASSWORD)
STEPS = 5
"""Turns of each, where nothing comes between: four steps, and the way to the first."""

ORDERS = [
    tuple(0 if step in mine else 1 for step in range(2 * STEPS))
    for mine in combinations(range(2 * STEPS), STEPS)
]
SIGN_INS: dict[str, Callable[[Blog], Credentials]] = {
    "token": lambda blog: Credentials(blog.sign_in(OLD).token),
    "session": lambda blog: Credentials(session=blog.open_session(ANYBODY, OLD).value),
}


class Turns:
    """Two threads of which one goes on at a time, from one stop to the next."""

    def __init__(self) -> None:
        self._mine = threading.local()
        self._back = threading.Semaphore(0)

    def stop(self) -> None:
        """Wait for one's next turn. Who has no turns goes on."""
        go = getattr(self._mine, "go", None)
        if go is not None:
            self._back.release()
            assert go.acquire(timeout=20)

    def run(self, acts: tuple[Callable[[], object], ...], order: tuple[int, ...]) -> list[Any]:
        """What they came to; who has turns left when the order ends takes them then."""
        results: list[Any] = [None] * len(acts)
        goes = [threading.Semaphore(0) for _ in acts]

        def go_on(number: int) -> None:
            self._mine.go = goes[number]
            assert goes[number].acquire(timeout=20)
            try:
                results[number] = acts[number]()
            except Exception as error:
                results[number] = error
            finally:
                self._back.release()

        threads = [threading.Thread(target=go_on, args=(number,)) for number in range(len(acts))]
        for thread in threads:
            thread.start()
        left = set(range(len(acts)))
        for number in [*order, *(who for _ in range(50) for who in range(len(acts)))]:
            if number in left:
                goes[number].release()
                assert self._back.acquire(timeout=20)
                if results[number] is not None:
                    left.remove(number)
        for thread in threads:
            thread.join(20)
        assert not left
        return results


@dataclass
class SteppedHasher:
    hasher: QuickHasher
    turns: Turns

    def hash(self, password: str) -> str:
        self.turns.stop()
        return self.hasher.hash(password)

    def verify(self, password: str, stored: str | None) -> bool:
        self.turns.stop()
        return self.hasher.verify(password, stored)

    def outdated(self, stored: str) -> bool:
        return self.hasher.outdated(stored)

    def why_never(self, stored: str) -> str | None:
        return self.hasher.why_never(stored)


@dataclass
class SteppedStorage:
    storage: Any
    turns: Turns
    changed: Callable[[Repositories], Repositories] = lambda storage: storage

    def reading(self) -> AbstractContextManager[Repositories]:
        self.turns.stop()
        return cast("AbstractContextManager[Repositories]", self.storage.reading())

    def replica(self) -> None:
        """There is one copy."""

    @contextmanager
    def writing(self) -> Iterator[Repositories]:
        self.turns.stop()
        with self.storage.writing() as storage:
            yield self.changed(storage)

    def check(self) -> None:
        self.storage.check()

    def close(self) -> None:
        self.storage.close()


def is_good(blog: Blog, credentials: Credentials) -> bool:
    try:
        blog.get_me(credentials)
    except NotAuthenticated:
        return False
    return True


def signs_in(blog_site: Site, password: str) -> bool:
    try:
        blog_site.sign_in("ada", password)
    except WrongPassword:
        return False
    return True


def changes(blog: Blog, credentials: Credentials) -> str:
    change = PasswordChange(current_password=PASSWORD, new_password=NEW_PASSWORD)
    blog.change_password(credentials, change)
    return "changed"


def wrongs(
    blog_site: Site,
    sign_in: Callable[[Blog], Credentials],
    prefix: str,
    changed: Callable[[Repositories], Repositories] = lambda storage: storage,
) -> Iterator[tuple[tuple[int, ...], str]]:
    """Each order that ends in something it must not, and what that is."""
    ada = blog_site.user("ada")
    user_id = blog_site.blog.get_me(ada).id
    old = f"{prefix}$" + QuickHasher.digest(PASSWORD)
    for order in ORDERS:
        blog_site.put_hash(user_id, old)
        turns = Turns()
        blog = replace(
            blog_site.blog,
            storage=SteppedStorage(blog_site.storage, turns, changed),
            hasher=SteppedHasher(blog_site.hasher, turns),
        )
        acts = (partial(sign_in, blog), partial(changes, blog, ada))
        signed_in, done = turns.run(acts, order)
        if done != "changed":
            yield order, f"the change failed: {done!r}"
        if isinstance(signed_in, Credentials):
            if is_good(blog_site.blog, signed_in):
                yield order, "what the old password opened is open"
        elif not isinstance(signed_in, WrongPassword):
            yield order, f"signing in failed: {signed_in!r}"
        if signs_in(blog_site, PASSWORD):
            yield order, "the old password is back"
        if not is_good(blog_site.blog, ada):
            yield order, "who changed the password is signed out"
        if not signs_in(blog_site, NEW_PASSWORD):
            yield order, "the new password is none"


@pytest.mark.once
@pytest.mark.sentence("rehash", "password-change")
@pytest.mark.parametrize("prefix", ["old", "new"], ids=["outdated", "current"])
@pytest.mark.parametrize("sign_in", SIGN_INS.values(), ids=SIGN_INS)
def test_the_old_password_never_comes_back(
    blog_site: Site, sign_in: Callable[[Blog], Credentials], prefix: str
) -> None:
    assert 252 == len(ORDERS)
    assert [] == list(wrongs(blog_site, sign_in, prefix))


@dataclass
class Blind:
    """Users whose hashes are rewritten whatever stands there by now."""

    users: Users

    def __getattr__(self, name: str) -> Any:
        return getattr(self.users, name)

    def replace_password(self, stored: StoredPassword, new: str) -> bool:
        now = self.users.password_of(stored.user_id)
        assert now is not None
        return self.users.replace_password(now, new)


@dataclass
class BlindRepositories:
    repositories: Repositories

    def __getattr__(self, name: str) -> Any:
        return getattr(self.repositories, name)

    @property
    def users(self) -> Users:
        return cast("Users", Blind(self.repositories.users))


@pytest.mark.parametrize("prefix", ["old", "new"], ids=["outdated", "current"])
@pytest.mark.parametrize("sign_in", SIGN_INS.values(), ids=SIGN_INS)
def test_a_blind_rewrite_is_noticed(sign_in: Callable[[Blog], Credentials], prefix: str) -> None:
    def blind(storage: Repositories) -> Repositories:
        return cast("Repositories", BlindRepositories(storage))

    expected = {"the old password is back", "what the old password opened is open"}
    found = {what for _, what in wrongs(site(MemoryStorage()), sign_in, prefix, blind)}
    assert expected <= found
