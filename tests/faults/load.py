"""Authors at work on all frameworks at once, who remember what was acknowledged to them.

with Load(fleet.ports, accounts) as load:
    ...
load.ledger.posts

What became of a request without an answer, or with 503, is not known; the ledger says so.
"""

import random
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Self

from tests.faults.client import Broken, Client, Reply
from tests.faults.fleet import Account

CALMING_SECONDS = 30.0
COUNTERS = "counters"
CROWDED = "crowded"
# Seconds between two tries where the database is away: a client that minds Retry-After waits 1.
PAUSE = 0.1

Change = Callable[["State"], "State"]


@dataclass(frozen=True)
class State:
    """One state of a post. No state is: it is not there."""

    version: int
    title: str
    content: str
    published: bool


@dataclass
class Tracked:
    """A post of one author, who alone changes it. `key` is its idempotency key, and its title.

    There is more than one possible state where an answer did not come.
    """

    key: str
    author: str
    post_id: int | None = None
    possible: list[State | None] = field(default_factory=list)

    def settle(self, state: State | None) -> None:
        self.possible = [state]

    def may_be(self, state: State | None) -> None:
        if state not in self.possible:
            self.possible.append(state)


@dataclass
class Counted:
    """A post whose number many increase, each on what they have read."""

    post_id: int
    acknowledged: list[int] = field(default_factory=list)
    unknown: int = 0


@dataclass(frozen=True)
class Event:
    """What one request came to."""

    framework: str
    operation: str
    status: int
    began: float
    ended: float

    @property
    def seconds(self) -> float:
        return self.ended - self.began


class Ledger:
    """What was acknowledged, what is not known, and what must never have been."""

    def __init__(self) -> None:
        self.posts: list[Tracked] = []
        self.counters: list[Counted] = []
        self.crowded: int | None = None
        self.events: list[Event] = []
        self.wrong: list[str] = []
        self.acknowledged: Counter[str] = Counter()
        self.repeated = 0
        self.lock = threading.Lock()

    @property
    def writes(self) -> int:
        """How many changes were acknowledged."""
        return self.acknowledged.total()

    def note(self, operation: str, got: Reply | Broken) -> None:
        self.events.append(Event(got.framework, operation, got.status, got.began, got.ended))

    def complain(self, sentence: str) -> None:
        self.wrong.append(sentence)


class Load:
    """Runs within its block; on leaving, what is not known is asked for until it is."""

    def __init__(
        self,
        ports: Mapping[str, int],
        accounts: Sequence[Account],
        ledger: Ledger | None = None,
        *,
        acts: Sequence[str] = (),
    ) -> None:
        """One thread for each account; the last account owns the counters, and all count.

        `acts` are all they do, where it is not everything.
        """
        self.ledger = ledger or Ledger()
        self._over = threading.Event()
        owner = accounts[-1]
        self._authors = [
            _Author(ports, account, owner, self.ledger, self._over, acts) for account in accounts
        ]
        self._threads = [
            threading.Thread(target=author.work, name=author.account.name)
            for author in self._authors
        ]

    def __enter__(self) -> Self:
        if not self.ledger.counters:
            self._authors[-1].make_counters()
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    def wait_for_writes(self, count: int, seconds: float) -> None:
        """Return once so many changes were acknowledged, or after the seconds."""
        deadline = time.monotonic() + seconds
        while self.ledger.writes < count and time.monotonic() < deadline:
            time.sleep(0.05)


