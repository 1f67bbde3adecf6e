"""Bodies: decoded as the core decodes them, and Litestar's plugins for Pydantic."""

import json
from collections.abc import Callable
from typing import Any

from litestar import Request
from litestar.openapi.spec import Schema
from litestar.plugins.pydantic import PydanticInitPlugin, PydanticSchemaPlugin
from pydantic import BaseModel

from blog_core.http import requests


def _is_schema(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)


class CoreRequest(Request[Any, Any, Any]):
    """Python decodes JSON: msgspec refuses numbers that are too large for it, as 1e400."""

    async def json(self) -> Any:
        return json.loads(await self.body())


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
