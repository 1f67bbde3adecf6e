"""What is seen of each request from the front: a log line, metrics, a trace."""

import asyncio
from ipaddress import ip_network
from time import perf_counter
from types import TracebackType
from typing import Any

from blog_core.http import addresses
from blog_core.http.front import METHODS, Front, Head
from blog_core.http.replies import Reply
from blog_core.telemetry.logs import Trail, access, trail
from blog_core.telemetry.traces import trace_id_of
from blog_core.telemetry.watching import Telemetry, telemetry

# What other servers write of a client that left before its answer.
CLIENT_LEFT = 499


class Watch:
    """Watches over requests, as the settings ask."""

    def __init__(self, telemetry: Telemetry) -> None:
        settings = telemetry.settings
        self.access = settings.access_log
        self.metrics = telemetry.metrics
        self.tracing = telemetry.tracing
        self.scheme = "https" if settings.https else "http"
        self._proxies = [ip_network(network) for network in settings.trusted_proxies]

    def request(self, head: Head) -> "Watched":
        return Watched(self, head)

    def client(self, head: Head) -> str:
        return addresses.client(head.peer, head.headers.get("x-forwarded-for", ""), self._proxies)


def watch(front: Front) -> Watch | None:
    """Begin what the settings ask for. None where nothing is to be known of each request."""
    found = telemetry(front.settings)
    found.begin()
    return Watch(found) if found.watches else None


class Watched:
    """A request under way: what it is answered with goes into `reply`."""

    def __init__(self, watch: Watch, head: Head) -> None:
        self.reply: Reply | None = None
        self._watch = watch
        self._head = head
        self._trail = Trail(trace_id_of(head.headers.get("traceparent", "")))

    def __enter__(self) -> "Watched":
        self._begun = perf_counter()
        self._token = trail.set(self._trail)
        watch, head = self._watch, self._head
        if watch.metrics is not None:
            watch.metrics.in_flight.inc()
        if watch.tracing is not None:
            self._span = watch.tracing.begin(
                head.headers,
                {
                    "http.request.method": method_of(head),
                    "url.path": head.path,
                    "url.scheme": watch.scheme,
                    "client.address": watch.client(head),
                    "blog.request_id": head.id,
                },
            )
            self._trail.trace_id = f"{self._span[0].get_span_context().trace_id:032x}"
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        seconds = perf_counter() - self._begun
        watch, head = self._watch, self._head
        status = 500 if self.reply is None else self.reply.status
        if isinstance(error, asyncio.CancelledError):
            status = CLIENT_LEFT
        operation, method = head.operation, method_of(head)
        name = operation.name if operation else "none"
        if watch.metrics is not None:
            watch.metrics.in_flight.dec()
            watch.metrics.requests.labels(name, method, status).inc()
            watch.metrics.seconds.labels(name, method).observe(seconds)
        if watch.access:
            self._write(method, name, status, seconds)
        if watch.tracing is not None:
            attributes: dict[str, Any] = {"blog.operation": name}
            if self._trail.user_id is not None:
                attributes["enduser.id"] = f"{self._trail.user_id}"
            if operation is not None:
                attributes["http.route"] = operation.path
            title = f"{method} {operation.path}" if operation else method
            watch.tracing.end(*self._span, title, status, attributes)
        trail.reset(self._token)

    def _write(self, method: str, name: str, status: int, seconds: float) -> None:
        head = self._head
        # Without the query: it holds what people search for, and what providers send them back by.
        access.info(
            "%s %s %s",
            method,
            head.path,
            status,
            extra={
                "fields": {
                    "method": method,
                    "path": head.path,
                    "status": status,
                    "operation": name,
                    "duration_ms": round(seconds * 1000, 3),
                    "client": self._watch.client(head),
                    "user_id": self._trail.user_id,
                }
            },
        )


def method_of(head: Head) -> str:
    """The method, one of few: anybody can make up more."""
    return head.method if head.method in METHODS else "_OTHER"
