"""Password hashes: ours (Argon2id) and the ones that users bring from elsewhere.

Formats: Django's `pbkdf2_sha256$`, `argon2$`, `scrypt$`, `bcrypt$`, `bcrypt_sha256$`; Werkzeug's
`scrypt:` and `pbkdf2:sha256:`; plain `$2a$`, `$2b$`, `$2y$` and `$argon2id$`.
"""

import hashlib
import hmac
import os
import threading
from base64 import b64encode
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
    """The port `PasswordHasher`. At most as many hashes run at once as there are cores."""

    def __init__(self) -> None:
        self._slots = threading.BoundedSemaphore(os.cpu_count() or 1)

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
    if (
        cost.memory_cost > _MOST_ARGON2_KIB
        or cost.time_cost > _MOST_ARGON2_PASSES
        or cost.parallelism > _MOST_ARGON2_LANES
    ):
        raise ValueError("too costly")
    try:
        return _ARGON2.verify(stored, password)
    except (VerificationError, InvalidHashError):
        return False


def _bcrypt(stored: str, password: bytes) -> bool:
    cost = int(stored[4:6])
    if cost > _MOST_BCRYPT_COST:
        raise ValueError("too costly")
    # bcrypt itself reads 72 bytes; the library refuses more instead of cutting as others did.
    return bcrypt.checkpw(password[:72], stored.encode())


def _scrypt(password: str, salt: bytes, n: int, r: int, p: int) -> bytes:
    if min(n, r, p) < 1 or n * r * p > _MOST_SCRYPT_WORK or 128 * n * r > _MOST_SCRYPT_BYTES:
        raise ValueError("too costly")
    return hashlib.scrypt(
        password.encode(), salt=salt, n=n, r=r, p=p, maxmem=2 * _MOST_SCRYPT_BYTES, dklen=64
    )


def _pbkdf2(password: str, salt: bytes, rounds: int) -> bytes:
    if not 0 < rounds <= _MOST_PBKDF2_ROUNDS:
        raise ValueError("too costly")
    return hashlib.pbkdf2_hmac("sha256", password.encode(), salt, rounds)


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


_FORMATS: dict[str, Callable[[str, str], bool]] = {
    "$argon2id$": _argon2,
    "argon2$": lambda stored, password: _argon2(stored.removeprefix("argon2"), password),
    "pbkdf2_sha256$": _django_pbkdf2,
    "scrypt$": _django_scrypt,
    "bcrypt$": lambda stored, password: _bcrypt(stored.removeprefix("bcrypt$"), password.encode()),
    "bcrypt_sha256$": _django_bcrypt_sha256,
    "scrypt:": _werkzeug_scrypt,
    "pbkdf2:sha256:": _werkzeug_pbkdf2,
    "$2a$": lambda stored, password: _bcrypt(stored, password.encode()),
    "$2b$": lambda stored, password: _bcrypt(stored, password.encode()),
    "$2y$": lambda stored, password: _bcrypt(stored, password.encode()),
}
