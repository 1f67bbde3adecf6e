"""What the views have in common: REST framework, less what is settled before it is reached."""

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, ClassVar, cast

from django import shortcuts
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.decorators import method_decorator
from django.views import View
from pydantic import BaseModel
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.pagination import BasePagination
from rest_framework.parsers import JSONParser
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.viewsets import GenericViewSet

from blog_core.domain.errors import BlogError
from blog_core.http import forms, pages, problems, replies, requests
from blog_core.schemas import Credentials, Page
from blog_django.errors import send
from blog_django.openapi import OperationSchema
from blog_django.serializers import SchemaSerializer
from blog_django.session import (
    BlogAuthentication,
    IsAdmitted,
    PageRequest,
    SenderThrottle,
    asked_of,
    blog,
)

UseCase = Callable[[Any], Page[Any]]


# --- the API -------------------------------------------------------------------------------------


class JsonOnly(BaseContentNegotiation):
    """There is one representation, whatever `Accept` says."""

    def select_parser(self, request: Request, parsers: Any) -> Any:
        return parsers[0]

    def select_renderer(self, request: Request, renderers: Any, format_suffix: Any = None) -> Any:
        return renderers[0], renderers[0].media_type


class UseCasePagination(BasePagination):
    """Pages that a use case makes from the query; it stands where others give a queryset."""

    query: BaseModel
    page: Page[Any]
    path: str

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        asked = asked_of(request._request)
        schema = asked.operation.query
        assert schema is not None  # noqa: S101 # a list has a query
        self.path = request.path
        self.query = requests.query(schema, asked.query)
        self.page = queryset(self.query)
        return list(self.page.results)

    def get_paginated_response(self, data: Any) -> Any:
        return send(replies.page(self.page, self.path, self.query))


class BlogViewSet(GenericViewSet[Any]):
    """A viewset over use cases; `serializer_classes` says which action reads which body."""

    throttle_classes = [SenderThrottle]
    authentication_classes = [BlogAuthentication]
    permission_classes = [IsAdmitted]
    content_negotiation_class = JsonOnly
    parser_classes = [JSONParser]
    renderer_classes = [JSONRenderer]
    pagination_class = UseCasePagination
    schema = OperationSchema()
    format_kwarg = None  # there are no format suffixes
    default_response_headers: ClassVar[dict[str, str]] = {}  # the front's
    serializer_classes: ClassVar[Mapping[str, type[SchemaSerializer]]] = {}

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        # Without negotiation and versions: there is one representation, and one version.
        # Throttles come first: what is too often is not looked at.
        self.check_throttles(request)
        self.perform_authentication(request)
        self.check_permissions(request)

    @property
    def caller(self) -> Credentials:
        """What the caller sent to say who they are."""
        return asked_of(self.request._request).credentials

    @property
    def fields(self) -> dict[str, str]:
        """The form that was sent."""
        return forms.fields(asked_of(self.request._request).body)

    def get_serializer_class(self) -> type[SchemaSerializer]:
        return self.serializer_classes[self.action]

    def validated(self, request: Request) -> Any:
        """The body as an instance of the action's schema. Raises Invalid."""
        serializer = self.get_serializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        return serializer.validated_data

    def paginated(self, use_case: UseCase) -> HttpResponse:
        """The page of the query. Raises Invalid for the query, and what the use case raises."""
        # The stubs know querysets and sequences only.
        self.paginate_queryset(use_case)  # type: ignore[arg-type]
        return self.get_paginated_response(None)


# --- the pages -----------------------------------------------------------------------------------


def page(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Lets a request in to a view of a page, and answers what the view refuses.

    No middleware, because that would cost the API too: under ASGI each changes the thread twice.
    """

    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            return view(_let_in(request), *args, **kwargs)
        except forms.Again as again:
            return render(request, again.page)
        except BlogError as error:
            return send(problems.of(error))

    return answer


def _let_in(request: HttpRequest) -> PageRequest:
    asked, let_in = asked_of(request), cast("PageRequest", request)
    requests.count(asked, blog().limiter)
    requests.admit(asked)
    seen = pages.visitor(asked, blog())
    let_in.caller, let_in.visitor = seen.credentials, seen.user
    return let_in


class PageView(View):
    """A page with a form: `get` shows it, `post` takes what was sent."""

    dispatch = method_decorator(page)(View.dispatch)


def render(request: HttpRequest, shown: pages.Page) -> HttpResponse:
    """A page through Django's template backend, which has the core's environment."""
    response = shortcuts.render(request, shown.template, dict(shown.context), status=shown.status)
    for name, value in shown.headers:
        response[name] = value
    return response
