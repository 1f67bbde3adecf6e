"""The admin as staff meet it."""

import os
import re
import subprocess
import sys
from html import unescape
from threading import Barrier, Thread

import pytest
from sqlalchemy.orm import sessionmaker

from blog_contract.browser import Browser, Screen
from blog_contract.client import Client
from blog_core.blog import Blog
from blog_core.schemas import ANYBODY, OPERATOR, Credentials, NewPost
from blog_core.settings import Settings
from blog_core.storage.repositories import SqlStorage
from blog_core.storage.rows import PostRow
from blog_fastapi.admin import NATIVE
from blog_fastapi.admin.site import ReadingSession
from blog_fastapi.app import create_app
from http_parity.asgi import ASGITarget

from .conftest import PASSWORD, add_user, browser

SAVE = {"save": "Save"}


def text(screen: Screen) -> str:
    """What there is to read, more or less: SQLAdmin's own markup does not parse without errors."""
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", screen.body.decode())).split())


def fields(screen: Screen) -> dict[str, str]:
    """What the form on a page holds."""
    html = screen.body.decode()
    found = {}
    for tag in re.findall(r"<input\b[^>]*>", html):
        attributes = dict(re.findall(r'(\w+)="([^"]*)"', tag))
        if attributes.get("type") == "checkbox" and " checked" not in tag:
            continue
        if "name" in attributes and attributes.get("type") != "submit":
            found[attributes["name"]] = unescape(attributes.get("value", ""))
    for name, value in re.findall(
        r'<textarea[^>]*name="(\w+)"[^>]*>(.*?)</textarea>', html, re.DOTALL
    ):
        found[name] = unescape(value).removeprefix("\n").removeprefix("\r\n")
    return found


def by_session(visitor: Browser) -> Credentials:
    return Credentials(session=visitor.session)


def post(blog: Blog, author_id: int, title: str = "Engines", content: str = "one") -> int:
    return blog.staff.add_post(OPERATOR, author_id, NewPost(title=title, content=content)).id


@pytest.fixture
def ada_id(blog: Blog) -> int:
    return add_user(blog, "ada")


@pytest.fixture
def post_id(blog: Blog, ada_id: int) -> int:
    return post(blog, ada_id)


# --- who comes in --------------------------------------------------------------------------------

PAGES = (
    "/admin/",
    "/admin/users/list",
    "/admin/users/create",
    "/admin/users/details/1",
    "/admin/users/edit/1",
    "/admin/posts/list",
    "/admin/posts/create",
    "/admin/history/list",
    "/admin/logout",
)


@pytest.mark.parametrize("path", PAGES)
def test_nobody_comes_in_who_is_not_staff(client: Client, ada: Browser, path: str) -> None:
    assert f"/login?next={path}" == Browser(client).get(path).location
    assert 403 == ada.get(path).status


@pytest.mark.parametrize("path", PAGES)
def test_staff_come_in_with_the_session_of_the_site(eve: Browser, path: str) -> None:
    shown = eve.get(path)
    assert 200 == shown.status
    assert NATIVE.policy == shown.header("Content-Security-Policy")
    assert "no-store" == shown.header("Cache-Control")


@pytest.mark.parametrize("method", ["POST", "DELETE"])
@pytest.mark.parametrize(
    "path",
    [
        "/admin/users/delete?pks=1",
        "/admin/users/action/disable?pks=1",
        "/admin/users/create",
        "/admin/users/edit/1",
        "/admin/posts/action/publish?pks=1",
    ],
)
def test_another_site_changes_nothing(eve: Browser, path: str, method: str) -> None:
    elsewhere = [("Sec-Fetch-Site", "cross-site")]
    assert 403 == eve.ask(method, path, b"", elsewhere).status


def test_whoever_is_no_longer_staff_is_out_at_once(blog: Blog, eve: Browser) -> None:
    blog.staff.set_active(OPERATOR, [1], active=False)
    assert "/login?next=/admin/" == eve.get("/admin/").location


def test_the_sites_own_sign_in_and_sign_out_are_used(client: Client, eve: Browser) -> None:
    assert "/login?next=/admin/" == Browser(client).get("/admin/login").location
    assert "/admin/" == eve.get("/admin").location
    assert 'action="/logout"' in eve.get("/admin/logout").body.decode()
    assert 200 == eve.get("/admin/").status
    assert "/" == eve.post("/logout").location
    assert "/login?next=/admin/" == eve.get("/admin/").location


