"""Which view answers which path under `/browse/`."""

from typing import Any

from django.urls import path
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse
from rest_framework.routers import APIRootView, DefaultRouter

from blog_django.browse import views


class RootView(views.CoreView, APIRootView):
    """What there is: the same as under /api/, to be looked at in a browser."""

    permission_classes: list[Any] = []

    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        response = super().get(request, *args, **kwargs)
        response.data["me"] = reverse("browse-me", request=request)
        return response


class Router(DefaultRouter):
    APIRootView = RootView
    root_view_name = "browse-root"
    include_format_suffixes = False


router = Router()
router.register("posts", views.PostViewSet, basename="browse-post")
router.register("users", views.UserViewSet, basename="browse-user")
router.register("tokens", views.TokenViewSet, basename="browse-token")

urlpatterns = [*router.urls, path("me/", views.MeView.as_view(), name="browse-me")]
