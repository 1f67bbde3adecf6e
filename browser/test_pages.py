"""Every page, as it looks: without a fault that axe finds, and kept as a picture to look at."""

import re
import secrets
from collections.abc import Callable
from importlib.resources import files

from playwright.sync_api import Page, expect

from browser.visitor import PICTURES, Visitor

AXE = files("axe_playwright_python") / "axe.min.js"
WIDTHS = {"phone": 390, "desktop": 1280}
SCHEMES = ("light", "dark")
# Everything axe has, its advice too; nothing is loaded by it.
RUN = "async () => (await axe.run(document, {preload: false})).violations"
LONG = "One garden, three windows, and a gate that nobody has ever seen closed."


def looked_at(page: Page, name: str) -> list[str]:
    """What axe finds on this page at each width and in each scheme; each is kept as a picture."""
    found: list[str] = []
    for width, pixels in WIDTHS.items():
        page.set_viewport_size({"width": pixels, "height": 800})
        for scheme in SCHEMES:
            page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
            page.screenshot(path=PICTURES / f"{name}-{width}-{scheme}.png", full_page=True)
            page.evaluate(AXE.read_text("utf-8"))
            found += [
                f"{name} {width} {scheme}: {violation['id']} {node['target']} {node['html'][:90]}"
                for violation in page.evaluate(RUN)
                for node in violation["nodes"]
            ]
        wide = page.evaluate("document.documentElement.scrollWidth")
        if wide > pixels:
            found.append(f"{name} {width}: has to be scrolled sideways, it is {wide} px wide")
    return found


def button(page: Page, name: str) -> None:
    with page.expect_navigation():
        page.get_by_role("button", name=name, exact=True).click()


def test_axe_finds_nothing_where_anybody_may_look(reader: Visitor) -> None:
    page = reader.page
    found = []
    for name, path in {
        "home": "/",
        "search": "/?q=water",
        "search-nothing": "/?q=zzzzqqqq",
        "author": "/users/haruka",
        "register": "/register",
        "login": "/login",
    }.items():
        reader.go(path)
        found += looked_at(page, name)
    reader.go("/?q=qanat")
    with page.expect_navigation():
        page.locator(".posts a").first.click()
    found += looked_at(page, "post-picture")
    for name, word in {"code": "bisect", "table": "ligature", "arabic": "الأرقام"}.items():
        reader.go(f"/?q={word}")
        with page.expect_navigation():
            page.locator(".posts a").first.click()
        found += looked_at(page, f"post-{name}")
    with reader.expecting(404):
        reader.go("/posts/999999999")
    found += looked_at(page, "error-404")
    with reader.expecting(422):
        reader.go("/?cursor=nowhere")
    found += looked_at(page, "error-422")
    reader.go("/register")
    page.get_by_label("Username").fill("two words")
    page.get_by_label("Email").fill("somebody@example.com")
    page.get_by_label("Password").fill("short")
    with reader.expecting(422):
        button(page, "Register")
    found += looked_at(page, "register-refused")
    reader.go("/login")
    with reader.expecting(422):
        reader.sign_in("nobody", "not a password")
    found += looked_at(page, "login-refused")
    assert found == []
    assert reader.complaints == []


