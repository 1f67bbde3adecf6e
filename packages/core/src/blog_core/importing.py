"""Users brought along from another application, with the hashes of their passwords.

brought = [(line, importing.user(values)) for line, values in rows]
report = blog.importing.users(brought, refused=[])
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BeforeValidator, ValidationError
from pydantic_core import PydanticCustomError

from blog_core import schemas
from blog_core.domain.errors import FieldError
from blog_core.domain.instants import format_instant, parse_instant
from blog_core.domain.users import User, name_key
from blog_core.ports import Clock, NewAction, PasswordHasher, Repositories, Storage

BATCH = 1_000
"""Users that are looked up or written by one statement."""
LONGEST_HASH = 255

Item = TypeVar("Item")


def _hash(value: str) -> str:
    if not (value.isascii() and value.isprintable()):
        raise PydanticCustomError("invalid", "A hash is of printable ASCII characters.")
    if len(value) > LONGEST_HASH:
        raise PydanticCustomError("too_long", f"A hash has at most {LONGEST_HASH} characters.")
    return value


def _joined(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        instant = datetime.fromisoformat(value.strip())
        # What says no offset was stored in UTC, as Django and Flask's tutorial do.
        aware = instant if instant.tzinfo else instant.replace(tzinfo=UTC)
        return parse_instant(format_instant(aware))
    except (ValueError, OverflowError):
        sentence = "Use a date and a time of the years 1970 to 9998, as 2026-01-02 03:04:05+00:00."
        raise PydanticCustomError("invalid", sentence) from None


_WORDS = {
    **dict.fromkeys(("true", "t", "yes", "y", "1", "on"), True),
    **dict.fromkeys(("false", "f", "no", "n", "0", "off"), False),
}


def _flag(value: object) -> object:
    if isinstance(value, bool):
        return value
    found = _WORDS.get(str(value).strip().lower())
    if found is None:
        raise PydanticCustomError("invalid", "Use true or false.")
    return found


Flag = Annotated[bool, BeforeValidator(_flag)]


class _Values(schemas.Input):
    """What a file may say of somebody."""

    username: schemas.Username
    email: schemas.Email
    password: Annotated[str, AfterValidator(_hash)]
    joined: Annotated[datetime, BeforeValidator(_joined)] | None = None
    is_staff: Flag = False
    is_active: Flag = True


@dataclass(frozen=True, slots=True)
class ImportedUser:
    """Somebody as another application knew them. `password` is a hash."""

    username: str
    email: str
    password: str
    joined: datetime | None
    is_staff: bool
    is_active: bool


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why the user on this line is not taken; the name as far as it is known."""

    line: int
    username: str
    error: FieldError


@dataclass(frozen=True, slots=True)
class There:
    """The user on this line is there already, with this username and email."""

    line: int
    username: str


@dataclass(frozen=True, slots=True)
class Report:
    """What came of it. Nothing was written unless `written`; `new` counts who was or would be."""

    new: int
    there: Sequence[There]
    refused: Sequence[Refusal]
    written: bool


Brought = tuple[int, ImportedUser]
"""A user, and the line that they came from."""


def user(line: int, values: Mapping[str, Any]) -> ImportedUser | Refusal:
    """The user of these values; None and empty text count as absent."""
    present = {name: value for name, value in values.items() if value not in (None, "")}
    try:
        # Not kept as a model, which takes four times the memory: there may be many.
        return ImportedUser(**dict(_Values.model_validate(present)))
    except ValidationError as error:
        username = present.get("username", "")
        reason = schemas.invalid(_Values, error.errors()).errors[0]
        return Refusal(line, username if isinstance(username, str) else "", reason)


