"""Of two faults in one request the one that is checked first is answered.

Each fault below is done to a good request on its own; every pair of faults that can be had at once
is then done together, and the earlier one must win.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import combinations

import pytest

from blog_contract.answers import NEVER, assert_problem, encoded, from_application
from blog_contract.client import Account, Client, NewPost, Post
from blog_contract.resources import PAST
from blog_contract.sentences import sentence
from http_parity.exchange import Answer, Request


@dataclass(frozen=True)
class Parts:
    """A request in the making."""

    path: str
    token: str | None
    method: str = "PUT"
    query: str = ""
    host: str | None = None
    body: bytes = encoded({"title": "Title", "content": "", "pub_date": None})
    fields: dict[str, str] = field(default_factory=dict)

    def field(self, name: str, value: str) -> "Parts":
        return replace(self, fields={**self.fields, name: value})

    def without(self, name: str) -> "Parts":
        return replace(self, fields={k: v for k, v in self.fields.items() if k != name})


@dataclass(frozen=True)
class Scene:
    """Who and what there is to be refused."""

    post: Post
    author: Account
    reader: Account


@dataclass(frozen=True)
class Fault:
    """One thing wrong: which stage finds it, what it answers, and how it is done.

    Two faults that share a word of `touches` cannot be had in one request.
    """

    stage: int
    status: int
    do: Callable[[Parts, Scene], Parts]
    touches: frozenset[str]


def fault(stage: int, status: int, touches: str, do: Callable[[Parts, Scene], Parts]) -> Fault:
    return Fault(stage, status, do, frozenset(touches.split()))


# In the order in which they are checked; those of one stage have no order among themselves.
FAULTS = {
    "bad-query": fault(0, 400, "query", lambda parts, _: replace(parts, query="x=%ff")),
    "long-target": fault(0, 414, "query", lambda parts, _: replace(parts, query="x=" + "a" * 3000)),
    "expectation": fault(0, 417, "expect", lambda parts, _: parts.field("Expect", "x")),
    "many-fields": fault(
        0,
        431,
        "count",
        lambda parts, _: replace(
            parts, fields={**parts.fields, **{f"X-{n}": "" for n in range(89)}}
        ),
    ),
    "host": fault(1, 400, "host", lambda parts, _: replace(parts, host="evil.example")),
    "unknown-path": fault(2, 404, "path", lambda parts, _: replace(parts, path="/api/nothing")),
    "odd-id": fault(2, 404, "path", lambda parts, _: replace(parts, path="/api/posts/01")),
    "wrong-method": fault(3, 405, "method", lambda parts, _: replace(parts, method="POST")),
    "large-body": fault(4, 413, "body", lambda parts, _: replace(parts, body=bytes(1_048_577))),
    "other-type": fault(5, 415, "type", lambda parts, _: parts.field("Content-Type", "text/plain")),
    "other-coding": fault(
        5, 415, "coding", lambda parts, _: parts.field("Content-Encoding", "gzip")
    ),
    "bad-json": fault(6, 400, "body", lambda parts, _: replace(parts, body=b"{")),
    "no-credentials": fault(7, 401, "token", lambda parts, _: replace(parts, token=None)),
    "bad-body": fault(8, 422, "body", lambda parts, _: replace(parts, body=b'{"title":1}')),
    "no-precondition": fault(9, 428, "if-match", lambda parts, _: parts.without("If-Match")),
    "bad-token": fault(10, 401, "token", lambda parts, _: replace(parts, token="no such token")),
    "unknown-post": fault(
        11, 404, "path", lambda parts, _: replace(parts, path=f"/api/posts/{NEVER}")
    ),
    "not-ones-own": fault(
        12, 403, "token", lambda parts, scene: replace(parts, token=scene.reader.token)
    ),
    "stale": fault(13, 412, "if-match", lambda parts, _: parts.field("If-Match", '"999"')),
}

PAIRS = [
    pytest.param(earlier, later, id=f"{earlier}-before-{later}")
    for earlier, later in combinations(FAULTS, 2)
    if FAULTS[earlier].stage < FAULTS[later].stage
    and not FAULTS[earlier].touches & FAULTS[later].touches
]


def sent(client: Client, parts: Parts) -> Answer:
    fields = {
        "Host": parts.host or client.target.host,
        "Content-Length": str(len(parts.body)),
        **({"Authorization": f"Bearer {parts.token}"} if parts.token else {}),
        **parts.fields,
    }
    target = f"{parts.path}?{parts.query}" if parts.query else parts.path
    return client.send(Request(parts.method, target, tuple(fields.items()), parts.body))


@pytest.fixture(scope="session")
def scene(author: Account, reader: Account, new_post: NewPost) -> Scene:
    """A published post of the author, which no fault changes."""
    return Scene(new_post(author, pub_date=PAST), author, reader)


def good(scene: Scene) -> Parts:
    fields = {"Content-Type": "application/json", "If-Match": scene.post.etag}
    return Parts(scene.post.path, scene.author.token, fields=fields)


@sentence("order-no-database", "order-database")
@pytest.mark.parametrize("name", FAULTS)
def test_each_fault_alone_is_refused(client: Client, scene: Scene, name: str) -> None:
    found = FAULTS[name]
    answer = sent(client, found.do(good(scene), scene))
    if name == "expectation" and client.behind_a_server and not from_application(answer):
        assert found.status == answer.status
    else:
        assert_problem(answer, found.status)


@sentence("order-no-database", "order-database")
@pytest.mark.parametrize(("earlier", "later"), PAIRS)
def test_of_two_faults_the_earlier_check_answers(
    client: Client, scene: Scene, earlier: str, later: str
) -> None:
    alone = sent(client, FAULTS[earlier].do(good(scene), scene))
    parts = FAULTS[later].do(good(scene), scene)
    both = sent(client, FAULTS[earlier].do(parts, scene))
    assert (FAULTS[earlier].status, alone.body) == (both.status, both.body)


@sentence("order-no-database", "order-database")
def test_a_good_request_passes_every_check(
    client: Client, author: Account, reader: Account, new_post: NewPost
) -> None:
    scene = Scene(new_post(author, pub_date=PAST), author, reader)
    assert 200 == sent(client, good(scene)).status


@sentence("order-database", "status-409")
def test_a_taken_name_comes_after_credentials_and_values(
    client: Client, author: Account, reader: Account
) -> None:
    taken = {"username": author.username}
    assert_problem(client.patch("/api/me", json=taken), 401)
    assert_problem(client.patch("/api/me", json=taken | {"x": 1}, token=reader.token), 422)
    assert_problem(client.patch("/api/me", json=taken, token="no such token"), 401)
    assert_problem(client.patch("/api/me", json=taken, token=reader.token), 409)


@sentence("order-no-database", "list-own")
@pytest.mark.parametrize("status", ["draft", "scheduled"])
def test_ones_own_list_without_credentials_is_401_once_its_query_is_understood(
    client: Client, status: str
) -> None:
    assert_problem(client.get(f"/api/posts?status={status}&limit=0"), 422)
    assert_problem(client.get(f"/api/posts?status={status}&limit=1"), 401)
