"""The pages: who sees what, and what every one of them keeps."""

import re
from urllib.parse import parse_qs, urlsplit

import pytest

from blog_contract.answers import NEVER, TITLES
from blog_contract.browser import (
    HTML,
    SESSIONS_OF_OTHERS,
    Browser,
    Screen,
    SignedIn,
    assert_harmless,
)
from blog_contract.client import Account, Client, NewPost, NewUser, Post
from blog_contract.resources import FUTURE, INSTANT, PAST, unique
from blog_contract.sentences import sentence

ALLOW = {
    "/": "GET, HEAD, OPTIONS",
    "/posts/{id}": "GET, HEAD, OPTIONS",
    "/users/{username}": "GET, HEAD, OPTIONS",
    "/register": "GET, HEAD, OPTIONS, POST",
    "/login": "GET, HEAD, OPTIONS, POST",
    "/logout": "OPTIONS, POST",
    "/openid/{provider}": "GET, HEAD, OPTIONS, POST",
    "/openid": "GET, HEAD, OPTIONS, POST",
    "/write": "GET, HEAD, OPTIONS, POST",
    "/posts/{id}/edit": "GET, HEAD, OPTIONS, POST",
    "/posts/{id}/delete": "GET, HEAD, OPTIONS, POST",
    "/drafts": "GET, HEAD, OPTIONS",
    "/settings": "GET, HEAD, OPTIONS, POST",
    "/feed.atom": "GET, HEAD, OPTIONS",
}
"""Every path of the site and its methods, as `Allow` says them."""

PRIVATE = ["/write", "/drafts", "/settings", "/posts/{id}/edit", "/posts/{id}/delete"]
MARKDOWN = """# One

## One

Some *text*, [a link](https://elsewhere.example/), ![a loaf](/static/images/loaf.svg).

| a |
| - |
| ~~b~~ |

```python
x = '<'
```
"""


@pytest.fixture(scope="module")
def post(author: Account, new_post: NewPost) -> Post:
    """A published post that stays as it is."""
    return new_post(author, title='A <title> & "more"', content=MARKDOWN, pub_date=PAST)


@pytest.fixture(scope="module")
def draft(author: Account, new_post: NewPost) -> Post:
    return new_post(author, title=unique("Draft "), content="Not *yet*.")


@pytest.fixture(scope="module")
def screens(client: Client, browser: Browser, author: Account, post: Post) -> dict[str, Screen]:
    """A page of every kind and state that needs no other data."""
    nobody, there = Browser(client), f"/posts/{post.id}"
    return {
        "home": nobody.get("/"),
        "home, signed in": browser.get("/"),
        "search": nobody.get("/?q=title"),
        "search without result": nobody.get(f"/?q={unique('%22%3Cx%3E')}"),
        "post": nobody.get(there),
        "own post": browser.get(there),
        "author": nobody.get(f"/users/{author.username}"),
        "register": nobody.get("/register"),
        "register again": nobody.post("/register", username='"<x', email="<", password="x"),
        "login": nobody.get("/login?next=/write"),
        "login again": nobody.post("/login", username='"<x', password="x", next="/write"),
        "write": browser.get("/write"),
        "write again": browser.post("/write", content="</textarea><b>", pub_date="<"),
        "preview": browser.post("/write", title="<b>", content=MARKDOWN, action="preview"),
        "signed out": nobody.post("/write", title="A <title>", content="\n\ntext"),
        "edit": browser.get(f"{there}/edit"),
        "edit again": browser.post(f"{there}/edit", title="", version="1"),
        "conflict": browser.post(f"{there}/edit", title="x", content="y\n<i>", version="99"),
        "delete": browser.get(f"{there}/delete"),
        "delete, changed": browser.post(f"{there}/delete", version="99"),
        "drafts": browser.get("/drafts"),
        "settings": browser.get("/settings"),
        "settings, done": browser.get("/settings?done=profile"),
        "settings again": browser.post("/settings", action="profile", username="<b>"),
        "no such action": browser.post("/settings", action="<b>"),
        "no sign-in": nobody.get("/openid"),
        "not there": nobody.get("/nowhere"),
        "not valid": nobody.get("/?cursor=x"),
        "unreadable": nobody.get("/?q=%ff"),
        "wrong method": nobody.get("/logout"),
        "another site's": nobody.ask("POST", "/login", b"", [("Sec-Fetch-Site", "cross-site")]),
    }


