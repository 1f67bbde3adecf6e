"""Serializers stand for the core's schemas."""

import pytest
from rest_framework import serializers

from blog_core import schemas
from blog_core.domain.errors import Invalid
from blog_django.serializers import NewPostSerializer, NewUserSerializer, PostChangesSerializer


def test_fields_are_those_of_the_schema() -> None:
    fields = NewUserSerializer().fields
    assert ["username", "email", "password"] == list(fields)
    email = fields["email"]
    assert isinstance(email, serializers.CharField)
    assert 120 == email.max_length
    assert "password" == fields["password"].style["input_type"]


def test_what_may_be_absent_is_not_required() -> None:
    required = {name: field.required for name, field in NewPostSerializer().fields.items()}
    assert {"title": True, "content": False, "pub_date": False} == required
    assert not any(field.required for field in PostChangesSerializer().fields.values())


def test_null_is_allowed_where_it_means_something() -> None:
    allowed = {name: field.allow_null for name, field in NewPostSerializer().fields.items()}
    assert {"title": False, "content": False, "pub_date": True} == allowed
    assert isinstance(NewPostSerializer().fields["pub_date"], serializers.DateTimeField)


def test_validated_data_is_an_instance_of_the_schema() -> None:
    serializer = NewPostSerializer(data={"title": " Engines "})
    assert serializer.is_valid(raise_exception=True)
    assert schemas.NewPost(title="Engines") == serializer.validated_data


@pytest.mark.parametrize(
    ("data", "field"), [({}, "title"), ({"title": "Engines", "id": 1}, "id"), ([], "")]
)
def test_what_is_wrong_is_said_by_core(data: object, field: str) -> None:
    with pytest.raises(Invalid) as refused:
        NewPostSerializer(data=data).is_valid()
    assert [field] == [error.field for error in refused.value.errors]
