"""Every use case of the blog, one method each: the only door for adapters."""

import hmac
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, TypeVar

from pydantic import BaseModel, TypeAdapter

from blog_core import schemas
from blog_core.domain.browsers import browser_name
from blog_core.domain.errors import (
    FieldError,
    Forbidden,
    Invalid,
    KeyInUse,
    LastWayIn,
    NotAuthenticated,
    NotFound,
    NotFresh,
    OutOfService,
    SessionOver,
    SignInRefused,
    Stale,
    Taken,
    Unavailable,
    VersionRequired,
    WrongPassword,
)
from blog_core.domain.instants import format_instant
from blog_core.domain.posts import BlogPost
from blog_core.domain.search import words
from blog_core.domain.users import NO_PASSWORD, User, has_password, name_key
from blog_core.importing import Importing
from blog_core.ports import (
    Caller,
    Clock,
    Handshake,
    Limiter,
    LimitName,
    OpenId,
    PasswordHasher,
    PostFilter,
    Proof,
    Repositories,
    Secrets,
    SignInUnderWay,
    Storage,
    StoredPassword,
    Window,
)
from blog_core.schemas import Credentials, Expected
from blog_core.staff import Snapshot, Staff, record_removal

Out = TypeVar("Out")
KEY_LIFETIME = timedelta(hours=24)
KEY_FIELD = "Idempotency-Key"
DEFAULT_LIMIT = 20
# How often a password is verified anew because its hash was rewritten meanwhile.
TRIES = 3
SIGN_IN_LIFETIME = timedelta(minutes=10)
FRESH = timedelta(minutes=10)


class Unlimited:
    """The port `Limiter` where nothing is limited: scripts, and tests about other things."""

    waits = False

    def limits(self, name: LimitName) -> bool:
        return False

    def hit(self, name: LimitName, key: str) -> None:
        """Once more is fine."""

    def prepare(self) -> None:
        """There is nothing to get ready."""

    def close(self) -> None:
        """There is nothing to give back."""


UNLIMITED = Unlimited()


class NoProviders:
    """The port `OpenId` where people sign in with a password only."""

    providers: Sequence[schemas.Provider] = ()

    def issuer(self, provider: str) -> str:
        raise NotFound

    def authorization_url(self, provider: str, handshake: Handshake) -> str:
        raise NotFound

    def prove(
        self, provider: str, handshake: Handshake, answer: schemas.ProviderAnswer, now: datetime
    ) -> Proof:
        raise NotFound

    def close(self) -> None:
        """There is nothing to give back."""


NO_PROVIDERS = NoProviders()


