"""The files of the admin and of the browsable API, as their packages bring them.

No `collectstatic`: the packages are looked through once, at the first request for a file. The
versions of what they belong to are in their address, so a browser may keep them.
"""

from functools import cache
from hashlib import sha256
from pathlib import Path

import django
import rest_framework
from django.contrib.staticfiles.finders import get_finders
from django.http import Http404, HttpRequest, HttpResponse
from whitenoise import WhiteNoise  # type: ignore[import-untyped]

_YEAR = 365 * 24 * 60 * 60
_OWN = Path(__file__).parent / "static"


def prefix() -> str:
    """`STATIC_URL`: another one when a file may have changed. It tells no version."""
    told = sha256(f"{django.__version__} {rest_framework.VERSION}".encode())
    for path in sorted(_OWN.rglob("*.*")):
        told.update(path.read_bytes())
    return f"/admin/static/{told.hexdigest()[:12]}/"


def serve(request: HttpRequest, path: str) -> HttpResponse:
    """Raises Http404."""
    found = _files().files.get(request.path)
    if found is None:
        raise Http404(path)
    answer = found.get_response(request.method, request.META)
    if answer.file is None:
        return HttpResponse(status=answer.status, headers=dict(answer.headers))
    with answer.file as file:
        return HttpResponse(file.read(), status=answer.status, headers=dict(answer.headers))


@cache
def _files() -> WhiteNoise:
    files = WhiteNoise(
        None, max_age=_YEAR, immutable_file_test=lambda path, url: True, allow_all_origins=False
    )
    for finder in get_finders():
        for name, storage in finder.list(None):
            files.add_file_to_dictionary(prefix() + name, storage.path(name))
    return files
