"""Litestar's own OpenAPI document, with what its routes cannot say."""

import json
from typing import Any

from litestar import Litestar

from blog_core.http import documents, problems
from blog_core.http.operations import BY_NAME, Operation


def document(app: Litestar) -> bytes:
    """The document as JSON, made once."""
    if "document" not in app.state:
        content = app.openapi_schema.to_schema()
        schemas = dict(documents.PROBLEM_SCHEMAS)
        for methods in content["paths"].values():
            for described in methods.values():
                _describe(described, BY_NAME[described["operationId"]], schemas)
        content["components"] = {
            "schemas": schemas,
            "securitySchemes": documents.SECURITY_SCHEMES,
        }
        # It would say where this server is, which it does not know.
        content.pop("servers", None)
        app.state.document = json.dumps(content, ensure_ascii=False).encode()
    made: bytes = app.state.document
    return made


def _describe(described: dict[str, Any], operation: Operation, schemas: dict[str, Any]) -> None:
    """Paths, methods, names and the parameters of paths are the routes' own."""
    parameters = [one for one in described.pop("parameters", ()) if one["in"] == "path"]
    for one in parameters:
        of_id = one["schema"]["type"] == "integer"
        one["schema"] = documents.ID_SCHEMA if of_id else documents.USERNAME_SCHEMA
    parameters += [
        {"in": place, "name": name, "required": required, "schema": schema}
        for place, name, required, schema in documents.other_parameters(operation)
    ]
    described["summary"] = documents.summary(operation.name)
    described["parameters"] = parameters
    described["security"] = documents.security(operation)
    described["responses"] = _responses(operation, schemas)
    described.pop("requestBody", None)
    if operation.body is not None:
        body = _component(operation.body, schemas)
        content = {operation.content_type: {"schema": body}}
        described["requestBody"] = {"required": not operation.body_optional, "content": content}


def _responses(operation: Operation, schemas: dict[str, Any]) -> dict[str, Any]:
    success: dict[str, Any] = {"description": "Success"}
    if operation.success != 204:
        answer = _component(operation.answer or dict[str, Any], schemas)
        success["content"] = {"application/json": {"schema": answer}}
    responses = {str(operation.success): success}
    for status in documents.error_statuses(operation):
        content = {documents.PROBLEM_TYPE: {"schema": documents.PROBLEM_REF}}
        if status == 400 and operation.refusal is not None:
            content["application/json"] = {"schema": _component(operation.refusal, schemas)}
        responses[str(status)] = {"description": problems.TITLES[status], "content": content}
    return responses


def _component(kind: Any, schemas: dict[str, Any]) -> dict[str, Any]:
    """A reference to the schema of an input or output, which becomes a component."""
    reference, found = documents.component(kind)
    schemas |= found
    return reference
