"""The log of the blog: its lines as text or JSON, and the request under way, which they name."""

import json
import logging
import re
import sys
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

from blog_core.settings import Settings

log = logging.getLogger("blog")
access = logging.getLogger("blog.access")

request_id: ContextVar[str] = ContextVar("request_id", default="-")


@dataclass(slots=True)
class Trail:
    """What becomes known of a request while it is under way, in whichever thread."""

    trace_id: str = ""
    user_id: int | None = None


trail: ContextVar[Trail | None] = ContextVar("trail", default=None)


class TextFormatter(logging.Formatter):
    """A line for people: instant, level, id of the request, message. No message makes a second one.

    The lines of a traceback follow it, and begin with a blank, as no other line does.
    """

    def format(self, record: logging.LogRecord) -> str:
        line = (
            f"{_instant(record.created)} {record.levelname} [{request_id.get()}] "
            f"{_on_one_line(record.getMessage())}"
        )
        fields = {name: value for name, value in _fields(record).items() if name not in _IN_MESSAGE}
        for name, value in fields.items():
            line += f" {name}={_on_one_line(f'{value}')}"
        if record.exc_info:
            rest = self.formatException(record.exc_info)
            line += "".join(f"\n  {_on_one_line(each)}" for each in _BREAKS.split(rest))
        return line


class JsonFormatter(logging.Formatter):
    """One object a line, in ASCII: what anybody sent is in strings, and breaks no line."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "time": _instant(record.created),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            "request_id": request_id.get(),
        }
        under_way = trail.get()
        if under_way is not None and under_way.trace_id:
            line["trace_id"] = under_way.trace_id
        line |= _fields(record)
        if record.exc_info and record.exc_info[0]:
            line["error"] = record.exc_info[0].__qualname__
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)


SERVERS = Path(__file__).with_name("servers.json")
"""A configuration of `logging` by which servers write their own lines as JSON too."""

FORMATTERS = {"text": TextFormatter, "json": JsonFormatter}


class Handler(logging.StreamHandler[TextIO]):
    """Writes to what standard error is at the moment: JSON, until `configure` says otherwise."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)
        self.setFormatter(JsonFormatter())

    @property
    def stream(self) -> TextIO:  # type: ignore[override] # it is looked up each time
        return sys.stderr


def configure(settings: Settings) -> None:
    """Have lines written as the settings say, unless this process has a logging of its own.

    It has where the root logger, or the blog's, has a handler that is not ours: nothing is touched
    then, and `JsonFormatter` is there for its own configuration. May be called again.
    """
    root = logging.getLogger()
    handlers = [*root.handlers, *log.handlers]
    if any(not isinstance(handler, Handler) for handler in handlers):
        return
    if not handlers:
        root.addHandler(Handler())
    for handler in (*root.handlers, *log.handlers):
        handler.setFormatter(FORMATTERS[settings.log_format]())
        handler.setLevel(settings.log_level.upper())
    # Of others only what they warn of: the root logger's own level stays.
    log.setLevel(settings.log_level.upper())


# What the text's message has already.
_IN_MESSAGE = frozenset(("method", "path", "status"))
_BREAKS = re.compile(r"\r\n|[\n\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
# Controls, and what other programs take for the end of a line or turn the text around with.
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def _on_one_line(text: str) -> str:
    return _UNPRINTABLE.sub(lambda match: match[0].encode("unicode_escape").decode(), text)


def _fields(record: logging.LogRecord) -> Mapping[str, object]:
    """What a line has besides its message: `extra={"fields": {...}}`."""
    found: Mapping[str, object] = getattr(record, "fields", {})
    return found


def _instant(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="microseconds")[:-6] + "Z"
