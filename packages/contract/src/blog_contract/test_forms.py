"""Forms: how they are read, refused, shown again and done."""

from urllib.parse import urlencode

import pytest

from blog_contract.answers import NEVER, TITLES
from blog_contract.browser import FORM, Browser, Form, Screen, SignedIn, text_of
from blog_contract.client import Account, Client, NewPost, NewUser
from blog_contract.resources import FUTURE, PAST, sign_up_form, unique
from blog_contract.sentences import sentence

OTHER_PASSWORD = "eight wonders, one left"
POSTS = ["/login", "/write", "/settings"]


def errors_of(screen: Screen) -> list[str]:
    """The messages at the fields of the page."""
    return [text_of(each) for each in screen.all("p", class_="error")]


def typed_in(screen: Screen, action: str, button: str | None = None) -> dict[str, str]:
    return screen.form(action, button).fields


# --- bytes ---------------------------------------------------------------------------------------


@sentence("form-type")
@pytest.mark.parametrize("path", POSTS)
@pytest.mark.parametrize(
    "content_type",
    [
        *("application/json", "text/plain", "multipart/form-data; boundary=x", None),
        *(f"{FORM}; charset=latin-1", f"{FORM}; x=y", f"{FORM}x"),
    ],
)
def test_a_form_of_another_type_is_415(
    anybody: Browser, path: str, content_type: str | None
) -> None:
    screen = anybody.post_body(path, b"username=a", content_type)
    assert (415, FORM) == (screen.status, screen.header("Accept-Post"))
    assert TITLES[415] in screen.text


MULTIPART = (
    b'--x\r\nContent-Disposition: form-data; name="title"; filename="a.txt"\r\n\r\nT\r\n--x--\r\n',
    b'--x\r\nContent-Disposition: form-data; name="title"\r\n\r\nT\r\n--x--\r\n',
    b'--x\r\nContent-Disposition: form-data; name="title"; filename=""\r\n\r\nT',
)
"""A file, a part that is none, and one that is cut off."""


@sentence("form-type")
@pytest.mark.parametrize("body", MULTIPART, ids=["a file", "no file", "cut off"])
def test_no_multipart_form_is_read_whatever_its_parts_are(browser: Browser, body: bytes) -> None:
    screen = browser.post_body("/write", body, "multipart/form-data; boundary=x")
    assert (415, FORM) == (screen.status, screen.header("Accept-Post"))


@sentence("form-type")
@pytest.mark.parametrize("content_type", [FORM.upper(), f"{FORM};charset=UTF-8"])
def test_the_type_of_a_form_is_read_without_regard_to_case(
    anybody: Browser, content_type: str
) -> None:
    assert 422 == anybody.post_body("/login", b"username=a", content_type).status


@sentence("form-type", "form-fields")
@pytest.mark.parametrize("content_type", [FORM, "text/plain", "application/json", None])
def test_an_empty_body_is_a_form_without_fields_whatever_its_type(
    anybody: Browser, content_type: str | None
) -> None:
    screen = anybody.post_body("/register", b"", content_type)
    assert (422, 3) == (screen.status, len(errors_of(screen)))
    assert "/" == anybody.post_body("/logout", b"", content_type).location


@sentence("form-bytes", "status-400")
@pytest.mark.parametrize("path", POSTS)
@pytest.mark.parametrize(
    "body",
    [
        *(b"username=%zz", b"username=%", b"username=%00", b"username=%ff", b"username=\xff"),
        *(b"username=a&username=a", b"x=1&x=2", b"%00=1", b"username=%ed%a0%80"),
        b"&".join(b"x%d=1" % number for number in range(51)),
    ],
)
def test_a_form_that_could_be_read_differently_is_400(
    anybody: Browser, path: str, body: bytes
) -> None:
    screen = anybody.post_body(path, body)
    assert 400 == screen.status
    assert TITLES[400] in screen.text


