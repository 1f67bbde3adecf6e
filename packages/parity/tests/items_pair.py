"""One application twice: `old` as a Flask team wrote it, `new` as its port to FastAPI broke it.

Both run the same code, so that nothing differs but what `BROKEN` names.
"""

import json
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl

BROKEN = {
    "HEAD answers 405": "head",
    "last instead of first duplicate": "duplicate",
    "400 became 422": "status",
    "null became absent": "null",
    "trailing slash redirects (404 became 307)": "slash",
    "Allow lists other methods": "allow",
    "date format changed": "date",
    "JSON keys in another order": "order",
    "unknown field accepted": "unknown",
    "number became string": "type",
    "Vary lost Cookie": "vary",
    "a stale read after a write": "stale",
    "Set-Cookie lost HttpOnly": "cookie",
}
"""The causes a report has to name, and what plants each."""

DOCUMENT: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "Items", "version": "1"},
    "paths": {
        "/items": {
            "get": {
                "parameters": [{"name": "q", "in": "query", "schema": {"type": "string"}}],
                "responses": {"200": {"description": "the items"}},
            },
            "post": {
                "requestBody": {
                    "required": True,
                    "content": {
                        "application/json": {"schema": {"$ref": "#/components/schemas/New"}}
                    },
                },
                "responses": {
                    "201": {
                        "description": "made",
                        "content": {
                            "application/json": {"schema": {"$ref": "#/components/schemas/Item"}}
                        },
                    }
                },
            },
        },
        "/items/{item_id}": {
            "parameters": [
                {
                    "name": "item_id",
                    "in": "path",
                    "required": True,
                    "schema": {"type": "integer", "minimum": 1},
                }
            ],
            "get": {"responses": {"200": {"description": "the item"}}},
            "put": {
                "requestBody": {
                    "required": True,
                    "content": {
                        "application/json": {"schema": {"$ref": "#/components/schemas/New"}}
                    },
                },
                "responses": {"200": {"description": "the item"}},
            },
        },
        "/visit": {"post": {"responses": {"204": {"description": "remembered"}}}},
        "/clock": {"get": {"responses": {"200": {"description": "when it was made"}}}},
        "/total": {"get": {"responses": {"200": {"description": "how many"}}}},
        "/about": {"get": {"responses": {"200": {"description": "names"}}}},
    },
    "components": {
        "schemas": {
            "New": {
                "type": "object",
                "required": ["name"],
                "additionalProperties": False,
                "properties": {"name": {"type": "string", "maxLength": 20}},
            },
            "Item": {
                "type": "object",
                "properties": {"id": {"type": "integer"}, "name": {"type": "string"}},
            },
        }
    },
}

ROUTES = {
    "/items": {"GET", "POST"},
    "/items/1": {"GET", "PUT"},
    "/visit": {"POST"},
    "/clock": {"GET"},
    "/total": {"GET"},
    "/about": {"GET"},
}

Answer = tuple[int, list[tuple[str, str]], bytes]


