"""The causes that have a name: small functions from a finding to what accounts for it.

Each is given the case and the differences that nothing has accounted for yet; it answers with its
name and the differences that are its own, or with None. `explain` walks the tables.
"""

import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cached_property
from typing import Any, Final
from urllib.parse import parse_qsl, unquote, urlsplit

from http_parity import fields, json_text
from http_parity.compare import form
from http_parity.differences import ABSENT, Difference
from http_parity.exchange import Answer, Request, split_target, values
from http_parity.results import Finding
from http_parity.sequence import Exchange

SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
METHODS: Final = SAFE | {"POST", "PUT", "PATCH", "DELETE", "CONNECT"}
REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})

CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")

Claim = tuple[str, list[Difference]] | None
"""A cause's name, and the differences it accounts for."""


class Case:
    """The last step of a finding, with what causes ask of it."""

    def __init__(self, finding: Finding) -> None:
        self.finding = finding
        self.request: Request = finding.exchanges[0][-1].request
        self.a: Answer | None = finding.exchanges[0][-1].answer
        self.b: Answer | None = finding.exchanges[1][-1].answer

    @property
    def method(self) -> str:
        return self.request.method

    @cached_property
    def path(self) -> str:
        return split_target(self.request.target)[0]

    @cached_property
    def query(self) -> list[tuple[str, str]]:
        raw = split_target(self.request.target)[1]
        return parse_qsl(raw, keep_blank_values=True, errors="replace")

    @cached_property
    def repeated(self) -> list[tuple[str, str, str]]:
        """Query parameters sent more than once with different values: name, first, last."""
        found: dict[str, list[str]] = {}
        for name, value in self.query:
            found.setdefault(name, []).append(value)
        return [(name, sent[0], sent[-1]) for name, sent in found.items() if len(set(sent)) > 1]

    @property
    def statuses(self) -> tuple[int, int]:
        """Both statuses, 0 where there is no answer."""
        return (self.a.status if self.a else 0, self.b.status if self.b else 0)

    @property
    def became(self) -> str:
        first, second = (status or "no answer" for status in self.statuses)
        return f"{first} became {second}"

    def has(self, *names: str) -> bool:
        """Whether the request has one of these fields."""
        return any(values(self.request.headers, name) for name in names)

    @cached_property
    def sent_json(self) -> json_text.Text | None:
        return json_text.read(self.request.body)

    @cached_property
    def members(self) -> dict[str, Any]:
        """The members of the JSON object that was sent."""
        found = self.sent_json.root.plain() if self.sent_json else None
        return found if isinstance(found, dict) else {}

    @property
    def refused(self) -> Answer | None:
        """The answer 4xx where the other is 2xx."""
        for one, other in ((self.a, self.b), (self.b, self.a)):
            if one and other and 400 <= one.status < 500 and 200 <= other.status < 300:
                return one
        return None

    @property
    def accepts(self) -> str:
        """What the other target does with what the reference does not: accepted or refused."""
        return "accepted" if self.refused is self.a else "refused"

    def headers(self, name: str) -> tuple[list[str], list[str]]:
        """The field's values on both sides."""
        return (
            self.a.header_values(name) if self.a else [],
            self.b.header_values(name) if self.b else [],
        )


# Where the status differs, the rest follows from it: these claim every difference.


def odd_length(case: Case, left: list[Difference]) -> Claim:
    """The request says another length than it has; servers settle this in different ways."""
    for name, value in case.finding.sequence[-1].headers:
        if name.lower() == "content-length" and value != (str(len(case.request.body)),):
            return (f"untrue Content-Length ({case.became})", left)
    return None


def repeated_field(case: Case, left: list[Difference]) -> Claim:
    """Of a request's field that comes twice, one takes the first, the last, or both joined."""
    fields_of: dict[str, set[str]] = {}
    for name, value in case.request.headers:
        fields_of.setdefault(name.lower(), set()).add(value)
    for name, sent in fields_of.items():
        if len(sent) > 1:
            return (f"{_field_name(name)} sent twice ({case.became})", left)
    return None


def no_answer(case: Case, left: list[Difference]) -> Claim:
    """One target ends the exchange, or fails, without an HTTP answer."""
    if case.a is not None and case.b is not None:
        return None
    status = (case.a or case.b or Answer(0)).status
    return (f"no answer where the other answers {status}", left)


def server_error(case: Case, left: list[Difference]) -> Claim:
    """One target fails on a request that the other answers."""
    failed = [status for status in case.statuses if status >= 500 and status != 501]
    others = [status for status in case.statuses if status < 500]
    if not (failed and others):
        return None
    return (f"{failed[0]} where the other answers {others[0]}", left)


