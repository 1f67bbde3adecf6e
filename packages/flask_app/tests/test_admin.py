"""The admin at /admin/: Flask-Admin for lists and forms, the use cases for every change."""

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import count
from typing import Any

import html5lib
import pytest
from flask.testing import FlaskClient
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from blog_core import schemas
from blog_core.domain.instants import parse_instant
from blog_core.settings import Settings
from blog_core.storage.rows import PostRow
from blog_flask import create_app
from blog_flask.admin.reading import Reader
from blog_flask.app import BlogFlask

PASSWORD = "nine lives, no boots"
PAST = "2026-01-02T03:04:05.678901Z"


def add_user(app: BlogFlask, username: str, *, is_staff: bool = False) -> int:
    email = f"{username}@example.org"
    new = schemas.NewUser(username=username, email=email, password=PASSWORD)
    return app.blog.add_user(new, is_staff=is_staff).id


def signed_in(app: BlogFlask, username: str) -> FlaskClient:
    client = app.test_client()
    form = {"username": username, "password": PASSWORD}
    assert 303 == client.post("/login", data=form).status_code
    return client


def parsed(page: TestResponse) -> Any:
    return html5lib.parse(page.text, namespaceHTMLElements=False)


def fields(page: TestResponse) -> dict[str, str]:
    """The fields of the form on the page, as a browser would send them."""
    found: dict[str, str] = {}
    for field in parsed(page).iterfind(".//form//*[@name]"):
        kind = field.get("type")
        if field.tag == "textarea":
            found[field.get("name")] = "".join(field.itertext()).replace("\n", "\r\n")
        elif kind != "submit" and (kind != "checkbox" or "checked" in field.attrib):
            found[field.get("name")] = field.get("value", "")
    return found


def rows(page: TestResponse, column: str) -> list[str]:
    """What a list shows in one column."""
    cells = parsed(page).iterfind(".//td[@class]")
    return ["".join(cell.itertext()).strip() for cell in cells if cell.get("class") == column]


@pytest.fixture
def eve(app: BlogFlask) -> FlaskClient:
    """A browser in which somebody of the staff is signed in."""
    add_user(app, "eve", is_staff=True)
    return signed_in(app, "eve")


@pytest.fixture
def ada(app: BlogFlask) -> int:
    """Somebody who writes."""
    return add_user(app, "ada")


def post_of(app: BlogFlask, author: int, title: str, **rest: Any) -> schemas.Post:
    new = schemas.NewPost(title=title, **rest)
    return app.blog.staff.add_post(schemas.OPERATOR, author, new)


def stored(app: BlogFlask, post_id: int) -> schemas.Post:
    by = app.blog.sign_in(schemas.SignIn(username="eve", password=PASSWORD))
    return app.blog.get_post(schemas.Credentials(by.token), post_id)


# --- who may come in ------------------------------------------------------------------------------


def pages(app: BlogFlask) -> Iterator[tuple[str, str]]:
    """Every page of the admin, by each of its methods."""
    for rule in app.both.admin.url_map.iter_rules():
        if not rule.endpoint.endswith("static"):
            path = rule.rule.replace("<export_type>", "csv")
            yield from ((method, path) for method in rule.methods or () if method != "OPTIONS")


def test_who_is_not_signed_in_is_led_to_where_one_signs_in(
    app: BlogFlask, client: FlaskClient
) -> None:
    answers = {page: client.open(page[1], method=page[0]) for page in pages(app)}
    assert len(answers) > 20
    for (_, path), answer in answers.items():
        assert (303, f"/login?next={path}") == (answer.status_code, answer.location)


def test_who_is_not_on_the_staff_is_refused(app: BlogFlask, ada: int) -> None:
    client = signed_in(app, "ada")
    answers = {page: client.open(page[1], method=page[0]).status_code for page in pages(app)}
    assert {403} == set(answers.values())


