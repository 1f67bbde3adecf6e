"""The page that shows the three side by side, in Chromium: mouse, keyboard, and no scripts."""

import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from browser.test_pages import looked_at
from browser.visitor import Visitor
from triptych.page.lining_up import FILES
from triptych.page.planting import BUSY
from triptych.page.state import State
from triptych.page.stories import PLANTED, STORIES
from triptych.servers import FRAMEWORKS

ROOT = Path(__file__).parent.parent
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


# Each piece of code on the page, with the file and the lines that it is said to be of.
CODE = """() => [...document.querySelectorAll("pre.code")].map(code => {
  const place = code.closest("details")?.querySelector("summary") ?? code.previousElementSibling;
  return [".file", ".lines"].map(part => place.querySelector(part).textContent)
    .concat(code.textContent);
})"""


def assert_code_is_that_of_the_files(page: Page) -> int:
    """How many pieces of code there are, each of which is what stands on the disk."""
    shown = page.evaluate(CODE)
    for path, lines, text in shown:
        file = ROOT / path
        if not file.is_file():
            [file] = ROOT.glob(f"packages/*/src/{path}")
        first, *last = map(int, re.findall(r"\d+", lines))
        on_disk = file.read_text("utf-8").splitlines()[first - 1 : last[0] if last else first]
        assert on_disk == text.rstrip("\n").split("\n"), f"{path} {lines}"
    return len(shown)


def tab_to(page: Page, wanted: Locator) -> None:
    """Go there by Tab alone; whatever has the focus on the way is seen to have it."""
    for _ in range(150):
        page.keyboard.press("Tab")
        outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        name = page.evaluate("document.activeElement.outerHTML.slice(0, 120)")
        assert outline != "none", f"the focus cannot be seen on {name}"
        if wanted.evaluate("wanted => wanted === document.activeElement"):
            return
    raise AssertionError(f"no Tab leads to {wanted}")


# --- requests ------------------------------------------------------------------------------------


def test_each_story_is_identical_and_shows_the_code_of_the_files(looker: Visitor) -> None:
    page = looker.page
    looker.go("/")
    for story in STORIES:
        page.locator("nav.list").get_by_role("link", name=story.title, exact=False).first.click()
        expect(page.get_by_role("heading", level=1)).to_have_text(story.title)
        identical(page)
        assert TITLES == columns(page)
        expect(page.locator(".status strong")).to_contain_text([str(story.step.status)] * 3)
        took = page.locator(".took").all_inner_texts()
        assert 3 == len([time for time in took if re.fullmatch(r"\d+\.\d ms", time)]), took
        assert 0 < assert_code_is_that_of_the_files(page)
    assert [] == looker.complaints


def test_a_name_of_the_core_leads_to_its_code_and_sends_nothing_again(looker: Visitor) -> None:
    page = looker.page
    looker.go(State("create").url)
    times = page.locator(".took").all_inner_texts()
    page.locator(".column.flask pre.code").get_by_role("link", name="create_post").click()
    found = page.locator("details[id='blog_core.blog.Blog.create_post']")
    expect(found.locator("pre")).to_be_in_viewport()
    page.go_back()
    expect(page.get_by_role("heading", level=1)).to_have_text("Create a draft")
    assert times == page.locator(".took").all_inner_texts()
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
    page.get_by_label("Path and query").fill("no slash")
    page.get_by_role("button", name="Send to all three").click()
    expect(page.get_by_role("alert")).to_contain_text("A path begins with a slash")
    expect(page.get_by_label("Path and query")).to_have_value("no slash")
    assert [] == looked_at(page, "side-by-side-own-refused")
    assert [] == looker.complaints


