"""nginx and Caddy, with the files of deploy/, before all three frameworks at once.

Not with the default tests: they need the two programs. `nox -s deploy` installs them on Debian.
"""

import contextlib
import http.client
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.deploy.fronts import FRONTS, nginx_configuration
from tests.deploy.running import (
    DEPLOY,
    Address,
    Running,
    answer,
    ask,
    connect,
    environment,
    free_port,
    message,
    wait_for,
)
from tests.seeds import PASSWORD, seeded, token_of
from tests.servers.pairs import PAIRS

CHOSEN = ("django behind gunicorn-wsgi", "flask behind gunicorn-wsgi", "fastapi behind uvicorn")
ADA = {"Authorization": f"Bearer {token_of('ada')}", "Content-Type": "application/json"}

# What the suite asks and a proxy settles by itself: docs/servers.md says what, under "Proxies".
CONTRACT = (
    "blog_contract.test_posts",
    "blog_contract.test_caching",
    "blog_contract.test_problems",
)


@dataclass(frozen=True)
class Changed:
    """What a request is answered without a proxy, behind nginx and behind Caddy.

    "blog" before a status: the blog's own answer; "own": that of the server or the proxy; "none"
    where the connection ends without one.
    """

    data: str
    direct: str
    nginx: str
    caddy: str
    cut: bool = False


_HOST = "Host: localhost\r\n"
_POST = f"POST /api/posts HTTP/1.1\r\n{_HOST}Authorization: {ADA['Authorization']}\r\n"
_JSON = "Content-Type: application/json\r\n"
_CHUNKED = 'Transfer-Encoding: chunked\r\n\r\ne\r\n{"title": "x"}\r\n0\r\n\r\n'

CHANGES = {
    "HTTP/1.0 without Host": Changed(
        "GET /livez HTTP/1.0\r\n\r\n", "blog 400", "blog 400", "blog 200"
    ),
    "no Host": Changed("GET /livez HTTP/1.1\r\n\r\n", "blog 400", "own 400", "own 400"),
    "a path in Host": Changed(
        "GET /livez HTTP/1.1\r\nHost: localhost/x\r\n\r\n", "blog 400", "own 400", "own 400"
    ),
    "dots above the root": Changed(
        f"GET /../livez HTTP/1.1\r\n{_HOST}\r\n", "blog 404", "own 400", "blog 404"
    ),
    "an escaped NUL": Changed(
        f"GET /livez%00 HTTP/1.1\r\n{_HOST}\r\n", "blog 404", "own 400", "blog 404"
    ),
    "a broken escape in the path": Changed(
        f"GET /livez%zz HTTP/1.1\r\n{_HOST}\r\n", "blog 404", "own 400", "own 400"
    ),
    "raw UTF-8 in the path": Changed(
        f"GET /\u00e9 HTTP/1.1\r\n{_HOST}\r\n", "own 400", "own 400", "blog 404"
    ),
    "a fragment": Changed(
        f"GET /livez#x HTTP/1.1\r\n{_HOST}\r\n", "blog 200", "blog 200", "blog 404"
    ),
    "TRACE": Changed(f"TRACE /livez HTTP/1.1\r\n{_HOST}\r\n", "blog 405", "own 405", "blog 405"),
    "CONNECT to a path": Changed(
        f"CONNECT /livez HTTP/1.1\r\n{_HOST}\r\n", "blog 405", "own 405", "blog 405"
    ),
    "OPTIONS *": Changed(f"OPTIONS * HTTP/1.1\r\n{_HOST}\r\n", "blog 404", "own 400", "own 200"),
    "a folded value": Changed(
        f"GET /livez HTTP/1.1\r\n{_HOST}X-A: b\r\n c\r\n\r\n", "own 400", "own 400", "blog 200"
    ),
    "a length together with chunks": Changed(
        f"{_POST}{_JSON}Content-Length: 5\r\n{_CHUNKED}", "own 400", "own 400", "blog 201"
    ),
    "gzip, chunked": Changed(
        f"{_POST}{_JSON}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        "blog 400",
        "own 501",
        "own 501",
    ),
    "another expectation": Changed(
        f"GET /livez HTTP/1.1\r\n{_HOST}Expect: x\r\n\r\n", "own 417", "blog 200", "own 417"
    ),
    "a body cut short": Changed(
        f"{_POST}{_JSON}Content-Length: 20\r\n\r\n{{}}", "blog 400", "none", "own 200", cut=True
    ),
    "a body of 3 MiB": Changed(
        f"{_POST}{_JSON}Content-Length: 3145728\r\n\r\n", "blog 413", "own 413", "own 413"
    ),
}
"""What a proxy answers otherwise than gunicorn alone; docs/servers.md has the table."""


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Running]]:
    """The three, each on the server that is recommended, on one database, believing the proxy."""
    folder = tmp_path_factory.mktemp("servers")
    url = f"sqlite:///{seeded(folder)}"
    with contextlib.ExitStack() as stack:
        running = []
        for pair in PAIRS:
            if pair.name in CHOSEN:
                environ = environment(pair, url) | {
                    "BLOG_CORS_ORIGINS": "https://reader.example",
                    "BLOG_TRUSTED_PROXIES": "127.0.0.1",
                    "GUNICORN_ACCESS_LOG": "-",
                }
                server = Running(pair, environ, folder / f"{pair.framework}.log")
                server.start()
                stack.callback(server.stop)
                running.append(server)
        for server in running:
            wait_for(server.ready, f"{server.pair.name}: {server.log}")
        yield running


