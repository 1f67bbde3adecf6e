"""HEAD is no method of any path, as where a framework routes GET alone."""

from unittest.mock import patch

import blog_fastapi.asgi
from blog_core.http import problems
from blog_core.http.front import Front, Head
from blog_core.http.operations import Operation
from blog_core.http.replies import Reply

_route = Front._route


def without_head(self: Front, head: Head) -> Operation | Reply:
    resource = self._resource(head)
    if head.method == "HEAD" and resource is not None:
        return problems.problem(405, "Use another method.", [("Allow", resource.allow)])
    return _route(self, head)


patch.object(Front, "_route", without_head).start()

app = blog_fastapi.asgi.app