def head(case: Case, left: list[Difference]) -> Claim:
    """RFC 9110 section 9.1 asks every server for GET and HEAD; health checks and caches use it."""
    if case.method != "HEAD":
        return None
    return _unsupported("HEAD", case, left)


def options(case: Case, left: list[Difference]) -> Claim:
    """Browsers ask OPTIONS before a cross-origin request."""
    if case.method != "OPTIONS":
        return None
    return _unsupported(
        "CORS preflight" if case.has("access-control-request-method") else "OPTIONS", case, left
    )


def odd_method(case: Case, left: list[Difference]) -> Claim:
    """Methods are told by case (RFC 9110 section 9.1), and an unknown one is 501."""
    if case.method.upper() in METHODS:
        return None if case.method in METHODS else (f"lower-case method ({case.became})", left)
    return (f"unknown method ({case.became})", left)


def limits(case: Case, left: list[Difference]) -> Claim:
    """One target, or its server, has a limit of size that the other has not, or not there."""
    for status, what in LIMITS.items():
        if status in case.statuses:
            return (f"{what} ({case.became})", left)
    return None


LIMITS: Final = {
    413: "limit on bodies",
    414: "limit on request targets",
    431: "limit on header fields",
}


def expectation(case: Case, left: list[Difference]) -> Claim:
    """RFC 9110 section 10.1.1 lets a server refuse what it is expected to do, or ignore it."""
    if 417 not in case.statuses or not case.has("expect"):
        return None
    return (f"Expect refused by one ({case.became})", left)


def slash_redirect(case: Case, left: list[Difference]) -> Claim:
    """A redirect for a slash costs a second request, and clients that follow none fail."""
    for answer, other in ((case.a, case.b), (case.b, case.a)):
        if answer is None or other is None or answer.status not in REDIRECTS:
            continue
        goal = urlsplit(next(iter(answer.header_values("location")), "")).path
        asked, goal = unquote(case.path), unquote(goal)
        if goal == asked or other.status in REDIRECTS:
            continue
        if goal.rstrip("/") == asked.rstrip("/"):
            return (f"trailing slash redirects ({case.became})", left)
        if re.sub("/+", "/", goal) == re.sub("/+", "/", asked):
            return (f"double slash redirects ({case.became})", left)
    return None


def slash(case: Case, left: list[Difference]) -> Claim:
    """The two do not read the same path from the same text."""
    if "//" in case.path:
        return (f"double slash ({case.became})", left)
    if len(case.path) > 1 and case.path.endswith("/"):
        return (f"trailing slash ({case.became})", left)
    if "%2f" in case.path.lower():
        return (f"%2F in the path ({case.became})", left)
    return None


def control_character(case: Case, left: list[Difference]) -> Claim:
    """Patterns of routes do not agree whether a line's end or another control is part of a path."""
    if CONTROL.search(unquote(case.path)):
        return (f"control character in the path ({case.became})", left)
    return None


def redirect_method(case: Case, left: list[Difference]) -> Claim:
    """After 301, 302 and 303 clients go on with GET and without the body; 307 and 308 keep both."""
    if not REDIRECTS.issuperset(case.statuses):
        return None
    keeps = [status in {307, 308} for status in case.statuses]
    if case.method not in SAFE and keeps[0] != keeps[1]:
        return (f"redirect changed the method ({case.became})", left)
    return (f"redirect {case.became}", left)


def conditional(case: Case, left: list[Difference]) -> Claim:
    """Clients that hold a copy have it sent again, or believe theirs is still good."""
    if not case.has("if-none-match", "if-modified-since"):
        return None
    match case.statuses:
        case (304, _):
            return ("ETag/304 lost", left)
        case (_, 304):
            return ("ETag/304 gained", left)
        case _:
            return None


def precondition(case: Case, left: list[Difference]) -> Claim:
    """Of two writers that read the same version, the second overwrites the first unseen."""
    if not {412, 428}.intersection(case.statuses):
        return None
    if case.refused is None:
        return None
    return (f"If-Match {'ignored' if case.refused is case.a else 'checked'} ({case.became})", left)


def ranges(case: Case, left: list[Difference]) -> Claim:
    """Players and resumed downloads ask for parts and get the whole, or the reverse."""
    if not case.has("range"):
        return None
    if 206 not in case.statuses and 416 not in case.statuses:
        return None
    return (f"range requests {'lost' if case.statuses[0] == 206 else 'differ'}", left)


