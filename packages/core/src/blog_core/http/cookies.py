"""The cookies (RFC 6265bis), the same for all implementations: a session, and a sign-in under way.

They are written without an instant: `Max-Age` needs no clock. The front knows whether the site is
reached over https, and then makes them `__Host-session` and `__Host-openid` with `Secure`.
"""

from collections.abc import Sequence

from blog_core.schemas import NewSession, Pending

_NAME = "session"
_HOST_NAME = "__Host-session"
_NAMES = frozenset((_NAME, _HOST_NAME))
_PENDING = "openid"
_ATTRIBUTES = "HttpOnly; SameSite=Lax"


def opened(session: NewSession) -> tuple[str, str]:
    """The field that gives a browser its session."""
    return _set(_NAME, session.value, session.seconds)


def pending(kept: Pending) -> tuple[str, str]:
    """The field that gives a browser its part of a sign-in with a provider.

    It is never taken away again: once that is over it is worth nothing.
    """
    return _set(_PENDING, kept.value, kept.seconds)


CLEARED = ("Set-Cookie", f"{_NAME}=; Path=/; Max-Age=0; {_ATTRIBUTES}")
"""The field that takes it away again."""


def secured(field: tuple[str, str]) -> tuple[str, str]:
    """The field as a site on https sends it; another cookie's is left as it is."""
    name, value = field
    if name.lower() == "set-cookie" and value.startswith((f"{_NAME}=", f"{_PENDING}=")):
        return name, f"__Host-{value}; Secure"
    return field


def sent_sessions(cookie: str) -> Sequence[tuple[str, str]]:
    """Name and value of each session cookie in a `Cookie` field.

    Several fields come joined by a comma or a semicolon: servers differ.
    """
    return [pair for pair in _pairs(cookie) if pair[0] in _NAMES]


def session(cookie: str, *, https: bool) -> str | None:
    """The session that a `Cookie` field holds under the name it has on this site."""
    wanted = _HOST_NAME if https else _NAME
    return next((value for name, value in sent_sessions(cookie) if name == wanted), None)


def sent_pending(cookie: str, *, https: bool) -> str | None:
    """What the browser holds of a sign-in with a provider; None where it sends two, too."""
    wanted = f"__Host-{_PENDING}" if https else _PENDING
    values = [value for name, value in _pairs(cookie) if name == wanted]
    return values[0] if len(values) == 1 else None


def _pairs(cookie: str) -> list[tuple[str, str]]:
    pairs = [pair.partition("=") for pair in cookie.replace(",", ";").split(";")]
    return [(name.strip(" \t"), value.strip(" \t")) for name, _, value in pairs]


def _set(name: str, value: str, seconds: int) -> tuple[str, str]:
    return "Set-Cookie", f"{name}={value}; Path=/; Max-Age={seconds}; {_ATTRIBUTES}"