def test_axe_finds_nothing_where_an_author_works(reader: Visitor) -> None:
    page, found = reader.page, []
    reader.register(f"author-{secrets.token_hex(3)}")
    for name, path in {
        "drafts-none": "/drafts",
        "write": "/write",
        "settings": "/settings",
    }.items():
        reader.go(path)
        found += looked_at(page, name)
    reader.go("/write")
    page.get_by_label("Title", exact=True).fill("A gate and a garden")
    page.get_by_label("Text", exact=True).fill(f"{LONG}\n\n# Inside\n\n- roses\n- **rain**\n")
    button(page, "Preview")
    found += looked_at(page, "write-preview")
    page.get_by_label("Publish at").fill("2999-01-02T03:04")
    button(page, "Save")
    found += looked_at(page, "post-own")
    post = reader.path
    reader.go("/write")
    with reader.expecting(422):
        page.get_by_label("Title", exact=True).fill(" ")
        button(page, "Save")
    found += looked_at(page, "write-refused")
    page.get_by_label("Title", exact=True).fill("Not finished")
    button(page, "Save")
    reader.go("/drafts")
    found += looked_at(page, "drafts")
    reader.go(f"{post}/delete")
    found += looked_at(page, "delete")
    found += conflict(reader, post)
    reader.go("/settings")
    tokens = page.get_by_role("region", name="Tokens for programs")
    with reader.expecting(422):
        tokens.get_by_label("Password").fill("not this one")
        button(page, "Make a token")
    found += looked_at(page, "settings-refused")
    tokens.get_by_label("Password").fill("a garden with three windows")
    button(page, "Make a token")
    found += looked_at(page, "settings-token")
    assert found == []
    assert reader.complaints == []


def conflict(reader: Visitor, post: str) -> list[str]:
    """Edit in two windows, and look at what the later one is shown."""
    other = reader.window()
    reader.go(f"{post}/edit")
    found = looked_at(reader.page, "edit")
    reader.go(f"{post}/edit", other)
    other.get_by_label("Text", exact=True).fill(LONG.replace("closed", "open"))
    button(other, "Save")
    other.close()
    reader.page.get_by_label("Text", exact=True).fill(LONG.replace("One garden", "Two gardens"))
    with reader.expecting(409):
        button(reader.page, "Save")
    return found + looked_at(reader.page, "conflict")


def test_axe_notices_what_is_wrong(reader: Visitor) -> None:
    reader.go("/login")
    reader.page.evaluate("document.querySelector('label').remove()")
    reader.page.evaluate(AXE.read_text("utf-8"))
    assert "label" in [violation["id"] for violation in reader.page.evaluate(RUN)]


def focused(page: Page) -> str:
    """The accessible name of what has the focus, about."""
    return str(page.evaluate("(document.activeElement.innerText || document.activeElement.id)"))


def test_the_skip_link_comes_first_and_leads_to_the_content(reader: Visitor) -> None:
    page = reader.page
    reader.go("/")
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to the content")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_role("searchbox")).to_be_focused()


def test_tab_goes_through_a_page_in_its_order_and_can_be_seen(reader: Visitor) -> None:
    page, order = reader.page, []
    reader.go("/login")
    for _ in range(9):
        page.keyboard.press("Tab")
        order.append(focused(page))
        outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert outline == "solid", f"the focus on {order[-1]} cannot be seen"
    assert order == [
        "Skip to the content",
        "Triptych",
        "Sign in",
        "Register",
        "username",
        "password",
        "Sign in",
        "Register",
        "Feed",
    ]


def test_forms_are_sent_by_enter(reader: Visitor) -> None:
    page, name = reader.page, f"keys-{secrets.token_hex(4)}"
    steps: dict[str, Callable[[], None]] = {
        "/register": lambda: type_through(page, name, f"{name}@example.com", "no mouse at all"),
        "/write": lambda: type_through(page, "Typed"),
    }
    for path, step in steps.items():
        reader.go(path)
        page.locator("main input:not([type=hidden])").first.focus()
        step()
        with page.expect_navigation():
            page.keyboard.press("Enter")
    assert re.fullmatch(r"/posts/\d+", reader.path)
    expect(page.locator(".byline")).to_contain_text("Draft")
    reader.go("/")
    page.get_by_role("searchbox").press_sequentially("water")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Search")
    assert reader.complaints == []


def type_through(page: Page, *values: str) -> None:
    """Type these into one field after another, going on by Tab."""
    for number, value in enumerate(values):
        if number:
            page.keyboard.press("Tab")
        page.keyboard.type(value)
