"""Which passwords are good enough (NIST SP 800-63B: length and a list, no composition rules)."""

from functools import cache
from importlib.resources import files

from blog_core.domain.errors import FieldError
from blog_core.domain.users import name_key

SHORTEST = 8
LONGEST = 1024


def problem(field: str, password: str, *names: str) -> FieldError | None:
    """What is wrong with a password for somebody with these names, or None."""
    length = len(password.encode())
    if length < SHORTEST:
        return FieldError(field, "too_short", f"A password has at least {SHORTEST} bytes.")
    if length > LONGEST:
        return FieldError(field, "too_long", f"A password has at most {LONGEST} bytes.")
    if name_key(password) in map(name_key, names):
        return FieldError(field, "too_similar", "The password is your username or email.")
    if password.casefold() in common():
        return FieldError(field, "too_common", "This password is among the most common ones.")
    return None


@cache
def common() -> frozenset[str]:
    """The common passwords of at least 8 characters, in lower case."""
    return frozenset(files(__package__).joinpath("common_passwords.txt").read_text().split())
