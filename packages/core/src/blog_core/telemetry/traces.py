"""Traces: the request, the use case and the SQL of one, by OpenTelemetry's names.

`trace_id_of` needs nothing; everything else needs the extra `tracing`.
"""

import os
import re
from collections.abc import Callable, Mapping
from functools import cached_property, wraps
from inspect import isfunction
from typing import TYPE_CHECKING, Any

from blog_core.blog import Blog
from blog_core.domain.errors import BlogError, Unavailable
from blog_core.schemas import Credentials
from blog_core.staff import Staff
from blog_core.telemetry.logs import trail

if TYPE_CHECKING:
    from contextvars import Token

    from opentelemetry.context import Context
    from opentelemetry.trace import Span, Tracer
    from sqlalchemy import Engine, ExceptionContext
    from sqlalchemy.engine.interfaces import ExecutionContext

    from blog_core.ports import Caller, Repositories

# https://www.w3.org/TR/trace-context/#traceparent-header
_TRACEPARENT = re.compile(
    r"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?:-.*)?"
)


def trace_id_of(traceparent: str) -> str:
    """The trace that a request says it belongs to; empty where it says none."""
    found = _TRACEPARENT.fullmatch(traceparent)
    return found[1] if found and (found[0][:2] != "00" or len(found[0]) == 55) else ""


class Tracing:
    """The spans of requests and of SQL, to where the `OTEL_*` variables say.

    A tracer provider that this process has set already is used; without one, ours is made.
    """

    def __init__(self) -> None:
        from opentelemetry import context, trace  # noqa: PLC0415 # see above
        from opentelemetry.trace.propagation import tracecontext  # noqa: PLC0415 # see above

        if isinstance(trace.get_tracer_provider(), trace.ProxyTracerProvider):
            trace.set_tracer_provider(_provider())
        self.tracer: Tracer = trace.get_tracer("blog")
        self._trace = trace
        self._context = context
        self._propagator = tracecontext.TraceContextTextMapPropagator()

    def begin(
        self, headers: Mapping[str, str], attributes: Mapping[str, str]
    ) -> "tuple[Span, Token[Context]]":
        """The span of a request, as a part of the trace that it names."""
        sent = self._propagator.extract(headers) if "traceparent" in headers else None
        span = self.tracer.start_span(
            attributes["http.request.method"],
            context=sent or self._context.Context(),
            kind=self._trace.SpanKind.SERVER,
            attributes=attributes,
        )
        return span, self._context.attach(self._trace.set_span_in_context(span))

    def end(
        self,
        span: "Span",
        token: "Token[Context]",
        name: str,
        status: int,
        attributes: Mapping[str, Any],
    ) -> None:
        self._context.detach(token)
        span.update_name(name)
        span.set_attributes({**attributes, "http.response.status_code": status})
        if status >= 500:
            span.set_attribute("error.type", f"{status}")
            span.set_status(self._trace.StatusCode.ERROR)
        span.end()

    def watch(self, engine: "Engine") -> None:
        """A span for each statement: its text as it is prepared, without any value."""
        from sqlalchemy import event  # noqa: PLC0415 # `trace_id_of` needs nothing

        system = engine.dialect.name

        def begin(
            _connection: object,
            _cursor: object,
            statement: str,
            _values: object,
            context: "ExecutionContext | None",
            _many: bool,
        ) -> None:
            verb = statement.lstrip("( \n").partition(" ")[0].upper()
            span = self.tracer.start_span(
                verb,
                kind=self._trace.SpanKind.CLIENT,
                attributes={
                    "db.system.name": system,
                    "db.operation.name": verb,
                    "db.query.text": statement,
                },
            )
            if context is not None:
                context._blog_span = span  # type: ignore[attr-defined] # ours, on their object

        def end(*given: Any) -> None:
            _finished(given[4])

        def fail(failed: "ExceptionContext") -> None:
            kind = type(failed.original_exception).__name__
            _finished(failed.execution_context, kind, self._trace.StatusCode.ERROR)

        event.listen(engine, "before_cursor_execute", begin)
        event.listen(engine, "after_cursor_execute", end)
        event.listen(engine, "handle_error", fail)

    def traced(self, owner: type, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """The use case with a span around it."""
        from opentelemetry.trace import StatusCode  # noqa: PLC0415 # see above

        title = f"{owner.__name__}.{name}"

        @wraps(function)
        def call(*arguments: Any, **named: Any) -> Any:
            with self.tracer.start_as_current_span(
                title, record_exception=False, set_status_on_exception=False
            ) as span:
                try:
                    return function(*arguments, **named)
                except Exception as error:
                    span.set_attribute("error.type", type(error).__name__)
                    # A refusal is an answer; its message may say what somebody sent.
                    if not isinstance(error, BlogError) or isinstance(error, Unavailable):
                        span.set_status(StatusCode.ERROR)
                    raise

        return call


def watched_blog(tracing: Tracing | None) -> type[Blog]:
    """The class of a blog that says who its caller is, and has spans where there are traces."""

    class WatchedBlog(Blog):
        def _caller_if_any(
            self, storage: "Repositories", credentials: Credentials
        ) -> "Caller | None":
            caller = super()._caller_if_any(storage, credentials)
            under_way = trail.get()
            if caller is not None and under_way is not None:
                under_way.user_id = caller.id
            return caller

        if tracing is not None:

            @cached_property
            def staff(self) -> Staff:
                return WatchedStaff(
                    self.storage, self.clock, self.hasher, self.limiter, self._caller
                )

    class WatchedStaff(Staff):
        """The same for what staff do."""

    if tracing is not None:
        for ours, theirs in ((WatchedBlog, Blog), (WatchedStaff, Staff)):
            for name, function in vars(theirs).items():
                if isfunction(function) and not name.startswith("_") and name not in _NO_USE_CASES:
                    setattr(ours, name, tracing.traced(theirs, name, function))
    return WatchedBlog


# What servers do with it.
_NO_USE_CASES = frozenset(("close", "prepare"))


def _provider() -> Any:
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import (  # noqa: PLC0415 # see above
        OTLPSpanExporter,
    )
    from opentelemetry.sdk.resources import Resource  # noqa: PLC0415 # see above
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415 # see above
    from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415 # see above

    named = {} if os.environ.get("OTEL_SERVICE_NAME") else {"service.name": "blog"}
    provider = TracerProvider(resource=Resource.create(named))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return provider


def _finished(context: object, error: str | None = None, status: Any = None) -> None:
    span = getattr(context, "_blog_span", None)
    if span is None:
        return
    if error is not None:
        span.set_attribute("error.type", error)
        span.set_status(status)
    span.end()
