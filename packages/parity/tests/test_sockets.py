import contextlib
import json
import socket
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from http_parity.errors import NoAnswerError, TargetError
from http_parity.exchange import Request
from http_parity.sockets import SocketTarget
from http_parity.targets import open_target


class Echo(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args: object) -> None: ...

    def _echo(self) -> None:
        length = int(self.headers.get("Content-Length", "0"))
        seen = {
            "line": self.requestline,
            "headers": list(self.headers.items()),
            "body": self.rfile.read(length).decode("latin-1"),
            "port": self.client_address[1],
        }
        body = json.dumps(seen).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        if self.path == "/last":
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_GET = do_HEAD = do_POST = do_get = _echo  # noqa: N815


@pytest.fixture(scope="module")
def origin() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def target(origin: str) -> Iterator[SocketTarget]:
    with contextlib.closing(SocketTarget(origin, "echo", timeout=5)) as opened:
        yield opened


Script = Callable[[socket.socket], None]


@contextlib.contextmanager
def scripted(*scripts: Script) -> Iterator[SocketTarget]:
    """A server whose n-th connection follows the n-th script."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(5)

        def serve() -> None:
            for script in scripts:
                connection, _ = listener.accept()
                with connection:
                    connection.settimeout(5)
                    script(connection)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        try:
            with contextlib.closing(SocketTarget(url, "scripted", timeout=2)) as opened:
                yield opened
        finally:
            thread.join(10)


def receive_head(connection: socket.socket) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data:
        received = connection.recv(65536)
        if not received:
            break
        data += received
    return data


def test_the_request_goes_out_as_it_is_written(target: SocketTarget) -> None:
    request = Request("get", "//a/../%zz?<x>", (("hOST", "odd"), ("X-A", "1"), ("x-a", "caf\xe9")))
    seen = target.send(request, defaults=False).json()
    assert seen["line"] == "get //a/../%zz?<x> HTTP/1.1"
    assert seen["headers"] == [["hOST", "odd"], ["X-A", "1"], ["x-a", "caf\xe9"]]


def test_host_and_length_are_defaults(target: SocketTarget) -> None:
    seen = target.send(Request("POST", "/", (), b"body")).json()
    assert seen["headers"] == [["Host", target.host], ["Content-Length", "4"]]
    assert seen["body"] == "body"


def test_a_connection_is_kept_alive_per_thread(target: SocketTarget) -> None:
    first = target.send(Request("GET", "/")).json()["port"]
    assert target.send(Request("HEAD", "/")).body == b""
    assert target.send(Request("GET", "/")).json()["port"] == first
    other: list[int] = []
    thread = threading.Thread(
        target=lambda: other.append(target.send(Request("GET", "/")).json()["port"])
    )
    thread.start()
    thread.join()
    assert other != [first]


def test_a_connection_the_server_ends_is_opened_anew(target: SocketTarget) -> None:
    first = target.send(Request("GET", "/last")).json()["port"]
    assert target.send(Request("GET", "/")).json()["port"] != first


def test_a_connection_closed_behind_our_back_is_opened_anew() -> None:
    def answer_and_hang_up(connection: socket.socket) -> None:
        receive_head(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

    with scripted(answer_and_hang_up, answer_and_hang_up) as target:
        assert [target.send(Request("GET", "/")).body for _ in range(2)] == [b"ok", b"ok"]


def test_a_request_that_may_not_be_repeated_has_a_connection_of_its_own(
    target: SocketTarget,
) -> None:
    first = target.send(Request("GET", "/")).json()["port"]
    assert target.send(Request("POST", "/")).json()["port"] != first


def test_a_connection_whose_body_was_refused_is_not_used_again() -> None:
    def refuse(connection: socket.socket) -> None:
        receive_head(connection)
        connection.sendall(b"HTTP/1.1 415 No\r\nContent-Length: 0\r\n\r\n")
        connection.recv(65536)

    def accept(connection: socket.socket) -> None:
        receive_head(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

    with scripted(refuse, accept) as target:
        assert target.send(Request("POST", "/", (), b"body")).status == 415
        assert target.send(Request("GET", "/")).body == b"ok"


def test_field_names_and_repeats_of_an_answer_come_as_sent() -> None:
    def script(connection: socket.socket) -> None:
        receive_head(connection)
        connection.sendall(
            b"HTTP/1.1 100 Continue\r\n\r\n"
            b"HTTP/1.1 200 OK\r\nX-ODD: 1\r\nx-odd: caf\xe9\r\nTransfer-Encoding: chunked\r\n\r\n"
            b"2\r\nok\r\n0\r\n\r\n"
        )

    with scripted(script) as target:
        answer = target.send(Request("GET", "/"))
    assert answer.headers[:2] == (("X-ODD", "1"), ("x-odd", "caf\xe9"))
    assert answer.body == b"ok"


def test_a_chunked_request_is_framed() -> None:
    sent: list[bytes] = []

    def script(connection: socket.socket) -> None:
        data = b""
        while not data.endswith(b"0\r\n\r\n"):
            data += connection.recv(65536)
        sent.append(data)
        connection.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")

    with scripted(script) as target:
        target.send(Request("POST", "/", (("Transfer-Encoding", "chunked"),), b"hello"))
    assert sent[0].endswith(b"\r\n\r\n5\r\nhello\r\n0\r\n\r\n")


def test_a_refusal_is_read_while_the_body_is_still_being_sent() -> None:
    def script(connection: socket.socket) -> None:
        receive_head(connection)
        connection.sendall(b"HTTP/1.1 413 No\r\nContent-Length: 3\r\n\r\nbig")

    with scripted(script) as target:
        answer = target.send(Request("POST", "/", (), bytes(20_000_000)))
    assert (answer.status, answer.body) == (413, b"big")


def test_a_body_cut_short_ends_the_stream_and_its_answer_is_read() -> None:
    ends: list[bytes] = []

    def script(connection: socket.socket) -> None:
        data = receive_head(connection)
        while received := connection.recv(65536):
            data += received
        ends.append(data[-4:])
        connection.sendall(b"HTTP/1.1 400 Short\r\nContent-Length: 0\r\n\r\n")

    with scripted(script) as target:
        answer = target.send(Request("POST", "/", (("Content-Length", "100"),), b"body"))
    assert (answer.status, ends) == (400, [b"body"])


def test_a_server_that_hangs_up_gave_no_answer() -> None:
    def hang_up(connection: socket.socket) -> None:
        receive_head(connection)

    with (
        scripted(hang_up) as target,
        pytest.raises(NoAnswerError, match="without an answer: GET /"),
    ):
        target.send(Request("GET", "/"))


@pytest.mark.parametrize(
    ("said", "message"),
    [
        (b"hello\r\n\r\n", "answered no HTTP"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", "cut its answer short"),
    ],
)
def test_an_answer_that_is_not_http_is_an_error(said: bytes, message: str) -> None:
    def script(connection: socket.socket) -> None:
        receive_head(connection)
        connection.sendall(said)

    with scripted(script) as target, pytest.raises(TargetError, match=message):
        target.send(Request("GET", "/"))


def test_a_server_that_says_nothing_is_given_up() -> None:
    def wait(connection: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while connection.recv(65536):
                pass

    with scripted(wait) as target:
        target._timeout = 0.1
        with pytest.raises(TargetError, match="gave no answer in time"):
            target.send(Request("GET", "/"))


def test_raw_bytes_are_sent_on_a_connection_of_their_own(target: SocketTarget) -> None:
    answer = target.send_raw(b"GET /raw HTTP/1.1\r\nHost: a\r\n\r\n")
    assert answer is not None
    assert answer.json()["line"] == "GET /raw HTTP/1.1"


def test_raw_bytes_without_an_answer_give_none(target: SocketTarget) -> None:
    assert target.send_raw(b"") is None


def test_a_url_opens_a_socket_target(origin: str) -> None:
    with contextlib.closing(open_target(origin, "echo")) as target:
        assert (target.name, target.host) == ("echo", origin.removeprefix("http://"))
