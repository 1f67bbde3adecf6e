"""Password hashes: ours (Argon2id) and the ones that users bring from elsewhere.

Formats: Django's `pbkdf2_sha256$`, `argon2$`, `scrypt$`, `bcrypt$`, `bcrypt_sha256$`; Werkzeug's
`scrypt:` and `pbkdf2:sha256:`; passlib's `$pbkdf2-sha256$`; plain `$2a$`, `$2b$`, `$2y$` and
`$argon2id$`.
"""

import hashlib
import hmac
import os
import re
import threading
from base64 import b64decode, b64encode
from collections.abc import Callable

import bcrypt
from argon2 import PasswordHasher, extract_parameters
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.low_level import Type

# OWASP Password Storage Cheat Sheet: Argon2id with 19 MiB, two passes, one lane.
_ARGON2 = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1, type=Type.ID)

# Nobody's hash, of the same cost as everybody's.
_NOBODY = (
    "$argon2id$v=19$m=19456,t=2,p=1$l3Ev1uA5y3hlrxHlWPrl1A"
    "$KTZoX04Qy9kYUE4jL3RahaGJT1baHrmCHNjNKscBq80"
)

# A stored hash names its own cost: above these it is refused, so that none stalls a worker.
_MOST_PBKDF2_ROUNDS = 5_000_000
_MOST_SCRYPT_BYTES = 128 * 1024 * 1024
_MOST_SCRYPT_WORK = 2**21
_MOST_BCRYPT_COST = 15
_MOST_ARGON2_KIB = 256 * 1024
_MOST_ARGON2_PASSES = 20
_MOST_ARGON2_LANES = 16


class Argon2Hasher:
    """The port `PasswordHasher`. At most as many hashes run at once as there are cores.

    `slots` stands for what lets so many in at once.
    """

    def __init__(self, slots: threading.Semaphore | None = None) -> None:
        self._slots = slots or threading.BoundedSemaphore(os.cpu_count() or 1)

    def hash(self, password: str) -> str:
        with self._slots:
            return _ARGON2.hash(password)

    def verify(self, password: str, stored: str | None) -> bool:
        if stored is None:
            self._spend(password)
            return False
        with self._slots:
            try:
                return _verifier(stored)(password)
            except (ValueError, OverflowError, MemoryError):
                pass  # garbage or monstrous: never right, and as slow as any other
        self._spend(password)
        return False

    def outdated(self, stored: str) -> bool:
        try:
            return _ARGON2.check_needs_rehash(stored)
        except InvalidHashError:
            return True

    def why_never(self, stored: str) -> str | None:
        if stored == "" or stored.startswith(("!", "*")):
            return "It is marked as unusable: nobody can sign in with it."
        for prefix, (shape, check_cost) in _SHAPES.items():
            if stored.startswith(prefix):
                found = re.fullmatch(shape, stored)
                if found is None:
                    return f"It begins as {prefix} does, but goes on as no such hash."
                try:
                    check_cost(*map(int, found.groups()))
                except ValueError:
                    return "Its cost is impossible, or too high to verify."
                return None
        return "Its format is not one that is verified here."

    def _spend(self, password: str) -> None:
        """Take the time of a verification, for somebody who is not there."""
        with self._slots:
            _argon2(_NOBODY, password)


def _verifier(stored: str) -> Callable[[str], bool]:
    """How to verify a password against this hash. Raises ValueError for an unknown format."""
    for prefix, verify in _FORMATS.items():
        if stored.startswith(prefix):
            return lambda password: verify(stored, password)
    raise ValueError("an unknown format")


def _argon2(stored: str, password: str) -> bool:
    cost = extract_parameters(stored)
    _check_argon2(cost.memory_cost, cost.time_cost, cost.parallelism)
    try:
        return _ARGON2.verify(stored, password)
    except (VerificationError, InvalidHashError):
        return False


def _bcrypt(stored: str, password: bytes) -> bool:
    _check_bcrypt(int(stored[4:6]))
    # bcrypt itself reads 72 bytes; the library refuses more instead of cutting as others did.
    return bcrypt.checkpw(password[:72], stored.encode())


def _scrypt(password: str, salt: bytes, n: int, r: int, p: int) -> bytes:
    _check_scrypt(n, r, p)
    return hashlib.scrypt(
        password.encode(), salt=salt, n=n, r=r, p=p, maxmem=2 * _MOST_SCRYPT_BYTES, dklen=64
    )


def _pbkdf2(password: str, salt: bytes, rounds: int) -> bytes:
    _check_pbkdf2(rounds)
    return hashlib.pbkdf2_hmac("sha256", password.encode(), salt, rounds)


def _check_argon2(kib: int, passes: int, lanes: int) -> None:
    # RFC 9106, 3.1: eight blocks a lane at least.
    if (
        not 8 * lanes <= kib <= _MOST_ARGON2_KIB
        or not 0 < passes <= _MOST_ARGON2_PASSES
        or not 0 < lanes <= _MOST_ARGON2_LANES
    ):
        raise ValueError("an impossible cost, or one too high")


def _check_bcrypt(cost: int) -> None:
    if not 4 <= cost <= _MOST_BCRYPT_COST:
        raise ValueError("an impossible cost, or one too high")


def _check_scrypt(n: int, r: int, p: int) -> None:
    work_and_memory = n * r * p <= _MOST_SCRYPT_WORK and 128 * n * r <= _MOST_SCRYPT_BYTES
    # RFC 7914, 6: a power of two above 1.
    if min(r, p) < 1 or n < 2 or n & (n - 1) or not work_and_memory:
        raise ValueError("an impossible cost, or one too high")


