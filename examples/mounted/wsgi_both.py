"""Flask and Django in one WSGI process: neither is inside the other, a dispatcher chooses.

gunicorn --threads 4 examples.mounted.wsgi_both:app
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from blog_core.http.requests import ASKED, Asked
from blog_core.http.wsgi import FrontMiddleware
from examples.mounted.parts import DJANGO, django, flask, front

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment


def choose(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
    """The framework that has the operation. What FastAPI has in the other example is Flask's."""
    asked: Asked = environ[ASKED]
    application = django if asked.operation.name in DJANGO else flask
    return application(environ, start_response)


app = FrontMiddleware(choose, front)
