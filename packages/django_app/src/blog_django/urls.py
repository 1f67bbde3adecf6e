"""Which view answers which path."""

from typing import Any

from django.urls import URLPattern, URLResolver, include, path, register_converter
from django.urls.converters import IntConverter, StringConverter
from django.views.generic import RedirectView
from rest_framework.routers import SimpleRouter

from blog_core.http.operations import ID, PROVIDER, USERNAME
from blog_django import admin, api, docs, pages, static
from blog_django.native import native


class IdConverter(IntConverter):
    regex = ID


class ProviderConverter(StringConverter):
    regex = PROVIDER


class UsernameConverter(StringConverter):
    regex = USERNAME


register_converter(IdConverter, "id")
register_converter(ProviderConverter, "provider")
register_converter(UsernameConverter, "username")

router = SimpleRouter(trailing_slash=False)
router.register("users", api.UserViewSet, basename="user")
router.register("tokens", api.TokenViewSet, basename="token")
router.register("posts", api.PostViewSet, basename="post")

me = api.MeViewSet.as_view({"get": "retrieve", "patch": "partial_update", "delete": "destroy"})

api_urls = [
    *router.urls,
    path("me", me),
    path("me/password", api.MeViewSet.as_view({"post": "change_password"})),
    path("oauth/token", api.OAuthViewSet.as_view({"post": "create"})),
]

machine_urls = [
    path("livez", api.MachineViewSet.as_view({"get": "livez"})),
    path("readyz", api.MachineViewSet.as_view({"get": "readyz"})),
    path("openapi.json", api.MachineViewSet.as_view({"get": "openapi"})),
]

page_urls = [
    path("", pages.show_home),
    path("posts/<id:post_id>", pages.show_post),
    path("users/<username:username>", pages.show_author),
    path("register", pages.RegisterView.as_view()),
    path("login", pages.LoginView.as_view()),
    path("logout", pages.logout),
    path("openid/<provider:provider>", pages.ProviderView.as_view()),
    path("openid", pages.OpenIdView.as_view()),
    path("write", pages.WriteView.as_view()),
    path("posts/<id:post_id>/edit", pages.EditView.as_view()),
    path("posts/<id:post_id>/delete", pages.DeleteView.as_view()),
    path("drafts", pages.show_drafts),
    path("settings", pages.SettingsView.as_view()),
    path("feed.atom", pages.show_feed),
]

native_urls: list[Any] = [
    path("admin", RedirectView.as_view(url="/admin/")),
    path("admin/static/<path:path>", native(static.serve)),
    path("admin/", admin.site.urls),
    path("browse", RedirectView.as_view(url="/browse/")),
    path("browse/", include("blog_django.browse.urls")),
]

urlpatterns: list[URLPattern | URLResolver] = [
    path("api/", include(api_urls)),
    path("", include(machine_urls)),
    path("", include(page_urls)),
    path("docs", include(docs)),
    path("", include(native_urls)),
]
