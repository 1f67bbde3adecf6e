"""What stands on the pages, asked for through the front."""

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from typing import Any
from urllib.parse import urlencode
from xml.etree.ElementTree import Element

import html5lib
import pytest

from blog_core.domain.errors import Unavailable
from blog_core.domain.instants import format_instant
from blog_core.http.forms import new_key
from blog_core.http.operations import OPERATIONS, PAGES
from blog_core.http.rendering import environment
from blog_core.schemas import (
    ANYBODY,
    Credentials,
    Expected,
    NewPost,
    PageQuery,
    Post,
    PostChanges,
    PostQuery,
)

from .fakes import PASSWORD, Site, site
from .memory import MemoryStorage
from .plain import VIEWS, plain

FORM = "application/x-www-form-urlencoded"
ANY = Expected(any=True)


@dataclass(frozen=True)
class Answer:
    """An answer, and the page in it as a browser would build it."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def tree(self) -> Element:
        parser = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False)
        tree: Element = parser.parse(self.body, transport_encoding="utf-8")
        return tree

    def all(self, tag: str, **attributes: str) -> list[Element]:
        wanted = attributes.items()
        return [
            e for e in self.tree.iter(tag) if all(e.get(name) == value for name, value in wanted)
        ]

    def one(self, tag: str, **attributes: str) -> Element:
        (found,) = self.all(tag, **attributes)
        return found

    @property
    def typed(self) -> dict[str, str]:
        """What the fields of its forms hold."""
        fields = {e.get("name", ""): e.get("value", "") for e in self.all("input") if e.get("name")}
        areas = {e.get("name", ""): e.text or "" for e in self.all("textarea") if e.get("name")}
        return fields | areas

    @property
    def errors(self) -> list[str]:
        return ["".join(e.itertext()) for e in self.all("p", **{"class": "error"})]

    @property
    def location(self) -> str:
        assert 303 == self.status
        assert b"" == self.body
        return self.headers["Location"]


class Browser:
    """Somebody looking at the pages, with a session or without."""

    def __init__(self, here: Site, session: str | None = None) -> None:
        self.session = session
        self._application = plain(here.blog)

    def get(self, target: str, **headers: str) -> Answer:
        return self._ask("GET", target, b"", headers)

    def post(self, target: str, **fields: str) -> Answer:
        return self._ask("POST", target, urlencode(fields).encode(), {})

    def _ask(self, method: str, target: str, body: bytes, headers: dict[str, str]) -> Answer:
        path, _, query = target.partition("?")
        environ: dict[str, Any] = {
            "REQUEST_METHOD": method,
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "HTTP_HOST": "localhost",
            "HTTP_X_REQUEST_ID": "test",
            "CONTENT_TYPE": FORM,
            "CONTENT_LENGTH": f"{len(body)}",
            "wsgi.input": io.BytesIO(body),
            **{f"HTTP_{name.upper()}": value for name, value in headers.items()},
        }
        if self.session is not None:
            environ["HTTP_COOKIE"] = f"session={self.session}"
        started: list[tuple[str, list[tuple[str, str]]]] = []

        def start_response(status: str, fields: list[tuple[str, str]], *_: object) -> Any:
            started.append((status, fields))

        parts = self._application(environ, start_response)
        ((status, fields),) = started
        return Answer(int(status[:3]), dict(fields), b"".join(parts))


@pytest.fixture
def here() -> Site:
    return site(MemoryStorage())


@pytest.fixture
def anybody(here: Site) -> Browser:
    return Browser(here)


@pytest.fixture
def ada(here: Site) -> Credentials:
    return here.user("Ada.L")


@pytest.fixture
def browser(here: Site, ada: Credentials) -> Browser:
    """Ada's."""
    return Browser(here, here.open_session("Ada.L").session)


def written(here: Site, author: Credentials, title: str = "A title", **more: Any) -> Post:
    """A new post, published now unless something else is said."""
    new = {"title": title, "content": "Some *text*.", "pub_date": here.clock(), **more}
    return here.blog.create_post(author, NewPost(**new))


def titles(answer: Answer) -> list[str]:
    return ["".join(e.itertext()).strip() for e in answer.all("h2") if e.find("a") is not None]


# --- every page ----------------------------------------------------------------------------------