def test_nothing_is_changed_by_get(blog: Blog, eve: Browser, post_id: int) -> None:
    for path in (
        f"/admin/posts/action/publish?pks={post_id}",
        f"/admin/posts/delete?pks={post_id}",
        "/admin/users/action/disable?pks=2",
        "/admin/users/delete?pks=2",
    ):
        assert 405 == eve.get(path).status
    assert "draft" == blog.staff.add_post(OPERATOR, 1, NewPost(title="x")).status
    assert [] == [done for done in blog.staff.history(OPERATOR) if done.staff]


@pytest.mark.parametrize(
    "path",
    [
        "/admin/none/list",
        "/admin/none",
        "/admin/users/details/99",
        "/admin/users/details/abc",
        "/admin/users/edit/0",
        "/admin/users/edit/99999999999999999999",
        "/admin/users/export/csv",
        "/admin/history/edit/1",
    ],
)
def test_what_is_not_there_is_said_so(eve: Browser, path: str) -> None:
    assert eve.get(path).status in (403, 404)


def test_a_file_is_kept_for_a_day(client: Client) -> None:
    for name in ("css/tabler.min.css", "js/main.js", "blog.js"):
        file = Browser(client).get(f"/admin/statics/{name}")
        assert (200, "public, max-age=86400") == (file.status, file.header("Cache-Control"))
        again = Browser(client).get(
            f"/admin/statics/{name}", ("If-None-Match", file.header("ETag") or "")
        )
        assert 304 == again.status


def test_a_page_takes_all_it_needs_from_here(eve: Browser) -> None:
    for path in ("/admin/", "/admin/posts/create", "/admin/users/list"):
        html = eve.get(path).body.decode()
        assert [] == re.findall(r"<script(?![^>]*src=)[^>]*>|<style|\son\w+=|\sstyle=", html)
        links = re.findall(r'(?:src|href)="([^"#]+)"', html)
        assert links
        assert [] == [
            link for link in links if not link.startswith(("http://localhost/admin/", "/static/"))
        ]


def test_addresses_begin_as_the_site_is_reached(blog: Blog) -> None:
    target = ASGITarget(create_app(Settings(https=True), blog), "fastapi")
    try:
        add_user(blog, "eve", is_staff=True)
        eve = browser(Client(target), "eve")
        assert "http://" not in eve.get("/admin/users/list").body.decode()
    finally:
        target.close()


# --- lists ---------------------------------------------------------------------------------------


def test_posts_are_found_by_words_as_on_the_site(blog: Blog, eve: Browser, ada_id: int) -> None:
    for title, content in (("Café lights", ""), ("Looms", "a cafe"), ("Cafeteria", "100%")):
        post(blog, ada_id, title, content)
    shown = text(eve.get("/admin/posts/list?search=cafe"))
    assert ["Café lights" in shown, "Looms" in shown, "Cafeteria" in shown] == [True, True, False]
    assert "Cafeteria" not in text(eve.get("/admin/posts/list?search=%25"))


def test_posts_are_filtered_by_status(blog: Blog, eve: Browser, ada_id: int) -> None:
    draft, out = post(blog, ada_id, "Still a draft"), post(blog, ada_id, "Out already")
    blog.staff.publish_posts(OPERATOR, [out])
    assert draft
    for status, title in (("draft", "Still a draft"), ("published", "Out already")):
        shown = text(eve.get(f"/admin/posts/list?status={status}"))
        assert {title} == {t for t in ("Still a draft", "Out already") if t in shown}
    assert "Showing 1 to 0 of 0" in text(eve.get("/admin/posts/list?status=scheduled"))


def test_users_are_searched_sorted_and_filtered(blog: Blog, eve: Browser) -> None:
    for name in ("ann", "bob_x", "bobby"):
        add_user(blog, name)
    found = text(eve.get("/admin/users/list?search=B_X"))
    assert ["bob_x" in found, "bobby" in found] == [True, False]
    shown = text(eve.get("/admin/users/list?sortBy=username&sort=desc"))
    assert shown.index("eve@") < shown.index("bobby@") < shown.index("bob_x@")
    staff = text(eve.get("/admin/users/list?is_staff=true"))
    assert ["eve@" in staff, "ann@" in staff] == [True, False]
    assert 400 == eve.get("/admin/users/list?sortBy=password").status


