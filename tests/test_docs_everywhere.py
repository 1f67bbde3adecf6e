"""The page to try the API out on is mounted three times, and is the same page."""

import re
from collections.abc import Mapping

import pytest

from blog_core.http import swagger
from http_parity.exchange import Answer, Request
from tests.seeds import Askable
from tests.workers import TARGETS


def get(blog: Askable, path: str, **headers: str) -> Answer:
    fields = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return sent(blog, Request("GET", path, fields))


def sent(blog: Askable, request: Request) -> Answer:
    blog.begin(request)
    answer = blog.end()
    assert answer is not None
    return answer


@pytest.mark.parametrize("path", ["/docs", "/docs/"])
@pytest.mark.parametrize("name", TARGETS)
def test_the_page_and_all_it_needs_are_there(
    page_blogs: Mapping[str, Askable], name: str, path: str
) -> None:
    page = get(page_blogs[name], path)
    assert 200 == page.status
    assert "text/html; charset=utf-8" == page.header("content-type")
    assert swagger.NATIVE.policy == page.header("content-security-policy")
    needed = re.findall(r'(?:src|href)="(/(?:docs|static)/[^"]+)"', page.body.decode())
    assert 4 == len(needed)
    for needs in needed:
        file = get(page_blogs[name], needs)
        assert (200, "public, max-age=86400") == (file.status, file.header("cache-control"))
        tag = file.header("etag")
        assert tag
        again = get(page_blogs[name], needs, if_none_match=tag)
        assert (304, b"") == (again.status, again.body)


def test_it_is_the_same_page_everywhere(page_blogs: Mapping[str, Askable]) -> None:
    for path in ("/docs", "/docs/start.js", "/docs/swagger-ui.js", "/docs/swagger-ui.css"):
        assert 1 == len({get(blog, path).body for blog in page_blogs.values()})


@pytest.mark.parametrize("name", TARGETS)
def test_what_is_no_part_of_it_is_not_there(page_blogs: Mapping[str, Askable], name: str) -> None:
    for path in ("/docs/none.js", "/docs/swagger-ui.js/", "/docs/a/b"):
        assert 404 == get(page_blogs[name], path).status
    assert 405 == sent(page_blogs[name], Request("POST", "/docs")).status
