"""What stands before and behind every framework: the rules, on plain data.

On the way in the front settles everything on which frameworks and servers quarrel, so that behind
it a framework only ever sees a clean and complete request. On the way out it puts on what every
answer carries. `blog_core.http.wsgi` and `blog_core.http.asgi` are the same front for the two kinds
of server interface.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_network
from random import getrandbits
from urllib.parse import unquote_to_bytes

from blog_core.http import addresses, bodies, cookies, forms, origins, problems, static
from blog_core.http.operations import ID, OPERATIONS, PROVIDER, USERNAME, Native, Operation
from blog_core.http.replies import Headers, Reply
from blog_core.http.requests import Asked, credentials, matches_none
from blog_core.settings import Settings
from blog_core.telemetry.logs import log

LONGEST_TARGET = 2_700
MOST_HEADERS = 90
MOST_HEADER_BYTES = 8_000
MOST_QUERY_FIELDS = 50
METHODS = frozenset(
    ("CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE")
)
MACHINE_PATHS = frozenset(("/livez", "/readyz", "/openapi.json"))

VARY = "Authorization, Cookie, Origin"
EXPOSED = "ETag, Link, Location, RateLimit, RateLimit-Policy, Retry-After, X-Request-ID"
ALLOWED_HEADERS = "Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match"
HTML_POLICY = "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
API_POLICY = "default-src 'none'; frame-ancestors 'none'"

# What a body is refused for while it is still being read.
TOO_LARGE = problems.problem(413, f"A body has at most {bodies.LARGEST} bytes.")
CUT_SHORT = problems.problem(400, "The body is shorter than it was said to be.")
# Where the server does not tell a whole chunked body from one that was cut off.
LENGTH_REQUIRED = problems.problem(411, "Send the body with a Content-Length.")

# What the front has dealt with, and what is between client and server (RFC 9110, 7.6.1).
CONSUMED = frozenset(
    (
        "connection",
        "content-encoding",
        "content-length",
        "content-type",
        "expect",
        "transfer-encoding",
        "upgrade",
    )
)

# What the front says itself, of native pages too.
_OWN = frozenset(
    (
        "connection",
        "content-length",
        "content-security-policy",
        "cross-origin-opener-policy",
        "cross-origin-resource-policy",
        "date",
        "referrer-policy",
        "server",
        "strict-transport-security",
        "transfer-encoding",
        "x-content-type-options",
        "x-frame-options",
        "x-request-id",
    )
)

# What an application behind the front may say for itself; anything else of its headers is dropped.
_KEPT = frozenset(
    (
        "accept-encoding",
        "accept-patch",
        "accept-post",
        "allow",
        "content-type",
        "etag",
        "link",
        "location",
        "ratelimit",
        "ratelimit-policy",
        "retry-after",
        "set-cookie",
        "www-authenticate",
    )
)
STATIC = Operation("static", "GET", "/static/{file}", credentials="unread")
_PATH = re.compile(r"/[A-Za-z0-9._~/-]*")
_NATIVE_PATH = re.compile(r"(?:/(?!\.{1,2}(?:/|\Z))[A-Za-z0-9._~-]+)+/?")
# No page of a framework's own is asked for by these.
_NO_NATIVE_METHODS = frozenset(("CONNECT", "TRACE"))
_QUERY = re.compile(r"(?:[!#$&-;=?-~]|%[0-9A-Fa-f]{2})*")
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_PORT = re.compile(r":[0-9]{0,5}\Z")


@dataclass(slots=True)
class Head:
    """A request without its body. Header names are in lower case, repeated ones joined by ",".

    `path` is decoded, `raw_path` as sent where the server tells (else None); `peer` is the address
    of the connection; `operation` is what the front found to be asked for.
    """

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    raw_path: str | None = None
    peer: str = ""
    id: str = field(init=False)
    native: Native | None = field(init=False, default=None)
    operation: Operation | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        sent = self.headers.get("x-request-id", "")
        # Told apart, not kept secret: the system's random numbers would cost more than the rest.
        self.id = sent if _REQUEST_ID.fullmatch(sent) else f"{getrandbits(128):032x}"

    @property
    def is_for_programs(self) -> bool:
        return self.path.startswith("/api/") or self.path in MACHINE_PATHS

    @property
    def target(self) -> str:
        """What was asked for, where it can be asked for again: path and query of a safe request."""
        query = f"?{self.query}" if self.query and self.method in ("GET", "HEAD") else ""
        return self.path + query

    @property
    def has_credentials(self) -> bool:
        return "authorization" in self.headers or (
            "cookie" in self.headers
            and (bool(self.session_cookies()) or "openid=" in self.headers["cookie"])
        )

    @property
    def content_length(self) -> int | None:
        sent = self.headers.get("content-length", "")
        if not (sent.isascii() and sent.isdigit()):
            return None
        # A longer one is no less a length: what comes is shorter than it.
        return int(sent) if len(sent) < 20 else int(sent.lstrip("0")[:20] or "0")

    def pending(self, *, https: bool) -> str | None:
        cookie = self.headers.get("cookie", "")
        return cookies.sent_pending(cookie, https=https) if "openid=" in cookie else None

    def session_cookies(self) -> Sequence[tuple[str, str]]:
        return cookies.sent_sessions(self.headers.get("cookie", ""))


@dataclass(frozen=True, slots=True)
class Resource:
    """A path that exists, and its operations by method."""

    operations: Mapping[str, Operation]

    @property
    def allow(self) -> str:
        implied = {"HEAD", "OPTIONS"} if "GET" in self.operations else {"OPTIONS"}
        return ", ".join(sorted(self.operations.keys() | implied))


class Front:
    """The rules under some settings: `admit`, `pass_on`, then the application, then `finish`."""

    def __init__(
        self,
        settings: Settings,
        operations: Sequence[Operation] = OPERATIONS,
        native: Sequence[Native] = (),
    ) -> None:
        self.settings = settings
        self._hosts = frozenset(settings.hosts)
        self._origins = frozenset(settings.cors_origins)
        self._https = settings.https
        self._proxies = [ip_network(network) for network in settings.trusted_proxies]
        self._for_programs = _fixed_headers("cross-origin", API_POLICY, https=settings.https)
        self._for_people = _fixed_headers("same-origin", HTML_POLICY, https=settings.https)
        self._fixed, self._patterns = _resources(operations)
        self._native = {
            one: _fixed_headers("same-origin", one.policy, https=settings.https) for one in native
        }

    # --- on the way in ---------------------------------------------------------------------------

    def admit(self, head: Head) -> Operation | Reply:
        """The operation that is asked for, or the answer where none of them is to see it."""
        found = self._unreadable(head) or self._unknown_host(head) or self._route(head)
        if isinstance(found, Reply):
            return found
        head.operation = found
        if found is STATIC:
            return static.FILES[head.path].reply
        return self._cross_site(found, head) or found

    def pass_on(self, operation: Operation, head: Head, body: bytes | Reply) -> Asked | Reply:
        """The request as the application is to see it, or why it is to see none.

        `body` may be the refusal that ended its reading.
        """
        read = body if isinstance(body, Reply) else self.read(operation, head, body)
        refusal = read if isinstance(read, Reply) else None
        if refusal is not None and operation.counts is None:
            return refusal
        headers = head.headers
        return Asked(
            operation,
            credentials(headers.get("authorization"), headers.get("cookie"), https=self._https),
            head.query,
            addresses.client(head.peer, headers.get("x-forwarded-for", ""), self._proxies)
            if self._proxies
            else head.peer,
            b"" if isinstance(read, Reply) else read,
            refusal,
            operation.content_type if operation.native is None else headers.get("content-type", ""),
            head.pending(https=self._https),
        )

    def read(self, operation: Operation, head: Head, body: bytes) -> bytes | Reply:
        """The body that the application is to see, or why it is to see none."""
        if (head.content_length or 0) > len(body):
            return CUT_SHORT
        if operation.native is not None:
            return body
        if operation.body is None and not operation.form:
            return b""
        if not body and (operation.form or operation.body_optional):
            return b"" if operation.form else b"{}"
        if head.headers.get("content-encoding", "identity").lower() != "identity":
            detail = "Send the body without a Content-Encoding."
            return problems.problem(415, detail, [("Accept-Encoding", "identity")])
        content_type = head.headers.get("content-type", "")
        if operation.form:
            readable, reason = forms.is_form_type(content_type), forms.why_unreadable(body)
        else:
            readable, reason = bodies.is_json_type(content_type), bodies.why_unreadable(body)
        if not readable:
            name = "Accept-Patch" if operation.method == "PATCH" else "Accept-Post"
            what = "a form" if operation.form else "JSON"
            detail = f"Send {what} in UTF-8, with Content-Type: {operation.content_type}."
            return problems.problem(415, detail, [(name, operation.content_type)])
        return body if reason is None else problems.problem(400, reason)

    def _unreadable(self, head: Head) -> Reply | None:
        headers = head.headers
        if len(head.path) + len(head.query) + bool(head.query) > LONGEST_TARGET:
            return problems.problem(
                414, f"A path with its query has at most {LONGEST_TARGET} characters."
            )
        if (
            len(headers) > MOST_HEADERS
            or sum(map(len, headers)) + sum(map(len, headers.values())) > MOST_HEADER_BYTES
        ):
            return problems.problem(
                431,
                f"Send at most {MOST_HEADERS} header fields and {MOST_HEADER_BYTES} bytes.",
            )
        if head.query:
            reason = _why_unreadable_query(head.query)
            if reason:
                return problems.problem(400, reason)
        if "," in headers.get("authorization", ""):
            return problems.problem(400, "Send one Authorization field, with one token.")
        if "cookie" in headers and len(head.session_cookies()) > 1:
            return problems.problem(400, "Send one session cookie.")
        if headers.get("expect", "100-continue").lower() != "100-continue":
            return problems.problem(417, "Only the expectation 100-continue can be met.")
        return None

    def _unknown_host(self, head: Head) -> Reply | None:
        host = _PORT.sub("", head.headers.get("host", "").lower())
        if host in self._hosts:
            return None
        return problems.problem(400, "This host is not served here.")

    def _route(self, head: Head) -> Operation | Reply:
        resource = self._resource(head)
        if resource is None:
            return self._of_framework(head) or problems.problem(404, "There is nothing here.")
        operation = resource.operations.get("GET" if head.method == "HEAD" else head.method)
        if operation is not None:
            return operation
        allow = ("Allow", resource.allow)
        if head.method == "OPTIONS":
            return Reply(204, (allow,))
        if head.method in METHODS:
            return problems.problem(405, f"Use one of {resource.allow}.", [allow])
        return problems.problem(501, "This method is not known here.")

    def _of_framework(self, head: Head) -> Operation | None:
        found = next((native for native in self._native if native.holds(head.path)), None)
        if (
            found is None
            or "%" in (head.raw_path or "")
            or not _NATIVE_PATH.fullmatch(head.path)
            or head.method not in METHODS - _NO_NATIVE_METHODS
        ):
            return None
        head.native = found
        method = "GET" if head.method == "HEAD" else head.method
        return Operation("native", method, found.prefix, credentials="optional", native=found)

    def _cross_site(self, operation: Operation, head: Head) -> Reply | None:
        # On the API a token says who asks; only a browser adds a cookie without being told.
        if operation.method in ("GET", "OPTIONS") or (
            head.is_for_programs and not head.session_cookies()
        ):
            return None
        if origins.is_own(head.headers, self._hosts, https=self._https):
            return None
        return problems.problem(403, "This came from another site: do it on this one.")

    def _resource(self, head: Head) -> Resource | None:
        # Where the server says how the path was sent, an escaped one is another path.
        if "%" in (head.raw_path or "") or not _PATH.fullmatch(head.path):
            return None
        fixed = self._fixed.get(head.path)
        if fixed is not None:
            return fixed
        return next(
            (found for pattern, found in self._patterns if pattern.fullmatch(head.path)), None
        )

    # --- on the way out --------------------------------------------------------------------------

    def crashed(self, head: Head, error: BaseException) -> Reply:
        """The answer to an error nobody foresaw, which is logged here and nowhere else."""
        log.error("request %s failed: %s %s", head.id, head.method, head.path, exc_info=error)
        return problems.unexpected()

    def finish(self, head: Head, reply: Reply) -> Reply:
        """The answer as it is sent: with what every answer carries, and nothing else."""
        if not head.is_for_programs and problems.is_problem(reply):
            reply = problems.for_people(reply, head.target)
        if head.native is None:
            headers = [(name, value) for name, value in reply.headers if name.lower() in _KEPT]
        else:
            headers = [(name, value) for name, value in reply.headers if name.lower() not in _OWN]
        if self._https:
            headers = [cookies.secured(header) for header in headers]
        body = reply.body
        if reply.status == 200 and "if-none-match" in head.headers and _not_modified(head, headers):
            reply, body = Reply(304), b""
        if reply.status in (204, 304):
            body = b""
        if not body:
            # Frameworks name a type all the same.
            headers = [header for header in headers if header[0].lower() != "content-type"]
        if reply.status not in (204, 304):
            headers.append(("Content-Length", str(len(body))))
        if head.native is None:
            headers += self._common(head, reply.status)
        else:
            if not any(name.lower() == "cache-control" for name, _ in headers):
                headers.append(("Cache-Control", "no-store"))
            headers += (("X-Request-ID", head.id), *self._native[head.native])
        return Reply(reply.status, headers, b"" if head.method == "HEAD" else body)

    def _common(self, head: Head, status: int) -> Headers:
        api = head.is_for_programs
        public = (
            status < 400 and head.method in ("GET", "HEAD", "OPTIONS") and not head.has_credentials
        )
        caching = "public, no-cache" if public else "no-store"
        if head.path in static.FILES and status < 400:
            caching = static.CACHING
        headers = [
            ("Cache-Control", caching),
            ("X-Request-ID", head.id),
            *(self._for_programs if api else self._for_people),
        ]
        if "origin" in head.headers:
            headers += self._cors(head, status)
        return headers

    def _cors(self, head: Head, status: int) -> Headers:
        origin = head.headers["origin"]
        if origin not in self._origins:
            return ()
        headers = [("Access-Control-Allow-Origin", origin)]
        if head.method == "OPTIONS" and "access-control-request-method" in head.headers:
            resource = self._resource(head)
            if status == 204 and resource is not None:
                headers += [
                    ("Access-Control-Allow-Methods", resource.allow),
                    ("Access-Control-Allow-Headers", ALLOWED_HEADERS),
                    ("Access-Control-Max-Age", "600"),
                ]
        headers.append(("Access-Control-Expose-Headers", EXPOSED))
        return headers


def joined(fields: list[tuple[str, str]]) -> dict[str, str]:
    """Header fields as the front reads them: repeated ones joined, unreadable ones empty.

    A name with an underscore is left out because CGI cannot tell it from one with a hyphen; a
    value outside ASCII counts as empty because servers disagree about what it says.
    """
    headers: dict[str, str] = {}
    for name, sent in fields:
        if "_" in name:
            continue
        value = sent if sent.isascii() else ""
        headers[name] = f"{headers[name]},{value}" if name in headers else value
    return headers


def _fixed_headers(resource_policy: str, content_policy: str, *, https: bool) -> Headers:
    headers = [
        ("Vary", VARY),
        ("X-Content-Type-Options", "nosniff"),
        ("X-Frame-Options", "DENY"),
        ("Referrer-Policy", "same-origin"),
        ("Cross-Origin-Opener-Policy", "same-origin"),
        ("Cross-Origin-Resource-Policy", resource_policy),
        ("Content-Security-Policy", content_policy),
    ]
    if https:
        headers.append(("Strict-Transport-Security", "max-age=31536000; includeSubDomains"))
    return headers


def _resources(
    operations: Sequence[Operation],
) -> tuple[dict[str, Resource], list[tuple[re.Pattern[str], Resource]]]:
    by_path: dict[str, dict[str, Operation]] = {}
    for operation in operations:
        by_path.setdefault(operation.path, {})[operation.method] = operation
    fixed: dict[str, Resource] = {}
    patterns: list[tuple[re.Pattern[str], Resource]] = []
    for path, by_method in by_path.items():
        if "{" in path:
            pattern = re.sub(r"\{(\w+)\}", _parameter, path)
            patterns.append((re.compile(pattern), Resource(by_method)))
        else:
            fixed[path] = Resource(by_method)
    fixed |= dict.fromkeys(static.FILES, Resource({"GET": STATIC}))
    return fixed, patterns


def _parameter(match: re.Match[str]) -> str:
    return {"username": USERNAME, "provider": PROVIDER}.get(match[1], ID)


def _not_modified(head: Head, headers: Headers) -> bool:
    etags = [value for name, value in headers if name.lower() == "etag"]
    return (
        head.method in ("GET", "HEAD")
        and bool(etags)
        and matches_none(head.headers["if-none-match"], etags[0])
    )


def _why_unreadable_query(query: str) -> str | None:
    if not _QUERY.fullmatch(query):
        return "The query holds characters that must be escaped, or a broken escape."
    if sum(map(bool, query.split("&"))) > MOST_QUERY_FIELDS:
        return f"A query has at most {MOST_QUERY_FIELDS} fields."
    if "%" in query:
        try:
            text = unquote_to_bytes(query).decode()
        except UnicodeDecodeError:
            return "The query is not UTF-8."
        if "\0" in text:
            return "The query holds NUL."
    return None
