"""The page under `/docs`: Swagger UI on the framework's own `/openapi.json`, to try the API out.

It is native: each implementation mounts it in its own way, and none promises the same bytes. All of
it comes from this machine. Whoever is signed in on the site is signed in here, by the same cookie;
"Authorize" takes a token, or a name and a password for one.
"""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from blog_core.domain.errors import NotFound
from blog_core.http import problems, static
from blog_core.http.operations import Native
from blog_core.http.rendering import Page
from blog_core.http.replies import Reply

# Swagger UI sets styles by script, which no policy has to allow, and has pictures in its style.
NATIVE = Native(
    "/docs/",
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
)

_CSS = "text/css; charset=utf-8"
_SCRIPT = "text/javascript; charset=utf-8"
_CACHING = ("Cache-Control", static.CACHING)


def page() -> Page:
    """The page itself; the framework renders it like any other."""
    addresses = {
        name: f"{NATIVE.prefix}{name}?v={found.version}" for name, found in _files().items()
    }
    return Page("docs.html", {"files": addresses})


def file(name: str) -> Reply:
    """A script or the style of the page, or that there is none of this name."""
    found = _files().get(name)
    return problems.of(NotFound()) if found is None else found.reply


@cache
def _files() -> Mapping[str, static.File]:
    """The files by their names, read when somebody first asks for the page."""
    # The one package with a current Swagger UI that brings no web framework along; all that is used
    # of it is where it keeps the files of the distribution.
    dist = files("mkdocs_swagger_ui_tag") / "swagger-ui"
    found = {
        "swagger-ui.css": (_CSS, dist / "stylesheets" / "swagger-ui.css"),
        "swagger-ui.js": (_SCRIPT, dist / "javascripts" / "swagger-ui-bundle.js"),
        "start.js": (_SCRIPT, files("blog_core.http") / "swagger.js"),
    }
    return {
        name: static.File.of(kind, path.read_bytes(), [_CACHING])
        for name, (kind, path) in found.items()
    }
