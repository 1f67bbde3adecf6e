"""FastAPI serves what has moved; Flask and Django, mounted in it, the rest.

uvicorn examples.mounted.fastapi_outside:app
"""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from a2wsgi import WSGIMiddleware
from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.routing import Mount
from starlette.types import ASGIApp, Receive, Scope, Send

from blog_core.http.asgi import FrontMiddleware
from blog_core.http.requests import ASKED, Asked
from examples.mounted.parts import DJANGO, FASTAPI, django, fastapi, flask, front

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

THREADS = 10
"""Each WSGI application has a pool of its own: together no more than there are connections."""


def mounted(application: "WSGIApplication") -> ASGIApp:
    """A WSGI application as an ASGI one that still sees what the front read."""

    def with_asked(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        asked: Asked = environ["asgi.scope"][ASKED]
        environ[ASKED] = asked
        # The front has read the body: whole, and as long as it says.
        environ["wsgi.input_terminated"] = True
        return application(environ, start_response)

    bridged: Any = with_asked  # the bridge has types of its own, for both sides
    bridge: Any = WSGIMiddleware(bridged, workers=THREADS)
    made: ASGIApp = bridge
    return made


def remaining(by_django: ASGIApp, by_flask: ASGIApp) -> Callable[..., Any]:
    """What has not moved, each operation to the framework that has it."""

    async def choose(scope: Scope, receive: Receive, send: Send) -> None:
        asked: Asked = scope[ASKED]
        application = by_django if asked.operation.name in DJANGO else by_flask
        await application(scope, receive, send)

    return choose


def create_app() -> FrontMiddleware:
    """One front, FastAPI behind it, and in FastAPI the other two under `/`."""
    new: Any = fastapi
    assert isinstance(new, FastAPI)  # noqa: S101 # for the type checker
    # While a new application grows it has these routes alone; here the others are taken away.
    moved = [one for one in new.routes if isinstance(one, APIRoute) and one.name in FASTAPI]
    # Last: it matches every path, and is asked for what no route before it serves.
    new.router.routes[:] = [*moved, Mount("/", remaining(mounted(django), mounted(flask)))]
    return FrontMiddleware(new, front)


app = create_app()
