"""A form of a neighbour, another host of the same domain, is taken: `same-site` counts as ours."""

from collections.abc import Mapping, Set
from unittest.mock import patch

import blog_flask.wsgi
from blog_core.http import origins

_is_own = origins.is_own


def is_own(headers: Mapping[str, str], hosts: Set[str], *, https: bool) -> bool:
    return headers.get("sec-fetch-site") == "same-site" or _is_own(headers, hosts, https=https)


patch.object(origins, "is_own", is_own).start()

app = blog_flask.wsgi.app