def test_who_was_disabled_is_out_at_once(app: BlogFlask, eve: FlaskClient) -> None:
    assert 200 == eve.get("/admin/").status_code
    app.blog.staff.set_active(schemas.OPERATOR, [1], active=False)
    assert "/login?next=/admin/" == eve.get("/admin/").location


def test_a_form_of_another_site_is_refused(app: BlogFlask, eve: FlaskClient, ada: int) -> None:
    form = {"id": f"{ada}", "version": fields(eve.get(f"/admin/users/delete/?id={ada}"))["version"]}
    elsewhere = {"Sec-Fetch-Site": "cross-site"}
    refused = eve.post("/admin/users/delete/", data=form, headers=elsewhere)
    assert 403 == refused.status_code
    assert ["ada", "eve"] == sorted(rows(eve.get("/admin/users/"), "col-username"))
    assert 302 == eve.post("/admin/users/delete/", data=form).status_code
    assert ["eve"] == rows(eve.get("/admin/users/"), "col-username")


@pytest.mark.parametrize("https", [False, True])
def test_its_cookie_is_kept_from_everybody_else(
    settings: Settings, app: BlogFlask, https: bool
) -> None:
    add_user(app, "eve", is_staff=True)
    site = create_app(replace(settings, https=https), app.blog)
    eve = site.test_client()
    session = signed_in(app, "eve").get_cookie("session")
    assert session is not None
    eve.set_cookie("__Host-session" if https else "session", session.value)
    form = {"author": "", "title": "One", "content": "", "pub_date": ""}
    made = eve.post("/admin/posts/new/", data=form)
    _, *attributes = made.headers["Set-Cookie"].split("; ")
    expected = ["HttpOnly", "Path=/admin/", "SameSite=Strict"]
    assert sorted([*expected, *(["Secure"] if https else [])]) == sorted(attributes)


def test_nothing_comes_from_elsewhere_and_no_script_stands_in_a_page(
    app: BlogFlask, eve: FlaskClient, ada: int
) -> None:
    post = post_of(app, ada, "One")
    for path in (
        "/admin/",
        "/admin/posts/",
        f"/admin/posts/edit/?id={post.id}",
        f"/admin/posts/delete/?id={post.id}",
        "/admin/users/new/",
        "/admin/history/",
    ):
        page = eve.get(path)
        policy = page.headers["Content-Security-Policy"]
        assert "default-src 'self'" in policy
        assert "unsafe" not in policy
        for element in parsed(page).iter():
            if element.tag == "script":
                assert not (element.text or "").strip()
            for name, value in element.attrib.items():
                assert not name.startswith("on"), (path, element.tag, name)
                if name in ("src", "href", "action"):
                    assert value.startswith(("/", "?", "#")) or value == "", (path, value)
                    assert not value.startswith("//")


def test_who_never_asks_for_it_does_not_load_it() -> None:
    loaded = "import sys, blog_flask.wsgi; print('flask_admin' in sys.modules)"
    command = [sys.executable, "-c", loaded]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    assert "False\n" == done.stdout


# --- lists ---------------------------------------------------------------------------------------


def test_posts_are_sorted_searched_and_filtered(app: BlogFlask, eve: FlaskClient, ada: int) -> None:
    bob = add_user(app, "bob")
    now = parse_instant(PAST)
    post_of(app, ada, "Ways to wait", pub_date=now)
    post_of(app, bob, "About time", pub_date=now)
    post_of(app, bob, "Later", pub_date=now.replace(year=9000))
    post_of(app, ada, "Notes")

    def shown(query: str = "") -> list[str]:
        return rows(eve.get(f"/admin/posts/{query}"), "col-title")

    assert ["Notes", "Later", "About time", "Ways to wait"] == shown()
    assert ["About time", "Later", "Notes", "Ways to wait"] == shown("?sort=0")
    assert ["Ways to wait", "Notes", "Later", "About time"] == shown("?sort=0&desc=1")
    assert {"bob"} == set(rows(eve.get("/admin/posts/?sort=1&desc=1"), "col-author")[:2])
    assert ["Ways to wait"] == shown("?search=wait")
    assert ["Later", "About time"] == shown("?search=bob")
    assert ["Notes"] == shown("?flt0_0=draft")
    assert ["Later"] == shown("?flt0_0=scheduled")
    assert ["About time", "Ways to wait"] == shown("?flt0_0=published")
    assert ["About time"] == shown("?flt0_0=published&flt1_1=bob")
    statuses = rows(eve.get("/admin/posts/"), "col-status")
    assert ["draft", "scheduled", "published", "published"] == statuses


