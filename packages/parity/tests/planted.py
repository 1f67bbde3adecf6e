"""A small application with sign-in, notes and their versions, into which faults can be planted.

wsgi:planted:notes("stale_edit")
"""

import itertools
import json
import re
import secrets
import time
from collections.abc import Callable
from typing import Any

NOTE = {
    "type": "object",
    "required": ["id", "text", "made"],
    "properties": {
        "id": {"type": "integer"},
        "text": {"type": "string"},
        "made": {"type": "string", "format": "date-time"},
    },
}
NEW_NOTE = {
    "type": "object",
    "required": ["text"],
    "additionalProperties": False,
    "properties": {"text": {"type": "string", "minLength": 1, "maxLength": 40}},
}
BY_ID = [{"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}}]


def body(schema: dict[str, Any]) -> dict[str, Any]:
    return {"required": True, "content": {"application/json": {"schema": schema}}}


def answer(schema: dict[str, Any] | None = None) -> dict[str, Any]:
    content = {"application/json": {"schema": schema}} if schema else {}
    return {"description": "so it is", "content": content}


DOCUMENT: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "Notes", "version": "1"},
    "components": {
        "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        "schemas": {"Note": NOTE, "NewNote": NEW_NOTE},
    },
    "paths": {
        "/sessions": {
            "post": {
                "requestBody": body(
                    {
                        "type": "object",
                        "required": ["name"],
                        "properties": {
                            "name": {"type": "string", "pattern": "^[a-z]{3,8}$"},
                        },
                    }
                ),
                "responses": {
                    "201": answer({"type": "object", "properties": {"token": {"type": "string"}}})
                },
            }
        },
        "/notes": {
            "post": {
                "security": [{"token": []}],
                "requestBody": body({"$ref": "#/components/schemas/NewNote"}),
                "responses": {"201": answer({"$ref": "#/components/schemas/Note"})},
            },
            "get": {
                "security": [{"token": []}],
                "responses": {"200": answer({"type": "array", "items": NOTE})},
            },
        },
        "/notes/{id}": {
            "parameters": BY_ID,
            "get": {
                "security": [{"token": []}],
                "responses": {"200": answer({"$ref": "#/components/schemas/Note"})},
            },
            "put": {
                "security": [{"token": []}],
                "requestBody": body({"$ref": "#/components/schemas/NewNote"}),
                "responses": {"200": answer({"$ref": "#/components/schemas/Note"})},
            },
            "delete": {"security": [{"token": []}], "responses": {"204": answer()}},
        },
    },
}

applications: list["Notes"] = []


class Notes:
    """The application; `fault` is empty where it is as it should be."""

    def __init__(self, fault: str = "", first: int = 1) -> None:
        self.fault = fault
        self.first = first
        self.reset()

    def reset(self) -> None:
        self.tokens: dict[str, str] = {}
        self.notes: dict[int, dict[str, Any]] = {}
        self.edits: dict[int, int] = {}
        self.ids = itertools.count(self.first)

    def __call__(self, environ: dict[str, Any], start_response: Any) -> list[bytes]:
        status, document = self.answer(environ)
        data = b"" if document is None else json.dumps(document).encode()
        fields = [("Content-Length", str(len(data)))]
        if data:
            fields.append(("Content-Type", "application/json"))
        if status == 201 and document and "id" in document:
            fields.append(("Location", f"/notes/{document['id']}"))
        start_response(f"{status} X", fields)
        return [data]

    def answer(self, environ: dict[str, Any]) -> tuple[int, Any]:
        method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
        routes: dict[tuple[str, str], Callable[..., tuple[int, Any]]] = {
            ("POST", "/sessions"): self.sign_in,
            ("POST", "/notes"): self.create,
            ("GET", "/notes"): self.list,
        }
        if match := re.fullmatch(r"/notes/([1-9][0-9]{0,8})", path, re.ASCII):
            ours = {"GET": self.read, "PUT": self.edit, "DELETE": self.delete}
            if method not in ours:
                return 405, {"error": "method"}
            return self.as_user(environ, ours[method], int(match[1]))
        if (method, path) not in routes:
            known = {known for _, known in routes}
            return (405, {"error": "method"}) if path in known else (404, {"error": "path"})
        if path == "/sessions":
            return self.sign_in(environ, "")
        return self.as_user(environ, routes[method, path])

    def as_user(
        self, environ: dict[str, Any], route: Callable[..., tuple[int, Any]], *more: int
    ) -> tuple[int, Any]:
        token = environ.get("HTTP_AUTHORIZATION", "").removeprefix("Bearer ")
        if token not in self.tokens:
            return 401, {"error": "token"}
        return route(environ, self.tokens[token], *more)

    def sign_in(self, environ: dict[str, Any], _: str) -> tuple[int, Any]:
        sent = self.sent(environ, "name")
        if sent is None:
            return 422, {"error": "name"}
        if self.fault == "second_sign_in_ends_the_first":
            self.tokens = {token: name for token, name in self.tokens.items() if name != sent}
        token = secrets.token_hex(16)
        self.tokens[token] = sent
        return 201, {"token": token}

    def create(self, environ: dict[str, Any], user: str) -> tuple[int, Any]:
        sent = self.sent(environ, "text")
        if sent is None:
            return 422, {"error": "text"}
        number = next(self.ids)
        self.notes[number] = {
            "id": number,
            "text": sent,
            "made": f"{time.strftime('%Y-%m-%dT%H:%M:%S')}.{time.time_ns() % 10**9:09}Z",
        }
        self.edits[number] = 0
        return 201, self.notes[number]

    def list(self, environ: dict[str, Any], user: str) -> tuple[int, Any]:
        notes = list(self.notes.values())
        if self.fault == "list_is_reversed":
            notes.reverse()
        return 200, notes

    def read(self, environ: dict[str, Any], user: str, number: int) -> tuple[int, Any]:
        if number not in self.notes:
            return 404, {"error": "note"}
        return 200, self.notes[number]

    def edit(self, environ: dict[str, Any], user: str, number: int) -> tuple[int, Any]:
        sent = self.sent(environ, "text")
        if sent is None:
            return 422, {"error": "text"}
        if number not in self.notes:
            return 404, {"error": "note"}
        self.edits[number] += 1
        before = self.notes[number]
        if self.fault == "second_edit_is_lost" and self.edits[number] == 2:
            return 200, before
        self.notes[number] = {**before, "text": sent}
        return 200, before if self.fault == "stale_edit" else self.notes[number]

    def delete(self, environ: dict[str, Any], user: str, number: int) -> tuple[int, Any]:
        if number not in self.notes:
            return 404, {"error": "note"}
        if self.fault != "delete_keeps_it":
            del self.notes[number]
        return 204, None

    @staticmethod
    def sent(environ: dict[str, Any], name: str) -> str | None:
        try:
            document = json.loads(environ["wsgi.input"].read())
        except (ValueError, RecursionError):
            return None
        if not isinstance(document, dict) or set(document) != {name}:
            return None
        value = document[name]
        good = isinstance(value, str) and 0 < len(value) <= 40
        return value if good and value.isprintable() else None


def notes(fault: str = "", first: int = 1) -> Notes:
    """A fresh application, which `reset` then empties."""
    applications.append(Notes(fault, first))
    return applications[-1]


def reset() -> None:
    """Empty every application of this process."""
    for application in applications:
        application.reset()