def test_a_difference_is_marked_in_the_columns_and_named(looker: Visitor) -> None:
    page = looker.page
    # Each makes a post of its own: what is not written alike for it differs.
    looker.go("/?method=GET&path=%2Fapi%2Fusers%2F%7Bname%7D&as=visitor")
    expect(page.locator(".verdict")).to_contain_text("Different")
    expect(page.locator(".differences")).to_have_count(2)
    expect(page.locator(".differences").first).to_contain_text("Flask is unlike Django")
    marked = page.locator(".column.flask .body .differs-here").all_inner_texts()
    assert "2" in marked, marked
    assert [] == looked_at(page, "side-by-side-different")
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
    page.reload()
    assert ["FastAPI", "Flask"] == columns(page)
    page.locator("nav.list").get_by_role("link", name="A trailing slash").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("A trailing slash")
    assert ["FastAPI", "Flask"] == columns(page)
    page.get_by_role("navigation", name="Views").get_by_role("link", name="Code").click()
    assert ["FastAPI", "Flask"] == page.locator(".heads .title").all_inner_texts()
    page.go_back()
    page.go_back()
    expect(page.get_by_role("heading", level=1)).to_have_text("A wrong method")
    assert ["FastAPI", "Flask"] == columns(page)
    page.get_by_role("link", name="Show Django").click()
    assert ["FastAPI", "Flask", "Django"] == columns(page)
    other = without_scripts.page
    other.goto(link)
    assert ["FastAPI", "Flask"] == columns(other)
    identical(other)
    other.get_by_role("link", name="Show Django").click()
    assert ["FastAPI", "Flask", "Django"] == columns(other)
    assert [] == looker.complaints + without_scripts.complaints


@pytest.mark.parametrize(
    "slug", ["home", "head", "wrong-method", "malformed", "stale", "cors-error"]
)
def test_what_is_copied_for_curl_gives_the_same_answer(looker: Visitor, slug: str) -> None:
    page = looker.page
    looker.go(State(slug).url)
    for title, key in zip(TITLES, FRAMEWORKS, strict=True):
        column = page.locator(f".column.{key}")
        column.get_by_text("As curl").click()
        column.get_by_role("button", name=f"Copy for {title}").click()
        expect(column.get_by_role("button", name="Copied")).to_be_visible()
        copied = page.evaluate("navigator.clipboard.readText()")
        ran = subprocess.run(["sh", "-c", copied], capture_output=True, check=True, timeout=60)  # noqa: S603, S607 # what the page says to run
        head, _, body = ran.stdout.decode().partition("\r\n\r\n")
        status, *fields = head.split("\r\n")
        assert status.split()[1] in column.locator(".status").inner_text()
        compared = column.locator(".fields li:not(.left-out)").all_text_contents()
        assert sorted(" ".join(field.split()) for field in compared) == sorted(
            field for field in fields if not field.lower().startswith(("date:", "server:", "conn"))
        )
        shown = column.locator(".body code")
        assert body == (shown.text_content() if shown.count() else "")
    assert [] == looker.complaints


def test_a_demo_that_has_ended_is_said_in_a_sentence(looker: Visitor) -> None:
    page = looker.page
    looker.go("/")
    page.route("**/?pick=stale", lambda route: route.abort("connectionrefused"))
    page.locator("nav.list").get_by_role("link", name="A stale edit").click()
    expect(page.get_by_role("alert")).to_contain_text("Is it still running?")
    expect(page.locator("main")).not_to_have_attribute("aria-busy", "true")
    assert {True} == {"ERR_CONNECTION_REFUSED" in complaint for complaint in looker.complaints}


def test_without_scripts_it_does_the_same(without_scripts: Visitor) -> None:
    page = without_scripts.page
    body = "%7B%22title%22%3A%22Rain%22%7D"
    without_scripts.go(f"/?method=POST&path=%2Fapi%2Fposts&body={body}&as=visitor")
    expect(page.locator(".verdict")).to_contain_text("Not sent yet")
    page.get_by_role("button", name="Send to all three").click()
    identical(page)
    without_scripts.go("/code?file=session&filter=throttle")
    assert 0 < page.locator(".together:visible").count() < 10
    without_scripts.go("/regressions?plant=missing_credentials_403")
    page.get_by_role("button", name="Plant it in FastAPI").click(no_wait_after=True)
    expect(page.locator(".verdict.caught")).to_be_visible(timeout=TESTS_SECONDS)
    assert [] == without_scripts.complaints


