"""One request to the three at once, and how their answers compare.

    with Asking({"django": "http://127.0.0.1:8001", ...}, blog) as asking:
        outcome = asking.ask(STORIES[0].step, STORIES[0].before)
        outcome.identical

Nothing is sent anywhere but to these URLs. What is made on the way, accounts and posts, is taken
away again.
"""

import random
import re
import secrets
import socket
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from threading import Lock
from types import TracebackType
from typing import Self

from blog_core import schemas
from blog_core.blog import Blog
from blog_core.domain.errors import BlogError
from http_parity.compare import differences
from http_parity.differences import Difference
from http_parity.errors import TargetError
from http_parity.exchange import Answer, Request
from http_parity.explain import parts
from http_parity.results import Finding
from http_parity.sequence import Exchange
from http_parity.sequence import Step as Sent
from http_parity.sockets import SocketTarget
from triptych.tour import PASSWORD, Step
from triptych.walk import comparable, found, kept, request

ANSWER_SECONDS = 20.0
_VISITOR = re.compile(r"(?:window-\d-[0-9a-f]{4}|guest-\d-[0-9a-f]{9})")
NOBODY, VISITOR, AUTHOR = "nobody", "visitor", "author"
CALLERS = (NOBODY, VISITOR, AUTHOR)
"""As whom a request of one's own is sent: with no token, the page's visitor's, the author's."""


@dataclass(frozen=True)
class Said:
    """What one framework was asked and answered. `compared` is the answer with <so> in it."""

    key: str
    url: str
    request: Request
    answer: Answer | None
    compared: Answer | None
    milliseconds: float
    error: str = ""


@dataclass(frozen=True)
class Odd:
    """A framework that answers unlike the one it is compared to, and how."""

    key: str
    beside: str
    differences: tuple[Difference, ...]
    causes: tuple[str, ...]
    """What http_parity calls what happened."""


@dataclass(frozen=True)
class Alike:
    """A place whose values are made up by design, and what each framework had there."""

    where: str
    written: str
    values: Mapping[str, str]


@dataclass(frozen=True)
class Outcome:
    """The answers in the order of the frameworks, and where they are not the same."""

    step: Step
    said: tuple[Said, ...]
    odd: tuple[Odd, ...]
    alike: tuple[Alike, ...]
    expected: int | None
    """The status the contract says, where it says one."""

    @property
    def complete(self) -> bool:
        return all(said.answer is not None for said in self.said)

    @property
    def identical(self) -> bool:
        return not self.odd and self.complete

    @property
    def as_the_contract_says(self) -> bool:
        statuses = {said.answer.status for said in self.said if said.answer}
        return self.expected is None or statuses == {self.expected}

    def of(self, key: str) -> Said:
        return next(said for said in self.said if said.key == key)


class Asking:
    """Sends requests to the three, as visitors who are there for that. Close it: they then leave.

    `author` is whose token a request of one's own may carry, with the password.
    """

    def __init__(self, urls: Mapping[str, str], blog: Blog, author: tuple[str, str]) -> None:
        self._urls = dict(urls)
        self._blog = blog
        self._author = schemas.SignIn(username=author[0], password=author[1])
        self._authors_token = ""
        self._run = secrets.token_hex(2)
        self._runs = 0
        self._visitors: dict[str, dict[str, str]] = {}
        self._left: list[dict[str, str]] = []
        self._one_at_a_time = Lock()
        # More than frameworks: two may look at the page at once.
        self._threads = ThreadPoolExecutor(2 * len(self._urls), "asking")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._threads.shutdown(cancel_futures=True)
        self._tidy()
        for visitor in self._visitors.values():
            self._leave(visitor["token"])
        if self._authors_token:
            with suppress(BlogError):
                self._blog.end_current_token(schemas.Credentials(token=self._authors_token))
        self._blog.close()

    def prepare(self) -> None:
        """Make the visitors, one for each framework, and the author's token.

        Those of an earlier page, which was killed before they could leave, leave now.
        """
        for name in self._left_behind():
            with suppress(BlogError):
                self._leave(
                    self._blog.sign_in(schemas.SignIn(username=name, password=PASSWORD)).token
                )
        for number, key in enumerate(self._urls, 1):
            name = f"window-{number}-{self._run}"
            email = f"{name}@example.org"
            self._blog.add_user(schemas.NewUser(username=name, email=email, password=PASSWORD))
            signed_in = self._blog.sign_in(schemas.SignIn(username=name, password=PASSWORD))
            self._visitors[key] = {
                "name": name,
                "NAME": name.upper(),
                "email": email,
                "token": signed_in.token,
            }
        self._authors_token = self._blog.sign_in(self._author).token

    def _left_behind(self) -> list[str]:
        query: schemas.PageQuery | None = schemas.PageQuery(limit=100)
        names: list[str] = []
        while query is not None:
            found = self._blog.list_users(schemas.ANYBODY, query)
            names += [user.username for user in found.results if _VISITOR.fullmatch(user.username)]
            query = schemas.PageQuery(limit=100, cursor=found.next) if found.next else None
        return names

    def known(self, caller: str = VISITOR) -> list[dict[str, str]]:
        """What each framework's visitor knows before a story: names, a token, what is new."""
        self._runs += 1
        # Of one length, so that the lengths of answers can be compared.
        run = f"{self._run}{self._runs:05}"
        made = []
        for number, visitor in enumerate(self._visitors.values(), 1):
            mine = visitor | {"run": run, "newcomer": f"guest-{number}-{run}"}
            if caller == AUTHOR:
                mine["token"] = self._authors_token
            made.append(mine)
        return made

    def ask(
        self,
        step: Step,
        before: Sequence[Step] = (),
        *,
        caller: str = VISITOR,
        expected: int | None = None,
        instead: Mapping[str, str] | None = None,
    ) -> Outcome:
        """The outcome of the step, sent to all at once after those `before`.

        `instead` has other URLs for some frameworks: where a fault is planted.
        """
        urls = {**self._urls, **(instead or {})}
        with self._one_at_a_time:
            # What a story made is there until the next one, to be looked at.
            self._tidy()
            visitors = self.known(caller)
            self._left = visitors
        source = _address()
        number = 0
        with ExitStack() as cleanup:
            targets: list[SocketTarget | None] = []
            for key, url in urls.items():
                try:
                    target = SocketTarget(url, key, timeout=ANSWER_SECONDS, source=source)
                except TargetError:
                    targets.append(None)
                    continue
                cleanup.callback(target.close)
                targets.append(target)
            for number, earlier in enumerate(before, 1):
                self._send(earlier, targets, visitors, f"before-{number:02}")
            said = self._send(step, targets, visitors, f"story-{number + 1:02}")
        return _outcome(step, said, _holders(step, visitors), expected)

    def _send(
        self,
        step: Step,
        targets: Sequence[SocketTarget | None],
        visitors: Sequence[dict[str, str]],
        request_id: str,
    ) -> list[Said]:
        holders = _holders(step, visitors)

        def one(position: int) -> Said:
            target, holder = targets[position], holders[position]
            key = list(self._urls)[position]
            sent = request(step, holder, request_id)
            if target is None:
                return Said(key, self._urls[key], sent, None, None, 0, "It does not answer.")
            url = f"http://{target.host}"
            began = time.perf_counter()
            try:
                answer = target.send(sent)
            except TargetError as error:
                return Said(key, url, sent, None, None, 0, str(error))
            took = (time.perf_counter() - began) * 1000
            holder.update(kept(step, answer))
            if (sent.method, sent.target, answer.status) == ("POST", "/api/users", 201):
                holder["signed_up"] = holder["newcomer"]
            compared = comparable(step, answer, _named(step, holder))
            return Said(key, url, sent, answer, compared, took)

        return list(self._threads.map(one, range(len(targets))))

    def _tidy(self) -> None:
        """Take away what the last story made."""
        for visitor in self._left:
            owner = schemas.Credentials(token=visitor["token"])
            if visitor.get("post", "").isdigit():
                with suppress(BlogError):
                    expected = schemas.Expected(any=True)
                    self._blog.delete_post(owner, int(visitor["post"]), expected)
            if "signed_up" in visitor:
                with suppress(BlogError):
                    newcomer = schemas.SignIn(username=visitor["signed_up"], password=PASSWORD)
                    self._leave(self._blog.sign_in(newcomer).token)
        self._left = []

    def _leave(self, token: str) -> None:
        with suppress(BlogError):
            self._blog.delete_me(schemas.Credentials(token=token))


