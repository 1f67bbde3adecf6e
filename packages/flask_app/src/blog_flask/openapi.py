"""Flask's own OpenAPI document, made by apispec from the application's routes."""

import json
import re
from typing import Any

from apispec import APISpec
from flask import Flask
from werkzeug.routing import Rule

from blog_core.http import documents, problems
from blog_core.http.operations import BY_NAME, Operation

_PARAMETER = re.compile(r"<(?P<converter>\w+):(?P<name>\w+)>")
_PARAMETERS = {"id": documents.ID_SCHEMA, "username": documents.USERNAME_SCHEMA}


def document(app: Flask) -> bytes:
    """The document as JSON."""
    spec = APISpec(documents.TITLE, documents.VERSION, "3.1.0")
    for name, scheme in documents.SECURITY_SCHEMES.items():
        spec.components.security_scheme(name, scheme)
    for name, schema in documents.PROBLEM_SCHEMAS.items():
        spec.components.schema(name, schema)
    for rule in app.url_map.iter_rules():
        blueprint, _, name = rule.endpoint.partition(".")
        if blueprint in ("pages", "docs"):
            continue
        operation = BY_NAME[name]
        method = operation.method.lower()
        spec.path(
            _PARAMETER.sub(r"{\g<name>}", rule.rule),
            operations={method: _describe(spec, operation, rule)},
        )
    return json.dumps(spec.to_dict(), ensure_ascii=False).encode()


def _describe(spec: APISpec, operation: Operation, rule: Rule) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": operation.name,
        "summary": documents.summary(operation.name),
        "parameters": _parameters(operation, rule),
        "responses": {str(operation.success): _success(spec, operation)},
    }
    for status in documents.error_statuses(operation):
        content = {documents.PROBLEM_TYPE: {"schema": documents.PROBLEM_REF}}
        if status == 400 and operation.refusal is not None:
            content["application/json"] = {"schema": _component(spec, operation.refusal)}
        description = {"description": problems.TITLES[status], "content": content}
        described["responses"][str(status)] = description
    if operation.credentials != "unread":
        described["security"] = documents.security(operation)
    if operation.body is not None:
        described["requestBody"] = {
            "required": not operation.body_optional,
            "content": {operation.content_type: {"schema": _component(spec, operation.body)}},
        }
    return described


def _success(spec: APISpec, operation: Operation) -> dict[str, Any]:
    if operation.success == 204:
        return {"description": "Success"}
    schema = _component(spec, operation.answer or dict[str, Any])
    return {"description": "Success", "content": {"application/json": {"schema": schema}}}


def _parameters(operation: Operation, rule: Rule) -> list[dict[str, Any]]:
    found = [
        {"in": "path", "name": part["name"], "required": True}
        | {"schema": _PARAMETERS[part["converter"]]}
        for part in _PARAMETER.finditer(rule.rule)
    ]
    return found + [
        {"in": place, "name": name, "required": required, "schema": schema}
        for place, name, required, schema in documents.other_parameters(operation)
    ]


def _component(spec: APISpec, kind: Any) -> dict[str, Any]:
    """A reference to the schema of an input or output, which becomes a component."""
    reference, components = documents.component(kind)
    for name, schema in components.items():
        if name not in spec.components.schemas:
            spec.components.schema(name, schema)
    return reference
