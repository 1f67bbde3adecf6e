"""An escaped slash is a slash: the path that WSGI gives a framework is decoded already."""

from dataclasses import replace
from unittest.mock import patch

import blog_flask.wsgi
from blog_core.http.front import Front, Head, Resource

_resource = Front._resource


def decoded(self: Front, head: Head) -> Resource | None:
    return _resource(self, replace(head, raw_path=None))


patch.object(Front, "_resource", decoded).start()

app = blog_flask.wsgi.app