def path_of(form: str, post: Post, author: Account) -> str:
    path = form.replace("{id}", f"{post.id}").replace("{username}", author.username)
    return path.replace("{provider}", "nobody")


# --- every page ----------------------------------------------------------------------------------


@sentence("page-html")
def test_every_page_is_html_that_the_strictest_parser_reads(screens: dict[str, Screen]) -> None:
    for name, screen in screens.items():
        assert HTML == screen.header("Content-Type"), name
        assert screen.body.startswith(b"<!doctype html>"), name
        assert str(len(screen.body)) == screen.header("Content-Length"), name
        assert "en" == screen.tree.get("lang"), name
        assert [1, 1] == [len(screen.all("h1")), len(screen.all("main"))], name


@sentence("page-html")
def test_no_page_runs_anything_or_loads_from_elsewhere(screens: dict[str, Screen]) -> None:
    for screen in screens.values():
        assert_harmless(screen)


@sentence("security-headers", "stray-headers")
def test_every_page_carries_the_headers_of_pages_and_no_other(screens: dict[str, Screen]) -> None:
    expected = {
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Vary": "Authorization, Cookie, Origin",
    }
    own = {*(name.lower() for name in expected), "content-type", "content-length"}
    own |= {"cache-control", "content-security-policy", "x-request-id"}
    servers = {"date", "server", "connection", "keep-alive", "transfer-encoding"}
    servers |= {"strict-transport-security"}
    for name, screen in screens.items():
        assert expected == {field: screen.header(field) for field in expected}, name
        policy = screen.header("Content-Security-Policy") or ""
        assert "default-src 'self'" in policy, name
        assert "unsafe" not in policy, name
        assert "frame-ancestors 'none'" in policy, name
        more = {"allow"} if screen.status == 405 else set()
        assert own | more == {field.lower() for field, _ in screen.answer.headers} - servers, name


@sentence("page-random")
def test_only_the_keys_of_forms_differ_from_one_time_to_the_next(
    browser: Browser, author: Account, post: Post
) -> None:
    for form in ("/", "/posts/{id}", "/users/{username}", "/write", "/posts/{id}/edit"):
        path = path_of(form, post, author)
        assert without_keys(browser.get(path).body) == without_keys(browser.get(path).body), path
    for path in ("/write", "/register", "/settings"):
        once, again = browser.get(path).body, browser.get(path).body
        assert once != again, path
        assert without_keys(once) == without_keys(again), path


def without_keys(body: bytes) -> bytes:
    return re.sub(rb'name="key" value="[\w-]+"', b"", body)


@sentence("page-random")
def test_forms_that_create_have_a_key_and_others_none(screens: dict[str, Screen]) -> None:
    for name in ("register", "write", "settings"):
        keys = [form.fields["key"] for form in screens[name].forms() if "key" in form.fields]
        assert [True] == [len(key) >= 16 for key in keys], name
    for name in ("login", "edit", "delete"):
        assert not [form for form in screens[name].forms() if "key" in form.fields], name


@sentence("page-instants")
def test_an_instant_on_a_page_is_english_text_with_the_exact_one_beside_it(
    screens: dict[str, Screen],
) -> None:
    shown = screens["post"].one("time")
    assert (PAST, "3 February 2001") == (shown.get("datetime"), shown.text)
    for name, screen in screens.items():
        for instant in screen.all("time"):
            assert re.fullmatch(INSTANT, instant.get("datetime", "")), name
            assert re.fullmatch(
                r"[1-9][0-9]? [A-Z][a-z]+ [0-9]{4}(, [0-2][0-9]:[0-5][0-9] UTC)?",
                instant.text or "",
            ), name


