"""A page as plain data, and the one Jinja environment that makes HTML of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from blog_core.http import markdown, static
from blog_core.http.replies import HTML, Headers, Reply


@dataclass(frozen=True, slots=True)
class Page:
    """What an adapter renders, in its framework's own way: the same template, the same bytes.

    No name in `context` begins with an underscore or is one that a framework adds of its own
    (`request`, `session`, `g`, `config`, `url_for`, `csrf_input`, `csrf_token`).
    """

    template: str
    context: Mapping[str, Any] = field(default_factory=dict)
    status: int = 200
    headers: Headers = ()


def environment(**_: object) -> Environment:
    """A new Jinja environment for the templates of the blog.

    New for each framework, because each adds names of its own to it. Django calls it with options
    that are decided here already.
    """
    made = Environment(
        loader=PackageLoader("blog_core.http"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.globals["static"] = static.url
    made.filters |= {
        "day": day,
        "moment": moment,
        "markdown": lambda content: Markup(markdown.html(content)),  # noqa: S704 # sanitised there
        "excerpt": markdown.excerpt,
    }
    return made


def day(instant: str) -> str:
    """2 January 2026."""
    return f"{int(instant[8:10])} {_MONTHS[int(instant[5:7]) - 1]} {instant[:4]}"


def moment(instant: str) -> str:
    """2 January 2026, 03:04 UTC."""
    return f"{day(instant)}, {instant[11:16]} UTC"


_MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July", "August", "September"),
    *("October", "November", "December"),
)


def render(page: Page) -> Reply:
    """A page where no framework is at hand."""
    body = _own_environment().get_template(page.template).render(page.context)
    return Reply(page.status, (HTML, *page.headers), body.encode())


@lru_cache(maxsize=1)
def _own_environment() -> Environment:
    return environment()
