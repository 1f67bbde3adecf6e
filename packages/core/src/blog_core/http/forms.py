"""What people type into a page: forms as bytes, as fields, and as what the use cases take.

    form = forms.Register(forms.fields(body))
    with form.or_again(lambda: pages.register(form)):
        blog.sign_up(form.new_user(), form.key)

A form that is refused raises `Again` with the page to show: what was typed is on it, except
passwords.
"""

import re
import secrets
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from json import loads
from logging import INFO, WARNING
from typing import Annotated, Any, ClassVar, Literal, TypeVar
from urllib.parse import parse_qsl

from pydantic import BaseModel, StringConstraints, ValidationError

from blog_core import schemas
from blog_core.blog import KEY_FIELD, Blog
from blog_core.domain import errors
from blog_core.domain.errors import BlogError, FieldError, Invalid
from blog_core.domain.instants import format_instant
from blog_core.http import cookies, problems
from blog_core.http.rendering import Page
from blog_core.http.replies import Headers
from blog_core.schemas import Credentials, Expected, ListQuery, optional
from blog_core.telemetry.logs import log, request_id

MEDIA_TYPE = "application/x-www-form-urlencoded"
MOST_FIELDS = 50
LONGEST_NEXT = 2_000
POSTS_ON_A_PAGE = 10

Schema = TypeVar("Schema", bound=BaseModel)

_MEDIA_TYPE = re.compile(rf'{MEDIA_TYPE}(?:[ \t]*;[ \t]*charset=(?:utf-8|"utf-8"))?', re.IGNORECASE)
_BROKEN_ESCAPE = re.compile(rb"%(?![0-9A-Fa-f]{2})")
# One slash in front, because browsers take "//" and "/\\" for another host.
_OWN_PATH = re.compile(r"/(?!/)[A-Za-z0-9._~/-]*(?:\?(?:[!#$&-;=?-~]|%[0-9A-Fa-f]{2})*)?")
_LOCAL = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?P<seconds>:\d\d(?:\.\d{1,6})?)?", re.ASCII)
# What may go well when it is sent again.
_LATER = (429, 503)
_ID = _VERSION = re.compile(r"[1-9][0-9]{0,17}")


# --- bytes ---------------------------------------------------------------------------------------


def is_form_type(content_type: str) -> bool:
    """Whether it is a form's, with no parameter but `charset=utf-8`."""
    return _MEDIA_TYPE.fullmatch(content_type.strip(" \t")) is not None


def why_unreadable(body: bytes) -> str | None:
    """A sentence saying why a body is no form that everybody would read alike, or None."""
    # Counted first, because taking apart costs more.
    if sum(map(bool, body.split(b"&"))) > MOST_FIELDS:
        return f"A form has at most {MOST_FIELDS} fields."
    if _BROKEN_ESCAPE.search(body):
        return "The form holds a broken escape."
    try:
        pairs = _pairs(body)
    except UnicodeDecodeError:
        return "The form is not UTF-8."
    if any("\0" in name or "\0" in value for name, value in pairs):
        return "The form holds NUL."
    if len(dict(pairs)) < len(pairs):
        return "The form has the same field twice."
    return None


def fields(body: bytes) -> dict[str, str]:
    """The fields of a readable form, as they were sent."""
    return dict(_pairs(body))


def _pairs(body: bytes) -> list[tuple[str, str]]:
    return parse_qsl(body.decode(), keep_blank_values=True, errors="strict")


# --- queries -------------------------------------------------------------------------------------

Searched = Annotated[str, StringConstraints(max_length=200)]
Done = Literal["profile", "password", "token", "session", "linked", "unlinked"]


class CursorQuery(ListQuery):
    """The query of a page with older and newer."""

    cursor: schemas.Cursor = optional(None)

    def posts(self, **wanted: Any) -> schemas.PostQuery:
        """The posts of this page."""
        return schemas.PostQuery(limit=POSTS_ON_A_PAGE, cursor=self.cursor, **wanted)


