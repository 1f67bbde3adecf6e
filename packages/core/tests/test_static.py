import re
from xml.etree import ElementTree as ET

import pytest

from blog_core.http import static
from blog_core.http.front import Front, Head
from blog_core.http.replies import Reply
from blog_core.settings import Settings

FRONT = Front(Settings())
PICTURES = [path for path in static.FILES if path.endswith(".svg")]


def ask(path: str, method: str = "GET", **headers: str) -> Reply:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    head = Head(method, path, "", {"host": "localhost", **named})
    found = FRONT.admit(head)
    assert isinstance(found, Reply)
    return FRONT.finish(head, found)


@pytest.mark.sentence("static")
def test_a_file_is_kept_for_a_day_and_then_asked_about() -> None:
    reply = ask("/static/site.css")
    headers = dict(reply.headers)
    assert (200, "text/css; charset=utf-8") == (reply.status, headers["Content-Type"])
    assert "public, max-age=86400" == headers["Cache-Control"]
    again = ask("/static/site.css", if_none_match=headers["ETag"], cookie="session=x")
    assert (304, b"") == (again.status, again.body)
    assert "public, max-age=86400" == dict(again.headers)["Cache-Control"]


@pytest.mark.sentence("static")
def test_a_part_of_a_file_cannot_be_asked_for() -> None:
    whole, part = ask("/static/icon.svg"), ask("/static/icon.svg", range="bytes=0-3")
    assert (200, whole.body) == (part.status, part.body)


@pytest.mark.sentence("static")
@pytest.mark.parametrize("path", ["/static", "/static/", "/static/none.css", "/static/../front.py"])
def test_what_is_no_file_is_not_there(path: str) -> None:
    reply = ask(path)
    assert (404, "no-store") == (reply.status, dict(reply.headers)["Cache-Control"])


def test_other_bytes_have_another_address() -> None:
    assert re.fullmatch(r"/static/site\.css\?v=[0-9a-f]{16}", static.url("site.css"))


@pytest.mark.parametrize("path", PICTURES)
def test_a_picture_says_what_it_shows_and_has_no_style_of_its_own(path: str) -> None:
    root = ET.fromstring(static.FILES[path].reply.body)  # noqa: S314 # our own
    tags = {element.tag.rpartition("}")[2] for element in root.iter()}
    assert not tags & {"style", "script", "a", "image", "use", "foreignObject"}
    assert not any("style" in element.attrib for element in root.iter())
    if "/images/" in path:
        assert root.findtext("{http://www.w3.org/2000/svg}title")


def test_the_style_asks_for_nothing_from_elsewhere() -> None:
    style = static.FILES["/static/site.css"].reply.body.decode()
    assert not re.search(r"url\(|@import|https?:", style)
