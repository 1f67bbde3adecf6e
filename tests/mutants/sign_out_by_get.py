"""GET signs out, from any site: a Flask view for `/logout` without methods, and a CSRF check that
looks at POST alone.
"""

from unittest.mock import patch

import blog_flask.wsgi
from blog_core.http.front import Front, Head
from blog_core.http.operations import Operation
from blog_core.http.replies import Reply

_route, _cross_site = Front._route, Front._cross_site


def by_either(self: Front, head: Head) -> Operation | Reply:
    resource = self._resource(head)
    if head.method == "GET" and head.path == "/logout" and resource is not None:
        return resource.operations["POST"]
    return _route(self, head)


def of_posts(self: Front, operation: Operation, head: Head) -> Reply | None:
    return None if head.method == "GET" else _cross_site(self, operation, head)


patch.object(Front, "_route", by_either).start()
patch.object(Front, "_cross_site", of_posts).start()

app = blog_flask.wsgi.app
