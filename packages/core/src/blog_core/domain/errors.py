"""What can go wrong, in the domain's words; `blog_core.http.problems` says it in HTTP's."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FieldError:
    """What is wrong with one field of the input: `code` for programs, `message` for people."""

    field: str
    code: str
    message: str


class BlogError(Exception):
    """Anything the blog refuses to do."""


class NotAuthenticated(BlogError):
    """Nobody is signed in, or not with credentials that are good."""

    def __init__(self, *, token_sent: bool = False) -> None:
        super().__init__("the token is not good" if token_sent else "nobody is signed in")
        self.token_sent = token_sent


class SessionOver(NotAuthenticated):
    """The session has ended, or never was."""


class WrongPassword(NotAuthenticated):
    """The username and password do not belong together."""


class NotFound(BlogError):
    """It does not exist, or not for this caller."""


class Forbidden(BlogError):
    """The caller sees it, but may not do this to it."""


class VersionRequired(BlogError):
    """A change must say which version it was made from."""


class Stale(BlogError):
    """The change was made from another version than the one that stands."""


class Invalid(BlogError):
    """The input was understood but is not valid; `errors` says what and where."""

    def __init__(self, errors: Sequence[FieldError]) -> None:
        super().__init__(", ".join(f"{error.field}: {error.code}" for error in errors))
        self.errors = tuple(errors)


class Taken(BlogError):
    """Another user has this username or email; `fields` names which."""

    def __init__(self, fields: Sequence[str]) -> None:
        super().__init__(", ".join(fields))
        self.fields = tuple(fields)


class KeyInUse(BlogError):
    """A request with the same idempotency key is still under way."""


class SignInRefused(BlogError):
    """Signing in with a provider did not work; `message` says so to people, `reason` to a log.

    `code` is `over`, `declined`, `invalid`, `known`, `linked` or `disabled`.
    """

    def __init__(self, code: str, message: str, reason: str = "") -> None:
        super().__init__(reason or message)
        self.code = code
        self.message = message


class NotFresh(BlogError):
    """Who has no password must have signed in just now to do this."""


class LastWayIn(BlogError):
    """Without it nobody could sign in to this account any more."""


class Throttled(BlogError):
    """Too often: `quota` times in `seconds` is allowed, and again in `retry_after` seconds."""

    def __init__(self, limit: str, quota: int, seconds: int, retry_after: int) -> None:
        super().__init__(f"{limit}: more than {quota} in {seconds} s")
        self.limit = limit
        self.quota = quota
        self.seconds = seconds
        self.retry_after = retry_after


class OutOfService(BlogError):
    """This process is to be stopped: it answers, and is to be sent nothing more."""


class Unavailable(BlogError):
    """The database did not answer in time. What was asked may or may not have been done."""


class ProviderUnavailable(BlogError):
    """A provider of sign-ins, called `title`, did not answer in time, or not as one."""

    def __init__(self, title: str, reason: str) -> None:
        super().__init__(f"{title}: {reason}")
        self.title = title
