import sys
from types import FrameType

import html5lib
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blog_core.http import markdown

ELSEWHERE = 'rel="nofollow noopener noreferrer"'
ALLOWED = {
    *("a", "blockquote", "br", "code", "del", "div", "em", "h2", "h3", "h4", "h5", "h6", "hr"),
    *("img", "li", "ol", "p", "pre", "s", "span", "strong", "table", "tbody", "td", "th", "thead"),
    *("tr", "ul"),
}

ATTACKS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    "<a href='javascript:alert(1)'>x</a>",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](java\tscript:alert(1))",
    "[x](java&#10;script:alert(1))",
    "[x](javascript&colon;alert(1))",
    "[x](&#106;avascript:alert(1))",
    "[x](\x01javascript:alert(1))",
    "[x](vbscript:x)",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "[x](<javascript:alert(1)>)",
    "[x]: javascript:alert(1)\n\n[x]",
    "<javascript:alert(1)>",
    '[x](/a"onmouseover="alert(1))',
    '[x](https://a.example "t\\" onmouseover=\\"alert(1)")',
    "![x](javascript:alert(1))",
    "![x](data:image/svg+xml,<svg/onload=alert(1)>)",
    '![x" onerror="alert(1)](/static/x.svg)',
    "![<script>alert(1)</script>](/static/x.svg)",
    '![x](/static/x.svg" onerror="alert(1))',
    '```"><script>alert(1)</script>\nx\n```',
    "```python\n</code></pre><script>alert(1)</script>\n```",
    "    </code></pre><script>alert(1)</script>",
    "`<script>alert(1)</script>`",
    "# <img src=x onerror=alert(1)>",
    '# "id" onclick=alert(1)',
    "|<script>alert(1)</script>|\n|-|\n|<style>*{}</style>|",
    "<style>*{background:url(//evil.example)}</style>",
    "<iframe src=//evil.example>",
    "<form action=//evil.example><button>",
    "<!-- --!> <script>alert(1)</script> -->",
    "<![CDATA[<script>alert(1)</script>]]>",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "</div></article><script>alert(1)</script>",
]


def parsed(content: str) -> list[tuple[str, dict[str, str]]]:
    """The elements that a browser would make of a text, with their attributes."""
    tree = html5lib.parseFragment(markdown.html(content), namespaceHTMLElements=False)
    return [(element.tag, dict(element.attrib)) for element in tree.iter()][1:]


def check_harmless(content: str) -> None:
    for tag, attributes in parsed(content):
        assert tag in ALLOWED
        assert not {name for name in attributes if name.startswith("on") or name == "style"}
        for name in ("href", "src"):
            scheme, colon, _ = attributes.get(name, "").partition(":")
            if colon and not set(scheme) & set("/?#"):
                assert scheme.lower() in ("http", "https", "mailto")
        if tag == "img":
            assert attributes["src"].startswith("/static/")


@pytest.mark.sentence("markdown", "markdown-links")
@pytest.mark.parametrize("content", ATTACKS)
def test_nothing_that_is_typed_runs(content: str) -> None:
    check_harmless(content)


@pytest.mark.sentence("markdown")
@settings(deadline=None)  # many attacks at once take their time on a busy machine
@given(st.lists(st.sampled_from([*ATTACKS, "\n\n", "> ", "- ", "[", "](", ")", "*", "`", "|"])))
def test_nor_does_any_mixture_of_it(pieces: list[str]) -> None:
    check_harmless("".join(pieces))


@pytest.mark.sentence("markdown")
def test_raw_html_is_shown_as_it_was_typed() -> None:
    assert "<p>&lt;b&gt;x&lt;/b&gt;</p>\n" == markdown.html("<b>x</b>")


@pytest.mark.sentence("markdown")
def test_tables_and_strikethrough_are_known() -> None:
    elements = parsed("| a | b |\n| - | -: |\n| ~~1~~ | 2 |")
    tags = [tag for tag, _ in elements]
    assert ["table", "s"] == [tag for tag in tags if tag in ("table", "s")]
    assert {"class": "right"} in [attributes for tag, attributes in elements if tag == "td"]


@pytest.mark.sentence("markdown")
def test_headings_begin_below_the_title_and_end_at_the_sixth() -> None:
    content = "\n".join("#" * level + " x" for level in range(1, 7))
    assert ["h2", "h3", "h4", "h5", "h6", "h6"] == [tag for tag, _ in parsed(content)]


@pytest.mark.sentence("markdown")
def test_no_two_headings_share_an_id() -> None:
    headings = [
        "# A b",
        "# A-b",
        "# a b 2",
        "# A b",
        "# !",
        "# ?",
        "# Ärger",
        "# 雨",
        "# " + "x" * 99,
    ]
    ids = [attributes["id"] for tag, attributes in parsed("\n\n".join(headings)) if tag == "h2"]
    assert len(headings) == len(set(ids))
    assert ["on-a-b", "on-a-b-2", "on-a-b-2-2", "on-a-b-3"] == ids[:4]
    assert "on-雨" in ids
    assert max(map(len, ids)) <= 70


