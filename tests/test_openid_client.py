"""A client of a provider that is down, slow, or not what it says it is."""

import json
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest

from blog_core.domain.errors import ProviderUnavailable
from blog_core.ports import Handshake
from blog_core.security import openid
from blog_core.security.openid import OpenIdClients
from blog_core.settings import OpenIdProvider
from tests.openid.hostile import HostileProvider, send

HANDSHAKE = Handshake("s" * 64, "n" * 64, "v" * 64)
DESCRIPTION = "/.well-known/openid-configuration"

pytestmark = pytest.mark.once


@pytest.fixture
def hostile() -> Iterator[HostileProvider]:
    with HostileProvider() as provider:
        yield provider


def clients_of(issuer: str) -> OpenIdClients:
    known = OpenIdProvider(
        name="liar", issuer=issuer, client_id="blog", client_secret="hush", title="Liar"
    )
    return OpenIdClients([known], "http://localhost:8000")


def saying(changes: dict[str, Any]) -> Callable[[HostileProvider], None]:
    """Have the provider describe itself with these changes."""

    def turn(hostile: HostileProvider) -> None:
        said = json.dumps({**hostile.said(DESCRIPTION), **changes}).encode()
        hostile.answers[DESCRIPTION] = lambda handler: send(handler, said)

    return turn


@pytest.mark.parametrize(
    "changes",
    [
        {"issuer": "https://login.example"},
        {"issuer": None},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"authorization_endpoint": "http://login.example/authorize"},
        {"token_endpoint": "http://login.example/token"},
        {"token_endpoint": "https://"},
        {"jwks_uri": "ftp://login.example/keys"},
        {"userinfo_endpoint": "http://[x"},
        {"token_endpoint_auth_methods_supported": "client_secret_basic"},
    ],
)
def test_a_description_that_is_not_its_own_or_not_safe_is_none(
    hostile: HostileProvider, changes: dict[str, Any]
) -> None:
    saying(changes)(hostile)
    with pytest.raises(ProviderUnavailable):
        clients_of(hostile.issuer).authorization_url("liar", HANDSHAKE)


def test_a_provider_is_asked_about_itself_seldom(hostile: HostileProvider) -> None:
    clients = clients_of(hostile.issuer)
    for _ in range(3):
        assert clients.authorization_url("liar", HANDSHAKE).startswith(
            f"{hostile.issuer}/authorize?"
        )
    assert [DESCRIPTION] == hostile.asked


def test_a_provider_that_is_down_is_not_asked_by_everybody(hostile: HostileProvider) -> None:
    hostile.answers[DESCRIPTION] = lambda handler: send(handler, b"", 500)
    clients = clients_of(hostile.issuer)
    for _ in range(3):
        with pytest.raises(ProviderUnavailable):
            clients.authorization_url("liar", HANDSHAKE)
    assert [DESCRIPTION] == hostile.asked


def test_a_provider_that_trickles_is_not_waited_for(
    hostile: HostileProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    def trickle(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        for _ in range(600):
            handler.wfile.write(b"x")
            handler.wfile.flush()
            time.sleep(0.1)

    hostile.answers[DESCRIPTION] = trickle
    monkeypatch.setattr(openid, "PATIENCE", 0.5)
    begin = time.monotonic()
    with pytest.raises(ProviderUnavailable):
        clients_of(hostile.issuer).authorization_url("liar", HANDSHAKE)
    # It would trickle for a minute.
    assert time.monotonic() - begin < 30
