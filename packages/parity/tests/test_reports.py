"""The same comparison in four reports."""

import json
import re
from html.parser import HTMLParser
from typing import Any
from xml.etree import ElementTree

import items_pair
import pytest
from rich.console import Console

from http_parity import report_html, report_json, report_junit, report_text
from http_parity.engine import compare
from http_parity.errors import TargetError
from http_parity.exchange import Answer, Request
from http_parity.replay import replay
from http_parity.report import Report
from http_parity.results import Finding, Noise, Result
from http_parity.rules import Rule, Rules
from http_parity.sequence import Exchange, Reference, Step
from http_parity.targets import TargetSpec

SPECS = (
    TargetSpec("wsgi:items_pair:old", "old", reset="items_pair:OLD.reset"),
    TargetSpec("asgi:items_pair:new", "new", reset="items_pair:NEW.reset"),
)
NEVER = Rule("header:x-never", "nobody knows")


@pytest.fixture(scope="module")
def report() -> Report:
    result = compare(
        SPECS,
        document=items_pair.DOCUMENT,
        examples=1000,
        seed=1,
        rules=Rules([NEVER]),
        wire=False,
    )
    return Report(result, SPECS)


@pytest.fixture
def odd() -> Report:
    """A finding with all that could break the form of a report."""
    nasty = "</script>\x00\x1b[31m\ud800\uffff'\"&<b>]]>\r\n"
    body = nasty.encode("utf-8", "surrogatepass") + b"\xff"
    a = Answer(200, (("X-A", "\xe9<b>\x1b[0m"),), body)
    request = Request("POST", "/\xff<b>\x07", (("X", "\xff"),), body)
    step = Step(
        "POST",
        ("/\xff<b>\x07", Reference(0, "body:/a")),
        (("X", ("\xff",)),),
        (body.decode("latin-1"),),
        "POST /<b>",
    )
    both = ((Exchange(request, a),), (Exchange(request, None, "ended <b>\n"),))
    rules = Rules().compare(a, None)
    finding = Finding((step,), ("old", "new"), both, rules.left)
    return Report(
        Result(
            ("old", "new"),
            3,
            1,
            1,
            0.1,
            (finding,),
            (Noise("new", "GET /<b>", "body:/a", ("<b>", "\ud800")),),
            described=("GET /x",),
        ),
        SPECS,
    )


def test_the_text_names_each_cause_with_its_count_and_both_sides(report: Report) -> None:
    text = report_text.text(report)
    for position, cause in enumerate(report.causes, 1):
        assert re.search(rf"(?m)^{position}\. {re.escape(cause.name)}  \d+ times?, in", text)
    assert (
        "   vary  Accept, Cookie  Accept\n" in re.sub(" {3,}", "   ", text)
        or "Accept, Cookie" in text
    )
    assert "curl -sS -i --path-as-is -g" in text
    assert "header:x-never: nobody knows  (never needed)" in text
    assert "header:date: the server's clock" in text
    assert "1,000 requests in" in text
    assert "seed 1," in text
    assert text.endswith(f"{report.verdict}.\n")
    assert not re.search(r"[ \t]$", text, re.MULTILINE)


def test_the_text_has_colour_on_a_terminal_only(report: Report) -> None:
    assert "\x1b" not in report_text.text(report)
    console = Console(force_terminal=True, width=100, color_system="standard", record=True)
    with console.capture() as captured:
        report_text.show(report, console)
    assert "\x1b[1;31m" in captured.get()


def test_no_answer_can_move_the_cursor_or_break_the_text(odd: Report) -> None:
    text = report_text.text(odd)
    shown = text[: text.index("A=${A")]
    assert "\x1b" not in text
    assert "\x00" not in text
    assert "\\x07" in shown


def test_noise_is_listed_once_for_all_targets_and_not_without_end() -> None:
    noise = tuple(
        Noise(target, "GET /a", f"body:/{place}", ("1", "2"))
        for target in ("old", "new")
        for place in range(20)
    )
    report = Report(Result(("old", "new"), 1, 1, 1, 1.0, noise=noise))
    text = report_text.text(report)
    assert "   GET /a, body:/0: 1 / 2 (old, new)\n" in text
    assert "   and 8 more places\n" in text
    assert "body:/19" in read(report_html.dump(report)).text


def test_equal_targets_have_a_short_report() -> None:
    text = report_text.text(Report(Result(("a", "b"), 1, 2, 3, 0.5)))
    assert "3 requests in 2 sequences to each of a, b; seed 1, 0.5 s\nNo difference.\n" in text