# --- code ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("file", FILES)
def test_the_files_are_lined_up_as_they_stand_on_the_disk(looker: Visitor, file: str) -> None:
    page = looker.page
    looker.go(f"/code?file={file}")
    rows = page.locator(".together").count()
    assert rows <= assert_code_is_that_of_the_files(page)
    jumps = page.locator("nav.list li a")
    expect(jumps).to_have_count(rows)
    jumps.last.click()
    expect(page.locator(".together").last).to_be_in_viewport()
    page.get_by_role("link", name="Hide Flask").click()
    assert ["Django", "FastAPI"] == page.locator(".heads .title").all_inner_texts()
    expect(page.locator(".together").first.locator(".column")).to_have_count(2)
    assert [] == looker.complaints


def test_the_code_is_filtered_while_somebody_types(looker: Visitor) -> None:
    page = looker.page
    looker.go("/code")
    rows = page.locator(".together:visible")
    everything = rows.count()
    page.get_by_label("Only what holds").press_sequentially("If_Match")
    expect(page.locator("[data-count]")).to_have_text(re.compile(r"^\d shown$"))
    few = rows.count()
    assert 0 < few < everything
    page.reload()
    expect(rows).to_have_count(few)
    page.get_by_label("Only what holds").fill("no such word")
    expect(page.locator("[data-nothing]")).to_be_visible()
    page.get_by_label("Only what holds").fill("")
    expect(rows).to_have_count(everything)
    assert [] == looker.complaints


# --- regressions ---------------------------------------------------------------------------------


def test_a_planted_regression_is_shown_named_and_caught(looker: Visitor) -> None:
    page = looker.page
    looker.go("/regressions")
    expect(page.locator(".museum li")).to_have_count(len(PLANTED))
    page.get_by_role("link", name="JSON keys are sorted").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("JSON keys are sorted")
    assert 1 == assert_code_is_that_of_the_files(page)
    named = page.locator(".named code").all_inner_texts()
    page.get_by_role("button", name="Plant it in Flask").click(no_wait_after=True)
    expect(page.get_by_text("Starting Flask with the fault in it")).to_be_visible()
    expect(page.locator(".verdict.odd")).to_contain_text("Different", timeout=TESTS_SECONDS)
    expect(page.locator(".differences h2")).to_contain_text("Flask is unlike Django")
    expect(page.locator(".column.flask .body .differs-here").first).to_be_visible()
    expect(page.locator(".column.flask .server")).to_contain_text("planted: sorted_keys")
    # While the tests run: nothing is loaded again for it.
    expect(page.get_by_text("Running the 2 tests")).to_be_visible()
    page.get_by_role("link", name="Hide FastAPI").click()
    assert ["Django", "Flask"] == columns(page)
    other = looker.window()
    looker.go("/regressions?plant=sorted_keys", other)
    other.get_by_role("button", name="Plant it in Flask").click()
    expect(other.get_by_role("alert")).to_contain_text(BUSY)
    assert [] == looked_at(other, "side-by-side-busy")
    other.close()
    expect(page.locator(".verdict.caught")).to_contain_text("Caught", timeout=TESTS_SECONDS)
    assert named == page.locator(".test.red .name").all_inner_texts()
    assert named == page.locator(".test.green .name").all_inner_texts()
    page.get_by_role("link", name="Which tests").click()
    expect(page.locator(".test.red").first).to_be_in_viewport()
    assert [] == looked_at(page, "side-by-side-planted")
    assert [] == looker.complaints


# --- for everybody -------------------------------------------------------------------------------


