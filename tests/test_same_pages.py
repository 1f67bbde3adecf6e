"""Every page, asked of the four targets over equal databases: the same bytes.

What is made up by design is masked: the hidden field `key`, instants of what was just done, a new
token, and the value of a session cookie.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from urllib.parse import urlencode

import pytest

from blog_core.http.front import METHODS
from blog_core.http.operations import PAGES
from http_parity.exchange import Answer, Request
from tests.seeds import IDS, NEVER, PASSWORD, SESSION, Askable, ask, token_of
from tests.test_same_answers import assert_same
from tests.workers import ORIGIN

FORM = ("Content-Type", "application/x-www-form-urlencoded")
COOKIE = ("Cookie", f"session={SESSION}")
ENDED = ("Cookie", "session=ended")

GENERATED = {
    r'(name="key" value=)"[A-Za-z0-9_-]{22}"': r'\1"(key)"',
    r'(<code class="token">)[A-Za-z0-9_-]{43,64}<': r"\1(token)<",
}
"""What is masked in every body; a form's own key is sent back and is not masked away."""

JUST_NOW = {
    r"2\d{3}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{6})?(Z|\+00:00))?": "(instant)",
    r"\d{1,2} [A-Z][a-z]+ 2\d{3}(, \d\d:\d\d UTC)?": "(moment)",
}
"""What is masked where something was done at the time of asking."""

EXAMPLES = {
    "{post_id}": str(IDS["published"]),
    "{username}": "ada",
    "{provider}": "example",
}

REFUSED = ("/openid", "/openid/example")
"""Pages that are 403 for whoever has not begun to sign in with a provider."""


@dataclass(frozen=True)
class Case:
    """A request for a page, and the status of its answer."""

    what: str
    status: int
    request: Request
    is_now: bool = False

    def __str__(self) -> str:
        request = self.request
        return f"{request.method}-{request.target[:40]}-{self.status}-{self.what}".replace(" ", "-")


def get(target: str, status: int, what: str = "", *headers: tuple[str, str]) -> Case:
    return Case(what, status, Request("GET", target, (("X-Request-ID", "x"), *headers)))


def post(
    target: str, status: int, what: str, fields: Mapping[str, str], *headers: tuple[str, str]
) -> Case:
    sent = (("X-Request-ID", "x"), FORM, *headers)
    return Case(what, status, Request("POST", target, sent, urlencode(fields).encode()))


def paths() -> dict[str, set[str]]:
    """An example of every path, and its methods."""
    found: dict[str, set[str]] = {}
    for operation in PAGES:
        path = operation.path
        for parameter, example in EXAMPLES.items():
            path = path.replace(parameter, example)
        found.setdefault(path, set()).add(operation.method)
    return found


def visits() -> Iterator[Case]:
    """Every page, seen by somebody signed in, by anybody, and by whoever was signed in once."""
    private = ("/write", "/edit", "/delete", "/drafts", "/settings")
    for path, methods in paths().items():
        if "GET" in methods:
            there = 403 if path in REFUSED else 200
            anybody = 303 if path.endswith(private) else there
            yield get(path, there, "signed in", COOKIE)
            yield get(path, anybody, "anybody")
            yield get(path, anybody, "signed out since", ENDED)
            bearer = ("Authorization", f"Bearer {token_of('ada')}")
            yield get(path, there, "token", bearer)
            yield get(f"{path}?unknown=1", anybody, "unknown")
            yield get(path, there, "other origin", COOKIE, ("Origin", "https://other.example"))
            yield get(path, there, "accept", COOKIE, ("Accept", "application/json"))
    for title in ("draft", "scheduled"):
        for suffix in ("", "/edit", "/delete"):
            yield get(f"/posts/{IDS[title]}{suffix}", 200, "own", COOKIE)
            there = 303 if suffix else 404
            yield get(f"/posts/{IDS[title]}{suffix}", there, "another's")
    for query in ("q=list", "q=+", "q=%3Cscript%3E", "q=%E6%97%A5", "q=nothing"):
        yield get(f"/?{query}", 200, "search")
    for done in ("profile", "password", "token", "session", "linked", "unlinked"):
        yield get(f"/settings?done={done}", 200, "done", COOKIE)
    for target in ("/write", "//evil.example", "/%22%3E", "/a?b=%41"):
        yield get(f"/login?{urlencode({'next': target})}", 200, "next")


