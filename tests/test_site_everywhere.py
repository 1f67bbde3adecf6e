"""What is hostile to the site, the same on the four targets over equal databases.

Pages of other sites, caches between readers, and what people type.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

import feedparser  # type: ignore[import-untyped]
import html5lib
import pytest

from blog_contract.browser import Screen, assert_harmless
from blog_contract.test_caching import FILE, PRIVATE, PUBLIC, UNDER_WAY, VARIES
from blog_contract.test_markdown import ATTACKS
from blog_core.http import static
from blog_core.http.operations import OPERATIONS, PAGES
from http_parity.exchange import Answer, Headers, Request
from tests.corpora import naughty_strings
from tests.seeds import IDS, NEVER, Askable, ask, good, token_of
from tests.shared_cache import SharedCache
from tests.test_naughty_strings import is_title, trimmed
from tests.test_same_answers import assert_same
from tests.test_same_pages import COOKIE, post, without_generated
from tests.workers import TARGETS

pytestmark = pytest.mark.once

TOKEN = ("Authorization", f"Bearer {token_of('ada')}")
ID = ("X-Request-ID", "x")


@pytest.fixture(scope="module", autouse=True)
def awake(page_blogs: Mapping[str, Askable]) -> None:
    """One after the other: a loaded machine takes long to import four applications at once."""
    for blog in page_blogs.values():
        assert 200 == direct(blog)(Request("GET", "/")).status


def masked(answers: Mapping[str, Answer]) -> dict[str, Answer]:
    return {name: without_generated(answer, is_now=False) for name, answer in answers.items()}


# --- other sites' pages --------------------------------------------------------------------------

HERE, ELSEWHERE = "http://localhost", "https://elsewhere.example"
FETCHED = (None, "same-origin", "none", "same-site", "cross-site")
SAID: tuple[Headers, ...] = (
    (),
    (("Origin", HERE),),
    (("Origin", ELSEWHERE),),
    (("Origin", "null"),),
    (("Referer", f"{HERE}/write"),),
    (("Referer", f"{ELSEWHERE}/write"),),
    (("Origin", HERE), ("Referer", f"{ELSEWHERE}/write")),
)
TYPES = {
    "application/json": b'{"title": "T", "content": "", "pub_date": null}',
    "application/x-www-form-urlencoded": b"title=T",
    "text/plain": b"title=T",
    None: b"{}",
}
CALLERS: dict[str, Headers] = {"session": (COOKIE,), "token": (TOKEN,), "nobody": ()}
POST = f"/api/posts/{NEVER}"
ACTED = [("GET", POST), ("PUT", POST), ("PATCH", POST), ("DELETE", POST), ("POST", "/api/posts")]
ACTED += [("POST", "/register"), ("PUT", "/register")]


def expected(
    method: str, path: str, kind: str | None, caller: str, fetched: str | None, said: Headers
) -> int:
    """What the contract says of a request that another site's page may have made."""
    is_page = not path.startswith("/api/")
    if method == "GET":
        return 404
    if is_page and method != "POST":
        return 405
    source = dict(said).get("Origin", dict(said).get("Referer"))
    is_own = source is None or source == HERE or source.startswith(f"{HERE}/")
    is_own = is_own if fetched is None else fetched in ("same-origin", "none")
    if not is_own and (is_page or caller == "session"):
        return 403
    read = "application/x-www-form-urlencoded" if is_page else "application/json"
    if kind != read and method != "DELETE":
        return 415
    if is_page:
        return 422
    if caller == "nobody":
        return 401
    return 201 if method == "POST" else 428


@pytest.mark.sentence("cross-site")
@pytest.mark.parametrize("said", SAID, ids=str)
@pytest.mark.parametrize("fetched", FETCHED, ids=str)
def test_who_may_act_follows_from_where_the_request_comes_from(
    page_blogs: Mapping[str, Askable], fetched: str | None, said: Headers
) -> None:
    source = (*said, *((("Sec-Fetch-Site", fetched),) if fetched is not None else ()))
    for method, path in ACTED:
        for kind, body in TYPES.items():
            typed = (("Content-Type", kind),) if kind is not None else ()
            for caller, sent in CALLERS.items():
                request = Request(method, path, (ID, *source, *typed, *sent), body)
                status = expected(method, path, kind, caller, fetched, said)
                answers = ask(page_blogs, request)
                assert dict.fromkeys(TARGETS, status) == {
                    name: answer.status for name, answer in answers.items()
                }, request
                if status != 201:
                    assert_same(masked(answers), status)


# --- caches between readers ----------------------------------------------------------------------

READERS: dict[str, Headers] = {
    "anybody": (),
    "ada": (COOKIE,),
    "ada's program": (TOKEN,),
    "bob's program": (("Authorization", f"Bearer {token_of('bob')}"),),
    "staff's program": (("Authorization", f"Bearer {token_of('sam')}"),),
    "signed out": (("Cookie", "session=ended"),),
    "another page": (("Origin", ELSEWHERE),),
}
READ = sorted(
    {
        operation.path.replace("{post_id}", f"{IDS[title]}").replace("{username}", "ada")
        for operation in (*OPERATIONS, *PAGES)
        if operation.method == "GET"
        for title in ("published", "draft")
    }
    | {static.url("site.css"), "/nowhere", "/api/nowhere", "/?q=list", "/api/posts?author=ada"}
)


def read_by(reader: str, path: str) -> Request:
    return Request("GET", path, (ID, *READERS[reader]))


