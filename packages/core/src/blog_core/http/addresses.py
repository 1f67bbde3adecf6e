"""Who sent a request, as far as addresses tell: what limits are counted by."""

from collections.abc import Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Network = IPv4Network | IPv6Network


def client(peer: str, forwarded: str, trusted: Sequence[Network]) -> str:
    """The client's address: the connection's, or what trusted proxies say (`X-Forwarded-For`).

    The field is read from its end, for as long as the one who wrote the entry is trusted. What is
    no address ends the walk: the proxy that passed it on is then the client.
    """
    if trusted and forwarded:
        hops = forwarded.split(",")
        while hops and _is_trusted(peer, tuple(trusted)):
            said = hops.pop().strip(" \t")
            if _parsed(said) is None:
                break
            peer = said
    return peer


@lru_cache(maxsize=4096)
def single(address: str) -> str:
    """What counts as one client: an IPv4 address, or an IPv6 network of 64 bits."""
    found = _parsed(address)
    if found is None:
        return address
    return str(ip_network((found, 64), strict=False)) if found.version == 6 else str(found)


@lru_cache(maxsize=4096)
def network(address: str) -> str:
    """What counts as one network: 24 bits of IPv4, 64 bits of IPv6."""
    found = _parsed(address)
    if found is None:
        return address
    return str(ip_network((found, 64 if found.version == 6 else 24), strict=False))


@lru_cache(maxsize=4096)
def _is_trusted(address: str, trusted: tuple[Network, ...]) -> bool:
    found = _parsed(address)
    return found is not None and any(found in network for network in trusted)


def _parsed(address: str) -> IPv4Address | IPv6Address | None:
    try:
        found = ip_address(address)
    except ValueError:
        return None
    # A socket for both families tells IPv4 addresses mapped into IPv6 (RFC 4291, 2.5.5.2).
    return getattr(found, "ipv4_mapped", None) or found