def stale_status(case: Case, left: list[Difference]) -> Claim:
    """What was just written or deleted is not what is read."""
    if case.method not in {"GET", "HEAD"}:
        return None
    if sorted(case.statuses) not in ([200, 404], [200, 410]):
        return None
    kind = {"DELETE"} if _deleted(case) else {"POST", "PUT", "PATCH"}
    for index, exchange in enumerate(case.finding.exchanges[0][:-1]):
        other = case.finding.exchanges[1][index]
        accepted = [one.answer and 200 <= one.answer.status < 300 for one in (exchange, other)]
        if not all(accepted) or exchange.request.method not in kind:
            continue
        there = split_target(exchange.request.target)[0]
        if there == case.path or (kind != {"DELETE"} and _names_made(case.path, there, exchange)):
            return ("a stale read after a write", left)
    return None


def malformed_json(case: Case, left: list[Difference]) -> Claim:
    """The body is none that the two read alike: RFC 8259 does not allow it, or leaves it open."""
    if case.has("content-type") and not _says_json(case.request):
        return None
    if case.method in SAFE or {404, 405, 501}.intersection(case.statuses):
        return None
    if not case.request.body and case.refused:
        return None
    what = _oddity(case.request.body)
    return (f"{what} ({case.became})", left) if what else None


def media_type(case: Case, left: list[Difference]) -> Claim:
    """The two do not agree which content types they read."""
    if _says_json(case.request) or 415 not in case.statuses or 405 in case.statuses:
        return None
    which = "another content type" if case.has("content-type") else "missing content type"
    return (f"{which} ({case.became})", left)


def repeated_refused(case: Case, left: list[Difference]) -> Claim:
    """One target refuses a parameter that comes twice, the other takes one of the values."""
    if not case.repeated:
        return None
    return (f"repeated query parameter ({case.became})", left)


def unknown_field(case: Case, left: list[Difference]) -> Claim:
    """A client's misspelt or new field is refused by one target and dropped unseen by the other."""
    refused = case.refused
    if refused is None or not case.members:
        return None
    said = refused.body.decode("utf-8", "replace")
    words = re.search(
        r"extra|unknown|unexpected|not permitted|additional|unrecogni", said, re.IGNORECASE
    )
    names = [name for name in case.members if name and _names(said, name)]
    field = re.search(r"extra|field|propert|input|key|attribute", said, re.IGNORECASE)
    if words and (names or field):
        return (f"unknown field {case.accepts}", left)
    return None


def null_field(case: Case, left: list[Difference]) -> Claim:
    """One target takes null for a value, the other refuses it."""
    return _field(case, left, "null", lambda value: value is None)


def wrong_type(case: Case, left: list[Difference]) -> Claim:
    """One target turns a value of another type into the one it wants, the other refuses it."""
    refused = case.refused
    if refused is None:
        return None
    said = refused.body.decode("utf-8", "replace")
    if not re.search(r"type|valid (string|integer|number|boolean|bool|list|dict)|must be", said):
        return None
    return _field(
        case,
        left,
        "value of another type",
        lambda value: (
            not isinstance(value, str) or bool(re.fullmatch(r"[-\d.]+|true|false", value))
        ),
    )


def missing_field(case: Case, left: list[Difference]) -> Claim:
    """A field is optional for one target and needed by the other."""
    refused = case.refused
    if refused is None or not case.members:
        return None
    said = refused.body.decode("utf-8", "replace")
    if re.search(r"missing|required", said, re.IGNORECASE):
        return (f"missing field {case.accepts}", left)
    return None


def credentials(case: Case, left: list[Difference]) -> Claim:
    """Clients sign in again after 401 and give up after 403."""
    if set(case.statuses) != {401, 403}:
        return None
    which = "bad" if case.has("authorization", "cookie") else "missing"
    return (f"{which} credentials ({case.became})", left)


def path_parameter(case: Case, left: list[Difference]) -> Claim:
    """A path parameter out of form is an unknown resource here, a bad value there."""
    if case.request.body or case.query or 404 not in case.statuses:
        return None
    other = max(case.statuses, key=lambda status: status != 404)
    if other not in {400, 422} and not (200 <= other < 300 and "%" in case.path):
        return None
    return (f"path parameter out of form ({case.became})", left)


def odd_host(case: Case, left: list[Difference]) -> Claim:
    """One target refuses a host name that the other serves."""
    hosts = values(case.request.headers, "host")
    if not case.has("host") or case.refused is None:
        return None
    if case.refused.status != 400 or hosts in (["localhost"], ["127.0.0.1"]):
        return None
    # Every request over a socket has a host: only one that a step wrote itself is odd.
    if not any(name.lower() == "host" for name, _ in case.finding.sequence[-1].headers):
        return None
    return (f"host name {case.accepts} ({case.became})", left)


def became(case: Case, left: list[Difference]) -> Claim:
    """Clients that look at the status take another branch."""
    return (case.became, left)


# From here on the statuses are equal, and a cause claims its own differences only.


