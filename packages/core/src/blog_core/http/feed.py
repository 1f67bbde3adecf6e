"""The newest posts as an Atom feed (RFC 4287)."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from hashlib import sha256

from feedgenerator import Atom1Feed  # type: ignore[import-untyped]

from blog_core import schemas
from blog_core.domain.instants import parse_instant
from blog_core.http import markdown
from blog_core.http.replies import Reply

NEWEST = schemas.PostQuery(limit=20)
"""What is in the feed."""

CONTENT_TYPE = "application/atom+xml"

# Every tag URI (RFC 4151) names a day on which the host was the site's.
_SINCE = "2026"
_BEFORE_ALL = datetime(1970, 1, 1, tzinfo=UTC)
# What XML 1.0 cannot hold, however it is written.
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_NOT_HOST = re.compile("[^A-Za-z0-9.-]+")


def atom(posts: Sequence[schemas.Post], host: str) -> Reply:
    """The feed of these posts, in full. Links are paths; ids begin with `host`, whoever asks."""
    tag = f"tag:{_NOT_HOST.sub('', host)},{_SINCE}:"
    feed = _Feed("Triptych", "/", "", language="en", feed_url="/feed.atom", feed_guid=f"{tag}/")
    for post in posts:
        path = f"/posts/{post.id}"
        feed.add_item(
            _NOT_XML.sub("\ufffd", post.title),
            path,
            None,
            author_name=post.author.username,
            author_link=f"/users/{post.author.username}",
            pubdate=parse_instant(post.pub_date or post.created),
            updateddate=parse_instant(post.updated),
            unique_id=tag + path,
            content=_NOT_XML.sub("\ufffd", markdown.html(post.content)),
        )
    content: bytes = feed.writeString("utf-8").encode()
    etag = ("ETag", f'"{sha256(content).hexdigest()[:16]}"')
    return Reply(200, (("Content-Type", CONTENT_TYPE), etag), content)


class _Feed(Atom1Feed):  # type: ignore[misc] # has no types
    def latest_post_date(self) -> datetime:
        """When any post was last changed; a feed without posts has always been so."""
        return max((item["updateddate"] for item in self.items), default=_BEFORE_ALL)