@sentence("form-bytes", "form-fields")
def test_fifty_fields_are_read_and_unknown_ones_not_looked_at(anybody: Browser) -> None:
    fields = {"username": "nobody", "password": "x"} | {f"x{n}": "%" for n in range(48)}
    screen = anybody.post("/login", **fields)
    assert (422, "nobody") == (screen.status, typed_in(screen, "/login")["username"])


@sentence("body-limit", "form-bytes")
def test_a_form_over_a_mebibyte_is_413(anybody: Browser) -> None:
    assert 413 == anybody.post_body("/login", b"x" * 1_048_577).status


@sentence("content-encoding", "form-bytes")
def test_a_form_that_is_encoded_is_415(anybody: Browser) -> None:
    headers = [("Content-Type", FORM), ("Content-Encoding", "gzip")]
    screen = anybody.ask("POST", "/login", b"username=a", headers)
    assert (415, "identity") == (screen.status, screen.header("Accept-Encoding"))


@sentence("form-fields")
def test_lines_of_a_form_end_in_lf_whatever_was_sent(
    client: Client, browser: Browser, author: Account
) -> None:
    location = browser.post("/write", title="T", content="\r\na\r\n\rb\nc").location
    stored = client.get(f"/api{location}", token=author.token).json()
    assert "\na\n\nb\nc" == stored["content"]


# --- register ------------------------------------------------------------------------------------


@sentence("page-register", "form-done", "session")
def test_whoever_registers_is_signed_in(client: Client, anybody: Browser) -> None:
    typed = sign_up_form()
    screen = anybody.send(anybody.get("/register").form("/register"), **typed)
    assert "/" == screen.location
    assert "no-store" == screen.header("Cache-Control")
    assert f"/users/{typed['username']}" in anybody.get("/").links()
    assert 200 == anybody.get("/settings").status
    assert 200 == client.get(f"/api/users/{typed['username']}").status


@sentence("form-again", "page-register", "problem-errors")
def test_a_registration_that_is_refused_is_shown_again_with_what_was_typed_but_the_password(
    client: Client, anybody: Browser
) -> None:
    typed = {"username": 'É "<b>', "email": '"<x> &amp;', "password": "12345678"}
    screen = anybody.send(anybody.get("/register").form("/register"), **typed)
    assert 422 == screen.status
    again = typed_in(screen, "/register")
    assert (typed["username"], typed["email"], "") == (
        *(again["username"], again["email"]),
        again["password"],
    )
    assert typed["password"].encode() not in screen.body
    refused = client.post("/api/users", json=typed).json()["errors"]
    assert [error["message"] for error in refused] == errors_of(screen)


@sentence("form-again", "status-409")
def test_a_name_or_an_email_that_is_taken_is_422_on_a_page(
    anybody: Browser, author: Account
) -> None:
    form = anybody.get("/register").form("/register")
    typed = sign_up_form(username=author.username.upper(), email=author.email.upper())
    screen = anybody.send(form, **typed)
    assert (422, 2) == (screen.status, len(errors_of(screen)))
    assert typed["username"] == typed_in(screen, "/register")["username"]
    assert not anybody.cookies


@sentence("form-key", "page-register")
def test_the_same_registration_sent_twice_makes_one_user_and_answers_alike(
    anybody: Browser, client: Client
) -> None:
    form, typed = anybody.get("/register").form("/register"), sign_up_form()
    assert "/" == anybody.send(form, **typed).location
    assert "/" == Browser(client).send(form, **typed).location
    other = Browser(client).send(form, **sign_up_form())
    assert 422 == other.status
    assert form.fields["key"] != typed_in(other, "/register")["key"]


# --- sign in -------------------------------------------------------------------------------------


@sentence("page-login", "same-time")
def test_a_wrong_password_and_an_unknown_user_get_the_same_bytes(
    anybody: Browser, author: Account
) -> None:
    form = anybody.get("/login").form("/login")
    unknown_name = unique()
    wrong = anybody.send(form, username=author.username, password="wrong")
    unknown = anybody.send(form, username=unknown_name, password="wrong")
    assert (422, 422) == (wrong.status, unknown.status)
    assert wrong.body.replace(author.username.encode(), unknown_name.encode()) == unknown.body
    assert author.username == typed_in(wrong, "/login")["username"]
    assert not anybody.cookies


