import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager

import parity_apps
import pytest

from http_parity.asgi import ASGITarget
from http_parity.errors import ApplicationError, NoAnswerError, TargetError
from http_parity.exchange import Answer, Request
from http_parity.targets import Target, open_target
from http_parity.wsgi import WSGITarget


@contextmanager
def opened(address: str) -> Iterator[Target]:
    with closing(open_target(address)) as target:
        yield target


def ask(address: str, request: Request, *, defaults: bool = True) -> Answer:
    with opened(address) as target:
        return target.send(request, defaults=defaults)


def test_a_wsgi_application_sees_the_environ_of_a_server() -> None:
    request = Request(
        "PATCH",
        "//p%C3%A9/%2F?q=%20&q=+",
        (("Host", "blog"), ("X-Odd", "caf\xe9"), ("Content-Type", "text/plain")),
        b"body",
    )
    seen = ask("wsgi:parity_apps:wsgi_echo", request).json()
    expected = {
        "REQUEST_METHOD": "PATCH",
        "SCRIPT_NAME": "",
        "PATH_INFO": "//pÃ©//",
        "QUERY_STRING": "q=%20&q=+",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_HOST": "blog",
        "HTTP_X_ODD": "caf\xe9",
        "CONTENT_TYPE": "text/plain",
        "CONTENT_LENGTH": "4",
        "body": "body",
    }
    assert expected == {key: seen.get(key) for key in expected}


def test_repeated_fields_are_joined_for_wsgi_as_gunicorn_joins_them() -> None:
    request = Request(
        "GET", "/", (("Cookie", "a=1"), ("cookie", "a=2"), ("X-A", "1"), ("x-a", "2"))
    )
    seen = ask("wsgi:parity_apps:wsgi_echo", request).json()
    assert (seen["HTTP_COOKIE"], seen["HTTP_X_A"]) == ("a=1,a=2", "1,2")


def test_a_field_name_with_an_underscore_is_left_out_for_wsgi() -> None:
    request = Request("GET", "/", (("X_A", "1"), ("X-B", "2")))
    seen = ask("wsgi:parity_apps:wsgi_echo", request).json()
    assert (seen.get("HTTP_X_A"), seen["HTTP_X_B"]) == (None, "2")


@pytest.mark.parametrize("kind", ["wsgi", "asgi"])
def test_status_and_repeated_fields_come_back_as_the_application_gave_them(kind: str) -> None:
    answer = ask(f"{kind}:parity_apps:{kind}_echo", Request("GET", "/"))
    assert (answer.status, answer.header_values("X-One")) == (201, ["1", "2"])


@pytest.mark.parametrize("kind", ["wsgi", "asgi"])
def test_a_body_beyond_its_declared_length_is_not_delivered(kind: str) -> None:
    request = Request("POST", "/", (("Content-Length", "2"),), b"body")
    assert ask(f"{kind}:parity_apps:{kind}_echo", request).json()["body"] == "bo"


@pytest.mark.parametrize("kind", ["wsgi", "asgi"])
def test_a_request_without_defaults_is_left_alone(kind: str) -> None:
    answer = ask(f"{kind}:parity_apps:{kind}_echo", Request("POST", "/"), defaults=False)
    assert b"localhost" not in answer.body


@pytest.mark.parametrize("kind", ["wsgi", "asgi"])
def test_what_an_application_sends_after_head_is_shown(kind: str) -> None:
    assert ask(f"{kind}:parity_apps:{kind}_echo", Request("HEAD", "/")).body != b""


def test_the_iterable_of_a_wsgi_application_is_closed() -> None:
    parity_apps.closed.clear()
    assert ask("wsgi:parity_apps:wsgi_closing", Request("GET", "/")).body == b"one two"
    assert parity_apps.closed == ["closed"]


def test_the_write_callable_of_wsgi_comes_before_the_iterable() -> None:
    assert ask("wsgi:parity_apps:wsgi_writes", Request("GET", "/")).body == b"one two"


def test_a_wsgi_application_may_change_its_mind_with_exc_info() -> None:
    answer = ask("wsgi:parity_apps:wsgi_second_thoughts", Request("GET", "/"))
    assert (answer.status, answer.body) == (500, b"sorry")


