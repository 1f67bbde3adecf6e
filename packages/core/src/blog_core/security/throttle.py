"""Limits: how often something may be done in a window of time.

A window begins with the first use and ends after its seconds. Where several processes share a
store they share the windows; while the store does not answer, each process counts for itself.
"""

import math
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from queue import SimpleQueue
from threading import Lock, Thread
from typing import Any

from blog_core.domain.errors import Throttled
from blog_core.ports import LimitName, Secrets, Windows
from blog_core.settings import Rate

# Seconds that a request waits for a shared store, once; and between two looks at one that is down.
PATIENCE = 0.09
RETRY_AFTER = 1.0
_THREADS = 4
_DISMISSED_WITHIN = 1.0


class Throttle:
    """The port `Limiter`. Without a rate for a name, that is not limited."""

    def __init__(
        self,
        rates: Mapping[LimitName, Rate],
        windows: Windows,
        secrets: Secrets | None = None,
    ) -> None:
        """`secrets` are for stores that others can read: they learn no names and addresses."""
        self._rates = rates
        self._windows = windows
        self._secrets = secrets
        self.waits = secrets is not None

    def limits(self, name: LimitName) -> bool:
        return name in self._rates

    def hit(self, name: LimitName, key: str) -> None:
        rate = self._rates.get(name)
        if rate is None:
            return
        stored = f"{name} {key}"
        if self._secrets is not None:
            stored = self._secrets.keyed("limit", stored)
        hits, left = self._windows.hit(stored, rate.seconds)
        if hits > rate.quota:
            raise Throttled(name, rate.quota, rate.seconds, max(1, math.ceil(left)))

    def close(self) -> None:
        self._windows.close()


class MemoryWindows:
    """The port `Windows` in this process."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = Lock()
        self._windows: dict[str, tuple[int, float]] = {}
        self._sweep_at = 1024

    def hit(self, key: str, seconds: int) -> tuple[int, float]:
        now = self._clock()
        with self._lock:
            hits, end = self._windows.get(key, (0, now))
            if end <= now:
                hits, end = 0, now + seconds
                if len(self._windows) >= self._sweep_at:
                    self._sweep(now)
            self._windows[key] = hits + 1, end
        return hits + 1, end - now

    def close(self) -> None:
        """There is nothing to give back."""

    def _sweep(self, now: float) -> None:
        self._windows = {key: window for key, window in self._windows.items() if window[1] > now}
        # When half of what is then there is new: a sweep costs each hit the same, however many.
        self._sweep_at = max(1024, 2 * len(self._windows))


class PatientWindows:
    """The port `Windows` over a store that may not answer.

    A hit waits `PATIENCE` for it. When it fails or takes longer, this process counts for itself,
    without waiting, until the store is found to answer again.
    """

    def __init__(self, store: Windows, own: Windows | None = None) -> None:
        self._store = store
        self._own = own or MemoryWindows()
        self._crew = _Crew()
        self._lock = Lock()
        self._down = False
        self._look_at = 0.0

    def hit(self, key: str, seconds: int) -> tuple[int, float]:
        if not self._down:
            answer: Future[tuple[int, float]] = self._crew.ask(self._store.hit, key, seconds)
            try:
                return answer.result(PATIENCE)
            except Exception:  # whatever it is: a limit never fails a request
                answer.cancel()
                self._found_down()
        self._look_again()
        return self._own.hit(key, seconds)

    def close(self) -> None:
        self._crew.dismiss()
        self._store.close()

    def _found_down(self) -> None:
        with self._lock:
            self._down = True
            self._look_at = time.monotonic() + RETRY_AFTER

    def _look_again(self) -> None:
        """Find out in the background whether the store is back, one look at a time."""
        with self._lock:
            if time.monotonic() < self._look_at:
                return
            self._look_at = math.inf
        self._crew.ask(self._store.hit, "is it back", 1).add_done_callback(self._looked)

    def _looked(self, answer: "Future[Any]") -> None:
        with self._lock:
            self._down = answer.exception() is not None
            self._look_at = time.monotonic() + RETRY_AFTER


class _Crew:
    """A few threads that wait so that requests need not; a store that hangs keeps no process."""

    def __init__(self) -> None:
        self._tasks: SimpleQueue[tuple[Future[Any], Callable[..., Any], tuple[Any, ...]] | None] = (
            SimpleQueue()
        )
        self._threads: list[Thread] = []
        self._lock = Lock()

    def ask(self, act: Callable[..., Any], *arguments: Any) -> "Future[Any]":
        answer: Future[Any] = Future()
        self._tasks.put((answer, act, arguments))
        # Not before they are needed: a server may fork after the application was made.
        if len(self._threads) < _THREADS:
            with self._lock:
                if len(self._threads) < _THREADS:
                    self._threads.append(Thread(target=self._work, name="limits", daemon=True))
                    self._threads[-1].start()
        return answer

    def dismiss(self) -> None:
        """End the threads, and wait a moment for them: what they hold is theirs until then."""
        for _ in self._threads:
            self._tasks.put(None)
        deadline = time.monotonic() + _DISMISSED_WITHIN
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))

    def _work(self) -> None:
        while (task := self._tasks.get()) is not None:
            answer, act, arguments = task
            if not answer.set_running_or_notify_cancel():
                continue
            try:
                answer.set_result(act(*arguments))
            except Exception as error:  # handed on to whoever asked
                answer.set_exception(error)
