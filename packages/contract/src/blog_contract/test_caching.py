"""What may be kept on the way to a reader: every path that can be read, every kind of reader."""

import pytest

from blog_contract import answers, test_pages
from blog_contract.browser import Browser
from blog_contract.client import Account, Client, NewPost, Post
from blog_contract.resources import PAST
from blog_contract.sentences import sentence
from http_parity.exchange import Headers

FILE = "/static/{file}"
PUBLIC = ("/livez", "/readyz", "/openapi.json", "/feed.atom", FILE)
"""Paths that answer everybody alike."""

VARIES = (
    *("/", "/posts/{id}", "/users/{username}", "/register", "/login"),
    *("/api/users", "/api/users/{username}", "/api/posts", "/api/posts/{id}"),
)
"""Paths that answer everybody, each in their own way."""

PRIVATE = (
    *("/write", "/drafts", "/settings", "/posts/{id}/edit", "/posts/{id}/delete"),
    *("/api/me", "/api/tokens"),
)
"""Paths that answer whoever is signed in."""


UNDER_WAY = ("/openid", "/openid/{provider}")
"""Paths that answer who holds a cookie of theirs: test_openid finds that nobody keeps it."""


@pytest.fixture(scope="module")
def post(author: Account, new_post: NewPost) -> Post:
    return new_post(author, pub_date=PAST)


@pytest.fixture(scope="module")
def readers(browser: Browser, author: Account) -> dict[str, Headers]:
    """What each kind of reader sends to say who they are."""
    return {
        "anybody": (),
        "session": (browser.cookie,),
        "token": (("Authorization", f"Bearer {author.token}"),),
        "session that is over": (("Cookie", "session=made-up"),),
    }


def path_of(form: str, client: Client, author: Account, post: Post) -> str:
    if form == FILE:
        links = [link.get("href") or "" for link in Browser(client).get("/").all("link")]
        return next(link for link in links if link.startswith("/static/"))
    return form.replace("{id}", f"{post.id}").replace("{username}", author.username)


def expected(form: str, reader: str, status: int) -> str:
    """The contract in three lines."""
    if form == FILE:
        return "public, max-age=86400"
    return "public, no-cache" if reader == "anybody" and status < 400 else "no-store"


@sentence("caching", "page-caching", "static")
@pytest.mark.parametrize("form", [*PUBLIC, *VARIES, *PRIVATE])
def test_what_may_be_kept_follows_from_the_path_and_who_reads_it(
    client: Client, author: Account, post: Post, readers: dict[str, Headers], form: str
) -> None:
    path = path_of(form, client, author, post)
    given = {name: client.get(path, headers=fields) for name, fields in readers.items()}
    for name, answer in given.items():
        assert expected(form, name, answer.status) == answer.header("Cache-Control"), name
        assert "Authorization, Cookie, Origin" == answer.header("Vary"), name
    assert [200, 200] == [given["session"].status, given["token"].status]
    assert given["anybody"].status in ((303, 401) if form in PRIVATE else (200,))
    if form in PUBLIC:
        assert 1 == len({answer.body for answer in given.values()})


def test_every_path_that_can_be_read_is_public_varies_or_is_private() -> None:
    allowed = {**answers.ALLOW, **test_pages.ALLOW}
    readable = {path for path, allow in allowed.items() if "GET" in allow}
    kinds = [*PUBLIC, *VARIES, *PRIVATE, *UNDER_WAY]
    assert kinds == list(dict.fromkeys(kinds))
    assert readable | {FILE} == {*kinds}