def test_a_long_list_has_pages(blog: Blog, eve: Browser, ada_id: int) -> None:
    for number in range(27):
        post(blog, ada_id, f"Post {number}")
    assert "Showing 26 to 27 of 27 items" in text(eve.get("/admin/posts/list?page=2"))
    assert 302 == eve.get("/admin/posts/list?page=99999999999999999999").status
    assert 400 == eve.get("/admin/posts/list?page=x").status


# --- adding, changing, deleting ------------------------------------------------------------------


def test_a_user_is_added_changed_and_deleted(blog: Blog, client: Client, eve: Browser) -> None:
    typed = {"username": "joe", "email": "joe@example.org", "password": PASSWORD, "is_staff": "y"}
    added = eve.post("/admin/users/create", **typed, **SAVE)
    assert 303 == added.status
    joe = browser(client, "joe")
    assert 200 == joe.get("/admin/").status
    form = fields(eve.get("/admin/users/edit/2"))
    assert ("joe", "y", "") == (form["username"], form["is_staff"], form["password"])
    del form["is_staff"]
    changed = eve.post("/admin/users/edit/2", **{**form, "email": "joe@example.com"}, **SAVE)
    assert 303 == changed.status
    assert 403 == joe.get("/admin/").status
    account = blog.staff.get_user(OPERATOR, 2)
    assert ("joe@example.com", False) == (account.email, account.is_staff)
    gone = eve.ask("DELETE", "/admin/users/delete?pks=2", b"", [("Sec-Fetch-Site", "same-origin")])
    assert (200, b"http://localhost/admin/users/list") == (gone.status, gone.body)
    assert 404 == eve.get("/admin/users/details/2").status
    did = [(done.staff, done.action) for done in blog.staff.history(OPERATOR)]
    assert [
        ("eve", "deleted"),
        ("eve", "changed email and taken off the staff"),
        ("eve", "added"),
    ] == did[:3]
    assert "deleted user joe" in text(eve.get("/admin/history/list")).replace("  ", " ")


def test_a_post_is_added_changed_and_deleted(blog: Blog, eve: Browser, ada_id: int) -> None:
    typed = {"author": "Ada", "title": "Engines", "content": "a\nb", "pub_date": ""}
    assert 303 == eve.post("/admin/posts/create", **typed, **SAVE).status
    found = blog.get_post(by_session(eve), 1)
    assert ("Engines", "a\nb", "ada") == (found.title, found.content, found.author.username)
    path = f"/admin/posts/edit/{found.id}"
    form = fields(eve.get(path))
    sent = {**form, "content": "a\r\nc", "pub_date": "2026-01-02T03:04", "save": "Save"}
    assert 303 == eve.post(path, **sent).status
    now = blog.get_post(ANYBODY, found.id)
    assert ("a\nc", "2026-01-02T03:04:00.000000Z", 2) == (now.content, now.pub_date, now.version)
    details = text(eve.get(f"/admin/posts/details/{found.id}"))
    assert "eve changed content and published" in details
    gone = eve.ask("DELETE", f"/admin/posts/delete?pks={found.id}", b"", [])
    assert 200 == gone.status
    assert 404 == eve.get(path).status


@pytest.mark.parametrize("kind", ["posts", "users"])
def test_what_has_changed_since_it_was_shown_is_not_deleted(
    blog: Blog, eve: Browser, ada_id: int, kind: str
) -> None:
    typed = {"author": "Ada", "title": "Engines", "content": "", "pub_date": ""}
    assert 303 == eve.post("/admin/posts/create", **typed, **SAVE).status
    number = 1 if kind == "posts" else ada_id
    shown = [f"/admin/{kind}/list", f"/admin/{kind}/details/{number}"]
    stale = [deletion(eve.get(path), kind, number) for path in shown]
    assert stale[0] == stale[1]
    path = f"/admin/{kind}/edit/{number}"
    change = {"title": "Looms"} if kind == "posts" else {"email": "ada@example.com"}
    assert 303 == eve.post(path, **{**fields(eve.get(path)), **change}, **SAVE).status
    refused = eve.ask("DELETE", stale[0], b"", [])
    assert (200, True) == (refused.status, b"error=" in refused.body)
    assert 200 == eve.get(path).status
    several = deletion(eve.get(shown[0]), kind, number).replace("pks=", f"pks={number},")
    assert b"error=" in eve.ask("DELETE", several, b"", []).body
    fresh = eve.ask("DELETE", deletion(eve.get(shown[0]), kind, number), b"", [])
    assert (200, False) == (fresh.status, b"error=" in fresh.body)
    assert 404 == eve.get(path).status


