"""The metrics, and where Prometheus reads them. Needs the extra `metrics`.

Each process counts for itself, in files of the directory PROMETHEUS_MULTIPROC_DIR where that is
set: then all processes listen at the one address, and whichever is asked answers for all.
"""

import os
import socketserver
import threading
from collections.abc import Iterable
from errno import EADDRINUSE
from pathlib import Path
from socket import AF_INET6, SO_REUSEPORT, SOL_SOCKET
from typing import TYPE_CHECKING, Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, make_wsgi_app
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from sqlalchemy import Engine, event

from blog_core.domain.errors import Throttled
from blog_core.ports import Limiter, LimitName
from blog_core.telemetry.logs import log

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

# Seconds.
BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class Metrics:
    """What is counted, by names that are the same whatever framework and server there is."""

    def __init__(self) -> None:
        self.directory = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
        self.registry = registry = CollectorRegistry()
        self.requests = Counter(
            "blog_http_requests",
            "Requests that were answered.",
            ("operation", "method", "status"),
            registry=registry,
        )
        self.seconds = Histogram(
            "blog_http_request_seconds",
            "How long answering took.",
            ("operation", "method"),
            buckets=BUCKETS,
            registry=registry,
        )
        self.in_flight = Gauge(
            "blog_http_requests_in_flight",
            "Requests that are being answered.",
            registry=registry,
            multiprocess_mode="livesum",
        )
        self.connections = Gauge(
            "blog_database_connections",
            "Connections to the database: open ones, and those of them that are in use.",
            ("pool", "state"),
            registry=registry,
            multiprocess_mode="livesum",
        )
        self.hashes = Gauge(
            "blog_password_hashes_running",
            "Passwords that are being hashed or verified.",
            registry=registry,
            multiprocess_mode="livesum",
        )
        self.store = Gauge(
            "blog_limits_store_up",
            "1 where limits are counted as set, 0 where a process counts for itself meanwhile.",
            registry=registry,
            multiprocess_mode="livemin",
        )
        self.refused = Counter(
            "blog_refused_by_limit",
            "Requests that a limit refused.",
            ("limit",),
            registry=registry,
        )
        self.store.set(1)

    def watch(self, engine: Engine, pool: str) -> None:
        """Count the connections of an engine as those of this pool."""
        opened = self.connections.labels(pool, "open")
        used = self.connections.labels(pool, "in use")
        for name, change in (
            ("connect", opened.inc),
            ("close", opened.dec),
            ("checkout", used.inc),
            ("checkin", used.dec),
        ):
            event.listen(engine, name, _changing(change))

    def counting(self, limiter: Limiter) -> "CountingLimiter":
        return CountingLimiter(limiter, self.refused)

    def slots(self, count: int) -> "CountedSlots":
        return CountedSlots(count, self.hashes)

    def serve(self, host: str, port: int) -> bool:
        """Answer Prometheus there from now on, in a thread; whether that can be."""
        try:
            server = _Server((host, port), shared=self.directory is not None)
        except OSError as error:
            why = f"{error.strerror}"
            if error.errno == EADDRINUSE and self.directory is None:
                why += "; where several processes serve, all need PROMETHEUS_MULTIPROC_DIR"
            log.error("metrics: nothing can listen on %s:%s: %s", host, port, why)
            return False
        server.set_app(self.application())
        threading.Thread(target=server.serve_forever, name="metrics", daemon=True).start()
        return True

    def application(self) -> "WSGIApplication":
        """What answers with the metrics, those of all processes where they are counted together."""
        if self.directory is None:
            return make_wsgi_app(self.registry)
        directory = Path(self.directory)
        together = CollectorRegistry()
        MultiProcessCollector(together, self.directory)  # type: ignore[no-untyped-call] # theirs
        inner = make_wsgi_app(together)

        def forgetting(
            environ: "WSGIEnvironment", start_response: "StartResponse"
        ) -> Iterable[bytes]:
            _forget_the_dead(directory)
            answer: Iterable[bytes] = inner(environ, start_response)
            return answer

        return forgetting


class CountedSlots(threading.BoundedSemaphore):
    """So many at once, counted while they are in."""

    def __init__(self, count: int, gauge: Gauge) -> None:
        super().__init__(count)
        self._gauge = gauge

    def __enter__(self) -> bool:  # type: ignore[override] # typeshed leaves out what it gives
        self.acquire()
        self._gauge.inc()
        return True

    def __exit__(self, *_: object) -> None:
        self._gauge.dec()
        self.release()


class CountingLimiter:
    """The port `Limiter`, with what it refuses counted."""

    def __init__(self, limiter: Limiter, refused: Counter) -> None:
        self._limiter = limiter
        self._refused = refused
        self.waits = limiter.waits
        self.limits = limiter.limits
        self.prepare = limiter.prepare
        self.close = limiter.close

    def hit(self, name: LimitName, key: str) -> None:
        try:
            self._limiter.hit(name, key)
        except Throttled:
            self._refused.labels(name).inc()
            raise


class _Server(socketserver.ThreadingMixIn, WSGIServer):
    daemon_threads = True

    def __init__(self, address: tuple[str, int], *, shared: bool) -> None:
        self._shared = shared
        if ":" in address[0]:
            self.address_family = AF_INET6
        super().__init__(address, _Silent)

    def server_bind(self) -> None:
        if self._shared:
            self.socket.setsockopt(SOL_SOCKET, SO_REUSEPORT, 1)
        # Not HTTPServer's, which asks the name service about the address.
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = "metrics", self.server_address[1]
        self.setup_environ()


class _Silent(WSGIRequestHandler):
    timeout = 10

    def log_message(self, format: str, *_: Any) -> None:  # noqa: A002 # theirs
        """Prometheus asks every few seconds: that is worth no line."""


def _changing(change: Any) -> Any:
    return lambda *_: change()


def _forget_the_dead(directory: Path) -> None:
    """Leave out of the gauges what has ended, which servers do not tell of."""
    for pid in {path.stem.rpartition("_")[2] for path in directory.glob("gauge_live*_*.db")}:
        try:
            os.kill(int(pid), 0)
        except (ProcessLookupError, ValueError):
            mark_process_dead(pid, f"{directory}")  # type: ignore[no-untyped-call] # theirs
        except PermissionError:
            pass  # somebody else's by now, and alive
