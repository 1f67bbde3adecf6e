"""The demo as its user meets it: real processes, real servers, real signals."""

import http.client
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest

from triptych.demonstration import AUTHOR, AUTHORS_PASSWORD
from triptych.library import articles
from triptych.page.state import State
from triptych.page.stories import STORIES
from triptych.servers import FRAMEWORKS
from triptych.tour import TOUR

pytestmark = pytest.mark.once

STEPS = sum(len(chapter.steps) for chapter in TOUR)

Run = Callable[..., "subprocess.CompletedProcess[str]"]


class Demo:
    """`triptych demo` that keeps serving, its screen in a file."""

    def __init__(self, directory: Path, port: int, env: dict[str, str]) -> None:
        self.port = port
        self._screen = directory / "screen.txt"
        with self._screen.open("wb") as output:
            self.process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "triptych", "demo"),
                    *("--directory", str(directory / "demo"), "--port", str(port)),
                ],
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    @property
    def screen(self) -> str:
        return self._screen.read_text("utf-8")

    def wait_for(self, text: str) -> None:
        wait_until(lambda: text in self.screen or self.process.poll() is not None, 300)
        assert text in self.screen, self.screen

    def end(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(30)


@pytest.fixture
def port() -> int:
    """The second of four ports in a row that were free a moment ago: the first is the page's.

    From below those that the system gives to clients: they would not stay free.
    """
    for base in range(20_000 + os.getpid() % 2_500 * 4, 32_000, 4):
        if all(is_free(base + position) for position in range(-1, 3)):
            return base
    raise RuntimeError("no four ports in a row are free")


@pytest.fixture
def demo(tmp_path: Path, port: int, environment: dict[str, str]) -> Iterator[Demo]:
    running = Demo(tmp_path, port, environment)
    yield running
    running.end()


def test_every_step_is_identical_and_no_process_stays(triptych: Run, port: int) -> None:
    first = triptych("demo", "--once", "--port", str(port))
    assert first.returncode == 0, first.stdout + first.stderr
    assert f"All {STEPS} steps are identical." in first.stdout
    verdicts = [line.rsplit(maxsplit=1)[-1] for line in first.stdout.splitlines() if line.strip()]
    assert verdicts.count("identical") == STEPS
    assert processes_on(port) == {}

    again = triptych("demo", "--once", "--port", str(port))
    assert again.returncode == 0, again.stdout + again.stderr
    assert "Using again what is in" in again.stdout
    assert f"All {STEPS} steps are identical." in again.stdout


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_everything(demo: Demo, number: signal.Signals) -> None:
    demo.wait_for("keep serving")
    assert len(processes_on(demo.port)) >= len(FRAMEWORKS)
    demo.process.send_signal(number)
    assert demo.process.wait(300) == 0
    assert "Stopped: nothing is left running." in demo.screen
    assert processes_on(demo.port, besides=demo.process.pid) == {}


def test_a_signal_before_the_tour_ends_everything(demo: Demo) -> None:
    demo.wait_for("posts by")
    demo.process.send_signal(signal.SIGINT)
    assert demo.process.wait(300) == 130
    assert processes_on(demo.port) == {}


def test_the_demo_says_where_to_look_round_and_as_whom(demo: Demo) -> None:
    demo.wait_for("signed in at all of them")
    assert f'Sign in as {AUTHOR} with the password "{AUTHORS_PASSWORD}".' in demo.screen
    # The tour has scrolled away where the page was named first.
    assert f"  http://127.0.0.1:{demo.port - 1}/  all three, side by side\n" in demo.screen
    form = urlencode({"username": AUTHOR, "password": AUTHORS_PASSWORD, "next": "/drafts"})
    for port in range(demo.port, demo.port + len(FRAMEWORKS)):
        assert f"  http://127.0.0.1:{port}/  " in demo.screen
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        connection.request("GET", "/")
        home = connection.getresponse()
        assert (200, True) == (home.status, b"<ol class=" in home.read())
        connection.request(
            "POST", "/login", form, {"Content-Type": "application/x-www-form-urlencoded"}
        )
        signed_in = connection.getresponse()
        signed_in.read()
        assert (303, "/drafts") == (signed_in.status, signed_in.headers["Location"])
        connection.close()


def test_every_story_is_identical_on_the_page(demo: Demo) -> None:
    demo.wait_for("keep serving")
    assert f"Side by side, in a browser:  http://127.0.0.1:{demo.port - 1}/" in demo.screen
    assert demo.screen.index("Side by side") < demo.screen.index("The tour:")
    for story in STORIES:
        connection = http.client.HTTPConnection("127.0.0.1", demo.port - 1, timeout=120)
        connection.request("GET", State(story.slug).url)
        answer = connection.getresponse()
        html = answer.read().decode()
        connection.close()
        assert (200, 1) == (answer.status, html.count("<strong>Identical</strong>")), story.slug
        assert html.count(f"<strong>{story.step.status} ") == len(FRAMEWORKS), story.slug


def test_the_page_leaves_the_database_as_it_was(demo: Demo, tmp_path: Path) -> None:
    demo.wait_for("keep serving")
    for slug in ("publish", "sign-up", "create"):
        connection = http.client.HTTPConnection("127.0.0.1", demo.port - 1, timeout=120)
        connection.request("GET", State(slug).url)
        assert connection.getresponse().status == 200
        connection.close()
    demo.end()
    database = sqlite3.connect(tmp_path / "demo" / "blog.sqlite3")
    authors = {article.author for article in articles()}
    assert authors == {name for (name,) in database.execute("SELECT username FROM users")}
    assert [(len(articles()),)] == database.execute("SELECT count(*) FROM posts").fetchall()
    assert [(0,)] == database.execute("SELECT count(*) FROM tokens").fetchall()
    database.close()


def test_killing_the_demo_ends_its_servers(demo: Demo) -> None:
    demo.wait_for("keep serving")
    demo.process.kill()
    demo.process.wait()
    wait_until(lambda: not processes_on(demo.port), 20)
    assert processes_on(demo.port) == {}


def test_when_a_server_dies_the_demo_names_it_and_stops(demo: Demo) -> None:
    demo.wait_for("keep serving")
    flask = demo.port + 1
    masters = [
        pid
        for pid, line in processes_on(demo.port).items()
        if f":{flask}" in line and parent_of(pid) == demo.process.pid
    ]
    assert len(masters) == 1
    os.kill(masters[0], signal.SIGKILL)
    assert demo.process.wait(300) == 6
    assert f"triptych: Flask on port {flask} died (SIGKILL)" in demo.screen
    assert "Traceback" not in demo.screen
    assert processes_on(demo.port) == {}


def test_a_taken_port_is_one_sentence(triptych: Run, port: int) -> None:
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", port + 2))
        other.listen()
        ended = triptych("demo", "--once", "--port", str(port))
    assert ended.returncode == 3
    assert ended.stderr == (
        f"triptych: Port {port + 2} is already in use: end what listens there, or pass --port for "
        "three other ports.\n"
    )
    assert processes_on(port) == {}


def test_a_taken_port_of_the_page_is_one_sentence(triptych: Run, port: int) -> None:
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", port - 1))
        other.listen()
        ended = triptych("demo", "--port", str(port))
    assert ended.returncode == 3
    assert ended.stderr == (
        f"triptych: Port {port - 1} is already in use: end what listens there, pass --page-port "
        "for another or --no-page for none.\n"
    )


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--page-port", "9002", "--port", "9001"], "Port 9002 is one of the three"),
        (["--port", "1"], "There is no port before this one"),
        (["--open", "--no-page"], "--open needs the page"),
    ],
)
def test_a_page_that_cannot_be_is_one_sentence(
    triptych: Run, arguments: list[str], said: str
) -> None:
    ended = triptych("demo", *arguments)
    assert (2, True) == (ended.returncode, said in ended.stderr)