@sentence("page-login", "page-next")
@pytest.mark.parametrize(
    ("wanted", "led_to"),
    [
        ("/drafts", "/drafts"),
        ("/settings?done=profile", "/settings?done=profile"),
        ("/?q=%C3%A9&x=a+b", "/?q=%C3%A9&x=a+b"),
        *((evil, "/") for evil in ("//evil.example", "/\\evil.example", "https://evil.example")),
        *((evil, "/") for evil in ("javascript:alert(1)", "", "drafts", "/a\r\nSet-Cookie: x=1")),
        *((evil, "/") for evil in ("/\t/evil.example", " /drafts", "/é", "/a b", "/%2e\x00")),
        ("/" + "x" * 2_000, "/"),
        ("/?" + "x" * 1_998, "/?" + "x" * 1_998),
    ],
)
def test_next_is_followed_only_to_a_path_of_this_site(
    client: Client, author: Account, wanted: str, led_to: str
) -> None:
    browser = Browser(client)
    if "\0" in wanted:
        wanted = wanted.replace("\0", "")  # a form cannot hold it
    typed = {"username": author.username, "password": author.password, "next": wanted}
    assert led_to == browser.post("/login", **typed).location
    if wanted.isprintable() and wanted.isascii() and " " not in wanted:
        shown = browser.get(f"/login?{urlencode({'next': wanted})}")
        assert led_to == shown.form("/login").fields["next"]


# --- write ---------------------------------------------------------------------------------------


@sentence("page-write", "form-done")
def test_a_post_that_is_saved_is_a_draft_with_what_was_typed(
    client: Client, browser: Browser, author: Account
) -> None:
    title, content = unique('"<b>&amp; '), "\n\n  </textarea>&amp;<b>\nüñ 日本\n\n"
    form = browser.get("/write").form("/write")
    location = browser.send(form, "save", title=title, content=content).location
    stored = client.get(f"/api{location}", token=author.token).json()
    assert (title, content, "draft") == (stored["title"], stored["content"], stored["status"])
    shown = typed_in(browser.get(f"{location}/edit"), f"{location}/edit")
    assert (title, content) == (shown["title"], shown["content"])


@sentence("page-write")
@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("2001-02-03T04:05", "2001-02-03T04:05:00.000000Z"),
        ("2001-02-03 04:05", "2001-02-03T04:05:00.000000Z"),
        ("2001-02-03T04:05:06", "2001-02-03T04:05:06.000000Z"),
        ("2101-02-03T04:05", "2101-02-03T04:05:00.000000Z"),
        ("", None),
        (" ", None),
    ],
)
def test_a_date_that_is_typed_is_in_utc(
    client: Client, browser: Browser, author: Account, typed: str, stored: str | None
) -> None:
    location = browser.post("/write", title="T", pub_date=typed).location
    assert stored == client.get(f"/api{location}", token=author.token).json()["pub_date"]


@sentence("page-write", "form-again")
@pytest.mark.parametrize(
    "typed", ["x", "2001-02-03", "2001-02-30T04:05", "2001-02-03T24:05", "2001-02-03T04:05Z", "٢"]
)
def test_what_is_no_date_is_refused_beside_what_else_is_wrong(browser: Browser, typed: str) -> None:
    screen = browser.post("/write", title=" ", content="kept", pub_date=typed)
    assert (422, 2) == (screen.status, len(errors_of(screen)))
    again = typed_in(screen, "/write")
    assert ("kept", typed) == (again["content"], again["pub_date"])


