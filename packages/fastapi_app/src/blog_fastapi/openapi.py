"""FastAPI's own OpenAPI document, with the few things that its routes cannot say."""

import json
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from blog_core.http import documents
from blog_core.http.operations import BY_NAME


def document(app: FastAPI) -> bytes:
    """The document as JSON, made once."""
    if not hasattr(app.state, "document"):
        content = get_openapi(title=app.title, version=app.version, routes=app.router.routes)
        schemas = content["components"]["schemas"]
        for methods in content["paths"].values():
            for described in methods.values():
                _correct(described, schemas)
        for unused in ("HTTPValidationError", "ValidationError"):
            schemas.pop(unused, None)
        schemas.update(documents.PROBLEM_SCHEMAS)
        # FastAPI leaves out what is null, also where null is the default.
        schemas["NewPost"]["properties"]["pub_date"]["default"] = None
        app.state.document = json.dumps(content, ensure_ascii=False).encode()
    content_bytes: bytes = app.state.document
    return content_bytes


def _correct(described: dict[str, Any], schemas: dict[str, Any]) -> None:
    operation = BY_NAME[described["operationId"]]
    if 422 not in documents.error_statuses(operation):
        # FastAPI foresees its own validation error wherever there is a parameter.
        described["responses"].pop("422", None)
    if operation.credentials == "optional":
        # FastAPI has no words for a token that may be left out.
        described["security"] = documents.security(operation)
    if operation.form and operation.body is not None:
        # Its own reader of forms would take the last of two values.
        reference, components = documents.component(operation.body)
        schemas |= components
        content = {operation.content_type: {"schema": reference}}
        described["requestBody"] = {"required": True, "content": content}
    # The query is read whole by core; a header field is text or absent, never null; and without
    # If-Match it is the blog that says 428, not FastAPI with 422.
    path = [one for one in described.pop("parameters", ()) if one["in"] == "path"]
    others = [
        {"name": name, "in": place, "required": required, "schema": schema}
        for place, name, required, schema in documents.other_parameters(operation)
    ]
    if path or others:
        described["parameters"] = path + others
