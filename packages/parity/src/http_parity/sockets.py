"""A server behind a URL, spoken to in bytes that nothing has normalised.

What is sent is exactly the request: its method, target and fields as they are written. Only a body
under `Transfer-Encoding: chunked` is framed, as one chunk. Answers are read with h11.
"""

import contextlib
import select
import socket
import ssl
import threading
import time
from urllib.parse import urlsplit

import h11

from http_parity.errors import NoAnswerError, TargetError, UnreachableError
from http_parity.exchange import Answer, Request, declared_length, values, with_defaults

IDLE_SECONDS = 1.0
"""A connection idle for longer is not used again: its server may be about to close it."""

REPEATABLE = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE", "TRACE"})
"""Only these go out on a used connection: if it dies under them, they may be sent again."""


class SocketTarget:
    """A server at an origin; one kept-alive connection per thread.

    `timeout` is in seconds, for connecting and again for one answer. `verify` says, for https,
    whether the certificate is verified, or names the file of certificates to trust. `source` is
    the address of this machine to connect from, where it has several.
    """

    def __init__(
        self,
        url: str,
        name: str,
        *,
        timeout: float = 30.0,
        verify: bool | str = True,
        source: str = "",
    ) -> None:
        parts = urlsplit(url)
        try:
            port = parts.port
        except ValueError:
            port = 0
        if (
            parts.scheme not in {"http", "https"}
            or not parts.hostname
            or port == 0
            or parts.path not in {"", "/"}
            or parts.query
            or parts.username is not None
        ):
            raise TargetError(f"A target's URL is http://host:port or https://host:port: {url!r}.")
        self.name = name
        self.host = parts.netloc
        self.resent = 0
        """How many requests were sent a second time, because a kept connection had been closed."""
        self._url = url
        self._tls = _tls(verify) if parts.scheme == "https" else None
        self._address = (parts.hostname, port or (443 if self._tls else 80))
        self._timeout = timeout
        self._source = (source, 0) if source else None
        self._mine = threading.local()
        self._lock = threading.Lock()
        self._all: set[_Connection] = set()
        self._keep(self._connect())

    def send(self, request: Request, *, defaults: bool = True) -> Answer:
        """Send the request and read its answer; NoAnswerError where the server just hangs up.

        A body shorter than its `Content-Length` is followed by the end of the stream, so that the
        server sees a client that stopped half-way.
        """
        if defaults:
            request = with_defaults(request, self.host)
        length = declared_length(request)
        short = length is not None and length > len(request.body)
        data = _bytes_of(request)
        answer, reused = self._exchange(
            request, data, short, fresh=request.method not in REPEATABLE
        )
        if answer is None and reused:
            # The server was closing the connection while we wrote: RFC 9110 section 9.2.2.
            with self._lock:
                self.resent += 1
            answer, _ = self._exchange(request, data, short, fresh=True)
        if answer is None:
            raise NoAnswerError(
                f"{self._url} closed the connection without an answer: "
                f"{request.method} {request.target[:200]}."
            )
        return answer

    def _exchange(
        self, request: Request, data: bytes, short: bool, *, fresh: bool
    ) -> tuple[Answer | None, bool]:
        """What came back, and whether the connection had been used before."""
        connection = self._kept(fresh) or self._connect()
        reused = connection.used
        try:
            answer = connection.exchange(data, request.method, self._timeout, half_close=short)
        except BaseException:
            self._drop(connection)
            raise
        # A server that refuses a body may leave it unread and hang up without a word.
        left_unread = bool(request.body) and answer is not None and answer.status >= 400
        if short or left_unread or not connection.reusable:
            self._drop(connection)
        else:
            self._keep(connection)
        return answer, reused

    def send_raw(
        self, data: bytes, *, method: str = "GET", half_close: bool = True
    ) -> Answer | None:
        """Send the bytes on a connection of their own; None where no answer comes back.

        `method` says how to read the answer (one to HEAD has no body). With `half_close` the
        server then sees the end of the stream; without, it waits for more until it gives up.
        """
        connection = self._connect()
        try:
            return connection.exchange(data, method, self._timeout, half_close=half_close)
        finally:
            self._drop(connection)

    def close(self) -> None:
        """Close every connection, of whichever thread."""
        with self._lock:
            connections, self._all = self._all, set()
        for connection in connections:
            connection.close()

    def _connect(self) -> "_Connection":
        try:
            plain = socket.create_connection(self._address, self._timeout, self._source)
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            stream = plain
            if self._tls is not None:
                stream = self._tls.wrap_socket(plain, server_hostname=self._address[0])
        except OSError as error:
            raise UnreachableError(f"Nothing answers at {self._url}: {error}.") from error
        connection = _Connection(stream, self._url)
        with self._lock:
            self._all.add(connection)
        return connection

    def _kept(self, fresh: bool) -> "_Connection | None":
        """This thread's idle connection where it is still good, and unused if it is to be."""
        kept: _Connection | None = getattr(self._mine, "connection", None)
        self._mine.connection = None
        if kept is None or (kept in self._all and kept.alive() and not (fresh and kept.used)):
            return kept
        self._drop(kept)
        return None

    def _keep(self, connection: "_Connection") -> None:
        before: _Connection | None = getattr(self._mine, "connection", None)
        if before is not None and before is not connection:
            self._drop(before)
        self._mine.connection = connection

    def _drop(self, connection: "_Connection") -> None:
        with self._lock:
            self._all.discard(connection)
        connection.close()


