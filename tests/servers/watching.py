"""One connection to a served pair, what came of it, and what it left in the database."""

import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from http_parity.compare import differences
from http_parity.exchange import Answer, Request
from http_parity.raw import Conversation, Step, converse
from http_parity.sockets import SocketTarget
from tests.alike import masked
from tests.corpora.connections import Case
from tests.seeds import token_of
from tests.servers.pairs import Row, Served
from tests.servers.table import OR

NO_ANSWER = "no answer"
NOT_HEARD = "not heard"
MANY = 99
"""More answers than any case has: all that come in time are read."""
AFTERMATH = 0.3
"""Seconds for a server whose client has gone; what it writes later is found all the same."""
LONGEST = 1.5
"""Seconds that an answer is waited for where nobody knows whether one comes."""

Rows = Mapping[str, list[Row]]


@dataclass(frozen=True)
class Seen:
    """What came of a case. `outcome` is in the words of the reviewed table."""

    outcome: str
    answers: tuple[Answer, ...]
    """Those of the application."""


def is_the_application_s(answer: Answer) -> bool:
    """Whether the blog said this: its front puts these two on every answer, a server neither."""
    names = {name.lower() for name, _ in answer.headers}
    return {"x-request-id", "content-security-policy"} <= names


def outcome(case: Case, talk: Conversation) -> str:
    """The conversation in words: who answered, with which status, and whether only at the end."""
    if Step.RESET in case.steps:
        return NOT_HEARD
    said = [str(status) for status in talk.interim]
    for number, answer in enumerate(talk.answers):
        late = number >= len(talk.answers) - talk.late
        said.append(_who(answer) + (" at the end" if late else ""))
    if talk.rest:
        said.append("no HTTP")
    return ", ".join(said) or NO_ANSWER


def _who(answer: Answer) -> str:
    """Who answered, and of a body that the application could not read, what of it it was given."""
    if not is_the_application_s(answer):
        return f"server {answer.status}"
    for detail, what in _BODIES.items():
        if answer.status == 400 and detail in answer.body:
            return f"app 400 ({what})"
    return f"app {answer.status}"


_BODIES = {
    b"The body is shorter": "cut short",
    b"The body is empty": "empty",
    b"The body is not JSON": "not JSON",
}


class Watcher:
    """Asks one served pair, and looks at its database after every case."""

    def __init__(self, served: Served) -> None:
        self.served = served
        self._reader = SocketTarget(f"http://127.0.0.1:{served.port}", served.pair.name)
        self._rows = served.rows()

    def close(self) -> None:
        self._reader.close()

    def see(self, case: Case, expected: str | None) -> tuple[Seen, list[str]]:
        """What came of the case, and what is wrong with what it left.

        Where the outcome is not the expected one the case is asked again, with more patience: an
        answer that is only late is no other answer.
        """
        if expected is None:
            return self._ask(case, MANY)
        said = [
            word for word in expected.split(OR)[0].split(", ") if word.startswith(("app", "server"))
        ]
        prompt = [word for word in said if not word.endswith("at the end")]
        seen, wrong = self._ask(case, len(prompt))
        if seen.outcome in expected.split(OR):
            return seen, wrong
        again, more = self._ask(case, MANY)
        return again, wrong + more

    def _ask(self, case: Case, answers: int) -> tuple[Seen, list[str]]:
        talk = converse(
            self.served.address,
            case.steps,
            methods=case.methods,
            answers=answers,
            patience=LONGEST if answers == MANY else 5 * LONGEST,
        )
        if Step.RESET in case.steps:
            time.sleep(AFTERMATH)
        mine = tuple(answer for answer in talk.answers if is_the_application_s(answer))
        return Seen(outcome(case, talk), mine), list(self._left(case, mine))

    def look(self) -> list[str]:
        """What was written since the last case, by nobody who was answered."""
        before, self._rows = self._rows, self.served.rows()
        return [
            f"{table} changed afterwards" for table in before if before[table] != self._rows[table]
        ]

    def _left(self, case: Case, answers: tuple[Answer, ...]) -> Iterator[str]:
        """What the case wrote and the answers do not say, and what they say and was not written."""
        before, self._rows = self._rows, self.served.rows()
        after = self._rows
        made = {answer.json()["id"] for answer in answers if answer.status == 201}
        new = [row for row in after["posts"] if row not in before["posts"]]
        if not case.unheard and {row[0] for row in new} != made:
            yield f"it wrote the posts {new}, and was told of {sorted(made)}"
        if case.cut and new:
            yield f"it wrote the posts {new} of a request that was never whole"
        if any(row[1] != case.name for row in new):
            yield f"it wrote something else than was sent: {new}"
        for table in ("users", "tokens", "idempotency_keys"):
            if before[table] != after[table]:
                yield f"it wrote into {table}"
        if any(row not in after["posts"] for row in before["posts"]):
            yield "it changed or deleted a post"
        yield from self._unreadable(after)
        for answer in answers:
            if answer.status >= 500 and answer.status != 501:
                yield f"it was answered {answer.status}"

    def _unreadable(self, after: Rows) -> Iterator[str]:
        """Whether a client reads just what is there: the newest post, and no newer one."""
        newest = max(int(str(row[0])) for row in after["posts"])
        token = ("Authorization", f"Bearer {token_of('ada')}")
        for number, status in ((newest, 200), (newest + 1, 404)):
            answer = self._reader.send(Request("GET", f"/api/posts/{number}", (token,)))
            if answer.status != status:
                yield f"post {number} is read with {answer.status}, not {status}"


def unlike(one: Seen, other: Seen) -> list[str]:
    """How the application's answers differ, apart from ids, instants and the request's own id."""
    pairs = zip(one.answers, other.answers, strict=False)
    return [
        str(found)
        for left, right in pairs
        for found in differences(_comparable(left), _comparable(right), ignore=["X-Request-ID"])
    ]


def _comparable(answer: Answer) -> Answer:
    if answer.status != 201:
        return answer
    made = masked(answer)
    named = ("content-length", "location")
    headers = tuple(field for field in made.headers if field[0].lower() not in named)
    return replace(made, headers=headers, body=re.sub(rb'^\{"id":[0-9]+', b'{"id":0', made.body))
