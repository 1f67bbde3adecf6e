"""Limits over a store that several processes share, and that may not answer.

A request waits a moment for it, once; while it does not answer, each process counts for itself.
"""

import logging
import math
import time
from collections import Counter
from collections.abc import Callable
from queue import Empty, SimpleQueue
from threading import Event, Lock, Thread

from blog_core.ports import SharedWindows
from blog_core.security.throttle import MemoryWindows
from blog_core.settings import Rate

# A request waits so many times so many seconds for the store, once.
PATIENCE = 5
TICK = 0.01
# Seconds between two looks at a store that is down.
RETRY_AFTER = 1.0
_DISMISSED_WITHIN = 1.0
# A server's start waits so many seconds for a store: longer than either takes to give up.
PREPARED_WITHIN = 5.0

log = logging.getLogger("blog")


class PatientWindows:
    """The port `Windows` over a shared store.

    One thread asks the store, so that nothing a request does can hang, and asks at once for all
    who came while it was waiting for the last answer. What the store said is remembered: a window
    that is full needs no more asking, and when the store fails this process goes on from there.
    """

    def __init__(
        self,
        store: SharedWindows,
        own: MemoryWindows | None = None,
        *,
        noticed: Callable[[bool], object] = bool,
    ) -> None:
        """`noticed` is told whether the store answers, whenever that changes."""
        self._store = store
        self._own = own or MemoryWindows()
        self._noticed = noticed
        self._waiting: SimpleQueue[_Hit | None] = SimpleQueue()
        self._lock = Lock()
        self._thread: Thread | None = None
        self._asking = False
        self._down = False
        self._look_at = 0.0

    def hit(self, key: str, rate: Rate) -> tuple[int, float]:
        if self._down:
            self._look_again()
        elif self._own.known(key) < rate.quota:
            hit = _Hit(key, rate.seconds)
            self._ask(hit)
            self._wait(hit)
            if hit.answer is not None:
                return hit.answer
        return self._own.hit(key, rate)

    def prepare(self) -> None:
        """Connect to the store, so that no request has to wait for it.

        Not left to the background: a server may fork next, and what a thread has locked at that
        moment, inside SQLite for instance, nobody unlocks in the new process.
        """
        look = _look()
        self._ask(look)
        look.over.wait(PREPARED_WITHIN)
        with self._lock:
            pass  # until the thread has put it down as well

    def close(self) -> None:
        """Close the store; what is hanging in it is left to itself."""
        if self._thread is None:
            self._store.close()
            return
        self._waiting.put(None)
        self._thread.join(_DISMISSED_WITHIN)

    def _ask(self, hit: "_Hit") -> None:
        # It is not alive where the process was forked since: what it had begun is not ours.
        if self._thread is None or not self._thread.is_alive():
            with self._lock:
                if self._thread is None or not self._thread.is_alive():
                    self._waiting, self._asking = SimpleQueue(), False
                    self._thread = Thread(target=self._work, name="limits", daemon=True)
                    self._thread.start()
        self._waiting.put(hit)

    def _wait(self, hit: "_Hit") -> None:
        """Until there is an answer, or patience is at its end.

        Counted in ticks, not by the clock: where a busy machine lets neither this thread nor the
        other run, nobody has waited for the store.
        """
        patience, thread = PATIENCE, self._thread
        while not hit.over.wait(TICK) and not self._down and thread and thread.is_alive():
            if self._asking:
                patience -= 1
            if not patience:
                with self._lock:
                    if not hit.over.is_set():
                        self._found_down(f"no answer within {PATIENCE * TICK * 1000:.0f} ms")

    def _work(self) -> None:
        while (batch := self._next()) is not None:
            self._asking = True
            try:
                found = self._store.count(Counter(hit.asked for hit in batch))
            except Exception as error:  # whatever it is: a limit never fails a request
                with self._lock:
                    self._found_down(error)
                    for hit in batch:
                        hit.over.set()
            else:
                self._hand_out(batch, found)
            finally:
                self._asking = False
        self._store.close()

    def _next(self) -> "list[_Hit] | None":
        """All who wait; None when there will be no more."""
        batch: list[_Hit] = []
        while True:
            try:
                hit = self._waiting.get(block=not batch)
            except Empty:
                return batch
            if hit is None:
                return None
            batch.append(hit)

    def _hand_out(
        self, batch: "list[_Hit]", found: dict[tuple[str, int], tuple[int, float]]
    ) -> None:
        with self._lock:
            for asked, (hits, left) in found.items():
                # Who did not wait any longer was counted here, and now there too.
                self._own.learn(asked[0], hits, left, at_least=self._down)
            for hit in reversed(batch):
                hits, left = found[hit.asked]
                hit.answer = hits, left
                found[hit.asked] = hits - 1, left
                hit.over.set()
            if self._down:
                log.warning("limits: the store answers again")
                self._noticed(True)
            self._down = False

    def _found_down(self, reason: object) -> None:
        if not self._down:
            log.warning("limits: each process counts for itself, the store fails: %s", reason)
            self._noticed(False)
        self._down = True
        self._look_at = time.monotonic() + RETRY_AFTER

    def _look_again(self) -> None:
        """Find out in the background whether the store is back, one look at a time."""
        with self._lock:
            if time.monotonic() < self._look_at:
                return
            self._look_at = math.inf
        self._ask(_look())


class _Hit:
    """One more in a window, and what the store said to it once it is over."""

    __slots__ = ("answer", "asked", "over")

    def __init__(self, key: str, seconds: int) -> None:
        self.asked = key, seconds
        self.answer: tuple[int, float] | None = None
        self.over = Event()


def _look() -> _Hit:
    """A hit that nobody waits for."""
    return _Hit("is it there", 1)