def test_a_locked_database_is_one_sentence(triptych: Run, port: int, tmp_path: Path) -> None:
    (tmp_path / "triptych-demo").mkdir()
    database = tmp_path / "triptych-demo" / "blog.sqlite3"
    other = sqlite3.connect(database, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    ended = triptych("demo", "--once", "--port", str(port))
    other.close()
    assert ended.returncode == 4
    assert ended.stderr == (
        f"triptych: The database sqlite:///{database} is locked by another program; end that "
        "program, or name another database.\n"
    )


def test_a_missing_framework_is_one_sentence(
    port: int, tmp_path: Path, environment: dict[str, str]
) -> None:
    ended = subprocess.run(
        # Without the site module only what PYTHONPATH names is installed.
        [sys.executable, "-S", "-m", "triptych", "demo", "--once", "--port", str(port)],
        env=environment | {"PYTHONPATH": path_without("flask", tmp_path)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 5
    assert ended.stderr == ("triptych: Flask is not installed: pip install 'triptych[flask]'\n")
    assert not (tmp_path / "triptych-demo").exists()


def path_without(package: str, directory: Path) -> str:
    """All that can be imported here but one package, by links to it."""
    entries = [Path(entry) for entry in sys.path if entry and Path(entry).is_dir()]
    kept = []
    for number, entry in enumerate(entries):
        if (entry / package).is_dir():
            links = directory / f"packages-{number}"
            links.mkdir()
            for found in entry.iterdir():
                if found.name != package:
                    (links / found.name).symlink_to(found)
            kept.append(links)
        else:
            kept.append(entry)
    return os.pathsep.join(map(str, kept))


def processes_on(port: int, *, besides: int = 0) -> dict[int, str]:
    """The processes whose command line names one of three ports, by id."""
    ports = {str(port + position) for position in range(3)}
    # Whole lines: ps cuts them to COLUMNS where that is set.
    lines = subprocess.run(
        ["ps", "-ww", "-eo", "pid=,args="], capture_output=True, text=True, check=True
    )
    found = {}
    for line in lines.stdout.splitlines():
        pid, _, arguments = line.strip().partition(" ")
        if ports & set(arguments.replace(":", " ").split()) and int(pid) != besides:
            found[int(pid)] = arguments
    return found


def parent_of(pid: int) -> int:
    shown = subprocess.run(
        ["ps", "-o", "ppid=", "-p", str(pid)], capture_output=True, text=True, check=True
    )
    return int(shown.stdout)


def is_free(port: int) -> bool:
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def wait_until(true: Callable[[], object], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not true() and time.monotonic() < deadline:
        time.sleep(0.1)
