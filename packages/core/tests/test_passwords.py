"""Hashes, ours and imported ones. The literals say how they were made, and by what."""

import statistics
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from argon2 import extract_parameters
from hypothesis import given
from hypothesis import strategies as st

from blog_core.domain.errors import WrongPassword
from blog_core.domain.users import User
from blog_core.ports import Storage
from blog_core.schemas import ANYBODY, OPERATOR, NewUser, SignIn
from blog_core.security import passwords
from blog_core.security.passwords import Argon2Hasher

from .fakes import FakeClock, site

HASHER = Argon2Hasher()
PASSWORD = "Grüße, Jürgen"

# Made with Django 5.2.19, Werkzeug 3.1.9, bcrypt 5.0.0, argon2-cffi 25.1.0, of the password above.
# Rounds are few where the library lets one choose, so that the tests are quick.
IMPORTED = {
    # django.contrib.auth.hashers.PBKDF2PasswordHasher().encode(..., iterations=1000)
    "django-pbkdf2": (
        "pbkdf2_sha256$1000$saltsaltsaltsaltsaltsa$NdPmHN3gQkGiLmmvxVwcuxCHMLHIv+664RRdjnukrjQ="
    ),
    # Argon2PasswordHasher().encode(...), as Django makes it by default
    "django-argon2": (
        "argon2$argon2id$v=19$m=102400,t=2,p=8$c2FsdHNhbHRzYWx0c2FsdHNhbHRzYQ"
        "$dh/39AK9Q7UVfJ45kn5z42RbhrzpY7V3R4rHLFR/878"
    ),
    # ScryptPasswordHasher().encode(...), as Django makes it by default
    "django-scrypt": (
        "scrypt$16384$saltsaltsaltsaltsaltsa$8$5$NJYfDoXLRyZU38ApPyI6M5LGHllTiu1rshh0fBxtRWWW"
        "dVMK8WJy3qmxU0Ol71pZpghqAWCl8CoTJUGKy40x1A=="
    ),
    # BCryptPasswordHasher with rounds=4
    "django-bcrypt": "bcrypt$$2b$04$eM.N3qidJAYEwdb987Ta2eqW4yaPygfeDdCacahEb/.5oB6xLqztm",
    # BCryptSHA256PasswordHasher with rounds=4
    "django-bcrypt-sha256": (
        "bcrypt_sha256$$2b$04$m/BRbdd.1DPXW1BZpNuycO.vbAUvNpyjQgfUKy5yqUwQzhDzHifYO"
    ),
    # werkzeug.security.generate_password_hash(...), as Werkzeug makes it by default
    "werkzeug-scrypt": (
        "scrypt:32768:8:1$vtXa7s8jPUXypwxl$f743916b7b680e6fb1405cfec5af279732cfa66fdd6b5c168ebd627"
        "e926e8893c04e3d7580447e5b47fcf88d4496e4c9418af211df264e040d28d0f06b561849"
    ),
    # generate_password_hash(..., "pbkdf2:sha256:1000")
    "werkzeug-pbkdf2": (
        "pbkdf2:sha256:1000$ajlpNPVCwxZiK3c6"
        "$dbe0ccfed4081138b26c5de753c5540b6324c82eac6cc57d6eef0491c8027a52"
    ),
    # passlib.hash.pbkdf2_sha256.using(rounds=1000).hash(...), of libpass 1.9.4
    "passlib-pbkdf2": (
        "$pbkdf2-sha256$1000$8V7rXWvNmdO6N6aU0vr/Hw$Jdl75.BQaxR0yfXoe93LqUNgEi8U5ERKY7iU23NCZsQ"
    ),
    # bcrypt.hashpw(..., bcrypt.gensalt(4, prefix=b"2a")) and b"2b"
    "bcrypt-2a": "$2a$04$f4nj5JaDm9WbtSWx58g.p.QQYdCqna2/1dY09dPoUd1CMhZtpSRki",
    "bcrypt-2b": "$2b$04$M0UCovJEpis09oGQQvAvX.J.t0h3E72Qb2.ghCUlA.Y98wEDyCAyK",
    # As $2b$, which is PHP's $2y$ by another name
    "bcrypt-2y": "$2y$04$e8zhLoV0Dwh.9e6DAO53nu4moNoJlbQDu1Dkx5et2ZZtmhZ.2Tb/.",
    # argon2.PasswordHasher(memory_cost=8192, time_cost=1, parallelism=4).hash(...)
    "argon2id": (
        "$argon2id$v=19$m=8192,t=1,p=4$vJ50nVeBROJZKpjfvghhwA"
        "$HuNSRRW3N1PtNCOsscNYfVJDn8BzkA2ATEhCjHU3Ig0"
    ),
}
PREFIXES = sorted(passwords._FORMATS)
WERKZEUG_162 = IMPORTED["werkzeug-scrypt"]

