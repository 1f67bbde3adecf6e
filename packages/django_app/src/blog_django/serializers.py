"""Serializers made from the core's schemas: fields for people and tools, validation by core."""

from typing import Any, ClassVar

from pydantic import BaseModel
from rest_framework import serializers

from blog_core import schemas
from blog_core.http import documents, requests

_FIELDS: dict[str, type[serializers.Field[Any, Any, Any, Any]]] = {
    "date-time": serializers.DateTimeField,
    "password": serializers.CharField,
    "string": serializers.CharField,
}


class SchemaSerializer(serializers.Serializer[Any]):
    """A serializer of one schema: `validated_data` is an instance of it.

    `is_valid` raises Invalid, with core's words for what is wrong.
    """

    schema: ClassVar[type[BaseModel]]

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        described = documents.schema(self.schema)
        required = described.get("required", ())
        return {
            name: _field(kind, required=name in required)
            for name, kind in described["properties"].items()
        }

    def run_validation(self, data: Any = serializers.empty) -> Any:
        return requests.body(self.schema, data)


def _field(described: dict[str, Any], *, required: bool) -> Any:
    (kind,) = [kind for kind in described.get("anyOf", [described]) if kind["type"] != "null"]
    options: dict[str, Any] = {"required": required, "allow_null": "anyOf" in described}
    if "maxLength" in kind:
        options["max_length"] = kind["maxLength"]
    if kind.get("format") == "password":
        options["style"] = {"input_type": "password"}
    return _FIELDS[kind.get("format", kind["type"])](**options)


def serializer_of(schema: type[BaseModel]) -> type[SchemaSerializer]:
    """The serializer class of a schema, `NewPostSerializer` of `NewPost`."""
    return type(f"{schema.__name__}Serializer", (SchemaSerializer,), {"schema": schema})


NewUserSerializer = serializer_of(schemas.NewUser)
UserChangesSerializer = serializer_of(schemas.UserChanges)
PasswordChangeSerializer = serializer_of(schemas.PasswordChange)
SignInSerializer = serializer_of(schemas.SignIn)
NewPostSerializer = serializer_of(schemas.NewPost)
PostContentSerializer = serializer_of(schemas.PostContent)
PostChangesSerializer = serializer_of(schemas.PostChanges)
PublicationSerializer = serializer_of(schemas.Publication)