@sentence("head", "page-html")
@pytest.mark.parametrize("form", [form for form, allow in ALLOW.items() if "HEAD" in allow])
def test_head_of_a_page_is_the_page_without_its_body(
    browser: Browser, author: Account, post: Post, form: str
) -> None:
    path = path_of(form, post, author)
    sent = [("Sec-Fetch-Site", "none"), ("X-Request-ID", "same")]
    whole, head = browser.ask("GET", path, b"", sent), browser.ask("HEAD", path, b"", sent)
    # For those who come back from a provider.
    there = {"/openid/{provider}": 404, "/openid": 403}.get(form, 200)
    assert (there, there, b"") == (whole.status, head.status, head.body)
    names = ("Content-Type", "Content-Length", "Cache-Control", "ETag")
    assert [whole.header(name) for name in names] == [head.header(name) for name in names]


@sentence("options")
@pytest.mark.parametrize(("form", "allow"), ALLOW.items())
def test_options_names_the_methods_of_a_page(
    client: Client, author: Account, post: Post, form: str, allow: str
) -> None:
    answer = client.options(path_of(form, post, author))
    assert (204, allow, b"") == (answer.status, answer.header("Allow"), answer.body)


@sentence("method-405", "problem-everywhere")
@pytest.mark.parametrize(("form", "allow"), ALLOW.items())
def test_a_method_that_a_page_does_not_have_is_405(
    browser: Browser, author: Account, post: Post, form: str, allow: str
) -> None:
    path = path_of(form, post, author)
    for method in {"GET", "POST", "PUT", "PATCH", "DELETE"} - set(allow.split(", ")):
        screen = browser.ask(method, path, b"", [("Sec-Fetch-Site", "same-origin")])
        assert (405, allow) == (screen.status, screen.header("Allow"))
        assert TITLES[405] in screen.text


@sentence("paths", "problem-everywhere")
@pytest.mark.parametrize(
    "path",
    [
        *("/posts", "/posts/", "/posts/1/", "/posts/1/Edit", "/posts/1.html", "//login"),
        *("/login/", "/Login", "/write/", "/drafts/", "/settings/", "/feed.atom/", "/feed"),
        *("/users", "/users/", "/users/a/", "/static", "/static/", "/index.html", "/logout/"),
    ],
)
def test_a_page_spelled_otherwise_is_not_there_and_leads_nowhere(
    browser: Browser, path: str
) -> None:
    screen = browser.get(path)
    assert (404, None) == (screen.status, screen.header("Location"))
    assert TITLES[404] in screen.text


@sentence("path-ids", "page-post")
@pytest.mark.parametrize("post_id", ["0", "01", "+1", "1.0", "x", "1" + "0" * 18])
def test_an_id_out_of_form_has_no_page(anybody: Browser, post_id: str) -> None:
    assert 404 == anybody.get(f"/posts/{post_id}").status


# --- who looks -----------------------------------------------------------------------------------


@sentence("page-visitor")
@pytest.mark.parametrize("value", ["made-up", "", "x" * 43, *SESSIONS_OF_OTHERS])
def test_whoever_sends_a_made_up_session_is_an_anonymous_visitor(
    anybody: Browser, post: Post, value: str
) -> None:
    for path in (f"/posts/{post.id}", "/login"):
        stale = anybody.get(path, ("Cookie", f"session={value}"))
        assert (200, anybody.get(path).body) == (stale.status, stale.body)
    assert "/login?next=/write" == anybody.get("/write", ("Cookie", f"session={value}")).location


