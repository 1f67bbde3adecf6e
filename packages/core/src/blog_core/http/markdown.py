"""Markdown as HTML that is safe to show: CommonMark with tables and strikethrough.

Raw HTML is text. What is made is sanitised all the same, so that a fault in the renderer is not at
once a fault of the site.
"""

import re
from collections.abc import Mapping, MutableMapping, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Any

import nh3
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name

EXCERPT_LENGTH = 240
# How much of a text is read for its beginning.
_EXCERPT_SOURCE = 2_000
# Of the texts that are longer only a few are kept: a longest one is half a megabyte of HTML.
_LONG = 20_000
# Lexers are regular expressions, and for text made to that end many need the square of its length:
# so what counts most is how long one piece of code is.
_MOST_HIGHLIGHTED = 10_000
_LONGEST_HIGHLIGHTED = 4_000
_LONGEST_ID = 60

# Those that need least of every nasty text that was tried: see docs/decisions.
_LANGUAGES = frozenset(
    (
        *("bash", "css", "diff", "django", "go", "html", "http", "ini", "javascript", "jinja"),
        *("js", "json", "py", "python", "rust", "sh", "sql", "toml", "xml", "yaml"),
    )
)
# A path or fragment: no scheme, and not "//", which names another host.
_OWN = re.compile(r"(?!//)[^:/?#]*(?:[/?#]|\Z)")
_ALLOWED = re.compile(r"(?:https?://|mailto:)", re.IGNORECASE)
_NOT_IN_ID = re.compile(r"[\W_]+")
_PICTURE = re.compile(r"/static/[A-Za-z0-9._/-]+")


def html(content: str) -> str:
    """The HTML of a text, for below the `<h1>` of a page."""
    return _kept_html(content) if len(content) <= _LONG else _kept_long_html(content)


def excerpt(content: str) -> str:
    """The beginning of a text, as plain text: its first paragraph, or some of it."""
    return _kept_excerpt(content[:_EXCERPT_SOURCE])


def _html(content: str) -> str:
    rendered: str = _MARKDOWN.render(content, {})
    return nh3.clean(
        rendered,
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        url_schemes={"http", "https", "mailto"},
        link_rel=None,  # said by the renderer, which knows what is elsewhere
    )


_kept_html = lru_cache(maxsize=256)(_html)
_kept_long_html = lru_cache(maxsize=16)(_html)


@lru_cache(maxsize=1024)
def _kept_excerpt(beginning: str) -> str:
    tokens = _MARKDOWN.parse(beginning, {})
    for opening, inline in pairwise(tokens):
        if opening.type == "paragraph_open":
            text = " ".join(_plain(inline.children or ()).split())
            if text:
                return _shortened(text)
    return ""