def test_the_json_has_what_the_documentation_promises(report: Report) -> None:
    document = json.loads(report_json.dump(report))
    assert 1 == document["version"]
    assert document["same"] is False
    assert {"seed": 1, "requests": 1000}.items() <= document.items()
    assert ["wsgi:items_pair:old", "asgi:items_pair:new"] == [
        target["address"] for target in document["targets"]
    ]
    assert [cause.name for cause in report.causes] == [
        cause["name"] for cause in document["causes"]
    ]
    covered = {index for cause in document["causes"] for index in cause["findings"]}
    assert covered == set(range(len(document["findings"])))
    assert {"rule": "header:x-never: nobody knows", "used": 0} in document["allowed"]
    assert {"GET /items", "POST /items"} <= set(document["described"])


def test_findings_are_read_back_and_sent_again(report: Report) -> None:
    recorded = report_json.load(report_json.dump(report), "report.json")
    assert [finding.sequence for finding in report.result.findings] == [
        found.sequence for found in recorded
    ]
    found = next(found for found in recorded if found.cause == "a stale read after a write")
    assert replay(found.targets, found.sequence, rules=found.rules).differences
    fixed = TargetSpec("asgi:items_pair:same", reset="items_pair:SAME.reset")
    assert () == replay((found.targets[0], fixed), found.sequence, rules=found.rules).differences


def test_any_bytes_come_back_from_json(odd: Report) -> None:
    text = report_json.dump(odd)
    [found] = report_json.load(text.encode("utf-8").decode("utf-8"), "x")
    assert odd.result.findings[0].sequence == found.sequence
    assert "body_base64" in text


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"version": 1}', '{"version": 1, "targets": 1}'])
def test_what_is_no_report_is_said_in_one_sentence(text: str) -> None:
    with pytest.raises(TargetError, match=r"^x is no JSON report of parity compare\.$"):
        report_json.load(text, "x")


def test_a_report_of_another_version_is_refused() -> None:
    with pytest.raises(TargetError, match=r"^x has version 9 of the report; this is for 1\.$"):
        report_json.load('{"version": 9}', "x")


def test_junit_has_a_failure_for_each_cause_in_each_operation(report: Report) -> None:
    root = ElementTree.fromstring(report_junit.dump(report))  # noqa: S314 # our own
    [suite] = root
    cases = suite.findall("testcase")
    failures = suite.findall("testcase/failure")
    assert {str(len(cases))} == {root.get("tests"), suite.get("tests")}
    assert {str(len(failures))} == {root.get("failures"), suite.get("failures")}
    assert {(case.get("classname"), case.get("name")) for case in cases} >= {
        ("GET /total", "number became string"),
        ("GET /items", "Vary lost Cookie"),
    }
    assert len(cases) == len({(case.get("classname"), case.get("name")) for case in cases})
    assert all("curl " in str(failure.text) and failure.get("message") for failure in failures)
    assert "never needed: header:x-never" in str(suite.findtext("system-out"))


def test_junit_has_a_passing_case_where_nothing_differs(odd: Report) -> None:
    root = ElementTree.fromstring(report_junit.dump(odd))  # noqa: S314 # our own
    passed = [case for case in root.iter("testcase") if not len(case)]
    assert [("GET /x", "is answered alike")] == [
        (case.get("classname"), case.get("name")) for case in passed
    ]


class Reader(HTMLParser):
    """Holds a page to being well-formed, self-contained and without scripts."""

    VOID = frozenset({"meta"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        assert tag not in {"script", "link", "img", "iframe", "b"}
        assert not [name for name in named if name.startswith("on") or name in {"src", "style"}]
        self.ids += [str(named["id"])] if "id" in named else []
        self.links += [str(named["href"])] if "href" in named else []
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert tag == self.open.pop()

    def handle_data(self, data: str) -> None:
        self.text += data


def read(page: str) -> Reader:
    reader = Reader()
    reader.feed(page)
    reader.close()
    assert [] == reader.open
    assert len(reader.ids) == len(set(reader.ids))
    assert {f"#{name}" for name in reader.ids} >= set(reader.links)
    assert "url(" not in page
    assert "@import" not in page
    return reader


def test_the_page_says_all_and_loads_nothing(report: Report) -> None:
    reader = read(report_html.dump(report))
    for wanted in (report.verdict, report.summary, *(cause.name for cause in report.causes)):
        assert wanted in reader.text
    assert "header:x-never: nobody knows" in reader.text
    assert "curl -sS" in reader.text


def test_the_page_shows_markup_of_answers_as_text(odd: Report) -> None:
    page = report_html.dump(odd)
    read(page)
    page.encode("utf-8")
    assert "\x1b" not in page


def test_the_page_is_for_both_schemes_and_small_screens(report: Report) -> None:
    page = report_html.dump(report)
    for wanted in (
        "prefers-color-scheme: dark",
        "max-width: 40rem",
        'name="viewport"',
        'lang="en"',
    ):
        assert wanted in page


def test_three_targets_name_who_stands_alone(report: Report) -> None:
    result: Any = Result(("old", "new", "third"), 1, 1, 1, 1.0, findings=report.result.findings[:1])
    assert "Alone: new" in report_text.text(Report(result))
    assert "Unlike the others: new." in report_html.dump(Report(result))