@sentence("page-private")
@pytest.mark.parametrize("form", PRIVATE)
def test_a_private_page_leads_whoever_is_not_signed_in_to_sign_in(
    anybody: Browser, author: Account, post: Post, form: str
) -> None:
    for path in (path_of(form, post, author), form.replace("{id}", f"{NEVER}")):
        assert f"/login?next={path}" == anybody.get(path).location


@sentence("page-private", "page-next")
def test_a_private_page_is_returned_to_with_its_query(anybody: Browser) -> None:
    location = anybody.get("/settings?done=profile").location
    assert ("/login", {"next": ["/settings?done=profile"]}) == (
        urlsplit(location).path,
        parse_qs(urlsplit(location).query),
    )
    form = anybody.get(location).form("/login")
    assert "/settings?done=profile" == form.fields["next"]


@sentence("page-private")
@pytest.mark.parametrize("form", ["/settings", "/posts/{id}/delete"])
def test_a_private_form_leads_whoever_is_not_signed_in_to_sign_in(
    anybody: Browser, author: Account, post: Post, form: str
) -> None:
    path = path_of(form, post, author)
    assert f"/login?next={path}" == anybody.post(path, version="1", action="end-all").location


@sentence("page-problem", "status-404")
def test_a_draft_of_another_is_the_same_page_as_a_post_that_never_was(
    anybody: Browser, other_browser: Browser, draft: Post
) -> None:
    missing = anybody.get(f"/posts/{NEVER}")
    assert 404 == missing.status
    assert missing.body == anybody.get(f"/posts/{draft.id}").body
    assert missing.body == other_browser.get(f"/posts/{draft.id}").body
    for suffix in ("/edit", "/delete"):
        hidden = other_browser.get(f"/posts/{draft.id}{suffix}")
        assert (404, missing.body) == (hidden.status, hidden.body)


@sentence("page-problem", "status-403")
@pytest.mark.parametrize("suffix", ["/edit", "/delete"])
def test_a_post_of_another_is_not_offered_for_change(
    other_browser: Browser, post: Post, suffix: str
) -> None:
    path = f"/posts/{post.id}{suffix}"
    for screen in (other_browser.get(path), other_browser.post(path, title="x", version="1")):
        assert 403 == screen.status
        assert TITLES[403] in screen.text
    assert suffix not in "".join(other_browser.get(f"/posts/{post.id}").links())


@sentence("page-problem")
@pytest.mark.parametrize(
    ("page", "api"),
    [
        (f"/posts/{NEVER}", f"/api/posts/{NEVER}"),
        ("/users/no.body.has.this", "/api/users/no.body.has.this"),
        ("/?q=a&q=b", "/api/posts?q=a&q=b"),
        ("/?cursor=x", "/api/posts?cursor=x"),
        ("/?q=%ff", "/api/posts?q=%ff"),
        ("/?q=%zz", "/api/posts?q=%zz"),
    ],
)
def test_a_problem_on_a_page_says_what_the_api_says(
    client: Client, anybody: Browser, browser: Browser, page: str, api: str
) -> None:
    screen, answer = anybody.get(page), client.get(api)
    assert (answer.status, "no-store") == (screen.status, screen.header("Cache-Control"))
    problem = answer.json()
    assert problem["title"] in screen.text
    assert problem["detail"] in screen.text
    for error in problem.get("errors", []):
        assert f"{error['field']}: {error['message']}" in screen.text
    assert screen.body == browser.get(page).body


@sentence("page-caching")
def test_only_what_everybody_sees_may_be_kept(
    anybody: Browser, browser: Browser, author: Account, post: Post
) -> None:
    for form in ("/", "/posts/{id}", "/users/{username}", "/login", "/register", "/feed.atom"):
        path = path_of(form, post, author)
        assert "public, no-cache" == anybody.get(path).header("Cache-Control"), path
        assert "no-store" == browser.get(path).header("Cache-Control"), path
        stale = anybody.get(path, ("Cookie", "session=made-up"))
        assert "no-store" == stale.header("Cache-Control"), path