# As above, of 72 and 80 times the letter a.
LONG_BCRYPT = "$2b$04$6H0j8rFNzZtLSEKTG0dNce9sTRtMt0nkmmESPdWi0c2q7bq0QYebC"
LONG_BCRYPT_SHA256 = "bcrypt_sha256$$2b$04$tlQn3SX6Xfz0v2NmK2N7q.sBHD7FjLBUTNH3b5g2zOeOMzN2JIn7e"


@pytest.mark.sentence("argon2")
def test_a_hash_is_argon2id_with_19_mib_two_passes_and_one_lane() -> None:
    stored = HASHER.hash(PASSWORD)
    assert stored.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert HASHER.verify(PASSWORD, stored)
    assert not HASHER.verify(PASSWORD + " ", stored)
    assert not HASHER.outdated(stored)


def test_every_hash_has_its_own_salt() -> None:
    assert HASHER.hash(PASSWORD) != HASHER.hash(PASSWORD)


@pytest.mark.sentence("imported-hashes")
@pytest.mark.parametrize("stored", IMPORTED.values(), ids=IMPORTED)
def test_an_imported_hash_verifies_and_is_outdated(stored: str) -> None:
    assert HASHER.verify(PASSWORD, stored)
    assert HASHER.outdated(stored)


@pytest.mark.sentence("imported-hashes")
@pytest.mark.parametrize("stored", IMPORTED.values(), ids=IMPORTED)
@pytest.mark.parametrize("wrong", ["", "grüße, jürgen", PASSWORD + " ", "x" * 1024])
def test_a_wrong_password_is_wrong(stored: str, wrong: str) -> None:
    assert not HASHER.verify(wrong, stored)


def test_the_tests_cover_every_format() -> None:
    covered = {
        prefix for prefix in PREFIXES if any(map(str.startswith, IMPORTED.values(), [prefix] * 99))
    }
    assert set(PREFIXES) == covered


@pytest.mark.parametrize(
    "stored", [*IMPORTED.values(), HASHER.hash(PASSWORD)], ids=[*IMPORTED, "our own"]
)
def test_of_a_hash_that_verifies_nothing_says_never(stored: str) -> None:
    assert HASHER.why_never(stored) is None


@pytest.mark.sentence("imported-hashes")
@pytest.mark.parametrize("stored", ["", "!", "!abc", "*", "plain text", PASSWORD, "md5$salt$hash"])
def test_an_unusable_hash_is_never_right(stored: str) -> None:
    assert not HASHER.verify(PASSWORD, stored)
    assert not HASHER.verify("", stored)
    assert HASHER.why_never(stored)


def test_bcrypt_reads_72_bytes_and_no_more() -> None:
    assert HASHER.verify("a" * 72, LONG_BCRYPT)
    assert HASHER.verify("a" * 200, LONG_BCRYPT)
    assert not HASHER.verify("a" * 71, LONG_BCRYPT)


def test_bcrypt_behind_sha256_reads_to_the_end() -> None:
    assert HASHER.verify("a" * 80, LONG_BCRYPT_SHA256)
    assert not HASHER.verify("a" * 81, LONG_BCRYPT_SHA256)


@pytest.fixture
def no_spending(monkeypatch: pytest.MonkeyPatch) -> Argon2Hasher:
    """A hasher that takes no time for garbage, so that thousands of it can be tried."""
    monkeypatch.setattr(Argon2Hasher, "_spend", lambda _self, _password: None)
    return Argon2Hasher()