def _holders(step: Step, visitors: Sequence[dict[str, str]]) -> list[dict[str, str]]:
    return [*visitors[1:], *visitors[:1]] if step.borrowed else list(visitors)


def _named(step: Step, holder: Mapping[str, str]) -> Mapping[str, str]:
    """What is known of whoever the step is about: the newcomer, where it has one."""
    if "{newcomer}" not in str(step.json):
        return holder
    name = holder["newcomer"]
    return {**holder, "name": name, "email": f"{name}@example.org"}


def _outcome(
    step: Step,
    said: Sequence[Said],
    holders: Sequence[Mapping[str, str]],
    expected: int | None,
) -> Outcome:
    alike = []
    for place, kind in step.varies.items():
        values = {each.key: found(each.answer, place) for each in said if each.answer}
        if any(values.values()):
            shown = {key: ", ".join(value) for key, value in values.items()}
            alike.append(Alike(place.removeprefix(":"), f"<{kind}>", shown))
    return Outcome(step, tuple(said), tuple(_odd(said)), tuple(alike), expected)


def _odd(said: Sequence[Said]) -> list[Odd]:
    """Those that answer unlike most, or unlike the first where each answers otherwise."""
    answered = [each for each in said if each.compared is not None]
    if not answered:
        return []
    groups: list[list[Said]] = []
    for each in answered:
        for group in groups:
            if not _differences(group[0], each):
                group.append(each)
                break
        else:
            groups.append([each])
    most = max(groups, key=len)
    reference = most[0]
    return [
        Odd(each.key, reference.key, tuple(between), _causes(reference, each, between))
        for group in groups
        if group is not most
        for each in group
        for between in [_differences(reference, each)]
    ]


def _differences(one: Said, other: Said) -> list[Difference]:
    assert one.compared is not None  # noqa: S101 # for the type checker
    assert other.compared is not None  # noqa: S101 # same
    return differences(one.compared, other.compared)


def _causes(one: Said, other: Said, between: Sequence[Difference]) -> tuple[str, ...]:
    sent = one.request
    body = (sent.body.decode("latin-1"),) if sent.body else ()
    step = Sent(sent.method, (sent.target,), tuple((n, (v,)) for n, v in sent.headers), body)
    finding = Finding(
        (step,),
        (one.key, other.key),
        ((Exchange(sent, one.compared),), (Exchange(other.request, other.compared),)),
        tuple(between),
    )
    return tuple(dict.fromkeys(part.name for part in parts(finding)))


def _address() -> str:
    """An address of this machine to ask from: nobody's limits but that one's are used up.

    Empty where a machine has only one for itself: there a limit is this machine's.
    """
    chosen = f"127.{random.randint(1, 254)}.{random.randint(0, 254)}.1"  # noqa: S311 # no secret
    with socket.socket() as trial:
        try:
            trial.bind((chosen, 0))
        except OSError:
            return ""
    return chosen