class Items:
    """The application, with these faults."""

    def __init__(self, *faults: str) -> None:
        self._faults = frozenset(faults)
        self.reset()

    def reset(self) -> None:
        self._items: list[str] = []
        self._read: dict[int, str] = {}

    def answer(  # noqa: PLR0912 # all of it on one screen
        self, method: str, path: str, query: str, body: bytes
    ) -> Answer:
        item = re.fullmatch("/items/([1-9][0-9]{0,8})", path)
        methods = ROUTES.get("/items/1" if item else path, set())
        if not methods and "slash" in self._faults and ROUTES.get(path.removesuffix("/")):
            return 307, [("Location", path.removesuffix("/"))], b""
        if not methods:
            return self._error(404, "unknown path")
        if method == "HEAD" and "GET" in methods and "head" not in self._faults:
            status, headers, _ = self.answer("GET", path, query, b"")
            return status, headers, b""
        if method not in methods:
            first = sorted(methods)[:1] if "allow" in self._faults else sorted(methods)
            return self._error(405, "method", ("Allow", ", ".join(first)))
        if item and int(item[1]) > len(self._items):
            return self._error(404, "unknown item")
        match path:
            case "/items" if method == "GET":
                return self._list(query)
            case "/visit":
                safe = "" if "cookie" in self._faults else "; HttpOnly"
                return 204, [("Set-Cookie", f"seen=1; Path=/{safe}")], b""
            case "/clock":
                iso = "date" in self._faults
                made = "2024-01-01T10:00:00Z" if iso else "Mon, 01 Jan 2024 10:00:00 GMT"
                return self._json(200, {"made": made})
            case "/total":
                text = "type" in self._faults
                return self._json(200, {"total": "7" if text else 7})
            case "/about":
                names: dict[str, Any] = {"size": 1, "name": "items", "author": None}
                if "order" in self._faults:
                    names = dict(sorted(names.items()))
                if "null" in self._faults:
                    del names["author"]
                return self._json(200, names)
        if method == "GET":
            assert item
            return self._one(int(item[1]))
        return self._write(body, int(item[1]) if item else None)

    def _list(self, query: str) -> Answer:
        asked = [value for name, value in parse_qsl(query, errors="replace") if name == "q"]
        taken = (asked[-1] if "duplicate" in self._faults else asked[0]) if asked else ""
        vary = "Accept" if "vary" in self._faults else "Accept, Cookie"
        return self._json(200, {"q": taken, "results": len(self._items)}, ("Vary", vary))

    def _one(self, number: int) -> Answer:
        name = self._items[number - 1]
        if "stale" in self._faults:
            name = self._read.setdefault(number, name)
        return self._json(200, {"id": number, "name": name})

    def _write(self, body: bytes, number: int | None) -> Answer:
        refused = 422 if "status" in self._faults else 400
        try:
            sent = json.loads(body.decode("utf-8"))
        except (ValueError, RecursionError):
            return self._error(400, "this is no JSON")
        if not isinstance(sent, dict) or not isinstance(sent.get("name"), str):
            return self._error(refused, "name is a text")
        extra = set(sent) - {"name"}
        if extra and "unknown" not in self._faults:
            return self._error(400, f"unknown field {min(extra)}")
        name = sent["name"].encode("utf-8", "replace").decode()
        if len(name) > 20:
            return self._error(refused, "name is too long")
        if number is not None:
            self._items[number - 1] = name
            return self._json(200, {"id": number, "name": name})
        self._items.append(name)
        made = len(self._items)
        return self._json(201, {"id": made, "name": name}, ("Location", f"/items/{made}"))

    def _error(self, status: int, reason: str, *headers: tuple[str, str]) -> Answer:
        return self._json(status, {"error": reason}, *headers)

    @staticmethod
    def _json(status: int, content: Any, *headers: tuple[str, str]) -> Answer:
        body = json.dumps(content, separators=(",", ":")).encode()
        length = ("Content-Length", str(len(body)))
        return status, [("Content-Type", "application/json"), length, *headers], body


def wsgi(items: Items) -> Callable[[dict[str, Any], Any], list[bytes]]:
    def application(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        length = environ.get("CONTENT_LENGTH", "")
        body = environ["wsgi.input"].read(int(length) if length.isdecimal() else 0)
        path = environ["PATH_INFO"].encode("latin-1").decode("utf-8", "replace")
        status, headers, answer = items.answer(
            environ["REQUEST_METHOD"], path, environ["QUERY_STRING"], body
        )
        start_response(f"{status} ", headers)
        return [answer]

    return application


def asgi(items: Items) -> Callable[[Any, Any, Any], Any]:
    async def application(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        body = b""
        while (message := await receive())["type"] == "http.request":
            body += message["body"]
            if not message.get("more_body"):
                break
        query = scope["query_string"].decode("latin-1")
        status, headers, answer = items.answer(scope["method"], scope["path"], query, body)
        fields = [(name.lower().encode(), value.encode()) for name, value in headers]
        await send({"type": "http.response.start", "status": status, "headers": fields})
        await send({"type": "http.response.body", "body": answer})

    return application


OLD = Items()
NEW = Items(*BROKEN.values())
SAME = Items()

old = wsgi(OLD)
new = asgi(NEW)
same = asgi(SAME)
