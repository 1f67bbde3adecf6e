"""What a reproducer sends is what was found, and it tells the truth when it is run."""

import re
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import notes_apps
import pytest

from http_parity.exchange import Answer, Request
from http_parity.explain import explain
from http_parity.replay import replay
from http_parity.reproduce import curl, pytest_file
from http_parity.results import Finding, Result
from http_parity.rules import Rule, Rules
from http_parity.sequence import Exchange, Reference, Sequence, Step
from http_parity.targets import TargetSpec

JSON = (("Content-Type", ("application/json",)),)
MAKE = Step("POST", ("/notes",), JSON, ('{"text": "it\'s \xc3\xa9"}',), "POST /notes")
HEAD = (MAKE, Step("HEAD", ("/notes/", Reference(0, "body:/id", "url"))))
STALE = (
    MAKE,
    Step("PUT", (Reference(0, "header:Location"),), JSON, ('{"text": "two"}',)),
    Step(
        "GET",
        ("/notes/", Reference(0, "header:location", pattern="/notes/(.+)")),
        (("Cookie", ("note=", Reference(0, "cookie:note", "json"))),),
        operation="GET /notes/{id}",
    ),
)


def spec(name: str) -> TargetSpec:
    return TargetSpec(f"wsgi:notes_apps:{name}", name, reset=f"notes_apps:{name}.reset")


def found(sequence: Sequence, fault: str) -> Finding:
    replayed = replay((spec("counts_from_seven"), spec(fault)), sequence)
    return Finding(sequence, replayed.names, replayed.exchanges, replayed.differences)


@pytest.mark.parametrize(
    ("sequence", "fault", "cause"),
    [(HEAD, "without_head", "HEAD answers 405"), (STALE, "stale", "a stale read after a write")],
)
def test_a_test_file_fails_with_the_fault_and_passes_without(
    tmp_path: Path, sequence: Sequence, fault: str, cause: str
) -> None:
    finding = found(sequence, fault)
    [told] = explain(Result(finding.targets, 1, 1, 1, 1.0, findings=(finding,)))
    assert cause == told.name
    for name, passes in ((fault, False), ("good", True)):
        text = pytest_file(told.name, finding, (spec("counts_from_seven"), spec(name)))
        file = tmp_path / f"test_{name}.py"
        file.write_text(text)
        run = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", file],
            capture_output=True,
            text=True,
            cwd=tmp_path,
            env={"PYTHONPATH": str(Path(notes_apps.__file__).parent)},
            check=False,
        )
        assert (0 if passes else 1) == run.returncode, run.stdout + run.stderr
        assert passes or "answer differently" in run.stdout


def test_a_test_file_leaves_free_what_it_is_not_about() -> None:
    a = Answer(200, (("ETag", '"1"'), ("Vary", "a")), b"")
    b = Answer(200, (("ETag", '"2"'), ("Vary", "b")), b"")
    request = Request("GET", "/")
    both = ((Exchange(request, a),), (Exchange(request, b),))
    finding = Finding((Step("GET", ("/",)),), ("a", "b"), both, ())
    [etag, _] = Rules().compare(a, b).left
    text = pytest_file("ETag changed", finding, (spec("good"), spec("good")), differences=[etag])
    assert "Rule('header:vary', 'not what this is about', kinds=('members',))" in text
    assert "etag'" not in text


def test_a_test_file_can_be_read_whatever_was_sent() -> None:
    step = Step("POST", ("/\xff'\"\\",), (("X", ('"""',)),), ("\0" + "[" * 5000, Reference(0, "x")))
    request = Request("GET", "/")
    both = ((Exchange(request, Answer(200)),), (Exchange(request, Answer(200)),))
    finding = Finding((step,), ("a", "b"), both, ())
    text = pytest_file('"""\\', finding, (spec("good"), TargetSpec("x", reset=print)))
    compile(text, "test_it.py", "exec")
    assert "'[' * 5000" in text
    assert "Its reset is a Python object" in text


def test_a_replay_says_in_words_what_differs() -> None:
    replayed = replay(("wsgi:notes_apps:good", "wsgi:notes_apps:good"), (MAKE,))
    assert "answer differently:\n  header location: '/notes/1' is not '/notes/2'\n  cookie" in str(
        replayed
    )
    rules = Rules(
        [Rule(where, "both count") for where in ("body:/id", "header:location", "cookie:note")]
    )
    assert "answer alike" in str(
        replay(("wsgi:notes_apps:good", "wsgi:notes_apps:good"), (MAKE,), rules=rules)
    )


def test_a_replay_sends_what_every_request_shall_have() -> None:
    both = replay(
        (spec("good"), spec("good")), (MAKE,), headers=[("X-Key", "1"), ("content-type", "x")]
    )
    assert (("Content-Type", "application/json"), ("X-Key", "1")) == both.exchanges[0][
        0
    ].request.headers


