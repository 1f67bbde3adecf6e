"""What the tour takes for the same, and what it does not."""

from dataclasses import replace

import pytest

from http_parity.exchange import Answer, Request
from triptych.tour import TOUR, Step
from triptych.walk import Walk, comparable, found

STEP = Step(
    title="",
    method="POST",
    path="/api/posts",
    status=201,
    varies={"id": "id", "author.username": "name", "created": "instant", "updated": "instant"},
)
BODY = (
    b'{"id":41,"title":"Hei","author":{"id":1,"username":"ada"},'
    b'"created":"2026-01-02T03:04:05.000006Z","updated":"2026-01-02T03:04:05.000006Z"}'
)
ANSWER = Answer(201, (("Content-Length", str(len(BODY))), ("Location", "/api/posts/41")), BODY)
KNOWN = {"name": "ada", "post": "41"}


def body(answer: Answer) -> str:
    return answer.body.decode()


def test_what_varies_by_design_is_written_alike() -> None:
    shown = comparable(STEP, ANSWER, KNOWN)
    assert body(shown) == (
        '{"id":"<id>","title":"Hei","author":{"id":1,"username":"<name>"},'
        '"created":"<instant 1>","updated":"<instant 1>"}'
    )
    assert shown.header("Location") == "/api/posts/<post>"
    assert shown.header("Content-Length") == str(len(shown.body))


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ('"id":41', '"id":"41"'),
        ('"id":41', '"id":0'),
        (".000006Z", "Z"),
        (".000006Z", ".000006+00:00"),
        ('"username":"ada"', '"username":"Ada"'),
        ('{"id"', '{ "id"'),
        ("Hei", "\\u0048ei"),
    ],
)
def test_a_value_of_another_form_still_shows(right: str, wrong: str) -> None:
    other = BODY.replace(right.encode(), wrong.encode())
    answer = Answer(201, (("Content-Length", str(len(other))),), other)
    assert comparable(STEP, answer, KNOWN).body != comparable(STEP, ANSWER, KNOWN).body


def test_equal_instants_are_told_from_different_ones() -> None:
    other = replace(ANSWER, body=BODY.replace(b"05.000006", b"05.000007", 1))
    assert '"created":"<instant 1>","updated":"<instant 2>"' in body(comparable(STEP, other, KNOWN))


def test_a_wrong_content_length_still_shows() -> None:
    other = replace(ANSWER, headers=(("Content-Length", "7"),))
    assert comparable(STEP, other, KNOWN).header("Content-Length") == "7"


def test_values_are_found_in_headers_lists_and_objects() -> None:
    answer = Answer(200, (("ETag", '"1"'),), b'{"results":[{"id":1},{"id":2}]}')
    assert found(answer, ":ETag") == ['"1"']
    assert found(answer, "results.*.id") == ["1", "2"]
    assert found(answer, "results.1.id") == ["2"]
    assert found(answer, "results.2.id") == []
    assert found(answer, "nothing.here") == []


class Fixed:
    """A target that always says the same."""

    host = "localhost"

    def __init__(self, name: str, answer: Answer) -> None:
        self.name = name
        self._answer = answer
        self.received: list[Request] = []

    def send(self, request: Request, *, defaults: bool = True) -> Answer:
        self.received.append(request)
        return self._answer

    def close(self) -> None:
        pass


def test_one_different_byte_is_a_problem_that_names_both() -> None:
    same, other = Answer(404, (), b"{}"), Answer(404, (), b"{ }")
    step = Step(title="", method="GET", path="/", status=404)
    walk = Walk([Fixed("Django", same), Fixed("Flask", same), Fixed("FastAPI", other)], "x")
    assert walk.take(step).problems == (
        "Django and FastAPI differ: body: '{' is not '{ ' (whitespace only)",
    )


def test_equal_answers_of_another_status_are_a_problem() -> None:
    answer = Answer(500, (), b"")
    step = Step(title="", method="GET", path="/", status=200)
    walk = Walk([Fixed("Django", answer), Fixed("Flask", answer)], "x")
    assert walk.take(step).problems == ("Every one answers 500, the contract says 200",)


def test_a_borrowed_step_sends_what_the_next_visitor_holds() -> None:
    targets = [Fixed("Django", Answer(200)), Fixed("Flask", Answer(200))]
    step = Step(title="", method="GET", path="/api/users/{name}", status=200, borrowed=True)
    Walk(targets, "x").take(step)
    sent = [target.received[0].target for target in targets]
    assert sent == ["/api/users/visitor-2-x", "/api/users/visitor-1-x"]


def test_the_tour_meets_refusals_as_well_as_successes() -> None:
    statuses = {step.status for chapter in TOUR for step in chapter.steps}
    assert {200, 201, 204, 304, 400, 401, 403, 404, 405, 409, 412, 415, 422, 428} <= statuses
