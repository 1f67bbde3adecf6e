"""What staff may do to everybody's posts and accounts, and the record of what they did."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from blog_core import schemas
from blog_core.domain.errors import Forbidden, NotFound, Stale
from blog_core.domain.posts import BlogPost
from blog_core.domain.users import User, name_key
from blog_core.ports import (
    ActionKind,
    Caller,
    Clock,
    Limiter,
    NewAction,
    PasswordHasher,
    Repositories,
    Storage,
)
from blog_core.schemas import Credentials, Operator

Found = TypeVar("Found")
By = Credentials | Operator


@dataclass(frozen=True)
class Staff:
    """What an admin needs beyond the use cases that authors have, which staff call as well.

    `by` is a member of the staff, or the operator at the command line. All raise Unavailable when
    the database does not answer, NotAuthenticated when the credentials are not good, Forbidden when
    they are not a staff member's, and Throttled where they did too much. What is done to several is
    done to all or to none of them; NotFound says that one of them is not there. Everything is
    recorded in the transaction that does it: see `history`.
    """

    storage: Storage
    clock: Clock
    hasher: PasswordHasher
    limiter: Limiter
    authenticate: Callable[[Repositories, Credentials], Caller]

    def member(self, credentials: Credentials) -> schemas.OwnUser:
        """Who it is that comes in."""
        with self.storage.reading() as storage:
            caller = self._admitted(storage, credentials)
            assert caller is not None  # noqa: S101 # only the operator is nobody
            return _there(storage.users.view_own(caller.id))

    # --- users -----------------------------------------------------------------------------------

    def get_user(self, by: By, user_id: int) -> schemas.StaffUser:
        """The account, disabled or not; a change is made from its `version`."""
        with self.storage.reading() as storage:
            self._admitted(storage, by)
            return _there(storage.users.view_account(user_id))

    def list_users(self, by: By, *, after: int = 0, limit: int = 100) -> list[schemas.StaffUser]:
        """Everybody, disabled or not, by id from beyond `after`."""
        with self.storage.reading() as storage:
            self._admitted(storage, by)
            return storage.users.accounts(after, limit)

    def find_user(self, by: By, username: str) -> schemas.StaffUser:
        """The account of this name, disabled or not, without regard to case."""
        with self.storage.reading() as storage:
            self._admitted(storage, by)
            user_id = _there(storage.users.account_id(name_key(username)))
            return _there(storage.users.view_account(user_id))

    def add_user(
        self, by: By, new: schemas.NewUser, *, is_staff: bool = False
    ) -> schemas.StaffUser:
        """Raises Taken."""
        self._count(by)
        password = self.hasher.hash(new.password)
        with self._writing(by) as (storage, caller):
            user = User(
                username=new.username,
                email=new.email,
                password=password,
                joined=self.clock(),
                is_staff=is_staff,
            )
            storage.users.add(user)
            self._record(storage, caller, user, "added")
            return _there(storage.users.view_account(user.id))

    def change_user(
        self,
        by: By,
        user_id: int,
        changes: schemas.AccountChanges,
        version: str | None = None,
    ) -> schemas.StaffUser:
        """What is absent stays. With a `version`, it is the one that the change was made from.

        Disabling a user, and giving them another password, ends their tokens and sessions. Raises
        Stale, Taken, Invalid for a password that is not good enough for this user, and Forbidden
        where somebody would take their own rights.
        """
        self._count(by)
        account = self.get_user(by, user_id)
        present = changes.model_fields_set
        password = None
        if "password" in present:
            username = changes.username if "username" in present else account.username
            email = changes.email if "email" in present else account.email
            schemas.check_password("password", changes.password, username, email)
            # Hashing takes tens of milliseconds: never inside a transaction.
            password = self.hasher.hash(changes.password)
        with self._writing(by) as (storage, caller):
            user = _there(storage.users.get(user_id))
            if version not in (None, user.version):
                raise Stale
            said = _apply(user, changes, password)
            if "disabled" in said or "taken off the staff" in said:
                _check_is_another(caller, user_id)
            storage.users.save(user)
            if not user.is_active or password is not None:
                _end_all(storage, user_id)
            if said:
                self._record(storage, caller, user, " and ".join(said))
            return _there(storage.users.view_account(user_id))

    def set_active(self, by: By, user_ids: Sequence[int], *, active: bool) -> None:
        """Let these users in again, or shut them out: then their tokens and sessions end.

        Raises Forbidden where somebody would shut themselves out.
        """
        self._count(by)
        with self._writing(by) as (storage, caller):
            for user_id in _each(user_ids):
                user = _there(storage.users.get(user_id))
                if not active:
                    _check_is_another(caller, user_id)
                    _end_all(storage, user_id)
                if user.is_active != active:
                    user.is_active = active
                    storage.users.save(user)
                    self._record(storage, caller, user, "enabled" if active else "disabled")

    def remove_users(self, by: By, user_ids: Sequence[int], version: str | None = None) -> None:
        """Delete users with everything that is theirs.

        Raises Forbidden where somebody would delete themselves, Stale as `change_user` does.
        """
        self._count(by)
        with self._writing(by) as (storage, caller):
            for user_id in _each(user_ids):
                _check_is_another(caller, user_id)
                user = _there(storage.users.get(user_id))
                if version not in (None, user.version):
                    raise Stale
                self._record(storage, caller, user, "deleted")
                storage.users.remove(user)

    # --- posts -----------------------------------------------------------------------------------

    def add_post(self, by: By, author_id: int, new: schemas.NewPost) -> schemas.Post:
        """A post of this author's. Raises NotFound where there is no such user."""
        self._count(by)
        with self._writing(by) as (storage, caller):
            _there(storage.users.get(author_id))
            now = self.clock()
            post = BlogPost(
                author_id=author_id,
                title=new.title,
                content=new.content,
                pub_date=new.pub_date,
                created=now,
            )
            storage.posts.add(post)
            _record_post(storage, caller, post, "added", now)
            return _there(storage.posts.view(post.id, caller or _OPERATOR, now))

    def publish_posts(self, by: By, post_ids: Sequence[int]) -> None:
        """Publish now what is not published."""
        self._change_posts(by, post_ids, lambda post, now: post.publish(None, now))

    def unpublish_posts(self, by: By, post_ids: Sequence[int]) -> None:
        """Make drafts of them."""
        self._change_posts(by, post_ids, lambda post, now: post.unpublish(now))

    def remove_posts(self, by: By, post_ids: Sequence[int]) -> None:
        self._count(by)
        with self._writing(by) as (storage, caller):
            now = self.clock()
            for post_id in _each(post_ids):
                post = _there(storage.posts.get(post_id, caller or _OPERATOR, now))
                _record_post(storage, caller, post, "deleted", now)
                storage.posts.remove(post)

    # --- the record ------------------------------------------------------------------------------

    def history(
        self,
        by: By,
        kind: ActionKind | None = None,
        object_id: int | None = None,
        *,
        limit: int = 100,
        before: int | None = None,
    ) -> list[schemas.StaffAction]:
        """What staff did, newest first: to one user or post, or to all of one kind, or to all.

        `before` is the id of an action: only what came before it.
        """
        with self.storage.reading() as storage:
            self._admitted(storage, by)
            return storage.actions.page(kind, object_id, limit, before)

    # --- inside ----------------------------------------------------------------------------------

    def _admitted(self, storage: Repositories, by: By) -> Caller | None:
        if isinstance(by, Operator):
            return None
        caller = self.authenticate(storage, by)
        if not caller.is_staff:
            raise Forbidden("Only staff may do this.")
        return caller

    def _count(self, by: By) -> None:
        # Not in the transaction that writes: others would wait for the count.
        with self.storage.reading() as storage:
            caller = self._admitted(storage, by)
        if caller is not None:
            self.limiter.hit("writes", f"{caller.id}")

    @contextmanager
    def _writing(self, by: By) -> Iterator[tuple[Repositories, Caller | None]]:
        with self.storage.writing() as storage:
            yield storage, self._admitted(storage, by)

    def _change_posts(
        self, by: By, post_ids: Sequence[int], change: Callable[[BlogPost, datetime], object]
    ) -> None:
        self._count(by)
        with self._writing(by) as (storage, caller):
            now = self.clock()
            for post_id in _each(post_ids):
                post = _there(storage.posts.get(post_id, caller or _OPERATOR, now))
                before = Snapshot.of(post)
                change(post, now)
                storage.posts.save(post)
                before.record(storage, caller, post, now)

    def _record(
        self, storage: Repositories, caller: Caller | None, user: User, action: str
    ) -> None:
        staff_id = None if caller is None else caller.id
        storage.actions.add(
            NewAction(self.clock(), staff_id, "user", user.id, user.username, action)
        )


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A post as it was before a change, to tell what the change was."""

    title: str
    content: str
    pub_date: datetime | None

    @classmethod
    def of(cls, post: BlogPost) -> "Snapshot":
        return cls(post.title, post.content, post.pub_date)

    def record(
        self, storage: Repositories, caller: Caller | None, post: BlogPost, now: datetime
    ) -> None:
        """Record what has changed since, where a member of the staff or the operator did it."""
        if caller is not None and not caller.is_staff:
            return
        changed = [
            name for name in ("title", "content") if getattr(self, name) != getattr(post, name)
        ]
        said = [f"changed {', '.join(changed)}"] if changed else []
        if self.pub_date != post.pub_date:
            said.append(_PUT.get(post.status(now), "published"))
        if said:
            _record_post(storage, caller, post, " and ".join(said), now)


_PUT = {"draft": "unpublished", "scheduled": "scheduled"}
# Sees every post, as staff do.
_OPERATOR = Caller(0, is_staff=True)


def record_removal(storage: Repositories, caller: Caller, post: BlogPost, now: datetime) -> None:
    """Record that a post is deleted, where a member of the staff does it."""
    if caller.is_staff:
        _record_post(storage, caller, post, "deleted", now)


def _apply(user: User, changes: schemas.AccountChanges, password: str | None) -> list[str]:
    """Change the user; tell in words what is another now."""
    present = changes.model_fields_set
    named = []
    if "username" in present and changes.username != user.username:
        user.rename(changes.username)
        named.append("username")
    if "email" in present and changes.email != user.email:
        user.change_email(changes.email)
        named.append("email")
    if password is not None:
        user.password = password
        named.append("password")
    said = [f"changed {', '.join(named)}"] if named else []
    if "is_staff" in present and changes.is_staff != user.is_staff:
        user.is_staff = changes.is_staff
        said.append("made staff" if user.is_staff else "taken off the staff")
    if "is_active" in present and changes.is_active != user.is_active:
        user.is_active = changes.is_active
        said.append("enabled" if user.is_active else "disabled")
    return said


def _end_all(storage: Repositories, user_id: int) -> None:
    storage.tokens.remove_others(user_id, None)
    storage.sessions.remove_others(user_id, None)


def _check_is_another(caller: Caller | None, user_id: int) -> None:
    if caller is not None and caller.id == user_id:
        raise Forbidden("This is yourself: somebody else of the staff has to do it.")


def _record_post(
    storage: Repositories, caller: Caller | None, post: BlogPost, action: str, now: datetime
) -> None:
    staff_id = None if caller is None else caller.id
    storage.actions.add(NewAction(now, staff_id, "post", post.id, post.title, action))


def _each(ids: Sequence[int]) -> list[int]:
    # Always in this order, so that two who change the same rows do not wait for each other.
    return sorted(set(ids))


def _there(found: Found | None) -> Found:
    if found is None:
        raise NotFound
    return found
