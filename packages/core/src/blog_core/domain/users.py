"""A user and the rules about users."""

import re
import unicodedata
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256

# Not "." and "..", which are no names in a path (RFC 3986, 3.3).
USERNAME = r"^(?!\.{1,2}$)[A-Za-z0-9_.-]{1,80}$"

# What a browser accepts in <input type=email> (HTML Living Standard, "valid email address"), with
# at least one dot in the domain.
_LABEL = "[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
EMAIL = rf"^[A-Za-z0-9.!#$%&'*+/=?^_`{{|}}~-]+@{_LABEL}(?:\.{_LABEL})+$"
EMAIL_LENGTH = 120

# Stands for a hash where there is no password; Django marks its own with the same character.
NO_PASSWORD = "!"  # noqa: S105 # it is none

_USERNAME = re.compile(r"(?!\.{1,2}\Z)[A-Za-z0-9_.-]{1,80}\Z")
_EMAIL = re.compile(EMAIL[:-1] + r"\Z")


@dataclass(eq=False, kw_only=True)
class User:
    """Somebody who writes. `password` is a hash, never the password, or NO_PASSWORD."""

    id: int = field(init=False)
    username: str
    email: str
    password: str
    joined: datetime
    is_staff: bool = False
    is_active: bool = True
    username_key: str = field(init=False)
    email_key: str = field(init=False)

    def __post_init__(self) -> None:
        self.rename(self.username)
        self.change_email(self.email)

    @property
    def version(self) -> str:
        return account_version(self.username, self.email, self.is_staff, self.is_active)

    def rename(self, username: str) -> None:
        self.username = username
        self.username_key = name_key(username)

    def change_email(self, email: str) -> None:
        self.email = email
        self.email_key = name_key(email)


def account_version(username: str, email: str, *rights: bool) -> str:
    """Told apart from how the account was: another one when any of this has changed."""
    told = repr((username, email, *map(bool, rights)))
    return sha256(told.encode()).hexdigest()[:16]


def is_username(text: str) -> bool:
    return _USERNAME.match(text) is not None


def is_email(text: str) -> bool:
    return len(text) <= EMAIL_LENGTH and _EMAIL.match(text) is not None


def has_password(stored: str) -> bool:
    """Whether somebody with this hash can sign in with a password at all."""
    return not stored.startswith(NO_PASSWORD)


def suggested_username(*names: str | None) -> str:
    """A username like the first of these names that one can be made of, or ""."""
    for name in names:
        plain = unicodedata.normalize("NFKD", (name or "").partition("@")[0])
        made = re.sub(r"[^A-Za-z0-9_.-]", "", "-".join(plain.split()))[:80]
        if is_username(made):
            return made
    return ""


def name_key(name: str) -> str:
    """Usernames and emails are unique by this key, so that no database's collation decides."""
    return name.casefold()