@dataclass(frozen=True)
class Front:
    name: str
    address: Address
    log: Path


@pytest.fixture(scope="module", params=FRONTS)
def front(
    request: pytest.FixtureRequest,
    servers: list[Running],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Front]:
    folder = tmp_path_factory.mktemp(request.param)
    upstreams = [f"{server.address[0]}:{server.address[1]}" for server in servers]
    with FRONTS[request.param](upstreams, folder) as address:
        log = folder / f"{request.param}.log"
        yield Front(request.param, address, log)


# --- the files -----------------------------------------------------------------------------------


def test_nginx_takes_its_file(tmp_path: Path) -> None:
    file = nginx_configuration(["127.0.0.1:8001"], free_port(), tmp_path)
    found = subprocess.run(
        ["nginx", "-t", "-p", str(tmp_path), "-c", str(file)],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"PATH": f"{os.environ['PATH']}:/usr/sbin"},
    )
    assert "syntax is ok" in found.stderr
    assert "test is successful" in found.stderr
    assert "[warn]" not in found.stderr


def test_nginx_takes_the_list_of_servers_as_it_stands(tmp_path: Path) -> None:
    file = nginx_configuration([], free_port(), tmp_path)
    (tmp_path / "blog-upstream.conf").write_bytes((DEPLOY / "nginx-upstream.conf").read_bytes())
    line = ["nginx", "-t", "-q", "-p", str(tmp_path), "-c", str(file)]
    env = os.environ | {"PATH": f"{os.environ['PATH']}:/usr/sbin"}
    assert 0 == subprocess.run(line, check=False, env=env).returncode


def test_caddy_takes_its_file_and_would_format_it_so(tmp_path: Path) -> None:
    file = str(DEPLOY / "Caddyfile")
    env = os.environ | {"HOME": str(tmp_path)}
    line = ["caddy", "validate", "--config", file, "--adapter", "caddyfile"]
    found = subprocess.run(line, capture_output=True, text=True, check=False, env=env)
    assert 0 == found.returncode, found.stderr
    assert "Valid configuration" in found.stdout + found.stderr
    line = ["caddy", "fmt", file]
    found = subprocess.run(line, capture_output=True, text=True, check=False, env=env)
    assert Path(file).read_text() == found.stdout


# --- what passes through -------------------------------------------------------------------------


def test_all_three_answer_behind_one_address(front: Front, servers: list[Running]) -> None:
    found = [ask(front.address, "/api/posts?limit=3") for _ in range(12)]
    assert {200} == {each.status for each in found}
    assert 1 == len({each.body for each in found})
    direct = [ask(server.address, "/api/posts?limit=3").body for server in servers]
    assert set(direct) == {found[0].body}