def head_body(case: Case, left: list[Difference]) -> Claim:
    """An answer to HEAD has no body: a server drops one, so it shows in process only."""
    mine = [found for found in left if found.place == "body" and found.kind == "absent"]
    if case.method != "HEAD" or not mine:
        return None
    return (f"HEAD: body {_change(mine[0])}", mine)


def odd_path(case: Case, left: list[Difference]) -> Claim:
    """The two do not read the same path from the same text, and refuse it in different places."""
    # A field that only one sends: what an application adds to answers, and no framework.
    if case.statuses[0] < 400 or not any(
        found.part == "header" and found.kind == "absent" for found in left
    ):
        return None
    said = slash(case, left) or control_character(case, left)
    if said is None:
        return None
    return (f"{said[0].partition(' (')[0]} (another {case.statuses[0]})", left)


def duplicate(case: Case, left: list[Difference]) -> Claim:
    """Of a parameter that comes twice, one target reads the first and the other the last value."""
    body = [found for found in left if found.part == "body" and found.of_meaning]
    follows = [
        found
        for found in left
        if found.part == "header"
        and found.name not in {"allow", "vary", "cache-control", "link"}
        and not found.name.startswith("access-control-")
    ]
    sent = [*case.repeated, *_repeated_keys(case.request.body)]
    if not (body or follows) or not sent:
        return None
    for found in body:
        for _, first, last in sent:
            mine, theirs = _said(found.a), _said(found.b)
            key = " key" if not case.repeated else ""
            if (mine, theirs) == (last, first):
                return (f"first instead of last duplicate{key}", _with_length([found], left))
            if (mine, theirs) == (first, last):
                return (f"last instead of first duplicate{key}", _with_length([found], left))
    if case.repeated:
        return ("repeated query parameter (read differently)", [*body, *follows])
    return None


def cors(case: Case, left: list[Difference]) -> Claim:
    """A browser hides the answer from the page that asked, which then shows a network error."""
    mine = [found for found in left if found.name.startswith("access-control-")]
    if not mine:
        return None
    lost = any(found.name == "access-control-allow-origin" and not found.b for found in mine)
    gained = any(found.name == "access-control-allow-origin" and not found.a for found in mine)
    if lost or gained:
        where = " on errors" if case.statuses[0] >= 400 else ""
        vary = [found for found in left if found.place == "header:vary" and _only(found, "origin")]
        return (f"CORS headers {'missing' if lost else 'added'}{where}", [*mine, *vary])
    return (f"CORS: {_field_name(mine[0].name)} differs", [mine[0]])


def allow(_case: Case, left: list[Difference]) -> Claim:
    """Clients learn from Allow what they may do; RFC 9110 section 15.5.6 asks for all of it."""
    for found in left:
        if found.place == "header:allow":
            match found.kind:
                case "order" | "spelling":
                    return ("Allow written in another order", [found])
                case _:
                    return ("Allow lists other methods", [found])
    return None


def set_members(_case: Case, left: list[Difference]) -> Claim:
    """The field lists what caches and clients have to go by."""
    for found in left:
        if found.part != "header" or found.name not in {"vary", "cache-control", "link"}:
            continue
        name = _field_name(found.name)
        if found.kind in {"order", "spelling"}:
            return (f"{name} written differently", [found])
        read = fields.LISTS[found.name]
        before, after = read(_list(found.a)), read(_list(found.b))
        lost = [member for member in before if member not in after]
        gained = [member for member in after if member not in before]
        if lost and not gained:
            return (f"{name} lost {_members(lost)}", [found])
        if gained and not lost:
            return (f"{name} gained {_members(gained)}", [found])
        return (f"{name} says something else", [found])
    return None


def content_type(case: Case, left: list[Difference]) -> Claim:
    """Clients decode and dispatch by the content type."""
    for found in left:
        if found.place != "header:content-type" or not (found.a and found.b):
            continue
        if found.kind == "spelling":
            return ("content type written differently", [found])
        read = fields.LISTS["content-type"]
        before, after = read(_list(found.a)), read(_list(found.b))
        if before[0] != after[0]:
            if case.statuses[0] >= 400:
                return None  # error_shape tells it
            claimed = [found, *(one for one in left if one.kind == "format")]
            return (f"content type changed ({before[0]} became {after[0]})", claimed)
        charsets = [any("charset=" in item for item in side) for side in (before, after)]
        if charsets == [True, False]:
            return ("content type lost its charset", [found])
        if charsets == [False, True]:
            return ("content type gained a charset", [found])
        return ("content type has other parameters", [found])
    return None