@dataclass(frozen=True)
class Blog:
    """The blog. Every method authenticates its caller, authorises, acts and commits once.

    All raise Unavailable when the database does not answer, NotAuthenticated when the credentials
    are not good (or are needed and missing), and, of a post the caller must not know about,
    NotFound. A token and a session give the same rights. What changes something, or tries a
    password, raises Throttled where that was done too often.
    """

    storage: Storage
    clock: Clock
    hasher: PasswordHasher
    secrets: Secrets
    limiter: Limiter = UNLIMITED
    openid: OpenId = NO_PROVIDERS
    token_lifetime: timedelta = timedelta(days=30)
    session_lifetime: timedelta = timedelta(days=14)
    rehash: bool = True
    draining: Callable[[], bool] = bool

    # --- users -----------------------------------------------------------------------------------

    def sign_up(self, new: schemas.NewUser, key: str | None = None) -> schemas.OwnUser:
        """A new user. Raises Taken; Invalid or KeyInUse about the idempotency key."""
        return self.add_user(new, key=key)

    def add_user(
        self, new: schemas.NewUser, *, is_staff: bool = False, key: str | None = None
    ) -> schemas.OwnUser:
        """A new user by whoever runs the site, who may also make staff. Raises like `sign_up`."""
        _check_key(key)
        password = self.hasher.hash(new.password)

        def add(storage: Repositories, _: Caller | None) -> schemas.OwnUser:
            user = User(
                username=new.username,
                email=new.email,
                password=password,
                joined=self.clock(),
                is_staff=is_staff,
            )
            storage.users.add(user)
            return _there(storage.users.view_own(user.id))

        return self._once(new, key, schemas.OwnUser, add)

    def list_users(
        self, credentials: Credentials, query: schemas.PageQuery
    ) -> schemas.Page[schemas.User]:
        """All users, by id. Raises Invalid for a cursor of another list."""
        walk = self._walk("users", query, descending=False)

        def found(storage: Repositories) -> schemas.Page[schemas.User]:
            self._caller_if_any(storage, credentials)
            return walk.page(storage.users.page, lambda user: (user.id,))

        return self._read(credentials, found)

    def get_user(self, credentials: Credentials, username: str) -> schemas.User:
        def found(storage: Repositories) -> schemas.User:
            self._caller_if_any(storage, credentials)
            return _there(storage.users.view(name_key(username)))

        return self._read(credentials, found)

    def get_me(self, credentials: Credentials) -> schemas.OwnUser:
        with self.storage.reading() as storage:
            return _there(storage.users.view_own(self._caller(storage, credentials).id))

    def change_me(self, credentials: Credentials, changes: schemas.UserChanges) -> schemas.OwnUser:
        """Rename, or change the email: what is absent stays. Raises Taken."""
        self._count_write(credentials)
        with self.storage.writing() as storage:
            user = _there(storage.users.get(self._caller(storage, credentials).id))
            if "username" in changes.model_fields_set:
                user.rename(changes.username)
            if "email" in changes.model_fields_set:
                user.change_email(changes.email)
            storage.users.save(user)
            return _there(storage.users.view_own(user.id))

    def delete_me(self, credentials: Credentials) -> None:
        """Delete the caller with their posts, tokens and sessions."""
        self._count_write(credentials)
        with self.storage.writing() as storage:
            storage.users.remove(_there(storage.users.get(self._caller(storage, credentials).id)))

    def change_password(self, credentials: Credentials, change: schemas.PasswordChange) -> None:
        """Change the password and end every other token and session.

        Raises Forbidden when the current password is not right, Invalid when the new one is not
        good enough for this user.
        """
        with self.storage.reading() as storage:
            caller = self._caller(storage, credentials)
            user = _there(storage.users.view_own(caller.id))
            stored = _there(storage.users.password_of(caller.id))
        self.limiter.hit("writes", f"{caller.id}")
        self._count_sign_in(user.username)
        password = None
        for _ in range(TRIES):
            # Hashing takes tens of milliseconds: never inside a transaction.
            if not self.hasher.verify(change.current_password, stored.hash):
                break
            if password is None:
                new, names = change.new_password, (user.username, user.email)
                schemas.check_password("new_password", new, *names)
                password = self.hasher.hash(new)
            with self.storage.writing() as storage:
                caller = self._caller(storage, credentials)
                if storage.users.replace_password(stored, password):
                    storage.tokens.remove_others(caller.id, caller.token_id)
                    storage.sessions.remove_others(caller.id, caller.session_id)
                    return
                # Rewritten by a sign-in, or changed: verify against what stands now.
                stored = _there(storage.users.password_of(caller.id))
        raise Forbidden("The current password is not right.")

    # --- tokens ----------------------------------------------------------------------------------

    def sign_in(self, sign_in: schemas.SignIn, key: str | None = None) -> schemas.NewToken:
        """A new token. Raises WrongPassword, alike and as late for unknown and disabled users."""
        _check_key(key)
        return self._with_password(sign_in, lambda stored: self._new_token(stored, sign_in, key))

    def list_tokens(
        self, credentials: Credentials, query: schemas.PageQuery
    ) -> schemas.Page[schemas.Token]:
        """The caller's tokens, newest first. Raises Invalid for a cursor of another list."""
        _check_present(credentials)
        walk = self._walk("tokens", query, descending=True)
        with self.storage.reading() as storage:
            caller, now = self._caller(storage, credentials), self.clock()
            return walk.page(
                lambda window: storage.tokens.page(caller.id, window, now),
                lambda token: (token.id,),
            )

    def end_token(self, credentials: Credentials, token_id: int) -> None:
        """Sign out with one of the caller's tokens."""
        self._count_write(credentials)
        with self.storage.writing() as storage:
            if not storage.tokens.remove(self._caller(storage, credentials).id, token_id):
                raise NotFound

    def end_current_token(self, credentials: Credentials) -> None:
        """Sign out with the token or session that is sent."""
        self._count_write(credentials)
        with self.storage.writing() as storage:
            caller = self._caller(storage, credentials)
            if caller.token_id is not None:
                storage.tokens.remove(caller.id, caller.token_id)
            if caller.session_id is not None:
                storage.sessions.remove(caller.id, caller.session_id)

    # --- sessions --------------------------------------------------------------------------------

    def open_session(
        self, credentials: Credentials, sign_in: schemas.SignIn, browser: str = ""
    ) -> schemas.NewSession:
        """A new session of a browser, described in at most 80 characters; an earlier one ends.

        Raises WrongPassword, as `sign_in` does.
        """
        return self._with_password(
            sign_in, lambda stored: self._new_session(stored, sign_in, credentials, browser)
        )

    def visitor(self, credentials: Credentials) -> schemas.Visitor:
        """Who looks at a page: nobody where the credentials are not good."""
        if not credentials.are_sent:
            return schemas.Visitor(credentials)
        with self.storage.reading() as storage:
            try:
                caller = self._caller(storage, credentials)
            except NotAuthenticated:
                return schemas.Visitor(schemas.ANYBODY)
            user = storage.users.view_own(caller.id)
            return schemas.Visitor(credentials if user else schemas.ANYBODY, user)

    def list_sessions(
        self, credentials: Credentials, query: schemas.PageQuery
    ) -> schemas.Page[schemas.Session]:
        """The caller's sessions, newest first. Raises Invalid for a cursor of another list."""
        _check_present(credentials)
        walk = self._walk("sessions", query, descending=True)
        with self.storage.reading() as storage:
            caller, now = self._caller(storage, credentials), self.clock()
            page = walk.page(
                lambda window: storage.sessions.page(caller.id, window, now),
                lambda session: (session.id,),
            )
        marked = [replace(one, current=one.id == caller.session_id) for one in page.results]
        return replace(page, results=marked)

    def end_session(self, credentials: Credentials, session_id: int) -> None:
        """Sign one of the caller's browsers out."""
        self._count_write(credentials)
        with self.storage.writing() as storage:
            if not storage.sessions.remove(self._caller(storage, credentials).id, session_id):
                raise NotFound

    def close_session(self, credentials: Credentials) -> None:
        """Sign this browser out. Where it is not signed in, nothing happens."""
        if credentials.session is not None:
            with self.storage.writing() as storage:
                storage.sessions.remove_digest(self.secrets.digest(credentials.session))

    def sign_out_everywhere(self, credentials: Credentials) -> None:
        """End all of the caller's tokens and sessions, the one that is sent included."""
        self._count_write(credentials)
        with self.storage.writing() as storage:
            caller = self._caller(storage, credentials)
            storage.tokens.remove_others(caller.id, None)
            storage.sessions.remove_others(caller.id, None)

    # --- signing in with a provider --------------------------------------------------------------

    def begin_openid(
        self, credentials: Credentials, provider: str, following: str
    ) -> schemas.Handover:
        """Send a browser to a provider, and on to `following` afterwards.

        Whoever is signed in links themselves there, anybody else signs in. Raises NotFound for an
        unknown provider, ProviderUnavailable.
        """
        known = self._provider(provider)
        pending = schemas.Pending(self.secrets.new_token(), _seconds(SIGN_IN_LIFETIME))
        # The provider is asked before anything is written, and never inside a transaction.
        url = self.openid.authorization_url(provider, self._handshake(pending.value))
        with self.storage.writing() as storage:
            caller = self._caller_if_any(storage, credentials)
            under_way = SignInUnderWay(provider, following, caller.id if caller else None)
            self._keep(storage, pending, under_way)
        return schemas.Handover(known, url, pending)

    def return_from_openid(
        self,
        credentials: Credentials,
        provider: str,
        pending: str | None,
        answer: schemas.ProviderAnswer,
        browser: str = "",
    ) -> schemas.Arrival:
        """What becomes of somebody who comes back from a provider: each sign-in comes back once.

        Who is known is signed in; who is not goes on to be registered, or linked to the user that
        began. Raises NotFound for an unknown provider, SignInRefused, ProviderUnavailable.
        """
        known = self._provider(provider)
        under_way = self._taken(known, pending, answer.state)
        proof = self.openid.prove(provider, self._handshake(f"{pending}"), answer, self.clock())
        with self.storage.writing() as storage:
            owner = storage.identities.use(proof.issuer, proof.subject, self.clock())
            if under_way.user_id is not None:
                self._may_link(storage, credentials, known, under_way.user_id, owner)
            elif owner is not None:
                if storage.users.password_of(owner) is None:
                    raise SignInRefused("disabled", "This account is closed.")
                session = self._opened(storage, owner, credentials, browser)
                return schemas.Arrival(under_way.next, session)
            elif proof.email and storage.users.has_email(name_key(proof.email)):
                # Whatever the provider says of the address: that it is theirs there proves nothing
                # about the account here.
                raise SignInRefused(
                    "known",
                    f"There is an account with the email {proof.email} already. Sign in with its "
                    f"password, then link {known.title} to it in the settings.",
                )
            following = schemas.Pending(self.secrets.new_token(), _seconds(SIGN_IN_LIFETIME))
            self._keep(storage, following, replace(under_way, proof=proof))
            return schemas.Arrival("/openid", pending=following)

    def proved_by_openid(self, credentials: Credentials, pending: str | None) -> schemas.Proved:
        """What is to be finished in this browser. Raises SignInRefused where nothing is."""
        with self.storage.reading() as storage:
            under_way, proof = self._proved(storage, pending)
            known = self._provider(under_way.provider)
            if under_way.user_id is None:
                return schemas.Proved(known, proof.username, proof.email, under_way.next)
            caller = self._same_caller(storage, credentials, under_way.user_id)
            user = _there(storage.users.view_own(caller.id))
            stored = _there(storage.users.password_of(caller.id))
            return schemas.Proved(
                known,
                proof.username,
                proof.email,
                under_way.next,
                user.username,
                has_password(stored.hash),
            )

    def register_with_openid(
        self,
        credentials: Credentials,
        pending: str | None,
        new: schemas.NewMember,
        browser: str = "",
    ) -> schemas.NewSession:
        """A new user who signs in with the provider, signed in. Raises Taken, SignInRefused."""
        with self.storage.writing() as storage:
            under_way, proof = self._proved(storage, pending)
            if under_way.user_id is not None or not self._remove(storage, pending):
                raise _over()
            user = User(
                username=new.username, email=new.email, password=NO_PASSWORD, joined=self.clock()
            )
            storage.users.add(user)
            self._link(storage, user.id, proof)
            return self._opened(storage, user.id, credentials, browser)

    def link_openid(self, credentials: Credentials, pending: str | None, password: str) -> None:
        """Let the caller sign in with the provider too.

        Raises WrongPassword; NotFresh where there is no password and the session is an old one;
        SignInRefused.
        """
        stored = self._sure(credentials, password)
        with self.storage.writing() as storage:
            under_way, proof = self._proved(storage, pending)
            caller = self._same_caller(storage, credentials, under_way.user_id)
            # As for a session: no identity outlives the password it was linked with.
            if not storage.users.replace_password(stored, stored.hash):
                raise WrongPassword
            if not self._remove(storage, pending):
                raise _over()
            self._link(storage, caller.id, proof)

    def ways_in(self, credentials: Credentials) -> schemas.WaysIn:
        """How the caller can sign in."""
        titles = self._titles()
        with self.storage.reading() as storage:
            caller = self._caller(storage, credentials)
            stored = _there(storage.users.password_of(caller.id))
            linked = storage.identities.of(caller.id)
        return schemas.WaysIn(
            has_password(stored.hash),
            [
                schemas.Identity(one.id, titles.get(one.issuer, one.issuer), one.created, one.used)
                for one in linked
            ],
            self.openid.providers,
        )

    def unlink_openid(self, credentials: Credentials, identity_id: int) -> None:
        """Let nobody sign in with this identity any more; other tokens and sessions end.

        Raises LastWayIn where there would be no way left to sign in.
        """
        self._count_write(credentials)
        titles = self._titles()
        with self.storage.writing() as storage:
            caller = self._caller(storage, credentials)
            others = [one for one in storage.identities.of(caller.id) if one.id != identity_id]
            if not storage.identities.remove(caller.id, identity_id):
                raise NotFound
            stored = _there(storage.users.password_of(caller.id))
            # One of a provider that is not in the settings any more is no way in.
            if not (has_password(stored.hash) or any(one.issuer in titles for one in others)):
                raise LastWayIn
            storage.tokens.remove_others(caller.id, caller.token_id)
            storage.sessions.remove_others(caller.id, caller.session_id)

    def set_password(self, credentials: Credentials, new: schemas.FirstPassword) -> None:
        """Give the caller, who has none, a password; every other token and session ends.

        Raises NotFresh where the session is an old one, WrongPassword where there is a password,
        Invalid when the new one is not good enough for this user.
        """
        stored = self._sure(credentials, None)
        user = self.get_me(credentials)
        schemas.check_password("new_password", new.new_password, user.username, user.email)
        password = self.hasher.hash(new.new_password)
        with self.storage.writing() as storage:
            caller = self._caller(storage, credentials)
            if not storage.users.replace_password(stored, password):
                raise WrongPassword
            storage.tokens.remove_others(caller.id, caller.token_id)
            storage.sessions.remove_others(caller.id, caller.session_id)

    # --- posts -----------------------------------------------------------------------------------

    def list_posts(
        self, credentials: Credentials, query: schemas.PostQuery
    ) -> schemas.Page[schemas.Post]:
        """Published posts, or the caller's own of another status.

        Raises Invalid for a cursor of another list.
        """
        status = query.status or "published"
        newest_first = query.order != "oldest"
        author_key = None if query.author is None else name_key(query.author)
        wanted_words = None if query.q is None else tuple(dict.fromkeys(words(query.q)))
        if status != "published":
            _check_present(credentials)
        listing = repr(("posts", status, newest_first, author_key, query.q))
        walk = self._walk(listing, query, descending=newest_first)

        def found(storage: Repositories) -> schemas.Page[schemas.Post]:
            caller, now = self._caller_if_any(storage, credentials), self.clock()
            wanted = PostFilter(
                status=status,
                newest_first=newest_first,
                author_key=author_key,
                author_id=caller.id if caller and status != "published" else None,
                words=wanted_words,
            )
            return walk.page(
                lambda window: storage.posts.page(wanted, window, now),
                lambda post: (post.pub_date or post.created, post.id),
            )

        return self._read(credentials, found)

    def create_post(
        self, credentials: Credentials, new: schemas.NewPost, key: str | None = None
    ) -> schemas.Post:
        """Raises Invalid or KeyInUse about the idempotency key."""
        _check_present(credentials)
        _check_key(key)
        self._count_write(credentials)

        def add(storage: Repositories, caller: Caller | None) -> schemas.Post:
            caller, now = _there(caller), self.clock()
            post = BlogPost(
                author_id=caller.id,
                title=new.title,
                content=new.content,
                pub_date=new.pub_date,
                created=now,
            )
            storage.posts.add(post)
            return _there(storage.posts.view(post.id, caller, now))

        return self._once(new, key, schemas.Post, add, credentials=credentials)

    def get_post(self, credentials: Credentials, post_id: int) -> schemas.Post:
        def found(storage: Repositories) -> schemas.Post:
            caller = self._caller_if_any(storage, credentials)
            return _there(storage.posts.view(post_id, caller, self.clock()))

        return self._read(credentials, found)

    def replace_post(
        self,
        credentials: Credentials,
        post_id: int,
        content: schemas.PostContent,
        expected: Expected | None,
    ) -> schemas.Post:
        """Raises VersionRequired, Forbidden, Stale."""
        return self._change(
            credentials,
            post_id,
            expected,
            lambda post, now: post.edit(
                title=content.title, content=content.content, pub_date=content.pub_date, now=now
            ),
        )

    def change_post(
        self,
        credentials: Credentials,
        post_id: int,
        changes: schemas.PostChanges,
        expected: Expected | None,
    ) -> schemas.Post:
        """What is absent stays. Raises VersionRequired, Forbidden, Stale."""
        present = {name: getattr(changes, name) for name in changes.model_fields_set}

        def edit(post: BlogPost, now: datetime) -> None:
            standing = {"title": post.title, "content": post.content, "pub_date": post.pub_date}
            post.edit(**(standing | present), now=now)

        return self._change(credentials, post_id, expected, edit)

    def delete_post(
        self, credentials: Credentials, post_id: int, expected: Expected | None
    ) -> None:
        """Raises VersionRequired, Forbidden, Stale."""
        _check_present(credentials)
        expected = _check_expected(expected)
        self._count_write(credentials)
        with self.storage.writing() as storage:
            caller = self._caller(storage, credentials)
            now = self.clock()
            post = self._editable(storage, caller, post_id, expected, now)
            record_removal(storage, caller, post, now)
            storage.posts.remove(post)

    def publish_post(
        self,
        credentials: Credentials,
        post_id: int,
        publication: schemas.Publication,
        expected: Expected | None,
    ) -> schemas.Post:
        """Publish now or at an instant; what is so already stays as it is.

        Raises VersionRequired, Forbidden, Stale.
        """
        at = publication.pub_date if "pub_date" in publication.model_fields_set else None
        return self._change(credentials, post_id, expected, lambda post, now: post.publish(at, now))

    def unpublish_post(
        self, credentials: Credentials, post_id: int, expected: Expected | None
    ) -> schemas.Post:
        """Make a draft of it. Raises VersionRequired, Forbidden, Stale."""
        return self._change(credentials, post_id, expected, lambda post, now: post.unpublish(now))

    # --- staff -----------------------------------------------------------------------------------

    @cached_property
    def staff(self) -> Staff:
        """What staff may do beyond this, to everybody's posts and accounts."""
        return Staff(self.storage, self.clock, self.hasher, self.limiter, self._caller)

    # --- users from elsewhere --------------------------------------------------------------------

    @property
    def importing(self) -> Importing:
        """Bringing users along from another application."""
        return Importing(self.storage, self.clock, self.hasher)

    # --- health ----------------------------------------------------------------------------------

    def check(self) -> schemas.Health:
        """Raises Unavailable unless the database answers with this release's schema.

        Raises OutOfService where this process is to be stopped.
        """
        if self.draining():
            raise OutOfService
        self.storage.check()
        return schemas.Health()

    def prepare(self) -> None:
        """Get ready for requests: for a server that has just started, before it forks."""
        self.limiter.prepare()

    def close(self) -> None:
        """Give the database connections back."""
        self.storage.close()
        self.limiter.close()
        self.openid.close()

    # --- inside ----------------------------------------------------------------------------------

    def _caller(self, storage: Repositories, credentials: Credentials) -> Caller:
        caller = self._caller_if_any(storage, credentials)
        if caller is None:
            raise NotAuthenticated
        return caller

    def _caller_if_any(self, storage: Repositories, credentials: Credentials) -> Caller | None:
        if credentials.token is not None:
            caller = storage.tokens.caller(self.secrets.digest(credentials.token), self.clock())
            if caller is None:
                raise NotAuthenticated(token_sent=True)
            return caller
        if credentials.session is not None:
            digest = self.secrets.digest(credentials.session)
            caller = storage.sessions.caller(digest, self.clock())
            if caller is None:
                raise SessionOver
            return caller
        return None

    def _read(self, credentials: Credentials, found: Callable[[Repositories], Out]) -> Out:
        """What is found, from a replica where there is one and nobody is signed in.

        Who is signed in sees what they have written, through whichever process: only the database
        itself says that. What a replica has not got, or cannot tell, is looked up there as well.
        """
        replica = None if credentials.are_sent else self.storage.replica()
        if replica is not None:
            with suppress(NotFound, Unavailable), replica as storage:
                return found(storage)
        with self.storage.reading() as storage:
            return found(storage)

    def _count_sign_in(self, username: str) -> None:
        # A digest, because whoever signs in may send a name of any length.
        self.limiter.hit("sign-in-account", self.secrets.digest(name_key(username)))

    def _count_write(self, credentials: Credentials) -> None:
        """Once more for this user. Not in the transaction: others would wait for the count."""
        _check_present(credentials)
        if self.limiter.limits("writes"):
            with self.storage.reading() as storage:
                caller = self._caller(storage, credentials)
            self.limiter.hit("writes", f"{caller.id}")

    def _with_password(self, sign_in: schemas.SignIn, act: Callable[[StoredPassword], Out]) -> Out:
        """Act for whose password it is, as long as it stands. Raises WrongPassword."""
        # Before a password is hashed, and for unknown users as for known ones.
        self._count_sign_in(sign_in.username)
        for _ in range(TRIES):
            stored = self._verified(sign_in)
            try:
                return act(stored)
            except _HashMoved:
                # Rewritten by another sign-in, or changed: verify against what stands now.
                continue
        raise WrongPassword

    def _verified(self, sign_in: schemas.SignIn) -> StoredPassword:
        with self.storage.reading() as storage:
            stored = storage.users.password_by_name(name_key(sign_in.username))
        known = None if stored is None else stored.hash
        if not self.hasher.verify(sign_in.password, known) or stored is None:
            raise WrongPassword
        return stored

    def _new_token(
        self, stored: StoredPassword, sign_in: schemas.SignIn, key: str | None
    ) -> schemas.NewToken:
        password = self._rewritten(stored, sign_in)

        def made_token(created: str) -> str:
            # Made again from the key each time: a stored answer must not hold a token.
            return self.secrets.keyed("token", f"{stored.user_id}", f"{key}", created)

        def add(storage: Repositories, _: Caller | None) -> schemas.NewToken:
            # Locks the user's row too, so that no token outlives the password it was given for.
            if not storage.users.replace_password(stored, password):
                raise _HashMoved
            now = self.clock()
            expires = now + self.token_lifetime
            created = format_instant(now)
            token = self.secrets.new_token() if key is None else made_token(created)
            token_id = storage.tokens.add(stored.user_id, self.secrets.digest(token), now, expires)
            shown = token if key is None else ""
            return schemas.NewToken(token_id, shown, created, format_instant(expires))

        owner = f"user {stored.user_id} signing in"
        answer = self._once(sign_in, key, schemas.NewToken, add, owner=owner)
        return answer if key is None else replace(answer, token=made_token(answer.created))

    def _new_session(
        self,
        stored: StoredPassword,
        sign_in: schemas.SignIn,
        credentials: Credentials,
        browser: str,
    ) -> schemas.NewSession:
        password = self._rewritten(stored, sign_in)
        with self.storage.writing() as storage:
            # As for a token: no session outlives the password it was given for.
            if not storage.users.replace_password(stored, password):
                raise _HashMoved
            return self._opened(storage, stored.user_id, credentials, browser)

    def _opened(
        self, storage: Repositories, user_id: int, credentials: Credentials, browser: str
    ) -> schemas.NewSession:
        """A new session; the one that was sent along ends."""
        if credentials.session is not None:
            storage.sessions.remove_digest(self.secrets.digest(credentials.session))
        value, now = self.secrets.new_token(), self.clock()
        expires, digest = now + self.session_lifetime, self.secrets.digest(value)
        storage.sessions.add(user_id, digest, now, expires, browser_name(browser))
        return schemas.NewSession(value, _seconds(self.session_lifetime))

    def _provider(self, name: str) -> schemas.Provider:
        return _there(next((one for one in self.openid.providers if one.name == name), None))

    def _titles(self) -> dict[str, str]:
        """What the providers are called, by their issuers."""
        return {self.openid.issuer(one.name): one.title for one in self.openid.providers}

    def _handshake(self, pending: str) -> Handshake:
        # Made again from what the browser alone holds: whoever reads the database, or sees the
        # state in an address, can finish nobody's sign-in.
        return Handshake(
            state=self.secrets.keyed("openid state", pending),
            nonce=self.secrets.keyed("openid nonce", pending),
            verifier=self.secrets.keyed("openid verifier", pending),
        )

    def _keep(
        self, storage: Repositories, pending: schemas.Pending, under_way: SignInUnderWay
    ) -> None:
        now, digest = self.clock(), self.secrets.digest(pending.value)
        storage.sign_ins.add(digest, under_way, now, now + SIGN_IN_LIFETIME)

    def _taken(
        self, known: schemas.Provider, pending: str | None, state: str | None
    ) -> SignInUnderWay:
        """The sign-in that comes back, which does so once. Raises SignInRefused.

        Where the state is not its own it stays: anybody can send a browser here.
        """
        if pending is None:
            raise _over("the browser holds no sign-in")
        right = self._handshake(pending).state
        if not hmac.compare_digest(right.encode(), (state or "").encode()):
            raise _over("the state is not this browser's")
        with self.storage.writing() as storage:
            digest = self.secrets.digest(pending)
            under_way = storage.sign_ins.find(digest, self.clock())
            if under_way is None or under_way.proof or under_way.provider != known.name:
                raise _over("no such sign-in with this provider is under way")
            if not storage.sign_ins.remove(digest):
                raise _over("it came back twice")
            return under_way

    def _proved(self, storage: Repositories, pending: str | None) -> tuple[SignInUnderWay, Proof]:
        under_way = None
        if pending is not None:
            under_way = storage.sign_ins.find(self.secrets.digest(pending), self.clock())
        if under_way is None or under_way.proof is None:
            raise _over("nothing is proved in this browser")
        return under_way, under_way.proof

    def _remove(self, storage: Repositories, pending: str | None) -> bool:
        return storage.sign_ins.remove(self.secrets.digest(f"{pending}"))

    def _link(self, storage: Repositories, user_id: int, proof: Proof) -> None:
        try:
            storage.identities.add(user_id, proof.issuer, proof.subject, self.clock())
        except Taken as error:
            raise _over("it was linked meanwhile") from error

    def _same_caller(
        self, storage: Repositories, credentials: Credentials, user_id: int | None
    ) -> Caller:
        caller = self._caller_if_any(storage, credentials)
        if caller is None or caller.id != user_id:
            raise _over("another user, or nobody, is signed in by now")
        return caller

    def _may_link(
        self,
        storage: Repositories,
        credentials: Credentials,
        known: schemas.Provider,
        user_id: int,
        owner: int | None,
    ) -> None:
        caller = self._same_caller(storage, credentials, user_id)
        if owner == caller.id:
            raise SignInRefused("linked", f"This account at {known.title} is linked already.")
        if owner is not None:
            raise SignInRefused(
                "linked",
                f"This account at {known.title} is linked to another account here. "
                "Sign out first to sign in to that one.",
            )

    def _sure(self, credentials: Credentials, password: str | None) -> StoredPassword:
        """That it is the user who asks, and no one who found a browser open.

        By the password; where there is none, by having signed in just now.
        """
        with self.storage.reading() as storage:
            caller = self._caller(storage, credentials)
            user = _there(storage.users.view_own(caller.id))
            stored = _there(storage.users.password_of(caller.id))
            opened = storage.sessions.opened(caller.session_id) if caller.session_id else None
        self.limiter.hit("writes", f"{caller.id}")
        if has_password(stored.hash):
            self._count_sign_in(user.username)
            if password is None or not self.hasher.verify(password, stored.hash):
                raise WrongPassword
        elif opened is None or opened + FRESH < self.clock():
            raise NotFresh
        return stored

    def _rewritten(self, stored: StoredPassword, sign_in: schemas.SignIn) -> str:
        """The hash to keep: a new one where the old one is outdated."""
        outdated = self.rehash and self.hasher.outdated(stored.hash)
        return self.hasher.hash(sign_in.password) if outdated else stored.hash

    def _change(
        self,
        credentials: Credentials,
        post_id: int,
        expected: Expected | None,
        change: Callable[[BlogPost, datetime], object],
    ) -> schemas.Post:
        _check_present(credentials)
        expected = _check_expected(expected)
        self._count_write(credentials)
        with self.storage.writing() as storage:
            caller, now = self._caller(storage, credentials), self.clock()
            post = self._editable(storage, caller, post_id, expected, now)
            before = Snapshot.of(post)
            change(post, now)
            storage.posts.save(post)
            before.record(storage, caller, post, now)
            return _shown(post, now)

    def _editable(
        self,
        storage: Repositories,
        caller: Caller,
        post_id: int,
        expected: Expected,
        now: datetime,
    ) -> BlogPost:
        post = _there(storage.posts.get(post_id, caller, now))
        if not (caller.is_staff or post.author_id == caller.id):
            raise Forbidden("Only its author may change this post.")
        if not expected.allows(post.version):
            raise Stale
        return post

    def _once(
        self,
        request: BaseModel,
        key: str | None,
        out: type[Out],
        act: Callable[[Repositories, Caller | None], Out],
        *,
        credentials: Credentials | None = None,
        owner: str = "anybody",
    ) -> Out:
        """Act, or give the stored answer where this caller's key has acted already.

        The key is written in the transaction of its effect: there is no effect without its answer,
        and no key that a crash leaves half used.
        """
        for last in (False, True):
            try:
                with self.storage.writing() as storage:
                    caller = None if credentials is None else self._caller(storage, credentials)
                    if key is None:
                        return act(storage, caller)
                    name = self.secrets.keyed("key", f"{caller.id}" if caller else owner, key)
                    kind = type(request).__name__
                    fingerprint = self.secrets.keyed("request", kind, request.model_dump_json())
                    now = self.clock()
                    stored = storage.keys.find(name, now - KEY_LIFETIME)
                    if stored is None:
                        storage.keys.claim(name, fingerprint, now, now - KEY_LIFETIME)
                        answer = act(storage, caller)
                        storage.keys.answer(name, _ANSWERS[out].dump_json(answer))
                        return answer
                    if stored.fingerprint != fingerprint:
                        raise Invalid([_KEY_REUSED])
                    replayed: Out = _ANSWERS[out].validate_json(stored.answer)
                    return replayed
            except KeyInUse:
                # Somebody with the same key was ahead. Once they are done, their answer is there.
                if last:
                    raise
        raise AssertionError("unreachable")

    def _walk(
        self, listing: str, query: schemas.PageQuery | schemas.PostQuery, *, descending: bool
    ) -> "_Walk":
        backward, after = False, None
        if query.cursor is not None:
            try:
                backward, after = self.secrets.open_cursor(listing, query.cursor)
            except ValueError:
                error = FieldError("cursor", "invalid", "This is not a cursor of this list.")
                raise Invalid([error]) from None
        return _Walk(
            self.secrets, listing, query.limit or DEFAULT_LIMIT, descending, backward, after
        )