class PostsQuery(CursorQuery):
    """The query of the newest posts, and of a search in them; a blank one is none."""

    q: Searched | None = optional(None)

    @property
    def searched(self) -> str:
        return (self.q or "").strip()

    def wanted(self) -> schemas.PostQuery:
        """The posts of this page."""
        return self.posts(q=self.searched or None)


class LoginQuery(ListQuery):
    next: str | None = optional(None)


class ReturnQuery(ListQuery):
    """What a provider sends a browser back with (RFC 6749, 4.1.2; RFC 9207)."""

    code: str | None = optional(None)
    state: str | None = optional(None)
    iss: str | None = optional(None)
    error: str | None = optional(None)


class SettingsQuery(ListQuery):
    """`done` says what was just changed."""

    done: Done | None = optional(None)


def own_path(value: str) -> str:
    """`value` where it is a path of this site, else "/": nobody is led elsewhere."""
    return value if len(value) <= LONGEST_NEXT and _OWN_PATH.fullmatch(value) else "/"


# --- forms ---------------------------------------------------------------------------------------


class Again(Exception):
    """A form was refused: `page` shows it again, with what was typed and what is wrong with it."""

    def __init__(self, page: Page) -> None:
        super().__init__(page.template)
        self.page = page


class Form:
    """A form as it was typed. Each field that was not sent is empty; others are not looked at.

    Lines end in LF, whatever the browser sends.
    """

    names: ClassVar[tuple[str, ...]]
    secrets: ClassVar[tuple[str, ...]] = ()
    keyed: ClassVar[bool] = False

    def __init__(self, sent: Mapping[str, str] | None = None) -> None:
        self.values = {name: _lines((sent or {}).get(name, "")) for name in self.names}
        self.errors: list[FieldError] = []
        self.headers: Headers = ()
        # A second click, or the same page sent again, is then the same request.
        self.key = (sent or {}).get("key") or new_key() if self.keyed else ""

    def shown(self, name: str) -> str:
        """What stands in a field: passwords are never sent back."""
        return "" if name in self.secrets else self.values[name]

    def error(self, name: str) -> FieldError | None:
        return next((error for error in self.errors if error.field == name), None)

    @property
    def other_errors(self) -> list[FieldError]:
        """What is wrong with no field that can be seen."""
        return [error for error in self.errors if error.field not in self.names]

    @contextmanager
    def or_again(self, page: Callable[[], Page]) -> Iterator[None]:
        """Where what happens inside is refused, raise Again with `page()`, asked for after that."""
        try:
            yield
        except BlogError as error:
            status, self.errors = self._refused(error)
            raise Again(replace(page(), status=status, headers=self.headers)) from error

    def _refused(self, error: BlogError) -> tuple[int, list[FieldError]]:
        """The status and the words. Raises what a form cannot say."""
        match error:
            case errors.Invalid():
                return 422, [self._named(found) for found in error.errors]
            case errors.Taken():
                return 422, [FieldError(name, "taken", "This is taken.") for name in error.fields]
            case errors.KeyInUse():
                wait = "This is being saved already: try again in a moment."
                return 409, [FieldError("", "in_use", wait)]
        reply = problems.of(error)
        if reply.status not in _LATER:
            raise error
        self.headers = [header for header in reply.headers if header != problems.PROBLEM]
        return reply.status, [FieldError("", "later", loads(reply.body)["detail"])]

    def _named(self, error: FieldError) -> FieldError:
        if error.field != KEY_FIELD:
            return error
        self.key = new_key()
        return FieldError("", error.code, "This was sent already. Send it again to make another.")

    def read(self, schema: type[Schema]) -> Schema:
        """The fields as a use case takes them, where an empty one is missing. Raises Invalid."""
        return _valid(schema, {name: value for name in self.names if (value := self.values[name])})


def _lines(value: str) -> str:
    return value.replace("\r\n", "\n").replace("\r", "\n")


def new_key() -> str:
    """A key under which one form is sent, however often."""
    return secrets.token_urlsafe(16)