def deletion(page: Screen, kind: str, number: int) -> str:
    """Where the page's own button would delete this row."""
    found = [element.get("data-url") or "" for element in page.tree.iter("a")]
    (url,) = {each for each in found if f"/admin/{kind}/delete?pks={number}&" in each}
    return url.removeprefix("http://localhost")


def test_what_is_refused_is_said_beside_its_field(eve: Browser, ada_id: int) -> None:
    short = {"username": "no spaces", "email": "joe", "password": "short"}
    again = eve.post("/admin/users/create", **short, **SAVE)
    assert 422 == again.status
    assert 3 == again.body.count(b"invalid-feedback")
    assert "no spaces" == fields(again)["username"]
    assert b"short" not in again.body
    taken = {"username": "ADA", "email": "x@example.org", "password": PASSWORD}
    again = eve.post("/admin/users/create", **taken, **SAVE)
    assert (409, True) == (again.status, "This is taken." in text(again))
    nobody = {"author": "nobody", "title": "Engines"}
    again = eve.post("/admin/posts/create", **nobody, **SAVE)
    assert (422, True) == (again.status, "There is no such user." in text(again))
    again = eve.post("/admin/posts/create", author="ada", title="", pub_date="tomorrow", **SAVE)
    assert (422, 2) == (again.status, again.body.count(b"invalid-feedback"))


def test_nobody_takes_their_own_rights(eve: Browser) -> None:
    form = fields(eve.get("/admin/users/edit/1"))
    del form["is_active"]
    again = eve.post("/admin/users/edit/1", **form, **SAVE)
    assert (403, True) == (again.status, "This is yourself" in text(again))
    told = eve.post("/admin/users/action/disable?pks=1")
    assert "This is yourself" in text(eve.get(told.location.removeprefix("http://localhost")))
    assert 200 == eve.get("/admin/").status


def test_a_file_where_text_is_wanted_is_no_text(eve: Browser) -> None:
    body = (
        b'--x\r\nContent-Disposition: form-data; name="title"; filename="a"\r\n\r\nEngines\r\n'
        b'--x\r\nContent-Disposition: form-data; name="author"\r\n\r\neve\r\n--x--\r\n'
    )
    sent = eve.post_body("/admin/posts/create", body, "multipart/form-data; boundary=x")
    assert 422 == sent.status


# --- two at once ---------------------------------------------------------------------------------


def test_a_stale_form_is_a_conflict_that_keeps_what_was_typed(
    blog: Blog, eve: Browser, post_id: int
) -> None:
    path = f"/admin/posts/edit/{post_id}"
    first, second = fields(eve.get(path)), fields(eve.get(path))
    assert 303 == eve.post(path, **{**first, "content": "of the first"}, **SAVE).status
    conflict = eve.post(path, **{**second, "content": "of the second"}, **SAVE)
    assert 409 == conflict.status
    assert "of the first" in text(conflict)
    again = fields(conflict)
    assert ("of the second", "2") == (again["content"], again["version"])
    assert 303 == eve.post(path, **again, **SAVE).status
    assert "of the second" == fields(eve.get(path))["content"]


def test_a_stale_form_of_a_user_is_one_too(blog: Blog, eve: Browser, ada_id: int) -> None:
    path = f"/admin/users/edit/{ada_id}"
    first, second = fields(eve.get(path)), fields(eve.get(path))
    assert 303 == eve.post(path, **{**first, "email": "first@example.org"}, **SAVE).status
    conflict = eve.post(path, **{**second, "username": "lovelace"}, **SAVE)
    assert (409, True) == (conflict.status, "first@example.org" in text(conflict))
    assert "lovelace" == fields(conflict)["username"]
    assert "ada" == blog.staff.get_user(OPERATOR, ada_id).username


def test_a_tag_from_before_the_admin_is_stale(
    client: Client, blog: Blog, eve: Browser, post_id: int
) -> None:
    path = f"/admin/posts/edit/{post_id}"
    etag = client.get(f"/api/posts/{post_id}", headers=[eve.cookie]).header("ETag") or ""
    assert 303 == eve.post(path, **{**fields(eve.get(path)), "title": "Looms"}, **SAVE).status
    own = [eve.cookie, ("Sec-Fetch-Site", "same-origin"), ("If-Match", etag)]
    assert 412 == client.patch(f"/api/posts/{post_id}", json={"title": "x"}, headers=own).status


