"""The page that shows the three side by side, in Chromium: mouse, keyboard, and no scripts."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from browser.test_pages import looked_at
from browser.visitor import Visitor
from triptych.page.spellings import of_operation
from triptych.page.state import State
from triptych.page.stories import STORIES
from triptych.servers import FRAMEWORKS

NAMED = "Side by side, in a browser:"
START_SECONDS = 400
TITLES = [framework.title for framework in FRAMEWORKS.values()]
TESTS_SECONDS = 300_000
# What is asked of three servers may take its time on a busy machine.
expect.set_options(timeout=30_000)


@pytest.fixture(scope="module")
def page_of_three(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The page's URL, as the demo says it."""
    folder = tmp_path_factory.mktemp("demo")
    port = next(base for base in range(31_001, 60_000, 4) if all_free(base - 1, base + 3))
    command = [sys.executable, "-m", "triptych", "demo", "--directory", str(folder / "demo")]
    with (folder / "screen.txt").open("wb") as screen:
        process = subprocess.Popen(  # noqa: S603 # our own command line
            [*command, "--port", str(port)], stdout=screen, stderr=subprocess.STDOUT
        )
    try:
        deadline = time.monotonic() + START_SECONDS
        said = ""
        while NAMED not in said and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.2)
            said = (folder / "screen.txt").read_text("utf-8")
        assert NAMED in said, said
        yield said.partition(NAMED)[2].split()[0].rstrip("/")
    finally:
        process.terminate()
        process.wait(60)


def all_free(first: int, last: int) -> bool:
    """Whether nothing listens on these ports; `last` is not one of them."""
    for port in range(first, last):
        with socket.socket() as listener:
            try:
                listener.bind(("127.0.0.1", port))
            except OSError:
                return False
    return True


@pytest.fixture
def looker(chromium: Browser, contexts: list[BrowserContext], page_of_three: str) -> Visitor:
    context = chromium.new_context(permissions=["clipboard-read", "clipboard-write"])
    contexts.append(context)
    return Visitor(context, page_of_three)


@pytest.fixture
def without_scripts(
    chromium: Browser, contexts: list[BrowserContext], page_of_three: str
) -> Visitor:
    context = chromium.new_context(java_script_enabled=False)
    contexts.append(context)
    return Visitor(context, page_of_three)


def columns(page: Page) -> list[str]:
    return page.locator("section.column h2").all_inner_texts()


def identical(page: Page) -> None:
    expect(page.locator(".verdict")).to_contain_text("Identical")


def test_each_story_is_identical_and_shows_the_code_of_the_file(looker: Visitor) -> None:
    page = looker.page
    looker.go("/")
    for story in STORIES:
        page.locator("nav.list").get_by_role("link", name=story.title, exact=False).first.click()
        expect(page.get_by_role("heading", level=1)).to_have_text(story.title)
        identical(page)
        assert TITLES == columns(page)
        expect(page.locator(".status strong")).to_contain_text([str(story.step.status)] * 3)
    looker.go("/?pick=create")
    for key in FRAMEWORKS:
        shown = page.locator(f".column.{key} pre.code .l").all_text_contents()
        assert of_operation(key, "create_post").source == "".join(shown).rstrip("\n")
    assert [] == looker.complaints


def test_a_request_of_ones_own_is_sent_once_it_is_asked_for(looker: Visitor) -> None:
    page = looker.page
    looker.go("/")
    page.get_by_role("link", name="Write your own").click()
    page.get_by_label("Path and query").fill("/api/users/haruka?a=<b>")
    page.get_by_role("button", name="Send to all three").click()
    identical(page)
    expect(page.locator(".status strong")).to_contain_text(["400"] * 3)
    asked = parse_qs(urlsplit(page.url).query)
    assert {"method": ["GET"], "path": ["/api/users/haruka?a=<b>"]} == asked
    assert [] == looker.complaints


