"""What people do on the site, from registering to signing out everywhere, in a browser."""

import secrets

from playwright.sync_api import Page, expect

from browser.visitor import Visitor


def write(page: Page, title: str, text: str) -> None:
    page.get_by_label("Title", exact=True).fill(title)
    page.get_by_label("Text", exact=True).fill(text)


def press(page: Page, name: str) -> None:
    with page.expect_navigation():
        page.get_by_role("button", name=name, exact=True).click()


def follow(page: Page, name: str) -> None:
    with page.expect_navigation():
        page.get_by_role("link", name=name, exact=True).click()


def test_the_whole_story_of_an_author(visitor: Visitor) -> None:
    page, name, word = visitor.page, f"a-{secrets.token_hex(4)}", f"w{secrets.token_hex(6)}"

    visitor.go("/write")
    assert visitor.path == "/login", "an anonymous visitor is led to the form"
    visitor.register(name)
    expect(page.get_by_role("link", name=name)).to_be_visible()

    # A draft is looked at before it is kept, and kept before it is published.
    visitor.go("/write")
    write(page, "Three windows", f"One **{word}** garden.\n\n![rain](/static/images/rain.svg)")
    press(page, "Preview")
    expect(page.locator(".preview strong")).to_have_text(word)
    expect(page.get_by_label("Text", exact=True)).to_have_value(
        f"One **{word}** garden.\n\n![rain](/static/images/rain.svg)"
    )
    press(page, "Save")
    post = visitor.path
    expect(page.locator(".byline")).to_contain_text("Draft")
    visitor.go("/drafts")
    expect(page.get_by_role("link", name="Three windows")).to_be_visible()
    visitor.go(f"/?q={word}")
    expect(page.get_by_role("link", name="Three windows")).to_have_count(0)

    visitor.go(f"{post}/edit")
    press(page, "Publish now")
    assert visitor.path == post
    expect(page.locator(".byline")).not_to_contain_text("Draft")
    visitor.go("/")
    page.get_by_role("searchbox").fill(word)
    press(page, "Search")
    follow(page, "Three windows")
    assert visitor.path == post

    visitor.go(f"{post}/edit")
    page.get_by_label("Title", exact=True).fill("Four windows")
    press(page, "Save")
    expect(page.get_by_role("heading", level=1)).to_have_text("Four windows")

    # A post is deleted only after a question.
    follow(page, "Delete")
    press(page, "Delete it")
    assert visitor.path == "/"
    with visitor.expecting(404):
        visitor.go(post)
    assert visitor.complaints == []


def test_two_windows_lose_nothing_of_one_another(visitor: Visitor) -> None:
    first, name = visitor.page, f"c-{secrets.token_hex(4)}"
    visitor.register(name)
    visitor.go("/write")
    write(first, "A shared text", "The gate is open.")
    press(first, "Save")
    post = visitor.path
    second = visitor.window()
    visitor.go(f"{post}/edit")
    visitor.go(f"{post}/edit", second)
    first.get_by_label("Text", exact=True).fill("The gate is closed.")
    press(first, "Save")
    second.get_by_label("Text", exact=True).fill("The gate is open, and painted.")
    with visitor.expecting(409):
        press(second, "Save")
    expect(second.get_by_label("Its text")).to_have_value("The gate is closed.")
    typed = second.get_by_label("Text", exact=True)
    expect(typed).to_have_value("The gate is open, and painted.")
    expect(second.locator("div.marked ins").first).to_be_visible()
    expect(second.locator("div.marked del").first).to_be_visible()
    typed.fill("The gate is closed, and painted.")
    press(second, "Save")
    expect(second.locator(".prose")).to_have_text("The gate is closed, and painted.")
    assert visitor.complaints == []


def test_settings_make_tokens_and_end_sessions(visitor: Visitor) -> None:
    page, name = visitor.page, f"s-{secrets.token_hex(4)}"
    visitor.register(name)
    visitor.go("/settings")
    tokens = page.get_by_role("region", name="Tokens for programs")
    tokens.get_by_label("Password").fill("not this one")
    with visitor.expecting(422):
        press(page, "Make a token")
    expect(page.get_by_role("alert")).to_be_visible()
    tokens.get_by_label("Password").fill("a garden with three windows")
    press(page, "Make a token")
    token = page.locator("code.token").inner_text()
    me = visitor.context.request.get(
        visitor.site + "/api/me", headers={"Authorization": f"Bearer {token}"}
    )
    assert me.json()["username"] == name

    visitor.go("/settings")
    expect(page.locator("code.token")).to_have_count(0)
    expect(page.locator(".rows").get_by_text(", this one")).to_be_visible()
    press(page, "Sign out everywhere")
    assert visitor.path == "/"
    expect(page.get_by_role("link", name="Sign in")).to_be_visible()
    gone = visitor.context.request.get(
        visitor.site + "/api/me", headers={"Authorization": f"Bearer {token}"}
    )
    assert gone.status == 401

    visitor.go("/drafts")
    visitor.sign_in(name)
    assert visitor.path == "/drafts", "who signs in comes back to where they wanted to go"
    press(page, "Sign out")
    expect(page.get_by_role("link", name="Sign in")).to_be_visible()
    assert visitor.complaints == []


def test_a_refused_form_says_what_is_wrong_and_keeps_what_was_typed(visitor: Visitor) -> None:
    page = visitor.page
    visitor.go("/register")
    page.get_by_label("Username").fill("two words")
    page.get_by_label("Email").fill("somebody@example.com")
    page.get_by_label("Password").fill("short")
    with visitor.expecting(422):
        press(page, "Register")
    expect(page.get_by_label("Username")).to_have_value("two words")
    expect(page.get_by_label("Email")).to_have_value("somebody@example.com")
    expect(page.get_by_label("Password")).to_have_value("")
    expect(page.get_by_role("alert")).to_contain_text("Username")
    assert visitor.complaints == []


def test_what_a_browser_complains_about_is_noticed(reader: Visitor) -> None:
    reader.go("/")
    assert reader.complaints == []
    reader.page.evaluate("document.body.setAttribute('style', 'color: red')")
    reader.page.evaluate("console.error('a script said so')")
    reader.go("/posts/999999999")
    told = "\n".join(reader.complaints)
    assert "Content Security Policy" in told
    assert "a script said so" in told
    assert "404: " in told
