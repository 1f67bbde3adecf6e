"""What somebody types to run in another's browser is shown as it was typed.

The browser is told to pass over the `Content-Security-Policy`, which would stop most of it: here
nothing is to get that far.
"""

import json
import secrets
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from blog_contract.test_markdown import ATTACKS
from browser.visitor import Visitor
from tests.corpora import naughty_strings

MARKUP = [text for text in naughty_strings() if set(text) & set("<>&\"'")]
TYPED = [*ATTACKS, *MARKUP]
SOME = [*ATTACKS, *MARKUP[::10]]

# What is in the tree that the templates do not put there, and where an address leads elsewhere.
STRANGE = """() => {
  const known = new Set((
    "html head meta title link body a header p nav ul li form button main div h1 h2 h3 h4 h5 h6 " +
    "label input textarea span time strong em ol article section code pre blockquote br hr img " +
    "table thead tbody tr th td del ins s footer"
  ).split(" "));
  const found = [];
  for (const element of document.querySelectorAll("*")) {
    const html = element.namespaceURI === "http://www.w3.org/1999/xhtml";
    if (!html || !known.has(element.localName)) found.push(`element ${element.localName}`);
    for (const {name, value} of element.attributes) {
      if (name.startsWith("on") || ["style", "srcdoc", "formaction", "ping"].includes(name))
        found.push(`attribute ${name}=${value}`);
      if (["href", "src", "action"].includes(name)) {
        const url = new URL(value, document.baseURI);
        const link = element.localName === "a" && name === "href";
        const schemes = link ? ["http:", "https:", "mailto:"] : ["http:"];
        if (!schemes.includes(url.protocol)) found.push(`scheme of ${value}`);
        if (!link && url.origin !== location.origin) found.push(`from elsewhere: ${value}`);
      }
    }
  }
  if (window.ran) found.push(`ran: ${window.ran}`);
  return found;
}"""
# Whatever a text calls when it runs is noted.
WATCH = """for (const name of ["alert", "prompt", "confirm", "open"])
  window[name] = (...sent) => { window.ran = `${name}(${sent})`; };"""
# As if somebody had typed it into the form and pressed the button.
SEND = """([action, values]) => {
  const form = document.querySelector(`main form[action="${action}"]`);
  for (const [name, value] of Object.entries(values)) {
    const field = form.querySelector(`input[name="${name}"], textarea[name="${name}"]`) ||
      form.appendChild(Object.assign(document.createElement("input"), {type: "hidden", name}));
    field.value = value;
  }
  HTMLFormElement.prototype.submit.call(form);
}"""


@pytest.fixture
def victim(chromium: Browser, contexts: list[BrowserContext], sites: dict[str, str]) -> Visitor:
    """Somebody signed in at all three, whose browser would run what it is given."""
    context = chromium.new_context(bypass_csp=True)
    context.add_init_script(WATCH)
    contexts.append(context)
    visitor = Visitor(context, sites["all"])
    visitor.register(f"victim-{secrets.token_hex(4)}")
    return visitor


def publish(visitor: Visitor, title: str, content: str) -> dict[str, Any]:
    """A new post, made with the visitor's session."""
    post = {"title": title, "content": content, "pub_date": "2020-01-01T00:00:00Z"}
    answer = visitor.context.request.post(
        f"{visitor.site}/api/posts",
        data=json.dumps(post),
        headers={"Content-Type": "application/json"},
    )
    assert answer.status == 201, (post, answer.text())
    return dict(answer.json())


def send(page: Page, to: str, **values: str) -> None:
    """Type these into the form that stands on the page, past what the browser would refuse."""
    with page.expect_navigation():
        page.evaluate(SEND, [to, values])


@pytest.mark.long
def test_nothing_typed_into_a_post_runs_or_is_loaded(victim: Visitor, reader: Visitor) -> None:
    page = victim.page
    with victim.expecting(404):  # one text shows a picture of the site that is not there
        for text in TYPED:
            post = publish(victim, " ".join(text.split())[:200], text)
            victim.go(f"/posts/{post['id']}")
            assert page.locator("h1").text_content() == post["title"]
            assert page.evaluate(STRANGE) == [], text
    # Lists show beginnings; the other browser holds to the policy, and has nothing to report.
    victim.go("/")
    mine = page.get_by_role("link", name="victim-").first.get_attribute("href")
    for visitor in (victim, reader):
        visitor.go(str(mine))
        shown = 0
        while True:
            assert visitor.page.evaluate(STRANGE) == []
            shown += visitor.page.locator(".posts h2").count()
            if not (older := visitor.page.get_by_role("link", name="Older")).count():
                break
            with visitor.page.expect_navigation():
                older.click()
        assert shown == len(TYPED)
        assert visitor.complaints == []


@pytest.mark.long
def test_nothing_typed_into_a_form_runs_where_it_is_shown_again(victim: Visitor) -> None:
    page = victim.page
    victim.go("/write")
    with victim.expecting(404):  # the same picture
        for text in SOME:
            send(page, "/write", title=text, content=text, action="preview")
            assert page.evaluate(STRANGE) == [], text
            assert page.locator("#content").input_value() == text.replace("\r\n", "\n")
    victim.go("/register")
    with victim.expecting(422):
        for text in SOME:
            send(page, "/register", username=text, email=text, password="short")
            assert page.evaluate(STRANGE) == [], text
            assert page.locator("#username").input_value().strip() == one_line(text)
    assert victim.complaints == []


@pytest.mark.long
def test_nothing_typed_at_signing_in_or_searching_runs(victim: Visitor) -> None:
    page = victim.page
    with victim.expecting(404):
        for text in ATTACKS:
            victim.go(f"/users/{quote(text, safe='')}")
            assert page.evaluate(STRANGE) == [], text
    for text in SOME:
        victim.go(f"/?q={quote(text[:200], safe='')}")
        assert page.evaluate(STRANGE) == [], text
        assert page.get_by_role("searchbox").input_value().strip() == one_line(text[:200])
    victim.context.clear_cookies()
    victim.go("/login")
    with victim.expecting(422):
        for text in SOME:
            send(page, "/login", username=text, password="", next=text)
            assert page.evaluate(STRANGE) == [], text
            assert page.locator("#username").input_value().strip() == one_line(text)
    assert victim.complaints == []


def test_nothing_runs_where_two_versions_stand_beside_each_other(victim: Visitor) -> None:
    page = victim.page
    edit = f"/posts/{publish(victim, 'Before', '<b>before</b>')['id']}/edit"
    victim.go(edit)
    send(page, edit, content="<i>meanwhile</i>", action="save")
    victim.go(edit)
    with victim.expecting(409):
        for text in ATTACKS:
            send(page, edit, title=text, content=text, version="1", action="save")
            assert page.evaluate(STRANGE) == [], text
            expect(page.locator("div.marked ins").first).to_be_visible()
    assert victim.complaints == []


def test_what_runs_is_noticed(victim: Visitor) -> None:
    victim.go("/")
    planted = "<img src=/static/no.svg onerror=alert(1)><a href=JaVaScript:1>x</a><svg></svg>"
    with victim.expecting(404):
        victim.page.evaluate(
            "(html) => { document.querySelector('main').innerHTML = html }", planted
        )
        victim.page.wait_for_function("window.ran")
    assert [
        "attribute onerror=alert(1)",
        "scheme of JaVaScript:1",
        "element svg",
        "ran: alert(1)",
    ] == victim.page.evaluate(STRANGE)


def one_line(text: str) -> str:
    """As a field of one line holds it, without the blanks at its ends."""
    return text.replace("\r", "").replace("\n", "").strip()