def test_the_keyboard_does_all_of_it(looker: Visitor) -> None:
    page, keys = looker.page, looker.page.keyboard
    looker.go("/")
    keys.press("Tab")
    expect(page.get_by_role("link", name="Skip to the answers")).to_be_focused()
    tab_to(page, page.locator("nav.list").get_by_role("link", name="A stale edit"))
    keys.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("A stale edit")
    identical(page)
    expect(page.locator("main")).to_be_focused()
    tab_to(page, page.get_by_role("button", name="Copy link"))
    keys.press("Enter")
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    tab_to(page, page.get_by_role("link", name="Move Django right"))
    keys.press("Enter")
    assert ["Flask", "Django", "FastAPI"] == columns(page)
    expect(page.get_by_role("link", name="Move Django right")).to_be_focused()
    tab_to(page, page.get_by_role("link", name="Hide Django"))
    keys.press("Enter")
    expect(page.get_by_role("link", name="Show Django")).to_be_focused()
    keys.press("Enter")
    assert ["Flask", "FastAPI", "Django"] == columns(page)
    tab_to(page, page.locator(".column.django summary"))
    keys.press("Enter")
    expect(page.locator("#curl-django")).to_be_visible()
    tab_to(page, page.locator(".column.django pre.code a").first)
    keys.press("Enter")
    expect(page.locator(".core details[open] pre")).to_be_in_viewport()
    page.get_by_role("link", name="Skip to the answers").focus()
    keys.press("Enter")
    tab_to(page, page.get_by_text("Change this request"))
    keys.press("Enter")
    tab_to(page, page.get_by_label("Path and query"))
    keys.press("Control+A")
    keys.type("/api/posts/first")
    keys.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Your own request")
    expect(page.locator(".status strong")).to_contain_text(["404"] * 3)
    assert [] == looker.complaints


def test_the_keyboard_does_the_other_two_views(looker: Visitor) -> None:
    page, keys = looker.page, looker.page.keyboard
    views = page.get_by_role("navigation", name="Views")
    looker.go("/")
    tab_to(page, views.get_by_role("link", name="Code"))
    keys.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("One blog, three spellings")
    tab_to(page, page.get_by_role("link", name="Answers and failures"))
    keys.press("Enter")
    expect(page.get_by_role("link", name="Answers and failures")).to_have_attribute(
        "aria-current", "page"
    )
    tab_to(page, page.get_by_label("Only what holds"))
    keys.type("render")
    expect(page.locator("[data-count]")).not_to_have_text("4 shown")
    tab_to(page, page.locator(".together:visible [role=group]").first)
    page.get_by_role("link", name="Skip to the answers").focus()
    tab_to(page, views.get_by_role("link", name="Regressions"))
    keys.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("What moves")
    tab_to(page, page.get_by_role("link", name="Missing credentials are 403"))
    keys.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Missing credentials")
    plant = page.get_by_role("button", name="Plant it in FastAPI")
    tab_to(page, plant)
    keys.press("Enter")
    expect(page.locator(".verdict.caught")).to_be_visible(timeout=TESTS_SECONDS)
    tab_to(page, page.get_by_role("link", name="Which tests"))
    keys.press("Enter")
    expect(page.locator(".test.red").first).to_be_in_viewport()
    assert [] == looker.complaints


def long(name: str, path: str) -> Any:
    return pytest.param(name, path, marks=pytest.mark.long)


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("stale", State("stale").url),
        ("own", "/?method=GET&path=%2Flogin"),
        ("code", "/code"),
        ("regressions", "/regressions"),
        long("page", State("page").url),
        long("throttled", State("throttled").url),
        long("hidden", State("wrong-method", ("fastapi", "flask")).url),
        long("one", State("create", ("flask",)).url),
        long("waiting", "/?method=DELETE&path=%2Fapi%2Fposts%2F1"),
        long("code-session", "/code?file=session"),
        long("code-nothing", "/code?filter=no+such+word"),
        long("regression", "/regressions?plant=sorted_keys"),
    ],
)
def test_axe_finds_nothing(looker: Visitor, name: str, path: str) -> None:
    looker.go(path)
    assert [] == looked_at(looker.page, f"side-by-side-{name}")
    assert [] == looker.complaints