def _valid(schema: type[Schema], values: Mapping[str, object]) -> Schema:
    known = {name: value for name, value in values.items() if name in schema.model_fields}
    try:
        return schema.model_validate(known)
    except ValidationError as error:
        raise schemas.invalid(schema, error.errors()) from None


class Register(Form):
    names = ("username", "email", "password")
    secrets = ("password",)
    keyed = True

    def new_user(self) -> schemas.NewUser:
        """Raises Invalid."""
        return self.read(schemas.NewUser)

    def sign_in(self) -> schemas.SignIn:
        """With which the new user is signed in."""
        return self.read(schemas.SignIn)


class Login(Form):
    names = ("username", "password", "next")
    secrets = ("password",)

    @classmethod
    def of(cls, query: LoginQuery) -> "Login":
        """The form as it is first shown."""
        return cls({"next": query.next or ""})

    def sign_in(self) -> schemas.SignIn:
        """Raises Invalid."""
        return self.read(schemas.SignIn)

    @property
    def next(self) -> str:
        """Where to go on once signed in."""
        return own_path(self.values["next"])

    def _refused(self, error: BlogError) -> tuple[int, list[FieldError]]:
        if isinstance(error, errors.WrongPassword):
            wrong = "The username or the password is not right."
            return 422, [FieldError("password", "wrong", wrong)]
        return super()._refused(error)


class ReturnForm(Form):
    """Coming back from a provider: nothing to fill in, but it may be refused."""

    names = ()

    def __init__(self, query: ReturnQuery) -> None:
        super().__init__()
        self._query = query

    @property
    def answer(self) -> schemas.ProviderAnswer:
        query = self._query
        return schemas.ProviderAnswer(query.code, query.state, query.iss, query.error)

    def _refused(self, error: BlogError) -> tuple[int, list[FieldError]]:
        if isinstance(error, errors.SignInRefused):
            return _sign_in_refused(error)
        return super()._refused(error)


class FinishForm(Form):
    """What is left to do after coming back: to choose a name, or to agree to be linked.

    `proved` is who came back, or None where nobody did.
    """

    names = ("username", "email", "password")
    secrets = ("password",)
    proved: schemas.Proved | None = None
    session: schemas.NewSession | None = None

    def begin(self, blog: Blog, caller: Credentials, pending: str | None) -> None:
        """Fill in what the provider says of whoever came back."""
        proved = self._read(blog, caller, pending)
        self.values |= {"username": proved.username, "email": proved.email}

    @property
    def location(self) -> str:
        assert self.proved is not None  # noqa: S101 # after `finish`
        return self.proved.next if self.session else "/settings?done=linked"

    @property
    def cookies(self) -> Headers:
        return (cookies.opened(self.session),) if self.session else ()

    def finish(self, blog: Blog, caller: Credentials, pending: str | None, browser: str) -> None:
        """Register whoever came back and sign them in, or link them."""
        proved = self._read(blog, caller, pending)
        if proved.linking is None:
            new = self.read(schemas.NewMember)
            self.session = blog.register_with_openid(caller, pending, new, browser)
        else:
            blog.link_openid(caller, pending, self.values["password"])

    def _read(self, blog: Blog, caller: Credentials, pending: str | None) -> schemas.Proved:
        self.proved = blog.proved_by_openid(caller, pending)
        return self.proved

    def _refused(self, error: BlogError) -> tuple[int, list[FieldError]]:
        match error:
            case errors.SignInRefused():
                self.proved = None
                return _sign_in_refused(error)
            case errors.WrongPassword():
                return 422, [FieldError("password", "wrong", _NOT_YOUR_PASSWORD)]
            case errors.NotFresh():
                return 403, [FieldError("", "not_fresh", problems.NOT_FRESH)]
        return super()._refused(error)


def _sign_in_refused(error: errors.SignInRefused) -> tuple[int, list[FieldError]]:
    # What anybody can bring about by an address is not worth a warning.
    level = WARNING if error.code == "invalid" else INFO
    log.log(level, "request %s: no sign-in: %s", request_id.get(), error)
    return 403, [FieldError("", error.code, error.message)]