def every_page(here: Site, ada: Credentials) -> Iterator[tuple[str, Answer]]:
    """Each page in each of its states, by name."""
    nobody, signed_in = Browser(here), Browser(here, here.open_session("Ada.L").session)
    content = "# One\n\n## One\n\n> x\n\n| a |\n| - |\n| b |\n\n```python\nx = '<'\n```\n"
    content += "\n![p](/static/images/loaf.svg)"
    yield "nothing there", nobody.get("/")
    yield "an author without posts", nobody.get("/users/ada.l")
    yield "no drafts", signed_in.get("/drafts")
    posts = [written(here, ada, f"Post <{n}>", content=content) for n in range(12)]
    there = f"/posts/{posts[0].id}"
    written(here, ada, "A draft", pub_date=None)
    written(here, ada, "Scheduled", pub_date=here.clock() + timedelta(days=1))
    yield "home", nobody.get("/")
    yield "home, signed in", signed_in.get("/")
    yield "older", nobody.get(nobody.get("/").one("a", rel="next").get("href", ""))
    yield "search", nobody.get("/?q=post")
    yield "search without result", nobody.get("/?q=%22%3Cnothing%3E")
    yield "post", nobody.get(there)
    yield "own post", signed_in.get(there)
    yield "author", nobody.get("/users/Ada.L")
    yield "register", nobody.get("/register")
    yield "register again", nobody.post("/register", username="ada.l", email="<", password="x")
    yield "login", nobody.get("/login?next=/write")
    yield "login again", nobody.post("/login", username='"<ada', password="x", next="/write")
    yield "write", signed_in.get("/write")
    yield "write again", signed_in.post("/write", content="</textarea>", pub_date="x")
    yield "preview", signed_in.post("/write", title="<b>", content=content, action="preview")
    yield "signed out", nobody.post("/write", title="A title", content="\n\ntext")
    yield "edit", signed_in.get(f"{there}/edit")
    yield "edit again", signed_in.post(f"{there}/edit", title="", version="1")
    yield "edit, preview", signed_in.post(f"{there}/edit", title="x", version="1", action="preview")
    here.blog.change_post(ada, posts[0].id, PostChanges(content="Other"), ANY)
    yield "conflict", signed_in.post(f"{there}/edit", title="x", content="y\n<i>", version="1")
    yield "delete", signed_in.get(f"{there}/delete")
    yield "delete, changed", signed_in.post(f"{there}/delete", version="1")
    yield "drafts", signed_in.get("/drafts")
    yield "settings", signed_in.get("/settings")
    for done in ("profile", "password", "token", "session"):
        yield f"settings, {done} done", signed_in.get(f"/settings?done={done}")
    for action in ("profile", "password", "token", "delete-account"):
        yield f"settings, {action} again", signed_in.post("/settings", action=action)
    yield "new token", signed_in.post("/settings", action="token", password=PASSWORD)
    yield "not there", nobody.get("/nowhere")
    yield "not allowed", Browser(here, _other(here)).get(f"{there}/edit")
    yield "not valid", nobody.get("/?cursor=x")
    yield "wrong method", nobody.get("/logout")


def _other(here: Site) -> str | None:
    here.user("Grace")
    return here.open_session("Grace").session


@pytest.fixture
def pages(here: Site, ada: Credentials) -> dict[str, Answer]:
    return dict(every_page(here, ada))


@pytest.mark.sentence("page-html")
def test_every_page_is_html_without_a_parse_error(pages: dict[str, Answer]) -> None:
    for name, page in pages.items():
        assert "text/html; charset=utf-8" == page.headers["Content-Type"], name
        assert page.body.startswith(b"<!doctype html>"), name
        assert page.tree.find("body") is not None, name


@pytest.mark.sentence("page-html")
def test_no_page_has_inline_style_or_script_or_loads_from_elsewhere(
    pages: dict[str, Answer],
) -> None:
    for name, page in pages.items():
        for element in page.tree.iter():
            assert element.tag not in ("script", "style", "iframe", "object", "base"), name
            assert not [a for a in element.attrib if a.startswith("on") or a == "style"], name
            if element.tag in ("img", "link"):
                assert (element.get("src") or element.get("href") or "").startswith("/"), name
            if element.tag == "form":
                assert (element.get("action") or "").startswith("/"), name