@sentence("page-write")
@pytest.mark.parametrize("typed", ["", "2101-02-03T04:05"])
def test_publish_now_publishes_now_whatever_date_stands_in_the_form(
    client: Client, browser: Browser, author: Account, typed: str
) -> None:
    form = browser.get("/write").form("/write")
    location = browser.send(form, "publish", title="T", pub_date=typed).location
    assert "published" == client.get(f"/api{location}").json()["status"]
    draft = browser.post("/write", title="T").location
    form = browser.get(f"{draft}/edit").form(f"{draft}/edit")
    assert draft == browser.send(form, "publish", pub_date=typed).location
    assert "published" == client.get(f"/api{draft}").json()["status"]


@sentence("page-write")
def test_publish_now_keeps_a_date_that_is_past(client: Client, browser: Browser) -> None:
    sent = {"title": "T", "pub_date": "2001-02-03T04:05", "action": "publish"}
    location = browser.post("/write", **sent).location
    assert "2001-02-03T04:05:00.000000Z" == client.get(f"/api{location}").json()["pub_date"]


@sentence("page-write")
@pytest.mark.parametrize("action", ["", "explode", "SAVE"])
def test_an_unknown_button_saves(
    client: Client, browser: Browser, author: Account, action: str
) -> None:
    location = browser.post("/write", title="T", action=action).location
    assert "draft" == client.get(f"/api{location}", token=author.token).json()["status"]


@sentence("form-key")
@pytest.mark.parametrize("button", ["save", "publish"])
def test_the_same_form_sent_twice_makes_one_post(browser: Browser, button: str) -> None:
    form = browser.get("/write").form("/write")
    first = browser.send(form, button, title="Once")
    assert first.location == browser.send(form, button, title="Once").location
    other = browser.send(form, button, title="Twice")
    assert (422, "Twice") == (other.status, typed_in(other, "/write")["title"])
    again = other.form("/write")
    assert form.fields["key"] != again.fields["key"]
    assert first.location != browser.send(again, button).location


@sentence("page-preview")
def test_a_preview_shows_the_post_above_the_form_and_stores_nothing(
    client: Client, browser: Browser, author: Account
) -> None:
    form, title = browser.get("/write").form("/write"), unique("<b>")
    screen = browser.send(form, "preview", title=title, content="Some *text*.")
    assert 200 == screen.status
    assert title in [text_of(each) for each in screen.all("h2")]
    assert ["text"] == [each.text for each in screen.all("em")]
    again = screen.form("/write")
    assert (title, "Some *text*.", form.fields["key"]) == (
        *(again.fields["title"], again.fields["content"]),
        again.fields["key"],
    )
    newest = client.get("/api/posts?status=draft&limit=1", token=author.token).json()["results"]
    assert title not in [post["title"] for post in newest]
    assert browser.send(again, "save").location.startswith("/posts/")


@sentence("page-preview")
def test_a_preview_checks_what_saving_checks(browser: Browser) -> None:
    form = browser.get("/write").form("/write")
    assert 422 == browser.send(form, "preview", title="", content="kept").status
    assert 422 == browser.send(form, "preview", title="x" * 201).status


@sentence("form-signed-out")
@pytest.mark.parametrize("path", ["/write", "/posts/{own}/edit", f"/posts/{NEVER}/edit"])
@pytest.mark.parametrize("action", ["save", "publish", "preview"])
def test_whoever_was_signed_out_while_writing_loses_nothing(
    anybody: Browser, author: Account, new_post: NewPost, path: str, action: str
) -> None:
    own = new_post(author, title="Secret of the author")
    there = path.replace("{own}", f"{own.id}")
    screen = anybody.post(there, title="T", content="Long\ntext", action=action, version="1")
    again = typed_in(screen, there)
    assert (403, "T", "Long\ntext") == (screen.status, again["title"], again["content"])
    assert b"Secret of the author" not in screen.body


@sentence("form-signed-out", "page-write")
def test_whoever_signs_in_beside_a_form_can_send_it_again(
    client: Client, anybody: Browser, author: Account
) -> None:
    refused = anybody.post("/write", title="Kept", content="Long\ntext")
    anybody.sign_in(author)
    location = anybody.send(refused.form("/write"), "save").location
    stored = client.get(f"/api{location}", token=author.token).json()
    assert ("Kept", "Long\ntext") == (stored["title"], stored["content"])