def test_users_are_sorted_searched_and_filtered(app: BlogFlask, eve: FlaskClient, ada: int) -> None:
    app.blog.staff.set_active(schemas.OPERATOR, [ada], active=False)

    def shown(query: str) -> list[str]:
        return rows(eve.get(f"/admin/users/{query}"), "col-username")

    assert ["ada", "eve"] == shown("?sort=0")
    assert ["ada"] == shown("?search=ada@example")
    assert ["eve"] == shown("?flt0_0=yes")
    assert ["ada"] == shown("?flt0_1=no")
    assert [] == shown("?flt0_0=yes&flt1_1=no")


ODD = (
    "?page=-1",
    "?page=99999999999999999999",
    "?page=x",
    "?sort=99",
    "?sort=-1&desc=7",
    "?page_size=-5",
    "?search=%25",
    "?search=%F0%9F%90%88",
    "?flt0_0=neither",
    "?flt0_9=yes",
    "?flt_=1",
    "edit/?id=x",
    "edit/?id=1,2",
    "edit/?id=999999999999999999",
    "edit/",
    "ajax/lookup/?name=x",
    "export/csv/",
)


def test_an_odd_address_is_no_accident(eve: FlaskClient) -> None:
    addresses = [f"/admin/{entity}/{odd}" for odd in ODD for entity in ("users", "posts")]
    answers = {address: eve.get(address).status_code for address in addresses}
    assert {address: status for address, status in answers.items() if status >= 500} == {}


def test_what_is_not_there_is_said_as_on_the_site(eve: FlaskClient) -> None:
    for path in ("nothing", "users/delete/?id=7", "posts/history/?id=x"):
        missing = eve.get(f"/admin/{path}")
        assert 404 == missing.status_code
        assert "This page does not exist" in missing.text


def test_what_people_write_is_shown_as_text(app: BlogFlask, eve: FlaskClient, ada: int) -> None:
    hostile = "<script>alert(1)</script>"
    post = post_of(app, ada, hostile, content="</textarea><script>")
    for page in ("", f"edit/?id={post.id}", f"delete/?id={post.id}", f"history/?id={post.id}"):
        assert "<script>a" not in eve.get(f"/admin/posts/{page}").text
    assert "</textarea><script>" == fields(eve.get(f"/admin/posts/edit/?id={post.id}"))["content"]
    form = fields(eve.get(f"/admin/posts/delete/?id={post.id}"))
    done = eve.post("/admin/posts/delete/", data=form, follow_redirects=True)
    assert "&lt;script&gt;alert(1)&lt;/script&gt;” is deleted." in done.text
    assert "<script>a" not in eve.get("/admin/").text + eve.get("/admin/history/").text


# --- changes -------------------------------------------------------------------------------------


def test_a_post_is_added_edited_and_deleted_and_all_of_it_recorded(
    app: BlogFlask, eve: FlaskClient, ada: int
) -> None:
    form = fields(eve.get("/admin/posts/new/"))
    assert {"author", "title", "content", "pub_date"} == set(form)
    form |= {"author": "ada", "title": "One", "content": "a\r\nb", "pub_date": "2026-01-02T03:04"}
    assert "/admin/posts/" == eve.post("/admin/posts/new/", data=form).location
    made = stored(app, 1)
    assert ("One", "a\nb", "ada") == (made.title, made.content, made.author.username)
    assert ("2026-01-02T03:04:00.000000Z", "published") == (made.pub_date, made.status)

    form = fields(eve.get("/admin/posts/edit/?id=1"))
    assert 302 == eve.post("/admin/posts/edit/?id=1", data=form | {"title": "Two"}).status_code
    assert replace(made, title="Two", version=2) == replace(stored(app, 1), updated=made.updated)

    form = fields(eve.get("/admin/posts/delete/?id=1"))
    assert 302 == eve.post("/admin/posts/delete/", data=form).status_code
    assert [] == rows(eve.get("/admin/posts/"), "col-title")
    assert ["deleted", "changed title", "added"] == rows(eve.get("/admin/history/"), "col-action")
    history = eve.get("/admin/posts/history/?id=1").text
    assert history.index("deleted") < history.index("changed title") < history.index("added")