def _shortened(text: str) -> str:
    if len(text) <= EXCERPT_LENGTH:
        return text
    cut = text[:EXCERPT_LENGTH]
    # Not every script has blanks between its words.
    whole = cut.rpartition(" ")[0]
    return (whole if len(whole) > EXCERPT_LENGTH // 2 else cut).rstrip(" ,;:") + "…"


def _plain(tokens: Sequence[Token]) -> str:
    """What of a line can be read aloud; pictures are left out."""
    kept = {"text": None, "code_inline": None, "softbreak": " ", "hardbreak": " "}
    return "".join(kept[token.type] or token.content for token in tokens if token.type in kept)


class _Renderer(RendererHTML):
    """What differs from plain CommonMark; the functions are found by the kind of token."""

    def heading_open(
        self, tokens: Sequence[Token], index: int, options: Any, env: MutableMapping[str, Any]
    ) -> str:
        token = tokens[index]
        text = _plain(tokens[index + 1].children or ())
        return f'<{_lowered(token.tag)} id="{_new_id(text, env)}">'

    def heading_close(
        self, tokens: Sequence[Token], index: int, options: Any, env: MutableMapping[str, Any]
    ) -> str:
        return f"</{_lowered(tokens[index].tag)}>\n"

    def link_open(
        self, tokens: Sequence[Token], index: int, options: Any, env: MutableMapping[str, Any]
    ) -> str:
        token = tokens[index]
        if not _OWN.match(f"{token.attrGet('href')}"):
            token.attrSet("rel", _ELSEWHERE)
        env["in_link"] = True
        return self.renderToken(tokens, index, options, env)

    def link_close(
        self, tokens: Sequence[Token], index: int, options: Any, env: MutableMapping[str, Any]
    ) -> str:
        env["in_link"] = False
        return "</a>"

    def image(
        self, tokens: Sequence[Token], index: int, options: Any, env: MutableMapping[str, Any]
    ) -> str:
        token = tokens[index]
        source = f"{token.attrGet('src')}"
        text = nh3.clean_text(_plain(token.children or ()) or source)
        if _PICTURE.fullmatch(source):
            alternative = nh3.clean_text(_plain(token.children or ()))
            return f'<img src="{source}" alt="{alternative}" loading="lazy">'
        if env.get("in_link"):
            return text
        rel = "" if _OWN.match(source) else f' rel="{_ELSEWHERE}"'
        return f'<a href="{nh3.clean_text(source)}"{rel}>{text}</a>'

    def table_open(
        self, tokens: Sequence[Token], index: int, options: Any, env: MutableMapping[str, Any]
    ) -> str:
        return '<div class="wide" role="region" aria-label="Table" tabindex="0">\n<table>\n'

    def table_close(
        self, tokens: Sequence[Token], index: int, options: Any, env: MutableMapping[str, Any]
    ) -> str:
        return "</table>\n</div>\n"

    def th_open(
        self, tokens: Sequence[Token], index: int, options: Any, env: MutableMapping[str, Any]
    ) -> str:
        return _cell(tokens[index])

    def td_open(
        self, tokens: Sequence[Token], index: int, options: Any, env: MutableMapping[str, Any]
    ) -> str:
        return _cell(tokens[index])

    def fence(
        self, tokens: Sequence[Token], index: int, options: Any, env: MutableMapping[str, Any]
    ) -> str:
        token = tokens[index]
        language = token.info.strip().partition(" ")[0].lower()
        return _code(token.content, language if language in _LANGUAGES else "", env)

    def code_block(
        self, tokens: Sequence[Token], index: int, options: Any, env: MutableMapping[str, Any]
    ) -> str:
        return _code(tokens[index].content, "", env)


_ELSEWHERE = "nofollow noopener noreferrer"


def _lowered(tag: str) -> str:
    return f"h{min(int(tag[1]) + 1, 6)}"


def _cell(token: Token) -> str:
    # Which side a column stands on is said in a class: the site has no inline styles.
    side = f"{token.attrGet('style') or ''}".removeprefix("text-align:")
    return f'<{token.tag} class="{side}">' if side else f"<{token.tag}>"


def _new_id(text: str, env: MutableMapping[str, Any]) -> str:
    """An id that no other heading of this text has, and nothing else of a page."""
    base = "on-" + _NOT_IN_ID.sub("-", text.casefold())[:_LONGEST_ID].strip("-")
    used: dict[str, int] = env.setdefault("ids", {})
    number = used.get(base, 0)
    found = base if number == 0 else f"{base}-{number + 1}"
    while found in used:
        number += 1
        found = f"{base}-{number + 1}"
    used[base] = number + 1
    used.setdefault(found, 1)
    return found


def _code(code: str, language: str, env: MutableMapping[str, Any]) -> str:
    left = env.setdefault("highlighted", _MOST_HIGHLIGHTED)
    if language and len(code) <= min(left, _LONGEST_HIGHLIGHTED):
        env["highlighted"] = left - len(code)
        lexer = get_lexer_by_name(language, stripnl=False)
        marked = highlight(code, lexer, _FORMATTER)
    else:
        marked = nh3.clean_text(code)
    kind = f' class="language-{language}"' if language else ""
    return f'<pre dir="ltr" tabindex="0"><code{kind}>{marked}</code></pre>\n'


def _is_allowed(url: str) -> bool:
    return bool(_OWN.match(url) or _ALLOWED.match(url))


def _markdown() -> MarkdownIt:
    made = MarkdownIt("commonmark", {"html": False}, renderer_cls=_Renderer)
    made.enable(["table", "strikethrough"])
    made.validateLink = _is_allowed  # type: ignore[method-assign] # how markdown-it is told
    return made


_FORMATTER: HtmlFormatter[str] = HtmlFormatter(nowrap=True)
_MARKDOWN = _markdown()
_TAGS = {
    *("a", "blockquote", "br", "code", "del", "div", "em", "h2", "h3", "h4", "h5", "h6", "hr"),
    *("img", "li", "ol", "p", "pre", "s", "span", "strong", "table", "tbody", "td", "th", "thead"),
    *("tr", "ul"),
}
_ATTRIBUTES: Mapping[str, set[str]] = {
    "a": {"href", "rel", "title"},
    "code": {"class"},
    "div": {"aria-label", "class", "role", "tabindex"},
    **{heading: {"id"} for heading in ("h2", "h3", "h4", "h5", "h6")},
    "img": {"alt", "loading", "src"},
    "ol": {"start"},
    "pre": {"dir", "tabindex"},
    "span": {"class"},
    "td": {"class"},
    "th": {"class"},
}