def direct(blog: Askable) -> Callable[[Request], Answer]:
    def send(request: Request) -> Answer:
        blog.begin(request)
        answer = blog.end()
        assert answer is not None
        return answer

    return send


def seen(answer: Answer) -> tuple[int, bytes]:
    found = without_generated(answer, is_now=False)
    return found.status, found.body


def handed_on(send: Callable[[Request], Answer], whole: dict[str, dict[str, Answer]]) -> list[str]:
    """Which readers got through the cache what they do not get from the site."""
    wrong = []
    for order in (list(READERS), list(reversed(READERS))):
        for path in READ:
            for reader in order:
                if seen(send(read_by(reader, path))) != seen(whole[path][reader]):
                    wrong.append(f"{reader}: {path}")  # noqa: PERF401 # too long for one
    return wrong


@pytest.mark.sentence("caching", "page-caching")
@pytest.mark.parametrize("name", TARGETS)
def test_no_cache_between_them_hands_one_readers_answer_to_another(
    page_blogs: Mapping[str, Askable], name: str
) -> None:
    origin = direct(page_blogs[name])
    whole = {p: {r: origin(read_by(r, p)) for r in READERS} for p in READ}
    for eager in (False, True):
        cache = SharedCache(origin, eager=eager)
        assert [] == handed_on(cache.send, whole)
        assert cache.hits >= 2  # it did keep something
    # Each of the two alone keeps a reader's answer from others; without both it gets to them.
    unkept = SharedCache(lambda request: without(origin(request), "Vary"), eager=True)
    assert not [wrong for wrong in handed_on(unkept.send, whole) if wrong.startswith("anybody")]
    open_to_all = SharedCache(
        lambda request: without(origin(request), "Vary", "Cache-Control"), eager=True
    )
    assert "anybody: /settings" in handed_on(open_to_all.send, whole)


def without(answer: Answer, *names: str) -> Answer:
    kept = [pair for pair in answer.headers if pair[0].title() not in names]
    return replace(answer, headers=tuple(kept))


def test_every_path_that_is_read_has_a_class_for_caches() -> None:
    read = {
        re.sub(r"\{[a-z]+_id\}", "{id}", operation.path)
        for operation in (*OPERATIONS, *PAGES)
        if operation.method == "GET"
    }
    assert read | {FILE} == {*PUBLIC, *VARIES, *PRIVATE, *UNDER_WAY}


# --- what people type ----------------------------------------------------------------------------

MARKUP = [text for text in naughty_strings() if set(text) & set("<>&\"'")]
TYPED = [*ATTACKS, *MARKUP[::4]]


def typed_into_pages(text: str) -> Iterator[tuple[Request, int]]:
    """Requests that show the text again, and the status of the answer to each."""
    status = 200 if is_title(text) and "\0" not in text else 422
    shown = {"title": text, "content": text, "action": "preview"}
    yield post("/write", status, "", shown, COOKIE).request, status
    account = {"username": text, "email": text, "password": "x"}
    yield post("/register", 422, "", account).request, 422
    status = 200 if len(text) <= 200 else 422
    yield Request("GET", f"/?{urlencode({'q': text})}", (ID,)), status


@pytest.mark.sentence("markdown", "form-again", "page-html", "promise")
@pytest.mark.parametrize("number", range(len(TYPED)))
def test_what_is_typed_makes_the_same_harmless_document(
    page_blogs: Mapping[str, Askable], number: int
) -> None:
    for request, status in typed_into_pages(TYPED[number]):
        answers = masked(ask(page_blogs, request))
        # The same bytes: one document stands for the four.
        assert_same(answers, status)
        assert_harmless(Screen(next(iter(answers.values()))))


@pytest.mark.sentence("feed")
def test_a_feed_reader_reads_the_same_titles_from_the_four(
    page_blogs: Mapping[str, Askable],
) -> None:
    titles = [text for text in (*ATTACKS, *MARKUP) if is_title(text)][:60:3]
    assert 20 == len(titles)
    for number, title in enumerate(titles):
        new = {"title": title, "content": title, "pub_date": f"2020-01-01T00:00:{number:02}Z"}
        created = good("create_post", json=new)
        assert {201} == {answer.status for answer in ask(page_blogs, created).values()}
    answers = ask(page_blogs, Request("GET", "/feed.atom", (ID,)))
    read = {name: feedparser.parse(answer.body) for name, answer in answers.items()}
    for name, feed in read.items():
        assert (False, "atom10") == (feed.bozo, feed.version), name
        assert [trimmed(title) for title in titles[::-1]] == [e.title for e in feed.entries], name
        for number, entry in enumerate(feed.entries):
            assert f"2020-01-01T00:00:{19 - number:02}+00:00" == entry.published
            assert entry.id.endswith(f":{entry.link}")
            assert re.fullmatch(r"/posts/[1-9][0-9]*", entry.link)
            assert ("text/plain", "text/html") == (
                entry.title_detail.type,
                entry.content[0].type,
            )
            fragment = html5lib.parseFragment(entry.content[0].value, namespaceHTMLElements=False)
            assert not {"script", "style", "iframe", "svg"} & {e.tag for e in fragment.iter()}
    assert 1 == len({repr(without_updates(feed)) for feed in read.values()})


def without_updates(feed: Any) -> list[Any]:
    """The entries without when each was written."""
    made = ("updated", "updated_parsed")
    return [{k: v for k, v in entry.items() if k not in made} for entry in feed.entries]
