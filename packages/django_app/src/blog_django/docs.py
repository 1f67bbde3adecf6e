"""The page to try the API out on."""

from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.http import require_GET

from blog_core.http import swagger
from blog_django.errors import send
from blog_django.views import render


@require_GET
def show_docs(request: HttpRequest) -> HttpResponse:
    return render(request, swagger.page())


@require_GET
def docs_file(request: HttpRequest, name: str) -> HttpResponse:
    return send(swagger.file(name))


urlpatterns = [
    path("", show_docs),
    path("/", show_docs),
    path("/<str:name>", docs_file),
]
