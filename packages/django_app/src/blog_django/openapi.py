"""Django's own OpenAPI document: paths from the routes, bodies from the serializers."""

import json
from threading import Lock
from typing import Any, cast

from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ResolvedComponent
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse

from blog_core.http import documents, problems
from blog_core.http.operations import OPERATIONS, Operation

_BY_ROUTE = {(operation.method, operation.path): operation for operation in OPERATIONS}
_POSITIONS = {route: position for position, route in enumerate(_BY_ROUTE)}
_PATH_PARAMETERS = {
    "username": documents.USERNAME_SCHEMA,
    "token_id": documents.ID_SCHEMA,
    "post_id": documents.ID_SCHEMA,
}
_made: list[bytes] = []
_lock = Lock()


def document() -> bytes:
    """The document as JSON, made once."""
    with _lock:
        if not _made:
            generator = SchemaGenerator()  # type: ignore[no-untyped-call]
            content = generator.get_schema(public=True)  # type: ignore[no-untyped-call]
            text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
            _made.append(text.encode())
    return _made[0]


def position(endpoint: tuple[str, str, str, Any]) -> int:
    """Where an endpoint stands in the document."""
    path, _, method, _ = endpoint
    return _POSITIONS[method, path]


class OperationSchema(AutoSchema):
    """Describes a view's method by the operation that its route belongs to."""

    @property
    def operation(self) -> Operation:
        return _BY_ROUTE[self.method, self.path]

    def get_operation(self, *args: Any, **kwargs: Any) -> dict[str, Any] | None:
        described = super().get_operation(*args, **kwargs)
        if described and self.operation.body is not None:
            # drf-spectacular takes a body without required fields for an optional one.
            described["requestBody"]["required"] = not self.operation.body_optional
        return described

    def get_operation_id(self) -> str:
        return self.operation.name

    def get_summary(self) -> str:
        return documents.summary(self.operation.name)

    def get_description(self) -> str:  # type: ignore[override] # as in drf-spectacular
        return ""

    def get_tags(self) -> list[str]:
        return []

    def get_auth(self) -> list[dict[str, list[str]]]:
        return documents.security(self.operation)

    def get_override_parameters(self) -> list[Any]:
        found = [
            OpenApiParameter(name, schema, "path", required=True)
            for name, schema in _PATH_PARAMETERS.items()
            if f"{{{name}}}" in self.operation.path
        ]
        return found + [
            OpenApiParameter(name, schema, place, required=required)
            for place, name, required, schema in documents.other_parameters(self.operation)
        ]

    def get_request_serializer(self) -> Any:
        operation, view = self.operation, cast("Any", self.view)
        if operation.body is None:
            return None
        schema = operation.body if operation.form else view.get_serializer_class().schema
        return {operation.content_type: self.component(schema)}

    def get_response_serializers(self) -> Any:
        operation = self.operation
        answer = None if operation.success == 204 else operation.answer or dict[str, Any]
        answers: dict[Any, OpenApiResponse] = {
            operation.success: OpenApiResponse(answer and self.component(answer), "Success")
        }
        for status in documents.error_statuses(operation):
            answers[status, documents.PROBLEM_TYPE] = OpenApiResponse(
                documents.PROBLEM_REF, problems.TITLES[status]
            )
        if operation.refusal is not None:
            answers[400, "application/json"] = OpenApiResponse(
                self.component(operation.refusal), problems.TITLES[400]
            )
        return answers

    def _is_list_view(self, serializer: Any = None) -> bool:
        # A list is an envelope, which core describes; it is no array to wrap in one.
        return False

    def component(self, kind: Any) -> dict[str, Any]:
        """A reference to the schema of an input or output, which becomes a component."""
        reference, components = documents.component(kind)
        for name, schema in components.items():
            component = ResolvedComponent(  # type: ignore[no-untyped-call]
                name, ResolvedComponent.SCHEMA, schema, object=name
            )
            self.registry.register_on_missing(component)
        return reference
