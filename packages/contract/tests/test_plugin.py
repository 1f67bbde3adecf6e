"""The plugin as a user meets it: in runs of pytest of its own."""

import pytest

pytest_plugins = ["pytester"]
pytestmark = pytest.mark.once

APPLICATION = """
import json

def app(environ, start_response):
    body = environ["wsgi.input"].read()
    status, answer = "200 OK", {"status": "ok"}
    if environ["REQUEST_METHOD"] == "POST":
        status, answer = "201 Created", {"token": "t"}
    if environ["PATH_INFO"] == "/api/me":
        answer = {"id": 1, "username": "root", "email": "root@example.org"}
    start_response(status, [("Content-Type", "application/json")])
    return [json.dumps(answer).encode()]
"""

TESTS = """
import pytest

def test_client(client):
    assert client.get("/livez").json() == {"status": "ok"}

@pytest.mark.staff
def test_staff(staff):
    assert (staff.username, staff.token) == ("root", "t")

@pytest.mark.cors
def test_cors(cors_origin):
    assert cors_origin == "https://reader.example"

@pytest.mark.sentence("paths")
def test_plain(): ...
"""


@pytest.fixture
def run(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    monkeypatch.setenv("PYTHONPATH", str(pytester.path))
    pytester.makepyfile(implementation=APPLICATION, test_it=TESTS)
    return pytester


def test_every_test_runs_against_every_target(run: pytest.Pytester) -> None:
    result = run.runpytest_subprocess(
        "--target=wsgi:implementation:app",
        "--target=wsgi:implementation:app.__call__",
        "--staff=root:secret",
        "-v",
    )
    result.assert_outcomes(passed=6)
    result.stdout.fnmatch_lines(
        [
            "contract of the blog: wsgi:implementation:app, wsgi:implementation:app.__call__",
            "*test_client?wsgi:implementation:app? PASSED*",
            "*test_staff?wsgi:implementation:app? PASSED*",
            "*test_client?wsgi:implementation:app.__call__? PASSED*",
        ]
    )


def test_a_target_given_twice_is_tested_once(run: pytest.Pytester) -> None:
    result = run.runpytest_subprocess(*["--target=wsgi:implementation:app"] * 2, "-k", "client")
    result.assert_outcomes(passed=1, deselected=3)


def test_without_a_staff_account_or_an_origin_their_tests_are_deselected(
    run: pytest.Pytester,
) -> None:
    result = run.runpytest_subprocess("--target=wsgi:implementation:app", "--cors-origin=")
    result.assert_outcomes(passed=2, deselected=2)
    result.stdout.fnmatch_lines(
        [
            "without --staff the tests that need a staff account are deselected",
            "without --cors-origin the tests that need an allowed origin are deselected",
        ]
    )


def test_a_staff_account_that_cannot_sign_in_is_told(run: pytest.Pytester) -> None:
    run.makepyfile(implementation=APPLICATION.replace("201 Created", "401 Unauthorized"))
    result = run.runpytest_subprocess(
        "--target=wsgi:implementation:app", "--staff=root:wrong", "-k", "staff"
    )
    result.assert_outcomes(errors=1, deselected=3)
    result.stdout.fnmatch_lines(["*root cannot sign in: *"])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--target=nothing"], "*--target nothing: *Names are django-wsgi, django-asgi, *"),
        (["--target=wsgi:no_module:app"], "*--target wsgi:no_module:app: *No module named*"),
        (["--target=wsgi:implementation:no"], "*implementation has no no.*"),
        (["--target=http://127.0.0.1:1"], "*Nothing answers at http://127.0.0.1:1: *"),
        (["--target=wsgi:implementation:app", "--staff=root"], "*USERNAME:PASSWORD*"),
        (["--pyargs", "blog_contract"], "*Say what to test: --target django-wsgi|*"),
    ],
)
def test_a_wrong_option_is_told_in_a_sentence(
    run: pytest.Pytester, arguments: list[str], message: str
) -> None:
    result = run.runpytest_subprocess(*arguments)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: {message}"])


def test_without_a_target_the_plugin_does_nothing(run: pytest.Pytester) -> None:
    run.makeconftest("import pytest\n@pytest.fixture\ndef client(): return 'of another plugin'")
    run.makepyfile(test_it="def test_client(client): assert client == 'of another plugin'")
    result = run.runpytest_subprocess("--strict-markers")
    result.assert_outcomes(passed=1)
    result.stdout.no_fnmatch_line("*contract of the blog*")


def test_the_suite_is_collected_from_the_installed_package(run: pytest.Pytester) -> None:
    result = run.runpytest_subprocess(
        "--pyargs", "blog_contract", "--target=wsgi:implementation:app", "--collect-only", "-q"
    )
    assert result.ret == 0
    collected = [line for line in result.outlines if "::" in line]
    assert len(collected) > 500
