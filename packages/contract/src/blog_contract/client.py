"""The one way in which a test speaks to an implementation.

answer = client.patch(post.path, json={"title": "New"}, token=author.token, if_match=post.etag)
assert 200 == answer.status
"""

import json as json_module
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final, Protocol

from http_parity.errors import NoAnswerError
from http_parity.exchange import Answer, Request
from http_parity.sockets import SocketTarget
from http_parity.targets import Target


class _Unset:
    """The one value that no test sends."""


UNSET: Final = _Unset()


@dataclass(frozen=True)
class Account:
    """A user who has signed up, and a token that signs them in."""

    id: int
    username: str
    email: str
    password: str
    token: str


@dataclass(frozen=True)
class Post:
    """A post as the answer that made it showed it."""

    id: int
    path: str
    etag: str
    body: dict[str, Any]

    def __getitem__(self, field: str) -> Any:
        return self.body[field]


class NewUser(Protocol):
    """Signs up a user whom nobody else uses."""

    def __call__(self, **fields: Any) -> Account: ...


class NewPost(Protocol):
    """Makes a post of this account; a draft unless the fields say otherwise."""

    def __call__(self, account: Account, **fields: Any) -> Post: ...


class Client:
    """One implementation, seen as a client sees it; safe to use from several threads."""

    def __init__(self, target: Target) -> None:
        self.target = target

    @property
    def behind_a_server(self) -> bool:
        """Whether a server stands before the application, which may refuse on its own account."""
        return isinstance(self.target, SocketTarget)

    def request(
        self,
        method: str,
        target: str,
        *,
        headers: Iterable[tuple[str, str]] = (),
        json: Any = UNSET,
        body: bytes | None = None,
        token: str | None = None,
        if_match: str | None = None,
        idempotency_key: str | None = None,
        content_type: str | _Unset | None = UNSET,
    ) -> Answer:
        """The answer to a request with these parts; `Host` and `Content-Length` are added.

        A body is sent as JSON unless `content_type` says otherwise; None sends no type.
        """
        fields = list(headers)
        if not isinstance(json, _Unset):
            body = json_module.dumps(json, ensure_ascii=False, separators=(",", ":")).encode()
        if isinstance(content_type, str):
            fields.append(("Content-Type", content_type))
        elif content_type is UNSET and body is not None:
            fields.append(("Content-Type", "application/json"))
        if token is not None:
            fields.append(("Authorization", f"Bearer {token}"))
        if if_match is not None:
            fields.append(("If-Match", if_match))
        if idempotency_key is not None:
            fields.append(("Idempotency-Key", idempotency_key))
        return self.target.send(Request(method, target, tuple(fields), body or b""))

    def get(self, target: str, **parts: Any) -> Answer:
        return self.request("GET", target, **parts)

    def head(self, target: str, **parts: Any) -> Answer:
        return self.request("HEAD", target, **parts)

    def options(self, target: str, **parts: Any) -> Answer:
        return self.request("OPTIONS", target, **parts)

    def post(self, target: str, **parts: Any) -> Answer:
        return self.request("POST", target, **parts)

    def put(self, target: str, **parts: Any) -> Answer:
        return self.request("PUT", target, **parts)

    def patch(self, target: str, **parts: Any) -> Answer:
        return self.request("PATCH", target, **parts)

    def delete(self, target: str, **parts: Any) -> Answer:
        return self.request("DELETE", target, **parts)

    def send(self, request: Request) -> Answer:
        """The answer to the request exactly as it is, with nothing added."""
        return self.target.send(request, defaults=False)

    def attempt(self, request: Request) -> Answer | None:
        """As `send`; None where the exchange ends without an answer."""
        try:
            return self.send(request)
        except NoAnswerError:
            return None


class From(Client):
    """As a client at this address, where the implementation believes `X-Forwarded-For`."""

    def __init__(self, target: Target, address: str) -> None:
        super().__init__(target)
        self._said = ("X-Forwarded-For", address)

    def request(
        self, method: str, target: str, *, headers: Iterable[tuple[str, str]] = (), **parts: Any
    ) -> Answer:
        return super().request(method, target, headers=[*headers, self._said], **parts)
