"""What the tests of users, tokens, posts and lists share.

answer = client.post("/api/users", json=sign_up_form(username="a b"))
assert ["username"] == refused_fields(answer)
"""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from blog_contract.client import Client

PAST = "2001-02-03T04:05:06.000007Z"
FUTURE = "2101-02-03T04:05:06.000007Z"

INSTANT = r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z"
"""How every instant in an answer looks."""

PASSWORD = "nine lives, no boots"


def unique(prefix: str = "u") -> str:
    """A name nobody has: a prefix and 16 lower-case hexadecimal digits."""
    return prefix + secrets.token_hex(8)


def sign_up_form(**changes: Any) -> dict[str, Any]:
    """A body that `POST /api/users` accepts, with these fields changed."""
    name = unique()
    return {
        "username": name,
        "email": f"{name}@example.org",
        "password": PASSWORD,
    } | changes


def without(form: dict[str, Any], *fields: str) -> dict[str, Any]:
    """The same form, these fields absent."""
    return {name: value for name, value in form.items() if name not in fields}


def etag(post: dict[str, Any]) -> str:
    """The entity tag the contract gives a post of this version."""
    return f'"{post["version"]}"'


@dataclass(frozen=True)
class Page:
    """One page of a list: the path it came from, its items, and where its links lead."""

    path: str
    items: list[dict[str, Any]]
    next: str | None
    previous: str | None


def page(client: Client, path: str, *, token: str | None = None) -> Page:
    """The page at this path; fails unless the answer is 200."""
    answer = client.get(path, token=token)
    assert answer.status == 200, answer.body
    body = answer.json()
    return Page(path, body["results"], body["next"], body["previous"])


def walk(client: Client, path: str, *, token: str | None = None) -> Iterator[Page]:
    """Every page from this one on, following `next`."""
    following: str | None = path
    while following is not None:
        here = page(client, following, token=token)
        yield here
        following = here.next


def walk_back(client: Client, path: str, *, token: str | None = None) -> Iterator[Page]:
    """Every page from this one back, following `previous`."""
    preceding: str | None = path
    while preceding is not None:
        here = page(client, preceding, token=token)
        yield here
        preceding = here.previous


def query(path: str) -> dict[str, str]:
    """The query parameters of a path, decoded; fails on one given twice."""
    pairs = parse_qsl(urlsplit(path).query, keep_blank_values=True, strict_parsing=True)
    assert len(pairs) == len(dict(pairs)), path
    return dict(pairs)


def ids(pages: Iterator[Page]) -> list[int]:
    """The ids of every item of these pages, in order."""
    return [item["id"] for here in pages for item in here.items]
