"""Whoever sends `X-Forwarded-For` is another client each time: REST framework's throttles read it
from anybody unless `NUM_PROXIES` says otherwise.
"""

from dataclasses import replace
from unittest.mock import patch

import blog_django.wsgi
from blog_core.http.front import Front, Head
from blog_core.http.operations import Operation
from blog_core.http.replies import Reply
from blog_core.http.requests import Asked

_pass_on = Front.pass_on


def pass_on(self: Front, operation: Operation, head: Head, body: bytes | Reply) -> Asked | Reply:
    asked = _pass_on(self, operation, head, body)
    said = head.headers.get("x-forwarded-for")
    if said is None or isinstance(asked, Reply):
        return asked
    return replace(asked, client="".join(said.split()))


patch.object(Front, "pass_on", pass_on).start()

app = blog_django.wsgi.application