def cookie(_case: Case, left: list[Difference]) -> Claim:
    """Browsers keep, send and protect a cookie by its attributes."""
    for found in left:
        if found.part != "cookie":
            continue
        name, _, attribute = found.name.partition("/")
        if not attribute:
            return (f"cookie {name} {_change(found)}", [found])
        title = COOKIE_ATTRIBUTES.get(attribute, attribute)
        return (f"Set-Cookie {_change(found)} {title}", [found])
    return None


COOKIE_ATTRIBUTES: Final = {
    "httponly": "HttpOnly",
    "samesite": "SameSite",
    "max-age": "Max-Age",
    "expires": "Expires",
    "secure": "Secure",
    "path": "Path",
    "domain": "Domain",
}


def etag(_case: Case, left: list[Difference]) -> Claim:
    """Without a validator nothing can be asked or changed on a condition."""
    for found in left:
        if found.place in {"header:etag", "header:last-modified"}:
            return (f"{_field_name(found.name)} {_change(found)}", [found])
    return None


def location(_case: Case, left: list[Difference]) -> Claim:
    """Behind a proxy an absolute address may name a host or scheme that clients cannot reach."""
    for found in left:
        if found.place != "header:location" or not (found.a and found.b):
            continue
        before, after = (urlsplit(_list(side)[0]) for side in (found.a, found.b))
        if before._replace(scheme="", netloc="") == after._replace(scheme="", netloc=""):
            if not before.netloc:
                return ("Location became absolute", [found])
            if not after.netloc:
                return ("Location became relative", [found])
            return ("Location names another host or scheme", [found])
        return ("Location leads elsewhere", [found])
    return None


def length(case: Case, left: list[Difference]) -> Claim:
    """Clients allocate, show progress and find the end of an answer by its length."""
    for found in left:
        if found.place != "header:content-length":
            continue
        if not found.a or not found.b:
            head_only = "HEAD: " if case.method == "HEAD" else ""
            return (f"{head_only}Content-Length {_change(found)}", [found])
        if case.method == "HEAD":
            if case.statuses[0] >= 400 and any(one.name == "content-type" for one in left):
                return None  # error_type tells it
            return ("HEAD: Content-Length changed", [found])
        if not any(one.part == "body" for one in left):
            return ("Content-Length changed", [found])
    return None


def repeated_header(_case: Case, left: list[Difference]) -> Claim:
    """Many clients take the first or the last of two, or join them."""
    for found in left:
        if found.part == "header" and found.a and found.b:
            counts = len(_list(found.a)), len(_list(found.b))
            if counts[0] != counts[1] and set(_list(found.a)) == set(_list(found.b)):
                return (f"{_field_name(found.name)} came {counts[1]} times", [found])
    return None


def header(_case: Case, left: list[Difference]) -> Claim:
    """A field that one target sends and the other does not, or not so."""
    for found in left:
        if found.part == "header" and found.name != "content-length":
            if found.name == "content-type" and found.a and found.b:
                continue
            return (f"{_field_name(found.name)} {_change(found)}", [found])
    return None


def stale_body(case: Case, left: list[Difference]) -> Claim:
    """What was just written is not what is read."""
    body = [found for found in left if found.part == "body" and found.kind in {"value", "bytes"}]
    if case.method not in {"GET", "HEAD"} or not body:
        return None
    for found in body:
        old = _said(found.b) if _written(case, found.a) else _said(found.a)
        if _written(case, found.a) == _written(case, found.b):
            # Both were written in turn: the one that was written last is the fresh one.
            times = _last_written(case, found.a), _last_written(case, found.b)
            if times[0] == times[1] or min(times) < 0:
                continue
            old = _said(found.a if times[0] < times[1] else found.b)
        if _seen_before(case, old):
            return ("a stale read after a write", _with_length(body, left))
    return None


def error_shape(case: Case, left: list[Difference]) -> Claim:
    """Clients that read the reason of a refusal no longer find it."""
    if case.statuses[0] < 400:
        return None
    body = [found for found in left if found.part == "body"]
    if not any(found.kind in {"absent", "format", "type", "null"} for found in body):
        return None
    told = [found for found in left if found.place == "header:content-type"]
    if told:
        # Another layer answers, without what the application adds to each of its answers.
        told += [
            found
            for found in left
            if found.part == "header"
            and found.kind == "absent"
            and found.name not in {"content-type", "www-authenticate", "retry-after"}
        ]
    return ("error body has another shape", _with_length([*body, *told], left))


def error_type(case: Case, left: list[Difference]) -> Claim:
    """Clients that dispatch by content type read an error as something else."""
    if case.statuses[0] < 400:
        return None
    for found in left:
        if found.place == "header:content-type":
            return ("errors have another content type", _with_length([found], left))
    return None