@pytest.mark.sentence("imported-hashes")
@pytest.mark.parametrize("stored", IMPORTED.values(), ids=IMPORTED)
def test_a_cut_hash_is_never_right(no_spending: Argon2Hasher, stored: str) -> None:
    # The last fields only: what names the cost is the next test's.
    cuts = [stored[:-1], stored[: len(stored) // 2], stored[: stored.rindex("$") + 1], stored + "$"]
    for cut in cuts:
        assert not no_spending.verify(PASSWORD, cut), cut
    for cut in cuts[1:] if "argon2" in stored else cuts:
        # Argon2 has no length of its own: one character less is another hash.
        assert no_spending.why_never(cut), cut


@pytest.mark.sentence("imported-hashes")
@pytest.mark.parametrize("odd", ["", "0", "-1", "-8", "1", "x", "²", "1e3", "9" * 30, "\0"])
@pytest.mark.parametrize(
    "pattern",
    [
        "pbkdf2_sha256${}$salt$aGFzaA==",
        "pbkdf2:sha256:{}$salt$abcdef",
        "$pbkdf2-sha256${}$c2FsdA$aGFzaA",
        "scrypt${}$salt$8$5$aGFzaA==",
        "scrypt$16384$salt${}$5$aGFzaA==",
        "scrypt$16384$salt$8${}$aGFzaA==",
        "scrypt:{}:8:1$salt$abcdef",
        "scrypt:32768:{}:1$salt$abcdef",
        "scrypt:32768:8:{}$salt$abcdef",
        "$2b${}$M0UCovJEpis09oGQQvAvX.J.t0h3E72Qb2.ghCUlA.Y98wEDyCAyK",
        "bcrypt$$2b${}$eM.N3qidJAYEwdb987Ta2eqW4yaPygfeDdCacahEb/.5oB6xLqztm",
        "bcrypt_sha256$$2b${}$eM.N3qidJAYEwdb987Ta2eqW4yaPygfeDdCacahEb/.5oB6xLqztm",
        "$argon2id$v={},m=64,t=1,p=1$vJ50nVeBROJZKpjfvghhwA$HuNSRRW3N1PtNCOsscNYfVJDn8B",
        "$argon2id$v=19$m={},t=1,p=1$vJ50nVeBROJZKpjfvghhwA$HuNSRRW3N1PtNCOsscNYfVJDn8B",
        "$argon2id$v=19$m=64,t={},p=1$vJ50nVeBROJZKpjfvghhwA$HuNSRRW3N1PtNCOsscNYfVJDn8B",
        "$argon2id$v=19$m=64,t=1,p={}$vJ50nVeBROJZKpjfvghhwA$HuNSRRW3N1PtNCOsscNYfVJDn8B",
    ],
)
def test_an_odd_cost_is_never_right(no_spending: Argon2Hasher, pattern: str, odd: str) -> None:
    stored = pattern.format(odd)
    assert not no_spending.verify(PASSWORD, stored)
    assert no_spending.why_never(stored) or "$m=64,t=1,p=1$" in stored  # which is not odd


GARBAGE = st.builds(
    lambda prefix, fields, joint: prefix + joint.join(fields),
    st.sampled_from([*PREFIXES, "", "!"]),
    st.lists(
        st.text(max_size=20) | st.integers(-20, 20).map(str) | st.sampled_from(["v=19", "m=8,t=1"]),
        max_size=6,
    ),
    st.sampled_from(["$", ":", ","]),
)


@pytest.mark.sentence("imported-hashes")
@given(stored=GARBAGE, password=st.text(max_size=20))
def test_garbage_is_never_right_and_never_an_error(stored: str, password: str) -> None:
    # What garbage costs is the next tests' matter.
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Argon2Hasher, "_spend", lambda _self, _password: None)
        assert not HASHER.verify(password, stored)


@pytest.mark.sentence("imported-hashes")
@pytest.mark.parametrize(
    "stored",
    [
        "pbkdf2_sha256$2000000000$salt$aGFzaA==",
        "pbkdf2:sha256:2000000000$salt$abcdef",
        "$pbkdf2-sha256$2000000000$c2FsdA$aGFzaA",
        "scrypt$1073741824$salt$8$1$aGFzaA==",
        "scrypt:32768:1048576:1$salt$abcdef",
        "scrypt:32768:8:1000000$salt$abcdef",
        "$2b$31$M0UCovJEpis09oGQQvAvX.J.t0h3E72Qb2.ghCUlA.Y98wEDyCAyK",
        "bcrypt$$2b$31$eM.N3qidJAYEwdb987Ta2eqW4yaPygfeDdCacahEb/.5oB6xLqztm",
        "$argon2id$v=19$m=4294967295,t=1,p=1$vJ50nVeBROJZKpjfvghhwA$HuNSRRW3N1PtNCOsscNYfVJDn8",
        "$argon2id$v=19$m=64,t=4294967295,p=1$vJ50nVeBROJZKpjfvghhwA$HuNSRRW3N1PtNCOsscNYfVJDn",
        "argon2$argon2id$v=19$m=64,t=1,p=16777215$vJ50nVeBROJZKpjfvghhwA$HuNSRRW3N1PtNCOsscNYfV",
    ],
)
def test_a_monstrous_cost_is_refused_unpaid(no_spending: Argon2Hasher, stored: str) -> None:
    begin = time.process_time()
    assert not no_spending.verify(PASSWORD, stored)
    assert no_spending.why_never(stored)
    assert time.process_time() - begin < 0.05


@dataclass
class Watched:
    """The Argon2 of `passwords`, and what it was made to work."""

    argon2: Any
    work: list[tuple[int, int, int, int]] = field(default_factory=list)

    def verify(self, stored: str, password: str) -> bool:
        cost = extract_parameters(stored)
        self.work.append((cost.memory_cost, cost.time_cost, cost.parallelism, cost.hash_len))
        self.argon2.verify(stored, password)
        return True

    def __getattr__(self, name: str) -> Any:
        return getattr(self.argon2, name)


@pytest.mark.sentence("same-time", "sign-in")
@pytest.mark.parametrize("way", ["token", "session"])
def test_whoever_cannot_sign_in_is_the_same_work(
    storage: Storage, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    a_site = site(storage)
    blog = replace(a_site.blog, hasher=HASHER)
    for name in ("ada", "bob"):
        new = NewUser(username=name, email=f"{name}@blog.example", password=PASSWORD)
        blog.add_user(new)
    bob = blog.staff.find_user(OPERATOR, "bob")
    blog.staff.set_active(OPERATOR, [bob.id], active=False)
    watched = Watched(passwords._ARGON2)
    monkeypatch.setattr(passwords, "_ARGON2", watched)
    works = {}
    for name, password in (("ada", "wrong"), ("bob", PASSWORD), ("nobody", PASSWORD)):
        watched.work = []
        sign_in = SignIn(username=name, password=password)
        with pytest.raises(WrongPassword):
            blog.sign_in(sign_in) if way == "token" else blog.open_session(ANYBODY, sign_in)
        works[name] = watched.work
    one = [(19 * 1024, 2, 1, 32)]
    assert {"ada": one, "bob": one, "nobody": one} == works


@pytest.mark.sentence("same-time", "imported-hashes")
def test_garbage_is_the_work_of_a_hash_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    watched = Watched(passwords._ARGON2)
    monkeypatch.setattr(passwords, "_ARGON2", watched)
    garbage = ("", "!", "md5$a$b", "scrypt$3$salt$8$5$x", "$2b$31$x", "pbkdf2_sha256$x$y$z")
    for stored in garbage:
        assert not HASHER.verify(PASSWORD, stored)
    assert [(19 * 1024, 2, 1, 32)] * len(garbage) == watched.work


def _median_seconds(stored: str | None) -> float:
    times = []
    for _ in range(9):
        begin = time.thread_time()
        HASHER.verify(PASSWORD, stored)
        times.append(time.thread_time() - begin)
    return statistics.median(times)


@pytest.mark.sentence("same-time", "sign-in")
@pytest.mark.parametrize("stored", [None, "!abc", "scrypt$16384$salt$-8$5$x"])
def test_an_unknown_user_costs_the_time_of_a_known_one(stored: str | None) -> None:
    HASHER.verify(PASSWORD, None)  # the first time makes the hash that nobody's are compared with
    known = _median_seconds(HASHER.hash("another password"))
    assert known / 1.5 < _median_seconds(stored) < known * 1.5


@pytest.mark.sentence("same-time")
def test_as_many_hashes_run_at_once_as_there_are_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    cores, requests = 3, 12
    monkeypatch.setattr("os.cpu_count", lambda: cores)
    lock, running, most = threading.Lock(), 0, 0
    full = threading.Barrier(cores)

    def watched(_stored: str, _password: str) -> bool:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        # All slots must be taken at once, or this times out: the limit is no lower either.
        full.wait(timeout=10)
        with lock:
            running -= 1
        return True

    monkeypatch.setitem(passwords._FORMATS, "watched$", watched)
    hasher = Argon2Hasher()
    with ThreadPoolExecutor(requests) as pool:
        assert all(pool.map(lambda _: hasher.verify(PASSWORD, "watched$"), range(requests)))
    assert cores == most


def test_a_werkzeug_hash_of_162_characters_survives_the_storage(storage: Storage) -> None:
    assert len(WERKZEUG_162) == 162
    blog_site = site(storage)
    user = User(username="ada", email="a@b.example", password=WERKZEUG_162, joined=FakeClock().now)
    with storage.writing() as repositories:
        repositories.users.add(user)
    assert WERKZEUG_162 == blog_site.hash_of(user.id)


@pytest.mark.sentence("imported-hashes", "rehash")
@pytest.mark.parametrize("stored", IMPORTED.values(), ids=IMPORTED)
def test_an_imported_hash_is_rewritten_at_sign_in(storage: Storage, stored: str) -> None:
    a_site = site(storage)
    blog = replace(a_site.blog, hasher=HASHER)
    user = User(username="ada", email="a@b.example", password=stored, joined=a_site.clock())
    with storage.writing() as repositories:
        repositories.users.add(user)
    for _ in range(2):
        assert blog.sign_in(SignIn(username="ada", password=PASSWORD)).token
        assert a_site.hash_of(user.id).startswith("$argon2id$v=19$m=19456,t=2,p=1$")