class _Connection:
    def __init__(self, stream: socket.socket, url: str) -> None:
        stream.setblocking(False)
        self._stream = stream
        self._url = url
        self._last = time.monotonic()
        self.used = False
        self.reusable = False

    def alive(self) -> bool:
        """Whether the server has neither closed it nor sent anything unasked."""
        if time.monotonic() - self._last > IDLE_SECONDS:
            return False
        return not select.select([self._stream], [], [], 0)[0]

    def exchange(
        self, data: bytes, method: str, timeout: float, *, half_close: bool
    ) -> Answer | None:
        """Write the bytes and read one answer meanwhile: a server may refuse before it read all."""
        reader = ResponseReader(method)
        deadline = time.monotonic() + timeout
        unsent = memoryview(data)
        open_for_writing = True
        self.used = True
        self.reusable = False
        while not reader.done:
            if open_for_writing and unsent:
                try:
                    unsent = unsent[self._stream.send(unsent) :]
                except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
                    pass
                except OSError:
                    # The server hung up; what it said before may still be there to read.
                    open_for_writing = False
            if open_for_writing and not unsent and half_close:
                open_for_writing = False
                self._end_of_stream()
            try:
                received = self._stream.recv(65536)
            except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
                self._wait(deadline, writing=open_for_writing and bool(unsent))
                continue
            except OSError:
                received = b""
            try:
                reader.feed(received)
            except h11.RemoteProtocolError as error:
                if not received and reader.answer is None:
                    return None
                what = "answered no HTTP" if received else "cut its answer short"
                raise TargetError(f"{self._url} {what}: {error}.") from error
        self._last = time.monotonic()
        self.reusable = reader.keep_alive and not unsent and open_for_writing
        return reader.answer

    def _wait(self, deadline: float, *, writing: bool) -> None:
        left = deadline - time.monotonic()
        watched = [self._stream]
        if left <= 0 or not any(select.select(watched, watched if writing else [], [], left)):
            raise TargetError(f"{self._url} gave no answer in time.")

    def _end_of_stream(self) -> None:
        with contextlib.suppress(OSError):
            if isinstance(self._stream, ssl.SSLSocket):
                # TLS has no half-closed state that Python can ask for.
                self._stream.close()
            else:
                self._stream.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        self._stream.close()


class ResponseReader:
    """h11 as a reader of one response: our own request never passes through it."""

    def __init__(self, method: str) -> None:
        self._h11 = h11.Connection(h11.CLIENT)
        # h11 refuses the malformed requests that are sent here; for reading it need only know
        # whether the answer has a body.
        stand_in = "HEAD" if method == "HEAD" else "GET"
        self._h11.send(h11.Request(method=stand_in, target="/", headers=[("Host", "stand-in")]))
        self._h11.send(h11.EndOfMessage())
        self._head: h11.Response | None = None
        self._body: list[bytes] = []
        self.done = False
        self.interim: list[int] = []

    def feed(self, data: bytes) -> None:
        """Take what was received, b"" for the end of the stream."""
        if not data and self._head is None and self._h11.trailing_data[0] == b"":
            self.done = True
            return
        self._h11.receive_data(data)
        while True:
            match self._h11.next_event():
                case h11.Response() as head:
                    self._head = head
                case h11.Data(data=chunk):
                    self._body.append(bytes(chunk))
                case h11.EndOfMessage() | h11.ConnectionClosed():
                    self.done = True
                    return
                case h11.InformationalResponse(status_code=status):
                    self.interim.append(status)
                case _:  # NEED_DATA
                    return

    @property
    def keep_alive(self) -> bool:
        return self._h11.their_state is h11.DONE and self._h11.trailing_data == (b"", False)

    @property
    def left_over(self) -> bytes:
        """What came after the answer: of the next one, if it is HTTP."""
        return bytes(self._h11.trailing_data[0])

    @property
    def answer(self) -> Answer | None:
        if self._head is None:
            return None
        headers = tuple(
            (name.decode("latin-1"), value.decode("latin-1"))
            for name, value in self._head.headers.raw_items()
        )
        return Answer(self._head.status_code, headers, b"".join(self._body))


def _tls(verify: bool | str) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=verify if isinstance(verify, str) else None)
    except OSError as error:
        raise TargetError(f"The certificates in {verify} cannot be read: {error}.") from error
    if verify is False:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _bytes_of(request: Request) -> bytes:
    head = [f"{request.method} {request.target} HTTP/1.1"]
    head += [f"{name}: {value}" for name, value in request.headers]
    body = request.body
    if [coding.lower() for coding in values(request.headers, "transfer-encoding")] == ["chunked"]:
        body = (b"%x\r\n%b\r\n" % (len(body), body) if body else b"") + b"0\r\n\r\n"
    return "\r\n".join([*head, "", ""]).encode("latin-1") + body