def test_every_page_is_one_document_to_a_screen_reader(pages: dict[str, Answer]) -> None:
    for name, page in pages.items():
        assert "en" == page.tree.get("lang"), name
        assert page.one("title").text, name
        assert 1 == len(page.all("h1")), name
        assert 1 == len(page.all("main", id="main")), name
        assert "#main" == page.all("a")[0].get("href"), name
        ids = [e.get("id") for e in page.tree.iter() if e.get("id")]
        assert len(ids) == len(set(ids)), name
        levels = [int(e.tag[1]) for e in page.tree.iter() if re.fullmatch("h[1-6]", f"{e.tag}")]
        steps = pairwise(levels)
        assert all(after <= before + 1 for before, after in steps), (name, levels)


def test_every_control_has_a_name_to_a_screen_reader(pages: dict[str, Answer]) -> None:
    for name, page in pages.items():
        labels = {e.get("for"): "".join(e.itertext()).strip() for e in page.all("label")}
        ids = {e.get("id") for e in page.tree.iter()}
        for element in page.tree.iter():
            if element.tag in ("input", "textarea", "select") and element.get("type") != "hidden":
                assert labels.get(element.get("id")), (name, element.attrib)
            if element.tag in ("button", "a"):
                assert "".join(element.itertext()).strip(), (name, element.attrib)
            for attribute in ("aria-describedby", "aria-labelledby"):
                for described in (element.get(attribute) or "").split():
                    assert described in ids, (name, described)
            if element.tag == "a" and (element.get("href") or "").startswith("#"):
                assert (element.get("href") or "")[1:] in ids, (name, element.attrib)


def test_every_field_that_is_wrong_says_why(pages: dict[str, Answer]) -> None:
    wrong = 0
    for name, page in pages.items():
        texts = {e.get("id"): "".join(e.itertext()) for e in page.tree.iter("p")}
        for element in page.tree.iter():
            if element.get("aria-invalid") == "true":
                wrong += 1
                described = (element.get("aria-describedby") or "").split()
                assert any(texts.get(part) for part in described), name
                summary = page.one("div", role="alert")
                links = [link.get("href") for link in summary.iter("a")]
                assert f"#{element.get('id')}" in links, name
    assert wrong >= 10


def test_a_framework_can_add_names_of_its_own(pages: dict[str, Answer]) -> None:
    reserved = {"request", "session", "g", "config", "url_for", "csrf_input", "csrf_token"}
    for name in environment().list_templates():
        source, *_ = environment().loader.get_source(environment(), name)  # type: ignore[union-attr]
        used = set(re.findall(r"\{[{%][^}]*?\b(\w+)", source))
        assert not used & (reserved - {"session"}), name


@pytest.mark.sentence("page-random")
def test_only_keys_differ_from_one_time_to_the_next(here: Site, ada: Credentials) -> None:
    browser = Browser(here, here.open_session("Ada.L").session)
    post = written(here, ada)
    for target in ("/", f"/posts/{post.id}", "/write", "/register", "/settings", "/feed.atom"):
        once, again = browser.get(target).text, browser.get(target).text
        assert _without_keys(once) == _without_keys(again)
        assert ('name="key"' in once) == (target in ("/write", "/register", "/settings"))


def _without_keys(text: str) -> str:
    return re.sub(r'name="key" value="[\w-]{22}"', "", text)


@pytest.mark.sentence("page-instants")
def test_an_instant_is_text_with_the_exact_one_beside_it(here: Site, ada: Credentials) -> None:
    post = written(here, ada)
    shown = Browser(here).get(f"/posts/{post.id}").one("time")
    assert ("2026-01-02T03:04:05.000006Z", "2 January 2026") == (shown.get("datetime"), shown.text)
    draft = written(here, ada, pub_date=None)
    page = Browser(here, here.open_session("Ada.L").session).get(f"/posts/{draft.id}")
    assert "2 January 2026, 03:04 UTC" == page.one("time").text


# --- who looks -----------------------------------------------------------------------------------


@pytest.mark.sentence("page-visitor")
def test_a_session_that_is_over_is_an_anonymous_visitor(here: Site, ada: Credentials) -> None:
    stale = Browser(here, "made-up")
    assert Browser(here).get("/").body == stale.get("/").body
    assert "/login?next=/write" == stale.get("/write").location


@pytest.mark.sentence("page-private")
@pytest.mark.parametrize(
    ("target", "location"),
    [
        ("/write", "/login?next=/write"),
        ("/drafts?cursor=x", "/login?next=/drafts%3Fcursor%3Dx"),
        ("/settings", "/login?next=/settings"),
        ("/posts/999/edit", "/login?next=/posts/999/edit"),
        ("/posts/999/delete", "/login?next=/posts/999/delete"),
    ],
)
def test_a_private_page_leads_to_sign_in(anybody: Browser, target: str, location: str) -> None:
    assert location == anybody.get(target).location