def error_text(case: Case, left: list[Difference]) -> Claim:
    """The same error, said in other words; clients that show or match it notice."""
    if case.statuses[0] < 400:
        return None
    body = [
        found for found in left if found.part == "body" and found.kind in {"value", "text", "bytes"}
    ]
    return ("error says something else", _with_length(body, left)) if body else None


def null_and_absent(_case: Case, left: list[Difference]) -> Claim:
    """Clients that ask whether a field is there, and those that read it, each see a change."""
    for name, before, after in (
        ("absent became null", ABSENT, None),
        ("null became absent", None, ABSENT),
    ):
        mine = [
            found
            for found in left
            if found.part == "body"
            and found.kind == "absent"
            and found.a is before
            and found.b is after
        ]
        if mine:
            return (name, _with_length(mine, left))
    return None


def dates(_case: Case, left: list[Difference]) -> Claim:
    """The same instant written differently: clients that parse it strictly fail."""
    mine = [
        found
        for found in left
        if found.part == "body"
        and found.kind in {"value", "type", "text"}
        and (instant := _instant(found.a)) is not None
        and instant == _instant(found.b)
        and not (isinstance(found.a, int) and isinstance(found.b, int))
    ]
    return ("date format changed", _with_length(mine, left)) if mine else None


def types(_case: Case, left: list[Difference]) -> Claim:
    """Typed clients fail to read the value."""
    for found in left:
        if found.part == "body" and found.kind in {"type", "null"}:
            name = f"{_json_type(found.a)} became {_json_type(found.b)}"
            mine = [
                one
                for one in left
                if one.part == "body"
                and one.kind == found.kind
                and (_json_type(one.a), _json_type(one.b))
                == (_json_type(found.a), _json_type(found.b))
            ]
            return (name, _with_length(mine, left))
    return None


def order(_case: Case, left: list[Difference]) -> Claim:
    """Clients that show the first of a list, or page through it, see others."""
    mine = [found for found in left if found.part == "body" and found.kind == "order"]
    return ("list in another order", _with_length(mine, left)) if mine else None


def members_of_lists(_case: Case, left: list[Difference]) -> Claim:
    """The list that one target answers has items which the other's has not."""
    for index, word in ((0, "gained"), (1, "lost")):
        mine = [
            found
            for found in left
            if found.kind == "absent"
            and re.search(r"/\d+\Z", found.name)
            and (found.a, found.b)[index] is ABSENT
        ]
        if mine:
            return (f"list {word} items", _with_length(mine, left))
    return None


def members_of_objects(_case: Case, left: list[Difference]) -> Claim:
    """A field that clients may read is there on one side only."""
    for found in left:
        if found.part == "body" and found.kind == "absent" and found.name:
            name = general(found.name)
            mine = [one for one in left if one.kind == "absent" and general(one.name) == name]
            return (f"{_last(name)} {_change(found)}", _with_length(mine, left))
    return None


def spellings(case: Case, left: list[Difference]) -> Claim:
    """The same in other bytes: clients that parse notice nothing, signatures and caches do."""
    json = case.a is not None and form(case.a) == "json"
    for kind, name in (
        ("key order", "JSON keys in another order"),
        ("attribute order", "attributes in another order"),
        ("whitespace", "JSON with other white space" if json else "other white space"),
        ("spelling", "the same value spelled differently"),
    ):
        mine = [found for found in left if found.part == "body" and found.kind == kind]
        if mine:
            escaped = any("\\u" in f"{found.a}{found.b}" for found in mine)
            if kind == "spelling" and escaped:
                return ("JSON escapes characters differently", _with_length(mine, left))
            return (name, _with_length(mine, left))
    return None


def page(_case: Case, left: list[Difference]) -> Claim:
    """A page shows something else, or a document has it elsewhere."""
    for found in left:
        if found.part != "body" or not re.search(r"/@|/text\(\)|\A/html/", found.name):
            continue
        if "/@" in found.name:
            attribute = found.name.rpartition("/@")[2]
            mine = [one for one in left if one.name.endswith(f"/@{attribute}")]
            return (f"attribute {attribute} of elements differs", _with_length(mine, left))
        mine = [one for one in left if one.part == "body" and "/@" not in one.name]
        return ("elements or text of the page differ", _with_length(mine, left))
    return None


def empty(_case: Case, left: list[Difference]) -> Claim:
    """One target sends a body and the other does not."""
    for found in left:
        if found.place == "body" and found.kind == "absent":
            return (f"body {_change(found)}", _with_length([found], left))
    return None


def another_value(_case: Case, left: list[Difference]) -> Claim:
    """The two answer something else."""
    for found in left:
        if found.part == "body":
            name = general(found.name)
            mine = [one for one in left if one.part == "body" and general(one.name) == name]
            title = f"{_last(name)} has another value" if name else "another body"
            return (title, _with_length(mine, left))
    return None


