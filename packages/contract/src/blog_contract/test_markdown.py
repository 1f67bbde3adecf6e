"""Markdown, as the pages show it: in a preview, which stores nothing."""

from xml.etree.ElementTree import Element

import pytest

from blog_contract.browser import Browser, assert_harmless, text_of
from blog_contract.client import Account, Client, NewPost
from blog_contract.resources import PAST, unique
from blog_contract.sentences import sentence

ELSEWHERE = "nofollow noopener noreferrer"
CODE = "```python\ndef f(): ...\n```"

ATTACKS = [
    "<script>alert(1)</script>",
    "</textarea><script>alert(1)</script>",
    "</title><script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'><svg/onload=alert(1)>",
    '" autofocus onfocus="alert(1)',
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](java&#10;script:alert(1))",
    "[x](javascript&colon;alert(1))",
    "[x](vbscript:x)",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "<javascript:alert(1)>",
    '[x](/a"onmouseover="alert(1))',
    '[x](https://a.example "t\\" onmouseover=\\"alert(1)")',
    "![x](javascript:alert(1))",
    "![x](data:image/svg+xml,<svg/onload=alert(1)>)",
    '![x" onerror="alert(1)](/static/x.svg)',
    '```"><script>alert(1)</script>\nx\n```',
    "```python\n</code></pre><script>alert(1)</script>\n```",
    '# "id" onclick=alert(1)',
    "|<script>alert(1)</script>|\n|-|\n|<style>*{}</style>|",
    "<iframe src=//evil.example>",
    "<!-- --!> <script>alert(1)</script> -->",
    "<![CDATA[<script>alert(1)</script>]]>",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "{{7*7}}{% raw %}${7*7}#{7*7}<%= 7*7 %>",
    "%s%n{0}{x!r}",
    "\u202etxt.exe\u2066",
]
"""Texts that run where somebody forgot to escape them."""


def shown(browser: Browser, content: str) -> Element:
    """What a preview shows of a text."""
    screen = browser.post("/write", title="T", content=content, action="preview")
    assert 200 == screen.status
    assert_harmless(screen)
    (prose,) = [each for each in screen.all("div") if each.get("class") == "prose"]
    return prose


def tags(element: Element) -> list[str]:
    return [each.tag for each in element.iter()][1:]


@sentence("markdown")
@pytest.mark.parametrize("text", ["<b>x</b>", "<p>x</p>", "<!-- x -->", "&lt;b&gt;"])
def test_raw_html_is_shown_as_it_was_typed(browser: Browser, text: str) -> None:
    prose = shown(browser, text)
    assert text.replace("&lt;", "<").replace("&gt;", ">") == text_of(prose)
    assert set(tags(prose)) <= {"p"}


@sentence("markdown")
def test_commonmark_with_tables_and_strikethrough_is_known(browser: Browser) -> None:
    content = "**a** *b* `c`\n\n> d\n\n- e\n\n1. f\n\n---\n\n| g |\n| - |\n| ~~h~~ |\n"
    found = set(tags(shown(browser, content)))
    known = {"strong", "em", "code", "blockquote", "ul", "ol", "li", "hr", "table", "td"}
    assert known <= found
    assert found & {"s", "del"}


@sentence("markdown")
def test_headings_begin_below_the_title_and_have_ids_that_are_unique_on_the_page(
    browser: Browser, author: Account, new_post: NewPost
) -> None:
    content = "\n\n".join(["# A b", "## A-b", "# main", "# A b", "# !", "# ?", "###### six"])
    post = new_post(author, content=content, pub_date=PAST)
    screen = browser.get(f"/posts/{post.id}")
    headings = [each for each in screen.tree.iter() if each.tag in ("h2", "h3", "h4", "h5", "h6")]
    assert ["h2", "h3", "h2", "h2", "h2", "h2", "h6"] == [each.tag for each in headings]
    assert all(each.get("id") for each in headings)
    ids = [each.get("id") for each in screen.tree.iter() if each.get("id")]
    assert len(ids) == len(set(ids))
    assert 1 == len(screen.all("h1"))


