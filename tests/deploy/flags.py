"""Every flag that deploy/ sets has the effect that its comment says, on every supported pair.

Not with the default tests: thirty servers start. `nox -s deploy`, or one pair alone:

    python -m pytest tests/deploy/flags.py -k "flask and granian"
"""

import contextlib
import http.client
import os
import signal
import socket
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.deploy.running import (
    PATIENCE,
    Running,
    answer,
    application,
    ask,
    connect,
    environment,
    free_port,
    message,
    wait_for,
)
from tests.seeds import seeded, token_of
from tests.servers.pairs import PAIRS, Pair

# A request that a server waits for: half of the body is sent at first.
POST = b'{"title": "Half", "content": "then the rest"}'
HALF = len(POST) // 2
ADA = {"Authorization": f"Bearer {token_of('ada')}", "Content-Type": "application/json"}
SHOWN = "/api/posts/1"

names = [pair.name for pair in PAIRS]


@pytest.fixture(scope="module")
def seed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return seeded(tmp_path_factory.mktemp("seed"))


def started(pair: Pair, seed: Path, folder: Path, *flags: str) -> Running:
    """A server that is not started yet, with a module of its own that tells who imports it.

    It stands in a folder where nothing else is written: granian's --reload looks at every file.
    """
    module, _, name = application(pair).partition(":")
    code = folder / "code"
    code.mkdir()
    (code / "loaded.py").write_text(
        "import os, pathlib\n"
        "with (pathlib.Path(__file__).parents[1] / 'imports').open('a') as file:\n"
        "    file.write(f'{os.getpid()}\\n')\n"
        f"from {module} import {name} as app\n"
    )
    database = folder / "blog.sqlite3"
    database.write_bytes(seed.read_bytes())
    environ = environment(pair, f"sqlite:///{database}") | {"PYTHONPATH": str(code)}
    ours = replace(pair, application="loaded:app")
    return Running(ours, environ, folder / "server.log", flags=flags)


def imported_by(folder: Path) -> list[int]:
    """The processes that imported the application."""
    return [int(line) for line in (folder / "imports").read_text().splitlines()]


def half_sent(server: Running) -> socket.socket:
    """A connection on which half a request was sent: the server has begun with it."""
    connection = connect(server.address)
    whole = message("/api/posts", "POST", POST, ADA)
    connection.sendall(whole[:-HALF])
    return connection


def send_the_rest(connection: socket.socket) -> int:
    """The status of the answer, once the other half is sent."""
    connection.sendall(POST[-HALF:])
    return answer(connection, "POST").status


def gives_nothing(connection: socket.socket, seconds: float) -> bool:
    """Whether nothing comes on this connection for so long."""
    connection.settimeout(seconds)
    try:
        connection.recv(1, socket.MSG_PEEK)
    except TimeoutError:
        return True
    finally:
        connection.settimeout(PATIENCE)
    return False


# --- how many, and what is said ------------------------------------------------------------------


@pytest.fixture(scope="module", params=PAIRS, ids=names)
def telling(
    request: pytest.FixtureRequest, seed: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Running]:
    """Three workers on a port, with an access log, that keep idle connections for two seconds."""
    pair, folder = request.param, tmp_path_factory.mktemp("telling")
    flags = {
        "gunicorn": [
            *("--access-logfile", str(folder / "access.log")),
            *("--error-logfile", str(folder / "error.log")),
            *("--keep-alive", "2", "--log-level", "info"),
        ],
        "uvicorn": ["--access-log", "--timeout-keep-alive", "2", "--log-level", "info"],
        "granian": [
            *("--access-log", "--http1-header-read-timeout", "2000", "--log-level", "info"),
        ],
    }[pair.server]
    with started(pair, seed, folder, "--workers", "3", *flags) as server:
        server.wait_for_workers(3)
        yield server


def log_of(server: Running, name: str) -> str:
    """The file of that name, else what the server wrote to its outputs."""
    file = server.log.with_name(f"{name}.log")
    return file.read_text() if file.exists() else server.said()


def test_workers_are_so_many_processes(telling: Running) -> None:
    assert 3 == len(telling.workers())


