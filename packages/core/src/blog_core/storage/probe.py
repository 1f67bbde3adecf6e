"""Whether something answers, found out within a bound of its own."""

from collections.abc import Callable
from concurrent.futures import Future
from contextvars import copy_context
from threading import Lock, Thread

from blog_core.domain.errors import Unavailable

# Seconds. Fewer than a statement may wait: who asks for health is not to hang with the requests.
BOUND = 2.0


class Probe:
    """A look that nobody waits for any longer than the bound, however it hangs.

    One look at a time: who asks while one is under way waits for that one. Raises what the look
    raises, and Unavailable at the bound.
    """

    def __init__(self, look: Callable[[], object], bound: float = BOUND) -> None:
        self._look = look
        self._bound = bound
        self._lock = Lock()
        self._under_way: Future[None] | None = None

    def __call__(self) -> None:
        with self._lock:
            if self._under_way is None or self._under_way.done():
                self._under_way = Future()
                run = copy_context().run
                Thread(
                    target=run, args=(self._find_out, self._under_way), name="probe", daemon=True
                ).start()
            under_way = self._under_way
        try:
            under_way.result(self._bound)
        except TimeoutError:
            raise Unavailable(f"no answer to the check within {self._bound:g} s") from None

    def _find_out(self, found: "Future[None]") -> None:
        try:
            self._look()
        except BaseException as error:  # whoever waits gets it
            found.set_exception(error)
        else:
            found.set_result(None)