@pytest.mark.sentence("page-private")
def test_so_does_a_private_form(anybody: Browser) -> None:
    assert "/login?next=/settings" == anybody.post("/settings", action="end-all").location
    assert "/login?next=/posts/1/delete" == anybody.post("/posts/1/delete", version="1").location


@pytest.mark.sentence("page-problem")
def test_a_problem_is_the_same_page_for_everybody(
    here: Site, anybody: Browser, browser: Browser, ada: Credentials
) -> None:
    draft = written(here, ada, pub_date=None)
    missing = anybody.get("/posts/99999")
    assert (404, missing.body) == (missing.status, anybody.get(f"/posts/{draft.id}").body)
    assert missing.body == browser.get("/posts/99999").body
    assert "no-store" == missing.headers["Cache-Control"]
    assert "GET, HEAD, OPTIONS" not in anybody.get("/logout").headers["Allow"]
    refused = anybody.get("/?q=a&q=b")
    assert (422, True) == (refused.status, "<code>q</code>: Give this once." in refused.text)


@pytest.mark.sentence("page-caching")
def test_only_what_everybody_sees_may_be_kept(
    anybody: Browser, browser: Browser, ada: Credentials
) -> None:
    assert "public, no-cache" == anybody.get("/").headers["Cache-Control"]
    assert "no-store" == browser.get("/").headers["Cache-Control"]
    form = {"username": "Ada.L", "next": "/"}
    assert "no-store" == anybody.post("/login", **form).headers["Cache-Control"]
    assert "no-store" == anybody.post("/login", password=PASSWORD, **form).headers["Cache-Control"]


# --- reading -------------------------------------------------------------------------------------


@pytest.mark.sentence("page-home")
def test_home_shows_ten_posts_newest_first_and_leads_through_all(
    here: Site, anybody: Browser, ada: Credentials
) -> None:
    for number in range(25):
        here.clock.move(seconds=1)
        written(here, ada, f"Post {number}")
    page = anybody.get("/")
    assert [f"Post {number}" for number in range(24, 14, -1)] == titles(page)
    assert not page.all("a", rel="prev")
    page = anybody.get(page.one("a", rel="next").get("href", ""))
    page = anybody.get(page.one("a", rel="next").get("href", ""))
    assert [f"Post {number}" for number in range(4, -1, -1)] == titles(page)
    assert not page.all("a", rel="next")
    page = anybody.get(page.one("a", rel="prev").get("href", ""))
    assert [f"Post {number}" for number in range(14, 4, -1)] == titles(page)


@pytest.mark.sentence("page-home")
def test_home_searches(here: Site, anybody: Browser, ada: Credentials) -> None:
    for number in range(12):
        written(here, ada, f"Tea {number}")
    written(here, ada, "Coffee")
    page = anybody.get("/?q=+TEA+")
    assert "TEA" == page.typed["q"]
    assert 10 == len(titles(page))
    older = anybody.get(page.one("a", rel="next").get("href", ""))
    assert ("TEA", 2) == (older.typed["q"], len(titles(older)))
    assert "Coffee" in titles(anybody.get("/?q=+"))
    assert 422 == anybody.get("/?q=" + "x" * 201).status
    assert 422 == anybody.get("/?cursor=x").status


@pytest.mark.sentence("page-post")
def test_a_post_is_shown_with_its_markdown(here: Site, anybody: Browser, ada: Credentials) -> None:
    post = written(here, ada, "<A> title", content="# One\n\nSome *text*.")
    page = anybody.get(f"/posts/{post.id}")
    assert "<A> title" == page.one("h1").text
    assert "One" == page.one("h2", id="on-one").text
    assert ["text"] == [e.text for e in page.all("em")]
    assert not page.all("a", href=f"/posts/{post.id}/edit")


@pytest.mark.sentence("page-post")
@pytest.mark.parametrize(("days", "state"), [(None, "Draft"), (1, "Scheduled")])
def test_its_author_sees_what_it_is_and_how_to_change_it(
    here: Site, browser: Browser, ada: Credentials, days: int | None, state: str
) -> None:
    when = None if days is None else here.clock() + timedelta(days=days)
    post = written(here, ada, pub_date=when)
    page = browser.get(f"/posts/{post.id}")
    assert state == page.one("strong", **{"class": "state"}).text
    assert page.one("a", href=f"/posts/{post.id}/edit") is not None
    assert page.one("a", href=f"/posts/{post.id}/delete") is not None