def test_it_listens_where_it_is_bound(telling: Running) -> None:
    assert isinstance(telling.address, tuple)
    port = telling.address[1]
    inside = {
        line.split()[1]
        for line in Path("/proc/net/tcp").read_text().splitlines()[1:]
        if line.split()[3] == "0A" and line.split()[1].endswith(f":{port:04X}")
    }
    assert {f"0100007F:{port:04X}"} == inside  # 127.0.0.1, and no other address


def test_preloading_imports_the_application_once(telling: Running) -> None:
    if telling.pair.server == "gunicorn":
        assert [telling.process.pid] == imported_by(telling.log.parent)
    else:
        wait_for(
            lambda: set(telling.workers()) == set(imported_by(telling.log.parent)),
            "every worker imports it: there is no such flag",
        )


def test_an_access_log_has_a_line_for_a_request(telling: Running) -> None:
    assert 200 == ask(telling.address, SHOWN).status
    wait_for(lambda: SHOWN in log_of(telling, "access"), "a line")


def test_nobody_is_believed_about_the_client(telling: Running) -> None:
    fields = {"X-Forwarded-For": "192.0.2.77", "Forwarded": "for=192.0.2.77", "SCRIPT_NAME": "/x"}
    assert 200 == ask(telling.address, "/api/users/ada", headers=fields).status
    wait_for(lambda: "/api/users/ada" in log_of(telling, "access"), "a line")
    (line,) = [x for x in log_of(telling, "access").splitlines() if "/api/users/ada" in x]
    assert "127.0.0.1" in line
    assert "192.0.2.77" not in line


def test_a_log_at_info_tells_of_workers(telling: Running) -> None:
    (said,) = {
        "gunicorn": ["Booting worker with pid"],
        "uvicorn": ["Started server process"],
        "granian": ["Spawning worker-1 with PID"],
    }[telling.pair.server]
    assert said in log_of(telling, "error")


def test_the_server_is_the_one_that_was_chosen(telling: Running) -> None:
    said = {
        "gunicorn-wsgi": "Using worker: gthread",
        "gunicorn-asgi": "Using worker: asgi",
        "uvicorn": "Uvicorn running on",
        "granian-wsgi": "Starting granian",
        "granian-asgi": "Starting granian",
    }[telling.pair.kind]
    assert said in log_of(telling, "error")


def test_an_idle_connection_is_kept_and_then_closed(telling: Running) -> None:
    with contextlib.closing(connect(telling.address)) as connection:
        for _ in range(2):
            connection.sendall(message("/livez"))
            assert 200 == answer(connection).status
        since = time.monotonic()
        assert b"" == connection.recv(1)
        assert time.monotonic() - since > 1.5


def test_the_longest_request_line_reaches_the_blog(telling: Running) -> None:
    target = "/api/posts?q=" + "%C3%A9" * 1340  # 2,680 characters of two bytes, three for each sent
    found = ask(telling.address, target[:8150])
    assert "x-request-id" in found.headers  # the blog's own, whatever it says
    assert (414, "application/problem+json") == (found.status, found.headers["content-type"])


def test_the_loop_is_the_fast_one_where_it_is_installed(telling: Running) -> None:
    if telling.pair.kind.endswith("wsgi"):
        return  # no loop of Python's
    wait_for(
        lambda: all("uvloop" in Path(f"/proc/{pid}/maps").read_text() for pid in telling.workers()),
        "uvloop in every worker",
    )


# --- a unix socket; workers that are replaced ----------------------------------------------------


@pytest.fixture(scope="module", params=PAIRS, ids=names)
def replacing(
    request: pytest.FixtureRequest, seed: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Running]:
    """Two workers on a unix socket that are replaced after twenty requests, and say little."""
    pair, folder = request.param, tmp_path_factory.mktemp("replacing")
    flags = {
        "gunicorn": ["--max-requests", "20", "--max-requests-jitter", "10"],
        "uvicorn": ["--limit-max-requests", "20", "--limit-max-requests-jitter", "10"],
        "granian": ["--workers-max-rss", "1", "--rss-sample-interval", "20"],
    }[pair.server]
    server = started(pair, seed, folder, *flags, "--log-level", "warning")
    server.address = str(folder / "blog.sock")
    server.start()
    server.first = server.wait_for_workers(2)  # type: ignore[attr-defined]
    wait_for(server.ready, "ready")
    yield server
    server.stop()