# --- edit and delete -----------------------------------------------------------------------------


@sentence("page-edit", "form-done")
def test_a_change_replaces_what_was_typed_and_keeps_the_exact_date(
    client: Client, browser: Browser, author: Account, new_post: NewPost
) -> None:
    post = new_post(author, title="Old", content="Same", pub_date=PAST)
    there = f"/posts/{post.id}"
    form = browser.get(f"{there}/edit").form(f"{there}/edit")
    assert there == browser.send(form, "save", title="New").location
    stored = client.get(post.path).json()
    assert ("New", "Same", PAST, 2) == (
        *(stored["title"], stored["content"], stored["pub_date"]),
        stored["version"],
    )


@sentence("page-edit")
def test_a_date_that_is_touched_is_replaced(
    client: Client, browser: Browser, author: Account, new_post: NewPost
) -> None:
    post = new_post(author, pub_date=FUTURE)
    path = f"/posts/{post.id}/edit"
    browser.send(browser.get(path).form(path), "save", pub_date="")
    assert "draft" == client.get(post.path, token=author.token).json()["status"]


@sentence("page-edit", "form-again")
def test_a_change_that_is_refused_is_shown_again_and_changes_nothing(
    client: Client, browser: Browser, author: Account, new_post: NewPost
) -> None:
    post = new_post(author, title="Old")
    path = f"/posts/{post.id}/edit"
    screen = browser.send(browser.get(path).form(path), "save", title="", content="kept")
    assert (422, "kept") == (screen.status, typed_in(screen, path)["content"])
    assert post.body == client.get(post.path, token=author.token).json()


@sentence("page-preview", "page-edit")
def test_a_preview_of_a_change_stores_nothing(
    client: Client, browser: Browser, author: Account, new_post: NewPost
) -> None:
    post = new_post(author)
    path = f"/posts/{post.id}/edit"
    screen = browser.send(browser.get(path).form(path), "preview", title="Other", content="*a*")
    assert (200, ["a"]) == (screen.status, [each.text for each in screen.all("em")])
    assert post.body == client.get(post.path, token=author.token).json()


@sentence("page-conflict", "one-writer")
def test_of_two_changes_at_once_neither_is_lost(
    client: Client, browser: Browser, author: Account, new_post: NewPost
) -> None:
    post = new_post(author, content="One two three.")
    path = f"/posts/{post.id}/edit"
    form = browser.get(path).form(path)
    change = {"content": "One two three, four."}
    assert 200 == client.patch(post.path, json=change, token=author.token, if_match="*").status
    screen = browser.send(form, "save", content="One 2 three.")
    assert 409 == screen.status
    again = screen.form(path)
    assert ("One 2 three.", "2") == (again.fields["content"], again.fields["version"])
    standing = screen.all("textarea", readonly="")
    assert [change["content"]] == [(each.text or "").strip("\n") for each in standing]
    assert "2" in [each.text for each in screen.all("ins")]
    assert "two" in [each.text for each in screen.all("del")]
    assert 2 == client.get(post.path, token=author.token).json()["version"]
    assert 303 == browser.send(again, "save", content="One 2 three, four.").status
    stored = client.get(post.path, token=author.token).json()
    assert ("One 2 three, four.", 3) == (stored["content"], stored["version"])