_NOT_YOUR_PASSWORD = "This is not your current password."  # noqa: S105 # a sentence


class PostForm(Form):
    """Writing or editing a post. `pub_date` is an instant in UTC, as <input type=datetime-local>
    gives it; empty is a draft.

    `version` is the one that is edited, 0 for a new post. `pub_date_was` is what that version
    says, exactly: a browser gives no more than milliseconds.
    """

    names = ("title", "content", "pub_date", "action", "version", "pub_date_was")
    keyed = True
    previewed: bool = False
    published: bool = False  # so that there is nothing to publish
    standing: schemas.Post | None = None  # where the version has gone stale
    typed_date: str = ""  # beside it: the instant that was typed

    @classmethod
    def of(cls, post: schemas.Post, visitor: schemas.OwnUser | None) -> "PostForm":
        """The form in which a post is edited. Raises NotAuthenticated, Forbidden."""
        check_may_change(post, visitor)
        form = cls(
            {
                "title": post.title,
                "content": post.content,
                "pub_date": local_input(post.pub_date),
                "version": f"{post.version}",
                "pub_date_was": post.pub_date or "",
            }
        )
        form.published = post.status == "published"
        return form

    @property
    def is_publication(self) -> bool:
        return self.values["action"] == "publish"

    def checked(self) -> schemas.PostContent:
        """Raises Invalid."""
        wrong: list[FieldError] = []
        values: dict[str, object] = {**self.values, "pub_date": None}
        if values["title"] == "":
            del values["title"]
        try:
            values["pub_date"] = self._pub_date()
        except Invalid as error:
            wrong += error.errors
        try:
            content = _valid(schemas.PostContent, values)
        except Invalid as error:
            raise Invalid([*error.errors, *wrong]) from None
        if wrong:
            raise Invalid(wrong)
        return content

    def write(self, blog: Blog, caller: Credentials) -> schemas.Post:
        """Make the post; publish it, where that was the button.

        Both are safe to repeat with the same key.
        """
        content = self.checked()
        if self.values["action"] == "preview":
            blog.get_me(caller)
            raise _Shown
        post = blog.create_post(caller, schemas.NewPost(**dict(content)), self.key)
        if self.is_publication:
            now = schemas.Publication()
            post = blog.publish_post(caller, post.id, now, Expected(any=True))
        return post

    def edit(self, blog: Blog, caller: Credentials, post_id: int) -> schemas.Post:
        """Save the change, published where that was the button."""
        now = blog.clock()
        self.published = "" < self.values["pub_date_was"] <= format_instant(now)
        content = typed = self.checked()
        if self.values["action"] == "preview":
            visitor = blog.get_me(caller)
            check_may_change(blog.get_post(caller, post_id), visitor)
            raise _Shown
        if self.is_publication and (typed.pub_date is None or typed.pub_date > now):
            content = typed.model_copy(update={"pub_date": now})
        try:
            return blog.replace_post(caller, post_id, content, expected(self))
        except errors.Stale:
            self._go_on_from(blog.get_post(caller, post_id), typed.pub_date, now)
            raise

    def _go_on_from(self, standing: schemas.Post, typed: datetime | None, now: datetime) -> None:
        """Be about the version that stands, with what was typed."""
        self.standing = standing
        self.values["version"] = f"{standing.version}"
        self.typed_date = "" if typed is None else format_instant(typed)
        if local_input(self.typed_date) == local_input(standing.pub_date):
            # The same for whoever looks at the form: it stays the exact instant.
            self.typed_date = self.values["pub_date_was"] = standing.pub_date or ""
        # By what was typed, whatever stands: an emptied date leaves something to publish.
        self.published = typed is not None and typed <= now

    def _pub_date(self) -> str | None:
        typed, was = self.values["pub_date"].strip(), self.values["pub_date_was"]
        if typed == "":
            return None
        if was and typed == local_input(was):
            return was
        match = _LOCAL.fullmatch(typed)
        if match is None:
            wrong = "Use a date and a time in UTC, as 2026-01-02 03:04."
            raise Invalid([FieldError("pub_date", "invalid", wrong)])
        return typed.replace(" ", "T") + ("" if match["seconds"] else ":00") + "Z"

    def _refused(self, error: BlogError) -> tuple[int, list[FieldError]]:
        match error:
            case _Shown():
                self.previewed = True
                return 200, []
            case errors.NotAuthenticated():
                return 403, [FieldError("", "signed_out", _SIGNED_OUT)]
            case errors.Stale():
                return 409, [FieldError("", "stale", _STALE)]
        return super()._refused(error)


