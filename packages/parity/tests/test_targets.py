import contextlib
import http.server
import os
import ssl
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from http_parity.errors import ApplicationError, TargetError
from http_parity.exchange import Request
from http_parity.runners import open_runner
from http_parity.sequence import Reference, Step
from http_parity.targets import ProcessTarget, TargetSpec, open_target, reset_of

GET = Request("GET", "/")


@pytest.mark.parametrize(
    "address",
    [
        'wsgi:parity_apps:make_wsgi("x", times=2)',
        'asgi:parity_apps:make_asgi("x", times=2)',
        'wsgi:parity_apps:Factories.make("x", times=2)',
    ],
)
def test_an_application_may_be_made_by_a_call(address: str) -> None:
    target = open_target(address)

    assert b"xx" == target.send(GET).body
    target.close()


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("wsgi:parity_apps:make_wsgi(os.environ)", "called with literals only"),
        ("wsgi:parity_apps:make_wsgi(**{})", "called with literals only"),
        ("wsgi:parity_apps:make_wsgi(", "called with literals only|has no"),
        ('wsgi:parity_apps:make_wsgi("x", 1, 2)', "raised TypeError"),
        ('wsgi:parity_apps:nothing("x")', "has no nothing"),
        ("wsgi:parity_apps:number()", "cannot be called"),
        ("wsgi:parity_apps", "is named module:app"),
        ("ftp:x", "A target is wsgi:module:app"),
    ],
)
def test_an_address_that_leads_nowhere_is_said_in_a_sentence(address: str, said: str) -> None:
    with pytest.raises(TargetError, match=said):
        open_target(address)
    if address.startswith("wsgi"):
        with pytest.raises(TargetError, match=said):
            open_target(TargetSpec(address, process=True))


def test_a_process_has_an_environment_and_a_state_of_its_own() -> None:
    address = "wsgi:parity_apps:wsgi_counts"
    specs = [TargetSpec(address, env={"PARITY_WORD": word}) for word in ("one", "two")]
    one, two = (open_target(spec) for spec in specs)

    said = [target.send(GET).body for target in (one, one, two)]

    assert [b"one 1", b"one 2", b"two 1"] == said
    assert "PARITY_WORD" not in os.environ
    one.close()
    two.close()


@pytest.mark.parametrize("kind", ["wsgi", "asgi"])
def test_what_an_application_in_a_process_prints_comes_not_between(kind: str) -> None:
    target = open_target(TargetSpec(f"{kind}:parity_apps:{kind}_prints", process=True))

    assert b"printed" == target.send(GET).body
    target.close()


def test_what_an_application_in_a_process_raises_is_raised_here() -> None:
    target = open_target(TargetSpec("wsgi:parity_apps:wsgi_raises", "mine", process=True))

    with pytest.raises(ApplicationError, match="mine raised ValueError on GET /: inside"):
        target.send(GET)
    target.close()


def test_a_process_that_ends_is_said() -> None:
    target = open_target(TargetSpec("wsgi:parity_apps:wsgi_exits", "mine", process=True))

    with pytest.raises(TargetError, match="The process of mine ended with 3"):
        target.send(GET)
    target.close()


def test_a_process_that_does_not_answer_is_not_waited_for_for_ever() -> None:
    spec = TargetSpec("wsgi:parity_apps:wsgi_sleeps", "mine", process=True, timeout=0.2)
    target = open_target(spec)

    with pytest.raises(TargetError, match="mine gave no answer within"):
        target.send(GET)
    target.close()


def test_an_application_may_reset_itself_in_its_process() -> None:
    spec = TargetSpec(
        "wsgi:parity_apps:wsgi_counts", process=True, reset="parity_apps:reset_counts"
    )
    target = open_target(spec)
    assert isinstance(target, ProcessTarget)
    reset = reset_of(spec, target)
    assert reset is not None

    target.send(GET)
    reset()

    assert b" 1" == target.send(GET).body
    target.close()


def test_a_reset_by_command_has_the_environment_of_its_target(tmp_path: Path) -> None:
    script = "import os, pathlib; pathlib.Path(os.environ['PARITY_FILE']).write_text('reset')"
    spec = TargetSpec(
        "wsgi:parity_apps:wsgi_steady",
        reset=f'{sys.executable} -c "{script}"',
        env={"PARITY_FILE": str(tmp_path / "said")},
    )

    open_runner(spec, "mine").close()

    assert "reset" == (tmp_path / "said").read_text()


@pytest.mark.parametrize(
    ("reset", "said"),
    [
        ("no-such-program-anywhere", "cannot be run"),
        ("'unclosed", "cannot be run"),
        ("parity_apps:nothing", "has no nothing"),
        ("parity_apps:wsgi_raises", "raised TypeError"),
    ],
)
def test_a_reset_that_cannot_be_done_is_said_in_a_sentence(reset: str, said: str) -> None:
    with pytest.raises(TargetError, match=said):
        open_runner(TargetSpec("wsgi:parity_apps:wsgi_steady", reset=reset), "mine")


@pytest.mark.parametrize("kind", ["wsgi", "asgi"])
@pytest.mark.parametrize("process", [False, True])
def test_a_sequence_gets_back_what_was_answered(kind: str, process: bool) -> None:
    runner = open_runner(TargetSpec(f"{kind}:parity_apps:{kind}_echo", process=process), "mine")
    sequence = (
        Step("POST", ("/a",), body=('"caf\xc3\xa9 "',)),
        Step(
            "GET", ("/b/", Reference(0, "body:/body", "url"), "?x=", Reference(0, "header:x-one"))
        ),
        Step("GET", ("/c", Reference(9, "body:/nothing"))),
    )

    runner.start(sequence)
    exchanges = runner.finish()

    assert "/b/%22caf%C3%83%C2%A9%20%22?x=1" == exchanges[1].request.target
    assert "/c" == exchanges[2].request.target
    assert [201, 201, 201] == [one.answer.status for one in exchanges if one.answer]
    runner.close()


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@contextlib.contextmanager
def https(authority: trustme.CA) -> Iterator[str]:
    """The URL of a server with a certificate that only `authority` vouches for."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", "6")
            self.end_headers()
            self.wfile.write(b"secret")

        def log_message(self, *arguments: object) -> None:
            pass

    class Server(http.server.ThreadingHTTPServer):
        def handle_error(self, *arguments: object) -> None:
            """A client that does not trust us hangs up."""

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    with Server(("127.0.0.1", 0), Handler) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"https://localhost:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


def test_a_certificate_is_verified_unless_it_is_said_not_to_be(
    authority: trustme.CA, tmp_path: Path
) -> None:
    trusted = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(trusted))
    with https(authority) as url:
        for verify in (str(trusted), False):
            target = open_target(TargetSpec(url, verify=verify))
            assert b"secret" == target.send(GET).body
            target.close()
        with pytest.raises(TargetError, match=r"(?i)certificate"):
            open_target(url)
        with pytest.raises(TargetError, match="cannot be read"):
            open_target(TargetSpec(url, verify=str(tmp_path / "none.pem")))
