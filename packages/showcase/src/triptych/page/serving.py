"""The page's own server: the standard library's, in threads, on 127.0.0.1 alone.

It is for one person on one machine. What serves many needs what the three have: gunicorn, uvicorn
or granian, each a process of its own that would have to be started, watched and told everything.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from socketserver import TCPServer, ThreadingMixIn
from typing import TYPE_CHECKING, Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

if TYPE_CHECKING:
    from wsgiref.types import WSGIApplication

HOST = "127.0.0.1"


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def server_bind(self) -> None:
        # Without asking a name server for the name of 127.0.0.1, as the parent does.
        TCPServer.server_bind(self)
        self.server_name, self.server_port = HOST, self.server_address[1]
        self.setup_environ()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Nothing: a browser that left in the middle is no error of ours."""


class _Handler(WSGIRequestHandler):
    timeout = 60
    server_version = "triptych"
    sys_version = ""

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 # the parent's name
        """Nothing: the demo's screen is for the demo."""


@contextmanager
def listening(application: "WSGIApplication", port: int) -> Iterator[str]:
    """The page's URL, for as long as the block lasts. Raises OSError where the port is taken."""
    with _Server((HOST, port), _Handler) as server:
        server.set_app(application)
        thread = threading.Thread(target=server.serve_forever, args=(0.1,), daemon=True)
        thread.start()
        try:
            yield f"http://{HOST}:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