@dataclass(frozen=True)
class Importing:
    """Bringing users along. Raises Unavailable when the database does not answer."""

    storage: Storage
    clock: Clock
    hasher: PasswordHasher

    def users(
        self,
        brought: Sequence[Brought],
        refused: Sequence[Refusal] = (),
        *,
        allow_staff: bool = False,
        skip_refused: bool = False,
        dry_run: bool = False,
        done: Callable[[int], object] = lambda count: None,
    ) -> Report:
        """Add these users, in one transaction, with their hashes as they are.

        Nothing is written where one of them is refused, or was before (`refused`), unless that is
        to be skipped; nor in a dry run. Who is there already, with the same username and email,
        stays as they are. `done` hears of each batch. Raises Taken where somebody signed up with
        one of the names meanwhile.
        """
        acceptable, found = self._acceptable(brought, allow_staff=allow_staff)
        refusals = [*refused, *found]
        writes = not dry_run and (skip_refused or not refusals)
        with self.storage.writing() if writes else self.storage.reading() as storage:
            new, there, taken = _sorted_out(storage, acceptable)
            refusals = sorted([*refusals, *taken], key=lambda refusal: refusal.line)
            writes = writes and (skip_refused or not refusals)
            for batch in _batches(new):
                if writes:
                    self._add(storage, batch)
                done(len(batch))
        return Report(len(new), there, refusals, writes)

    def _acceptable(
        self, brought: Sequence[Brought], *, allow_staff: bool
    ) -> tuple[list[Brought], list[Refusal]]:
        """Who can be taken as far as can be told without the database, and who not."""
        acceptable, refused = [], []
        first: dict[tuple[str, str], int] = {}
        for line, user in brought:
            error = self._wrong(user, allow_staff=allow_staff)
            for field in ("username", "email"):
                name = field, name_key(getattr(user, field))
                if error is None and name in first:
                    sentence = f"Line {first[name]} has this {field} too."
                    error = FieldError(field, "repeated", sentence)
            if error is not None:
                refused.append(Refusal(line, user.username, error))
                continue
            first["username", name_key(user.username)] = line
            first["email", name_key(user.email)] = line
            acceptable.append((line, user))
        return acceptable, refused

    def _wrong(self, user: ImportedUser, *, allow_staff: bool) -> FieldError | None:
        reason = self.hasher.why_never(user.password)
        if reason is not None:
            return FieldError("password", "never_right", reason)
        if user.is_staff and not allow_staff:
            return FieldError("is_staff", "not_allowed", "This is staff, which was not allowed.")
        return None

    def _add(self, storage: Repositories, batch: Sequence[Brought]) -> None:
        now = self.clock()
        users = [
            User(
                username=user.username,
                email=user.email,
                password=user.password,
                joined=user.joined or now,
                is_staff=user.is_staff,
                is_active=user.is_active,
            )
            for _, user in batch
        ]
        ids = storage.users.add_all(users)
        storage.actions.add_all(
            [
                NewAction(now, None, "user", user_id, user.username, "imported")
                for user_id, user in zip(ids, users, strict=True)
            ]
        )


def _sorted_out(
    storage: Repositories, brought: Sequence[Brought]
) -> tuple[list[Brought], list[There], list[Refusal]]:
    """Who is new, who is there already, and whose names somebody else has."""
    new: list[Brought] = []
    there: list[There] = []
    taken: list[Refusal] = []
    for batch in _batches(brought):
        keys = [(name_key(user.username), name_key(user.email)) for _, user in batch]
        known = storage.users.known(*map(list, zip(*keys, strict=True)))
        accounts = {(account.username_key, account.email_key) for account in known}
        usernames = {username for username, _ in accounts}
        emails = {email for _, email in accounts}
        for (line, user), (username, email) in zip(batch, keys, strict=True):
            if (username, email) in accounts:
                there.append(There(line, user.username))
            elif username in usernames or email in emails:
                field = "username" if username in usernames else "email"
                error = FieldError(field, "taken", f"Somebody else here has this {field}.")
                taken.append(Refusal(line, user.username, error))
            else:
                new.append((line, user))
    return new, there, taken


def _batches(items: Iterable[Item]) -> Iterator[list[Item]]:
    iterator = iter(items)
    while batch := list(islice(iterator, BATCH)):
        yield batch