def test_lines_of_curl_are_these() -> None:
    finding = replace(found(HEAD, "without_head"), targets=("old", "http://127.0.0.1:9/"))
    assert (
        curl(finding)
        == r"""A=${A:-http://127.0.0.1:8001}  # old
B=${B:-http://127.0.0.1:9}  # http://127.0.0.1:9/
cd "$(mktemp -d)"
for base in "$A" "$B"; do
  curl -sS -D head0 -o body0 --path-as-is -g -X POST "$base"/notes -H 'Accept:' -H 'User-Agent:' \
      -H 'Content-Type: application/json' -H 'Expect:' --data-raw $'{"text": "it\'s \303\251"}'
  id=$(python3 -c 'import json; print(json.load(open("body0", "rb"))["id"])')
  printf '== %s\n' "$base"
  curl -sS -i --path-as-is -g --head "$base"/notes/"$id" -H 'Accept:' -H 'User-Agent:'
done
"""
    )


class Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 # its own name
        pass


@contextmanager
def served(app: Any) -> Iterator[str]:
    with make_server("127.0.0.1", 0, app, handler_class=Quiet) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def bash(script: str, *urls: str) -> list[str]:
    """What the script prints, for each of the two addresses."""
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        capture_output=True,
        env={
            "PATH": ":".join({str(Path(found).parent) for found in TOOLS if found}),
            "A": urls[0],
            "B": urls[1],
        },
        check=False,
    )
    assert (0, b"") == (done.returncode, done.stderr)
    return done.stdout.decode("latin-1").split("== ")[1:]


TOOLS = [shutil.which(tool) for tool in ("curl", "bash", "python3", "mktemp")]

# Where there is no curl, the text above is all that can be held.
if TOOLS[0]:

    @pytest.mark.parametrize(
        ("sequence", "fault", "seen"),
        [(HEAD, "without_head", "405"), (STALE, "stale", "it's Ã©")],
    )
    def test_lines_of_curl_show_the_fault(sequence: Sequence, fault: str, seen: str) -> None:
        script = curl(found(sequence, fault))
        for name, expected in ((fault, [False, True]), ("counts_from_seven", [False, False])):
            apps = [notes_apps.Notes(first=3), getattr(notes_apps, name)]
            apps[1].reset()
            with ExitStack() as stack:
                urls = [stack.enter_context(served(app)) for app in apps]
                assert expected == [seen in answer for answer in bash(script, *urls)]

    @pytest.mark.parametrize(
        "step",
        [
            Step("GET", ("/a/../b//c/%2e%zz?x=[1]{2}&y=",)),
            Step("GET", ('/a b\xff#c|^`<>"\\',)),
            Step("OPTIONS", ("*",)),
            Step("get", ("http://other/x",)),
            Step("HEAD", ("/a",)),
            Step("DELETE", ("/a",), (("X-Empty", ("",)), ("X-Two", ("1",)), ("X-Two", ("2",)))),
            Step("GET", ("/a",), (("Accept", ("x/y",)), ("X", ("'\"$HOME`\\ \xff",)))),
            Step("GET", ("/a",), (("Host", ("other.example",)),)),
            Step("POST", ("/a",)),
            Step("POST", ("/a",), (), ("@/etc/passwd\r\n",)),
            Step("PUT", ("/a",), JSON, ('"\0\xff\'\\001"',)),
            Step("PATCH", ("/a",), JSON, ("[" * 200_000,)),
            Step("GET", ("/a",), JSON, ("{}",)),
            Step("TRACE", ("/a",)),
        ],
        ids=lambda step: f"{step.method} {step.target[0]!a}",
    )
    def test_curl_sends_what_the_step_says_and_nothing_else(step: Step) -> None:
        request = Request(step.method, str(step.target[0]))
        both = ((Exchange(request, Answer(200)),), (Exchange(request, Answer(200)),))
        with recording() as (url, received):
            bash(curl(Finding((step,), ("a", "b"), both, ())), url, url)
        assert received[0] == received[1]
        head, _, body = received[0].partition(b"\r\n\r\n")
        line, *fields = head.decode("latin-1").split("\r\n")
        assert f"{step.method} {step.target[0]} HTTP/1.1" == line
        expected = [f"{name}: {''.join(map(str, value))}".rstrip() for name, value in step.headers]
        if "Host" not in dict(step.headers):
            expected.append(f"Host: {url.removeprefix('http://')}")
        if step.body or step.method in {"POST", "PUT", "PATCH"}:
            expected.append(f"Content-Length: {len(body)}")
        assert sorted(expected) == sorted(field.rstrip() for field in fields)
        assert "".join(map(str, step.body)).encode("latin-1") == body


@contextmanager
def recording() -> Iterator[tuple[str, list[bytes]]]:
    """An address that takes two requests, and what came there."""
    received: list[bytes] = []

    def serve(listener: socket.socket) -> None:
        for _ in range(2):
            connection, _ = listener.accept()
            with connection:
                received.append(read(connection.recv))
                connection.sendall(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=[listener])
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", received
        thread.join()


def read(receive: Callable[[int], bytes]) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data:
        data += receive(65536)
    head, _, body = data.partition(b"\r\n\r\n")
    length = re.search(rb"(?i)content-length: *(\d+)", head)
    while length and len(body) < int(length[1]):
        body += receive(65536)
    return head + b"\r\n\r\n" + body
