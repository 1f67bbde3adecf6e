"""The page to try the API out on."""

from fastapi import APIRouter, Request, Response

from blog_core.http import swagger
from blog_fastapi.errors import render, send

docs = APIRouter(prefix="/docs", include_in_schema=False)


@docs.get("")
@docs.get("/")
def show_docs(request: Request) -> Response:
    return render(request, swagger.page())


@docs.get("/{name}")
def docs_file(name: str) -> Response:
    return send(swagger.file(name))