@sentence("page-conflict")
@pytest.mark.parametrize(
    ("was", "stands", "typed", "removed", "added"),
    [
        (PAST, FUTURE, None, FUTURE, PAST),
        (PAST, None, None, None, PAST),
        (None, PAST, None, PAST, None),
        (FUTURE, PAST, "", PAST, None),
        (FUTURE, FUTURE, "2001-02-03T04:05", FUTURE, "2001-02-03T04:05:00.000000Z"),
    ],
)
def test_another_date_of_publication_is_marked_where_two_changed_a_post(
    client: Client,
    browser: Browser,
    author: Account,
    new_post: NewPost,
    was: str | None,
    stands: str | None,
    typed: str | None,
    removed: str | None,
    added: str | None,
) -> None:
    path, form = opened(browser, author, new_post, was)
    moved_to(client, author, path, stands)
    screen = browser.send(form, "save", **({} if typed is None else {"pub_date": typed}))
    assert 409 == screen.status
    (line,) = [each for each in screen.all("p") if text_of(each).startswith("Publish at:")]
    for tag, instant in (("del", removed), ("ins", added)):
        (part,) = line.iter(tag)
        assert [instant] * (instant is not None) == [i.get("datetime") for i in part.iter("time")]
        assert ("draft" in text_of(part)) is (instant is None)
    again = screen.form(path)
    assert (form.fields["pub_date"] if typed is None else typed) == again.fields["pub_date"]
    location = browser.send(again, "save").location
    stored = client.get(f"/api{location}", token=author.token).json()
    assert added == stored["pub_date"]


@sentence("page-conflict")
def test_a_date_that_nobody_moved_is_not_marked_and_stays_the_exact_instant(
    client: Client, browser: Browser, author: Account, new_post: NewPost
) -> None:
    path, form = opened(browser, author, new_post, None)
    moved_to(client, author, path, PAST)
    screen = browser.send(form, "save", title="Mine", pub_date=PAST[:16])
    assert 409 == screen.status
    assert "Publish at:" not in screen.text
    location = browser.send(screen.form(path), "save").location
    stored = client.get(f"/api{location}").json()
    assert ("Mine", PAST) == (stored["title"], stored["pub_date"])


@sentence("page-conflict", "page-edit")
@pytest.mark.parametrize("stands", [None, PAST, FUTURE])
@pytest.mark.parametrize("was", [None, PAST, FUTURE])
def test_publish_now_publishes_a_post_whose_date_was_emptied_whatever_stands(
    client: Client,
    browser: Browser,
    author: Account,
    new_post: NewPost,
    was: str | None,
    stands: str | None,
) -> None:
    path, form = opened(browser, author, new_post, was)
    moved_to(client, author, path, stands)
    screen = browser.send(form, "save", pub_date="")
    assert 409 == screen.status
    location = browser.send(screen.form(path), "publish").location
    stored = client.get(f"/api{location}").json()
    assert "published" == stored["status"]
    assert stored["created"] <= stored["pub_date"] <= stored["updated"]


def opened(
    browser: Browser, author: Account, new_post: NewPost, pub_date: str | None
) -> tuple[str, Form]:
    """The form of a new post with this date, and its path."""
    path = f"/posts/{new_post(author, pub_date=pub_date).id}/edit"
    return path, browser.get(path).form(path)


def moved_to(client: Client, author: Account, path: str, pub_date: str | None) -> None:
    """Change the date of a post that is open in a form."""
    change = {"pub_date": pub_date}
    there = f"/api{path.removesuffix('/edit')}"
    assert 200 == client.patch(there, json=change, token=author.token, if_match="*").status


@sentence("page-edit")
@pytest.mark.parametrize(("pub_date", "offered"), [(None, True), (FUTURE, True), (PAST, False)])
def test_publish_now_is_offered_until_a_post_is_published(
    browser: Browser, author: Account, new_post: NewPost, pub_date: str | None, offered: bool
) -> None:
    path, form = opened(browser, author, new_post, pub_date)
    refused = browser.send(form, "save", title="").form(path)
    for shown in (form, refused):
        assert offered is (("action", "publish") in shown.buttons)


@sentence("page-conflict", "page-delete")
@pytest.mark.parametrize("version", ["", "0", "99", "x", "-1", "1.0", "1" * 30])
@pytest.mark.parametrize("suffix", ["/edit", "/delete"])
def test_what_is_no_version_that_stands_is_a_conflict(
    browser: Browser, author: Account, new_post: NewPost, suffix: str, version: str
) -> None:
    path = f"/posts/{new_post(author).id}{suffix}"
    screen = browser.post(path, title="x", version=version)
    assert (409, "1") == (screen.status, typed_in(screen, path)["version"])