def returns() -> Iterator[Case]:
    """Coming back from a provider as nobody does who went there."""
    for held in ((), (("Cookie", "openid=x"),), (("Cookie", "openid=x; openid=x"),)):
        for query in ("", "code=c", "code=c&state=s", "error=access_denied&state=s", "iss=i"):
            yield get(f"/openid/example?{query}", 403, f"{len(held)} {query}", *held)
        yield get("/openid", 403, "held", *held)
        for fields in ({}, {"username": "x", "email": "x@example.org"}, {"password": PASSWORD}):
            yield post("/openid", 403, f"{len(fields)}", fields, *held)
            yield post("/openid", 403, f"signed in {len(fields)}", fields, COOKIE, *held[1:])
    yield get("/openid/example?state=a&state=b", 422, "twice")
    yield get("/openid/nobody", 404, "unknown")
    yield post("/openid/nobody", 404, "unknown", {})
    for who in ((COOKIE,), ()):
        yield post("/openid/example", 503, "down", {"next": "/write"}, *who)
    for name in ("Example", "1", "x" * 21, "a_b"):
        yield get(f"/openid/{name}", 404, "out of form")


def absences() -> Iterator[Case]:
    """What is not there, cannot be read, or is not for this visitor."""
    bob = ("Authorization", f"Bearer {token_of('bob')}")
    for target in ("/nothing", "/posts", "/posts/0", "/posts/x", f"/posts/{NEVER}", "/write/"):
        yield get(target, 404)
        yield get(target, 404, "signed in", COOKIE)
    yield get("/users/nobody", 404)
    yield get("/static/nothing.css", 404)
    for suffix in ("/edit", "/delete"):
        yield get(f"/posts/{IDS['published']}{suffix}", 403, "another's", bob)
        yield get(f"/posts/{IDS['draft']}{suffix}", 404, "another's", bob)
        yield get(f"/posts/{NEVER}{suffix}", 404, "never", COOKIE)
    for query in ("cursor=x", "cursor=", "q=a&q=b", f"q={'x' * 201}"):
        yield get(f"/?{query}", 422, query[:20])
    yield get("/users/ada?cursor=x", 422)
    yield get("/drafts?cursor=x", 422, "", COOKIE)
    yield get("/drafts?cursor=x", 303, "anybody")
    yield get("/settings?done=it", 422, "", COOKIE)
    yield get("/login?next=a&next=b", 422)
    for query in ("q=%ff", "q=%zz", "q=<", "&".join(["x=1"] * 51)):
        yield get(f"/?{query}", 400, query[:20])
    yield get("/", 400, "two sessions", ("Cookie", "session=a; session=b"))
    yield get("/", 400, "unknown host", ("Host", "other.example"))
    for path, methods in paths().items():
        for method in sorted(METHODS - methods - {"OPTIONS"}):
            if not (method == "HEAD" and "GET" in methods):
                yield Case("", 405, Request(method, path, (("X-Request-ID", "x"),)))
        yield Case("", 501, Request("post", path, (("X-Request-ID", "x"),)))
        yield Case("", 204, Request("OPTIONS", path, (("X-Request-ID", "x"), ("Origin", ORIGIN))))


