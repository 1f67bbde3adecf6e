"""A closed-loop HTTP/1.1 client: a few connections, each sending its next request at the answer.

One thread, raw sockets, and no more parsing than it takes to check the status and find the end of
the answer, so that the server is what is measured. `Round.busy` says how much of the time the
client itself was at work: near 1 the figure is the client's, not the server's.
"""

import re
import selectors
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)\r\n", re.IGNORECASE)
_CLOSE = re.compile(rb"\r\nconnection: *close\r\n", re.IGNORECASE)
TIMEOUT = 30.0


class WrongAnswerError(Exception):
    """A server answered something else than what is measured."""


@dataclass(frozen=True)
class Round:
    """What one round came to; times in seconds."""

    requests: int
    seconds: float
    busy: float
    latencies: list[float]

    @property
    def rate(self) -> float:
        return self.requests / self.seconds


@dataclass
class _Connection:
    socket: socket.socket
    started: float = 0.0
    received: bytearray = field(default_factory=bytearray)
    expected: int = 0


def run(
    port: int, requests: Sequence[bytes], *, status: int, connections: int, seconds: float
) -> Round:
    """Send the requests over and over for a time.

    Raises WrongAnswerError at the first answer of another status.
    """
    prefix = f"HTTP/1.1 {status} ".encode()
    selector = selectors.DefaultSelector()
    latencies: list[float] = []
    clock = time.perf_counter
    sent = 0

    def send(connection: _Connection) -> None:
        nonlocal sent
        connection.received.clear()
        connection.expected = 0
        connection.started = clock()
        connection.socket.sendall(requests[sent % len(requests)])
        sent += 1

    def open_one() -> None:
        connection = _Connection(socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT))
        connection.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        selector.register(connection.socket, selectors.EVENT_READ, connection)
        send(connection)

    def close(connection: _Connection) -> None:
        selector.unregister(connection.socket)
        connection.socket.close()

    for _ in range(connections):
        open_one()
    start, cpu = clock(), time.process_time()
    deadline = start + seconds
    try:
        while (now := clock()) < deadline:
            events = selector.select(TIMEOUT)
            if not events:
                raise WrongAnswerError(f"no answer within {TIMEOUT:.0f} s")
            for key, _mask in events:
                connection = key.data
                if not _receive(connection, prefix):
                    continue
                now = clock()
                latencies.append(now - connection.started)
                if _CLOSE.search(connection.received, 0, len(connection.received)):
                    close(connection)
                    open_one()
                else:
                    send(connection)
        elapsed = now - start
        busy = (time.process_time() - cpu) / elapsed
    finally:
        for key in list(selector.get_map().values()):
            close(key.data)
        selector.close()
    return Round(len(latencies), elapsed, busy, latencies)


def ask(port: int, request: bytes) -> tuple[int, bytes]:
    """Send one request on a connection of its own; its status and body."""
    with socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT) as sock:
        connection = _Connection(sock)
        sock.sendall(request)
        while not _receive(connection, b"HTTP/1.1 "):
            pass
    answer = bytes(connection.received)
    head, _, body = answer.partition(b"\r\n\r\n")
    return int(head[9:12]), body


def _receive(connection: _Connection, prefix: bytes) -> bool:
    """Take what has come; tell whether the answer is whole."""
    received = connection.received
    data = connection.socket.recv(262_144)
    if not data:
        raise WrongAnswerError("the server closed the connection in the middle of an answer")
    received += data
    if not connection.expected:
        end = received.find(b"\r\n\r\n")
        if end < 0:
            return False
        if not received.startswith(prefix):
            raise WrongAnswerError(f"expected {prefix.decode()}, got {bytes(received[:600])!r}")
        length = _LENGTH.search(received, 0, end + 2)
        if length is None:
            raise WrongAnswerError(f"no Content-Length in {bytes(received[:end])!r}")
        connection.expected = end + 4 + int(length[1])
    return len(received) >= connection.expected
