"""The page to try the API out on."""

from flask import Blueprint, Response

from blog_core.http import swagger
from blog_flask.errors import render, send

docs = Blueprint("docs", __name__, url_prefix="/docs")


@docs.get("")
@docs.get("/")
def show_docs() -> Response:
    return render(swagger.page())


@docs.get("/<name>")
def docs_file(name: str) -> Response:
    return send(swagger.file(name))