def test_an_instant_that_nobody_touched_stays_to_the_microsecond(
    app: BlogFlask, eve: FlaskClient, ada: int
) -> None:
    post = post_of(app, ada, "One", pub_date=parse_instant(PAST))
    form = fields(eve.get(f"/admin/posts/edit/?id={post.id}"))
    assert "2026-01-02T03:04" == form["pub_date"]
    assert 302 == eve.post(f"/admin/posts/edit/?id={post.id}", data=form).status_code
    assert PAST == stored(app, post.id).pub_date


def test_a_stale_form_loses_neither_what_was_typed_nor_what_stands(
    app: BlogFlask, eve: FlaskClient, ada: int
) -> None:
    post = post_of(app, ada, "One", content="a")
    path = f"/admin/posts/edit/?id={post.id}"
    first, second = fields(eve.get(path)), fields(eve.get(path))
    assert 302 == eve.post(path, data=first | {"title": "First"}).status_code

    again = eve.post(path, data=second | {"title": "Second", "content": "b\r\nc"})
    assert 409 == again.status_code
    assert "Nothing is lost" in again.text
    assert "It says now: First" in again.text
    assert "First" == stored(app, post.id).title
    form = fields(again)
    assert ("Second", "b\r\nc", "2") == (form["title"], form["content"], form["version"])

    assert 302 == eve.post(path, data=form).status_code
    after = stored(app, post.id)
    assert ("Second", "b\nc", 3) == (after.title, after.content, after.version)


def test_a_form_that_does_not_say_what_it_was_made_from_changes_nothing(
    app: BlogFlask, eve: FlaskClient, ada: int
) -> None:
    post = post_of(app, ada, "One")
    for version in ({}, {"version": ""}, {"version": "x"}):
        form = {"title": "Two", "content": "", "pub_date": "", **version}
        assert 409 == eve.post(f"/admin/posts/edit/?id={post.id}", data=form).status_code
        account = {"username": "eva", "email": "eva@example.org", **version}
        assert 409 == eve.post(f"/admin/users/edit/?id={ada}", data=account).status_code
    assert "One" == stored(app, post.id).title
    assert "ada" in rows(eve.get("/admin/users/"), "col-username")


def test_what_changed_since_the_question_is_not_deleted(
    app: BlogFlask, eve: FlaskClient, ada: int
) -> None:
    post = post_of(app, ada, "One")
    path = f"/admin/posts/delete/?id={post.id}"
    asked = fields(eve.get(path))
    app.blog.staff.publish_posts(schemas.OPERATOR, [post.id])
    refused = eve.post(path, data=asked)
    assert 409 == refused.status_code
    assert "This is how it stands now." in refused.text
    assert 302 == eve.post(path, data=fields(refused)).status_code

    path = f"/admin/users/delete/?id={ada}"
    asked = fields(eve.get(path))
    app.blog.staff.set_active(schemas.OPERATOR, [ada], active=False)
    assert 409 == eve.post(path, data=asked).status_code
    assert 302 == eve.post(path, data=fields(eve.get(path))).status_code