def refused_forms() -> Iterator[Case]:
    """Forms that change nothing."""
    targets = [path for path, methods in paths().items() if "POST" in methods]
    for target in targets:
        signed = (("X-Request-ID", "x"), COOKIE)
        for what, body in {
            "nul": b"a=%00",
            "not utf-8": b"a=%ff",
            "escape": b"a=%zz",
            "twice": b"a=1&a=2",
            "many": b"&".join(b"f%d=1" % n for n in range(51)),
        }.items():
            yield Case(what, 400, Request("POST", target, (*signed, FORM), body))
        for kind in ("application/json", "multipart/form-data; boundary=x", "text/plain"):
            typed = (*signed, ("Content-Type", kind))
            yield Case(kind, 415, Request("POST", target, typed, b"a=1"))
        large = (*signed, FORM, ("Content-Length", "1048577"))
        yield Case("large", 413, Request("POST", target, large))
        yield post(target, 403, "other site", {}, COOKIE, ("Sec-Fetch-Site", "cross-site"))
        yield post(target, 403, "other origin", {}, ("Origin", "https://other.example"))
    odd = {"title": "<b>\u2028", "content": "\n\r\nÉtudes & <i>", "pub_date": "soon", "key": "k"}
    for who in ((COOKIE,), ()):
        for target in ("/write", f"/posts/{IDS['draft']}/edit"):
            yield post(target, 422, "nothing", {}, *who)
            yield post(target, 422, "odd", odd, *who)
        preview = {**odd, "title": "Seen", "pub_date": "2001-02-03T04:05", "action": "preview"}
        yield post("/write", 200 if who else 403, "preview", preview, *who)
    for fields in (
        {},
        {"username": "a b", "email": "x", "password": "short", "key": "k"},
        {"username": "ADA", "email": "bob@example.org", "password": PASSWORD},
    ):
        yield post("/register", 422, f"{len(fields)}", fields)
    for name in ("", "ada", "nobody", '"<'):
        yield post("/login", 422, name, {"username": name, "password": "wrong", "next": "/write"})
    stale = {"version": "99", "title": "Mine", "content": "What I wrote", "key": "k"}
    for title in ("published", "scheduled"):
        yield post(f"/posts/{IDS[title]}/edit", 409, "stale", stale, COOKIE)
        for version in ("99", "", "x"):
            deletion = {"version": version}
            yield post(f"/posts/{IDS[title]}/delete", 409, version, deletion, COOKIE)
        yield post(f"/posts/{IDS[title]}/delete", 303, "anybody", {"version": "1"})
    for fields in (
        {},
        {"action": "unknown"},
        {"action": "profile", "username": "bob", "email": "ada@"},
        {"action": "profile", "username": "bob", "email": "ada@example.org"},
        {"action": "password", "current_password": "wrong", "new_password": "another password"},
        {"action": "password"},
        {"action": "token", "password": "wrong"},
        {"action": "token"},
        {"action": "delete-account", "username": "Ada"},
    ):
        yield post("/settings", 422, f"{len(fields)}", fields, COOKIE)
        yield post("/settings", 303, "anybody", fields)
    for action in ("end-token", "end-session"):
        for number in ("", "x", "2", f"{NEVER}"):
            ended = {"action": action, "id": number}
            yield post("/settings", 404, f"{action} {number}", ended, COOKIE)