@dataclass(frozen=True, slots=True)
class _Walk:
    """Where in an ordered list a request stands, and how to go on from there."""

    secrets: Secrets
    listing: str
    limit: int
    descending: bool
    backward: bool
    after: tuple[str | int, ...] | None

    def page(
        self,
        fetch: Callable[[Window], list[Out]],
        key: Callable[[Out], tuple[str | int, ...]],
    ) -> schemas.Page[Out]:
        # One item more than asked for tells whether there is another page.
        items = fetch(Window(self.limit + 1, self.after, self.backward))
        more = len(items) > self.limit
        del items[self.limit :]
        if self.backward:
            items.reverse()
        if not items:
            return self._nothing_there()
        ahead = self.backward or more
        behind = more if self.backward else self.after is not None
        return schemas.Page(
            items,
            next=self._seal(False, key(items[-1])) if ahead else None,
            previous=self._seal(True, key(items[0])) if behind else None,
        )

    def _nothing_there(self) -> schemas.Page[Any]:
        """An empty page leads back to where it came from, that item included."""
        if self.after is None:
            return schemas.Page([], None, None)
        *rest, last = self.after
        step = 1 if self.descending == self.backward else -1
        beyond = self._seal(not self.backward, (*rest, int(last) + step))
        return schemas.Page([], beyond, None) if self.backward else schemas.Page([], None, beyond)

    def _seal(self, backward: bool, key: Sequence[str | int]) -> str:
        return self.secrets.seal_cursor(self.listing, backward, key)


