"""Signing in with a provider: what the use cases do with what a provider proves."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime
from threading import Barrier

import pytest

from blog_core import schemas
from blog_core.domain.errors import (
    Forbidden,
    LastWayIn,
    NotFound,
    NotFresh,
    SignInRefused,
    Taken,
    WrongPassword,
)
from blog_core.domain.users import has_password, suggested_username
from blog_core.ports import Handshake, Proof, Storage
from blog_core.schemas import ANYBODY, Credentials, FirstPassword, NewMember, ProviderAnswer

from .fakes import PASSWORD, Site, site

ISSUERS = {"example": "https://login.example", "other": "https://other.example"}


@dataclass
class Providers:
    """Two providers that say what they are told to."""

    proof: Proof = field(default_factory=lambda: proof("1"))
    handshakes: list[Handshake] = field(default_factory=list)
    providers: list[schemas.Provider] = field(
        default_factory=lambda: [schemas.Provider(name, name.title()) for name in ISSUERS]
    )

    def issuer(self, provider: str) -> str:
        return ISSUERS[provider]

    def authorization_url(self, provider: str, handshake: Handshake) -> str:
        self.handshakes.append(handshake)
        return f"{ISSUERS[provider]}/authorize"

    def prove(
        self, provider: str, handshake: Handshake, answer: ProviderAnswer, now: datetime
    ) -> Proof:
        assert handshake in self.handshakes
        return self.proof

    def close(self) -> None:
        """There is nothing to give back."""


def proof(subject: str, email: str = "", issuer: str = "example") -> Proof:
    return Proof(ISSUERS[issuer], subject, f"user-{subject}", email)


@pytest.fixture
def providers() -> Providers:
    return Providers()


@pytest.fixture
def here(storage: Storage, providers: Providers) -> Site:
    made = site(storage)
    return replace(made, blog=replace(made.blog, openid=providers))


def come_back(
    here: Site, providers: Providers, caller: Credentials = ANYBODY, name: str = "example"
) -> schemas.Arrival:
    """What becomes of somebody who goes to a provider and comes back."""
    pending = here.blog.begin_openid(caller, name, "/write").pending.value
    answer = ProviderAnswer(code="c", state=providers.handshakes[-1].state)
    return here.blog.return_from_openid(caller, name, pending, answer, "Firefox/1")


def proved(here: Site, providers: Providers, caller: Credentials = ANYBODY) -> str:
    pending = come_back(here, providers, caller).pending
    assert pending is not None
    return pending.value


def registered(here: Site, providers: Providers, name: str = "ada") -> Credentials:
    """Somebody new, without a password."""
    pending = proved(here, providers)
    new = NewMember(username=name, email=f"{name}@blog.example")
    return Credentials(session=here.blog.register_with_openid(ANYBODY, pending, new).value)


def linked(here: Site, providers: Providers, caller: Credentials, password: str = "") -> None:
    here.blog.link_openid(caller, proved(here, providers, caller), password)


def test_somebody_new_has_no_password(here: Site, providers: Providers) -> None:
    caller = registered(here, providers)
    me = here.blog.get_me(caller)
    assert not has_password(here.hash_of(me.id))
    assert not here.blog.ways_in(caller).has_password
    for password in ("", "!", PASSWORD):
        with pytest.raises(WrongPassword):
            here.sign_in("ada", password)
        change = schemas.PasswordChange(current_password=password, new_password="x" * 9)
        with pytest.raises(Forbidden):
            here.blog.change_password(caller, change)


def test_who_is_known_is_signed_in_and_the_session_sent_along_ends(
    here: Site, providers: Providers
) -> None:
    caller = registered(here, providers)
    here.clock.move(hours=1)
    arrival = come_back(here, providers)
    assert "/write" == arrival.next
    assert arrival.session is not None
    signed_in = Credentials(session=arrival.session.value)
    assert here.blog.get_me(caller) == here.blog.get_me(signed_in)
    [identity] = here.blog.ways_in(caller).identities
    assert ("Example", True) == (identity.title, identity.used > identity.created)


@pytest.mark.sentence("openid-return")
@pytest.mark.parametrize(("minutes", "good"), [(9.9, True), (10, False)])
def test_a_sign_in_is_over_after_ten_minutes(
    here: Site, providers: Providers, minutes: float, good: bool
) -> None:
    pending = here.blog.begin_openid(ANYBODY, "example", "/").pending.value
    answer = ProviderAnswer(code="c", state=providers.handshakes[-1].state)
    here.clock.move(hours=minutes / 60)
    if not good:
        with pytest.raises(SignInRefused):
            here.blog.return_from_openid(ANYBODY, "example", pending, answer)
        return
    proved = here.blog.return_from_openid(ANYBODY, "example", pending, answer).pending
    assert proved is not None
    assert here.blog.proved_by_openid(ANYBODY, proved.value).username == "user-1"
    here.clock.move(hours=1 / 6)
    with pytest.raises(SignInRefused):
        here.blog.proved_by_openid(ANYBODY, proved.value)


def test_a_sign_in_comes_back_from_its_own_provider_once(here: Site, providers: Providers) -> None:
    pending = here.blog.begin_openid(ANYBODY, "example", "/").pending.value
    answer = ProviderAnswer(code="c", state=providers.handshakes[-1].state)
    with pytest.raises(SignInRefused):
        here.blog.return_from_openid(ANYBODY, "other", pending, answer)
    with pytest.raises(NotFound):
        here.blog.return_from_openid(ANYBODY, "unknown", pending, answer)
    with pytest.raises(SignInRefused):  # begun is not proved
        here.blog.proved_by_openid(ANYBODY, pending)
    assert here.blog.return_from_openid(ANYBODY, "example", pending, answer).pending
    with pytest.raises(SignInRefused):
        here.blog.return_from_openid(ANYBODY, "example", pending, answer)


@pytest.mark.sentence("openid-return")
def test_of_two_who_come_back_at_once_one_arrives(here: Site, providers: Providers) -> None:
    pending = here.blog.begin_openid(ANYBODY, "example", "/").pending.value
    answer = ProviderAnswer(code="c", state=providers.handshakes[-1].state)
    together = Barrier(2)

    def arrives(_: int) -> bool:
        together.wait(30)
        try:
            return here.blog.return_from_openid(ANYBODY, "example", pending, answer) is not None
        except SignInRefused:
            return False

    with ThreadPoolExecutor(2) as pool:
        assert [False, True] == sorted(pool.map(arrives, range(2)))


@pytest.mark.sentence("openid-email")
@pytest.mark.parametrize("email", ["ada@blog.example", "ADA@Blog.Example"])
def test_an_email_of_somebodys_signs_nobody_in(
    here: Site, providers: Providers, email: str
) -> None:
    here.user("ada")
    providers.proof = proof("1", email)
    with pytest.raises(SignInRefused) as refused:
        come_back(here, providers)
    assert "known" == refused.value.code
    providers.proof = proof("1")
    with pytest.raises(Taken):
        registered(here, providers)
    assert [] == here.blog.ways_in(here.sign_in("ada")).identities


def test_linking_takes_the_password(here: Site, providers: Providers) -> None:
    here.user("ada")
    caller = here.open_session("ada")
    for wrong in ("", "wrong"):
        with pytest.raises(WrongPassword):
            linked(here, providers, caller, wrong)
    linked(here, providers, caller, PASSWORD)
    arrival = come_back(here, providers)
    assert arrival.session is not None
    assert "ada" == here.blog.get_me(Credentials(session=arrival.session.value)).username


@pytest.mark.sentence("openid-no-password")
def test_without_a_password_another_way_in_takes_a_fresh_session(
    here: Site, providers: Providers
) -> None:
    caller = registered(here, providers)
    providers.proof = proof("2")
    here.clock.move(hours=10.1 / 60)
    with pytest.raises(NotFresh):
        linked(here, providers, caller)
    with pytest.raises(NotFresh):
        here.blog.set_password(caller, FirstPassword(new_password="x" * 9))
    providers.proof = proof("1")
    arrival = come_back(here, providers)
    assert arrival.session is not None
    fresh = Credentials(session=arrival.session.value)
    providers.proof = proof("2")
    linked(here, providers, fresh)
    assert 2 == len(here.blog.ways_in(fresh).identities)
    here.blog.set_password(fresh, FirstPassword(new_password="x" * 9))
    assert here.sign_in("ada", "x" * 9)
    with pytest.raises(WrongPassword):
        here.blog.set_password(fresh, FirstPassword(new_password="y" * 9))


@pytest.mark.sentence("openid-unlink")
def test_the_last_way_in_stays(here: Site, providers: Providers) -> None:
    caller = registered(here, providers)
    [only] = here.blog.ways_in(caller).identities
    with pytest.raises(LastWayIn):
        here.blog.unlink_openid(caller, only.id)
    # One of a provider that is in the settings no more leads nowhere.
    providers.proof = proof("2", issuer="other")
    linked(here, providers, caller)
    first, second = here.blog.ways_in(caller).identities
    providers.providers = providers.providers[:1]
    with pytest.raises(LastWayIn):
        here.blog.unlink_openid(caller, first.id)
    here.blog.unlink_openid(caller, second.id)
    with pytest.raises(NotFound):
        here.blog.unlink_openid(caller, second.id)


@pytest.mark.sentence("openid-unlink")
def test_of_two_who_unlink_at_once_one_is_left_a_way_in(here: Site, providers: Providers) -> None:
    caller = registered(here, providers)
    providers.proof = proof("2")
    linked(here, providers, caller)
    together = Barrier(2)

    def unlinks(identity: schemas.Identity) -> bool:
        together.wait(30)
        try:
            here.blog.unlink_openid(caller, identity.id)
        except LastWayIn:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(unlinks, here.blog.ways_in(caller).identities))
    assert [False, True] == sorted(done)
    assert 1 == len(here.blog.ways_in(caller).identities)


@pytest.mark.sentence("openid-unlink")
def test_unlinking_ends_what_was_opened_elsewhere(here: Site, providers: Providers) -> None:
    here.user("ada")
    caller, token = here.open_session("ada"), here.sign_in("ada")
    linked(here, providers, caller, PASSWORD)
    arrival = come_back(here, providers)
    assert arrival.session is not None
    [identity] = here.blog.ways_in(caller).identities
    here.blog.unlink_openid(caller, identity.id)
    assert here.blog.visitor(caller).user
    for ended in (token, Credentials(session=arrival.session.value)):
        assert here.blog.visitor(ended).user is None


@pytest.mark.parametrize(
    ("names", "suggested"),
    [
        (("ada",), "ada"),
        (("ada@login.example",), "ada"),
        (("", None, "Ada Lovelace"), "Ada-Lovelace"),
        (("Ädä Łovelace",), "Ada-ovelace"),
        (("日本", "ok"), "ok"),
        (("..", "@x"), ""),
        (("x" * 100,), "x" * 80),
        ((), ""),
    ],
)
def test_a_username_is_suggested(names: tuple[str | None, ...], suggested: str) -> None:
    assert suggested == suggested_username(*names)
