"""Pages and forms of those who ask too often: the same bytes."""

import shutil
from collections.abc import Iterator, Mapping
from urllib.parse import urlencode

import pytest

from http_parity.exchange import Request
from tests.alike import assert_alike
from tests.seeds import PASSWORD, SESSION, ask, seeded, timeless
from tests.workers import ONCE, TARGETS, Worker

GRACE = {"username": "grace", "email": "grace@example.org", "password": PASSWORD, "key": "k"}
LOGIN = {"username": "nobody", "password": "wrong", "next": "/drafts"}
DRAFT = {"title": "Typed", "content": "And not lost", "pub_date": "", "key": "k"}


@pytest.fixture(scope="module")
def blogs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, Worker]]:
    """The four targets over equal databases; everything may be done once a day."""
    folder = tmp_path_factory.mktemp("once")
    seed = seeded(folder)
    workers: dict[str, Worker] = {}
    try:
        for name in TARGETS:
            (folder / name).mkdir()
            shutil.copyfile(seed, folder / name / "blog.sqlite3")
            workers[name] = Worker(name, folder / name / "blog.sqlite3", limits=ONCE)
        yield workers
    finally:
        for worker in workers.values():
            worker.close()


def get(target: str) -> Request:
    return Request("GET", target, (("X-Request-ID", "x"),))


def post(target: str, fields: Mapping[str, str]) -> Request:
    headers = [("X-Request-ID", "x"), ("Content-Type", "application/x-www-form-urlencoded")]
    if target == "/write":
        headers.append(("Cookie", f"session={SESSION}"))
    return Request("POST", target, tuple(headers), urlencode(fields).encode())


def shown(
    blogs: Mapping[str, Worker], request: Request, status: int
) -> tuple[str, Mapping[str, str]]:
    """The one page that all of them answer with, and its header fields."""
    answers = {name: timeless(answer) for name, answer in ask(blogs, request).items()}
    assert set(TARGETS) == answers.keys()
    first = assert_alike(answers)
    assert status == first.status
    return first.body.decode(), dict(first.headers)


@pytest.mark.sentence("form-later", "limits-429", "page-problem")
def test_the_four_show_the_same_page_above_a_limit(blogs: Mapping[str, Worker]) -> None:
    shown(blogs, get("/"), 200)
    body, fields = shown(blogs, get("/"), 429)
    assert "Too many requests" in body
    assert ("soon", '"reads";q=1;w=86400') == (fields["Retry-After"], fields["RateLimit-Policy"])


@pytest.mark.sentence("form-later", "limits-429")
@pytest.mark.parametrize(
    ("target", "fields", "first", "kept"),
    [
        ("/write", DRAFT, 303, ("Typed", "And not lost")),
        ("/login", LOGIN, 422, ()),
        ("/register", GRACE, 303, ()),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_four_answer_a_form_above_a_limit_alike(
    blogs: Mapping[str, Worker],
    target: str,
    fields: Mapping[str, str],
    first: int,
    kept: tuple[str, ...],
) -> None:
    done = ask(blogs, post(target, fields)).values()
    assert {first} == {answer.status for answer in done}
    body, answered = shown(blogs, post(target, fields), 429)
    assert "soon" == answered["Retry-After"]
    assert all(typed in body for typed in kept)
    assert PASSWORD not in body
