"""Litestar's plugins for Pydantic, where the core reads and describes its own schemas."""

from collections.abc import Callable
from typing import Any

from litestar.openapi.spec import Schema
from litestar.plugins.pydantic import PydanticInitPlugin, PydanticSchemaPlugin
from pydantic import BaseModel

from blog_core.http import requests


def _is_schema(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)


class CoreBodies(PydanticInitPlugin):
    """A body is read by the core, which says what is wrong with it; Litestar's way loses that."""

    @classmethod
    def decoders(
        cls, validate_strict: bool = False
    ) -> list[tuple[Callable[[Any], bool], Callable[[Any, Any], Any]]]:
        return [(_is_schema, requests.body)]


class CoreSchemas(PydanticSchemaPlugin):
    """In the document a schema is named here, and described by `openapi.py`."""

    def to_openapi_schema(self, field_definition: Any, schema_creator: Any) -> Schema:
        return Schema(title=field_definition.annotation.__name__)