class _Author:
    def __init__(
        self,
        ports: Mapping[str, int],
        account: Account,
        owner: Account,
        ledger: Ledger,
        over: threading.Event,
        acts: Sequence[str],
    ) -> None:
        self.account = account
        self._owner = owner
        self._frameworks = tuple(ports)
        self._client = Client(ports)
        self._ledger = ledger
        self._over = over
        self._acts = acts
        self._random = random.Random(account.name)
        self._number = 0
        self._own = [post for post in ledger.posts if post.author == account.name]

    def make_counters(self) -> None:
        for title in (COUNTERS, COUNTERS, CROWDED):
            key = uuid.uuid4().hex
            content = {"title": title, "content": "0"}
            got = self._ask("create", "POST", "/api/posts", content, {"Idempotency-Key": key})
            if not isinstance(got, Reply) or got.status != 201:
                raise RuntimeError(f"no counter could be made: {got}")
            if title == CROWDED:
                self._ledger.crowded = got.json["id"]
            else:
                self._ledger.counters.append(Counted(got.json["id"]))

    def work(self) -> None:
        acts = {
            "create": (self._create, 30),
            "edit": (self._edit, 22),
            "count": (self._count, 16),
            "publish": (self._publish, 12),
            "read": (self._read, 10),
            "list": (self._list, 5),
            "delete": (self._delete, 5),
        }
        chosen = [acts[name] for name in self._acts or acts]
        choices, weights = [act for act, _ in chosen], [weight for _, weight in chosen]
        try:
            while not self._over.is_set():
                self._random.choices(choices, weights)[0]()
        except Exception as error:
            self._ledger.complain(f"the load of {self.account.name} failed: {error!r}")
            raise
        finally:
            self._client.close()

    # --- what authors do -------------------------------------------------------------------------

    def _create(self) -> None:
        post = Tracked(uuid.uuid4().hex, self.account.name, possible=[None])
        state = State(1, post.key, self._text(), published=False)
        post.may_be(state)
        self._ledger.posts.append(post)
        content = {"title": state.title, "content": state.content}
        key = {"Idempotency-Key": post.key}
        give_up = None
        where = self._any()
        while True:
            got = self._ask("create", "POST", "/api/posts", content, key, where)
            if got.status == 201 and isinstance(got, Reply):
                shown = got.json
                post.post_id = shown["id"]
                post.settle(state)
                self._expect(got, shown, [state], "the answer to a create")
                self._own.append(post)
                self._acknowledge("create")
                return
            if got.status == 409 and isinstance(got, Reply):
                pass  # the key is still in use: the first one is not over
            elif not self._is_unknown("create", got):
                return
            if self._over.is_set():
                give_up = give_up or time.monotonic() + CALMING_SECONDS
                if time.monotonic() > give_up:
                    return
            # On another framework, with the same key.
            where = self._any(but=where)
            self._ledger.repeated += 1
            time.sleep(PAUSE)

    def _edit(self) -> None:
        self._change("edit", "PATCH", "", lambda state: replace(state, content=self._text()))

    def _publish(self) -> None:
        post = self._pick()
        if post is None:
            return
        state = self._settled(post)
        if state is None:
            return
        what = "unpublish" if state.published else "publish"
        self._change(
            what,
            "POST",
            f"/{what}",
            lambda state: replace(state, published=not state.published),
            (post, state),
        )

    def _change(
        self,
        operation: str,
        method: str,
        path: str,
        change: "Change",
        chosen: "tuple[Tracked, State] | None" = None,
    ) -> None:
        if chosen is None:
            post = self._pick()
            state = None if post is None else self._settled(post)
            if post is None or state is None:
                return
        else:
            post, state = chosen
        known = len(post.possible) == 1
        new = replace(change(state), version=state.version + 1)
        content = {"content": new.content} if operation == "edit" else {}
        post.may_be(new)
        tag = {"If-Match": f'"{state.version}"'}
        got = self._ask(operation, method, f"/api/posts/{post.post_id}{path}", content, tag)
        if got.status == 200 and isinstance(got, Reply):
            post.settle(new)
            self._expect(got, got.json, [new], f"the answer to an {operation}")
            self._acknowledge(operation)
        elif got.status == 412 and not known:
            post.possible.remove(new)  # what was not known was done, and comes first
        elif not self._is_unknown(operation, got):
            post.possible.remove(new)

    def _delete(self) -> None:
        post = self._pick()
        state = None if post is None else self._settled(post)
        if post is None or state is None or len(post.possible) > 1:
            return
        post.may_be(None)
        tag = {"If-Match": f'"{state.version}"'}
        got = self._ask("delete", "DELETE", f"/api/posts/{post.post_id}", None, tag)
        if got.status == 204:
            post.settle(None)
            self._own.remove(post)
            self._acknowledge("delete")
        elif not self._is_unknown("delete", got):
            post.possible.remove(None)

    def _read(self) -> None:
        post = self._pick()
        if post is not None:
            self._seen(post)

    def _list(self) -> None:
        got = self._ask("list", "GET", "/api/posts?limit=20")
        if got.status != 200:
            self._is_unknown("list", got)

    def _count(self) -> None:
        """One more, on what was read: who was faster makes the tag stale."""
        counted = self._random.choice(self._ledger.counters)
        path = f"/api/posts/{counted.post_id}"
        got = self._ask("read", "GET", path, owner=True)
        if not isinstance(got, Reply) or got.status != 200:
            self._is_unknown("read", got)
            return
        number = int(got.json["content"]) + 1
        tag = {"If-Match": f"{got.etag}"}
        content = {"content": f"{number}"}
        got = self._ask("count", "PATCH", path, content, tag, owner=True)
        if got.status == 200:
            with self._ledger.lock:
                counted.acknowledged.append(number)
            self._acknowledge("count")
        elif got.status != 412 and self._is_unknown("count", got):
            with self._ledger.lock:
                counted.unknown += 1

    # --- what they know --------------------------------------------------------------------------

    def _pick(self) -> Tracked | None:
        # Mostly what is new: an author comes back to what they have just written.
        recent = self._own[-50:]
        return self._random.choice(recent) if recent else None

    def _settled(self, post: Tracked) -> State | None:
        """What the post is now; None where it is gone, or nobody says."""
        if len(post.possible) == 1:
            return post.possible[0]
        return self._seen(post)

    def _seen(self, post: Tracked) -> State | None:
        got = self._ask("read", "GET", f"/api/posts/{post.post_id}")
        if got.status == 404 and None in post.possible:
            post.settle(None)
            self._own.remove(post)
            return None
        if not isinstance(got, Reply) or got.status != 200:
            self._is_unknown("read", got)
            return None
        return self._expect(got, got.json, post.possible, "a read")

    def _expect(
        self, got: Reply, shown: "Mapping[str, object]", possible: "Sequence[State | None]", at: str
    ) -> State | None:
        found = State(
            int(f"{shown['version']}"),
            f"{shown['title']}",
            f"{shown['content']}",
            shown["status"] == "published",
        )
        if found not in possible or got.etag != f'"{found.version}"':
            self._ledger.complain(
                f"{got.framework}: {at} shows {found} with ETag {got.etag}; possible: {possible}"
            )
            return None
        return found

    def _is_unknown(self, operation: str, got: Reply | Broken) -> bool:
        """Whether what became of it is not known; what else it may be is wrong."""
        if isinstance(got, Broken):
            time.sleep(PAUSE)
            return True
        if got.status == 503:
            if got.retry_after is None:
                self._ledger.complain(f"{got.framework}: a 503 without Retry-After")
            time.sleep(PAUSE)
            return True
        signed_out = " (signed out)" if got.status == 401 else ""
        said = got.body[:300].decode("utf-8", "replace")
        self._ledger.complain(
            f"{got.framework}: {operation} was answered {got.status}{signed_out}: {said}"
        )
        return False

    def _acknowledge(self, operation: str) -> None:
        with self._ledger.lock:
            self._ledger.acknowledged[operation] += 1

    def _ask(
        self,
        operation: str,
        method: str,
        path: str,
        content: object = None,
        headers: Mapping[str, str] | None = None,
        where: str | None = None,
        *,
        owner: bool = False,
    ) -> Reply | Broken:
        account = self._owner if owner else self.account
        # By token and by session in turn, on one framework and on another.
        signed = (
            {"Authorization": f"Bearer {account.token}"}
            if self._random.random() < 0.5
            else {"Cookie": f"session={account.session}"}
        )
        framework = where or self._any()
        got = self._client.ask(framework, method, path, {**signed, **(headers or {})}, content)
        self._ledger.note(operation, got)
        return got

    def _any(self, but: str | None = None) -> str:
        others = [name for name in self._frameworks if name != but]
        return self._random.choice(others or self._frameworks)

    def _text(self) -> str:
        self._number += 1
        return f"{self.account.name} {self._number} " + "words " * self._random.randint(0, 40)