@pytest.mark.parametrize(
    ("application", "message"),
    [
        ("wsgi:parity_apps:wsgi_raises", "raised ValueError on GET /here: inside"),
        ("wsgi:parity_apps:wsgi_silent", "sent a body before its status"),
        ("wsgi:parity_apps:wsgi_twice", "start_response twice"),
        ("wsgi:parity_apps:wsgi_splits", "would split the answer"),
        ("wsgi:parity_apps:wsgi_odd_status", "gave the status 'OK'"),
        ("wsgi:parity_apps:wsgi_text", "sent str in its body"),
        ("asgi:parity_apps:asgi_raises", "raised ValueError on GET /here: inside"),
        ("asgi:parity_apps:asgi_body_first", "sent http.response.body out of turn"),
        ("asgi:parity_apps:asgi_gives_up", "returned before its answer was complete"),
    ],
)
def test_an_application_that_breaks_its_protocol_is_named(application: str, message: str) -> None:
    with pytest.raises(ApplicationError, match=message):
        ask(application, Request("GET", "/here"))


def test_an_asgi_application_sees_the_scope_of_a_server() -> None:
    request = Request("POST", "//p%C3%A9/%2F?q=%20", (("X-Odd", "caf\xe9"),), b"body")
    assert ask("asgi:parity_apps:asgi_echo", request).json() == {
        "method": "POST",
        "path": "//pé//",
        "raw_path": "//p%C3%A9/%2F",
        "query": "q=%20",
        "headers": [["host", "localhost"], ["content-length", "4"], ["x-odd", "caf\xe9"]],
        "body": "body",
        "more": False,
        "ready": True,
    }


def test_the_lifespan_of_an_asgi_application_is_started_and_shut_down() -> None:
    parity_apps.lifespans.clear()
    with opened("asgi:parity_apps:asgi_echo"):
        assert parity_apps.lifespans == ["lifespan.startup"]
    assert parity_apps.lifespans == ["lifespan.startup", "lifespan.shutdown"]


def test_a_lifespan_that_fails_is_an_error_of_the_target() -> None:
    with pytest.raises(TargetError, match="failed to start: no database"):
        open_target("asgi:parity_apps:asgi_fails_to_start")


def test_an_asgi_application_answers_several_threads_at_once() -> None:
    with opened("asgi:parity_apps:asgi_meets") as target:
        bodies: list[bytes] = []
        threads = [
            threading.Thread(target=lambda: bodies.append(target.send(Request("GET", "/")).body))
            for _ in range(2)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert bodies == [b"met", b"met"]


def test_the_disconnect_comes_after_the_answer() -> None:
    answer = ask("asgi:parity_apps:asgi_waits_for_the_end", Request("GET", "/"))
    assert answer.body == b"in time"


def test_a_body_cut_short_is_followed_by_the_disconnect() -> None:
    request = Request("POST", "/", (("Content-Length", "10"),), b"body")
    seen = ask("asgi:parity_apps:asgi_echo", request).json()
    assert (seen["body"], seen["more"], seen["then"]) == ("body", True, "http.disconnect")


def test_no_answer_to_a_body_cut_short_is_said_to_be_none() -> None:
    request = Request("POST", "/", (("Content-Length", "10"),), b"body")
    with pytest.raises(NoAnswerError, match="ended without an answer: POST /"):
        ask("asgi:parity_apps:asgi_gives_up", request)


def test_an_exception_after_the_answer_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    answer = ask("asgi:parity_apps:asgi_raises_late", Request("GET", "/"))
    assert (answer.status, answer.body) == (500, b"sorry")
    assert "raised after its answer to GET /" in caplog.text


def test_an_application_that_never_answers_is_given_up() -> None:
    target = ASGITarget(parity_apps.asgi_never_answers, "slow", timeout=0.1)
    with closing(target), pytest.raises(TargetError, match=r"slow gave no answer within 0\.1 s"):
        target.send(Request("GET", "/"))


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("wsgi:no_such_module:app", "No module named 'no_such_module'"),
        ("wsgi:parity_apps:no_such_name", "parity_apps has no no_such_name"),
        ("asgi:parity_apps:not_an_application", "is no application"),
        ("wsgi:parity_apps", "is named module:app"),
        ("gopher://host", "A target is wsgi:module:app, asgi:module:app or"),
        ("http://127.0.0.1:1", "Nothing answers at http://127.0.0.1:1"),
        ("http://127.0.0.1:20000/path", "A target's URL is http://host:port"),
        ("http://127.0.0.1:99999", "A target's URL is http://host:port"),
    ],
)
def test_a_target_that_cannot_be_had_is_told_in_a_sentence(address: str, message: str) -> None:
    with pytest.raises(TargetError, match=message):
        open_target(address)


def test_a_target_is_called_by_its_address_until_it_is_given_a_name() -> None:
    with opened("wsgi:parity_apps:wsgi_echo") as target:
        assert target.name == "wsgi:parity_apps:wsgi_echo"
    assert WSGITarget(parity_apps.wsgi_echo, "flask").name == "flask"