def test_a_unix_socket_is_a_place_to_listen(replacing: Running) -> None:
    assert isinstance(replacing.address, str)
    assert Path(replacing.address).is_socket()
    assert 200 == ask(replacing.address, SHOWN).status


def test_a_worker_is_replaced_when_it_has_done_enough(replacing: Running) -> None:
    first = set(replacing.first)  # type: ignore[attr-defined]
    asked = lost = 0
    deadline = time.monotonic() + PATIENCE
    while first & set(replacing.workers()):
        assert time.monotonic() < deadline, "the first workers are still there"
        asked += 1
        try:
            assert 200 == ask(replacing.address, SHOWN).status
        except ConnectionResetError:
            lost += 1
        if asked > 100:
            time.sleep(0.1)
    if replacing.pair.server != "granian":  # which counts memory, not requests
        assert asked >= 20
    # A worker of uvicorn's that goes closes the connection that it has just taken.
    assert lost <= (len(first) if replacing.pair.server == "uvicorn" else 0)
    wait_for(lambda: len(replacing.workers()) >= 2, "two workers again")


def test_without_an_access_log_no_request_is_told(replacing: Running) -> None:
    assert 200 == ask(replacing.address, SHOWN).status
    assert SHOWN not in replacing.said()


def test_a_log_at_warning_tells_of_no_worker(replacing: Running) -> None:
    said = replacing.said()
    assert not any(word in said for word in ("Booting", "Started server process", "Spawning"))


# --- one worker: how much at once, and reloading --------------------------------------------------


@pytest.fixture(scope="module", params=PAIRS, ids=names)
def reloading(
    request: pytest.FixtureRequest, seed: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Running]:
    """One worker with two threads that starts again when a file changes."""
    pair, folder = request.param, tmp_path_factory.mktemp("reloading")
    flags = {
        "gunicorn-wsgi": ["--threads", "2", "--worker-connections", "6", "--keep-alive", "60"],
        "gunicorn-asgi": [],
        "uvicorn": [
            *("--reload-dir", str(folder / "code")),
            *("--limit-concurrency", "4", "--loop", "asyncio"),
        ],
        "granian-wsgi": ["--blocking-threads", "2", "--reload-paths", str(folder / "code")],
        "granian-asgi": ["--reload-paths", str(folder / "code")],
    }[pair.kind]
    if pair.server != "gunicorn":
        flags.append("--reload")
    server = started(pair, seed, folder, "--workers", "1", *flags)
    server.environ = {**server.environ, "GUNICORN_RELOAD": "on"}
    with server:
        yield server


def test_threads_are_so_many_requests_at_once(reloading: Running) -> None:
    """Half a request holds a thread of WSGI, and none of ASGI."""
    with contextlib.ExitStack() as stack:
        held = [stack.enter_context(half_sent(reloading)) for _ in range(1)]
        assert 200 == ask(reloading.address, "/livez").status
        held.append(stack.enter_context(half_sent(reloading)))
        waiting = stack.enter_context(connect(reloading.address))
        time.sleep(0.5)  # for both to be begun with
        waiting.sendall(message("/livez"))
        if reloading.pair.kind.endswith("wsgi"):
            assert gives_nothing(waiting, 2)
        assert 201 == send_the_rest(held[0])
        assert 200 == answer(waiting).status
        assert 201 == send_the_rest(held[1])


