"""What of logs, metrics and traces the settings ask for, put together."""

import os
from dataclasses import dataclass, field
from functools import cache
from threading import Lock
from typing import TYPE_CHECKING

from blog_core.settings import Settings
from blog_core.telemetry import logs

if TYPE_CHECKING:
    from blog_core.telemetry.metrics import Metrics
    from blog_core.telemetry.traces import Tracing


@dataclass
class Telemetry:
    """What watches over this process; a part that is not asked for is None, and not imported."""

    settings: Settings
    metrics: "Metrics | None" = None
    tracing: "Tracing | None" = None
    _lock: Lock = field(default_factory=Lock)
    _serving: int = 0

    @property
    def watches(self) -> bool:
        """Whether anything is to be known of each request."""
        asked = self.settings
        return bool(asked.access_log or asked.log_format == "json" or self.metrics or self.tracing)

    def begin(self) -> None:
        """Set up logging, and serve the metrics: for an application that is to be served."""
        logs.configure(self.settings)
        listener = self.settings.metrics_listener
        if self.metrics is not None and listener is not None:
            with self._lock:
                # Once in a process, and again where it was forked since: threads stay behind.
                if self._serving != os.getpid():
                    self._serving = os.getpid()
                    self.metrics.serve(*listener)


@cache
def telemetry(settings: Settings) -> Telemetry:
    """What watches over this process, one for the same settings."""
    found = Telemetry(settings)
    if settings.metrics:
        from blog_core.telemetry.metrics import Metrics  # noqa: PLC0415 # for those who ask for it

        found.metrics = Metrics()
    if settings.tracing:
        from blog_core.telemetry.traces import Tracing  # noqa: PLC0415 # for those who ask for it

        found.tracing = Tracing()
    return found