def _check_pbkdf2(rounds: int) -> None:
    if not 0 < rounds <= _MOST_PBKDF2_ROUNDS:
        raise ValueError("an impossible cost, or one too high")


def _same(expected: str, actual: str) -> bool:
    return hmac.compare_digest(expected.encode(), actual.encode())


def _django_pbkdf2(stored: str, password: str) -> bool:
    _, rounds, salt, expected = stored.split("$")
    return _same(expected, b64encode(_pbkdf2(password, salt.encode(), int(rounds))).decode())


def _django_scrypt(stored: str, password: str) -> bool:
    _, n, salt, r, p, expected = stored.split("$")
    actual = _scrypt(password, salt.encode(), int(n), int(r), int(p))
    return _same(expected, b64encode(actual).decode())


def _django_bcrypt_sha256(stored: str, password: str) -> bool:
    # Django hashes first, in hexadecimal, so that long passwords count to their end.
    digest = hashlib.sha256(password.encode()).hexdigest().encode()
    return _bcrypt(stored.removeprefix("bcrypt_sha256$"), digest)


def _werkzeug_scrypt(stored: str, password: str) -> bool:
    method, salt, expected = stored.split("$")
    _, n, r, p = method.split(":")
    return _same(expected, _scrypt(password, salt.encode(), int(n), int(r), int(p)).hex())


def _werkzeug_pbkdf2(stored: str, password: str) -> bool:
    method, salt, expected = stored.split("$")
    rounds = int(method.removeprefix("pbkdf2:sha256:"))
    return _same(expected, _pbkdf2(password, salt.encode(), rounds).hex())


def _passlib_pbkdf2(stored: str, password: str) -> bool:
    _, _, rounds, salt, expected = stored.split("$")
    # Base64 without padding, and with "." for "+".
    spelled = (salt + "=" * (-len(salt) % 4)).replace(".", "+")
    actual = b64encode(_pbkdf2(password, b64decode(spelled, validate=True), int(rounds)))
    return _same(expected, actual.decode().rstrip("=").replace("+", "."))


_FORMATS: dict[str, Callable[[str, str], bool]] = {
    "$argon2id$": _argon2,
    "argon2$": lambda stored, password: _argon2(stored.removeprefix("argon2"), password),
    "pbkdf2_sha256$": _django_pbkdf2,
    "scrypt$": _django_scrypt,
    "bcrypt$": lambda stored, password: _bcrypt(stored.removeprefix("bcrypt$"), password.encode()),
    "bcrypt_sha256$": _django_bcrypt_sha256,
    "scrypt:": _werkzeug_scrypt,
    "pbkdf2:sha256:": _werkzeug_pbkdf2,
    "$pbkdf2-sha256$": _passlib_pbkdf2,
    "$2a$": lambda stored, password: _bcrypt(stored, password.encode()),
    "$2b$": lambda stored, password: _bcrypt(stored, password.encode()),
    "$2y$": lambda stored, password: _bcrypt(stored, password.encode()),
}

_NUMBER = "([1-9][0-9]{0,9})"
_BCRYPT = r"\$2[aby]\$([0-9]{2})\$[./A-Za-z0-9]{53}"
# RFC 9106, 3.1: at least 8 bytes of salt and 4 of hash.
_ARGON2ID = (
    rf"\$argon2id\$v=(?:16|19)\$m={_NUMBER},t={_NUMBER},p={_NUMBER}"
    r"\$[+/A-Za-z0-9]{11,}\$[+/A-Za-z0-9]{6,}"
)

# What a hash that can be right looks like, and what of it is its cost.
_SHAPES: dict[str, tuple[str, Callable[..., None]]] = {
    "$argon2id$": (_ARGON2ID, _check_argon2),
    "argon2$": ("argon2" + _ARGON2ID, _check_argon2),
    "pbkdf2_sha256$": (
        rf"pbkdf2_sha256\${_NUMBER}\$[^$]+\$[+/A-Za-z0-9]{{43}}=",
        _check_pbkdf2,
    ),
    # The cost is n, r and p, and the salt stands between them.
    "scrypt$": (
        rf"scrypt\${_NUMBER}\$[^$]+\${_NUMBER}\${_NUMBER}\$[+/A-Za-z0-9]{{86}}==",
        _check_scrypt,
    ),
    "bcrypt$": (r"bcrypt\$" + _BCRYPT, _check_bcrypt),
    "bcrypt_sha256$": (r"bcrypt_sha256\$" + _BCRYPT, _check_bcrypt),
    "scrypt:": (
        rf"scrypt:{_NUMBER}:{_NUMBER}:{_NUMBER}\$[^$]+\$[0-9a-f]{{128}}",
        _check_scrypt,
    ),
    "pbkdf2:sha256:": (rf"pbkdf2:sha256:{_NUMBER}\$[^$]+\$[0-9a-f]{{64}}", _check_pbkdf2),
    "$pbkdf2-sha256$": (
        rf"\$pbkdf2-sha256\${_NUMBER}\$[./A-Za-z0-9]+\$[./A-Za-z0-9]{{43}}",
        _check_pbkdf2,
    ),
    **dict.fromkeys(("$2a$", "$2b$", "$2y$"), (_BCRYPT, _check_bcrypt)),
}
