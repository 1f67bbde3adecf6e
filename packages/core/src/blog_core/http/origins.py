"""Whether a request comes from this site's own pages: what keeps other sites from acting."""

import re
from collections.abc import Mapping, Set

_ORIGIN = re.compile(r"(https?)://(\[[0-9a-f:.]+\]|[a-z0-9_.-]+)(?::([0-9]{1,5}))?(?:/.*)?")
_PORT = re.compile(r":([0-9]{0,5})\Z")
_DEFAULT_PORTS = {"http": "80", "https": "443"}


def is_own(headers: Mapping[str, str], hosts: Set[str], *, https: bool) -> bool:
    """Whether nothing says that another site's page made the request.

    `Sec-Fetch-Site` decides where it is sent (Fetch Metadata); else `Origin`, else `Referer`, which
    have to be of this site: its scheme, one of its `hosts`, the port of `Host`. A program that
    sends none of them is no page of another site.
    """
    fetched_from = headers.get("sec-fetch-site")
    if fetched_from is not None:
        return fetched_from in ("same-origin", "none")
    sent = headers.get("origin", headers.get("referer"))
    if sent is None:
        return True
    origin = _ORIGIN.fullmatch(sent.lower())
    scheme = "https" if https else "http"
    if origin is None or origin[1] != scheme or origin[2] not in hosts:
        return False
    port = _PORT.search(headers.get("host", ""))
    default = _DEFAULT_PORTS[scheme]
    return (origin[3] or default) == ((port and port[1]) or default)
