"""A page as plain data, and the one Jinja environment that makes HTML of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from blog_core.http import static
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
    return made


def render(page: Page) -> Reply:
    """A page where no framework is at hand."""
    body = _own_environment().get_template(page.template).render(page.context)
    return Reply(page.status, (HTML, *page.headers), body.encode())


@lru_cache(maxsize=1)
def _own_environment() -> Environment:
    return environment()
