"""Starlette's middleware, told what the contract allows."""

from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware

from blog_core.http.front import ALLOWED_HEADERS, EXPOSED

METHODS = ["DELETE", "GET", "HEAD", "PATCH", "POST", "PUT"]
HEADERS, EXPOSED = ALLOWED_HEADERS.split(", "), EXPOSED.split(", ")
app = FastAPI()

# --8<-- [start:cors]
# Starlette, FastAPI
app.add_middleware(
    CORSMiddleware,
    allow_origins=["https://app.example"],
    allow_methods=METHODS,
    allow_headers=HEADERS,
    expose_headers=EXPOSED,
    max_age=600,
)
# --8<-- [end:cors]


@app.get("/posts")
def posts() -> str:
    return "posts"
