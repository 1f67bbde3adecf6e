"""Limits: how often something may be done in a window of time.

A window begins with the first use and ends after its seconds.
"""

import math
import time
from collections.abc import Callable, Mapping
from threading import Lock

from blog_core.domain.errors import Throttled
from blog_core.ports import LimitName, Secrets, Windows
from blog_core.settings import Rate


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
        hits, left = self._windows.hit(stored, rate)
        if hits > rate.quota:
            raise Throttled(name, rate.quota, rate.seconds, max(1, math.ceil(left)))

    def prepare(self) -> None:
        self._windows.prepare()

    def close(self) -> None:
        self._windows.close()


class MemoryWindows:
    """The port `Windows` in this process."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = Lock()
        self._windows: dict[str, tuple[int, float]] = {}
        self._sweep_at = 1024

    def hit(self, key: str, rate: Rate) -> tuple[int, float]:
        now = self._clock()
        with self._lock:
            hits, end = self._windows.get(key, (0, now))
            if end <= now:
                hits, end = 0, now + rate.seconds
            self._put(key, hits + 1, end, now)
        return hits + 1, end - now

    def known(self, key: str) -> int:
        """How many there are by now, without one more."""
        hits, end = self._windows.get(key, (0, 0.0))
        return hits if end > self._clock() else 0

    def learn(self, key: str, hits: int, left: float, *, at_least: bool = False) -> None:
        """Take over a window that was counted elsewhere; `at_least` as many as are known here."""
        now = self._clock()
        with self._lock:
            if at_least:
                hits = max(hits, self.known(key))
            self._put(key, hits, now + left, now)

    def prepare(self) -> None:
        """There is nothing to get ready."""

    def close(self) -> None:
        """There is nothing to give back."""

    def _put(self, key: str, hits: int, end: float, now: float) -> None:
        if len(self._windows) >= self._sweep_at and key not in self._windows:
            self._sweep(now)
        self._windows[key] = hits, end

    def _sweep(self, now: float) -> None:
        self._windows = {key: window for key, window in self._windows.items() if window[1] > now}
        # When half of what is then there is new: a sweep costs each hit the same, however many.
        self._sweep_at = max(1024, 2 * len(self._windows))