def test_a_user_is_added_changed_disabled_and_deleted(app: BlogFlask, eve: FlaskClient) -> None:
    new = {"username": "bob", "email": "bob@example.org", "password": PASSWORD}
    assert 302 == eve.post("/admin/users/new/", data=new).status_code
    bob = signed_in(app, "bob")
    path = "/admin/users/edit/?id=2"
    form = fields(eve.get(path))
    assert ("bob", "", "y") == (form["username"], form["password"], form["is_active"])
    assert "is_staff" not in form
    assert 302 == eve.post(path, data=form | {"is_staff": "y"}).status_code
    assert 200 == bob.get("/admin/").status_code

    form = fields(eve.get(path)) | {"password": "eight lives, one boot"}
    assert 302 == eve.post(path, data=form).status_code
    assert "/login?next=/admin/" == bob.get("/admin/").location
    sign_in = {"username": "bob", "password": "eight lives, one boot"}
    assert 303 == bob.post("/login", data=sign_in).status_code

    form = fields(eve.get(path))
    del form["is_active"]
    assert 302 == eve.post(path, data=form).status_code
    assert 422 == bob.post("/login", data=sign_in).status_code
    path = "/admin/users/delete/?id=2"
    assert 302 == eve.post(path, data=fields(eve.get(path))).status_code


def test_a_stale_form_of_a_user_is_a_conflict_too(
    app: BlogFlask, eve: FlaskClient, ada: int
) -> None:
    path = f"/admin/users/edit/?id={ada}"
    form = fields(eve.get(path))
    changes = schemas.AccountChanges(email="ada@elsewhere.example", is_active=False)
    app.blog.staff.change_user(schemas.OPERATOR, ada, changes)
    again = eve.post(path, data=form | {"username": "countess", "password": "short"})
    assert 422 == again.status_code  # what is wrong in itself is said first
    again = eve.post(path, data=form | {"username": "countess"})
    assert 409 == again.status_code
    assert "It says now: ada@elsewhere.example" in again.text
    assert "It says now: False" in again.text
    assert "countess" == fields(again)["username"]
    assert 302 == eve.post(path, data=fields(again)).status_code
    assert ["countess"] == rows(eve.get("/admin/users/?search=ada@example.org"), "col-username")


@pytest.mark.parametrize(
    ("path", "form", "status", "said"),
    [
        ("posts/new/", {"author": "nobody", "title": "One"}, 422, "There is no such user."),
        ("posts/new/", {"title": "  "}, 422, "A title has at least 1 character."),
        ("posts/new/", {"title": "a\u2028b"}, 422, "A title is one line"),
        ("posts/new/", {"title": "One", "pub_date": "soon"}, 422, "Use a date and a time in UTC"),
        ("posts/new/", {}, 422, "This field is required."),
        ("users/new/", {"username": "b b", "password": PASSWORD}, 422, "Use only ASCII letters"),
        ("users/new/", {"username": "EVE", "password": PASSWORD}, 409, "This is taken."),
        ("users/new/", {"username": "bob", "password": "short"}, 422, "at least 8 bytes"),
    ],
)
def test_what_the_core_refuses_is_said_on_the_form(
    eve: FlaskClient, path: str, form: dict[str, str], status: int, said: str
) -> None:
    email = {"email": "bob@example.org"} if path.startswith("users") else {}
    again = eve.post(f"/admin/{path}", data=form | email)
    assert status == again.status_code
    assert said in again.text
    kept = fields(again)
    assert "" == kept.pop("password", "")
    assert kept == kept | {name: value for name, value in form.items() if name != "password"}


def test_nobody_takes_their_own_rights(app: BlogFlask, eve: FlaskClient, ada: int) -> None:
    form = fields(eve.get("/admin/users/edit/?id=1"))
    del form["is_staff"]
    refused = eve.post("/admin/users/edit/?id=1", data=form)
    assert 403 == refused.status_code
    assert "somebody else of the staff has to do it" in refused.text
    both = {"action": "disable", "rowid": ["1", f"{ada}"]}
    done = eve.post("/admin/users/action/", data=both, follow_redirects=True)
    assert "somebody else of the staff has to do it" in done.text
    assert ["yes", "yes"] == rows(done, "col-is_active")


