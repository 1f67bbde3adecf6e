from pathlib import Path

import pytest

from http_parity.exchange import Answer, Request
from http_parity.rules import SERVER_RULES, Rule, Rules, RulesError, read_rules
from http_parity.sequence import Reference, Step


def answer(body: str, *headers: tuple[str, str], status: int = 200) -> Answer:
    length = ("Content-Length", str(len(body)))
    return Answer(status, (("Content-Type", "application/json"), length, *headers), body.encode())


def left(rules: Rules, a: Answer, b: Answer, **asked: object) -> list[str]:
    return [found.place for found in rules.compare(a, b, **asked).left]  # type: ignore[arg-type]


ID = Rule("body:/items/*/id", "each database counts its own", form="[0-9]+")


def test_a_rule_allows_its_place_and_no_other() -> None:
    a, b = answer('{"items":[{"id":1,"n":1}]}'), answer('{"items":[{"id":22,"n":2}]}')
    assert ["body:/items/0/n"] == [
        place for place in left(Rules([ID]), a, b) if place != "header:content-length"
    ]


def test_a_length_that_follows_an_allowed_body_is_allowed() -> None:
    a, b = answer('{"items":[{"id":1}]}'), answer('{"items":[{"id":22}]}')
    assert [] == left(Rules([ID]), a, b)


def test_a_length_that_is_false_is_not() -> None:
    a = answer('{"items":[{"id":1}]}')
    b = Answer(200, (a.headers[0], ("Content-Length", "3")), b'{"items":[{"id":22}]}')
    assert ["header:content-length"] == left(Rules([ID]), a, b)


@pytest.mark.parametrize("value", ['"x"', "null", "-1"])
def test_both_values_must_have_the_form_that_is_asked_for(value: str) -> None:
    a, b = answer('{"items":[{"id":1}]}'), answer(f'{{"items":[{{"id":{value}}}]}}')
    assert "body:/items/0/id" in left(Rules([ID]), a, b)


@pytest.mark.parametrize("body", ['{"a":null}', "{}", '{"a":"1"}'])
def test_may_differ_is_not_anything_goes(body: str) -> None:
    a, b = answer('{"a":1}'), answer(body)
    assert "body:/a" in left(Rules([Rule("body:/a", "why")]), a, b)
    assert [] == left(Rules([Rule("body:/a", "why", kinds=("any",))]), a, b)


def test_a_rule_may_mean_one_kind_only() -> None:
    rules = Rules([Rule("body", "sorted by the old one", kinds=("key order",))])
    assert [] == left(rules, answer('{"a":1,"b":2}'), answer('{"b":2,"a":1}'))
    assert ["body:/b"] == left(rules, answer('{"a":1,"b":2}'), answer('{"b":3,"a":1}'))


@pytest.mark.parametrize(
    ("pattern", "allowed"),
    [
        ("GET /items/{id}", True),
        ("GET /items/*", True),
        ("GET /items/7", True),
        ("POST *", False),
        ("GET /items", False),
    ],
)
def test_a_rule_may_hold_for_some_operations_only(pattern: str, allowed: bool) -> None:
    rules = Rules([Rule("status", "known", operation=pattern, form="400|422")])
    found = rules.compare(
        answer("1", status=400),
        answer("1", status=422),
        operation="GET /items/{id}",
        request=Request("GET", "/items/7?x=1"),
    )
    assert allowed is not bool(found.left)


def test_a_step_with_references_is_judged_by_its_operation() -> None:
    rules = Rules([Rule("status", "known", operation="GET /items/{id}")])
    step = Step("GET", ("/items/", Reference(0, "body:/id")), operation="GET /items/{id}")
    a, b = answer("1", status=400), answer("1", status=422)
    found = list(rules.compare(a, b).left)
    assert ([], [str(rules.declared[0])]) == rules.judge(found, step, a, b)


def test_a_cookies_value_may_differ_and_its_attributes_not() -> None:
    rules = Rules([Rule("cookie:s", "random", form="[a-z]+")])
    a = answer("1", ("Set-Cookie", "s=a; HttpOnly"))
    assert [] == left(rules, a, answer("1", ("Set-Cookie", "s=b; HttpOnly")))
    assert ["cookie:s/httponly"] == left(rules, a, answer("1", ("Set-Cookie", "s=b")))
    whole = Rules([Rule("header:Set-Cookie", "all of it", kinds=("any",))])
    assert [] == left(whole, a, answer("1", ("Set-Cookie", "s=b")))


def test_the_servers_fields_may_differ_until_that_is_switched_off() -> None:
    a, b = answer("1", ("Date", "1"), ("Server", "a")), answer("1", ("Date", "2"))
    found = Rules().compare(a, b)
    assert () == found.left
    assert SERVER_RULES[:2] == found.used
    assert ["header:date", "header:server"] == left(Rules(server_fields=False), a, b)


def test_every_rule_is_a_sentence() -> None:
    rule = Rule("header:etag", "made of the id", operation="GET /a", form=".*", kinds=("value",))
    assert "header:etag of GET /a (value) in the form .*: made of the id" == str(rule)
    assert "header:date: the server's clock" == Rules([rule]).sentences[0]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("server_fields = 1", "line 1: server_fields is true or false."),
        ("\nrules = 1", "line 2: there is no 'rules' here; there are [[rule]] tables and"),
        ("[rule]\nwhere = 1", "line 1: write each rule as a table [[rule]]."),
        ("[[rule]]\nwhere = 'status'", "line 1: a rule needs 'why'."),
        (
            "[[rule]]\nwhere = 'status'\nwhy = 'x'\n\n[[rule]]\nwhere = 'x'\nwhy = 'x'",
            "line 5: a place is status, header:NAME, cookie:NAME, body or body:POINTER, not 'x'.",
        ),
        ("[[rule]]\nwhere = 1\nwhy = 'x'", "line 1: where is a text."),
        ("[[rule]]\nwere = '1'", "line 1: a rule has no 'were'; it has form, kinds, operation,"),
        ("[[rule]]\nwhere = 'body:a'\nwhy = 'x'", "line 1: a pointer begins with a slash"),
        ("[[rule]]\nwhere = 'header:'\nwhy = 'x'", "line 1: 'header:' is no place"),
        ("[[rule]]\nwhere = 'body'\nwhy = ' '", "line 1: the rule for body does not say why."),
        ("[[rule]]\nwhere = 'body'\nwhy = 'x'\nform = '('", "line 1: the form '(' is no regular"),
        ("[[rule]]\nwhere = 'body'\nwhy = 'x'\nkinds = ['x']", "line 1: there is no kind 'x'"),
        ("[[rule]]\nwhere = 'body'\nwhy = 'x'\nkinds = 'x'", "line 1: kinds is a list of texts."),
        ("a = 1\nb = ", "line 2: invalid value."),
    ],
)
def test_a_malformed_file_is_one_sentence_with_its_line(
    tmp_path: Path, text: str, said: str
) -> None:
    file = tmp_path / "rules.toml"
    file.write_text(text)
    with pytest.raises(RulesError) as caught:
        read_rules(file)
    assert f"{file}, {said}" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(RulesError, match="cannot be read: No such file"):
        read_rules(tmp_path / "rules.toml")


def test_a_file_is_read(tmp_path: Path) -> None:
    file = tmp_path / "rules.toml"
    file.write_text(
        'server_fields = false\n[[rule]]\nwhere = "body:/items/*/id"\n'
        'why = "each database counts its own"\nform = "[0-9]+"\n'
    )
    assert Rules([ID], server_fields=False) == read_rules(file)
