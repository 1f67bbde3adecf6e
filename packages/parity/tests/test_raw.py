import contextlib
import socket
import threading
from collections.abc import Callable, Iterator

import pytest

from http_parity.errors import TargetError
from http_parity.raw import Conversation, Step, Steps, converse

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
Script = Callable[[socket.socket], None]


@contextlib.contextmanager
def served(script: Script) -> Iterator[tuple[str, int]]:
    """An address whose one connection follows the script."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(5)

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.settimeout(5)
                script(connection)

        thread = threading.Thread(target=serve)
        thread.start()
        yield listener.getsockname()
        thread.join()


def talk(script: Script, steps: Steps, *, answers: int = 1, head: bool = False) -> Conversation:
    with served(script) as address:
        methods = ("HEAD", "GET") if head else ()
        return converse(address, steps, methods=methods, answers=answers, patience=1)


def read_all(connection: socket.socket) -> bytes:
    data = b""
    with contextlib.suppress(OSError):
        while received := connection.recv(65536):
            data += received
    return data


def test_several_answers_are_read_from_one_connection() -> None:
    def script(connection: socket.socket) -> None:
        connection.recv(100)
        connection.sendall(OK + OK[:20])
        connection.sendall(OK[20:])
        read_all(connection)

    heard = talk(script, [b"a"], answers=2)
    assert [b"ok", b"ok"] == [answer.body for answer in heard.answers]
    assert (0, b"", False) == (heard.late, heard.rest, heard.closed)


def test_the_answer_to_head_has_no_body() -> None:
    def script(connection: socket.socket) -> None:
        connection.recv(100)
        connection.sendall(OK.removesuffix(b"ok") + OK)
        read_all(connection)

    heard = talk(script, [b"a"], answers=2, head=True)
    assert [b"", b"ok"] == [answer.body for answer in heard.answers]


def test_an_answer_that_comes_at_the_end_is_late() -> None:
    def script(connection: socket.socket) -> None:
        read_all(connection)
        connection.sendall(OK)

    heard = talk(script, [b"a"], answers=0)
    assert (1, 1, False) == (len(heard.answers), heard.late, heard.closed)


def test_after_a_half_close_an_answer_is_not_late() -> None:
    sent: list[bytes] = []

    def script(connection: socket.socket) -> None:
        sent.append(read_all(connection))
        connection.sendall(OK)

    heard = talk(script, [b"a", Step.PAUSE, b"b", Step.HALF_CLOSE])
    assert ([b"ab"], 1, 0) == (sent, len(heard.answers), heard.late)


def test_an_interim_answer_ends_the_waiting() -> None:
    def script(connection: socket.socket) -> None:
        connection.recv(100)
        connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        assert connection.recv(100) == b"body"
        connection.sendall(OK)

    heard = talk(script, [b"head", Step.AWAIT, b"body"])
    assert ([100], [200]) == (heard.interim, [answer.status for answer in heard.answers])


def test_a_server_that_says_nothing_is_given_up() -> None:
    def wait(connection: socket.socket) -> None:
        read_all(connection)

    assert Conversation() == talk(wait, [b"a", Step.AWAIT], answers=0)


def test_a_server_that_hangs_up_is_told_from_one_that_waits() -> None:
    def hang_up(connection: socket.socket) -> None:
        connection.recv(100)

    assert Conversation(closed=True) == talk(hang_up, [b"a"])


def test_a_reset_reaches_the_server() -> None:
    errors: list[type[OSError]] = []

    def script(connection: socket.socket) -> None:
        try:
            while connection.recv(100):
                pass
        except OSError as error:
            errors.append(type(error))

    assert Conversation() == talk(script, [b"a", Step.PAUSE, Step.RESET])
    assert [ConnectionResetError] == errors


@pytest.mark.parametrize(
    ("said", "answers"), [(b"nonsense\r\n\r\n", 0), (OK + b"nonsense\r\n\r\n", 1), (OK[:-1], 0)]
)
def test_what_is_no_answer_is_kept(said: bytes, answers: int) -> None:
    def script(connection: socket.socket) -> None:
        connection.recv(100)
        connection.sendall(said)

    heard = talk(script, [b"a"])
    assert answers == len(heard.answers)
    assert said.removeprefix(OK) == heard.rest


def test_an_answer_may_end_with_the_connection() -> None:
    def script(connection: socket.socket) -> None:
        connection.recv(100)
        connection.sendall(b"HTTP/1.0 200 OK\r\n\r\nall of it")

    assert [b"all of it"] == [answer.body for answer in talk(script, [b"a"]).answers]


def test_nobody_there_is_an_error() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = listener.getsockname()
    with pytest.raises(TargetError, match="Nothing answers"):
        converse(address, [b"a"])
