from ipaddress import ip_network

import pytest

from blog_core.http import addresses
from blog_core.http.front import Front, Head
from blog_core.http.operations import BY_NAME
from blog_core.http.requests import Asked
from blog_core.settings import Settings

TRUSTED = [ip_network("10.0.0.0/8"), ip_network("2001:db8:aaaa::/48")]


@pytest.mark.sentence("limits-address")
@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("192.0.2.1", "", "192.0.2.1"),
        ("192.0.2.1", "198.51.100.7", "192.0.2.1"),  # nobody we trust says so
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", "198.51.100.7", "198.51.100.7"),
        ("10.0.0.1", "203.0.113.9, 198.51.100.7", "198.51.100.7"),  # the first is anybody's word
        ("10.0.0.1", "203.0.113.9,198.51.100.7 ,10.2.3.4", "198.51.100.7"),
        ("10.0.0.1", "10.9.9.9,10.2.3.4", "10.9.9.9"),
        ("10.0.0.1", "198.51.100.7, unknown", "10.0.0.1"),
        ("10.0.0.1", "198.51.100.7, unknown, 10.2.3.4", "10.2.3.4"),
        ("10.0.0.1", "198.51.100.7:1234", "10.0.0.1"),
        ("10.0.0.1", ",", "10.0.0.1"),
        ("2001:db8:aaaa::1", "2001:db8:bbbb::1", "2001:db8:bbbb::1"),
        ("::ffff:10.0.0.1", "198.51.100.7", "198.51.100.7"),
        ("", "198.51.100.7", ""),
        ("testclient", "198.51.100.7", "testclient"),
    ],
)
def test_only_trusted_proxies_say_who_the_client_is(peer: str, forwarded: str, client: str) -> None:
    assert client == addresses.client(peer, forwarded, TRUSTED)
    assert peer == addresses.client(peer, forwarded, [])


@pytest.mark.sentence("limits")
@pytest.mark.parametrize(
    ("address", "single", "network"),
    [
        ("192.0.2.77", "192.0.2.77", "192.0.2.0/24"),
        ("::ffff:192.0.2.77", "192.0.2.77", "192.0.2.0/24"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64", "2001:db8:1:2::/64"),
        ("", "", ""),
        ("a socket", "a socket", "a socket"),
    ],
)
def test_limits_go_by_the_address_or_its_network(address: str, single: str, network: str) -> None:
    assert (single, network) == (addresses.single(address), addresses.network(address))


@pytest.mark.parametrize(
    ("proxies", "client"), [((), "127.0.0.1"), (("127.0.0.1",), "198.51.100.7")]
)
def test_the_front_trusts_whom_the_settings_name(proxies: tuple[str, ...], client: str) -> None:
    headers = {"host": "localhost", "x-forwarded-for": "203.0.113.9,198.51.100.7"}
    head = Head("GET", "/api/posts", "", headers, None, "127.0.0.1")
    asked = Front(Settings(trusted_proxies=proxies)).pass_on(BY_NAME["list_posts"], head, b"")
    assert isinstance(asked, Asked)
    assert client == asked.client