@pytest.mark.sentence("page-author")
def test_an_authors_page_lists_what_they_published(
    here: Site, anybody: Browser, ada: Credentials
) -> None:
    written(here, ada, "Mine")
    written(here, ada, "Not yet", pub_date=None)
    written(here, here.user("Grace"), "Another's")
    page = anybody.get("/users/ADA.l")
    assert ("Ada.L", ["Mine"]) == (page.one("h1").text, titles(page))
    assert 404 == anybody.get("/users/nobody").status


@pytest.mark.sentence("feed")
def test_the_feed_has_the_newest_twenty_and_knows_when_nothing_changed(
    here: Site, anybody: Browser, ada: Credentials
) -> None:
    for number in range(21):
        written(here, ada, f"Post {number}")
    feed = anybody.get("/feed.atom")
    assert ("application/atom+xml", 20) == (
        feed.headers["Content-Type"],
        feed.text.count("<entry>"),
    )
    assert "localhost" not in feed.text
    again = anybody.get("/feed.atom", if_none_match=feed.headers["ETag"])
    assert (304, b"") == (again.status, again.body)


# --- signing in ----------------------------------------------------------------------------------


@pytest.mark.sentence("page-register", "form-done")
def test_whoever_registers_is_signed_in(here: Site, anybody: Browser) -> None:
    answer = anybody.post("/register", username="Grace", email="g@h.example", password=PASSWORD)
    assert "/" == answer.location
    token = here.sign_in("grace")
    assert 1 == len(here.blog.list_sessions(token, PageQuery()).results)


@pytest.mark.sentence("form-again", "page-register")
def test_a_form_that_is_refused_is_shown_again_with_what_was_typed(
    anybody: Browser, ada: Credentials
) -> None:
    again = anybody.post("/register", username="É", email='"<x>', password="12345678", key="k")
    assert 422 == again.status
    assert {"username": "É", "email": '"<x>', "password": "", "key": "k"} == again.typed
    assert 3 == len(again.errors)
    taken = anybody.post("/register", username="ada.l", email="new@b.example", password=PASSWORD)
    assert (422, ["This is taken."]) == (taken.status, taken.errors)
    assert PASSWORD not in taken.text
    empty = anybody.post("/register")
    assert (422, ["This field is required."] * 3) == (empty.status, empty.errors)


@pytest.mark.sentence("page-login", "page-next")
def test_whoever_signs_in_goes_on_where_they_came_from(anybody: Browser, ada: Credentials) -> None:
    form = anybody.get("/login?next=/drafts%3Fcursor%3Dx").typed
    assert "/drafts?cursor=x" == form["next"]
    good = {"username": "ada.l", "password": PASSWORD}
    assert "/drafts?cursor=x" == anybody.post("/login", **good, next=form["next"]).location
    assert "/" == anybody.post("/login", **good, next="//evil.example").location
    assert "/" == anybody.get("/login?next=https://evil.example").typed["next"]


@pytest.mark.sentence("page-login")
def test_who_cannot_sign_in_is_not_told_why(here: Site, anybody: Browser, ada: Credentials) -> None:
    wrong = anybody.post("/login", username="Ada.L", password="wrong", next="/")
    unknown = anybody.post("/login", username="nobody", password="wrong", next="/")
    assert (422, 422) == (wrong.status, unknown.status)
    assert wrong.text == unknown.text.replace("nobody", "Ada.L")
    here.disable(ada)
    assert wrong.body == anybody.post("/login", username="Ada.L", password=PASSWORD, next="/").body


@pytest.mark.sentence("page-logout")
def test_signing_out_ends_the_session(browser: Browser, anybody: Browser) -> None:
    assert 200 == browser.get("/write").status
    assert "/" == browser.post("/logout").location
    assert 303 == browser.get("/write").status
    assert "/" == browser.post("/logout").location
    assert "/" == anybody.post("/logout").location


# --- writing -------------------------------------------------------------------------------------


def drafts_of(here: Site, user: Credentials) -> list[Post]:
    return here.blog.list_posts(user, PostQuery(status="draft")).results