@sentence("page-caching")
def test_what_follows_a_form_is_not_kept(screens: dict[str, Screen], anybody: Browser) -> None:
    for name, screen in screens.items():
        if screen.status != 200 or "signed in" in name or "preview" in name:
            assert "no-store" == screen.header("Cache-Control"), name
    assert "no-store" == anybody.post("/logout").header("Cache-Control")


@sentence("range")
def test_a_part_of_a_page_cannot_be_asked_for(anybody: Browser, post: Post) -> None:
    screen = anybody.get(f"/posts/{post.id}", ("Range", "bytes=0-9"))
    assert (200, None) == (screen.status, screen.header("Content-Range"))
    assert screen.body == anybody.get(f"/posts/{post.id}").body


@sentence("host-not-repeated")
def test_no_page_repeats_the_host_it_was_asked_under(
    client: Client, screens: dict[str, Screen]
) -> None:
    sent = client.target.host.encode()
    if sent.partition(b":")[2]:
        assert not [name for name, screen in screens.items() if sent in screen.body]


# --- reading -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def shelf(new_user: NewUser, new_post: NewPost) -> tuple[str, Account]:
    """A word that stands in 23 posts of one author, a minute apart, and nowhere else."""
    word, account = unique("w"), new_user()
    for number in range(23):
        pub_date = f"2001-02-03T04:{number:02}:00Z"
        new_post(account, title=f"{word} {number}", pub_date=pub_date)
    new_post(account, title=f"{word} draft")
    new_post(account, title=f"{word} scheduled", pub_date=FUTURE)
    return word, account


def walked(anybody: Browser, path: str) -> list[list[str]]:
    """The titles on each page from this one on, then those of the way back."""
    found, back, here = [], [], path
    while True:
        screen = anybody.get(here)
        found.append(screen.titles())
        following = screen.link("next")
        if following is None:
            break
        here = following
    assert screen.link("next") is None
    while (preceding := screen.link("prev")) is not None:
        screen = anybody.get(preceding)
        back.append(screen.titles())
    assert found[-2::-1] == back
    return found


@sentence("page-home", "search")
def test_a_search_leads_through_what_it_finds_ten_by_ten_newest_first(
    anybody: Browser, shelf: tuple[str, Account]
) -> None:
    word, _ = shelf
    pages = walked(anybody, f"/?q=+{word.upper()}+")
    assert [10, 10, 3] == [len(titles) for titles in pages]
    assert [f"{word} {number}" for number in range(22, -1, -1)] == [t for p in pages for t in p]
    assert word.upper() == anybody.get(f"/?q=+{word.upper()}+").one("input", name="q").get("value")


@sentence("page-author", "unpublished-hidden")
def test_an_authors_page_leads_through_what_they_published_and_nothing_else(
    anybody: Browser, shelf: tuple[str, Account]
) -> None:
    word, account = shelf
    pages = walked(anybody, f"/users/{account.username.upper()}")
    assert [f"{word} {number}" for number in range(22, -1, -1)] == [t for p in pages for t in p]
    screen = anybody.get(f"/users/{account.username.upper()}")
    assert account.username == screen.one("h1").text
    assert 404 == anybody.get(f"/users/{unique()}").status


@sentence("page-home")
def test_home_begins_with_the_newest_post_and_shows_where_it_came_from(
    anybody: Browser, browser: Browser, author: Account
) -> None:
    title = unique("Newest <i> ")
    form = browser.get("/write").form("/write")
    path = browser.send(form, "publish", title=title, content="# H\n\nThe *beginning*.").location
    screen = anybody.get("/")
    assert len(screen.titles()) <= 10
    (mine,) = [each for each in screen.all("article") if title in "".join(each.itertext())]
    assert path in [link.get("href") for link in mine.iter("a")]
    assert f"/users/{author.username}" in [link.get("href") for link in mine.iter("a")]
    assert "The beginning." in " ".join("".join(mine.itertext()).split())