@sentence("markdown-links")
@pytest.mark.parametrize("target", ["/posts/1", "#on-a", "?q=1"])
def test_a_link_within_the_site_is_plain(browser: Browser, target: str) -> None:
    (link,) = shown(browser, f"[x]({target})").iter("a")
    assert (target, None) == (link.get("href"), link.get("rel"))


@sentence("markdown-links")
@pytest.mark.parametrize("target", ["https://a.example/?b=1", "http://a.example", "mailto:a@b.c"])
def test_a_link_to_elsewhere_says_so(browser: Browser, target: str) -> None:
    (link,) = shown(browser, f"[x]({target})").iter("a")
    assert (target, ELSEWHERE) == (link.get("href"), link.get("rel"))


@sentence("markdown-links")
@pytest.mark.parametrize(
    "target", ["//a.example", "ftp://a.example", "tel:1", "javascript:1", "data:text/html,x"]
)
def test_another_link_is_text(browser: Browser, target: str) -> None:
    assert "a" not in tags(shown(browser, f"[x]({target})"))


@sentence("markdown-images")
def test_a_picture_comes_from_this_site_and_others_are_links(browser: Browser) -> None:
    (picture,) = shown(browser, "![A loaf](/static/images/loaf.svg)").iter("img")
    assert ("/static/images/loaf.svg", "A loaf") == (picture.get("src"), picture.get("alt"))
    for target in ("https://a.example/b.png", "/b.png"):
        prose = shown(browser, f"![A loaf]({target})")
        assert (["p", "a"], "A loaf") == (tags(prose), text_of(prose))


@sentence("markdown-code")
def test_code_in_a_named_language_is_marked_with_classes_and_never_styles(
    browser: Browser,
) -> None:
    prose = shown(browser, CODE)
    assert "def f(): ..." == text_of(prose)
    marked = [each for each in prose.iter("span") if each.get("class")]
    assert marked
    assert "span" not in tags(shown(browser, CODE.replace("python", "no-such-language")))


# --- nothing that is typed runs ------------------------------------------------------------------


@sentence("markdown", "markdown-links", "markdown-images")
@pytest.mark.parametrize("text", ATTACKS)
def test_nothing_that_is_typed_runs_wherever_it_is_shown(
    client: Client, browser: Browser, author: Account, text: str
) -> None:
    title = " ".join(text.split()).replace("\u202e", "")[:150]
    word = unique("w")
    form = browser.get("/write").form("/write")
    location = browser.send(
        form, "publish", title=f"{title} {word}", content=f"{text}\n\n{word}"
    ).location
    pages = [
        browser.get(location),
        browser.get(f"{location}/edit"),
        browser.get(f"{location}/delete"),
        browser.get(f"/?q={word}"),
        browser.post(f"{location}/edit", title=text, content=text, version="99"),
    ]
    for page in pages:
        assert page.status in (200, 409, 422)
        assert_harmless(page)
    assert f"{title} {word}" == text_of(pages[0].one("h1"))
    assert text_of(pages[0].one("title")).startswith(f"{title} {word}")
    assert b"<script" not in browser.get("/feed.atom").body


@sentence("form-again", "page-html")
@pytest.mark.parametrize("text", ATTACKS)
def test_nothing_that_is_typed_runs_where_a_form_is_refused(
    anybody: Browser, browser: Browser, text: str
) -> None:
    pages = [
        anybody.post("/register", username=text, email=text, password="x"),
        anybody.post("/login", username=text, password="wrong", next=text),
        anybody.post("/write", title=text, content=text, pub_date=text),
        browser.post("/write", title=text, content=text, pub_date=text, key=text),
        browser.post("/settings", action="profile", username=text, email=text),
        browser.post("/settings", action=text),
        browser.post("/settings", action="delete-account", username=text),
        browser.post("/settings", action="password", current_password=text, new_password=text),
    ]
    for page in pages:
        assert page.status in (403, 422), page.status
        assert_harmless(page)
    again = pages[0].form("/register").fields
    assert (text, text) == (again["username"], again["email"])
