"""The feed, and the files that the pages load."""

import re
from xml.etree import ElementTree

import pytest

from blog_contract.browser import Browser, Screen
from blog_contract.client import Account, Client, NewPost
from blog_contract.resources import FUTURE, unique
from blog_contract.sentences import sentence

ATOM = "{http://www.w3.org/2005/Atom}"
TAG = re.compile(r"tag:[A-Za-z0-9.-]*,[0-9]{4}(-[0-9]{2}){0,2}:(?P<path>/\S*)")
RFC_3339 = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?(Z|\+00:00)"
)


def published_now(browser: Browser, **typed: str) -> str:
    """The path of a new post that is the newest one."""
    form = browser.get("/write").form("/write")
    return browser.send(form, "publish", **typed).location


def read(feed: Screen) -> ElementTree.Element:
    """The feed as an XML parser reads it."""
    return ElementTree.fromstring(feed.body)  # noqa: S314 # it comes from the blog under test


def child(element: ElementTree.Element, name: str) -> ElementTree.Element:
    (found,) = element.findall(f"{ATOM}{name}")
    return found


@sentence("feed")
def test_the_feed_is_atom_with_everything_that_rfc_4287_asks_for(browser: Browser) -> None:
    path = published_now(browser, title=unique("Fed "), content="*In* full & <all>")
    screen = browser.get("/feed.atom")
    assert (200, "application/atom+xml") == (screen.status, screen.header("Content-Type"))
    root = read(screen)
    assert f"{ATOM}feed" == root.tag
    entries = root.findall(f"{ATOM}entry")
    assert 1 <= len(entries) <= 20
    for element in (root, *entries):
        assert TAG.fullmatch(child(element, "id").text or "")
        assert child(element, "title").text
        assert RFC_3339.fullmatch(child(element, "updated").text or "")
    # A feed names its author, or each entry does (4.1.1).
    assert all(entry.find(f"{ATOM}author/{ATOM}name") is not None for entry in entries)
    identities = [child(entry, "id").text for entry in entries]
    assert len(identities) == len(set(identities))
    links = [link.get("href", "") for link in root.iter(f"{ATOM}link")]
    assert all(link.startswith("/") for link in links)
    assert "/feed.atom" in [
        link.get("href") for link in root.findall(f"{ATOM}link") if link.get("rel") == "self"
    ]
    newest = entries[0]
    assert path == child(newest, "link").get("href")
    assert path == TAG.fullmatch(child(newest, "id").text or "")["path"]  # type: ignore[index]
    content = child(newest, "content")
    assert ("html", "<p><em>In</em> full &amp; &lt;all&gt;</p>") == (
        content.get("type"),
        (content.text or "").strip(),
    )


@sentence("feed", "unpublished-hidden")
def test_the_feed_has_the_newest_published_posts_and_no_others(
    browser: Browser, author: Account, new_post: NewPost
) -> None:
    title = unique("Hidden ")
    new_post(author, title=title)
    new_post(author, title=title, pub_date=FUTURE)
    paths = [published_now(browser, title=f"T {number}") for number in range(3)]
    feed = browser.get("/feed.atom")
    assert title.encode() not in feed.body
    root = read(feed)
    entries = [child(entry, "link").get("href") for entry in root.findall(f"{ATOM}entry")]
    assert paths[::-1] == entries[:3]


@sentence("feed")
@pytest.mark.parametrize(
    "text", ["\x01 \x08 \x1b \x7f", "\ufffe\uffff", "]]> <![CDATA[", "&#0; &x;"]
)
def test_what_xml_cannot_hold_does_not_break_the_feed(browser: Browser, text: str) -> None:
    published_now(browser, title="T & <t>", content=text)
    read(browser.get("/feed.atom"))


@sentence("feed", "if-none-match", "caching")
def test_a_feed_that_did_not_change_is_not_sent_again(anybody: Browser, browser: Browser) -> None:
    published_now(browser, title="T")
    first = anybody.get("/feed.atom")
    tag = first.header("ETag") or ""
    assert re.fullmatch(r'"[^"]+"', tag)
    assert "public, no-cache" == first.header("Cache-Control")
    again = anybody.get("/feed.atom", ("If-None-Match", f'"x", W/{tag}'))
    assert (304, b"", tag) == (again.status, again.body, again.header("ETag"))
    published_now(browser, title="T")
    assert 200 == anybody.get("/feed.atom", ("If-None-Match", tag)).status


