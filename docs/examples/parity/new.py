"""The same notes, ported to FastAPI."""

from fastapi import FastAPI, HTTPException
from pydantic import BaseModel

app = FastAPI()
notes: dict[int, str] = {}


class Note(BaseModel):
    text: str


@app.post("/notes", status_code=201)
def create(note: Note):
    number = len(notes) + 1
    notes[number] = note.text
    return {"id": number, "text": note.text}


@app.get("/notes/{number}")
def read(number: int):
    if number not in notes:
        raise HTTPException(404)
    return {"id": number, "text": notes[number]}


@app.get("/notes")
def search(q: str = ""):
    return {"q": q, "found": [text for text in notes.values() if q in text]}


def reset():
    notes.clear()
