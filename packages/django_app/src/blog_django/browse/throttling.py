"""REST framework's throttles over the core's limiter: one count with `/api/` and the pages.

What a user writes is counted by the use cases themselves.
"""

from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView

from blog_core.domain.errors import Throttled
from blog_core.http import addresses
from blog_core.ports import LimitName
from blog_django.session import asked_of, blog


class CoreThrottle(BaseThrottle):
    """Counts a request to one of the core's limits, by where it comes from."""

    retry_after: int | None = None

    def counts(self, request: Request, view: APIView) -> LimitName | None:
        raise NotImplementedError

    def allow_request(self, request: Request, view: APIView) -> bool:
        name = self.counts(request, view)
        if name is None:
            return True
        key = addresses.single if name == "reads" else addresses.network
        try:
            blog().limiter.hit(name, key(asked_of(request._request).client))
        except Throttled as error:
            self.retry_after = error.retry_after
            return False
        return True

    def wait(self) -> float | None:
        return self.retry_after


class ReadThrottle(CoreThrottle):
    def counts(self, request: Request, view: APIView) -> LimitName | None:
        return "reads" if request.method in SAFE_METHODS else None


class CreateThrottle(CoreThrottle):
    """What a view that anybody may post to counts: its `create_limit`."""

    def counts(self, request: Request, view: APIView) -> LimitName | None:
        name: LimitName = view.create_limit  # type: ignore[attr-defined] # of the views with it
        return name if request.method == "POST" else None