@pytest.mark.sentence("page-write", "form-fields", "form-done")
def test_a_post_is_written(here: Site, browser: Browser, ada: Credentials) -> None:
    made = browser.post("/write", title="T", content="\r\na\r\nb", action="save", unknown="x")
    (post,) = drafts_of(here, ada)
    assert f"/posts/{post.id}" == made.location
    assert ("T", "\na\nb") == (post.title, post.content)


@pytest.mark.sentence("page-write")
def test_what_was_typed_comes_back_from_the_form_unchanged(
    here: Site, browser: Browser, ada: Credentials
) -> None:
    content = "\n\n  </textarea>&amp;<b>\n\n"
    post = written(here, ada, 'A "title" & <b>', content=content)
    form = browser.get(f"/posts/{post.id}/edit").typed
    assert ('A "title" & <b>', content) == (form["title"], form["content"])


@pytest.mark.sentence("page-write")
@pytest.mark.parametrize(("hours", "stays"), [(-5, True), (5, False), (None, False)])
def test_publishing_makes_it_visible_now(
    here: Site, browser: Browser, anybody: Browser, hours: int | None, stays: bool
) -> None:
    typed = "" if hours is None else format_instant(here.clock() + timedelta(hours=hours))[:16]
    made = browser.post("/write", title="T", pub_date=typed, action="publish")
    page = anybody.get(made.location)
    now = format_instant(here.clock())
    assert (typed + ":00.000000Z" if stays else now) == page.one("time").get("datetime")
    made = browser.post("/write", title="T", action="save")
    edited = browser.post(
        f"{made.location}/edit", title="T", pub_date=typed, action="publish", version="1"
    )
    page = anybody.get(edited.location)
    assert (typed + ":00.000000Z" if stays else now) == page.one("time").get("datetime")


@pytest.mark.sentence("form-key")
@pytest.mark.parametrize("action", ["save", "publish"])
def test_the_same_form_sent_twice_makes_one_post(
    here: Site, browser: Browser, ada: Credentials, action: str
) -> None:
    form = {
        "title": "T",
        "content": "",
        "action": action,
        "key": browser.get("/write").typed["key"],
    }
    first = browser.post("/write", **form)
    assert first.location == browser.post("/write", **form).location
    published = here.blog.list_posts(ada, PostQuery()).results
    assert 1 == len(drafts_of(here, ada)) + len(published)
    other = browser.post("/write", **{**form, "title": "Another"})
    assert (422, "Another") == (other.status, other.typed["title"])
    assert "This was sent already" in other.text
    assert 303 == browser.post("/write", **{**form, "key": other.typed["key"]}).status


@pytest.mark.sentence("form-key")
def test_the_same_registration_sent_twice_makes_one_user(here: Site, anybody: Browser) -> None:
    form = {"username": "Grace", "email": "g@h.example", "password": PASSWORD, "key": new_key()}
    assert "/" == anybody.post("/register", **form).location
    assert "/" == anybody.post("/register", **form).location
    assert 1 == len(here.blog.list_users(ANYBODY, PageQuery()).results)


@pytest.mark.sentence("form-signed-out")
@pytest.mark.parametrize("target", ["/write", "/posts/1/edit", "/posts/999/edit"])
@pytest.mark.parametrize("action", ["save", "preview"])
def test_whoever_was_signed_out_while_writing_loses_nothing(
    here: Site, ada: Credentials, anybody: Browser, target: str, action: str
) -> None:
    written(here, ada, "Theirs", content="Theirs")
    again = anybody.post(target, title="T", content="Long text", action=action, version="1")
    assert 403 == again.status
    assert ("T", "Long text") == (again.typed["title"], again.typed["content"])
    assert "Theirs" not in again.text


@pytest.mark.sentence("form-later")
def test_a_database_that_does_not_answer_loses_nothing_typed(
    here: Site, monkeypatch: pytest.MonkeyPatch, browser: Browser
) -> None:
    def writing(storage: MemoryStorage) -> object:
        raise Unavailable

    with monkeypatch.context() as patched:
        patched.setattr(MemoryStorage, "writing", writing)
        again = browser.post("/write", title="T", content="Long text", key="k")
    assert (503, "1") == (again.status, again.headers["Retry-After"])
    assert ("Long text", "k") == (again.typed["content"], again.typed["key"])
    assert 303 == browser.post("/write", **again.typed).status


