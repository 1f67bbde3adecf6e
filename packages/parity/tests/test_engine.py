import sys
from collections.abc import Mapping
from typing import Any

import planted
import pytest
from hypothesis import strategies as st

from http_parity.engine import Progress, compare
from http_parity.errors import DocumentError, TargetError
from http_parity.openapi import read_document
from http_parity.results import Result
from http_parity.rules import Rule, Rules
from http_parity.sequence import Reference, Step
from http_parity.targets import TargetSpec

NOTHING: Mapping[str, Any] = {
    "openapi": "3.1.0",
    "paths": {"/": {"get": {"responses": {}}}},
}


def spec(fault: str = "", *, first: int = 1, **options: Any) -> TargetSpec:
    name = fault or f"good from {first}"
    options = {"reset": "planted:reset", **options}
    return TargetSpec(f'wsgi:planted:notes("{fault}", first={first})', name, **options)


def found(fault: str, *, examples: int = 2_000, seed: int = 1) -> Result:
    return compare([spec(), spec(fault)], document=planted.DOCUMENT, examples=examples, seed=seed)


def operations(result: Result) -> dict[str, int]:
    """The last operation of each finding, with the steps of the shortest."""
    shortest: dict[str, int] = {}
    for finding in result.findings:
        name = finding.sequence[-1].operation
        shortest[name] = min(len(finding.sequence), shortest.get(name, 99))
    return shortest


def test_two_of_the_same_do_not_differ_and_every_operation_succeeds() -> None:
    result = compare([spec(), spec()], document=planted.DOCUMENT, examples=1_000, seed=3)

    assert () == result.findings
    assert 1_000 == result.requests
    for path, item in planted.DOCUMENT["paths"].items():
        for method in set(item) - {"parameters"}:
            counts = result.operations[f"{method.upper()} {path}"]
            assert any(200 <= status < 300 for status in counts), (method, path, counts)


def test_what_a_target_makes_up_is_noise_and_no_difference() -> None:
    result = compare([spec(), spec()], document=planted.DOCUMENT, examples=500, seed=3)

    assert {
        ("POST /sessions", "body:/token"),
        ("POST /notes", "body:/made"),
    } <= {(noise.operation, noise.place) for noise in result.noise}


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_fault_that_needs_three_steps_is_found_and_shrunk_to_these_three(seed: int) -> None:
    result = found("stale_edit", examples=500, seed=seed)

    [finding, *_] = result.findings
    assert ["POST /sessions", "POST /notes", "PUT /notes/{id}"] == [
        step.operation for step in finding.sequence
    ]
    assert {"PUT /notes/{id}": 3} == operations(result)
    assert ("good from 1", "stale_edit") == finding.targets
    assert "body:/text" in {difference.place for difference in finding.differences}
    assert "Authorization" in dict(finding.sequence[-1].headers)
    assert Reference(1, "body:/id", "url") in finding.sequence[-1].target


@pytest.mark.parametrize(
    ("fault", "operation", "steps"),
    [
        ("second_edit_is_lost", "PUT /notes/{id}", 4),
        ("delete_keeps_it", "GET /notes/{id}", 4),
        ("delete_keeps_it", "GET /notes", 4),
        ("list_is_reversed", "GET /notes", 4),
        ("second_sign_in_ends_the_first", "GET /notes", 3),
    ],
)
def test_other_faults_of_state_are_found_blind(fault: str, operation: str, steps: int) -> None:
    result = found(fault, examples=4_000)

    assert steps == operations(result)[operation]


def test_the_same_seed_finds_the_same() -> None:
    one, other = (found("list_is_reversed", examples=600) for _ in range(2))

    assert [finding.sequence for finding in one.findings] == [
        finding.sequence for finding in other.findings
    ]
    assert one.operations == other.operations
    assert one.operations != found("list_is_reversed", examples=600, seed=9).operations


def test_a_repeat_is_counted_and_not_reported_again() -> None:
    result = found("stale_edit", examples=1_500)

    assert 1 == len(result.findings)
    assert result.findings[0].seen > 5


def test_ids_that_the_targets_count_themselves_correspond_where_nothing_is_reset() -> None:
    # No id that a client makes up exists on either side.
    targets = [spec(first=5_000, reset=None), spec(first=6_000, reset=None)]

    result = compare(targets, document=planted.DOCUMENT, examples=400, seed=1)

    assert () == result.findings


def test_ids_are_compared_where_the_state_is_the_same_each_time() -> None:
    targets = [spec(), spec(first=2)]

    result = compare(targets, document=planted.DOCUMENT, examples=400, seed=1)

    assert "body:/id" in {one.place for finding in result.findings for one in finding.differences}


def test_one_target_alone_is_held_against_itself() -> None:
    result = compare([spec()], document=planted.DOCUMENT, examples=300, seed=1)

    assert () == result.findings
    assert ("POST /sessions", "body:/token") in {(n.operation, n.place) for n in result.noise}


def test_a_status_that_changes_by_itself_is_noise_and_never_accepted() -> None:
    flaky = TargetSpec("wsgi:parity_apps:wsgi_flaky", "flaky")
    steady = TargetSpec("wsgi:parity_apps:wsgi_steady", "steady")

    result = compare([steady, flaky], document=NOTHING, examples=60, seed=1)

    assert ("flaky", "status") in {(noise.target, noise.place) for noise in result.noise} or any(
        finding.differences[0].part == "status" for finding in result.findings
    )