STATUS_CAUSES: Final[tuple[Callable[[Case, list[Difference]], Claim], ...]] = (
    odd_length,
    odd_method,
    no_answer,
    server_error,
    limits,
    expectation,
    slash_redirect,
    slash,
    control_character,
    head,
    options,
    redirect_method,
    repeated_field,
    conditional,
    precondition,
    ranges,
    stale_status,
    media_type,
    malformed_json,
    repeated_refused,
    unknown_field,
    null_field,
    missing_field,
    wrong_type,
    credentials,
    path_parameter,
    odd_host,
    became,
)
"""Why statuses differ, more specific first; the docstring says what it does to clients."""

CAUSES: Final[tuple[Callable[[Case, list[Difference]], Claim], ...]] = (
    head_body,
    odd_path,
    duplicate,
    cors,
    allow,
    set_members,
    content_type,
    cookie,
    etag,
    location,
    error_shape,
    length,
    repeated_header,
    header,
    stale_body,
    error_type,
    error_text,
    null_and_absent,
    dates,
    types,
    order,
    members_of_lists,
    members_of_objects,
    spellings,
    page,
    empty,
    another_value,
)
"""Why answers of one status differ, the same way."""


def _unsupported(what: str, case: Case, left: list[Difference]) -> Claim:
    for refusals in ({405, 501}, {404}):
        refused = [status for status in case.statuses if status in refusals]
        if len(refused) == 1:
            return (f"{what} answers {refused[0]}", left)
    return (f"{what}: {case.became}", left)


def _says_json(request: Request) -> bool:
    kind = ",".join(values(request.headers, "content-type")).partition(";")[0].strip().lower()
    return kind == "application/json" or kind.endswith("+json")


def _oddity(body: bytes) -> str:
    """What is odd about a body that is said to be JSON, empty where it is plain."""
    for sign, name in (
        (b"\xef\xbb\xbf", "byte order mark before JSON"),
        (b"\xff\xfe", "JSON in UTF-16"),
        (b"\xfe\xff", "JSON in UTF-16"),
    ):
        if body.startswith(sign):
            return name
    if not body.strip():
        return "empty body"
    text = json_text.read(body)
    if text is None:
        return _unreadable(body)
    if re.search(rb"\\u[dD][89a-fA-F]", body) and any(map(_lone, _strings(text.root.plain()))):
        return "lone surrogate in JSON"
    return "repeated key in JSON" if _repeated_keys(body) else ""


def _unreadable(body: bytes) -> str:
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        return "JSON that is not UTF-8"
    try:
        json.loads(body)
    except RecursionError:
        return "deeply nested JSON"
    except ValueError:
        return "malformed JSON"
    # Python reads it, so that is all it can be: deep, or a number that JSON has not.
    return "NaN in JSON" if re.search(rb"NaN|Infinity", body) else "deeply nested JSON"


def _lone(text: str) -> bool:
    return any("\ud800" <= character <= "\udfff" for character in text)


def _strings(value: Any) -> Iterator[str]:
    match value:
        case str():
            yield value
        case list():
            for item in value:
                yield from _strings(item)
        case dict():
            for key, item in value.items():
                yield key
                yield from _strings(item)


def _repeated_keys(body: bytes) -> list[tuple[str, str, str]]:
    """Keys that come twice in an object that was sent, with the first and the last value."""
    text = json_text.read(body)
    found: list[tuple[str, str, str]] = []

    def visit(node: json_text.Node) -> None:
        match node.value:
            case dict():
                for key, sent in node.value.items():
                    if len(sent) > 1:
                        first, last = sent[0][1].plain(), sent[-1][1].plain()
                        found.append((key, _said(first), _said(last)))
                    for _, inner in sent:
                        visit(inner)
            case list():
                for inner in node.value:
                    visit(inner)

    if text is not None:
        visit(text.root)
    return found


def _field(case: Case, left: list[Difference], what: str, fits: Callable[[Any], bool]) -> Claim:
    """A cause in a member of the body that the refusal names."""
    refused = case.refused
    if refused is None:
        return None
    said = refused.body.decode("utf-8", "replace")
    suspects = [name for name, value in case.members.items() if fits(value)]
    if any(_names(said, name) for name in suspects) or (
        suspects and len(suspects) == len(case.members)
    ):
        return (f"{what} {case.accepts}", left)
    return None


def _looks_typed(text: str) -> bool:
    return re.fullmatch(r"-?[0-9.]+|true|false|null", text) is not None


def _names(said: str, name: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(name)}(?!\w)", said) is not None


