"""Which view answers which path."""

from django.urls import path
from rest_framework.routers import SimpleRouter

from blog_django import api

router = SimpleRouter(trailing_slash=False)
router.register("api/users", api.UserViewSet, basename="user")
router.register("api/tokens", api.TokenViewSet, basename="token")
router.register("api/posts", api.PostViewSet, basename="post")

me = api.MeViewSet.as_view({"get": "retrieve", "patch": "partial_update", "delete": "destroy"})

urlpatterns = [
    *router.urls,
    path("api/me", me),
    path("api/me/password", api.MeViewSet.as_view({"post": "change_password"})),
    path("livez", api.MachineViewSet.as_view({"get": "livez"})),
    path("readyz", api.MachineViewSet.as_view({"get": "readyz"})),
    path("openapi.json", api.MachineViewSet.as_view({"get": "openapi"})),
]
