"""The report as one HTML file that loads nothing, runs nothing, and follows the reader's scheme."""

from collections.abc import Iterable
from html import escape
from itertools import chain
from typing import Final

from http_parity.explain import Cause
from http_parity.report import Report, number, operations, rows, steps

STYLE: Final = """
:root {
  color-scheme: light dark;
  --page: #fbfbfa; --card: #fff; --ink: #1d1f23; --quiet: #5b6068; --line: #dfe1e5;
  --a: #14643b; --b: #a3271f; --code: #f3f4f6; --good: #14643b; --bad: #a3271f; --link: #1a56b0;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #15171a; --card: #1d2024; --ink: #e7e8ea; --quiet: #a2a8b1; --line: #34383f;
    --a: #7fd6a4; --b: #ff9d92; --code: #14161a; --good: #7fd6a4; --bad: #ff9d92; --link: #8ab8ff;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--page); color: var(--ink);
  font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif;
}
main, header, footer { max-width: 62rem; margin: 0 auto; padding: 0 1.25rem; }
header { padding-top: 2.25rem; }
footer { padding: 1.5rem 1.25rem 3rem; color: var(--quiet); font-size: .9rem; }
h1 { font-size: 1.75rem; line-height: 1.2; margin: 0 0 .35rem; letter-spacing: -.01em; }
h2 { font-size: 1.2rem; margin: 2.25rem 0 .75rem; }
h3 { font-size: 1.1rem; margin: 0; line-height: 1.35; }
p { margin: .4rem 0; }
a { color: var(--link); }
:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; border-radius: 3px; }
.quiet { color: var(--quiet); }
.good { color: var(--good); } .bad { color: var(--bad); }
code, pre, td, .step { font-family: ui-monospace, "SF Mono", Menlo, Consolas, monospace; }
code, pre, td { font-size: .86rem; }
pre {
  margin: 0; padding: .8rem 1rem; background: var(--code); border: 1px solid var(--line);
  border-radius: 6px; overflow-x: auto; line-height: 1.5;
}
article {
  background: var(--card); border: 1px solid var(--line); border-radius: 10px;
  padding: 1.1rem 1.25rem 1.2rem; margin: 0 0 1rem;
}
article > header { padding: 0; margin: 0; max-width: none; display: flex; gap: .25rem 1rem;
  flex-wrap: wrap; align-items: baseline; justify-content: space-between; }
ol.contents, ul { padding-left: 2rem; margin: .5rem 0; }
ol.contents li { padding: .1rem 0; }
li code { overflow-wrap: anywhere; }
.count { white-space: nowrap; }
ol.steps { margin: .9rem 0; padding-left: 1.6rem; }
.step { font-size: .9rem; overflow-wrap: anywhere; }
table { border-collapse: collapse; width: 100%; }
caption { text-align: left; padding: 0 0 .4rem; color: var(--quiet); font-size: .9rem; }
th, td { text-align: left; vertical-align: top; padding: .4rem .75rem .4rem 0;
  border-top: 1px solid var(--line); }
th { font-weight: 600; font-size: .9rem; }
td { white-space: pre-wrap; overflow-wrap: anywhere; }
tbody th { font-weight: 400; color: var(--quiet); overflow-wrap: anywhere; }
.sides { table-layout: fixed; }
.sides th:first-child { width: 22%; }
.sides .a { color: var(--a); } .sides .b { color: var(--b); }
details { margin-top: .9rem; }
summary { cursor: pointer; color: var(--link); width: fit-content; padding: .15rem 0; }
details[open] summary { margin-bottom: .5rem; }
.counts td, .rules td { white-space: normal; }
@media (max-width: 40rem) {
  main, header, footer { padding-left: 1rem; padding-right: 1rem; }
  article { padding: 1rem; }
  .sides thead { position: absolute; width: 1px; height: 1px; overflow: hidden;
    clip-path: inset(50%); }
  .sides, .sides caption, .sides tbody, .sides tr, .sides th, .sides td { display: block; }
  .sides th:first-child { width: auto; }
  .sides tr { border-top: 1px solid var(--line); padding: .45rem 0; }
  .sides th, .sides td { border: 0; padding: .1rem 0; }
  .sides td::before { content: attr(data-target); display: block; color: var(--quiet);
    font: .8rem system-ui, sans-serif; }
}
@media print { article { break-inside: avoid; } details > pre { display: block; } }
"""


def dump(report: Report) -> str:
    """The report as an HTML document."""
    title = f"{report.verdict}: {', '.join(report.result.targets)}"
    page = "".join(
        chain(
            (
                '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n',
                '<meta name="viewport" content="width=device-width, initial-scale=1">\n',
                f"<title>{escape(title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n",
            ),
            _head(report),
            ("<main>\n",),
            _contents(report),
            chain.from_iterable(
                _cause(report, position, cause) for position, cause in enumerate(report.causes, 1)
            ),
            _operations(report),
            _noise(report),
            _allowed(report),
            ("</main>\n<footer>Written by http-parity.</footer>\n</body>\n</html>\n",),
        )
    )
    # A lone surrogate is no text that a file could hold.
    return page.encode("utf-8", "backslashreplace").decode("utf-8")


