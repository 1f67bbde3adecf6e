"""The session cookie (RFC 6265bis), the same for all implementations.

It is written without an instant: `Max-Age` needs no clock. The front knows whether the site is
reached over https, and then makes it `__Host-session` with `Secure`.
"""

from collections.abc import Sequence

from blog_core.schemas import NewSession

_NAME = "session"
_HOST_NAME = "__Host-session"
_NAMES = frozenset((_NAME, _HOST_NAME))
_ATTRIBUTES = "HttpOnly; SameSite=Lax"


def opened(session: NewSession) -> tuple[str, str]:
    """The field that gives a browser its session."""
    return _set(session.value, session.seconds)


CLEARED = ("Set-Cookie", f"{_NAME}=; Path=/; Max-Age=0; {_ATTRIBUTES}")
"""The field that takes it away again."""


def secured(field: tuple[str, str]) -> tuple[str, str]:
    """The field as a site on https sends it; another cookie's is left as it is."""
    name, value = field
    if name.lower() == "set-cookie" and value.startswith(f"{_NAME}="):
        return name, f"__Host-{value}; Secure"
    return field


def sent_sessions(cookie: str) -> Sequence[tuple[str, str]]:
    """Name and value of each session cookie in a `Cookie` field.

    Several fields come joined by a comma or a semicolon: servers differ.
    """
    pairs = [pair.partition("=") for pair in cookie.replace(",", ";").split(";")]
    named = [(name.strip(" \t"), value.strip(" \t")) for name, _, value in pairs]
    return [pair for pair in named if pair[0] in _NAMES]


def session(cookie: str, *, https: bool) -> str | None:
    """The session that a `Cookie` field holds under the name it has on this site."""
    wanted = _HOST_NAME if https else _NAME
    return next((value for name, value in sent_sessions(cookie) if name == wanted), None)


def _set(value: str, seconds: int) -> tuple[str, str]:
    return "Set-Cookie", f"{_NAME}={value}; Path=/; Max-Age={seconds}; {_ATTRIBUTES}"