@pytest.mark.sentence("markdown-links")
@pytest.mark.parametrize("target", ["/posts/1", "#on-a", "?q=1", "posts", "./a:b", ""])
def test_a_link_within_the_site_is_plain(target: str) -> None:
    assert f'<p><a href="{target}">x</a></p>\n' == markdown.html(f"[x](<{target}>)")


@pytest.mark.sentence("markdown-links")
@pytest.mark.parametrize(
    "target", ["https://a.example/?b=1", "HTTP://a.example", "mailto:a@b.example"]
)
def test_a_link_to_elsewhere_says_so(target: str) -> None:
    assert f'<a href="{target}" {ELSEWHERE}>x</a>' in markdown.html(f"[x]({target})")


@pytest.mark.sentence("markdown-links")
@pytest.mark.parametrize("target", ["//a.example", "ftp://a.example", "tel:1", "foo:bar"])
def test_another_link_is_text(target: str) -> None:
    assert "<a" not in markdown.html(f"[x]({target})")


@pytest.mark.sentence("markdown-images")
def test_a_picture_comes_from_the_site() -> None:
    shown = markdown.html("![A *red* loaf](/static/images/loaf.svg)")
    assert '<p><img src="/static/images/loaf.svg" alt="A red loaf" loading="lazy"></p>\n' == shown


@pytest.mark.sentence("markdown-images")
def test_a_picture_from_elsewhere_is_a_link() -> None:
    shown = markdown.html("![A loaf](https://a.example/b.png)")
    assert f'<p><a href="https://a.example/b.png" {ELSEWHERE}>A loaf</a></p>\n' == shown
    assert '<p><a href="/b.png">/b.png</a></p>\n' == markdown.html("![](/b.png)")


@pytest.mark.sentence("markdown-images")
def test_in_a_link_it_is_the_text_of_the_link() -> None:
    shown = markdown.html("[![A loaf](https://a.example/b.png)](/posts/1)")
    assert '<p><a href="/posts/1">A loaf</a></p>\n' == shown


@pytest.mark.sentence("markdown-code")
def test_code_in_a_named_language_is_marked_with_classes() -> None:
    shown = markdown.html("```python\ndef f(): ...\n```")
    assert '<span class="k">def</span>' in shown
    assert "style" not in shown


@pytest.mark.sentence("markdown-code")
@pytest.mark.parametrize("name", ["", "no-such-language", 'python"'])
def test_other_code_is_plain(name: str) -> None:
    shown = markdown.html(f"```{name}\nx = 1 < 2\n```")
    assert '<pre dir="ltr" tabindex="0"><code>x = 1 &lt; 2\n</code></pre>\n' == shown


@pytest.mark.sentence("markdown-code")
def test_more_code_than_most_people_read_is_not_marked() -> None:
    block = "```python\n" + "x = 1\n" * 600 + "```\n\n"
    marked = ["<span" in shown for shown in markdown.html(block * 3).split("</pre>")[:3]]
    assert [True, True, False] == marked
    assert "<span" not in markdown.html("```python\n" + "x = 1\n" * 700 + "```\n")


def test_the_beginning_is_the_first_paragraph_as_plain_text() -> None:
    content = "# Title\n\n![p](/static/x.svg)\n\nSome *text* with `code` &amp; a\nlink.\n\nMore."
    assert "Some text with code & a link." == markdown.excerpt(content)
    assert "" == markdown.excerpt("# Only a title")


def test_a_long_beginning_ends_at_a_word() -> None:
    shown = markdown.excerpt("word " * 200)
    assert shown.endswith("word…")
    assert len(shown) <= markdown.EXCERPT_LENGTH + 1
    assert markdown.EXCERPT_LENGTH + 1 == len(markdown.excerpt("雨" * 1000))


NASTY = [
    *("[", "![", "](", "[a](", "> ", "- ", "*a ", "**a *b ", "`a``b", "<", "&", "![a", "a*"),
    *("|a|b|\n|-|-|\n", "[[]", "![](", "[a][", '[]("', "*_*_", "- a\n", "1. a\n", "# a\n", "-\n"),
]


@pytest.mark.once
@pytest.mark.parametrize("piece", NASTY)
def test_the_longest_text_of_the_nastiest_kind_is_still_rendered(piece: str) -> None:
    check_harmless((piece * 100_000)[:100_000])


LADDERS = {
    "lists": "\n".join("  " * depth + "- a" for depth in range(1_000)),
    "quotations": "\n".join(">" * depth + "a" for depth in range(1_000)),
    "brackets": "[" * 50_000 + "]" * 50_000,
    "emphasis": "*a" * 25_000 + "a*" * 25_000,
    "code": "".join("`" * length + "a" for length in range(1_000)),
}


@pytest.mark.parametrize("nasty", [*NASTY, *LADDERS.values()], ids=[*NASTY, *LADDERS])
@pytest.mark.parametrize("length", [2_000, 4_000])
def test_work_is_in_proportion_to_the_text(nasty: str, length: int) -> None:
    """Work is calls of functions: 194 for a character of the nastiest text found, `![` repeated."""
    text = (nasty * (length // len(nasty) + 1))[:length]
    calls = 0

    def count(frame: FrameType, event: str, argument: object) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        markdown._html(text)
    finally:
        sys.setprofile(before)
    assert calls <= 250 * length