def _head(report: Report) -> Iterable[str]:
    grade = "good" if report.same else "bad"
    yield f'<header>\n<h1 class="{grade}">{escape(report.verdict)}</h1>\n'
    yield f'<p class="quiet">{escape(report.summary)}.</p>\n'
    if report.specs:
        targets = ", ".join(
            f"{escape(name)} is <code>{escape(spec.address)}</code>"
            for name, spec in zip(report.result.targets, report.specs, strict=False)
            if name != spec.address
        )
        yield f'<p class="quiet">{targets}.</p>\n' if targets else ""
    yield "</header>\n"


def _contents(report: Report) -> Iterable[str]:
    if len(report.causes) < 2:
        return
    yield '<nav aria-label="Causes">\n<ol class="contents">\n'
    for position, cause in enumerate(report.causes, 1):
        count = number(cause.count, "time")
        yield f'<li><a href="#cause-{position}">{escape(cause.name)}</a> '
        yield f'<span class="quiet count">{count}</span></li>\n'
    yield "</ol>\n</nav>\n"


def _cause(report: Report, position: int, cause: Cause) -> Iterable[str]:
    seen = f"{number(cause.count, 'time')}, in {number(len(cause.operations), 'operation')}"
    if position == 1:
        yield "<h2>Causes</h2>\n"
    yield f'<article id="cause-{position}">\n<header><h3>{position}. {escape(cause.name)}</h3>'
    yield f'<span class="quiet">{seen}</span></header>\n'
    if cause.why:
        yield f"<p>{escape(cause.why)}</p>\n"
    yield f'<p class="quiet">In <code>{escape(operations(cause))}</code>.'
    if len(report.result.targets) > 2:
        yield f" Unlike the others: {escape(', '.join(cause.odd))}."
    yield '</p>\n<ol class="steps">\n'
    for step in steps(cause):
        yield f'<li class="step">{escape(step)}</li>\n'
    yield "</ol>\n"
    yield from _sides(cause)
    yield "<details><summary>The same with curl</summary>\n"
    yield f'<pre tabindex="0"><code>{escape(report.curl(cause))}</code></pre></details>\n'
    yield "</article>\n"


def _sides(cause: Cause) -> Iterable[str]:
    first, second = (escape(name) for name in cause.example.targets)
    yield '<table class="sides">\n<caption>The last answers, where they differ</caption>\n'
    yield f'<thead><tr><th scope="col">Place</th><th scope="col">{first}</th>'
    yield f'<th scope="col">{second}</th></tr></thead>\n<tbody>\n'
    for row in rows(cause):
        yield f'<tr><th scope="row">{escape(row.place)}</th>'
        yield f'<td class="a" data-target="{first}">{escape(row.a)}</td>'
        yield f'<td class="b" data-target="{second}">{escape(row.b)}</td></tr>\n'
    yield "</tbody>\n</table>\n"


def _operations(report: Report) -> Iterable[str]:
    if not report.by_operation:
        return
    yield '<h2>What was reached</h2>\n<table class="counts">\n<thead><tr>'
    yield '<th scope="col">Operation</th><th scope="col">Answers compared, by status</th>'
    yield '<th scope="col">Causes</th></tr></thead>\n<tbody>\n'
    for name in report.by_operation:
        statuses = report.result.operations.get(name, {})
        counts = ", ".join(f"{status}: {count:,}" for status, count in sorted(statuses.items()))
        causes = ", ".join(
            f'<a href="#cause-{report.causes.index(cause) + 1}">{escape(cause.name)}</a>'
            for cause in report.by_operation[name]
        )
        never = ' <span class="bad">never 2xx</span>' if name in report.unreached else ""
        yield f'<tr><th scope="row"><code>{escape(name)}</code></th><td>{counts}{never}</td>'
        yield f"<td>{causes or '<span class=good>alike</span>'}</td></tr>\n"
    yield "</tbody>\n</table>\n"


def _noise(report: Report) -> Iterable[str]:
    if not report.noise:
        return
    yield "<h2>Made anew each time</h2>\n<details><summary>"
    yield f"{number(len(report.noise), 'place')} in which a target differs from itself, asked the "
    yield "same twice from one state</summary>\n<ul>\n"
    for line in report.noise:
        yield f"<li><code>{escape(line)}</code></li>\n"
    yield "</ul></details>\n"


def _allowed(report: Report) -> Iterable[str]:
    yield "<h2>Declared free to differ</h2>\n"
    if not report.result.allowed:
        yield "<p>Nothing.</p>\n"
        return
    yield '<table class="rules">\n<thead><tr><th scope="col">Rule</th>'
    yield '<th scope="col">Needed</th></tr></thead>\n<tbody>\n'
    for sentence in report.result.allowed:
        used = number(report.result.used.get(sentence, 0), "time")
        if sentence in report.unused:
            used = '<span class="bad">never</span>'
        yield f"<tr><td>{escape(sentence)}</td><td>{used}</td></tr>\n"
    yield "</tbody>\n</table>\n"
