"""A framework behind a production server, asked like a target in process."""

from concurrent.futures import Future, ThreadPoolExecutor

from http_parity.exchange import Answer, Request
from http_parity.sockets import SocketTarget
from tests.servers.pairs import Served


class Live:
    """One request at a time, over a connection that is kept."""

    def __init__(self, served: Served) -> None:
        host, port = served.address
        self.name = served.pair.name
        self._target = SocketTarget(f"http://{host}:{port}", self.name)
        self._thread = ThreadPoolExecutor(1)
        self._asked: Future[Answer] | None = None

    def begin(self, request: Request) -> None:
        """Send a request without waiting."""
        self._asked = self._thread.submit(self._target.send, request)

    def end(self) -> Answer | None:
        """The answer to the request that was begun; None where the server itself refused it.

        Raises what the target raised.
        """
        assert self._asked is not None
        answer = self._asked.result(60)
        refused = answer.status >= 400 and answer.header("X-Request-ID") is None
        return None if refused else answer

    def close(self) -> None:
        """Close the connection."""
        self._thread.shutdown()
        self._target.close()
