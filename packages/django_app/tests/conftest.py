"""Django's test client, talking to the whole application on a database of its own."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpResponse

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "blog_django.settings")

from django.test import override_settings  # reads the settings
from rest_framework.test import APIClient

from blog_core.settings import Settings
from blog_core.storage.migrate import upgrade
from blog_django.session import blog
from blog_django.wsgi import application


def through_the_front(environ: dict[str, Any]) -> HttpResponse:
    """What a server does; the client's own handler would go past the front."""
    response = HttpResponse()

    def start_response(status: str, headers: list[tuple[str, str]], _: Any = None) -> Any:
        response.status_code = int(status[:3])
        del response["Content-Type"]
        for name, value in headers:
            response.headers[name] = value
        response.cookies.load(response.headers.get("Set-Cookie", ""))  # the client keeps them

    request = WSGIRequest(environ)
    response.content = b"".join(application(environ, start_response))
    vars(response)["wsgi_request"] = request  # the client looks its route up
    return response


@pytest.fixture
def client(tmp_path: Path) -> Iterator[APIClient]:
    settings = Settings(database_url=f"sqlite:///{tmp_path / 'blog.sqlite3'}")
    upgrade(settings.database_url)
    client = APIClient(headers={"host": "localhost"})
    vars(client)["handler"] = through_the_front
    client.raise_request_exception = False  # the front answers it
    with override_settings(BLOG=settings):
        blog.cache_clear()
        yield client
        blog().close()
        blog.cache_clear()
