"""What the page shows, as its URL says it: any state can be shared, and asked for without scripts.

State.of("pick=stale&columns=flask,django").url == "/?pick=stale&columns=flask%2Cdjango"
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Self
from urllib.parse import parse_qs, urlencode

from blog_core.http.operations import Operation
from triptych.page.asking import CALLERS, NOBODY, VISITOR
from triptych.page.stories import BY_SLUG, Story
from triptych.servers import FRAMEWORKS
from triptych.tour import TOUR, Kind, Step

FIRST = "publish"
METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE")
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
LONGEST = 100_000
"""Characters that all of a request of one's own may have."""

_METHOD = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,30}")
_TARGET = re.compile(r"/[!-~]*")
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}")
_VALUE = re.compile(r"[\t -~\x80-\U0010ffff]*")


class Refused(ValueError):
    """A request of one's own that cannot be sent; says in one sentence why."""


@dataclass(frozen=True)
class Own:
    """A request that somebody wrote. `as_whom` is one of CALLERS."""

    method: str = "GET"
    path: str = "/api/posts?limit=1"
    headers: str = ""
    body: str = ""
    as_whom: str = NOBODY

    @classmethod
    def like(cls, step: Step) -> Self:
        """A story's request, to be changed."""
        body = step.body or ""
        if step.json is not None:
            body = json.dumps(step.json, ensure_ascii=False)
        return cls(
            step.method,
            step.path,
            "".join(f"{name}: {value}\n" for name, value in step.headers.items()),
            body,
            VISITOR if step.token else NOBODY,
        )

    @property
    def changes(self) -> bool:
        return self.method.upper() not in SAFE

    @property
    def needs_a_post(self) -> bool:
        """Whether it names the post or the tag that a draft made for it has."""
        text = f"{self.path}{self.headers}{self.body}"
        return "{post}" in text or "{tag}" in text

    def step(self, operation: Operation | None) -> Step:
        """The request, to be sent. Raises Refused."""
        if not _METHOD.fullmatch(self.method):
            raise Refused("A method is a word such as GET.")
        if not _TARGET.fullmatch(self.path):
            raise Refused(
                "A path begins with a slash and has no blanks and nothing outside ASCII: escape "
                "them, as %20."
            )
        if sum(map(len, (self.path, self.headers, self.body))) > LONGEST:
            raise Refused(f"A request has at most {LONGEST:,} characters here.")
        headers = {}
        for line in self.headers.splitlines():
            if not line.strip():
                continue
            name, colon, value = line.partition(":")
            if not colon or not _NAME.fullmatch(name.strip()) or not _VALUE.fullmatch(value):
                raise Refused(f"Write each header as Name: value, unlike {line[:60]!r}.")
            # On the wire a character is a byte: what is not ASCII goes as UTF-8.
            headers[name.strip()] = value.strip().encode().decode("latin-1")
        if self.body and not any(name.lower() == "content-type" for name in headers):
            headers["Content-Type"] = "application/json"
        return Step(
            title="Your own request",
            method=self.method,
            path=self.path,
            status=0,
            token=self.as_whom != NOBODY,
            headers=headers,
            body=self.body or None,
            varies=self._varies(operation),
            keep={"post": "id"} if operation and operation.name == "create_post" else {},
        )

    def _varies(self, operation: Operation | None) -> Mapping[str, Kind]:
        """What differs by design: where each framework's visitor makes something of their own."""
        if operation is None:
            return {}
        if "{post}" in self.path:
            return _POST if operation.name in {"get_post", "publish_post"} else _DRAFT
        if operation.name in {"get_me", "change_me"} and self.as_whom != VISITOR:
            return {}
        return _VARIES.get(operation.name, {})


_TOUR = {step.title: step for chapter in TOUR for step in chapter.steps}
_DRAFT = _TOUR["Create a draft"].varies
_VARIES: Mapping[str, Mapping[str, Kind]] = {
    "create_post": _DRAFT,
    "sign_in": _TOUR["Sign in"].varies,
    "get_me": _TOUR["Show another framework's token"].varies,
    "change_me": _TOUR["Show another framework's token"].varies,
}
_POST = _TOUR["Publish, with If-Match"].varies

DRAFT = replace(_TOUR["Create a draft"], headers={})
"""What is sent before a request that names `{post}` or `{tag}`."""


@dataclass(frozen=True)
class State:
    """What is picked, which columns stand where, and the answer of a request that was sent.

    `answer` names one that this process remembers; elsewhere it means nothing.
    """

    pick: str = FIRST
    columns: tuple[str, ...] = tuple(FRAMEWORKS)
    own: Own | None = None
    answer: str = ""

    @classmethod
    def of(cls, query: str) -> Self:
        """What a query says; what it says wrong is left at its default."""
        values = {
            name: found[0]
            for name, found in parse_qs(query, keep_blank_values=True, max_num_fields=40).items()
        }
        own = None
        if "method" in values or "path" in values:
            own = Own(
                values.get("method") or "GET",
                values.get("path") or "/",
                values.get("headers", "").replace("\r\n", "\n"),
                values.get("body", "").replace("\r\n", "\n"),
                values["as"] if values.get("as") in CALLERS else NOBODY,
            )
        pick = values.get("pick", "")
        wanted = [key for key in values.get("columns", "").split(",") if key in FRAMEWORKS]
        return cls(
            pick if pick in BY_SLUG else FIRST,
            tuple(dict.fromkeys(wanted)) or tuple(FRAMEWORKS),
            own,
            values.get("answer", ""),
        )

    @property
    def story(self) -> Story:
        return BY_SLUG[self.pick]

    @property
    def query(self) -> str:
        """What stands behind the question mark; what is at its default is left out."""
        said: dict[str, str] = {}
        if self.own is not None:
            own = self.own
            said = {"method": own.method, "path": own.path}
            said |= {"headers": own.headers} if own.headers else {}
            said |= {"body": own.body} if own.body else {}
            said |= {"as": own.as_whom} if own.as_whom != NOBODY else {}
        elif self.pick != FIRST:
            said = {"pick": self.pick}
        said |= self.columns_said
        if self.answer:
            said["answer"] = self.answer
        return urlencode(said)

    @property
    def columns_said(self) -> dict[str, str]:
        return {} if self.columns == tuple(FRAMEWORKS) else {"columns": ",".join(self.columns)}

    @property
    def url(self) -> str:
        return f"/?{self.query}" if self.query else "/"

    @property
    def hidden(self) -> list[str]:
        return [key for key in FRAMEWORKS if key not in self.columns]

    def picking(self, slug: str) -> "State":
        return replace(self, pick=slug, own=None, answer="")

    def moved(self, key: str, by: int) -> "State":
        """With this column one place to the left (-1) or to the right."""
        at = self.columns.index(key)
        columns = [other for other in self.columns if other != key]
        columns.insert(max(0, at + by), key)
        return replace(self, columns=tuple(columns))

    def hiding(self, key: str) -> "State":
        return replace(self, columns=tuple(other for other in self.columns if other != key))

    def showing(self, key: str) -> "State":
        return replace(self, columns=(*self.columns, key))
