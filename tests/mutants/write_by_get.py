"""GET publishes a post: a Flask view with `methods=["GET", "POST"]`, out of reach of any CSRF
check.
"""

from unittest.mock import patch

import blog_flask.wsgi
from blog_core.http.front import Front, Head
from blog_core.http.operations import Operation
from blog_core.http.replies import Reply

_route = Front._route


def by_either(self: Front, head: Head) -> Operation | Reply:
    resource = self._resource(head)
    if head.method == "GET" and head.path.endswith("publish") and resource is not None:
        return resource.operations["POST"]
    return _route(self, head)


patch.object(Front, "_route", by_either).start()

app = blog_flask.wsgi.app