def test_columns_are_arranged_and_shared_by_url(looker: Visitor, without_scripts: Visitor) -> None:
    page = looker.page
    looker.go("/?pick=wrong-method")
    page.get_by_role("link", name="Move FastAPI left").click()
    page.get_by_role("link", name="Hide Django").click()
    assert ["FastAPI", "Flask"] == columns(page)
    page.get_by_role("button", name="Copy link").click()
    link = page.evaluate("navigator.clipboard.readText()")
    asked = parse_qs(urlsplit(link).query)
    assert {"pick": ["wrong-method"], "columns": ["fastapi,flask"]} == asked
    other = without_scripts.page
    other.goto(link)
    assert ["FastAPI", "Flask"] == columns(other)
    identical(other)
    other.get_by_role("link", name="Show Django").click()
    assert ["FastAPI", "Flask", "Django"] == columns(other)
    assert [] == looker.complaints + without_scripts.complaints


def test_each_request_is_copied_for_curl(looker: Visitor) -> None:
    page = looker.page
    looker.go("/?pick=wrong-method")
    for title, key in zip(TITLES, FRAMEWORKS, strict=True):
        column = page.locator(f".column.{key}")
        column.get_by_text("As curl").click()
        column.get_by_role("button", name=f"Copy for {title}").click()
        expect(column.get_by_role("button", name="Copied")).to_be_visible()
        copied = page.evaluate("navigator.clipboard.readText()")
        assert copied.startswith("curl -i --path-as-is -X DELETE http://")
        assert copied.splitlines()[0].rstrip(" \\").endswith("/api/posts")
    assert [] == looker.complaints


def test_without_scripts_it_does_the_same(without_scripts: Visitor) -> None:
    page = without_scripts.page
    body = "%7B%22title%22%3A%22Rain%22%7D"
    without_scripts.go(f"/?method=POST&path=%2Fapi%2Fposts&body={body}&as=visitor")
    expect(page.locator(".verdict")).to_contain_text("Not sent yet")
    page.get_by_role("button", name="Send to all three").click()
    identical(page)
    without_scripts.go("/code?file=session&filter=throttle")
    assert 0 < page.locator(".together").count() < 10
    assert [] == without_scripts.complaints


def test_a_planted_regression_is_shown_named_and_caught(looker: Visitor) -> None:
    page = looker.page
    looker.go("/regressions")
    page.locator("nav.list").get_by_role("link", name="JSON keys are sorted").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("JSON keys are sorted")
    page.get_by_role("button", name="Plant it in Flask").click(no_wait_after=True)
    expect(page.locator(".verdict.odd")).to_contain_text("Different", timeout=TESTS_SECONDS)
    expect(page.locator(".differences h3")).to_contain_text("Flask is unlike Django")
    expect(page.locator(".column.flask .body .differs-here").first).to_be_visible()
    expect(page.locator(".column.flask .server")).to_contain_text("planted: sorted_keys")
    expect(page.locator(".verdict.same")).to_contain_text("Caught", timeout=TESTS_SECONDS)
    assert page.locator(".test.red").count() > 0
    assert page.locator(".test.red").count() == page.locator(".test.green").count()
    found = looked_at(page, "side-by-side-planted")
    assert [] == found
    assert [] == looker.complaints


def test_the_keyboard_does_all_of_it(looker: Visitor) -> None:
    page = looker.page
    looker.go("/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the answers")).to_be_focused()
    link = page.locator("nav.list").get_by_role("link", name="A stale edit")
    for _ in range(80):
        if link.evaluate("link => link === document.activeElement"):
            break
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("A stale edit")
    identical(page)
    expect(page.locator("main")).to_be_focused()
    move = page.get_by_role("link", name="Move Django right")
    for _ in range(40):
        if move.evaluate("link => link === document.activeElement"):
            break
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert ["Flask", "Django", "FastAPI"] == columns(page)
    expect(page.get_by_role("link", name="Move Django right")).to_be_focused()
    assert [] == looker.complaints


@pytest.mark.long
@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("stale", State("stale").url),
        ("throttle", State("wrong-method").url),
        ("own", "/?method=GET&path=%2Flogin"),
        ("code", "/code"),
        ("code-session", "/code?file=session"),
        ("regressions", "/regressions"),
        ("regression", "/regressions?plant=sorted_keys"),
    ],
)
def test_axe_finds_nothing(looker: Visitor, name: str, path: str) -> None:
    looker.go(path)
    assert [] == looked_at(looker.page, f"side-by-side-{name}")
    assert [] == looker.complaints