def _deleted(case: Case) -> bool:
    return any(
        exchange.request.method == "DELETE"
        and split_target(exchange.request.target)[0] == case.path
        for exchange in case.finding.exchanges[0][:-1]
    )


def _names_made(path: str, there: str, exchange: Exchange) -> bool:
    """Whether the path is that of what was made there, as the answer to the making says it."""
    parent, _, last = path.rpartition("/")
    if exchange.answer is None or parent != there:
        return False
    read = json_text.read(exchange.answer.body)
    told = {_said(value) for value in _leaves(read.root.plain())} if read else set()
    goal = next(iter(exchange.answer.header_values("location")), "")
    return last in told | {urlsplit(goal).path.rpartition("/")[2]}


def _written(case: Case, value: object) -> bool:
    return _last_written(case, value) >= 0


def _last_written(case: Case, value: object) -> int:
    """The last step before this one that sent the value in an unsafe request, -1 where none did."""
    said = _said(value)
    last = -1
    for index, exchange in enumerate(case.finding.exchanges[0][:-1]):
        request = exchange.request
        sent = json_text.read(request.body)
        strings = {_said(item) for item in _leaves(sent.root.plain())} if sent else set()
        strings |= {text for _, text in parse_qsl(request.body.decode("latin-1"))}
        if request.method not in SAFE and (
            said in strings or said == request.body.decode("latin-1")
        ):
            last = index
    return last


def _seen_before(case: Case, said: str) -> bool:
    """Whether an earlier answer or request of the sequence held the value."""
    return any(
        said in text
        for exchanges in case.finding.exchanges
        for exchange in exchanges[:-1]
        for text in (
            exchange.request.body.decode("utf-8", "replace"),
            exchange.answer.body.decode("utf-8", "replace") if exchange.answer else "",
        )
    )


def _leaves(value: Any) -> Iterator[Any]:
    match value:
        case list():
            for item in value:
                yield from _leaves(item)
        case dict():
            for item in value.values():
                yield from _leaves(item)
        case _:
            yield value


def _with_length(mine: list[Difference], left: list[Difference]) -> list[Difference]:
    """With the `Content-Length` that follows a body."""
    return [*mine, *(found for found in left if found.place == "header:content-length")]


def _instant(value: object) -> datetime | None:
    """The instant that the value may mean: RFC 3339, RFC 5322, or seconds since 1970."""
    if isinstance(value, int) and not isinstance(value, bool) and 10**8 < value < 10**11:
        return datetime.fromtimestamp(value, UTC)
    if not isinstance(value, str) or not re.match(r"\d{4}-\d\d-\d\d[ T]|\w{3}, \d", value):
        return None
    try:
        read = datetime.fromisoformat(value) if value[0].isdigit() else parsedate_to_datetime(value)
    except ValueError:
        return None
    # Without an offset it can only be meant as UTC, or the two could not be compared at all.
    return (
        (read if read.tzinfo else read.replace(tzinfo=UTC)).astimezone(UTC).replace(microsecond=0)
    )


def _said(value: object) -> str:
    match value:
        case bytes():
            return value.decode("utf-8", "replace")
        case str():
            return value
        case bool():
            return str(value).lower()
        case None:
            return "null"
        case _:
            return str(value)


def _json_type(value: object) -> str:
    match value:
        case bool():
            return "boolean"
        case str():
            return "string"
        case list():
            return "list"
        case dict():
            return "object"
        case None:
            return "null"
        case _:
            return "number"


def _change(found: Difference) -> str:
    missing: tuple[object, ...] = (ABSENT, [])
    if found.a in missing:
        return "gained"
    return "lost" if found.b in missing else "changed"


def _list(value: object) -> list[str]:
    return [str(item) for item in value] if isinstance(value, list) else []


def _members(found: list[str]) -> str:
    return ", ".join(item.title() if re.fullmatch(r"[a-z-]+", item) else item for item in found)


def _only(found: Difference, member: str) -> bool:
    sides = [set(fields.LISTS["vary"](_list(side))) for side in (found.a, found.b)]
    return sides[0] ^ sides[1] == {member}


def _field_name(name: str) -> str:
    known = {"etag": "ETag", "www-authenticate": "WWW-Authenticate", "x-request-id": "X-Request-ID"}
    return known.get(name, name.title())


def general(place: str) -> str:
    """The place with `*` for any index."""
    return re.sub(r"/\d+(?=/|\Z)", "/*", place)


def _last(name: str) -> str:
    """The last key of a pointer, quoted."""
    parts = [part for part in name.split("/") if part != "*"]
    key = unquote(parts[-1]).replace("~1", "/").replace("~0", "~") if parts else ""
    return f"`{key}`" if key else "the list's items"