@sentence("page-home")
@pytest.mark.parametrize("query", ["q=", "q=+", "q=%E3%80%80", "unknown=1&unknown=2"])
def test_a_blank_search_is_none(anybody: Browser, query: str) -> None:
    assert anybody.get("/").titles() == anybody.get(f"/?{query}").titles()


@sentence("page-home", "query")
@pytest.mark.parametrize(
    "query", [f"q={'x' * 201}", "q=a&q=b", "cursor=x", "cursor=", "cursor=a&cursor=b"]
)
def test_a_query_that_home_does_not_take_is_422(anybody: Browser, query: str) -> None:
    assert 422 == anybody.get(f"/?{query}").status


@sentence("cursor", "page-home")
def test_a_cursor_of_one_search_is_none_of_another(
    anybody: Browser, shelf: tuple[str, Account]
) -> None:
    word, account = shelf
    following = anybody.get(f"/?q={word}").link("next") or ""
    cursor = parse_qs(urlsplit(following).query)["cursor"][0]
    assert 422 == anybody.get(f"/?cursor={cursor}").status
    assert 422 == anybody.get(f"/users/{account.username}?cursor={cursor}").status


@sentence("page-post", "markdown")
def test_a_post_is_shown_with_its_text_as_html(screens: dict[str, Screen], author: Account) -> None:
    screen = screens["post"]
    assert 'A <title> & "more"' == screen.one("h1").text
    assert ["One", "One"] == [e.text for e in screen.all("h2") + screen.all("h3")]
    assert ["text"] == [e.text for e in screen.all("em")]
    assert f"/users/{author.username}" in screen.links()


@sentence("page-post")
def test_whoever_may_change_a_post_is_shown_how_and_nobody_else(
    screens: dict[str, Screen], post: Post
) -> None:
    ways = {f"/posts/{post.id}/edit", f"/posts/{post.id}/delete"}
    assert ways <= set(screens["own post"].links())
    assert not ways & set(screens["post"].links())


@pytest.mark.staff
@sentence("page-post", "page-edit")
def test_staff_may_change_a_post_of_another(
    sign_in: SignedIn, staff: Account, author: Account, new_post: NewPost
) -> None:
    draft = new_post(author)
    browser = sign_in(staff)
    assert f"/posts/{draft.id}/edit" in browser.get(f"/posts/{draft.id}").links()
    form = browser.get(f"/posts/{draft.id}/edit").form(f"/posts/{draft.id}/edit")
    assert f"/posts/{draft.id}" == browser.send(form, "save", title="By staff").location
    assert "By staff" == browser.get(f"/posts/{draft.id}").one("h1").text


@sentence("page-post")
@pytest.mark.parametrize(("pub_date", "state"), [(None, "Draft"), (FUTURE, "Scheduled")])
def test_a_post_that_is_not_published_says_so_to_its_author(
    browser: Browser, author: Account, new_post: NewPost, pub_date: str | None, state: str
) -> None:
    screen = browser.get(f"/posts/{new_post(author, pub_date=pub_date).id}")
    assert state in [each.text for each in screen.all("strong")]


@sentence("page-drafts", "list-own")
def test_drafts_are_the_visitors_own_the_scheduled_first(
    new_user: NewUser, new_post: NewPost, sign_in: SignedIn
) -> None:
    account = new_user()
    for number in range(11):
        new_post(account, title=f"Draft {number}")
    new_post(account, title="Later", pub_date=FUTURE)
    new_post(account, title="Sooner", pub_date="2100-01-01T00:00:00Z")
    new_post(account, title="Published", pub_date=PAST)
    browser = sign_in(account)
    screen = browser.get("/drafts")
    expected = ["Sooner", "Later", *(f"Draft {number}" for number in range(10, 0, -1))]
    assert expected == screen.titles()
    assert "Draft 0" in browser.get(screen.link("next") or "").titles()
