"""The command as a person or a script meets it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import items_pair
import pytest

pytestmark = pytest.mark.once

HERE = Path(__file__).parent
OLD = "wsgi:items_pair:old"
SAME = (
    "asgi:items_pair:same",
    "--reset",
    "items_pair:OLD.reset",
    "--reset",
    "items_pair:SAME.reset",
)
NEW = ("asgi:items_pair:new", "--reset", "items_pair:OLD.reset", "--reset", "items_pair:NEW.reset")
FEW = ("--examples", "150", "--no-wire")


def parity(*arguments: str | Path, **env: str) -> subprocess.CompletedProcess[str]:
    """The command, run where the applications are."""
    command = [sys.executable, "-c", "from http_parity.cli import main; main()", *arguments]
    given = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
    return subprocess.run(
        command, cwd=HERE, capture_output=True, text=True, check=False, env={**given, **env}
    )


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("document") / "openapi.json"
    file.write_text(json.dumps(items_pair.DOCUMENT))
    return file


def test_equal_targets_end_with_0(document: Path) -> None:
    done = parity("compare", OLD, *SAME, *FEW, "--openapi", document)
    assert (0, "No difference.") == (done.returncode, done.stdout.splitlines()[-1])
    assert "150 requests, seed 1.\n" in done.stderr
    assert "150 of 150 requests, 0 findings.\n" in done.stderr


def test_different_targets_end_with_1_and_leave_what_was_asked_for(
    document: Path, tmp_path: Path
) -> None:
    files = [tmp_path / f"report.{suffix}" for suffix in ("txt", "json", "xml", "html")]
    outputs = [word for file in files for word in ("--output", str(file))]
    tests = tmp_path / "tests"
    named = ("--name", "old", "--name", "new", "--openapi", document, "--seed", "2")
    done = parity("compare", OLD, *NEW, *FEW, *named, *outputs, "--tests", tests)
    assert 1 == done.returncode, done.stderr
    assert "\x1b" not in done.stdout + done.stderr
    assert "number became string" in done.stdout
    assert "seed 2" in done.stdout
    text, as_json, junit, page = (file.read_text("utf-8") for file in files)
    assert text.startswith("1. ")
    assert junit.startswith("<?xml version")
    assert page.startswith("<!doctype html>")
    assert len(list(tests.glob("test_*.py"))) == len(json.loads(as_json)["causes"])

    again = parity("replay", files[1])
    assert 1 == again.returncode
    assert "still there: number became string, 'GET /total'\n" in again.stdout
    fixed = ("--target", "new=asgi:items_pair:same", "--reset", "new=items_pair:SAME.reset")
    gone = parity("replay", files[1], *fixed)
    assert (0, "") == (gone.returncode, gone.stderr)
    assert "gone: number became string, 'GET /total'\n" in gone.stdout
    assert gone.stdout.splitlines()[-1].startswith("0 of ")


def test_json_can_be_what_is_printed(document: Path) -> None:
    done = parity("compare", OLD, *SAME, *FEW, "--openapi", document, "--report", "json")
    assert json.loads(done.stdout)["same"] is True


def test_rules_are_read_from_a_file_and_printed(document: Path, tmp_path: Path) -> None:
    rules = tmp_path / "rules.toml"
    rules.write_text(
        '[[rule]]\nwhere = "header:vary"\nwhy = "no cache"\n'
        '[[rule]]\nwhere = "body:/made"\nwhy = "agreed"\noperation = "GET /clock"\n'
        '[[rule]]\nwhere = "body:/nothing"\nwhy = "nobody knows"\n'
    )
    done = parity("compare", OLD, *NEW, *FEW, "--openapi", document, "--rules", rules)
    assert "Vary lost" not in done.stdout
    assert "date format" not in done.stdout
    assert "body:/nothing: nobody knows  (never needed)" in done.stdout
    assert "number became string" in done.stdout


def test_a_target_compared_with_itself_shows_its_noise(document: Path) -> None:
    steady = parity(
        *("calibrate", OLD, "--reset", "items_pair:OLD.reset"),
        *("--openapi", document, "--examples", "150"),
    )
    assert 0 == steady.returncode, steady.stdout
    assert "0 places in which wsgi:items_pair:old differs from itself" in steady.stdout
    counting = parity("calibrate", OLD, "--openapi", document, "--examples", "150")
    assert 1 == counting.returncode
    assert "POST /items, body:/id: " in counting.stdout


def test_one_request_can_be_sent_as_it_is_written() -> None:
    done = parity("send", OLD, "POST /items", "-H", "Content-Type: application/json", "-d", "{")
    assert (0, "400\n") == (done.returncode, done.stdout[:4])
    assert "Content-Type: application/json\n" in done.stdout
    assert done.stdout.endswith('\n\n{"error":"this is no JSON"}')


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["compare", OLD], "Name two targets or more; `parity calibrate` takes one."),
        (
            ["compare", OLD, OLD],
            f"{OLD} answers 404 and {OLD} answers 404 to GET /openapi.json; name",
        ),
        (["compare", OLD, "x"], "A target is wsgi:module:app, asgi:module:app or http://host:port"),
        (["compare", "wsgi:nosuch:app", OLD], "wsgi:nosuch:app cannot be imported: ModuleNotFound"),
        (["compare", "http://127.0.0.1:1", OLD], "Nothing answers at http://127.0.0.1:1: "),
        (["compare", OLD, OLD, "--openapi", "nosuch"], "nosuch: No such file or directory."),
        (
            ["compare", OLD, OLD, "--openapi", "test_cli.py"],
            "The document is neither JSON nor YAML",
        ),
        (["compare", OLD, OLD, "--rules", "nosuch"], "nosuch cannot be read: No such file or"),
        (["compare", OLD, OLD, "--output", "x.pdf"], "--output x.pdf: end it in .txt, .json, .xml"),
        (["compare", OLD, OLD, "--header", "x"], "A header is written 'Name: value', not 'x'."),
        (
            ["compare", OLD, OLD, "--env", "3:A=1"],
            "--env takes N:NAME=VALUE, N the target's number",
        ),
        (["compare", OLD, OLD, "--env", "1:A"], "--env takes NAME=VALUE, not 'A'."),
        (["compare", OLD, OLD, "--known", "1"], "--known takes a JSON object of texts, not '1'."),
        (["compare", OLD, OLD, *["--name", "a"] * 3], "There are more --name than targets."),
        (["compare", OLD, OLD, *["--reset", "a"] * 3], "Give --reset once for all, or once for"),
        (["compare", OLD, OLD, "--strategy", "nosuch:x"], "nosuch"),
        (["replay", "nosuch"], "nosuch: No such file or directory."),
        (["replay", "test_cli.py"], "test_cli.py is no JSON report of parity compare."),
        (["send", OLD, "GET"], "Write method and path: 'GET /', not 'GET'."),
    ],
)
def test_what_cannot_be_done_is_one_sentence_and_ends_with_2(
    arguments: list[str], said: str
) -> None:
    done = parity(*arguments)
    assert (2, "") == (done.returncode, done.stdout)
    last = done.stderr.splitlines()[-1]
    assert last.startswith("parity: ")
    assert said in last
    assert "Traceback" not in done.stderr


def test_help_shows_examples_and_exit_codes() -> None:
    for command in ("compare", "replay", "calibrate", "send"):
        shown = parity(command, "--help").stdout
        assert f"parity {command} " in shown.partition("Examples:")[2], shown
    assert "2    it could not be found out" in parity("--help").stdout