_SIGNED_OUT = (
    "You are not signed in any more. Sign in in another tab, then send this again: "
    "what you typed is still here."
)
_STALE = (
    "Somebody changed this post after you opened it. Nothing is lost: both versions are below. "
    "Take over what you want to keep, then save."
)


class DeleteForm(Form):
    """The question whether to delete `post`, as it is in `version`."""

    names = ("version",)
    post: schemas.Post

    @classmethod
    def of(cls, post: schemas.Post, visitor: schemas.OwnUser | None) -> "DeleteForm":
        """Raises NotAuthenticated, Forbidden."""
        check_may_change(post, visitor)
        form = cls({"version": f"{post.version}"})
        form.post = post
        return form

    def delete(self, blog: Blog, caller: Credentials, post_id: int) -> None:
        """Delete the post, if it is still as it was when the question was asked."""
        try:
            blog.delete_post(caller, post_id, expected(self))
        except errors.Stale:
            self.post = blog.get_post(caller, post_id)
            self.values["version"] = f"{self.post.version}"
            raise

    def _refused(self, error: BlogError) -> tuple[int, list[FieldError]]:
        if isinstance(error, errors.Stale):
            changed = "This post was changed meanwhile. This is how it stands now."
            return 409, [FieldError("", "stale", changed)]
        return super()._refused(error)


class _Shown(BlogError):
    """Nothing is wrong: what was asked for is to see the form."""


def check_may_change(post: schemas.Post, visitor: schemas.OwnUser | None) -> None:
    """Raises NotAuthenticated, or Forbidden where the post is another's."""
    if visitor is None:
        raise errors.NotAuthenticated
    if not may_change(post, visitor):
        raise errors.Forbidden("Only its author may change this post.")


def may_change(post: schemas.Post, visitor: schemas.OwnUser | None) -> bool:
    return visitor is not None and (visitor.is_staff or visitor.id == post.author.id)


def expected(form: PostForm | DeleteForm) -> Expected:
    version = form.values["version"]
    known = _VERSION.fullmatch(version) is not None
    return Expected(frozenset((int(version),)) if known else frozenset())


def local_input(instant: str | None) -> str:
    """An instant as <input type=datetime-local> shows it: UTC, to the minute; "" where none is."""
    return "" if instant is None else instant[:16]


# --- the forms of the settings -------------------------------------------------------------------


class SettingsForm(Form, ABC):
    """One of the forms of `/settings`; the field `action` says which."""

    action: ClassVar[str]
    done: ClassVar[Done | None] = None
    signs_out: ClassVar[bool] = False

    @property
    def location(self) -> str:
        """Where to go on after `apply`."""
        return "/" if self.signs_out else f"/settings?done={self.done}"

    @property
    def cookies(self) -> Headers:
        """What goes along with that: whoever is signed out needs no session any more."""
        return (cookies.CLEARED,) if self.signs_out else ()

    @property
    def id(self) -> int:
        """Which one of a list is meant. Raises NotFound where none can be."""
        if not _ID.fullmatch(self.values["id"]):
            raise errors.NotFound
        return int(self.values["id"])

    @abstractmethod
    def apply(self, blog: Blog, caller: Credentials) -> None:
        """Do what the form says."""

    def _refused(self, error: BlogError) -> tuple[int, list[FieldError]]:
        match error:
            case _Shown():
                return 200, []
            case errors.Forbidden() | errors.WrongPassword():
                return 422, [FieldError(self.secrets[0], "wrong", _NOT_YOUR_PASSWORD)]
        return super()._refused(error)


