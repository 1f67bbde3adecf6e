import re
from html.parser import HTMLParser

import pytest

from blog_core.http import swagger
from blog_core.http.rendering import render

NAMES = ("swagger-ui.css", "swagger-ui.js", "start.js")


def page() -> str:
    return render(swagger.page()).body.decode()


@pytest.mark.parametrize("name", NAMES)
def test_a_file_has_a_type_a_tag_and_an_age(name: str) -> None:
    reply = swagger.file(name)
    headers = dict(reply.headers)
    kind = "css" if name.endswith(".css") else "javascript"
    assert (200, f"text/{kind}; charset=utf-8") == (reply.status, headers["Content-Type"])
    assert re.fullmatch(r'"[0-9a-f]{16}"', headers["ETag"])
    assert "public, max-age=86400" == headers["Cache-Control"]


def test_the_files_are_those_of_swagger_ui_5() -> None:
    assert re.search(rb'PACKAGE_VERSION:"5\.', swagger.file("swagger-ui.js").body)
    assert b".swagger-ui" in swagger.file("swagger-ui.css").body


@pytest.mark.parametrize("name", ["", "swagger-ui-bundle.js", "../swagger.py"])
def test_what_is_no_file_is_not_there(name: str) -> None:
    assert 404 == swagger.file(name).status


def test_other_bytes_have_another_address() -> None:
    for name in NAMES:
        version = dict(swagger.file(name).headers)["ETag"].strip('"')
        assert f'"/docs/{name}?v={version}"' in page()


def test_the_page_holds_nothing_that_its_policy_would_refuse() -> None:
    found = Inline()
    found.feed(page())
    assert [] == found.refused
    assert "unsafe" not in swagger.NATIVE.policy


def test_nothing_comes_from_elsewhere() -> None:
    style = swagger.file("swagger-ui.css").body.decode()
    assert not re.search(r"url\((?![\"']?data:)|@import", style)
    assert not re.search(r"(?:src|href)=\"(?!/(?!/))", page())


class Inline(HTMLParser):
    """Notes scripts and styles that stand in the page itself."""

    def __init__(self) -> None:
        super().__init__()
        self.refused: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = {name for name, _ in attrs}
        if tag == "style" or (tag == "script" and "src" not in names):
            self.refused.append(tag)
        self.refused += [name for name in names if name == "style" or name.startswith("on")]


def test_what_stands_in_the_page_itself_is_noticed() -> None:
    found = Inline()
    found.feed('<p style="top:0" onclick="f()">a</p><script>f()</script><style>p{}</style>')
    assert ["onclick", "script", "style", "style"] == sorted(found.refused)
