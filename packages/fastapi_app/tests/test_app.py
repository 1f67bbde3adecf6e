"""The application as FastAPI's own commands and documentation expect it."""

import tomllib
from importlib import import_module
from pathlib import Path

from blog_contract.client import Client
from blog_core.http import documents
from blog_core.http.asgi import FrontMiddleware

ROOT = Path(__file__).parents[3]


def test_fastapis_commands_find_the_application() -> None:
    config = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    module, _, name = config["tool"]["fastapi"]["entrypoint"].partition(":")
    assert isinstance(getattr(import_module(module), name), FrontMiddleware)


def test_the_security_schemes_come_from_the_dependencies(client: Client) -> None:
    document = client.get("/openapi.json").json()
    assert documents.SECURITY_SCHEMES == document["components"]["securitySchemes"]
    assert [{"bearer": []}, {"password": []}] == document["paths"]["/api/me"]["get"]["security"]
