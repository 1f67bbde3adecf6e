"""The page as a WSGI application.

    app = Page(asking, deciding, port=8000)

It answers to its own address only, takes no form from another site, and sends nothing because
another site's page asked for it.
"""

import hashlib
import secrets
import shlex
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from blog_core.http import requests
from blog_core.http.operations import Operation
from http_parity.differences import shown as written
from http_parity.exchange import Request
from triptych.page import lining_up, spellings
from triptych.page.asking import CALLERS, Asking, Outcome, Said
from triptych.page.marking import Shown, shown
from triptych.page.planting import Garden
from triptych.page.spellings import Call, Deciding, Decision, Spelling
from triptych.page.state import DRAFT, METHODS, Own, Refused, State
from triptych.page.stories import CHAPTERS, STORIES
from triptych.screen import phrase
from triptych.servers import FRAMEWORKS

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment

MOST_KEPT = 30
"""Answers to requests that change something, so that looking again does not send them again."""

LARGEST_FORM = 400_000

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS = (
    ("Content-Security-Policy", POLICY),
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    ("Referrer-Policy", "no-referrer"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Vary", "Sec-Fetch-Site"),
)
_HTML = ("Content-Type", "text/html; charset=utf-8")
_TEXT = ("Content-Type", "text/plain; charset=utf-8")
_PHRASES = {
    200: "OK",
    303: "See Other",
    400: "Bad Request",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    413: "Content Too Large",
    421: "Misdirected Request",
}


@dataclass(frozen=True)
class Reply:
    status: int
    headers: tuple[tuple[str, str], ...]
    body: Iterable[bytes]


@dataclass(frozen=True)
class Static:
    body: bytes
    type: str

    @property
    def version(self) -> str:
        return hashlib.sha256(self.body).hexdigest()[:12]


@dataclass(frozen=True)
class Column:
    """One framework's part of the page."""

    key: str
    title: str
    said: Said | None
    shown: Shown | None
    odd: bool
    curl: str
    code: Spelling | None
    calls: tuple[Call, ...]
    planted: str = ""


class Page:
    """The application; `port` is where it is served, and `garden` what may be planted."""

    def __init__(self, asking: Asking, deciding: Deciding, garden: Garden, *, port: int) -> None:
        self._asking = asking
        self._deciding = deciding
        self._garden = garden
        self._hosts = frozenset(f"{name}:{port}" for name in ("127.0.0.1", "localhost"))
        self._kept: OrderedDict[str, Outcome] = OrderedDict()

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        reply = self._answer(environ)
        caching = next((v for n, v in reply.headers if n == "Cache-Control"), None)
        headers = [*reply.headers, *_HEADERS]
        if caching is None:
            headers.append(("Cache-Control", "no-store"))
        start_response(f"{reply.status} {_PHRASES[reply.status]}", headers)
        return reply.body if environ["REQUEST_METHOD"] != "HEAD" else ()

    def _answer(self, environ: "WSGIEnvironment") -> Reply:
        if environ.get("HTTP_HOST", "").lower() not in self._hosts:
            return _said(421, "This address is not served here.")
        path = environ.get("PATH_INFO", "")
        method = environ["REQUEST_METHOD"]
        static = _static().get(path.removeprefix("/static/")) if "/static/" in path else None
        if static is not None:
            caching = ("Cache-Control", "public, max-age=31536000, immutable")
            return Reply(200, (("Content-Type", static.type), caching), [static.body])
        views: dict[str, dict[str, Callable[[WSGIEnvironment], Reply]]] = {
            "/": {"GET": self._requests},
            "/send": {"POST": self._send},
            "/code": {"GET": self._code},
            "/regressions": {"GET": self._regressions, "POST": self._plant},
        }
        view = views.get(path)
        if view is None:
            return _said(404, "There is nothing here. The page is at /.")
        act = view.get("GET" if method == "HEAD" else method)
        if act is None:
            return _said(405, "Use another method.", ("Allow", ", ".join(sorted(view))))
        if method == "POST" and not self._is_own(environ):
            return _said(403, "This came from another site: do it on this one.")
        return act(environ)

    # --- requests --------------------------------------------------------------------------------

    def _requests(self, environ: "WSGIEnvironment") -> Reply:
        state = State.of(environ.get("QUERY_STRING", ""))
        outcome, problem, waiting = None, "", ""
        if state.own is not None:
            outcome = self._kept.get(state.answer)
            if outcome is None:
                state = replace(state, answer="")
                if state.own and state.own.changes:
                    waiting = "It may change something, so it is not sent before you say so."
                elif not _wanted(environ):
                    waiting = "Another page led here, so it is not sent before you say so."
                else:
                    outcome, problem = self._own(state.own or Own())
        elif _wanted(environ):
            story = state.story
            outcome = self._asking.ask(story.step, story.before, expected=story.step.status)
        else:
            waiting = "Another page led here, so nothing is sent before you say so."
        return self._page(
            "requests.html",
            state=state,
            here="/",
            waiting=waiting,
            problem=problem,
            **self._answers(state, outcome),
        )

    def _send(self, environ: "WSGIEnvironment") -> Reply:
        """Send a request of one's own, and lead to its answer."""
        try:
            length = int(environ.get("CONTENT_LENGTH") or 0)
        except ValueError:
            length = -1
        if not 0 <= length <= LARGEST_FORM:
            return _said(413, "This is too much.")
        form = environ["wsgi.input"].read(length).decode("utf-8", "replace")
        state = State.of(form)
        if state.own is None:
            return _said(400, "There is no request in this form.")
        outcome, problem = self._own(state.own)
        if outcome is None:
            return self._page(
                "requests.html",
                state=state,
                here="/",
                waiting="",
                problem=problem,
                **self._answers(state, None),
            )
        if state.own.changes:
            name = secrets.token_urlsafe(9)
            self._kept[name] = outcome
            if len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)
            state = replace(state, answer=name)
        return Reply(303, (("Location", state.url),), ())

    def _own(self, own: Own) -> tuple[Outcome | None, str]:
        """The outcome of somebody's own request, or why it cannot be sent."""
        try:
            headers = own.step(None).headers
        except Refused as error:
            return None, str(error)
        asked = Request(own.method, own.path.replace("{post}", "1"), tuple(headers.items()))
        operation = self._deciding.of(asked).operation
        before = (DRAFT,) if own.needs_a_post else ()
        return self._asking.ask(own.step(operation), before, caller=own.as_whom), ""

    def _answers(
        self, state: State, outcome: Outcome | None, planted: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        """What is shown of an outcome, in the order of the columns."""
        decision = _decision(self._deciding, outcome)
        columns = [
            _column(key, outcome, decision, (planted or {}).get(key, "")) for key in state.columns
        ]
        core: dict[str, Spelling] = {}
        for spelling in decision.by:
            core[spelling.anchor] = spelling
        for column in columns:
            core |= {call.spelling.anchor: call.spelling for call in column.calls}
        return {
            "outcome": outcome,
            "decision": decision,
            "columns": columns,
            "core": list(core.values()),
            "differences": [] if outcome is None else _told(outcome),
            "draft": state.own or Own.like(state.story.step),
            "asked_at": time.strftime("%H:%M:%S"),
        }

    # --- code ------------------------------------------------------------------------------------

    def _code(self, environ: "WSGIEnvironment") -> Reply:
        query = environ.get("QUERY_STRING", "")
        state = State.of(query)
        values = parse_qs(query, max_num_fields=40)
        file = values.get("file", ["api"])[0]
        if file not in lining_up.FILES:
            file = "api"
        wanted = values.get("filter", [""])[0].strip()[:100]
        rows = lining_up.rows(file)
        # All are sent: the script shows and hides them while somebody types.
        held = {row.anchor for row in rows if row.holds(wanted)}
        return self._page(
            "code.html", state=state, here="/code", file=file, wanted=wanted, rows=rows, held=held
        )

    # --- regressions -----------------------------------------------------------------------------

    def _regressions(self, environ: "WSGIEnvironment") -> Reply:
        return self._planted(environ, None)

    def _plant(self, environ: "WSGIEnvironment") -> Reply:
        return self._planted(environ, self._grow)

    def _planted(
        self, environ: "WSGIEnvironment", grow: Callable[[State, str], Iterator[Any]] | None
    ) -> Reply:
        query = environ.get("QUERY_STRING", "")
        state = State.of(query)
        name = parse_qs(query, max_num_fields=40).get("plant", [""])[0]
        regression = self._garden.of(name)
        if regression is None:
            grow = None
        return self._page(
            "regressions.html",
            state=state,
            here="/regressions",
            garden=self._garden,
            picked=regression,
            events=None if grow is None else grow(state, name),
        )

    def _grow(self, state: State, name: str) -> Iterator[Any]:
        """What happens when a regression is planted, as it happens."""
        with self._garden.planted(name) as planting:
            yield from planting.start()
            if planting.url:
                story = planting.regression.story
                outcome = self._asking.ask(
                    story.step,
                    story.before,
                    expected=story.step.status,
                    instead={planting.regression.framework: planting.url},
                )
                shown_so = {planting.regression.framework: name}
                yield {
                    "kind": "answers",
                    "story": story,
                    **self._answers(state, outcome, shown_so),
                }
                yield from planting.tests()

    # --- in common -------------------------------------------------------------------------------

    def _is_own(self, environ: "WSGIEnvironment") -> bool:
        """Whether this page made the request, by Fetch Metadata or by its Origin."""
        site: str | None = environ.get("HTTP_SEC_FETCH_SITE")
        if site is not None:
            return site == "same-origin"
        origin: str | None = environ.get("HTTP_ORIGIN")
        return origin is None or origin.partition("://")[2] in self._hosts

    def _page(self, template: str, **context: Any) -> Reply:
        stream = _environment().get_template(template).generate(context)
        return Reply(200, (_HTML,), _chunks(stream))


def _wanted(environ: "WSGIEnvironment") -> bool:
    """Whether a person or this page asked: no page of another site, or of another port."""
    return environ.get("HTTP_SEC_FETCH_SITE", "none") in {"same-origin", "none"}


def _chunks(stream: Iterator[str]) -> Iterator[bytes]:
    """The stream in larger pieces; `FLUSH` in a template sends what there is at once."""
    kept: list[str] = []
    size = 0
    for text in stream:
        kept.append(text)
        size += len(text)
        if size > 16_000 or FLUSH in text:
            yield "".join(kept).encode("utf-8", "replace")
            kept, size = [], 0
    yield "".join(kept).encode("utf-8", "replace")


FLUSH = Markup("\n<!-- so far -->\n")
"""A comment that a template writes where what came so far is to be shown."""


def _decision(deciding: Deciding, outcome: Outcome | None) -> Decision:
    if outcome is None:
        return Decision(None, False, ())
    first = outcome.said[0]
    decision = deciding.of(first.request)
    if first.answer is not None and first.answer.status == 429:
        count = spellings.of_core(requests, "count")
        return Decision(decision.operation, False, (count,) if count else ())
    return decision


def _column(key: str, outcome: Outcome | None, decision: Decision, planted: str) -> Column:
    title = FRAMEWORKS[key].title
    code = _code_of(key, decision.operation)
    called = tuple(spellings.calls(code)) if code is not None and decision.reached else ()
    if outcome is None:
        return Column(key, title, None, None, False, "", code, called, planted)
    said = outcome.of(key)
    odd = [one for one in outcome.odd if one.key == key]
    beside = None
    if odd:
        beside = outcome.of(odd[0].beside).compared
    elif outcome.odd:
        others = [one.key for one in outcome.odd if one.beside == key] or [outcome.odd[0].key]
        beside = outcome.of(others[0]).compared
    marked = None if said.compared is None else shown(said.compared, beside)
    return Column(key, title, said, marked, bool(odd), _curl(said), code, called, planted)


def _code_of(key: str, operation: Operation | None) -> Spelling | None:
    if operation is None or operation.name not in spellings.ALL:
        return None
    return spellings.of_operation(key, operation.name)


def _told(outcome: Outcome) -> list[dict[str, Any]]:
    return [
        {
            "title": FRAMEWORKS[odd.key].title,
            "beside": FRAMEWORKS[odd.beside].title,
            "causes": odd.causes,
            "differences": [
                {
                    "place": f"{one.part} {one.name}".rstrip(),
                    "here": written(one.b),
                    "there": written(one.a),
                    "kind": "" if one.of_meaning else one.kind,
                }
                for one in odd.differences
            ],
        }
        for odd in outcome.odd
    ]


def _curl(said: Said) -> str:
    """The request for a shell. What it carries is text."""
    sent = said.request
    words = ["curl", "-i", "--path-as-is"]
    if sent.method == "HEAD":
        words.append("--head")
    elif sent.method != "GET" or sent.body:
        words += ["-X", sent.method]
    parts = [shlex.join([*words, said.url + sent.target])]
    for name, value in sent.headers:
        text = value.encode("latin-1").decode("utf-8", "replace")
        # With a semicolon curl sends a field without a value.
        parts.append("-H " + shlex.quote(f"{name}: {text}" if text else f"{name};"))
    if sent.body:
        parts.append("--data-binary " + shlex.quote(sent.body.decode("utf-8", "replace")))
    return " \\\n  ".join(parts)


def _said(status: int, sentence: str, *headers: tuple[str, str]) -> Reply:
    return Reply(status, (_TEXT, *headers), [sentence.encode() + b"\n"])


def _ticked(text: str) -> Markup:
    """Text of a docstring: what stands between backticks is code."""
    parts = text.split("`")
    return Markup().join(
        Markup("<code>{}</code>").format(part) if number % 2 else part
        for number, part in enumerate(parts)
    )


@lru_cache(maxsize=1)
def _static() -> dict[str, Static]:
    types = {
        "css": "text/css; charset=utf-8",
        "js": "text/javascript; charset=utf-8",
        "svg": "image/svg+xml",
    }
    folder = files("triptych.page").joinpath("static")
    icon = files("blog_core.http").joinpath("static", "icon.svg")
    return {
        file.name: Static(file.read_bytes(), types[file.name.rpartition(".")[2]])
        for file in (*folder.iterdir(), icon)
    }


@lru_cache(maxsize=1)
def _environment() -> Environment:
    made = Environment(
        loader=PackageLoader("triptych.page"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.filters["ticked"] = _ticked
    made.globals |= {
        "static": lambda name: f"/static/{name}?v={_static()[name].version}",
        "frameworks": FRAMEWORKS,
        "stories": STORIES,
        "chapters": CHAPTERS,
        "methods": METHODS,
        "callers": CALLERS,
        "files": lining_up.FILES,
        "highlighted": spellings.highlighted,
        "calls": spellings.calls,
        "hang": spellings.hang,
        "phrase": phrase,
        "flush": FLUSH,
    }
    return made
