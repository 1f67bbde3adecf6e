"""Notes in Django with REST framework, as their tutorials write them."""

from datetime import UTC, datetime
from typing import Any

from django.conf import settings

settings.configure(
    SECRET_KEY="only for this example",
    ALLOWED_HOSTS=["localhost"],
    ROOT_URLCONF=__name__,
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "rest_framework"],
    # As `startproject` writes them.
    MIDDLEWARE=[
        "django.middleware.security.SecurityMiddleware",
        "django.middleware.common.CommonMiddleware",
        "django.middleware.clickjacking.XFrameOptionsMiddleware",
    ],
    TIME_ZONE="UTC",
    USE_TZ=True,
)

from django.core.wsgi import get_wsgi_application  # noqa: E402 # it needs the settings

app = get_wsgi_application()

from django.urls import path  # noqa: E402
from rest_framework import serializers  # noqa: E402
from rest_framework.decorators import api_view, permission_classes  # noqa: E402
from rest_framework.permissions import IsAuthenticated  # noqa: E402
from rest_framework.request import Request  # noqa: E402
from rest_framework.response import Response  # noqa: E402

NOTE = {"id": 1, "text": "日本", "created": datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)}


class NoteSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField(read_only=True)
    text = serializers.CharField()
    urgent = serializers.BooleanField(default=False)
    created = serializers.DateTimeField(read_only=True)


class PageSerializer(serializers.Serializer[Any]):
    page = serializers.IntegerField(default=1)


@api_view(["GET", "POST"])
def notes(request: Request) -> Response:
    if request.method == "POST":
        note = NoteSerializer(data=request.data)
        note.is_valid(raise_exception=True)
        return Response(note.data, status=201)
    page = PageSerializer(data=request.query_params)
    page.is_valid(raise_exception=True)
    return Response({"page": page.validated_data["page"], "notes": []})


@api_view(["GET"])
def note(request: Request, number: int) -> Response:
    return Response(NoteSerializer({**NOTE, "id": number, "urgent": False}).data)


@api_view(["GET"])
@permission_classes([IsAuthenticated])
def me(request: Request) -> Response:
    return Response({"name": request.user.get_username()})


@api_view(["GET"])
def broken(request: Request) -> Response:
    raise RuntimeError("nobody expected this")


urlpatterns = [
    path("notes", notes),
    path("notes/<int:number>", note),
    path("me", me),
    path("broken", broken),
]
