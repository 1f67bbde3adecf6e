"""Notes in FastAPI, as its tutorial writes them."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import Depends, FastAPI
from fastapi.security import HTTPBasic, HTTPBasicCredentials
from pydantic import BaseModel

app = FastAPI()


class NewNote(BaseModel):
    text: str
    urgent: bool = False


class Note(BaseModel):
    id: int
    text: str
    urgent: bool
    created: datetime


@app.post("/notes", status_code=201)
def create_note(note: NewNote) -> dict[str, object]:
    return {"id": 1, **note.model_dump()}


@app.get("/notes")
def notes(page: int = 1) -> dict[str, object]:
    return {"page": page, "notes": []}


@app.get("/notes/{number}")
def note(number: int) -> Note:
    created = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    return Note(id=number, text="日本", urgent=False, created=created)


@app.get("/me")
def me(credentials: Annotated[HTTPBasicCredentials, Depends(HTTPBasic())]) -> dict[str, str]:
    return {"name": credentials.username}


@app.get("/broken")
def broken() -> None:
    raise RuntimeError("nobody expected this")
