"""Notes, in Flask."""

from flask import Flask, abort, jsonify, request

app = Flask(__name__)
notes: dict[int, str] = {}


@app.post("/notes")
def create():
    body = request.get_json()
    if not isinstance(body, dict) or not isinstance(body.get("text"), str):
        abort(400)
    number = len(notes) + 1
    notes[number] = body["text"]
    return jsonify(id=number, text=body["text"]), 201


@app.get("/notes/<int:number>")
def read(number):
    if number not in notes:
        abort(404)
    return jsonify(id=number, text=notes[number])


@app.get("/notes")
def search():
    word = request.args.get("q", "")
    return jsonify(q=word, found=[text for text in notes.values() if word in text])


def reset():
    notes.clear()
