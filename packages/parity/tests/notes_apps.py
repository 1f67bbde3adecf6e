"""A small store of notes over WSGI, as it should be and with faults, for reproducers to tell."""

import json
import re
from typing import Any

Answer = tuple[str, list[tuple[str, str]], bytes]


class Notes:
    """`fault` is empty, `head` (405 for HEAD) or `stale` (a note reads as it was first made)."""

    def __init__(self, fault: str = "", first: int = 1) -> None:
        self._fault = fault
        self._first = first
        self.reset()

    def reset(self) -> None:
        self._notes: dict[int, list[str]] = {}

    def __call__(self, environ: dict[str, Any], start_response: Any) -> list[bytes]:
        length = int(environ.get("CONTENT_LENGTH") or 0)
        body = environ["wsgi.input"].read(length) if length else b""
        cookie = environ.get("HTTP_COOKIE", "")
        status, headers, answer = self._answer(
            environ["REQUEST_METHOD"], environ["PATH_INFO"], body, cookie
        )
        head = environ["REQUEST_METHOD"] == "HEAD"
        start_response(status, [*headers, ("Content-Length", str(len(answer)))])
        return [b"" if head else answer]

    def _answer(self, method: str, path: str, body: bytes, cookie: str) -> Answer:
        found = re.fullmatch("/notes/([0-9]+)", path)
        if method == "POST" and path == "/notes":
            number = self._first + len(self._notes)
            self._notes[number] = [json.loads(body)["text"]]
            headers = [("Location", f"/notes/{number}"), ("Set-Cookie", f"note={number}; Path=/")]
            return self._json("201 Created", {"id": number}, *headers)
        versions = self._notes.get(int(found[1])) if found else None
        if versions is None:
            return self._json("404 Not Found", {"error": "unknown"})
        if method == "PUT":
            versions.append(json.loads(body)["text"])
        elif method != "GET" and (method != "HEAD" or self._fault == "head"):
            return self._json("405 Method Not Allowed", {"error": "method"})
        if cookie not in {"", f"note={path.rpartition('/')[2]}"}:
            return self._json("403 Forbidden", {"error": "cookie"})
        text = versions[0] if self._fault == "stale" and method == "GET" else versions[-1]
        return self._json("200 OK", {"text": text})

    @staticmethod
    def _json(status: str, content: Any, *headers: tuple[str, str]) -> Answer:
        body = json.dumps(content, ensure_ascii=False).encode()
        return status, [("Content-Type", "application/json"), *headers], body


good = Notes()
counts_from_seven = Notes(first=7)
without_head = Notes("head")
stale = Notes("stale", first=7)