@pytest.mark.sentence("page-preview")
def test_a_preview_shows_the_post_and_stores_nothing(
    here: Site, browser: Browser, ada: Credentials
) -> None:
    page = browser.post("/write", title="T <b>", content="Some *text*.", action="preview", key="k")
    assert 200 == page.status
    assert ("T <b>", "text") == (page.one("h2").text, page.one("em").text)
    assert ("T <b>", "Some *text*.", "k") == tuple(
        page.typed[name] for name in ("title", "content", "key")
    )
    assert [] == drafts_of(here, ada)
    assert 422 == browser.post("/write", title="", action="preview").status


@pytest.mark.sentence("page-preview")
def test_so_does_a_preview_of_a_change(here: Site, browser: Browser, ada: Credentials) -> None:
    post = written(here, ada)
    page = browser.post(f"/posts/{post.id}/edit", title="Other", version="1", action="preview")
    assert (200, "Other") == (page.status, page.one("h2").text)
    assert "A title" == here.blog.get_post(ada, post.id).title
    other = Browser(here, _other(here))
    assert 403 == other.post(f"/posts/{post.id}/edit", title="x", action="preview").status


@pytest.mark.sentence("page-edit")
def test_a_post_is_edited(here: Site, browser: Browser, ada: Credentials) -> None:
    post = written(here, ada)
    form = browser.get(f"/posts/{post.id}/edit").typed
    form |= {"title": "Other", "action": "save"}
    assert f"/posts/{post.id}" == browser.post(f"/posts/{post.id}/edit", **form).location
    now = here.blog.get_post(ada, post.id)
    assert ("Other", post.content, post.pub_date, 2) == (
        *(now.title, now.content, now.pub_date),
        now.version,
    )


@pytest.mark.sentence("page-edit")
def test_nobody_else_edits_it(here: Site, ada: Credentials) -> None:
    post, draft = written(here, ada), written(here, ada, pub_date=None)
    other = Browser(here, _other(here))
    for action in ("edit", "delete"):
        assert 403 == other.get(f"/posts/{post.id}/{action}").status
        assert 403 == other.post(f"/posts/{post.id}/{action}", title="x", version="1").status
        assert 404 == other.get(f"/posts/{draft.id}/{action}").status
        assert 404 == other.post(f"/posts/{draft.id}/{action}", title="x", version="1").status


@pytest.mark.sentence("page-conflict")
def test_of_two_changes_at_once_neither_is_lost(
    here: Site, browser: Browser, ada: Credentials
) -> None:
    post = written(here, ada, content="One two three.")
    form = browser.get(f"/posts/{post.id}/edit").typed | {"content": "One 2 three."}
    here.blog.change_post(ada, post.id, PostChanges(content="One two three, four."), ANY)
    conflict = browser.post(f"/posts/{post.id}/edit", **form)
    assert 409 == conflict.status
    assert ("One 2 three.", "2") == (conflict.typed["content"], conflict.typed["version"])
    standing = conflict.one("textarea", id="standing-content")
    assert "One two three, four." == (standing.text or "").strip("\n")
    assert "2" in [e.text for e in conflict.all("ins")]
    assert "two" in [e.text for e in conflict.all("del")]
    assert "One two three, four." == here.blog.get_post(ada, post.id).content
    merged = {**conflict.typed, "content": "One 2 three, four."}
    assert 303 == browser.post(f"/posts/{post.id}/edit", **merged).status
    assert "One 2 three, four." == here.blog.get_post(ada, post.id).content


@pytest.mark.sentence("page-delete")
def test_a_post_is_deleted_once_that_is_confirmed(
    here: Site, browser: Browser, ada: Credentials
) -> None:
    post = written(here, ada)
    form = browser.get(f"/posts/{post.id}/delete").typed
    assert {"version": "1"} == form
    here.blog.change_post(ada, post.id, PostChanges(title="Other"), ANY)
    asked = browser.post(f"/posts/{post.id}/delete", **form)
    assert (409, {"version": "2"}) == (asked.status, asked.typed)
    assert "Other" in asked.text
    assert "/" == browser.post(f"/posts/{post.id}/delete", **asked.typed).location
    assert 404 == browser.get(f"/posts/{post.id}").status


@pytest.mark.sentence("page-drafts")
def test_drafts_are_the_visitors_own(here: Site, browser: Browser, ada: Credentials) -> None:
    for number in range(11):
        written(here, ada, f"Draft {number}", pub_date=None)
    written(here, ada, "Later", pub_date=here.clock() + timedelta(days=2))
    written(here, ada, "Soon", pub_date=here.clock() + timedelta(days=1))
    written(here, here.user("Grace"), "Another's", pub_date=None)
    page = browser.get("/drafts")
    shown = ["".join(e.itertext()).strip() for e in page.all("h3")]
    assert ["Soon", "Later", *(f"Draft {n}" for n in range(10, 0, -1))] == shown
    older = browser.get(page.one("a", rel="next").get("href", ""))
    assert "Draft 0" in older.text


