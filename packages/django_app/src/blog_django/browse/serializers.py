"""Serializers of two sides: they show the core's output, and take what its schemas take."""

from dataclasses import asdict
from typing import Any, ClassVar

from pydantic import BaseModel
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail
from rest_framework.settings import api_settings

from blog_core import schemas
from blog_core.domain.errors import Invalid
from blog_core.http import requests
from blog_django.serializers import SchemaSerializer


def validation_error(refusal: Invalid) -> serializers.ValidationError:
    """The core's refusal by field, as REST framework says it."""
    return serializers.ValidationError(
        {
            error.field or api_settings.NON_FIELD_ERRORS_KEY: [
                ErrorDetail(error.message, error.code)
            ]
            for error in refusal.errors
        }
    )


class CoreSerializer(SchemaSerializer):
    """Fields by the schema, and after them what is only shown: `shown`.

    `validated_data` is an instance of the schema; `version` is the one that a form was made from.
    """

    partial_schema: ClassVar[type[BaseModel] | None] = None
    versioned: ClassVar[bool] = False
    shown: ClassVar[tuple[str, ...]] = ()
    made_from: int | None = None

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        fields = super().get_fields()
        for name in fields.keys() & _FIELDS.keys():
            fields[name] = _FIELDS[name](required=fields[name].required)
        if self.versioned:
            fields["version"] = serializers.IntegerField(required=False, help_text=_VERSION)
        shown = {name: _SHOWN.get(name, serializers.ReadOnlyField)() for name in self.shown}
        return {**shown, **fields}

    def run_validation(self, data: Any = serializers.empty) -> Any:
        values = self.typed(data)
        if self.versioned and isinstance(values, dict):
            version = serializers.IntegerField(required=False, allow_null=True)
            self.made_from = version.run_validation(values.pop("version", None))
        schema = (self.partial and self.partial_schema) or self.schema
        try:
            return requests.body(schema, values)
        except Invalid as refusal:
            raise validation_error(refusal) from refusal

    def typed(self, data: Any) -> Any:
        """JSON as it is; of a form the fields that are ours, the empty ones as what they mean."""
        if not hasattr(data, "getlist"):
            return dict(data) if isinstance(data, dict) else data
        names = (*self.schema.model_fields, *(["version"] if self.versioned else []))
        values = {name: data[name].replace("\r\n", "\n") for name in names if name in data}
        if values.get("version") == "":
            del values["version"]
        if values.get("pub_date") == "":
            del values["pub_date"]
            if self.schema is not schemas.Publication:
                values["pub_date"] = None
        return values


_VERSION = "The one that the change is made from, where no If-Match says it."
_INSTANT = "RFC 3339, as 2026-01-02T03:04:05Z. Empty: a draft."


def _author() -> serializers.ReadOnlyField:
    return serializers.ReadOnlyField(source="author.username")


def _content(*, required: bool) -> serializers.CharField:
    style = {"base_template": "textarea.html", "rows": 12}
    return serializers.CharField(required=required, allow_blank=True, style=style)


def _instant(*, required: bool) -> serializers.CharField:
    # No DateTimeField, whose widget would cut the microseconds off what stands.
    return serializers.CharField(required=False, allow_null=True, help_text=_INSTANT)


def _password(*, required: bool) -> serializers.CharField:
    style = {"input_type": "password"}
    return serializers.CharField(required=required, write_only=True, style=style)


_FIELDS: dict[str, Any] = {"content": _content, "pub_date": _instant, "password": _password}
_SHOWN: dict[str, Any] = {"author": _author}


class PostSerializer(CoreSerializer):
    schema = schemas.PostContent
    partial_schema = schemas.PostChanges
    versioned = True
    shown = ("id", "author", "status", "created", "updated")


class NewPostSerializer(CoreSerializer):
    schema = schemas.NewPost
    shown = (*PostSerializer.shown, "version")


class PublicationSerializer(CoreSerializer):
    schema = schemas.Publication
    versioned = True


class VersionSerializer(CoreSerializer):
    """No field but the version that the change is made from."""

    schema = schemas.Input
    versioned = True


class UserSerializer(CoreSerializer):
    schema = schemas.NewUser
    shown = ("id", "joined")

    def to_representation(self, instance: Any) -> Any:
        # Others' addresses are not shown.
        values = asdict(instance)
        return {name: values[name] for name in map(str, self.fields) if name in values}


class MeSerializer(CoreSerializer):
    schema = schemas.UserChanges
    shown = ("id", "joined", "is_staff")


class TokenSerializer(CoreSerializer):
    """Signing in; the token itself is shown once."""

    schema = schemas.SignIn

    def to_representation(self, instance: Any) -> Any:
        return asdict(instance)
