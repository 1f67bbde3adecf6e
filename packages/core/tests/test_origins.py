"""The whole matrix of what counts as this site's own request."""

from itertools import product

import pytest

from blog_core.http.front import Front, Head
from blog_core.http.operations import BY_NAME, PAGES, Operation
from blog_core.http.origins import is_own
from blog_core.http.replies import Reply
from blog_core.settings import Settings

HOSTS = frozenset(("blog.example", "www.blog.example", "[::1]"))

FETCH_SITES = {
    None: None,  # not sent: Origin decides
    "same-origin": True,
    "none": True,
    "same-site": False,
    "cross-site": False,
    "": False,
    "same-origin,cross-site": False,
    "SAME-ORIGIN": False,
}
ORIGINS = {
    None: None,  # not sent: Referer decides
    "https://blog.example": True,
    "https://www.blog.example": True,
    "https://BLOG.example": True,
    "https://blog.example:443": True,
    "https://[::1]": True,
    "http://blog.example": False,
    "https://blog.example:8443": False,
    "https://evil.example": False,
    "https://blog.example.evil.example": False,
    "https://evil-blog.example": False,
    "https://blog.example@evil.example": False,
    "null": False,
    "": False,
    "https://blog.example,https://evil.example": False,
    "https://blog.example https://evil.example": False,
    "blog.example": False,
    "file://": False,
}
REFERERS = {
    None: True,  # nothing was sent: no page of another site
    "https://blog.example/posts/1?x=//evil.example": True,
    "https://evil.example/https://blog.example/": False,
    "https://blog.example.evil.example/": False,
    "http://blog.example/": False,
    "about:client": False,
}


@pytest.mark.sentence("cross-site")
@pytest.mark.parametrize("fetched_from", FETCH_SITES)
@pytest.mark.parametrize("origin", ORIGINS)
@pytest.mark.parametrize("referer", REFERERS)
def test_the_first_field_that_is_sent_decides(
    fetched_from: str | None, origin: str | None, referer: str | None
) -> None:
    sent = {"sec-fetch-site": fetched_from, "origin": origin, "referer": referer}
    headers = {name: value for name, value in sent.items() if value is not None}
    said = (FETCH_SITES[fetched_from], ORIGINS[origin], REFERERS[referer])
    expected = next(answer for answer in said if answer is not None)
    assert expected is is_own({"host": "blog.example", **headers}, HOSTS, https=True)


@pytest.mark.sentence("cross-site")
@pytest.mark.parametrize(
    ("host", "origin", "https", "own"),
    [
        ("blog.example:8000", "http://blog.example:8000", False, True),
        ("blog.example:8000", "http://blog.example", False, False),
        ("blog.example:8000", "http://blog.example:8001", False, False),
        ("blog.example:80", "http://blog.example", False, True),
        ("blog.example:", "http://blog.example", False, True),
        ("blog.example", "http://blog.example:80", False, True),
        ("blog.example:443", "https://blog.example", True, True),
        ("blog.example:80", "https://blog.example", True, False),
        ("[::1]:8000", "http://[::1]:8000", False, True),
    ],
)
def test_a_port_is_the_one_of_host(host: str, origin: str, https: bool, own: bool) -> None:
    assert own is is_own({"host": host, "origin": origin}, HOSTS, https=https)


FRONT = Front(Settings(), [*BY_NAME.values(), *PAGES])
FOREIGN = {"host": "localhost", "sec-fetch-site": "cross-site"}
COOKIES = {"none": {}, "session": {"cookie": "session=x"}, "host": {"cookie": "__Host-session=x"}}
TOKENS = {"anonymous": {}, "bearer": {"authorization": "Bearer x"}}


@pytest.mark.sentence("cross-site")
@pytest.mark.parametrize("operation", [*BY_NAME.values(), *PAGES], ids=lambda one: one.name)
@pytest.mark.parametrize(("cookie", "token"), list(product(COOKIES, TOKENS)))
def test_another_site_may_only_read_and_speak_to_the_api_without_a_cookie(
    operation: Operation, cookie: str, token: str
) -> None:
    path = operation.path.replace("{username}", "ada")
    path = path.replace("{token_id}", "1").replace("{post_id}", "1").replace("{provider}", "x")
    page = not path.startswith("/api/")
    refused = operation.method != "GET" and (page or cookie != "none")
    headers = {**FOREIGN, **COOKIES[cookie], **TOKENS[token]}
    for method in (operation.method, "HEAD" if operation.method == "GET" else operation.method):
        found = FRONT.admit(Head(method, path, "", headers))
        if refused:
            assert isinstance(found, Reply)
            assert 403 == found.status
        else:
            assert operation is found
        own = FRONT.admit(Head(method, path, "", {**headers, "sec-fetch-site": "same-origin"}))
        assert operation is own


@pytest.mark.sentence("order-no-database")
def test_path_and_method_come_before_and_the_body_after() -> None:
    for method, path, status in (("POST", "/nowhere", 404), ("DELETE", "/login", 405)):
        found = FRONT.admit(Head(method, path, "", FOREIGN))
        assert isinstance(found, Reply)
        assert status == found.status
    unreadable = {**FOREIGN, "cookie": "session=x", "content-type": "text/plain"}
    found = FRONT.admit(Head("POST", "/api/posts", "", unreadable))
    assert isinstance(found, Reply)
    assert 403 == found.status