class ProfileForm(SettingsForm):
    action, done = "profile", "profile"
    names = ("username", "email")

    def apply(self, blog: Blog, caller: Credentials) -> None:
        blog.change_me(caller, _valid(schemas.UserChanges, self.values))


class PasswordForm(SettingsForm):
    action, done = "password", "password"
    names = secrets = ("current_password", "new_password")

    def apply(self, blog: Blog, caller: Credentials) -> None:
        blog.change_password(caller, self.read(schemas.PasswordChange))


class FirstPasswordForm(SettingsForm):
    """A password for somebody who has none."""

    action, done = "first-password", "password"
    names = secrets = ("new_password",)

    def apply(self, blog: Blog, caller: Credentials) -> None:
        blog.set_password(caller, self.read(schemas.FirstPassword))

    def _refused(self, error: BlogError) -> tuple[int, list[FieldError]]:
        if isinstance(error, errors.NotFresh):
            return 403, [FieldError("", "not_fresh", problems.NOT_FRESH)]
        return super()._refused(error)


class TokenForm(SettingsForm):
    """A new token; `made` is shown once, on the page that answers."""

    action = "token"
    names = secrets = ("password",)
    keyed = True
    made: schemas.NewToken | None = None

    def apply(self, blog: Blog, caller: Credentials) -> None:
        username = blog.get_me(caller).username
        sent = {**self.values, "username": username}
        if sent["password"] == "":
            del sent["password"]
        self.made = blog.sign_in(_valid(schemas.SignIn, sent), self.key)
        self.key = new_key()
        raise _Shown


class EndTokenForm(SettingsForm):
    action, done = "end-token", "token"
    names = ("id",)

    def apply(self, blog: Blog, caller: Credentials) -> None:
        blog.end_token(caller, self.id)


class EndSessionForm(SettingsForm):
    action, done = "end-session", "session"
    names = ("id",)

    def apply(self, blog: Blog, caller: Credentials) -> None:
        blog.end_session(caller, self.id)


class UnlinkForm(SettingsForm):
    action, done = "unlink", "unlinked"
    names = ("id",)

    def apply(self, blog: Blog, caller: Credentials) -> None:
        blog.unlink_openid(caller, self.id)

    def _refused(self, error: BlogError) -> tuple[int, list[FieldError]]:
        if isinstance(error, errors.LastWayIn):
            return 409, [FieldError("", "last", problems.LAST_WAY_IN)]
        return super()._refused(error)


class EndAllForm(SettingsForm):
    action, signs_out = "end-all", True
    names = ()

    def apply(self, blog: Blog, caller: Credentials) -> None:
        blog.sign_out_everywhere(caller)


class DeleteAccountForm(SettingsForm):
    action, signs_out = "delete-account", True
    names = ("username",)

    def apply(self, blog: Blog, caller: Credentials) -> None:
        if self.values["username"] != blog.get_me(caller).username:
            wrong = "Write your username here, exactly as it is."
            raise Invalid([FieldError("username", "wrong", wrong)])
        blog.delete_me(caller)


SETTINGS_FORMS: dict[str, type[SettingsForm]] = {
    form.action: form
    for form in (
        ProfileForm,
        PasswordForm,
        FirstPasswordForm,
        TokenForm,
        EndTokenForm,
        EndSessionForm,
        UnlinkForm,
        EndAllForm,
        DeleteAccountForm,
    )
}


def settings_form(sent: Mapping[str, str]) -> SettingsForm:
    """The form that was sent. Raises Invalid where there is no such form."""
    kind = SETTINGS_FORMS.get(sent.get("action", ""))
    if kind is None:
        known = ", ".join(SETTINGS_FORMS)
        raise Invalid([FieldError("action", "invalid", f"Use one of {known}.")])
    return kind(sent)
