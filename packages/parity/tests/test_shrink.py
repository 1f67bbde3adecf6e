from http_parity.drafts import Filled, json_text, parsed_json
from http_parity.exchange import Answer, Request
from http_parity.sequence import Exchange, Reference, Sequence, Step
from http_parity.shrink import shrink, with_nearest_references

TOKEN = Reference(0, "body:/token")
SIGN_IN = Step("POST", ("/sessions",), operation="sign in")


def note(text: str, token: Reference = TOKEN) -> Step:
    headers = (("Authorization", ("Bearer ", token)), ("X-Odd", ("1",)))
    return Step("POST", ("/notes?a=1&b=2",), headers, (f'{{"text":"{text}","more":[1,2]}}',), "add")


def test_steps_that_are_not_needed_are_left_out() -> None:
    sequence = (SIGN_IN, note("one"), note("two"), Step("GET", ("/notes",)))

    def fails(candidate: Sequence) -> bool:
        return (
            sum(step.operation == "add" for step in candidate) >= 1
            and candidate[-1].method == "GET"
        )

    shortest = shrink(sequence, fails)

    assert ["add", ""] == [step.operation for step in shortest]


def test_a_reference_goes_to_another_step_of_its_kind_or_its_step_stays() -> None:
    sequence = (SIGN_IN, SIGN_IN, note("one", Reference(1, "body:/token")))

    def fails(candidate: Sequence) -> bool:
        return candidate[-1].operation == "add" and "Authorization" in dict(candidate[-1].headers)

    shortest = shrink(sequence, fails)

    assert ["sign in", "add"] == [step.operation for step in shortest]
    assert {"Authorization": ("Bearer ", Reference(0, "body:/token"))} == dict(shortest[1].headers)


def test_fields_queries_and_members_are_left_out_and_texts_made_short() -> None:
    def fails(candidate: Sequence) -> bool:
        last = candidate[-1]
        return "b=2" in str(last.target[0]) and '"text":"' in "".join(map(str, last.body))

    [step] = shrink((SIGN_IN, note("a long text indeed")), fails)

    assert (("/notes?b=2",), (), ('{"text":"a"}',)) == (step.target, step.headers, step.body)


def test_what_json_does_not_hold_is_kept_where_it_matters() -> None:
    body = ('{"a": 1, "a": 2, "b": "x"}',)

    def fails(candidate: Sequence) -> bool:
        return str(candidate[-1].body).count('"a"') == 2

    [step] = shrink((Step("POST", ("/",), body=body),), fails)

    assert 2 == str(step.body).count('"a"')


def test_no_more_is_tried_than_allowed() -> None:
    tried: list[Sequence] = []

    def fails(candidate: Sequence) -> bool:
        tried.append(candidate)
        return False

    shrink((SIGN_IN, note("x" * 50), note("y" * 50)), fails, budget=7)

    assert 7 == len(tried)


def test_a_body_with_references_is_taken_apart_and_put_together_again() -> None:
    text, number = Reference(0, "body:/text", "json"), Reference(0, "body:/id")
    body = ('{"text":"so: ', text, '","id":', number, ',"a":"Ã©"}')

    tree = parsed_json(body)

    assert {"text": Filled(("so: ", text), True), "id": Filled((number,), False), "a": "é"} == tree
    assert body == json_text(tree)


def test_references_go_to_the_earliest_place_with_the_same_value() -> None:
    answers = [
        Answer(201, (("Location", "/notes/7"),), b'{"id":7}'),
        Answer(200, (), b'[{"id":7}]'),
    ]
    exchanges = [Exchange(Request("GET", "/"), answer) for answer in answers]
    located = Reference(0, "header:location", "", "^(/.*)$")
    sequence = (
        Step("POST", ("/notes",)),
        Step("GET", ("/notes",)),
        Step("GET", (located,)),
        Step("GET", ("/notes/", Reference(1, "body:/0/id", "url"))),
    )
    exchanges += exchanges[1:] * 2

    _, _, followed, read = with_nearest_references(sequence, exchanges, exchanges)

    nearest = ("/notes/", Reference(0, "body:/id", "url"))
    assert nearest == followed.target
    assert nearest == read.target