def test_what_a_rule_allows_is_no_finding_and_is_counted() -> None:
    rule = Rule("body:/text", "the fault is known", operation="PUT *")

    result = compare(
        [spec(), spec("stale_edit")],
        document=planted.DOCUMENT,
        examples=500,
        seed=1,
        rules=Rules([rule]),
    )

    assert () == result.findings
    assert result.used[str(rule)] > 0
    assert str(rule) in result.allowed


def test_an_application_that_raises_differs_from_one_that_answers() -> None:
    targets = [
        TargetSpec("wsgi:parity_apps:wsgi_steady"),
        TargetSpec("wsgi:parity_apps:wsgi_raises"),
    ]

    result = compare(targets, document=NOTHING, examples=5, seed=1)

    assert "answer" == result.findings[0].differences[0].kind
    assert "raised ValueError" in result.findings[0].exchanges[1][-1].error


def test_each_target_is_compared_with_the_first() -> None:
    targets = [spec(), spec("stale_edit"), spec("delete_keeps_it")]

    result = compare(targets, document=planted.DOCUMENT, examples=1_000, seed=1)

    assert {"stale_edit", "delete_keeps_it"} == {one.targets[1] for one in result.findings}


def test_applications_in_processes_of_their_own_are_compared_alike() -> None:
    targets = [spec(process=True), spec("stale_edit", env={"PARITY_TEST": "1"})]

    result = compare(targets, document=planted.DOCUMENT, examples=300, seed=1)

    assert {"PUT /notes/{id}": 3} == operations(result)


def test_sequences_of_a_strategy_are_compared_as_well() -> None:
    texts = st.text("abc", min_size=1, max_size=5)
    sequences = st.builds(
        lambda one, two: (
            Step("POST", ("/sessions",), body=('{"name":"ada"}',), operation="sign in"),
            *(
                Step(method, target, (("Authorization", token),), (f'{{"text":"{text}"}}',))
                for method, target, text in (
                    ("POST", ("/notes",), one),
                    ("PUT", ("/notes/", Reference(1, "body:/id")), two),
                )
            ),
        ),
        texts,
        texts,
    )
    token = ("Bearer ", Reference(0, "body:/token"))

    result = compare(
        [spec(), spec("stale_edit")], document=None, examples=60, seed=1, strategies=[sequences]
    )

    assert 60 >= result.requests > 30
    assert 3 == len(result.findings[0].sequence)


def test_values_known_from_the_start_are_sent() -> None:
    result = compare(
        [spec(), spec()],
        document=planted.DOCUMENT,
        examples=300,
        seed=1,
        known=[{"token": "an older token"}],
        headers=[("X-Client", "parity")],
    )

    # A credential is known already, so nobody signs in to get one first; it is not good here.
    assert result.operations["POST /notes"][401] > 0


def test_progress_is_told() -> None:
    told: list[Progress] = []

    compare(
        [spec(), spec()], document=planted.DOCUMENT, examples=200, seed=1, on_progress=told.append
    )

    assert (200, 200) == (told[-1].requests, told[-1].examples)


def test_a_deadline_ends_it_with_what_there_is() -> None:
    result = compare(
        [spec(), spec()], document=planted.DOCUMENT, examples=10**9, seed=1, deadline=0.05
    )

    assert 0 < result.requests < 10**9


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ({}, "`openapi` is to be 3.0 or 3.1"),
        ({"openapi": "2.0"}, "`openapi` is to be 3.0 or 3.1"),
        ({"openapi": "3.1.0"}, "has no paths"),
        ({"openapi": "3.0.0", "paths": {"/": {}}}, "has no operations"),
        (b"<html>", "neither JSON nor YAML|not JSON|is an object"),
        (None, "from an OpenAPI document or from strategies"),
    ],
)
def test_a_document_that_cannot_be_used_is_refused_in_a_sentence(document: Any, said: str) -> None:
    with pytest.raises(DocumentError, match=said):
        compare([spec(), spec()], document=document, examples=10, seed=1)


def test_a_reference_to_another_document_is_anything_and_is_named() -> None:
    elsewhere = "https://example.org/all.yaml#/components"
    document = read_document(
        {
            "openapi": "3.1.0",
            "paths": {
                "/notes/{id}": {
                    "parameters": [{"$ref": f"{elsewhere}/parameters/id"}],
                    "put": {
                        "requestBody": {"$ref": f"{elsewhere}/requestBodies/note"},
                        "responses": {"200": {"$ref": f"{elsewhere}/responses/note"}},
                    },
                }
            },
        }
    )
    operation = document.operations[0]

    assert [("id", "path")] == [(one.name, one.where) for one in operation.parameters]
    assert ((), {}) == (operation.bodies, operation.answers)
    assert [f"{elsewhere}/{kind}" for kind in ("parameters/id", "requestBodies/note")] == list(
        document.elsewhere[:2]
    )
    assert 3 == len(document.elsewhere)


def test_a_reset_that_fails_ends_the_comparison_with_what_it_said() -> None:
    reset = f"{sys.executable} -c 'raise SystemExit(\"no database here\")'"

    with pytest.raises(TargetError, match="ended with 1: no database here"):
        compare([spec(reset=reset), spec()], document=planted.DOCUMENT, examples=10, seed=1)
