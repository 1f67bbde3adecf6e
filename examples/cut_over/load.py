"""People who use the site meanwhile: with a token, with a cookie, and without either.

Each is a thread with a connection of its own, and asks at a fixed pace. A request failed when no
answer came, or another than its author had to get: another status, or not what was written before.
"""

import random
import secrets
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from examples.cut_over.comparing import PASSWORD, SERVED_BY, request, session_of
from http_parity.errors import NoAnswerError, TargetError
from http_parity.exchange import Answer
from http_parity.sockets import SocketTarget

OLD = "2018-07-06T05:04:03Z"
"""When posts of the load are published: behind the newest, which stay what they are."""


class Stopped(Exception):
    """The load is to end."""


class Failed(Exception):
    """What was asked last did not go as it had to."""


@dataclass
class Tally:
    """What all of them saw."""

    requests: int = 0
    failed: list[str] = field(default_factory=list)
    signed_out: list[str] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    by: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Answers by operation and framework."""
    kinds: Counter[str] = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)


class User(threading.Thread):
    """One of them. `credentials` go with every request; a `round` is one visit."""

    kind = "anonymous"

    def __init__(
        self,
        target: SocketTarget,
        tally: Tally,
        stop: threading.Event,
        pace: float,
        posts: list[int],
    ) -> None:
        super().__init__(daemon=True)
        self.target = target
        self.tally = tally
        self.stop = stop
        self.pace = pace
        self.posts = posts
        self.user_name = f"{self.kind}-{secrets.token_hex(4)}"
        self.credentials: dict[str, Any] = {}
        self.random = random.Random(self.user_name)  # noqa: S311 # who reads what
        self.due = 0.0

    def sign_up(self) -> None:
        """Become somebody, where this kind of user is."""

    def run(self) -> None:
        self.due = time.monotonic() + self.random.random() * self.pace
        try:
            while True:
                try:
                    self.round()
                except Failed:
                    continue
        except Stopped:
            return

    def round(self) -> None:
        """One visit."""
        raise NotImplementedError

    def ask(
        self,
        operation: str,
        method: str,
        target: str,
        status: int,
        *,
        says: str = "",
        anonymous: bool = False,
        **parts: Any,
    ) -> Answer:
        """The answer to a request of this user, in its time. Raises Failed, Stopped."""
        wait = self.due - time.monotonic()
        if self.stop.wait(wait) if wait > 0 else self.stop.is_set():
            raise Stopped
        self.due += self.pace
        sent = request(method, target, **({} if anonymous else self.credentials), **parts)
        began = time.monotonic()
        try:
            answer = self.target.send(sent)
        except (NoAnswerError, TargetError, OSError) as error:
            self._note(operation, None, began, f"{method} {target}: {error}")
            raise Failed from error
        wrong = ""
        if answer.status != status:
            wrong = f"{method} {target}: {answer.status} instead of {status}, {answer.body[:200]!r}"
        elif says.encode() not in answer.body:
            wrong = f"{method} {target}: does not say {says!r}"
        if self.credentials and not anonymous and _is_signed_out(answer):
            with self.tally.lock:
                self.tally.signed_out.append(f"{self.user_name}, {method} {target}")
        self._note(operation, answer, began, wrong)
        if wrong:
            raise Failed(wrong)
        return answer

    def _note(self, operation: str, answer: Answer | None, began: float, wrong: str) -> None:
        tally = self.tally
        with tally.lock:
            tally.requests += 1
            tally.seconds.append(time.monotonic() - began)
            tally.kinds[self.kind] += 1
            if answer is not None:
                served = ", ".join(answer.header_values(SERVED_BY))
                tally.by[operation, served] += 1
            if wrong:
                tally.failed.append(wrong)

    def a_post(self) -> int:
        return self.random.choice(self.posts)


def _is_signed_out(answer: Answer) -> bool:
    location = answer.header("Location") or ""
    return answer.status == 401 or (answer.status == 303 and location.startswith("/login"))


class Reader(User):
    """Reads, without an account."""

    def round(self) -> None:
        number = self.a_post()
        self.ask("show_home", "GET", "/", 200, says="Sign in")
        self.ask("show_post", "GET", f"/posts/{number}", 200)
        self.ask("show_feed", "GET", "/feed.atom", 200, says="<feed")
        self.ask("list_posts", "GET", "/api/posts?limit=5", 200, says='"results":[{')
        self.ask("get_post", "GET", f"/api/posts/{number}", 200, says=f'"id":{number}')
        self.ask("list_users", "GET", "/api/users?limit=5", 200)
        self.ask("show_home", "GET", "/?q=standing", 200)
        self.ask("get_post", "HEAD", f"/api/posts/{number}", 200)
        self.ask("show_login", "GET", "/login", 200)
        self.ask("show_register", "GET", "/register", 200)
        self.ask("get_me", "GET", "/api/me", 401)
        self.ask("show_write", "GET", "/write", 303)
        self.ask("livez", "GET", "/livez", 200)
        self.ask("readyz", "GET", "/readyz", 200)
        self.ask("openapi", "GET", "/openapi.json", 200)
        self.ask("create_post", "POST", "/api/posts", 401, json={"title": "x"})


class Program(User):
    """Writes with a token."""

    kind = "bearer"

    def sign_up(self) -> None:
        email = f"{self.user_name}@example.org"
        new = {"username": self.user_name, "email": email, "password": PASSWORD}
        made = self.target.send(request("POST", "/api/users", json=new))
        self.identity = {"username": self.user_name, "password": PASSWORD}
        signed_in = self.target.send(request("POST", "/api/tokens", json=self.identity))
        if (made.status, signed_in.status) != (201, 201):
            raise RuntimeError(f"a user cannot sign up: {made.status}, {signed_in.status}")
        self.credentials = {"token": signed_in.json()["token"]}
        self.visits = 0

    def round(self) -> None:
        title = f"By {self.user_name}, {self.visits}"
        new = {"title": title, "content": "Draft"}
        key = secrets.token_hex(8)
        made = self.ask("create_post", "POST", "/api/posts", 201, json=new, key=key, says=title)
        path, tag = made.header("Location") or "", made.header("ETag") or ""
        self.ask("get_me", "GET", "/api/me", 200, says=self.user_name)
        changed = self.ask(
            "change_post",
            "PATCH",
            path,
            200,
            json={"content": "Changed"},
            if_match=tag,
            says="Changed",
        )
        self.ask("get_post", "GET", path, 200, says="Changed")
        self.ask("change_post", "PATCH", path, 412, json={"content": "Lost"}, if_match=tag)
        tag = changed.header("ETag") or ""
        self.ask(
            "publish_post", "POST", f"{path}/publish", 200, json={"pub_date": OLD}, if_match=tag
        )
        self.ask("get_post", "GET", path, 200, anonymous=True, says=title)
        own = f"/api/posts?author={self.user_name}"
        self.ask("list_posts", "GET", own, 200, says=title)
        self.ask("unpublish_post", "POST", f"{path}/unpublish", 200, if_match="*")
        self.ask("get_post", "GET", path, 404, anonymous=True)
        whole = {"title": title, "content": "Replaced", "pub_date": None}
        self.ask("replace_post", "PUT", path, 200, json=whole, if_match="*", says="Replaced")
        self.ask("get_user", "GET", f"/api/users/{self.user_name}", 200)
        if self.visits % 4 == 0:
            self.tokens()
        self.ask("delete_post", "DELETE", path, 204, if_match="*")
        self.ask("get_post", "GET", path, 404)
        self.visits += 1

    def tokens(self) -> None:
        self.ask("list_tokens", "GET", "/api/tokens", 200)
        made = self.ask("sign_in", "POST", "/api/tokens", 201, json=self.identity, anonymous=True)
        second = made.json()["token"]
        self.ask("get_me", "GET", "/api/me", 200, anonymous=True, token=second)
        self.ask(
            "end_current_token", "DELETE", "/api/tokens/current", 204, anonymous=True, token=second
        )
        self.ask("get_me", "GET", "/api/me", 401, anonymous=True, token=second)


class Author(User):
    """Writes on pages, with a session."""

    kind = "cookie"

    def sign_up(self) -> None:
        email = f"{self.user_name}@example.org"
        new = {"username": self.user_name, "email": email, "password": PASSWORD}
        self.identity = {"username": self.user_name, "password": PASSWORD, "next": "/"}
        opened = self.target.send(request("POST", "/register", form=new))
        self.credentials = {"session": session_of(opened)}
        self.visits = 0

    def round(self) -> None:
        title = f"By {self.user_name}, {self.visits}"
        self.ask("show_home", "GET", "/", 200, says=self.user_name)
        self.ask("show_write", "GET", "/write", 200, says=self.user_name)
        typed = {"title": title, "content": "Typed", "key": secrets.token_urlsafe(16)}
        made = self.ask("write", "POST", "/write", 303, form=typed)
        path = made.header("Location") or ""
        self.ask("show_post", "GET", path, 200, says=title)
        self.ask("show_drafts", "GET", "/drafts", 200, says=title)
        self.ask("show_edit", "GET", f"{path}/edit", 200, says="Typed")
        edited = {**typed, "content": "Edited", "version": "1", "pub_date": "2018-07-06T05:04"}
        self.ask("edit", "POST", f"{path}/edit", 303, form=edited)
        self.ask("show_post", "GET", path, 200, anonymous=True, says="Edited")
        self.ask("show_author", "GET", f"/users/{self.user_name}", 200, says=title)
        self.ask("get_me", "GET", "/api/me", 200, says=self.user_name)
        self.ask("show_settings", "GET", "/settings", 200, says=self.user_name)
        if self.visits % 4 == 0:
            email = f"{self.user_name}@example.net"
            profile = {"action": "profile", "username": self.user_name, "email": email}
            self.ask("change_settings", "POST", "/settings", 303, form=profile)
        self.ask("show_delete", "GET", f"{path}/delete", 200, says=title)
        self.ask("delete", "POST", f"{path}/delete", 303, form={"version": "2"})
        self.ask("show_post", "GET", path, 404)
        # The session of before lasts through every move but for one user who signs in anew.
        if self.visits % 4 == 3:
            opened = self.ask("login", "POST", "/login", 303, form=self.identity, anonymous=True)
            second = session_of(opened)
            self.ask("show_drafts", "GET", "/drafts", 200, anonymous=True, session=second)
            self.ask("logout", "POST", "/logout", 303, form={}, anonymous=True, session=second)
            self.ask("show_drafts", "GET", "/drafts", 303, anonymous=True, session=second)
        self.visits += 1


KINDS: tuple[type[User], ...] = (Reader, Program, Author)


class Load:
    """All of them, together at `rate` requests a second."""

    def __init__(self, target: SocketTarget, rate: float, posts: list[int], each: int = 8) -> None:
        self.tally = Tally()
        self._stop = threading.Event()
        self.rate = rate
        pace = each * len(KINDS) / rate
        self.users = [
            kind(target, self.tally, self._stop, pace, posts) for kind in KINDS for _ in range(each)
        ]

    def start(self) -> None:
        for user in self.users:
            user.sign_up()
        self.began = time.monotonic()
        for user in self.users:
            user.start()

    def stop(self) -> float:
        """End it when every answer is there; how many seconds it lasted."""
        self._stop.set()
        for user in self.users:
            user.join()
        return time.monotonic() - self.began
