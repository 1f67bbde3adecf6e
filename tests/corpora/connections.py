"""What may come over a connection to the blog: good and bad requests, and what is none.

Each case is asked of the seeded blog (`tests.seeds`). A case that would write, if it were taken for
a good request, asks for a post with the case's own name as its title.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from http_parity.raw import Step, Steps
from tests.corpora import gunicorn_requests
from tests.corpora.multipart import BODIES
from tests.seeds import token_of

CRLF = b"\r\n"
HOST = b"Host: localhost"
JSON = b"Content-Type: application/json"
BEARER = b"Authorization: Bearer " + token_of("ada").encode()
CHUNKED = b"Transfer-Encoding: chunked"
LIVEZ = b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n"


@dataclass(frozen=True)
class Case:
    """One connection. `what` says it in words; `cut` that no request in it is whole."""

    name: str
    group: str
    what: str
    steps: Steps
    methods: tuple[str, ...] = ()
    cut: bool = False
    """Nothing of it may be written."""
    unheard: bool = False
    """The client does not wait to hear whether it was written."""


def lines(*sent: bytes, body: bytes = b"") -> bytes:
    """A head of these lines, then the body."""
    return CRLF.join([*sent, b"", b""]) + body


def get(target: bytes = b"/livez", *fields: bytes, method: bytes = b"GET") -> bytes:
    return lines(b"%b %b HTTP/1.1" % (method, target), HOST, *fields)


def document(title: str) -> bytes:
    return b'{"title":"%b"}' % title.encode()


def post(body: bytes, *framing: bytes, version: bytes = b"HTTP/1.1") -> bytes:
    """A request for a new post, framed as said."""
    return lines(b"POST /api/posts " + version, HOST, JSON, BEARER, *framing, body=body)


def length(body: bytes, more: int = 0) -> bytes:
    return b"Content-Length: %d" % (len(body) + more)


def chunks(*parts: bytes) -> bytes:
    return b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


def cases() -> Iterator[Case]:
    """All of them, by group."""
    for make in (
        *(request_lines, targets, methods, fields, hosts, credentials),
        *(lengths, chunked, both_framings, cut_short, expectations),
        *(pipelines, after_refusals, smuggling, heads, no_requests, uploads, gunicorn_s),
    ):
        yield from make()


def request_lines() -> Iterator[Case]:
    group = "Request lines"
    for name, what, data in (
        ("plain", "a plain GET", LIVEZ),
        ("http-0.9", "HTTP/0.9: a line without a version", b"GET /livez\r\n"),
        ("http-0.9-blank-line", "HTTP/0.9 with a blank line", b"GET /livez\r\n\r\n"),
        ("http-1.0", "HTTP/1.0", b"GET /livez HTTP/1.0\r\nHost: localhost\r\n\r\n"),
        ("http-1.0-no-host", "HTTP/1.0 without Host", b"GET /livez HTTP/1.0\r\n\r\n"),
        ("http-1.2", "HTTP/1.2", b"GET /livez HTTP/1.2\r\nHost: localhost\r\n\r\n"),
        ("http-1.10", "HTTP/1.10", b"GET /livez HTTP/1.10\r\nHost: localhost\r\n\r\n"),
        ("http-2.0", "HTTP/2.0 in a request line", b"GET /livez HTTP/2.0\r\nHost: localhost\r\n\r\n"),
        ("http-2-preface", "the preface of HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
        ("http-lower-case", "http/1.1 in lower case", b"GET /livez http/1.1\r\nHost: localhost\r\n\r\n"),
        ("version-with-letters", "HTTP/1.1x", b"GET /livez HTTP/1.1x\r\nHost: localhost\r\n\r\n"),
        ("version-alone", "a blank inside the version", b"GET /livez HTTP /1.1\r\nHost: localhost\r\n\r\n"),
        ("two-blanks", "two blanks before the version", b"GET /livez  HTTP/1.1\r\nHost: localhost\r\n\r\n"),
        ("two-blanks-first", "two blanks before the target", b"GET  /livez HTTP/1.1\r\nHost: localhost\r\n\r\n"),
        ("tabs", "tabs for blanks", b"GET\t/livez\tHTTP/1.1\r\nHost: localhost\r\n\r\n"),
        ("trailing-blank", "a blank after the version", b"GET /livez HTTP/1.1 \r\nHost: localhost\r\n\r\n"),
        ("leading-blank", "a blank before the method", b" GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n"),
        ("leading-crlf", "a blank line first", CRLF + LIVEZ),
        ("leading-crlf-twice", "two blank lines first", CRLF * 2 + LIVEZ),
        ("leading-lf", "a bare LF first", b"\n" + LIVEZ),
        ("bare-lf", "lines that end with LF alone", LIVEZ.replace(CRLF, b"\n")),
        ("bare-lf-request-line", "a request line that ends with LF alone", LIVEZ.replace(CRLF, b"\n", 1)),
        ("bare-cr", "lines that end with CR alone", LIVEZ.replace(CRLF, b"\r")),
        ("cr-in-request-line", "CR inside the request line", b"GET /livez\r HTTP/1.1\r\nHost: localhost\r\n\r\n"),
        ("no-target", "no target", b"GET HTTP/1.1\r\nHost: localhost\r\n\r\n"),
        ("no-fields", "HTTP/1.1 without any field", b"GET /livez HTTP/1.1\r\n\r\n"),
    ):  # fmt: skip
        yield Case(name, group, what, (data,))


def targets() -> Iterator[Case]:
    group = "Targets"
    for name, what, target in (
        ("absolute", "absolute form", b"http://localhost/livez"),
        ("absolute-upper-case", "absolute form, scheme in capitals", b"HTTP://localhost/livez"),
        ("absolute-other-host", "absolute form of another host than Host", b"http://other.example/livez"),
        ("absolute-https", "absolute form of https", b"https://localhost/livez"),
        ("absolute-ftp", "absolute form of another scheme", b"ftp://localhost/livez"),
        ("absolute-userinfo", "absolute form with a user", b"http://a:b@localhost/livez"),
        ("absolute-ipv6", "absolute form of an IPv6 address", b"http://[::1]/livez"),
        ("absolute-no-path", "absolute form without a path", b"http://localhost"),
        ("absolute-no-host", "absolute form without a host", b"http:///livez"),
        ("asterisk", "* with GET", b"*"),
        ("authority", "authority form with GET", b"localhost:80"),
        ("relative", "no slash first", b"livez"),
        ("fragment", "a fragment", b"/livez#x"),
        ("backslash", "a backslash", b"/api\\posts"),
        ("double-slash", "two slashes first", b"//livez"),
        ("double-slash-host", "two slashes and a host", b"//localhost/livez"),
        ("dot-segments", "dot segments", b"/api/../livez"),
        ("escaped-letter", "an escaped letter", b"/%6Civez"),
        ("escaped-slash", "an escaped slash", b"/api%2Fposts"),
        ("escaped-nul", "an escaped NUL", b"/livez%00"),
        ("escaped-latin-1", "an escape that is not UTF-8", b"/api/users/%ff"),
        ("broken-escape", "a broken escape in the path", b"/livez%zz"),
        ("broken-escape-query", "a broken escape in the query", b"/livez?%zz"),
        ("raw-utf-8", "raw UTF-8 in the path", "/api/users/é".encode()),
        ("raw-latin-1", "raw Latin-1 in the path", b"/api/users/\xe9"),
        ("raw-utf-8-query", "raw UTF-8 in the query", "/livez?é".encode()),
        ("raw-angle", "a raw < in the path", b"/api/users/<"),
        ("raw-angle-query", "a raw < in the query", b"/livez?<"),
        ("raw-quote", 'a raw " in the path', b'/api/users/"'),
        ("raw-brace", "a raw { in the path", b"/api/users/{"),
        ("raw-pipe-query", "a raw | in the query", b"/livez?|"),
        ("raw-nul", "a NUL in the path", b"/livez\0"),
        ("raw-control", "a control character in the path", b"/livez\x01"),
        ("raw-delete", "DEL in the path", b"/livez\x7f"),
        ("empty-query", "an empty query", b"/livez?"),
        ("query-only", "a query without a path", b"?x"),
        ("target-2700", "a target of 2,700 bytes", b"/livez?" + b"x" * 2693),
        ("target-2701", "a target of 2,701 bytes", b"/livez?" + b"x" * 2694),
        ("target-8000", "a target of 8,000 bytes", b"/livez?" + b"x" * 7993),
        ("target-9000", "a target of 9,000 bytes", b"/livez?" + b"x" * 8993),
        ("target-70000", "a target of 70,000 bytes", b"/livez?" + b"x" * 69993),
    ):  # fmt: skip
        yield Case(f"target-{name.removeprefix('target-')}", group, what, (get(target),))


def methods() -> Iterator[Case]:
    group = "Methods"
    for name, what, method in (
        ("lower-case", "get in lower case", b"get"),
        ("mixed-case", "Get", b"Get"),
        ("unknown", "an unknown method", b"FOO"),
        ("webdav", "PROPFIND", b"PROPFIND"),
        ("trace", "TRACE", b"TRACE"),
        ("patch", "PATCH where there is none", b"PATCH"),
        ("delete", "DELETE where there is none", b"DELETE"),
        ("with-at", "@ in a method", b"G@T"),
        ("with-punctuation", "punctuation in a method", b"GE!T"),
        ("with-digit", "a digit in a method", b"GET1"),
        ("non-ascii", "a method outside ASCII", "GÉT".encode()),
        ("long", "a method of 200 letters", b"G" * 200),
        ("one-letter", "a method of one letter", b"G"),
        ("source", "SOURCE, which an old parser knew", b"SOURCE"),
    ):
        yield Case(f"method-{name}", group, what, (get(method=method),))
    for name, what, data in (
        ("connect", "CONNECT to an authority", b"CONNECT localhost:443 HTTP/1.1\r\nHost: localhost\r\n\r\n"),
        ("connect-path", "CONNECT to a path", b"CONNECT /livez HTTP/1.1\r\nHost: localhost\r\n\r\n"),
        ("options-asterisk", "OPTIONS *", b"OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n"),
        ("options", "OPTIONS on a path", b"OPTIONS /livez HTTP/1.1\r\nHost: localhost\r\n\r\n"),
        ("empty", "no method", b" /livez HTTP/1.1\r\nHost: localhost\r\n\r\n"),
    ):  # fmt: skip
        yield Case(f"method-{name}", group, what, (data,))


def fields() -> Iterator[Case]:
    group = "Fields"
    for name, what, sent in (
        ("obs-fold", "a folded value", (b"X-A: a", b" b")),
        ("obs-fold-tab", "a value folded with a tab", (b"X-A: a", b"\tb")),
        ("blank-before-colon", "a blank before the colon", (b"X-A : a",)),
        ("tab-before-colon", "a tab before the colon", (b"X-A\t: a",)),
        ("no-colon", "no colon", (b"X-A",)),
        ("no-name", "no name", (b": a",)),
        ("blank-in-name", "a blank in a name", (b"X A: a",)),
        ("underscore", "an underscore in a name", (b"X_A: a",)),
        ("underscore-host", "Content_Length beside none", (b"Content_Length: 5",)),
        ("odd-name", "punctuation in a name", (b"!#$%&'*+-.^`|~: a",)),
        ("brackets-in-name", "brackets in a name", (b"X[a]: a",)),
        ("name-non-ascii", "a name outside ASCII", ("X-É: a".encode(),)),
        ("name-long", "a name of 300 letters", (b"X" * 300 + b": a",)),
        ("value-empty", "an empty value", (b"X-A:",)),
        ("value-no-blank", "no blank after the colon", (b"X-A:a",)),
        ("value-blanks", "blanks around a value", (b"X-Request-ID: \t the-same \t ",)),
        ("value-tab", "a tab in a value", (b"X-A: a\tb",)),
        ("value-nul", "NUL in a value", (b"X-A: a\0b",)),
        ("value-control", "a control character in a value", (b"X-A: a\x01b",)),
        ("value-delete", "DEL in a value", (b"X-A: a\x7fb",)),
        ("value-escape", "ESC in a value", (b"X-A: \x1b[31m",)),
        ("value-cr", "CR in a value", (b"X-A: a\rb",)),
        ("value-lf", "LF in a value", (b"X-A: a\nX-B: b",)),
        ("value-latin-1", "Latin-1 in a value", (b"X-A: \xe9",)),
        ("value-utf-8", "UTF-8 in a value", ("X-A: é".encode(),)),
        ("request-id-utf-8", "UTF-8 in X-Request-ID", ("X-Request-ID: é".encode(),)),
        ("authorization-utf-8", "UTF-8 in Authorization", ("Authorization: Bearer é".encode(),)),
        ("twice-once-utf-8", "a field twice, once outside ASCII", (b"X-A: a", "X-A: é".encode())),
        ("many-80", "80 fields", tuple(b"X-%d: a" % n for n in range(79))),
        ("many-91", "91 fields", tuple(b"X-%d: a" % n for n in range(90))),
        ("many-101", "101 fields", tuple(b"X-%d: a" % n for n in range(100))),
        ("many-300", "300 fields", tuple(b"X-%d: a" % n for n in range(299))),
        ("same-91", "one field 91 times", (b"X-A: a",) * 91),
        ("long-7900", "a field of 7,900 bytes", (b"X-A: " + b"x" * 7895,)),
        ("long-8100", "a field of 8,100 bytes", (b"X-A: " + b"x" * 8095,)),
        ("long-9000", "a field of 9,000 bytes", (b"X-A: " + b"x" * 8995,)),
        ("long-40000", "fields of 40,000 bytes", tuple(b"X-%d: " % n + b"x" * 5000 for n in range(8))),
        ("long-70000", "a field of 70,000 bytes", (b"X-A: " + b"x" * 69995,)),
        ("forwarded", "X-Forwarded-Proto and -For", (b"X-Forwarded-Proto: https", b"X-Forwarded-For: 1.2.3.4")),
        ("script-name", "SCRIPT_NAME", (b"SCRIPT_NAME: /api", b"Script-Name: /api")),
        ("path-info", "PATH_INFO", (b"PATH_INFO: /api/me", b"Path-Info: /api/me")),
        ("forwarded-conflict", "two schemes forwarded", (b"X-Forwarded-Proto: https", b"X-Forwarded-Ssl: off")),
        ("proxy", "Proxy", (b"Proxy: http://other.example",)),
        ("upgrade-h2c", "an upgrade to h2c", (b"Connection: Upgrade, HTTP2-Settings", b"Upgrade: h2c", b"HTTP2-Settings: AAMAAABkAAQAAP__")),
        ("upgrade-websocket", "an upgrade to WebSocket", (b"Connection: Upgrade", b"Upgrade: websocket", b"Sec-WebSocket-Version: 13", b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==")),
        ("connection-names-host", "Connection naming a field", (b"Connection: close, X-A", b"X-A: a")),
        ("te", "TE: trailers", (b"TE: trailers",)),
        ("range", "Range", (b"Range: bytes=0-1",)),
        ("content-type-twice", "Content-Type twice", (b"Content-Type: a/b", b"Content-Type: c/d")),
        ("if-none-match-twice", "If-None-Match twice", (b'If-None-Match: "a"', b'If-None-Match: "b"')),
    ):  # fmt: skip
        yield Case(f"field-{name}", group, what, (get(b"/livez", *sent),))
    first = b"GET /livez HTTP/1.1\r\n Host: localhost\r\n\r\n"
    yield Case("field-first-folded", group, "a blank before the first field", (first,))
    proxied = b"PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\n" + LIVEZ
    yield Case("field-proxy-protocol", group, "a line of the PROXY protocol first", (proxied,))


def hosts() -> Iterator[Case]:
    group = "Hosts"
    for name, what, sent in (
        ("none", "no Host", ()),
        ("empty", "an empty Host", (b"Host:",)),
        ("twice", "Host twice, equal", (HOST, HOST)),
        ("two", "two different Hosts", (HOST, b"Host: other.example")),
        ("two-reversed", "two different Hosts, the good one last", (b"Host: other.example", HOST)),
        ("other", "another host", (b"Host: other.example",)),
        ("port", "a port", (b"Host: localhost:8000",)),
        ("port-empty", "an empty port", (b"Host: localhost:",)),
        ("port-large", "a port of 99999", (b"Host: localhost:99999",)),
        ("port-long", "a port of six digits", (b"Host: localhost:123456",)),
        ("port-letters", "a port of letters", (b"Host: localhost:http",)),
        ("userinfo", "a user", (b"Host: a:b@localhost",)),
        ("ipv4", "an IPv4 address", (b"Host: 127.0.0.1",)),
        ("ipv6", "an IPv6 address", (b"Host: [::1]",)),
        ("ipv6-port", "an IPv6 address with a port", (b"Host: [::1]:80",)),
        ("ipv6-bare", "an IPv6 address without brackets", (b"Host: ::1",)),
        ("ipv6-broken", "a broken IPv6 address", (b"Host: [::1",)),
        ("non-ascii", "a host outside ASCII", ("Host: löcalhost".encode(),)),
        ("capitals", "a host in capitals", (b"Host: LOCALHOST",)),
        ("trailing-dot", "a dot after the host", (b"Host: localhost.",)),
        ("path", "a path in Host", (b"Host: localhost/a",)),
        ("list", "a list of hosts", (b"Host: localhost, other.example",)),
        ("blank", "a blank in Host", (b"Host: local host",)),
        ("underscore", "an underscore in Host", (b"Host: local_host",)),
        ("forwarded", "X-Forwarded-Host beside a bad Host", (b"Host: other.example", b"X-Forwarded-Host: localhost")),
    ):  # fmt: skip
        yield Case(f"host-{name}", group, what, (lines(b"GET /livez HTTP/1.1", *sent),))


def credentials() -> Iterator[Case]:
    group = "Credentials"
    bob = b"Authorization: Bearer " + token_of("bob").encode()
    for name, what, sent in (
        ("one", "one token", (BEARER,)),
        ("equal", "the same token twice", (BEARER, BEARER)),
        ("two", "two tokens", (BEARER, bob)),
        ("comma", "two tokens in one field", (BEARER + b", " + bob[len(b"Authorization: ") :],)),
        ("lower-case", "the name in lower case", (BEARER.replace(b"Authorization", b"authorization"),)),
        ("two-cases", "two tokens, two spellings of the name", (BEARER, bob.replace(b"Authorization", b"AUTHORIZATION"))),
        ("folded", "a token on a folded line", (b"Authorization:", BEARER[len(b"Authorization:") :])),
        ("underscore", "a token in a field with an underscore at its end", (BEARER.replace(b":", b"_:", 1),)),
        ("http-prefix", "a token in HTTP_AUTHORIZATION", (b"HTTP_" + BEARER.replace(b"Authorization", b"AUTHORIZATION"),)),
        ("empty-and-one", "an empty field and a token", (b"Authorization:", BEARER)),
        ("two-session-cookies", "two session cookies", (b"Cookie: session=1; session=2",)),
        ("two-cookie-fields", "two Cookie fields, a session in each", (b"Cookie: session=1", b"Cookie: session=2")),
        ("two-kinds-of-cookie", "both names of the session cookie", (b"Cookie: session=1; __Host-session=2",)),
        ("cookie-and-token", "a session cookie and a token", (b"Cookie: session=1", BEARER)),
        ("cookie-utf-8", "a cookie outside ASCII", (BEARER, "Cookie: session=é".encode())),
    ):  # fmt: skip
        yield Case(f"credentials-{name}", group, what, (get(b"/api/me", *sent),))


def lengths() -> Iterator[Case]:
    group = "Lengths of a body"
    for name, what, values in (
        ("right", "a right length", ("{}",)),
        ("zeros", "zeros before the length", ("000{}",)),
        ("plus", "a plus sign", ("+{}",)),
        ("minus", "a negative length", ("-{}",)),
        ("hex", "a length in hexadecimal", ("0x{:x}",)),
        ("letters", "letters after the length", ("{}a",)),
        ("fraction", "a fraction", ("{}.0",)),
        ("blank-inside", "a blank inside the length", ("{} 1",)),
        ("underscore", "an underscore inside the length", ("{}_0",)),
        ("empty", "an empty length", ("",)),
        ("word", "a length in letters", ("ten",)),
        ("non-ascii", "digits outside ASCII", ("\u0663\u0664",)),
        ("list-equal", "a list of equal lengths", ("{0}, {0}",)),
        ("list-different", "a list of different lengths", ("{}, 5",)),
        ("twice-equal", "the length twice, equal", ("{}", "{}")),
        ("twice-different", "two different lengths", ("{}", "5")),
        ("twice-different-reversed", "two different lengths, the right one last", ("5", "{}")),
        ("huge", "a length of 20 digits", ("9" * 20,)),
        ("64-bits", "a length over 64 bits", (str(2**64 + 5),)),
        ("2-gib", "a length of 2 GiB", (str(2**31),)),
        ("over-limit", "a length over the limit", ("1048577",)),
    ):
        body = document(f"length-{name}")
        framing = [b"Content-Length: " + value.format(len(body)).encode() for value in values]
        yield Case(f"length-{name}", group, what, (post(body, *framing),))
    body = document("length-none")
    yield Case("length-none", group, "a body without a length", (post(body),))
    body = document("length-zero")
    yield Case(
        "length-zero", group, "a length of 0 before a body", (post(body, b"Content-Length: 0"),)
    )
    body = document("length-underscore-name")
    framing = [b"Content_Length: %d" % len(body)]
    yield Case("length-underscore-name", group, "Content_Length", (post(body, *framing),))
    body = document("length-blank-before-colon")
    framing = [b"Content-Length : %d" % len(body)]
    yield Case(
        "length-blank-before-colon", group, "a blank before its colon", (post(body, *framing),)
    )
    body = document("length-http-1.0")
    sent = post(body, length(body), version=b"HTTP/1.0")
    yield Case("length-http-1.0", group, "a body in HTTP/1.0", (sent,))
    body = document("length-http-1.0-none")
    sent = post(body, version=b"HTTP/1.0")
    what = "a body in HTTP/1.0 that ends with the connection"
    yield Case("length-http-1.0-none", group, what, (sent, Step.HALF_CLOSE))
    for name, what, sent in (
        ("get", "GET with a body", get(b"/livez", b"Content-Length: 5") + b"hello"),
        ("get-json", "GET with a JSON body", get(b"/api/posts/1", JSON, b"Content-Length: 2") + b"{}"),
        ("delete", "DELETE with a body", get(b"/livez", b"Content-Length: 5", method=b"DELETE") + b"hello"),
        ("options", "OPTIONS with a body", get(b"/livez", b"Content-Length: 5", method=b"OPTIONS") + b"hello"),
        ("post-nothing", "POST without body or length", get(b"/api/posts", JSON, BEARER, method=b"POST")),
    ):  # fmt: skip
        yield Case(f"length-{name}", group, what, (sent,))


def chunked() -> Iterator[Case]:
    group = "Chunked bodies"
    builders: tuple[tuple[str, str, Callable[[bytes], bytes]], ...] = (
        ("one", "one chunk", chunks),
        ("many", "a chunk for each byte", lambda b: chunks(*(b[n : n + 1] for n in range(len(b))))),
        ("upper-case", "a size in capitals", lambda b: b"%X\r\n%b\r\n0\r\n\r\n" % (len(b), b)),
        ("zeros", "zeros before a size", lambda b: b"000%x\r\n%b\r\n000\r\n\r\n" % (len(b), b)),
        ("zeros-many", "30 zeros before a size", lambda b: b"0" * 30 + b"%x\r\n%b\r\n0\r\n\r\n" % (len(b), b)),
        ("extension", "an extension", lambda b: b"%x;a=b\r\n%b\r\n0;c\r\n\r\n" % (len(b), b)),
        ("extension-quoted", "a quoted extension", lambda b: b'%x;a="b;\\"c"\r\n%b\r\n0\r\n\r\n' % (len(b), b)),
        ("extension-long", "an extension of 20,000 bytes", lambda b: b"%x;%b\r\n%b\r\n0\r\n\r\n" % (len(b), b"a" * 20000, b)),
        ("extension-lf", "LF in an extension", lambda b: b"%x;a\nb\r\n%b\r\n0\r\n\r\n" % (len(b), b)),
        ("extension-cr", "CR in an extension", lambda b: b"%x;a\rb\r\n%b\r\n0\r\n\r\n" % (len(b), b)),
        ("trailer", "a trailer", lambda b: b"%x\r\n%b\r\n0\r\nX-A: a\r\n\r\n" % (len(b), b)),
        ("trailer-authorization", "Authorization in a trailer", lambda b: b"%x\r\n%b\r\n0\r\nAuthorization: Bearer x\r\n\r\n" % (len(b), b)),
        ("trailer-length", "Content-Length in a trailer", lambda b: b"%x\r\n%b\r\n0\r\nContent-Length: 5\r\n\r\n" % (len(b), b)),
        ("trailer-bad", "a trailer without a colon", lambda b: b"%x\r\n%b\r\n0\r\nnonsense\r\n\r\n" % (len(b), b)),
        ("trailer-long", "trailers of 20,000 bytes", lambda b: b"%x\r\n%b\r\n0\r\nX-A: %b\r\n\r\n" % (len(b), b, b"a" * 20000)),
        ("size-plus", "a plus sign before a size", lambda b: b"+%x\r\n%b\r\n0\r\n\r\n" % (len(b), b)),
        ("size-minus", "a negative size", lambda b: b"-%x\r\n%b\r\n0\r\n\r\n" % (len(b), b)),
        ("size-0x", "0x before a size", lambda b: b"0x%x\r\n%b\r\n0\r\n\r\n" % (len(b), b)),
        ("size-empty", "no size", lambda b: b"\r\n%b\r\n0\r\n\r\n" % b),
        ("size-word", "a size that is none", lambda b: b"zz\r\n%b\r\n0\r\n\r\n" % b),
        ("size-blank-first", "a blank before a size", lambda b: b" %x\r\n%b\r\n0\r\n\r\n" % (len(b), b)),
        ("size-blank-last", "a blank after a size", lambda b: b"%x \r\n%b\r\n0\r\n\r\n" % (len(b), b)),
        ("size-underscore", "an underscore in a size", lambda b: b"0_%x\r\n%b\r\n0\r\n\r\n" % (len(b), b)),
        ("size-huge", "a size over 64 bits", lambda b: b"1%016x\r\n%b\r\n0\r\n\r\n" % (len(b), b)),
        ("size-31-bits", "a size of 2 GiB", lambda b: b"80000000\r\n%b\r\n0\r\n\r\n" % b),
        ("too-small", "a size smaller than its chunk", lambda b: b"%x\r\n%b\r\n0\r\n\r\n" % (len(b) - 1, b)),
        ("too-large", "a size larger than its chunk", lambda b: b"%x\r\n%b\r\n0\r\n\r\n" % (len(b) + 1, b)),
        ("no-crlf", "no end of line after a chunk", lambda b: b"%x\r\n%b0\r\n\r\n" % (len(b), b)),
        ("lf", "chunk lines that end with LF alone", lambda b: b"%x\n%b\n0\n\n" % (len(b), b)),
        ("lf-size", "a size line that ends with LF alone", lambda b: b"%x\n%b\r\n0\r\n\r\n" % (len(b), b)),
        ("cr-size", "a size line that ends with CR alone", lambda b: b"%x\r%b\r\n0\r\n\r\n" % (len(b), b)),
        ("no-last-line", "no blank line after the last chunk", lambda b: b"%x\r\n%b\r\n0\r\n" % (len(b), b)),
        ("empty", "no bytes at all", lambda b: b"0\r\n\r\n"),
    )  # fmt: skip
    for name, what, build in builders:
        body = build(document(f"chunked-{name}"))
        yield Case(f"chunked-{name}", group, what, (post(body, CHUNKED),))
    for name, what, value in (
        ("coding-capitals", "Chunked in capitals", b"CHUNKED"),
        ("coding-blank", "a blank after chunked", b"chunked "),
        ("coding-tab", "a tab before chunked", b"\tchunked"),
        ("coding-vertical-tab", "a vertical tab before chunked", b"\x0bchunked"),
        ("coding-quoted", "chunked in quotes", b'"chunked"'),
        ("coding-unknown", "an unknown coding", b"xchunked"),
        ("coding-empty", "an empty coding", b""),
        ("coding-identity", "identity", b"identity"),
        ("coding-identity-chunked", "identity, chunked", b"identity, chunked"),
        ("coding-chunked-identity", "chunked, identity", b"chunked, identity"),
        ("coding-gzip-chunked", "gzip, chunked", b"gzip, chunked"),
        ("coding-chunked-gzip", "chunked, gzip", b"chunked, gzip"),
        ("coding-twice", "chunked, chunked", b"chunked, chunked"),
        ("coding-comma", "a comma before chunked", b", chunked"),
        ("coding-parameter", "a parameter of chunked", b"chunked;a=b"),
    ):
        body = chunks(document(f"chunked-{name}"))
        framing = [b"Transfer-Encoding:" + (b" " + value if value[:1] != b"\t" else value)]
        yield Case(f"chunked-{name}", group, what, (post(body, *framing),))
    for name, what, framing in (
        ("two-fields", "Transfer-Encoding twice", [CHUNKED, CHUNKED]),
        ("two-fields-identity", "identity, then chunked, in two fields", [b"Transfer-Encoding: identity", CHUNKED]),
        ("two-fields-unknown", "chunked, then an unknown coding, in two fields", [CHUNKED, b"Transfer-Encoding: cow"]),
        ("name-blank", "a blank before the colon", [b"Transfer-Encoding : chunked"]),
        ("name-underscore", "Transfer_Encoding", [b"Transfer_Encoding: chunked"]),
        ("name-folded", "chunked on a folded line", [b"Transfer-Encoding:", b" chunked"]),
    ):  # fmt: skip
        body = chunks(document(f"chunked-{name}"))
        yield Case(f"chunked-{name}", group, what, (post(body, *framing),))
    body = chunks(document("chunked-http-1.0"))
    sent = post(body, CHUNKED, version=b"HTTP/1.0")
    yield Case("chunked-http-1.0", group, "chunked in HTTP/1.0", (sent,))
    sent = get(b"/livez", CHUNKED) + chunks(b"hello")
    yield Case("chunked-get", group, "GET with a chunked body", (sent,))
    body = chunks(b"x" * 1_048_577)
    yield Case("chunked-over-limit", group, "a chunked body over the limit", (post(body, CHUNKED),))


def both_framings() -> Iterator[Case]:
    group = "A length and chunks"
    for name, what, order in (
        ("length-first", "the length first", 1),
        ("chunked-first", "the coding first", -1),
    ):
        body = chunks(document(f"both-{name}"))
        framing = [length(body), CHUNKED][::order]
        yield Case(f"both-{name}", group, f"{what}, right", (post(body, *framing),))
        body = chunks(document(f"both-{name}-short"))
        framing = [b"Content-Length: 5", CHUNKED][::order]
        yield Case(f"both-{name}-short", group, f"{what}, too short", (post(body, *framing),))
    body = document("both-not-chunked")
    framing = [length(body), CHUNKED]
    yield Case("both-not-chunked", group, "a body that is not chunked", (post(body, *framing),))
    body = document("both-unknown-coding")
    framing = [length(body), b"Transfer-Encoding: xchunked"]
    yield Case("both-unknown-coding", group, "an unknown coding", (post(body, *framing),))
    body = document("both-identity")
    framing = [length(body), b"Transfer-Encoding: identity"]
    yield Case("both-identity", group, "identity", (post(body, *framing),))
    body = document("both-underscore")
    framing = [length(body), b"Transfer_Encoding: chunked"]
    yield Case("both-underscore", group, "Transfer_Encoding", (post(body, *framing),))


_CUT: tuple[tuple[str, str, Callable[[bytes], bytes]], ...] = (
    ("length", "one byte less than the length", lambda b: post(b, length(b, 1))),
    ("length-much", "a thousand bytes less than the length", lambda b: post(b, length(b, 1000))),
    ("length-much-more", "300,000 bytes less than the length", lambda b: post(b, length(b, 300_000))),
    ("chunked", "no last chunk", lambda b: post(b"%x\r\n%b\r\n" % (len(b), b), CHUNKED)),
    ("chunked-no-end", "no end of line after the chunk", lambda b: post(b"%x\r\n%b" % (len(b), b), CHUNKED)),
    ("chunked-inside", "a chunk cut off", lambda b: post(b"%x\r\n%b" % (len(b) + 9, b), CHUNKED)),
    ("chunked-last", "the last chunk's line cut off", lambda b: post(b"%x\r\n%b\r\n0" % (len(b), b), CHUNKED)),
    ("chunked-second", "a second chunk cut off", lambda b: post(b"%x\r\n%b\r\n5\r\nhe" % (len(b), b), CHUNKED)),
    ("length-huge", "a length of 20 digits", lambda b: post(b, b"Content-Length: " + b"9" * 20)),
    ("expect", "one byte less, after Expect", lambda b: post(b, length(b, 1), b"Expect: 100-continue")),
    ("http-1.0", "one byte less, in HTTP/1.0", lambda b: post(b, length(b, 1), version=b"HTTP/1.0")),
)  # fmt: skip


def cut_short() -> Iterator[Case]:
    """What is sent reads as a whole JSON document, but more was announced."""
    group = "Cut short"
    endings: tuple[tuple[str, str, tuple[Step, ...]], ...] = (
        ("ended", "the client says that it is done", (Step.HALF_CLOSE,)),
        ("broken", "the client breaks off", (Step.RESET,)),
        ("broken-later", "the client breaks off after a pause", (Step.PAUSE, Step.RESET)),
    )
    for ending, how, steps in endings:
        for name, what, make in _CUT:
            title = f"cut-{name}-{ending}"
            data = make(document(title))
            yield Case(title, group, f"{what}; {how}", (data, *steps), cut=True)
        title = f"cut-in-parts-{ending}"
        body = document(title)
        head = post(b"", length(body, 1))
        sent: Steps = (head, Step.PAUSE, body[:5], Step.PAUSE, body[5:], *steps)
        yield Case(title, group, f"one byte less, in parts; {how}", sent, cut=True)
        change = b'{"title":"cut-change-%b"}' % ending.encode()
        head = lines(
            b"PATCH /api/posts/1 HTTP/1.1", *(HOST, JSON, BEARER, b"If-Match: *"), length(change, 1)
        )
        sent = (head + change, *steps)
        yield Case(f"cut-change-{ending}", group, f"a change; {how}", sent, cut=True)
        new = b'{"username":"cut","email":"cut@example.org","password":"nine lives, no boots"}'
        head = lines(b"POST /api/users HTTP/1.1", HOST, JSON, length(new, 1))
        yield Case(f"cut-user-{ending}", group, f"a sign-up; {how}", (head + new, *steps), cut=True)
        head = post(b"", length(body))[:-2]
        yield Case(f"cut-head-{ending}", group, f"inside the head; {how}", (head, *steps), cut=True)
    body = document("cut-not-heard")
    sent = (post(body, length(body)), Step.RESET)
    what = "a whole request, but the client does not wait for the answer"
    yield Case("cut-not-heard", group, what, sent, unheard=True)


def expectations() -> Iterator[Case]:
    group = "Expectations"
    for name, what, value in (
        ("good", "100-continue", b"100-continue"),
        ("capitals", "100-Continue", b"100-Continue"),
        ("other", "another expectation", b"200-ok"),
        ("list", "100-continue and another", b"100-continue, 200-ok"),
        ("parameter", "100-continue with a parameter", b"100-continue; a=b"),
        ("empty", "an empty expectation", b""),
    ):
        body = document(f"expect-{name}")
        head = post(b"", length(body), b"Expect: " + value)
        yield Case(
            f"expect-{name}", group, f"{what}; the body after the answer", (head, Step.AWAIT, body)
        )
        body = document(f"expect-{name}-at-once")
        sent = post(body, length(body), b"Expect: " + value)
        yield Case(f"expect-{name}-at-once", group, f"{what}; the body at once", (sent,))
    body = document("expect-twice")
    head = post(b"", length(body), b"Expect: 100-continue", b"Expect: 100-continue")
    yield Case("expect-twice", group, "100-continue twice", (head, Step.AWAIT, body))
    body = document("expect-http-1.0")
    sent = post(body, length(body), b"Expect: 100-continue", version=b"HTTP/1.0")
    yield Case("expect-http-1.0", group, "100-continue in HTTP/1.0", (sent,))
    body = chunks(document("expect-chunked"))
    head = post(b"", CHUNKED, b"Expect: 100-continue")
    yield Case("expect-chunked", group, "100-continue, chunked", (head, Step.AWAIT, body))
    sent = get(b"/livez", b"Expect: 100-continue")
    yield Case("expect-get", group, "100-continue without a body", (sent,))
    head = get(b"/nowhere", JSON, b"Content-Length: 9", b"Expect: 100-continue", method=b"POST")
    yield Case("expect-refused", group, "100-continue, refused: no body follows", (head,))
    head = post(b"", b"Content-Length: 1048577", b"Expect: 100-continue")
    yield Case("expect-too-large", group, "100-continue for too large a body", (head,))


def pipelines() -> Iterator[Case]:
    group = "Several requests on one connection"
    body = document("pipeline-post-first")
    good = post(body, length(body))
    several: tuple[tuple[str, str, Steps, tuple[str, ...]], ...] = (
        ("two", "two at once", (LIVEZ * 2,), ()),
        ("ten", "ten at once", (LIVEZ * 10,), ()),
        ("in-turn", "one after the other's answer", (LIVEZ, Step.AWAIT, LIVEZ), ()),
        ("crlf-between", "a blank line between", (LIVEZ + CRLF + LIVEZ,), ()),
        ("head-first", "HEAD, then GET", (get(method=b"HEAD") + LIVEZ,), ("HEAD", "GET")),
        ("post-first", "a new post, then GET", (good + LIVEZ,), ()),
        ("options-first", "OPTIONS (204), then GET", (get(method=b"OPTIONS") + LIVEZ,), ()),
        ("not-modified-first", "a 304, then GET", (get(b"/api/posts/1", b'If-None-Match: "1"') + LIVEZ,), ()),
        ("close-first", "Connection: close, then GET", (get(b"/livez", b"Connection: close") + LIVEZ,), ()),
        ("close-capitals", "Connection: CLOSE, then GET", (get(b"/livez", b"Connection: CLOSE") + LIVEZ,), ()),
        ("close-in-list", "Connection: x, close, then GET", (get(b"/livez", b"Connection: x, close") + LIVEZ,), ()),
        ("http-1.0-first", "HTTP/1.0, then GET", (LIVEZ.replace(b"1.1", b"1.0") + LIVEZ,), ()),
        ("http-1.0-in-turn", "HTTP/1.0, then GET after its answer", (LIVEZ.replace(b"1.1", b"1.0"), Step.AWAIT, LIVEZ), ()),
        ("http-1.0-keep-alive", "HTTP/1.0 with keep-alive, then GET", (lines(b"GET /livez HTTP/1.0", HOST, b"Connection: keep-alive") + LIVEZ,), ()),
        ("garbage-second", "a GET, then no HTTP", (LIVEZ + b"nonsense\r\n\r\n",), ()),
        ("cut-second", "a GET, then a request cut off", (LIVEZ + LIVEZ[:-2], Step.PAUSE), ()),
        ("slow", "byte for byte", (*(LIVEZ[n : n + 1] for n in range(6)), Step.PAUSE, LIVEZ[6:]), ()),
    )  # fmt: skip
    for name, what, sent, read in several:
        yield Case(f"pipeline-{name}", group, what, sent, read)


def after_refusals() -> Iterator[Case]:
    """A refusal must not leave its body behind as the next request."""
    group = "A request after one that is refused"
    inner = b"GET /api/me HTTP/1.1\r\nHost: localhost\r\n\r\n"
    size = length(inner)
    for name, what, first in (
        ("404", "404", get(b"/nowhere", size, method=b"POST")),
        ("405", "405", get(b"/livez", size, method=b"POST")),
        ("501", "501", get(b"/livez", size, method=b"PURGE")),
        ("400-host", "400 for the host", lines(b"POST /api/posts HTTP/1.1", b"Host: other.example", size)),
        ("400-query", "400 for the query", get(b"/livez?%zz", size, method=b"POST")),
        ("400-json", "400 for the JSON", post(b"", size)),
        ("401", "401", get(b"/api/posts", JSON, size, method=b"POST")),
        ("414", "414", get(b"/livez?" + b"x" * 3000, size, method=b"POST")),
        ("415", "415", get(b"/api/posts", BEARER, size, method=b"POST")),
        ("417", "417", post(b"", size, b"Expect: the-unexpected")),
        ("431", "431", get(b"/livez", size, b"X-A: " + b"x" * 8010, method=b"POST")),
        ("get", "a GET with a body", get(b"/livez", size)),
        ("delete", "a DELETE with a body", get(b"/livez", size, method=b"DELETE")),
        ("options", "an OPTIONS with a body", get(b"/livez", size, method=b"OPTIONS")),
        ("304", "a 304 with a body", get(b"/api/posts/1", size, b'If-None-Match: "1"')),
    ):  # fmt: skip
        yield Case(f"after-{name}", group, what, (first + inner + LIVEZ,))
    large = b"x" * 1_048_577
    first = post(large, length(large))
    yield Case("after-413", group, "413, the body sent", (first, LIVEZ))
    first = get(b"/nowhere", length(large), method=b"POST") + large
    yield Case("after-404-large", group, "404 with a large body", (first, LIVEZ))
    chunked_inner = chunks(inner)
    for name, what, first in (
        ("404", "404, chunked", get(b"/nowhere", CHUNKED, method=b"POST")),
        ("400-json", "400 for the JSON, chunked", post(b"", CHUNKED)),
        ("get", "a GET with a chunked body", get(b"/livez", CHUNKED)),
    ):
        yield Case(f"after-{name}-chunked", group, what, (first + chunked_inner + LIVEZ,))


def smuggling() -> Iterator[Case]:
    """A second request hidden where one reader sees a body and another sees none."""
    group = "Smuggling"
    hidden = b"GET /api/me HTTP/1.1\r\nHost: localhost\r\n\r\n"
    te_hidden = b"0\r\n\r\n" + hidden
    for name, what, framing, body in (
        ("cl-te", "behind a length that covers it, and chunks that do not", [length(te_hidden), CHUNKED], te_hidden),
        ("te-cl", "behind chunks that cover it, and a length that does not", [b"Content-Length: 4", CHUNKED], chunks(hidden)),
        ("te-te-unknown", "behind chunked and a coding that hides it", [length(te_hidden), CHUNKED, b"Transfer-Encoding: x"], te_hidden),
        ("te-vertical-tab", "behind a coding with a vertical tab", [length(te_hidden), b"Transfer-Encoding: \x0bchunked"], te_hidden),
        ("te-blank-colon", "behind a coding with a blank before its colon", [length(te_hidden), b"Transfer-Encoding : chunked"], te_hidden),
        ("te-underscore", "behind Transfer_Encoding", [length(te_hidden), b"Transfer_Encoding: chunked"], te_hidden),
        ("te-folded", "behind a folded coding", [length(te_hidden), b"Transfer-Encoding:", b" chunked"], te_hidden),
        ("te-lf", "behind a coding after a bare LF", [length(te_hidden), b"X: a\nTransfer-Encoding: chunked"], te_hidden),
        ("te-cr", "behind a coding after a bare CR", [length(te_hidden), b"X: a\rTransfer-Encoding: chunked"], te_hidden),
        ("cl-cl", "behind two lengths", [b"Content-Length: 0", length(hidden)], hidden),
        ("cl-plus", "behind a length with a plus sign", [b"Content-Length: +%d" % len(hidden)], hidden),
        ("cl-underscore", "behind Content_Length", [b"Content-Length: 0", b"Content_Length: %d" % len(hidden)], hidden),
        ("cl-nul", "behind a length with a NUL", [b"Content-Length: %d\0" % len(hidden)], hidden),
        ("chunk-extension-lf", "behind LF in a chunk extension", [CHUNKED], b"2;\nxx\r\n" + b"%x\r\n0\r\n\r\n" % len(hidden) + hidden + b"\r\n0\r\n\r\n"),
        ("chunk-size-overflow", "behind a size over 64 bits", [CHUNKED], b"10000000000000000\r\n\r\n0\r\n\r\n" + hidden),
        ("chunk-size-plus", "behind a size with a plus sign", [CHUNKED], b"+0\r\n\r\n" + hidden),
        ("chunk-no-crlf", "behind a chunk without an end of line", [CHUNKED], b"2\r\n{}0\r\n\r\n" + hidden),
        ("trailer", "in a trailer", [CHUNKED], b"0\r\n" + hidden),
    ):  # fmt: skip
        yield Case(f"smuggle-{name}", group, what, (post(body, *framing) + LIVEZ,))
    get_hidden = get(b"/livez", length(hidden)) + hidden
    yield Case("smuggle-get", group, "in the body of a GET", (get_hidden + LIVEZ,))
    sent = get(b"/livez", b"Connection: Content-Length", length(hidden)) + hidden
    yield Case("smuggle-hop", group, "behind Connection: Content-Length", (sent + LIVEZ,))
    sent = get(b"/livez HTTP/1.1\r\nX: ") + LIVEZ
    yield Case("smuggle-line", group, "a version twice in the request line", (sent,))


def heads() -> Iterator[Case]:
    group = "Answers without a body"
    for name, what, target in (
        ("200", "HEAD", b"/livez"),
        ("post", "HEAD of a post", b"/api/posts/1"),
        ("list", "HEAD of a list", b"/api/posts"),
        ("404", "HEAD of nothing", b"/nowhere"),
        ("401", "HEAD without credentials", b"/api/me"),
        ("400", "HEAD with a bad query", b"/livez?%zz"),
    ):
        first = get(target, method=b"HEAD")
        yield Case(f"head-{name}", group, f"{what}, then GET", (first + LIVEZ,), ("HEAD", "GET"))
    first = lines(b"HEAD /livez HTTP/1.0", HOST)
    yield Case("head-http-1.0", group, "HEAD in HTTP/1.0", (first,), ("HEAD",))
    first = get(b"/livez", b"Content-Length: 5", method=b"HEAD") + b"hello"
    yield Case("head-body", group, "HEAD with a body, then GET", (first + LIVEZ,), ("HEAD", "GET"))
    first = lines(b"DELETE /api/posts/6 HTTP/1.1", HOST, BEARER, b'If-Match: "99"')
    yield Case("head-412", group, "a 412, then GET", (first + LIVEZ,))


def no_requests() -> Iterator[Case]:
    group = "No request"
    for name, what, data in (
        ("nothing", "nothing", b""),
        ("crlf", "a blank line", CRLF),
        ("crlf-many", "a thousand blank lines", CRLF * 1000),
        ("tls", "a TLS handshake", bytes.fromhex("16030100f1010000ed0303") + bytes(range(240))),
        ("ssh", "an SSH greeting", b"SSH-2.0-OpenSSH_9.6\r\n"),
        ("smtp", "an SMTP greeting", b"EHLO localhost\r\n"),
        ("answer", "an HTTP answer", b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
        ("nul", "NULs", bytes(100)),
        ("bytes", "every byte", bytes(range(256))),
        ("long-word", "70,000 letters", b"A" * 70_000),
    ):
        yield Case(f"none-{name}", group, what, (data, Step.HALF_CLOSE), cut=True)


def uploads() -> Iterator[Case]:
    group = "Multipart bodies"
    for name, what, fields, body in BODIES:
        sent = lines(b"POST /api/posts HTTP/1.1", *(HOST, BEARER, fields, length(body)), body=body)
        yield Case(f"multipart-{name}", group, what, (sent + LIVEZ,))


def gunicorn_s() -> Iterator[Case]:
    group = "gunicorn's own requests"
    for name, data in gunicorn_requests():
        yield Case(f"gunicorn-{name}", group, name.replace("_", " "), (data,))
