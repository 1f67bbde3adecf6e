from xml.etree import ElementTree as ET

import feedparser  # type: ignore[import-untyped]
import pytest

from blog_core.http import feed
from blog_core.schemas import Author, Post

ATOM = "{http://www.w3.org/2005/Atom}"


def post(number: int = 1, **changes: str) -> Post:
    values = {"title": "A & <b>", "content": "# One\n\nText <i>", **changes}
    return Post(
        id=number,
        pub_date=f"2026-01-0{number}T03:04:05.000006Z",
        status="published",
        author=Author(1, "ada"),
        created="2026-01-01T00:00:00.000000Z",
        updated=f"2026-02-0{number}T00:00:00.000000Z",
        version=1,
        **values,
    )


@pytest.mark.sentence("feed")
def test_a_feed_reader_reads_it() -> None:
    reply = feed.atom([post(2), post(1)], "blog.example")
    assert ("Content-Type", "application/atom+xml") in reply.headers
    read = feedparser.parse(reply.body)
    assert not read.bozo
    assert ("atom10", "Triptych") == (read.version, read.feed.title)
    assert "2026-02-02T00:00:00+00:00" == read.feed.updated
    assert ["tag:blog.example,2026:/posts/2", "tag:blog.example,2026:/posts/1"] == [
        entry.id for entry in read.entries
    ]
    entry = read.entries[0]
    assert ("/posts/2", "ada") == (entry.link, entry.author)
    assert ("text/plain", "A & <b>") == (entry.title_detail.type, entry.title)
    assert '<h2 id="on-one">One</h2>' in entry.content[0].value
    assert "&lt;i&gt;" in entry.content[0].value


@pytest.mark.sentence("feed")
def test_it_has_what_rfc_4287_asks_for() -> None:
    root = ET.fromstring(feed.atom([post()], "blog.example").body)  # noqa: S314 # our own
    for element in (root, *root.iter(f"{ATOM}entry")):
        for name in ("id", "title", "updated"):
            assert 1 == len(element.findall(ATOM + name))
    entry = root.find(f"{ATOM}entry")
    assert entry is not None
    assert "ada" == entry.findtext(f"{ATOM}author/{ATOM}name")
    links = [link.attrib for link in root.findall(f"{ATOM}link")]
    assert [{"rel": "alternate", "href": "/"}, {"rel": "self", "href": "/feed.atom"}] == links


@pytest.mark.sentence("feed")
def test_a_blog_without_posts_has_a_feed_that_never_changes() -> None:
    one, other = feed.atom([], "blog.example"), feed.atom([], "blog.example")
    assert one == other
    assert "1970-01-01T00:00:00+00:00" == feedparser.parse(one.body).feed.updated


@pytest.mark.sentence("feed")
def test_what_xml_cannot_hold_does_not_break_it() -> None:
    reply = feed.atom(
        [post(content="a\x01b\x0c\ufffe\U0001f600", title="a\u0085b")], "blog.example"
    )
    assert not feedparser.parse(reply.body).bozo
    assert "a\ufffdb" in reply.body.decode()


@pytest.mark.parametrize(("host", "authority"), [("[::1]", "1"), ("127.0.0.1", "127.0.0.1")])
def test_an_address_for_a_host_makes_a_tag_too(host: str, authority: str) -> None:
    assert f"<id>tag:{authority},2026:/</id>" in feed.atom([], host).body.decode()
