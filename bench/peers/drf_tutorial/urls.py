"""The router of the quickstart, and the view that hands out tokens."""

from django.urls import include, path
from rest_framework import routers

from bench.peers.drf_tutorial.blog import views

router = routers.DefaultRouter()
router.register("posts", views.PostViewSet)

urlpatterns = [
    path("api/", include(router.urls)),
    path("api/tokens/", views.ObtainToken.as_view()),
]
