"""A conversation in bytes over one connection: what a client may send that is no request.

    request = b"GET / HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n"
    talk = converse(("127.0.0.1", 8000), [request, request], answers=2)
    [answer.status for answer in talk.answers]

Nothing is framed, checked or repaired. Several answers are read from one connection, and every way
for a connection to end is a result, not an error.
"""

import contextlib
import enum
import socket
import struct
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import h11

from http_parity.errors import TargetError
from http_parity.exchange import Answer
from http_parity.sockets import ResponseReader

PAUSE_SECONDS = 0.05


class Step(enum.Enum):
    """What a client does between the bytes that it sends."""

    AWAIT = "wait until something comes, an interim answer as well, but not for ever"
    PAUSE = "wait a moment, so that what was sent before is read alone"
    HALF_CLOSE = "say that nothing more will be sent, and go on reading"
    RESET = "break the connection off; nothing more is read"


Steps = Sequence[bytes | Step]


@dataclass
class Conversation:
    """What came back: whole answers in their order, and what was no answer."""

    answers: list[Answer] = field(default_factory=list)
    interim: list[int] = field(default_factory=list)
    """The statuses of the interim answers (1xx)."""
    late: int = 0
    """How many of the answers came only after the client had said it would send no more."""
    rest: bytes = b""
    """What came that is no HTTP, or an answer that was cut short."""
    closed: bool = False
    """Whether the server closed the connection before the client did."""


def converse(
    address: tuple[str, int],
    steps: Steps,
    *,
    methods: Sequence[str] = (),
    answers: int = 1,
    patience: float = 5.0,
    quiet: float = 0.05,
) -> Conversation:
    """Take the steps, then read until `answers` have come and nothing follows for `quiet` seconds.

    `patience` is in seconds: for what a step awaits, for the answers, and for the end. Then the
    client says that it will send no more, unless a step has, and reads to the end. `methods` are
    those of the requests sent, as far as one is HEAD, whose answer has no body. Raises TargetError
    where there is no connection to be had.
    """
    try:
        stream = socket.create_connection(address, patience)
    except OSError as error:
        raise TargetError(f"Nothing answers at {address[0]}:{address[1]}: {error}.") from error
    with stream:
        stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        listener = _Listener(stream, methods)
        for step in steps:
            if not _take(step, stream, listener, patience):
                return listener.heard
        listener.until(lambda: len(listener.heard.answers) >= answers, patience)
        if not listener.heard.closed:
            listener.until(lambda: False, quiet)
        if not listener.heard.closed and Step.HALF_CLOSE not in steps:
            before = len(listener.heard.answers)
            _say_no_more(stream)
            listener.to_the_end(patience)
            listener.heard.late = len(listener.heard.answers) - before
        elif not listener.ended:
            listener.to_the_end(patience)
        listener.finish()
        return listener.heard


def _take(step: bytes | Step, stream: socket.socket, listener: "_Listener", wait: float) -> bool:
    """Take the step; False where it ends the conversation."""
    match step:
        case bytes():
            # A server that refused has hung up; what it said before is still there to read.
            with contextlib.suppress(OSError):
                stream.settimeout(wait)
                stream.sendall(step)
        case Step.AWAIT:
            seen = listener.size
            listener.until(lambda: listener.size > seen, wait)
        case Step.PAUSE:
            time.sleep(PAUSE_SECONDS)
        case Step.HALF_CLOSE:
            _say_no_more(stream)
        case Step.RESET:
            # To linger for no time is to break off: RFC 9293 section 3.5.
            stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            return False
    return True


def _say_no_more(stream: socket.socket) -> None:
    with contextlib.suppress(OSError):
        stream.shutdown(socket.SHUT_WR)


class _Listener:
    """Reads a connection, and makes answers of the bytes as they come."""

    def __init__(self, stream: socket.socket, methods: Sequence[str]) -> None:
        self._stream = stream
        self._methods = list(methods)
        self._reader = self._next_reader()
        self._unread = b""
        self._broken = False
        self.heard = Conversation()
        self.size = 0
        self.ended = False

    def until(self, done: Callable[[], bool], seconds: float) -> None:
        """Read until it is done, the connection has ended or the seconds are over."""
        deadline = time.monotonic() + seconds
        while not done() and not self.ended:
            left = deadline - time.monotonic()
            if left <= 0:
                return
            self._receive(left)
        self.heard.closed = self.heard.closed or self.ended

    def to_the_end(self, seconds: float) -> None:
        """Read until the connection has ended, or the seconds are over."""
        closed = self.heard.closed
        self.until(lambda: False, seconds)
        self.heard.closed = closed

    def finish(self) -> None:
        """Keep what is left over; an answer that ends with the connection is whole now."""
        if self.ended and not self._broken and self._unread:
            self._feed(b"")
        self.heard.rest = self._unread

    def _receive(self, seconds: float) -> None:
        self._stream.settimeout(seconds)
        try:
            received = self._stream.recv(65536)
        except TimeoutError:
            return
        except OSError:
            received = b""
        if not received:
            self.ended = True
            return
        self.size += len(received)
        self._unread += received
        if not self._broken:
            self._feed(received)

    def _feed(self, data: bytes) -> None:
        """Give what came to the reader, and to the next one what the answer left over."""
        while True:
            try:
                self._reader.feed(data)
            except h11.RemoteProtocolError:
                self._broken = True
                return
            self.heard.interim += self._reader.interim
            self._reader.interim.clear()
            answer = self._reader.answer
            if not self._reader.done or answer is None:
                return
            self.heard.answers.append(answer)
            data = self._unread = self._reader.left_over
            self._reader = self._next_reader()
            if not data:
                return

    def _next_reader(self) -> ResponseReader:
        return ResponseReader(self._methods.pop(0) if self._methods else "GET")
