"""One address before several servers of one site: each request goes to the next of them.

    with relay([8001, 8002, 8003]) as port:
        ...  # http://127.0.0.1:{port} is answered by all three, in turn

A connection carries one request, so that a browser's keep-alive does not stay with one server. The
`Host` is passed on as it came.
"""

import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import cycle, takewhile
from socketserver import StreamRequestHandler, ThreadingTCPServer
from ssl import SSLContext
from typing import Any

HOST = "127.0.0.1"
SECONDS = 30


@contextmanager
def relay(ports: Sequence[int], context: SSLContext | None = None) -> Iterator[int]:
    """A port where the servers on these ports are reached in turn; over TLS, with a context."""
    turns = cycle(ports)

    class Connection(StreamRequestHandler):
        timeout = SECONDS

        def handle(self) -> None:
            lines = iter(self.rfile.readline, b"")
            head = list(takewhile(lambda line: line != b"\r\n", lines))
            # A browser also opens connections that it does not use: they take nobody's turn.
            if not head:
                return
            fields = {name.lower(): value for name, _, value in (f.partition(b":") for f in head)}
            body = self.rfile.read(int(fields.get(b"content-length", 0)))
            kept = [line for line in head if not line.lower().startswith(b"connection:")]
            with socket.create_connection((HOST, next(turns)), SECONDS) as server:
                server.sendall(b"".join([*kept, b"Connection: close\r\n\r\n", body]))
                while part := server.recv(65536):
                    self.wfile.write(part)

    class Relay(ThreadingTCPServer):
        daemon_threads = True

        def get_request(self) -> tuple[Any, Any]:
            connection, address = super().get_request()
            if context is not None:
                # The handshake waits for the first read, in the connection's own thread.
                connection = context.wrap_socket(
                    connection, server_side=True, do_handshake_on_connect=False
                )
            return connection, address

        def handle_error(self, *_: object) -> None:
            """Whoever hangs up, or does not speak TLS, is not answered."""

    with Relay((HOST, 0), Connection) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()
