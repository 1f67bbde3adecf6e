"""The three admins, in Chromium: each framework's own pages, and the same done by them."""

import json
import secrets
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from browser.conftest import STAFF
from browser.visitor import PASSWORD, PICTURES, Visitor

FRAMEWORKS = ("django", "flask", "fastapi")


class Admin:
    """How somebody finds their way in one framework's admin."""

    lists: dict[str, str]
    search_box: str
    picked: dict[str, str]
    """What the choices for ticked rows are called."""

    def __init__(self, visitor: Visitor) -> None:
        self.visitor = visitor
        self.page = visitor.page

    def look_for(self, kind: str, words: str) -> None:
        """Search a list of `posts` or `users`."""
        self.visitor.go(self.lists[kind])
        self.page.locator(self.search_box).fill(words)
        self.press(self.page.get_by_role("button", name="Search", exact=True))

    def row(self, name: str) -> Locator:
        """The one row of the list that has this in it."""
        return self.page.get_by_role("row").filter(has_text=name)

    def edit(self, name: str) -> str:
        """Open the form of this row; its path."""
        self.press(self.row(name).get_by_role("link", name=name, exact=True))
        return self.visitor.path_and_query

    def save(self, page: Page | None = None) -> None:
        self.press((page or self.page).get_by_role("button", name="Save", exact=True))

    def do(self, action: str, name: str) -> None:
        """Do this to the row, ticked."""
        raise NotImplementedError

    def delete(self, name: str) -> None:
        raise NotImplementedError

    def foreign(self, post: int) -> tuple[str, dict[str, str]]:
        """A form that deletes or publishes this post, if another site's page may send it."""
        raise NotImplementedError

    def press(self, element: Locator) -> None:
        with element.page.expect_navigation():
            element.click()

    def picture(self, name: str, page: Page | None = None) -> None:
        """Keep what stands there, as on a phone and on a desktop."""
        page = page or self.page
        for width, pixels in (("phone", 390), ("desktop", 1280)):
            page.set_viewport_size({"width": pixels, "height": 800})
            kind = type(self).__name__.lower()
            page.screenshot(path=PICTURES / f"admin-{kind}-{name}-{width}.png", full_page=True)


class Django(Admin):
    lists = {"posts": "/admin/blog/post/", "users": "/admin/blog/user/"}
    search_box = "#searchbar"
    picked = {"publish": "Publish selected posts", "disable": "Disable selected users"}

    def do(self, action: str, name: str) -> None:
        self.row(name).get_by_role("checkbox").check()
        self.page.get_by_label("Action:").select_option(label=self.picked[action])
        self.press(self.page.get_by_role("button", name="Go"))

    def delete(self, name: str) -> None:
        self.edit(name)
        self.press(self.page.get_by_role("link", name="Delete"))
        self.press(self.page.get_by_role("button", name="Yes, I’m sure"))

    def foreign(self, post: int) -> tuple[str, dict[str, str]]:
        return f"/admin/blog/post/{post}/delete/", {"post": "yes", "version": "1"}


class Flask(Admin):
    lists = {"posts": "/admin/posts/", "users": "/admin/users/"}
    search_box = "input[name=search]"
    picked = {"publish": "Publish", "disable": "Disable"}

    def do(self, action: str, name: str) -> None:
        self.row(name).get_by_role("checkbox").check()
        self.page.get_by_role("button", name="With selected").click()
        self.page.once("dialog", lambda dialog: dialog.accept())
        self.press(self.page.get_by_role("button", name=self.picked[action], exact=True))

    def delete(self, name: str) -> None:
        self.press(self.row(name).get_by_title("Delete"))
        self.press(self.page.get_by_role("button", name="Delete", exact=True))

    def foreign(self, post: int) -> tuple[str, dict[str, str]]:
        return "/admin/posts/delete/", {"id": f"{post}", "version": "1"}


class FastAPI(Admin):
    lists = {"posts": "/admin/posts/list", "users": "/admin/users/list"}
    search_box = "#search-input"
    picked = {"publish": "Publish", "disable": "Disable"}

    def edit(self, name: str) -> str:
        self.press(self.row(name).get_by_role("link", name="Edit", exact=True))
        return self.visitor.path_and_query

    def do(self, action: str, name: str) -> None:
        self.row(name).get_by_role("checkbox").check()
        self.page.get_by_role("button", name="Actions").click()
        self.page.get_by_role("link", name=self.picked[action], exact=True).click()
        self.press(self.page.locator(".modal.show").get_by_role("button", name="Yes"))

    def delete(self, name: str) -> None:
        self.row(name).locator('[data-bs-target="#modal-delete"]').click()
        self.press(self.page.locator(".modal.show").get_by_role("button", name="Delete"))

    def foreign(self, post: int) -> tuple[str, dict[str, str]]:
        return f"/admin/posts/action/publish?pks={post}", {}


KINDS: dict[str, type[Admin]] = {"django": Django, "flask": Flask, "fastapi": FastAPI}