@sentence("page-delete", "form-done")
def test_a_post_is_deleted_once_that_is_confirmed(
    client: Client, browser: Browser, author: Account, new_post: NewPost
) -> None:
    post = new_post(author)
    path = f"/posts/{post.id}/delete"
    form = browser.get(path).form(path)
    change = {"title": "Changed meanwhile"}
    assert 200 == client.patch(post.path, json=change, token=author.token, if_match="*").status
    screen = browser.send(form)
    assert 409 == screen.status
    assert "Changed meanwhile" in screen.text
    assert "/" == browser.send(screen.form(path)).location
    assert 404 == browser.get(f"/posts/{post.id}").status
    assert 404 == client.get(post.path, token=author.token).status


# --- settings ------------------------------------------------------------------------------------


@pytest.fixture
def own(new_user: NewUser) -> Account:
    """Somebody who may be changed and deleted."""
    return new_user()


@pytest.fixture
def own_browser(own: Account, sign_in: SignedIn) -> Browser:
    return sign_in(own)


def settings(browser: Browser, button: str, **typed: str) -> Screen:
    """What the settings answer to one of their forms, filled in."""
    return browser.send(browser.get("/settings").form("/settings", button), button, **typed)


@sentence("page-settings", "form-done")
def test_name_and_email_are_changed_on_a_page(
    client: Client, own: Account, own_browser: Browser, author: Account
) -> None:
    shown = typed_in(own_browser.get("/settings"), "/settings", "profile")
    assert {"username": own.username, "email": own.email} == shown
    name = unique()
    assert "/settings?done=profile" == settings(own_browser, "profile", username=name).location
    assert name == client.get("/api/me", token=own.token).json()["username"]
    assert own_browser.get("/settings?done=profile").all("p", role="status")
    taken = settings(own_browser, "profile", username=author.username)
    assert (422, 1) == (taken.status, len(errors_of(taken)))
    assert author.username == typed_in(taken, "/settings", "profile")["username"]


@sentence("page-settings", "password-change", "session-end")
def test_a_password_changed_on_a_page_ends_every_other_session_and_token(
    client: Client, own: Account, own_browser: Browser, sign_in: SignedIn
) -> None:
    elsewhere = sign_in(own)
    typed = {"current_password": "wrong", "new_password": OTHER_PASSWORD}
    wrong = settings(own_browser, "password", **typed)
    assert (422, 1) == (wrong.status, len(errors_of(wrong)))
    assert OTHER_PASSWORD.encode() not in wrong.body
    assert 200 == elsewhere.get("/settings").status
    typed["current_password"] = own.password
    assert "/settings?done=password" == settings(own_browser, "password", **typed).location
    assert 200 == own_browser.get("/settings").status
    assert "/login?next=/settings" == elsewhere.get("/settings").location
    assert 401 == client.get("/api/me", token=own.token).status
    old = {"username": own.username, "password": own.password}
    assert 422 == Browser(client).post("/login", **old).status
    assert 303 == Browser(client).post("/login", **{**old, "password": OTHER_PASSWORD}).status


@sentence("page-settings", "form-key", "token")
def test_a_token_made_on_a_page_is_shown_once_and_ended_there(
    client: Client, own: Account, own_browser: Browser
) -> None:
    form = own_browser.get("/settings").form("/settings", "token")
    screen = own_browser.send(form, "token", password=own.password)
    assert 200 == screen.status
    token = screen.one("code", class_="token").text or ""
    assert own.username == client.get("/api/me", token=token).json()["username"]
    again = own_browser.send(form, "token", password=own.password)
    assert token == again.one("code", class_="token").text
    assert form.fields["key"] != again.form("/settings", "token").fields["key"]
    listed = client.get("/api/tokens", token=token).json()["results"]
    assert 2 == len(listed)
    later = own_browser.get("/settings")
    assert token.encode() not in later.body
    newest = later.form("/settings", "end-token", id=f"{listed[0]['id']}")
    assert "/settings?done=token" == own_browser.send(newest, "end-token").location
    assert 401 == client.get("/api/me", token=token).status
    assert 404 == own_browser.send(newest, "end-token").status


