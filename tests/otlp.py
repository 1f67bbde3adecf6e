"""A receiver of traces: what an OpenTelemetry collector hears, kept to be looked at.

with Receiver() as receiver:
    serve(env | {"OTEL_EXPORTER_OTLP_ENDPOINT": receiver.url})
    receiver.wait(lambda spans: any(span.kind == "SERVER" for span in spans))
"""

import gzip
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

PATIENCE = 60.0
"""Seconds: an exporter sends what it has every few of them."""


@dataclass(frozen=True)
class Span:
    """One span, with its attributes and those of whatever sent it."""

    name: str
    kind: str
    trace_id: str
    id: str
    parent: str
    attributes: dict[str, Any]
    resource: dict[str, Any]
    failed: bool
    begun: int


class Receiver:
    """A server for OTLP over HTTP, in protobuf, on a port of its own."""

    def __init__(self) -> None:
        self.spans: list[Span] = []
        self.raw: list[bytes] = []
        self._arrived = threading.Condition()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def take(self, body: bytes) -> None:
        """What an exporter sent. Raises google.protobuf's DecodeError for anything else."""
        request = ExportTraceServiceRequest.FromString(body)
        found = [
            Span(
                span.name,
                span.SpanKind.Name(span.kind).removeprefix("SPAN_KIND_"),
                span.trace_id.hex(),
                span.span_id.hex(),
                span.parent_span_id.hex(),
                _values(span.attributes),
                _values(sent.resource.attributes),
                span.status.code == 2,
                span.start_time_unix_nano,
            )
            for sent in request.resource_spans
            for scope in sent.scope_spans
            for span in scope.spans
        ]
        with self._arrived:
            self.raw.append(body)
            self.spans += found
            self._arrived.notify_all()

    def wait(self, enough: Callable[[Sequence[Span]], bool]) -> list[Span]:
        """All spans so far, as soon as they are enough. Raises TimeoutError."""
        deadline = time.monotonic() + PATIENCE
        with self._arrived:
            while not enough(self.spans):
                if not self._arrived.wait(max(0.0, deadline - time.monotonic())):
                    raise TimeoutError(f"after {PATIENCE:g} s there are {len(self.spans)} spans")
            return list(self.spans)


def _values(attributes: Any) -> dict[str, Any]:
    return {
        each.key: getattr(each.value, str(each.value.WhichOneof("value"))) for each in attributes
    }


def _handler(receiver: Receiver) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers.get("Content-Encoding") == "gzip":
                body = gzip.decompress(body)
            receiver.take(body)
            answer = ExportTraceServiceResponse().SerializeToString()
            self.send_response(200)
            self.send_header("Content-Type", "application/x-protobuf")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *_: Any) -> None:  # noqa: A002 # theirs
            """What arrives is in the list."""

    return Handler