def test_part_of_the_contract_holds(front: Front, servers: list[Running]) -> None:
    assert isinstance(front.address, tuple)
    host, port = front.address
    line = [
        *(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--pyargs", *CONTRACT),
        *("--target", f"http://{host}:{port}", "--staff", f"sam:{PASSWORD}"),
        # Whichever of the three answers gives its own, the same in meaning only.
        *("-k", "not openapi"),
    ]
    env = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    found = subprocess.run(line, capture_output=True, text=True, check=False, env=env)
    assert 0 == found.returncode, found.stdout[-4000:]
    assert " passed" in found.stdout


@pytest.mark.parametrize("name", FRONTS)
def test_the_client_is_who_connected_and_not_whom_it_names(name: str, tmp_path: Path) -> None:
    """Were the field believed, each of these sign-ups would come from another network."""
    pair = next(pair for pair in PAIRS if pair.name == CHOSEN[1])
    environ = environment(pair, f"sqlite:///{seeded(tmp_path)}") | {
        "BLOG_TRUSTED_PROXIES": "127.0.0.1",
        "BLOG_LIMIT_SIGN_UP": "3/day",
    }
    with contextlib.ExitStack() as stack:
        one = ("--workers", "1")  # which counts by itself
        server = stack.enter_context(Running(pair, environ, tmp_path / "server.log", flags=one))
        (tmp_path / name).mkdir()
        upstreams = [f"{server.address[0]}:{server.address[1]}"]
        address = stack.enter_context(FRONTS[name](upstreams, tmp_path / name))
        statuses = []
        for number in range(5):
            account = {"username": f"u-{number}", "email": f"u-{number}@example.org"}
            body = json.dumps(account | {"password": PASSWORD}).encode()
            fields = {
                "Content-Type": "application/json",
                "X-Forwarded-For": f"192.0.{number}.1",
                "Forwarded": f"for=198.51.{number}.1",
            }
            statuses.append(ask(address, "/api/users", "POST", body, fields).status)
    assert [201, 201, 201, 429, 429] == statuses


def test_a_request_id_passes_and_a_bad_one_does_not(front: Front) -> None:
    found = ask(front.address, "/livez", headers={"X-Request-ID": "mine-1.2_3"})
    assert "mine-1.2_3" == found.headers["x-request-id"]
    wait_for(lambda: "mine-1.2_3" in front.log.read_text(), "the id in the proxy's log")
    found = ask(front.address, "/livez", headers={"X-Request-ID": "not this one"})
    assert "not this one" != found.headers["x-request-id"]
    assert found.headers["x-request-id"]


def test_what_is_too_large_is_refused_by_the_blog(front: Front) -> None:
    problem = "application/problem+json"
    large = b'{"title": "' + b"x" * (1024 * 1024 + 1) + b'"}'
    found = ask(front.address, "/api/posts", "POST", large, ADA)
    assert (413, problem) == (found.status, found.headers.get("content-type"))
    found = ask(front.address, "/api/posts?q=" + "x" * 2700)
    assert (414, problem) == (found.status, found.headers.get("content-type"))
    found = ask(front.address, "/api/posts", headers={"X-Large": "x" * 8100})
    assert (431, problem) == (found.status, found.headers.get("content-type"))


@pytest.mark.parametrize("name", CHANGES)
def test_a_proxy_changes_what_is_written_down(name: str, front: Front) -> None:
    case = CHANGES[name]
    wanted = {"nginx": case.nginx, "caddy": case.caddy}[front.name]
    assert wanted == outcome(front.address, case)


@pytest.mark.parametrize("name", CHANGES)
def test_without_a_proxy_it_is_as_written_down(name: str, servers: list[Running]) -> None:
    (flask,) = (server for server in servers if server.pair.framework == "flask")
    assert CHANGES[name].direct == outcome(flask.address, CHANGES[name])


def outcome(address: Address, case: Changed) -> str:
    """Who answers, and with which status."""
    with contextlib.closing(connect(address)) as connection:
        connection.sendall(case.data.encode())
        if case.cut:
            connection.shutdown(socket.SHUT_WR)
        try:
            told = answer(connection)
        except (OSError, http.client.HTTPException):
            return "none"
        return f"{'blog' if 'x-request-id' in told.headers else 'own'} {told.status}"


def test_a_client_that_breaks_off_puts_no_server_out_of_use(front: Front) -> None:
    for name in ("a body cut short", "a body of 3 MiB"):
        for _ in range(6):
            outcome(front.address, CHANGES[name])
    assert {200} == {ask(front.address, "/livez").status for _ in range(6)}


def test_a_slow_body_reaches_the_blog_when_it_is_whole(
    front: Front, servers: list[Running]
) -> None:
    """As many half-sent bodies as all threads together, and others are answered meanwhile."""
    body = b'{"title": 12345678}'  # 422: what writes may have to wait for its turn, and be 503
    with contextlib.ExitStack() as stack:
        slow = []
        for _ in range(72):
            connection = stack.enter_context(contextlib.closing(connect(front.address)))
            connection.sendall(message("/api/posts", "POST", body, ADA)[:-5])
            slow.append(connection)
        for _ in range(30):
            assert 200 == ask(front.address, "/livez").status
        for connection in slow:
            connection.sendall(body[-5:])
        assert {422} == {answer(connection, "POST").status for connection in slow}


@pytest.mark.parametrize("name", FRONTS)
def test_what_reads_is_asked_again_and_what_changes_is_not(name: str, tmp_path: Path) -> None:
    """Of two servers one breaks off each request; the other is the blog's."""
    seed = seeded(tmp_path)
    pair = next(pair for pair in PAIRS if pair.name == CHOSEN[1])
    with contextlib.ExitStack() as stack:
        server = Running(pair, environment(pair, f"sqlite:///{seed}"), tmp_path / "server.log")
        stack.enter_context(server)
        breaking = stack.enter_context(_breaks_off(tmp_path / "heard"))
        upstreams = [breaking, f"{server.address[0]}:{server.address[1]}"]
        folder = tmp_path / name
        folder.mkdir()
        address = stack.enter_context(FRONTS[name](upstreams, folder))
        statuses = []
        for _ in range(8):
            statuses.append(ask(address, "/livez").status)
            time.sleep(0.6)  # until the one that broke off is asked again
        assert {200} == set(statuses)
        heard = (tmp_path / "heard").read_text().count("GET")
        assert heard >= 1  # it was asked, and the other in its stead
        answers = []
        for _ in range(8):
            answers.append(ask(address, "/api/posts", "POST", b'{"title": "Once"}', ADA).status)
            time.sleep(0.6)
        assert {201, 502} == set(answers)
        posts = ask(
            server.address, "/api/posts?author=ada&status=draft&limit=100", headers=ADA
        ).body
        assert posts.count(b'"title":"Once"') == answers.count(201)


@contextlib.contextmanager
def _breaks_off(heard: Path) -> Iterator[str]:
    """A server that reads a request and closes the connection."""
    script = (
        "import pathlib, socket, sys\n"
        "listener = socket.create_server(('127.0.0.1', 0))\n"
        "print(listener.getsockname()[1], flush=True)\n"
        "while True:\n"
        "    connection, _ = listener.accept()\n"
        "    line = connection.recv(65536).split(b'\\r\\n')[0].decode()\n"
        "    with pathlib.Path(sys.argv[1]).open('a') as file:\n"
        "        file.write(line + '\\n')\n"
        "    connection.close()\n"
    )
    heard.touch()
    line = [sys.executable, "-c", script, str(heard)]
    with subprocess.Popen(line, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield f"127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.kill()


def test_a_pipelined_request_is_answered_in_its_turn(front: Front) -> None:
    with contextlib.closing(connect(front.address)) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.sendall(message("/livez"))
        assert 200 == answer(connection).status
        connection.sendall(message("/readyz"))
        assert 200 == answer(connection).status