class Author:
    """Somebody who writes, with a browser of their own and a token."""

    def __init__(self, visitor: Visitor) -> None:
        self.visitor = visitor
        self.name = f"author{secrets.token_hex(4)}"
        visitor.register(self.name)
        made = self.api("POST", "/api/tokens", {"username": self.name, "password": PASSWORD})
        self.token: str = made["token"]

    def api(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """What the API answers to the author's session, which has to be good."""
        answer = self.visitor.context.request.fetch(
            self.visitor.site + path,
            method=method,
            data=None if body is None else json.dumps(body),
            headers={"Content-Type": "application/json"} if body is not None else {},
        )
        assert answer.ok, answer.text()
        return answer.json()

    def write(self, title: str) -> int:
        """The id of a new draft."""
        return int(self.api("POST", "/api/posts", {"title": title, "content": "Nothing."})["id"])

    def let_in(self, site: str) -> tuple[int, int]:
        """How this site answers to the author's session, and to the token alone."""
        bearer = {"Authorization": f"Bearer {self.token}", "Cookie": ""}
        request = self.visitor.context.request
        return (
            request.get(f"{site}/api/me").status,
            request.get(f"{site}/api/me", headers=bearer).status,
        )


@pytest.fixture(params=FRAMEWORKS)
def admin(
    request: pytest.FixtureRequest,
    chromium: Browser,
    contexts: list[BrowserContext],
    sites: dict[str, str],
) -> Admin:
    """Each framework's admin, where somebody of the staff has signed in by the site's own form."""
    contexts.append(chromium.new_context())
    visitor = Visitor(contexts[-1], sites[request.param])
    visitor.go("/admin/")
    assert visitor.path == "/login"
    visitor.sign_in(*STAFF)
    assert visitor.path == "/admin/"
    return KINDS[request.param](visitor)


@pytest.fixture
def author(chromium: Browser, contexts: list[BrowserContext], sites: dict[str, str]) -> Author:
    contexts.append(chromium.new_context())
    return Author(Visitor(contexts[-1], sites["all"]))


def title() -> str:
    return f"Garden {secrets.token_hex(4)}"


def test_staff_find_change_publish_and_delete_what_others_wrote(
    admin: Admin, author: Author
) -> None:
    page, first, second = admin.page, title(), title()
    post = author.write(first)
    admin.look_for("posts", first)
    expect(admin.row(author.name)).to_have_count(1)
    admin.picture("posts")
    admin.edit(first)
    admin.picture("post")
    page.locator("[name=title]").fill(second)
    admin.save()
    admin.look_for("posts", second)
    admin.do("publish", second)
    shown = author.api("GET", f"/api/posts/{post}")
    assert (second, "published", 3) == (shown["title"], shown["status"], shown["version"])
    admin.look_for("posts", second)
    admin.delete(second)
    assert 404 == author.visitor.context.request.get(f"{admin.visitor.site}/posts/{post}").status
    admin.visitor.go("/admin/")
    admin.picture("index")
    assert [] == admin.visitor.complaints


@pytest.mark.long
def test_who_is_disabled_is_out_of_all_three_at_once(
    admin: Admin, author: Author, sites: dict[str, str]
) -> None:
    assert {(200, 200)} == {author.let_in(site) for site in sites.values()}
    admin.look_for("users", author.name)
    admin.do("disable", author.name)
    assert {(401, 401)} == {author.let_in(site) for site in sites.values()}
    author.visitor.go("/settings")
    assert "/login" == author.visitor.path
    admin.look_for("users", author.name)
    admin.picture("users")
    admin.edit(author.name)
    admin.picture("user")
    assert [] == admin.visitor.complaints


@pytest.mark.long
def test_a_stale_form_is_shown_again_with_what_stands(admin: Admin, author: Author) -> None:
    first, second, third = title(), title(), title()
    post = author.write(first)
    admin.look_for("posts", first)
    form = admin.edit(first)
    other = admin.visitor.window()
    admin.visitor.go(form, other)
    other.locator("[name=title]").fill(second)
    admin.save(other)
    admin.page.locator("[name=title]").fill(third)
    with admin.visitor.expecting(409):
        admin.save()
    assert second == author.api("GET", f"/api/posts/{post}")["title"]
    expect(admin.page.locator("[name=title]")).to_have_value(third)
    expect(admin.page.locator("body")).to_contain_text(second)
    admin.picture("conflict")
    admin.save()
    assert third == author.api("GET", f"/api/posts/{post}")["title"]
    assert [] == admin.visitor.complaints


@pytest.mark.long
def test_nobody_else_comes_in(admin: Admin, author: Author) -> None:
    site, visitor = admin.visitor.site, author.visitor
    visitor.site = site
    for path in ("/admin/", *admin.lists.values()):
        with visitor.expecting(403):
            visitor.go(path)
    assert [] == visitor.complaints


@pytest.mark.long
def test_no_other_site_does_anything_with_the_staffs_session(admin: Admin, author: Author) -> None:
    name = title()
    post = author.write(name)
    path, fields = admin.foreign(post)
    hidden = "".join(f'<input name="{field}" value="{fields[field]}">' for field in fields)
    form = f'<form method="post" action="{admin.visitor.site}{path}">{hidden}</form>'
    admin.page.goto(f"data:text/html,{form}")
    with admin.visitor.expecting(403), admin.page.expect_navigation():
        admin.page.evaluate("document.forms[0].submit()")
    found = author.api("GET", f"/api/posts/{post}")
    assert (name, "draft", 1) == (found["title"], found["status"], found["version"])
    assert [] == admin.visitor.complaints
