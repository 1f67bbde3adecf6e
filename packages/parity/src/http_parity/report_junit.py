"""The report for build servers, in the JUnit form that Jenkins and GitHub's readers take.

A suite for the comparison, a test case for each operation that is answered alike, and one for each
cause in each operation that is not: readers show one failure of a case only.
"""

from xml.etree import ElementTree

from http_parity.explain import Cause
from http_parity.report import Report, rows, steps


def dump(report: Report) -> str:
    """The report as XML text."""
    suites = ElementTree.Element("testsuites", name="http-parity")
    suite = ElementTree.SubElement(suites, "testsuite", name=f"parity: {_names(report)}")
    failures = 0
    cases = 0
    for operation, causes in report.by_operation.items():
        for cause in causes:
            case = ElementTree.SubElement(
                suite, "testcase", classname=_fit(operation), name=_fit(cause.name), time="0"
            )
            _failure(report, case, cause)
            failures += 1
        if not causes:
            ElementTree.SubElement(
                suite, "testcase", classname=_fit(operation), name="is answered alike", time="0"
            )
        cases += max(1, len(causes))
    for element in (suites, suite):
        element.set("tests", str(cases))
        element.set("failures", str(failures))
        element.set("errors", "0")
        element.set("time", f"{report.result.seconds:.3f}")
    suite.set("skipped", "0")
    out = ElementTree.SubElement(suite, "system-out")
    declared = "".join(f"\nmay differ: {sentence}" for sentence in report.result.allowed)
    unused = "".join(f"\nnever needed: {sentence}" for sentence in report.unused)
    out.text = _fit(f"{report.summary}{declared}{unused}")
    ElementTree.indent(suites)
    return ElementTree.tostring(suites, encoding="unicode", xml_declaration=True) + "\n"


def _names(report: Report) -> str:
    return _fit(", ".join(report.result.targets))


def _failure(report: Report, case: "ElementTree.Element[str]", cause: Cause) -> None:
    first, second = cause.example.targets
    lines = [cause.why, "", *steps(cause), ""]
    for row in rows(cause):
        lines += [row.place, f"  {first}: {row.a}", f"  {second}: {row.b}"]
    element = ElementTree.SubElement(case, "failure", message=_fit(cause.name), type="difference")
    element.text = _fit("\n".join([*lines, "", report.curl(cause)]))


def _fit(text: str) -> str:
    """The text without what XML 1.0 cannot hold, written as escapes."""
    return "".join(
        character
        if character in "\t\n"
        or (
            " " <= character
            and not "\ud800" <= character <= "\udfff"
            and character not in "\ufffe\uffff"
        )
        else ascii(character)[1:-1]
        for character in text
    )