def test_actions_are_done_to_all_that_are_selected(
    app: BlogFlask, eve: FlaskClient, ada: int
) -> None:
    ids = [f"{post_of(app, ada, title).id}" for title in ("One", "Two", "Three")]

    def do(name: str, *ids: str, to: str = "posts") -> TestResponse:
        form = {"action": name, "rowid": [*ids]}
        return eve.post(f"/admin/{to}/action/", data=form, follow_redirects=True)

    done = do("publish", *ids[:2])
    assert "2 published." in done.text
    assert ["draft", "published", "published"] == rows(done, "col-status")
    assert "There is nothing here." in do("unpublish", *ids, "99").text
    assert ["draft", "published", "published"] == rows(do("unpublish", "x", *ids), "col-status")
    assert ["draft", "draft", "published"] == rows(do("unpublish", ids[1]), "col-status")
    assert ["Three"] == rows(do("delete", *ids[:2]), "col-title")
    assert ["no", "yes"] == rows(do("disable", f"{ada}", to="users"), "col-is_active")
    assert ["yes", "yes"] == rows(do("enable", f"{ada}", to="users"), "col-is_active")
    assert ["eve"] == rows(do("delete", f"{ada}", to="users"), "col-username")
    assert [] == rows(eve.get("/admin/posts/"), "col-title")
    assert "eve" == rows(eve.get("/admin/history/"), "col-staff")[0]


def test_a_post_edited_here_has_another_etag_at_the_api(
    app: BlogFlask, eve: FlaskClient, ada: int
) -> None:
    post = post_of(app, ada, "One", pub_date=parse_instant(PAST))
    etag = app.test_client().get(f"/api/posts/{post.id}").headers["ETag"]
    path = f"/admin/posts/edit/?id={post.id}"
    assert 302 == eve.post(path, data=fields(eve.get(path)) | {"title": "Two"}).status_code
    stale = eve.patch(f"/api/posts/{post.id}", json={"title": "3"}, headers={"If-Match": etag})
    assert 412 == stale.status_code


def test_the_session_for_reading_writes_nothing(app: BlogFlask, ada: int) -> None:
    post = post_of(app, ada, "One")
    reader = Reader(app.blog)
    row = reader.get(PostRow, post.id)
    assert row is not None
    row.title = "Two"
    with pytest.raises(RuntimeError, match="writes through"):
        reader.commit()
    reader.remove()


def test_a_database_that_does_not_answer_is_said_as_on_the_site(
    app: BlogFlask, eve: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def locked(*_: object, **__: object) -> None:
        raise OperationalError("SELECT", {}, Exception("locked"))

    monkeypatch.setattr(Session, "execute", locked)
    answer = eve.get("/admin/posts/")
    assert 503 == answer.status_code
    assert "The blog is out of breath" in answer.text


def test_the_admin_and_the_api_write_at_once(app: BlogFlask, eve: FlaskClient, ada: int) -> None:
    """SQLite has one writer: the others wait their turn, none is told that it is locked."""
    rounds, numbers = 15, count()
    post_of(app, ada, "One")

    def at_the_api(_: int) -> list[int]:
        token = eve.post("/api/tokens", json={"username": "ada", "password": PASSWORD})
        by = {"Authorization": f"Bearer {token.get_json()['token']}"}
        client = app.test_client()
        posts = [{"title": f"{next(numbers)}"} for _ in range(rounds)]
        return [client.post("/api/posts", json=post, headers=by).status_code for post in posts]

    def in_the_admin(_: int) -> list[int]:
        client, path = signed_in(app, "eve"), "/admin/posts/edit/?id=1"
        forms = [fields(client.get(path)) | {"title": f"{next(numbers)}"} for _ in range(rounds)]
        return [client.post(path, data=form).status_code for form in forms]

    with ThreadPoolExecutor(4) as threads:
        written = [*threads.map(at_the_api, range(2)), *threads.map(in_the_admin, range(2))]
    *api, one, two = written
    assert [[201] * rounds] * 2 == api
    assert {302, 409} >= {*one, *two}
    assert 302 in {*one, *two}