def test_the_admin_and_the_api_write_at_once(
    client: Client, blog: Blog, eve: Browser, ada_id: int
) -> None:
    """SQLite's lock is waited for by both, and the admin's reads hold none."""
    ids = [post(blog, ada_id, f"Post {number}") for number in range(4)]
    token = client.post("/api/tokens", json={"username": "ada", "password": PASSWORD})
    bearer = [("Authorization", f"Bearer {token.json()['token']}")]
    start, statuses, rounds = Barrier(4), [], 15

    def admin(post_id: int) -> None:
        start.wait()
        for number in range(rounds):
            path = f"/admin/posts/edit/{post_id}"
            form = fields(eve.get(path))
            statuses.append(eve.post(path, **{**form, "content": f"{number}"}, **SAVE).status)

    def api() -> None:
        start.wait()
        for number in range(rounds):
            made = client.post("/api/posts", json={"title": f"New {number}"}, headers=bearer)
            statuses.append(made.status)

    threads = [Thread(target=admin, args=[post_id]) for post_id in ids[:2]]
    threads += [Thread(target=api) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {201: 2 * rounds, 303: 2 * rounds} == {s: statuses.count(s) for s in set(statuses)}
    versions = [blog.get_post(by_session(eve), post_id).version for post_id in ids[:2]]
    assert [1 + rounds] * 2 == versions


# --- actions -------------------------------------------------------------------------------------


def test_posts_are_published_and_unpublished_together(
    blog: Blog, eve: Browser, ada_id: int
) -> None:
    ids = [post(blog, ada_id, f"Post {number}") for number in range(3)]
    pks = ",".join(map(str, ids))
    assert 303 == eve.post(f"/admin/posts/action/publish?pks={pks}").status
    assert {"published"} == {blog.get_post(ANYBODY, one).status for one in ids}
    assert 303 == eve.post(f"/admin/posts/action/unpublish?pks={pks}").status
    assert 404 == Browser(eve.client).get(f"/posts/{ids[0]}").status


def test_all_of_them_or_none(blog: Blog, eve: Browser, post_id: int) -> None:
    told = eve.post(f"/admin/posts/action/publish?pks={post_id},99")
    assert "There is nothing here." in text(eve.get(told.location.removeprefix("http://localhost")))
    assert "draft" == blog.get_post(by_session(eve), post_id).status
    assert 404 == eve.post("/admin/posts/action/publish?pks=1,x").status


def test_a_disabled_user_is_signed_out_and_may_come_back(
    client: Client, blog: Blog, eve: Browser, ada: Browser
) -> None:
    ada_id = blog.get_user(ANYBODY, "ada").id
    assert 303 == eve.post(f"/admin/users/action/disable?pks={ada_id}").status
    assert ada.get("/drafts").location.startswith("/login")
    assert 303 == eve.post(f"/admin/users/action/enable?pks={ada_id}").status
    assert 200 == browser(client, "ada").get("/drafts").status


# --- reading only --------------------------------------------------------------------------------


def test_the_admins_session_writes_nothing(blog: Blog, post_id: int) -> None:
    assert isinstance(blog.storage, SqlStorage)
    with sessionmaker(blog.storage.reader, class_=ReadingSession)() as session:
        row = session.get(PostRow, post_id)
        assert row is not None
        row.title = "Looms"
        with pytest.raises(RuntimeError, match="only reads"):
            session.commit()


def test_two_applications_in_one_process_have_an_admin_each(
    client: Client, eve: Browser, tmp_path_factory: pytest.TempPathFactory
) -> None:
    other = Settings(database_url=f"sqlite:///{tmp_path_factory.mktemp('other') / 'x.sqlite3'}")
    create_app(other)
    assert "eve@example.org" in text(eve.get("/admin/users/list"))


def test_the_api_and_the_site_do_not_pay_for_it(blog: Blog, settings: Settings) -> None:
    code = """
import sys
from blog_contract.client import Client
from blog_fastapi.asgi import app
from http_parity.asgi import ASGITarget

target = ASGITarget(app, "fastapi")
client = Client(target)
seen = [client.get(path).status for path in ("/", "/api/posts", "/openapi.json", "/docs")]
assert [200, 200, 200, 200] == seen, seen
assert "sqladmin" not in sys.modules
assert 303 == client.get("/admin/").status
assert "sqladmin" in sys.modules
target.close()
"""
    environ = os.environ | {"BLOG_DATABASE_URL": settings.database_url}
    subprocess.run([sys.executable, "-c", code], env=environ, check=True)