@sentence("page-settings")
def test_a_token_is_not_made_without_the_password(own_browser: Browser) -> None:
    for wrong in ("wrong", ""):
        screen = settings(own_browser, "token", password=wrong)
        assert (422, 1) == (screen.status, len(errors_of(screen)))
        assert not screen.all("code", class_="token")


@sentence("page-settings")
@pytest.mark.parametrize("action", ["end-token", "end-session"])
def test_what_is_not_the_visitors_own_cannot_be_ended(
    client: Client,
    browser: Browser,
    author: Account,
    own: Account,
    own_browser: Browser,
    action: str,
) -> None:
    ended = own_browser.get("/settings").form("/settings", "end-session").fields["id"]
    if action == "end-token":
        ended = f"{client.get('/api/tokens', token=own.token).json()['results'][0]['id']}"
    for wrong in (ended, "", "x", "0", f"{NEVER}"):
        assert 404 == browser.post("/settings", action=action, id=wrong).status
    assert 200 == own_browser.get("/settings").status
    assert 200 == client.get("/api/me", token=own.token).status


@sentence("page-settings", "session-end")
def test_one_session_of_several_is_ended(
    own: Account, own_browser: Browser, sign_in: SignedIn
) -> None:
    (first,) = [
        f.fields["id"]
        for f in own_browser.get("/settings").forms()
        if "id" in f.fields and ("action", "end-session") in f.buttons
    ]
    elsewhere = sign_in(own)
    form = elsewhere.get("/settings").form("/settings", "end-session", id=first)
    assert "/settings?done=session" == elsewhere.send(form, "end-session").location
    assert 303 == own_browser.get("/settings").status
    assert 200 == elsewhere.get("/settings").status


@sentence("page-settings", "session")
def test_signing_out_everywhere_ends_all_sessions_and_tokens(
    client: Client, own: Account, own_browser: Browser, sign_in: SignedIn
) -> None:
    elsewhere, kept = sign_in(own), dict(own_browser.cookies)
    assert "/" == settings(own_browser, "end-all").location
    assert not own_browser.cookies
    own_browser.cookies.update(kept)
    for ended in (own_browser, elsewhere):
        assert "/login?next=/settings" == ended.get("/settings").location
    assert 401 == client.get("/api/me", token=own.token).status


@sentence("page-settings", "me-delete", "session-end")
def test_an_account_is_deleted_by_whoever_writes_its_name(
    client: Client, own: Account, own_browser: Browser, sign_in: SignedIn
) -> None:
    elsewhere = sign_in(own)
    wrong = settings(own_browser, "delete-account", username=own.username.upper())
    assert (422, 1) == (wrong.status, len(errors_of(wrong)))
    done = settings(own_browser, "delete-account", username=own.username)
    assert "/" == done.location
    assert not own_browser.cookies
    assert "/login?next=/drafts" == elsewhere.get("/drafts").location
    assert 404 == elsewhere.get(f"/users/{own.username}").status
    assert 401 == client.get("/api/me", token=own.token).status


@sentence("page-settings")
@pytest.mark.parametrize("action", [None, "", "explode", "Profile", "end_all"])
def test_an_action_that_the_settings_do_not_know_is_422(
    browser: Browser, action: str | None
) -> None:
    fields = {} if action is None else {"action": action}
    assert 422 == browser.post("/settings", **fields).status
    assert 200 == browser.get("/settings").status


@sentence("page-settings", "query")
def test_the_settings_say_only_what_they_know_to_be_done(browser: Browser) -> None:
    assert 422 == browser.get("/settings?done=explode").status
    assert not browser.get("/settings").all("p", role="status")