def done_forms() -> Iterator[Case]:
    """Forms that do what they say, in order; what follows is about what they made."""
    grace = {"username": "Grace", "email": "grace@example.org", "password": PASSWORD, "key": "a"}
    yield post("/register", 303, "done", grace)
    yield post("/register", 303, "twice", grace)
    yield post("/register", 422, "key again", {**grace, "username": "other"})
    yield post("/login", 303, "done", {"username": "ada", "password": PASSWORD, "next": "/write"})
    for led in ("//evil.example", "https://evil.example", ""):
        yield post("/login", 303, led, {"username": "ada", "password": PASSWORD, "next": led})
    new = {"title": "New", "content": "Line\r\nline\rline", "key": "b", "pub_date": ""}
    yield post("/write", 303, "draft", new, COOKIE)
    yield post("/write", 303, "twice", new, COOKIE)
    yield post("/write", 422, "key again", {**new, "title": "Other"}, COOKIE)
    yield post("/write", 303, "publish", {**new, "key": "c", "action": "publish"}, COOKIE)
    scheduled = {**new, "key": "d", "pub_date": "2101-02-03 04:05:06"}
    yield post("/write", 303, "scheduled", scheduled, COOKIE)
    change = {**new, "version": "1", "title": "Changed"}
    yield post(f"/posts/{IDS['to change']}/edit", 303, "done", change, COOKIE)
    yield post(f"/posts/{IDS['to change']}/edit", 409, "now stale", change, COOKIE)
    publication = {**change, "action": "publish"}
    yield post(f"/posts/{IDS['to publish']}/edit", 303, "publish", publication, COOKIE)
    yield post(f"/posts/{IDS['to delete']}/delete", 303, "done", {"version": "1"}, COOKIE)
    yield post(f"/posts/{IDS['to delete']}/delete", 404, "again", {"version": "1"}, COOKIE)
    yield post("/settings", 200, "token", {"action": "token", "password": PASSWORD}, COOKIE)
    yield post("/settings", 303, "end token", {"action": "end-token", "id": "1"}, COOKIE)
    profile = {"action": "profile", "username": "Ada", "email": "ada@blog.example"}
    yield post("/settings", 303, "profile", profile, COOKIE)
    secrets = {"current_password": PASSWORD, "new_password": "eight wonders, one left"}
    yield post("/settings", 303, "password", {"action": "password", **secrets}, COOKIE)
    for path, methods in paths().items():
        if "GET" in methods:
            yield get(path, 403 if path in REFUSED else 200, "after", COOKIE)
    yield post("/logout", 303, "anybody", {})
    yield post("/logout", 303, "signed out since", {}, ENDED)
    yield post("/settings", 303, "end all", {"action": "end-all"}, COOKIE)
    yield post("/settings", 303, "ended", {"action": "end-all"}, COOKIE)
    yield post("/logout", 303, "ended", {}, COOKIE)


def heads(cases: list[Case]) -> Iterator[Case]:
    for case in cases:
        if case.request.method == "GET":
            yield replace(
                case, what=f"{case.what} head", request=replace(case.request, method="HEAD")
            )


UNCHANGING = [*visits(), *returns(), *absences(), *refused_forms()]
CASES = [
    *UNCHANGING,
    *heads(UNCHANGING),
    *(replace(case, is_now=True) for case in done_forms()),
]


def without_generated(answer: Answer, *, is_now: bool) -> Answer:
    """The answer with what it made up masked."""
    body = answer.body.decode()
    for pattern, masked in {**GENERATED, **(JUST_NOW if is_now else {})}.items():
        body = re.sub(pattern, masked, body)
    headers = [
        (name, re.sub(r"\Asession=[A-Za-z0-9_-]{43};", "session=(value);", value))
        if name.lower() == "set-cookie"
        else (name, "(tag)" if is_now and name.lower() == "etag" else value)
        for name, value in answer.headers
        # A masked moment is as long as its month.
        if not (is_now and name.lower() == "content-length")
    ]
    return replace(answer, headers=tuple(headers), body=body.encode())


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_four_show_the_same_page(page_blogs: Mapping[str, Askable], case: Case) -> None:
    answers = ask(page_blogs, case.request)
    masked = {
        name: without_generated(answer, is_now=case.is_now) for name, answer in answers.items()
    }
    assert_same(masked, case.status)


def test_older_and_newer_lead_through_the_same_pages(page_blogs: Mapping[str, Askable]) -> None:
    for start in ("/", "/?q=list", "/users/ada", "/drafts"):
        target, seen = start, 0
        while target:
            answers = ask(page_blogs, Request("GET", target, (("X-Request-ID", "x"),)))
            masked = {name: without_generated(one, is_now=True) for name, one in answers.items()}
            assert_same(masked, 303 if start == "/drafts" else 200)
            older = re.search(
                r'<a[^>]*rel="next"[^>]*>', next(iter(answers.values())).body.decode()
            )
            link = older and re.search(r'href="([^"]*)"', older[0])
            target, seen = (link[1].replace("&amp;", "&") if link else ""), seen + 1
        assert (seen > 1) is (start != "/drafts"), start
