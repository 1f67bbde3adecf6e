"""Notes in Flask, as its tutorial writes them."""

from datetime import UTC, datetime
from typing import Any

from flask import Flask, Response, abort, jsonify, request

app = Flask(__name__)
NOTE = {"id": 1, "text": "日本", "created": datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)}


@app.post("/notes")
def create_note() -> tuple[Response, int]:
    sent: Any = request.get_json()
    if not isinstance(sent, dict) or not isinstance(sent.get("text"), str):
        abort(400)
    return jsonify(id=1, text=sent["text"], urgent=bool(sent.get("urgent", False))), 201


@app.get("/notes")
def notes() -> Response:
    return jsonify(page=request.args.get("page", 1, type=int), notes=[])


@app.get("/notes/<int:number>")
def note(number: int) -> Response:
    return jsonify({**NOTE, "id": number, "urgent": False})


@app.get("/me")
def me() -> Response:
    if request.authorization is None:
        abort(401)
    return jsonify(name=request.authorization.username)


@app.get("/broken")
def broken() -> Response:
    raise RuntimeError("nobody expected this")