class _HashMoved(Exception):
    """The password hash is another one than the one just verified."""


_KEY_REUSED = FieldError(KEY_FIELD, "reused", "This key was used for another request.")
_KEY_MALFORMED = FieldError(KEY_FIELD, "invalid", "Use 1 to 255 visible ASCII characters.")


# The answers that idempotency keys are kept with.
_ANSWERS: dict[type, TypeAdapter[Any]] = {
    out: TypeAdapter(out) for out in (schemas.OwnUser, schemas.NewToken, schemas.Post)
}


def _over(reason: str = "") -> SignInRefused:
    return SignInRefused(
        "over", "This sign-in was not begun in this browser, or is over. Begin again.", reason
    )


def _shown(post: BlogPost, now: datetime) -> schemas.Post:
    return schemas.Post(
        post.id,
        post.title,
        post.content,
        None if post.pub_date is None else format_instant(post.pub_date),
        post.status(now),
        schemas.Author(post.author_id, post.author),
        format_instant(post.created),
        format_instant(post.updated),
        post.version,
    )


def _seconds(lifetime: timedelta) -> int:
    return int(lifetime.total_seconds())


def _there(found: Out | None) -> Out:
    if found is None:
        raise NotFound
    return found


def _check_present(credentials: Credentials) -> None:
    if not credentials.are_sent:
        raise NotAuthenticated


def _check_expected(expected: Expected | None) -> Expected:
    if expected is None:
        raise VersionRequired
    return expected


def _check_key(key: str | None) -> None:
    if key is not None and not (1 <= len(key) <= 255 and all("!" <= char <= "~" for char in key)):
        raise Invalid([_KEY_MALFORMED])