def test_connections_are_limited(reloading: Running) -> None:
    """gunicorn lets more of them wait, uvicorn says 503; granian is told what is at once."""
    idle_ones = {"gunicorn-wsgi": 4, "uvicorn": 3}.get(reloading.pair.kind)
    if idle_ones is None:
        return
    with contextlib.ExitStack() as stack:
        idle = []
        for _ in range(idle_ones):
            connection = stack.enter_context(connect(reloading.address))
            _asks(connection)
            idle.append(connection)
        if reloading.pair.server == "gunicorn":
            # It keeps as many as all less the threads; the others have said nothing yet, for which
            # a thread waits five seconds and the main loop after that.
            for _ in range(2):
                stack.enter_context(connect(reloading.address))
            time.sleep(6)
        one_more = stack.enter_context(connect(reloading.address))
        one_more.sendall(message("/livez"))
        if reloading.pair.server == "gunicorn":
            assert gives_nothing(one_more, 2)
            _asks(idle[1])  # the threads are free
            idle[0].close()
            assert 200 == answer(one_more).status
        else:
            found = answer(one_more)
            assert (503, False) == (found.status, "x-request-id" in found.headers)
    wait_for(lambda: ask(reloading.address, "/livez").status == 200, "room again")


def _asks(connection: socket.socket) -> None:
    connection.sendall(message("/livez"))
    assert 200 == answer(connection).status


def test_a_changed_file_starts_the_application_again(reloading: Running) -> None:
    before = imported_by(reloading.log.parent)
    module = reloading.log.with_name("code") / "loaded.py"
    module.write_text(module.read_text() + "# changed\n")
    wait_for(lambda: len(imported_by(reloading.log.parent)) > len(before), "imported again")
    wait_for(lambda: _is_ready(reloading), "ready again")


def _is_ready(server: Running) -> bool:
    with contextlib.suppress(OSError, http.client.HTTPException):
        return ask(server.address, "/readyz", timeout=10).status == 200
    return False


def test_another_loop_is_another_loop(reloading: Running) -> None:
    if reloading.pair.server == "uvicorn":
        (pid,) = imported_by(reloading.log.parent)[-1:]
        assert "uvloop" not in Path(f"/proc/{pid}/maps").read_text()


# --- a worker that hangs or dies; the end --------------------------------------------------------


@pytest.mark.parametrize("pair", PAIRS, ids=names)
def test_what_hangs_is_replaced_and_what_is_in_progress_is_finished(
    pair: Pair, seed: Path, tmp_path: Path
) -> None:
    """On a socket that was handed over, where the server takes one."""
    flags = {
        "gunicorn": ["--timeout", "10", "--graceful-timeout", "8"],
        "uvicorn": ["--timeout-worker-healthcheck", "15", "--timeout-graceful-shutdown", "8"],
        "granian": ["--workers-kill-timeout", "8", "--respawn-interval", "1"],
    }[pair.server]
    server = started(pair, seed, tmp_path, *flags)
    with contextlib.ExitStack() as stack:
        if pair.server != "granian":
            listener = stack.enter_context(socket.socket())
            listener.bind(("127.0.0.1", 0))
            listener.listen(64)
            server.address, server.inherited = listener.getsockname(), listener
        stack.enter_context(server)
        server.wait_for_workers(2)
        _hang_or_die(server)
        finishing, never = stack.enter_context(half_sent(server)), half_sent(server)
        stack.callback(never.close)
        time.sleep(1)  # for both to be begun with
        since = time.monotonic()
        server.signal(signal.SIGTERM)
        time.sleep(1)
        assert 201 == send_the_rest(finishing)
        server.process.wait(PATIENCE)  # though one client never sends the rest
        assert time.monotonic() - since > 5
        assert server.inherited is not None or not _listens(server)


def _hang_or_die(server: Running) -> None:
    first = server.workers()
    # granian does not look whether a worker hangs; one that dies is replaced.
    os.kill(first[0], signal.SIGKILL if server.pair.server == "granian" else signal.SIGSTOP)
    wait_for(lambda: first[0] not in server.workers(), "the worker is gone")
    server.wait_for_workers(2)  # another in its place
    wait_for(server.ready, "ready again")


def _listens(server: Running) -> bool:
    try:
        connect(server.address).close()
    except OSError:
        return False
    return True


def test_a_port_that_is_taken_is_said(seed: Path, tmp_path: Path) -> None:
    """A second server on the same port fails at once with gunicorn and uvicorn."""
    port = free_port()
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", port))
        listener.listen()
        server = started(PAIRS[1], seed, tmp_path)
        server.address = ("127.0.0.1", port)
        server.start()
        try:
            assert 0 != server.process.wait(PATIENCE)
        finally:
            server.stop()
        assert "already in use" in server.said()
