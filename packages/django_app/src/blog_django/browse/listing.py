"""A list before it is asked for, and what of REST framework narrows and cuts it.

    Listing(use_case, schemas.PostQuery).narrowed(author="ada").page(limit="5")

It stands where other views have a queryset.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from django.template import loader
from pydantic import BaseModel
from rest_framework import filters
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import remove_query_param, replace_query_param
from rest_framework.views import APIView

from blog_core import schemas
from blog_core.http import requests


@dataclass(frozen=True)
class Listing:
    """The list that a use case gives to a query of this schema."""

    use_case: Callable[[Any], schemas.Page[Any]]
    schema: type[BaseModel]
    wanted: Mapping[str, str] = field(default_factory=dict)

    def narrowed(self, **wanted: str) -> "Listing":
        return replace(self, wanted={**self.wanted, **wanted})

    def page(self, **window: str) -> schemas.Page[Any]:
        """Raises Invalid for what was wanted."""
        return self.use_case(requests.body(self.schema, {**self.wanted, **window}))


class CorePagination(BasePagination):
    """The core's cursors: a page costs the same however deep it is, and no row is counted."""

    display_page_controls = False  # until there is a page
    template = "rest_framework/pagination/previous_and_next.html"

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        sent = request.query_params
        self.url = request.build_absolute_uri()
        self.display_page_controls = True
        self.page = queryset.page(
            **{name: sent[name] for name in ("limit", "cursor") if name in sent}
        )
        results: list[Any] = self.page.results
        return results

    def get_paginated_response(self, data: Any) -> Response:
        links = {"next": self.link(self.page.next), "previous": self.link(self.page.previous)}
        return Response({**links, "results": data})

    def link(self, cursor: str | None) -> str | None:
        if cursor is None:
            return None
        url: str = replace_query_param(self.url, "cursor", cursor)
        return url

    def get_results(self, data: Any) -> Any:
        return data["results"]

    def to_html(self) -> str:
        context = {
            "previous_url": self.link(self.page.previous),
            "next_url": self.link(self.page.next),
        }
        return loader.get_template(self.template).render(context)


class SearchFilter(filters.SearchFilter):
    """`q`: posts with all of these words, by the core's own index."""

    search_param = "q"

    def filter_queryset(self, request: Request, queryset: Any, view: APIView) -> Any:
        term = request.query_params.get(self.search_param, "").strip()
        return queryset.narrowed(q=term) if term else queryset


class OrderingFilter(filters.OrderingFilter):
    """`order`: newest, which is the default, or oldest first."""

    ordering_param = "order"
    orders = (("newest", "Newest first"), ("oldest", "Oldest first"))

    def filter_queryset(self, request: Request, queryset: Any, view: APIView) -> Any:
        order = request.query_params.get(self.ordering_param)
        return queryset.narrowed(order=order) if order else queryset

    def get_template_context(self, request: Request, queryset: Any, view: APIView) -> Any:
        current = request.query_params.get(self.ordering_param, "newest")
        return {"request": request, "current": current, "param": "order", "options": self.orders}


class FieldFilter(filters.BaseFilterBackend):
    """`author` and `status`: other than published, one's own only."""

    names = ("author", "status")
    template = "blog/filters/fields.html"

    def filter_queryset(self, request: Request, queryset: Any, view: APIView) -> Any:
        sent = request.query_params
        return queryset.narrowed(**{name: sent[name] for name in self.names if sent.get(name)})

    def to_html(self, request: Request, queryset: Any, view: APIView) -> str:
        sent = request.query_params
        context = {
            "author": sent.get("author", ""),
            "status": sent.get("status", ""),
            "statuses": ("draft", "scheduled", "published"),
            "path": remove_query_param(request.path, "cursor"),
        }
        return loader.get_template(self.template).render(context)