@sentence("feed", "forwarded")
def test_the_feed_is_the_same_whatever_host_was_forwarded(anybody: Browser) -> None:
    expected = anybody.get("/feed.atom").body
    for name in ("X-Forwarded-Host", "X-Forwarded-Proto", "Forwarded", "X-Host"):
        assert expected == anybody.get("/feed.atom", (name, "host=elsewhere.example")).body
    assert b"elsewhere.example" not in expected


# --- files ---------------------------------------------------------------------------------------


def files(anybody: Browser) -> list[str]:
    """Every file that the pages refer to."""
    links = [each.get("href") or "" for each in anybody.get("/").all("link")]
    found = [link for link in links if link.startswith("/static/")]
    assert len(found) >= 2
    return found


@sentence("static")
def test_a_file_is_kept_for_a_day_by_everybody(anybody: Browser, browser: Browser) -> None:
    for path in files(anybody):
        for visitor in (anybody, browser):
            screen = visitor.get(path)
            assert (200, "public, max-age=86400") == (
                screen.status,
                screen.header("Cache-Control"),
            )
            assert str(len(screen.body)) == screen.header("Content-Length")
            assert None is screen.header("Set-Cookie")


@sentence("static", "if-none-match")
def test_a_file_that_did_not_change_is_not_sent_again(anybody: Browser) -> None:
    for path in files(anybody):
        tag = anybody.get(path).header("ETag") or ""
        assert re.fullmatch(r'"[^"]+"', tag)
        for sent in (tag, f"W/{tag}", f'"x", {tag}', "*"):
            again = anybody.get(path, ("If-None-Match", sent))
            assert (304, b"", tag) == (again.status, again.body, again.header("ETag"))
        assert 200 == anybody.get(path, ("If-None-Match", '"x"')).status


@sentence("static", "range")
def test_a_part_of_a_file_cannot_be_asked_for(anybody: Browser) -> None:
    for path in files(anybody):
        whole, part = anybody.get(path), anybody.get(path, ("Range", "bytes=0-1"))
        assert (200, whole.body) == (part.status, part.body)
        assert (None, None) == (part.header("Content-Range"), part.header("Accept-Ranges"))


@sentence("static", "head", "security-headers", "stray-headers")
def test_a_file_says_what_it_is_and_nothing_more(anybody: Browser, client: Client) -> None:
    expected = {
        *("cache-control", "content-type", "content-length", "etag", "vary", "x-request-id"),
        *("x-content-type-options", "x-frame-options", "referrer-policy"),
        *("cross-origin-opener-policy", "cross-origin-resource-policy", "content-security-policy"),
    }
    servers = {"date", "server", "connection", "keep-alive", "strict-transport-security"}
    for path in files(anybody):
        answer, head = client.get(path), client.head(path)
        assert expected == {name.lower() for name, _ in answer.headers} - servers
        kind = {"css": "text/css; charset=utf-8", "svg": "image/svg+xml"}
        assert kind[path.partition("?")[0].rpartition(".")[2]] == answer.header("Content-Type")
        assert "same-origin" == answer.header("Cross-Origin-Resource-Policy")
        assert b"" == head.body
        names = ("Content-Type", "Content-Length", "ETag", "Cache-Control")
        assert [answer.header(name) for name in names] == [head.header(name) for name in names]


@sentence("static", "status-404")
@pytest.mark.parametrize(
    "path",
    [
        *("/static/", "/static", "/static/nothing.css", "/static/images/", "/static//site.css"),
        *("/static/../site.css", "/static/site.css/", "/static/SITE.CSS", "/static/./site.css"),
        *("/static/%2e%2e/templates/layout.html", "/static/site.css%00", "/static/__init__.py"),
    ],
)
def test_what_is_no_file_is_not_there(anybody: Browser, path: str) -> None:
    screen = anybody.get(path)
    assert (404, "no-store") == (screen.status, screen.header("Cache-Control"))


@sentence("static", "method-405")
def test_a_file_is_only_read(anybody: Browser) -> None:
    for path in files(anybody):
        answer: Screen = anybody.post_body(path, b"")
        assert (405, "GET, HEAD, OPTIONS") == (answer.status, answer.header("Allow"))
