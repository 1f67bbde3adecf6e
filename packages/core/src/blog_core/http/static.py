"""The files under `/static/`: the stylesheet, the icon, and the pictures of the demonstration.

The front sends them, because what frameworks and servers say of a file (its type, its age, parts of
it) differs, and here nothing may. They are few and small, so they are held in memory.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Self

from blog_core.http.replies import Headers, Reply

# A day. What a page refers to by `url` changes its address when it changes.
CACHING = "public, max-age=86400"

# Ours, because `mimetypes` asks the machine it runs on.
_TYPES = {".css": "text/css; charset=utf-8", ".svg": "image/svg+xml"}


@dataclass(frozen=True, slots=True)
class File:
    """A file as an answer; `version` changes with its bytes."""

    reply: Reply
    version: str

    @classmethod
    def of(cls, kind: str, content: bytes, headers: Headers = ()) -> Self:
        version = sha256(content).hexdigest()[:16]
        named = (("Content-Type", kind), ("ETag", f'"{version}"'), *headers)
        return cls(Reply(200, named, content), version)


def url(name: str) -> str:
    """The address of a file as pages give it: another one for other bytes."""
    path = f"/static/{name}"
    return f"{path}?v={FILES[path].version}"


def _found(folder: Traversable, path: str) -> Iterator[tuple[str, File]]:
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if entry.is_dir():
            yield from _found(entry, f"{path}{entry.name}/")
            continue
        kind = _TYPES.get(entry.name[entry.name.rfind(".") :])
        if kind is not None:
            yield path + entry.name, File.of(kind, entry.read_bytes())


FILES: Mapping[str, File] = dict(_found(files("blog_core.http") / "static", "/static/"))
"""Every file by its path."""
