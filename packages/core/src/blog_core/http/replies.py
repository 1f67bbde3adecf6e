"""An answer as plain data, and the answers of the use cases: an adapter only sends them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlencode

from pydantic import BaseModel, TypeAdapter

from blog_core import schemas
from blog_core.http import cookies

Headers = Sequence[tuple[str, str]]
Item = TypeVar("Item")

JSON = ("Content-Type", "application/json")
HTML = ("Content-Type", "text/html; charset=utf-8")


@dataclass(frozen=True, slots=True)
class Reply:
    """Status, headers and body. What every answer carries is added by the front."""

    status: int
    headers: Headers = ()
    body: bytes = b""


NO_CONTENT = Reply(204)

_JSON: dict[type, TypeAdapter[Any]] = {
    kind: TypeAdapter(kind)
    for kind in (
        schemas.Health,
        schemas.NewToken,
        schemas.OwnUser,
        schemas.Post,
        schemas.User,
    )
}
_PAGES: dict[type, TypeAdapter[Any]] = {
    kind: TypeAdapter(schemas.Page[kind])  # type: ignore[valid-type]
    for kind in (schemas.Post, schemas.Token, schemas.User)
}
_EMPTY_PAGE = _PAGES[schemas.User]


def json(value: Any, status: int = 200, headers: Headers = ()) -> Reply:
    """One of the output schemas as JSON: the same bytes whoever sends them."""
    return Reply(status, (JSON, *headers), _JSON[type(value)].dump_json(value))


def post(found: schemas.Post) -> Reply:
    return json(found, headers=[_etag(found)])


def created_post(made: schemas.Post) -> Reply:
    return json(made, 201, [("Location", f"/api/posts/{made.id}"), _etag(made)])


def created_user(made: schemas.OwnUser) -> Reply:
    return json(made, 201, [("Location", f"/api/users/{made.username}")])


def created_token(made: schemas.NewToken) -> Reply:
    return json(made, 201)


def page(found: schemas.Page[Any], path: str, query: BaseModel) -> Reply:
    """A page with paths to the ones beside it, in its body and as Link (RFC 8288)."""
    kept = {
        name: value
        for name in type(query).model_fields
        if name != "cursor" and (value := getattr(query, name)) is not None
    }
    paths = {
        rel: f"{path}?{urlencode({**kept, 'cursor': cursor})}"
        for rel, cursor in (("next", found.next), ("previous", found.previous))
        if cursor is not None
    }
    linked = schemas.Page(found.results, paths.get("next"), paths.get("previous"))
    adapter = _PAGES[type(found.results[0])] if found.results else _EMPTY_PAGE
    headers = [JSON]
    if paths:
        links = ", ".join(f'<{target}>; rel="{rel}"' for rel, target in paths.items())
        headers.append(("Link", links))
    return Reply(200, headers, adapter.dump_json(linked))


def see_other(path: str, headers: Headers = ()) -> Reply:
    """Go on at another path of this site (RFC 9110, 15.4.4), as after a form."""
    return Reply(303, (("Location", path), *headers))


def arrived(arrival: schemas.Arrival) -> Reply:
    """Go on after coming back from a provider."""
    if arrival.session is not None:
        return see_other(arrival.next, [cookies.opened(arrival.session)])
    return see_other(arrival.next, [cookies.pending(arrival.pending)] if arrival.pending else ())


def document(content: bytes) -> Reply:
    """A JSON document that is bytes already."""
    return Reply(200, (JSON,), content)


def _etag(found: schemas.Post) -> tuple[str, str]:
    return ("ETag", f'"{found.version}"')
