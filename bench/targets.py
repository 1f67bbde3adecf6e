"""What is measured: the adapters, their peers and the floor, and the operations of each."""

import json
from dataclasses import dataclass

PASSWORD = "a passable phrase for benches"
USERNAME = "bench"
PAGE = 20

OPERATIONS = ("list", "single", "create", "sign-in")
WRITES = ("create", "sign-in")


@dataclass(frozen=True)
class Target:
    """An application behind a server, with the paths of its operations."""

    name: str
    import_string: str
    server: str
    deep_query: str | None = None
    """How a page is addressed by position (`{offset}`, `{page}`); None where it takes a cursor."""
    bare_list: bool = False
    """The list is the JSON array itself, as the FastAPI tutorial answers it."""
    slash: str = ""
    joined: bool = False
    """Only read from: a peer whose posts come with their authors by a join."""

    @property
    def posts(self) -> str:
        return f"/api/posts{self.slash}"

    def post(self, post_id: int) -> str:
        return f"/api/posts/{post_id}{self.slash}"

    @property
    def tokens(self) -> str:
        return f"/api/tokens{self.slash}"


@dataclass(frozen=True)
class Framework:
    """An adapter, what it is compared with, and how many times as fast as the peer it should be."""

    title: str
    adapter: str
    peer: str
    joined: str
    floor: str
    goals: dict[str, float]


TARGETS = {
    target.name: target
    for target in (
        Target("django", "blog_django.wsgi:application", "gunicorn"),
        Target(
            "django-tutorial",
            "bench.peers.drf_tutorial.wsgi:application",
            "gunicorn",
            deep_query="?page={page}",
            slash="/",
        ),
        Target(
            "django-joined",
            "bench.peers.drf_tutorial.wsgi:application",
            "gunicorn",
            slash="/",
            joined=True,
        ),
        Target("flask", "blog_flask.wsgi:app", "gunicorn"),
        Target(
            "flask-tutorial",
            "bench.peers.flask_tutorial:app",
            "gunicorn",
            deep_query="?page={page}",
        ),
        Target("flask-joined", "bench.peers.flask_tutorial:app", "gunicorn", joined=True),
        Target("bare-wsgi", "bench.bare.wsgi:app", "gunicorn"),
        Target("fastapi", "blog_fastapi.asgi:app", "uvicorn"),
        Target(
            "fastapi-tutorial",
            "bench.peers.fastapi_tutorial:app",
            "uvicorn",
            deep_query="?offset={offset}",
            bare_list=True,
        ),
        Target(
            "fastapi-joined",
            "bench.peers.fastapi_tutorial:app",
            "uvicorn",
            bare_list=True,
            joined=True,
        ),
        Target("bare-asgi", "bench.bare.asgi:app", "uvicorn"),
    )
}

FRAMEWORKS = (
    Framework(
        "Django",
        "django",
        "django-tutorial",
        "django-joined",
        "bare-wsgi",
        {"list": 3.5, "single": 3.5},
    ),
    Framework(
        "Flask",
        "flask",
        "flask-tutorial",
        "flask-joined",
        "bare-wsgi",
        {"list": 2.2, "single": 2.2},
    ),
    Framework(
        "FastAPI",
        "fastapi",
        "fastapi-tutorial",
        "fastapi-joined",
        "bare-asgi",
        {"list": 4.0, "single": 4.0},
    ),
)

NEW_POST = json.dumps(
    {
        "title": "A post written by the bench",
        "content": "Some *Markdown* that says little, `code` included.\n\n" * 8,
        "pub_date": "2026-01-02T03:04:05.000006Z",
    }
).encode()
CREDENTIALS = json.dumps({"username": USERNAME, "password": PASSWORD}).encode()


def request(method: str, path: str, body: bytes | None = None, token: str | None = None) -> bytes:
    """The bytes of an HTTP/1.1 request, with what an API client would send."""
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", "Accept: application/json"]
    if token is not None:
        lines.append(f"Authorization: Bearer {token}")
    if body is not None:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, "", ""]).encode() + (body or b"")