# --- settings ------------------------------------------------------------------------------------


@pytest.mark.sentence("page-settings")
def test_name_and_email_are_changed(here: Site, browser: Browser, ada: Credentials) -> None:
    form = browser.get("/settings").one("input", id="profile-username")
    assert "Ada.L" == form.get("value")
    changed = browser.post("/settings", action="profile", username="Ada", email="a@b.example")
    assert "/settings?done=profile" == changed.location
    assert ("Ada", "a@b.example") == (
        here.blog.get_me(ada).username,
        here.blog.get_me(ada).email,
    )
    assert "are saved" in (browser.get(changed.location).one("p", role="status").text or "")
    empty = browser.post("/settings", action="profile", username="", email="a@b.example")
    assert 422 == empty.status


@pytest.mark.sentence("page-settings")
def test_the_password_is_changed(here: Site, browser: Browser, ada: Credentials) -> None:
    fields = {"action": "password", "new_password": "another good one"}
    wrong = browser.post("/settings", **fields, current_password="wrong")
    assert (422, ["This is not your current password."]) == (wrong.status, wrong.errors)
    assert "another good one" not in wrong.text
    right = browser.post("/settings", **fields, current_password=PASSWORD)
    assert "/settings?done=password" == right.location
    assert here.sign_in("Ada.L", "another good one").token


@pytest.mark.sentence("page-settings", "form-key")
def test_a_token_is_made_shown_once_and_ended(here: Site, browser: Browser) -> None:
    key = browser.get("/settings").typed["key"]
    made = browser.post("/settings", action="token", password=PASSWORD, key=key)
    assert 200 == made.status
    token = made.one("code", **{"class": "token"}).text
    assert "Ada.L" == here.blog.get_me(Credentials(token)).username
    again = browser.post("/settings", action="token", password=PASSWORD, key=key)
    assert token == again.one("code", **{"class": "token"}).text
    assert key != again.typed["key"]
    assert f"{token}" not in browser.get("/settings").text
    newest = here.blog.list_tokens(Credentials(token), PageQuery()).results[0]
    ended = browser.post("/settings", action="end-token", id=f"{newest.id}")
    assert "/settings?done=token" == ended.location
    assert 404 == browser.post("/settings", action="end-token", id=f"{newest.id}").status
    assert 404 == browser.post("/settings", action="end-token", id="x").status
    wrong = browser.post("/settings", action="token", password="wrong")
    assert (422, ["This is not your current password."]) == (wrong.status, wrong.errors)


@pytest.mark.sentence("page-settings")
def test_a_session_is_ended(here: Site, browser: Browser, ada: Credentials) -> None:
    other = Browser(here, here.open_session("Ada.L").session)
    sessions = here.blog.list_sessions(ada, PageQuery()).results
    ended = browser.post("/settings", action="end-session", id=f"{sessions[0].id}")
    assert "/settings?done=session" == ended.location
    assert 303 == other.get("/settings").status
    assert 200 == browser.get("/settings").status


@pytest.mark.sentence("page-settings")
def test_everything_is_ended(browser: Browser) -> None:
    assert "/" == browser.post("/settings", action="end-all").location
    assert 303 == browser.get("/settings").status


@pytest.mark.sentence("page-settings")
def test_the_account_is_deleted_by_whoever_writes_its_name(browser: Browser) -> None:
    assert 422 == browser.post("/settings", action="delete-account", username="ada.l").status
    assert "/" == browser.post("/settings", action="delete-account", username="Ada.L").location
    assert 404 == browser.get("/users/Ada.L").status


@pytest.mark.sentence("page-settings")
def test_what_the_settings_do_not_know_is_refused(browser: Browser) -> None:
    assert 422 == browser.post("/settings", action="explode").status
    assert 422 == browser.post("/settings").status
    assert 422 == browser.get("/settings?done=explode").status


def test_every_page_has_a_view() -> None:
    assert [page.name for page in PAGES] == list(VIEWS)
    paths = {(operation.method, operation.path) for operation in (*OPERATIONS, *PAGES)}
    assert len(OPERATIONS) + len(PAGES) == len(paths)
