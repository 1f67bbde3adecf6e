"""A cache that readers share, as a proxy before the site may be one: by the rules of RFC 9111.

    cache = SharedCache(origin)
    cache.send(Request("GET", "/", (("Cookie", "session=…"),))).body

An `eager` one asks no more than it must: what says `no-cache` it gives again as it is, as caches
may that are cut off from the site (4.2.4). So it shows what `Vary` and `no-store` keep apart alone.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from http_parity.exchange import Answer, Headers, Request

Origin = Callable[[Request], Answer]

# 9110, 15.1: what may be kept without a word about for how long. 303 is kept where it says so.
HEURISTIC = frozenset((200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 501))
UNDERSTOOD = HEURISTIC | {302, 303, 307, 400, 401, 403, 422}
CONDITIONS = frozenset(("if-match", "if-none-match", "if-modified-since", "if-unmodified-since"))


@dataclass
class Stored:
    """An answer, what its request had in the fields that `Vary` names, and when it came."""

    answer: Answer
    nominated: Mapping[str, str]
    at: float


class SharedCache:
    """Sends a request on to `origin`, unless it can answer by itself."""

    def __init__(
        self, origin: Origin, *, eager: bool = False, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._origin = origin
        self._eager = eager
        self._clock = clock
        self._stored: dict[str, list[Stored]] = {}
        self.hits = 0

    def send(self, request: Request) -> Answer:
        if request.method != "GET" or CONDITIONS & {name.lower() for name, _ in request.headers}:
            return self._passed_on(request)
        stored = self._selected(request)
        if stored is not None and self._may_reuse(stored, request):
            self.hits += 1
            return stored.answer
        tag = None if stored is None else stored.answer.header("ETag")
        asked = request
        if tag is not None:
            asked = replace(request, headers=(*request.headers, ("If-None-Match", tag)))
        answer = self._origin(asked)
        if stored is not None and answer.status == 304:
            self.hits += 1
            stored.answer = _freshened(stored.answer, answer)
            stored.at = self._clock()
            return stored.answer
        if may_store(request, answer):
            self._keep(request, answer)
        return answer

    def _passed_on(self, request: Request) -> Answer:
        answer = self._origin(request)
        if request.method not in ("GET", "HEAD", "OPTIONS") and answer.status < 400:
            self._stored.pop(request.target, None)  # 4.4
        return answer

    def _selected(self, request: Request) -> Stored | None:
        """The one whose nominated fields the request has too (4.1), the newest of several."""
        fitting = [
            stored
            for stored in self._stored.get(request.target, [])
            if stored.nominated == nominated(request, stored.answer)
        ]
        return max(fitting, key=lambda stored: stored.at, default=None)

    def _may_reuse(self, stored: Stored, request: Request) -> bool:
        said = directives(stored.answer.headers)
        if self._eager:
            return not {"must-revalidate", "proxy-revalidate"} & said.keys()
        if "no-cache" in said or "no-cache" in directives(request.headers):
            return False
        lifetime = said.get("s-maxage", said.get("max-age", "0"))
        return lifetime.isdigit() and self._clock() - stored.at < int(lifetime)

    def _keep(self, request: Request, answer: Answer) -> None:
        others = self._stored.setdefault(request.target, [])
        key = nominated(request, answer)
        others[:] = [stored for stored in others if stored.nominated != key]
        others.append(Stored(answer, key, self._clock()))


def may_store(request: Request, answer: Answer) -> bool:
    """Section 3, and 3.5 for requests with credentials."""
    said = directives(answer.headers)
    if answer.status not in UNDERSTOOD or "*" in varies_by(answer):
        return False
    if "no-store" in said or "private" in said or "no-store" in directives(request.headers):
        return False
    if field(request.headers, "Authorization") and not {
        "public",
        "must-revalidate",
        "s-maxage",
    } & set(said):
        return False
    explicit = {"public", "max-age", "s-maxage"} & said.keys()
    return bool(explicit) or answer.status in HEURISTIC


def directives(headers: Headers) -> dict[str, str]:
    """What `Cache-Control` says, by name in lower case."""
    parts = field(headers, "Cache-Control").lower().split(",")
    pairs = [part.strip().partition("=") for part in parts if part.strip()]
    return {name: value.strip('"') for name, _, value in pairs}


def varies_by(answer: Answer) -> list[str]:
    return [name.strip().lower() for name in field(answer.headers, "Vary").split(",") if name]


def nominated(request: Request, answer: Answer) -> dict[str, str]:
    """The fields of the request by which the answer varies."""
    return {name: field(request.headers, name) for name in varies_by(answer)}


def field(headers: Headers, name: str) -> str:
    """The value of a field, several joined; empty where there is none."""
    return ", ".join(value for given, value in headers if given.lower() == name.lower())


def _freshened(stored: Answer, answer: Answer) -> Answer:
    """What was stored, with the fields of the 304 (3.2)."""
    new = {name.lower() for name, _ in answer.headers}
    kept = [pair for pair in stored.headers if pair[0].lower() not in new]
    return replace(stored, headers=(*kept, *answer.headers))
