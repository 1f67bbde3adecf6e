"""The museum of regressions: what real moves between frameworks broke, planted here and caught.

`python -m tests.museum` writes docs/museum.md.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.mutants import BY_NAME, MUTANTS, Mutant

PAGE = "docs/museum.md"
ROOT = Path(__file__).parent.parent

AIRFLOW = "apache/airflow"
LDR = "LearningCircuit/local-deep-research"


@dataclass(frozen=True)
class Source:
    """Where somebody told of it in public."""

    words: str
    url: str


def issue(repository: str, number: int) -> Source:
    return Source(f"{repository} #{number}", f"https://github.com/{repository}/issues/{number}")


def pull(repository: str, number: int) -> Source:
    return Source(f"{repository} #{number}", f"https://github.com/{repository}/pull/{number}")


@dataclass(frozen=True)
class Row:
    """One way in which clients were broken; `mutants` show it here, `reason` says what does not.

    `note` says more of the sources, or how the blog's case differs from theirs.
    """

    number: int
    broke: str
    sources: tuple[Source, ...] = ()
    mutants: tuple[str, ...] = ()
    reason: str = ""
    note: str = ""


@dataclass(frozen=True)
class Theme:
    title: str
    intro: str
    rows: tuple[Row, ...]


NO_DOWNLOADS = "The blog offers nothing to download: no answer has this field."

THEMES = (
    Theme(
        "Statuses and errors",
        "Every framework has its own status for a wrong request and its own shape for saying so. "
        "Clients branch on the status and parse the shape.",
        (
            Row(
                1,
                "The status of a validation error changed (400 became 422).",
                (issue(AIRFLOW, 43378), pull(AIRFLOW, 42973)),
                ("malformed_json_422", "validation_400"),
                note="Here 400 is for what cannot be read and 422 for what is not valid: a port"
                " can move either.",
            ),
            Row(
                2,
                "A path parameter of the wrong type became a validation error (404 became 422).",
                (issue(LDR, 6094),),
                ("path_id_422",),
            ),
            Row(
                3,
                "Malformed JSON got another error envelope, in 24 places of eight routers.",
                (issue(LDR, 5755),),
                ("malformed_json_as_page",),
            ),
            Row(
                35,
                "Missing credentials: 401 became 403, or 403 became 401 with an upgrade.",
                (issue("fastapi/fastapi", 10177), pull("fastapi/fastapi", 13786)),
                ("missing_credentials_403",),
                note="An upgrade of FastAPI, no migration.",
            ),
        ),
    ),
    Theme(
        "Paths and methods",
        "Routers differ in which spelling of a path they take for which, and in which methods they "
        "add by themselves.",
        (
            Row(
                4,
                "A trailing slash answered with a redirect (200 became 307).",
                (issue(LDR, 6094),),
                ("slash_redirect",),
                note="Here the path with the slash is 404, and became 307.",
            ),
            Row(
                38,
                "The redirect to the path with a slash turned POST and DELETE into GET.",
                (pull("rolepoint/flump", 31), pull("django/django", 17072)),
                ("redirect_loses_method",),
            ),
            Row(
                39,
                "Behind a proxy the redirect named the wrong scheme and host; credentials were "
                "lost on the way.",
                (pull("fastapi/fastapi", 12145), issue("Kaoruha/GinkGO", 5389)),
                ("absolute_location", "slash_redirect"),
                note="A trap of FastAPI, no migration. FastAPI's slash redirect is absolute too.",
            ),
            Row(
                40,
                "An escaped slash (`%2F`) in a path was taken for a slash.",
                (issue("Kludex/starlette", 826), pull("Kludex/starlette", 1828)),
                ("escaped_slash_decoded",),
                note="A trap that frameworks share, no migration.",
            ),
            Row(
                34,
                "HEAD was lost (200 became 405).",
                (issue("fastapi/fastapi", 1773),),
                ("head_405", "wrong_allow"),
                note="With it goes the `Allow` of FastAPI, which names the first route's methods.",
            ),
        ),
    ),
    Theme(
        "Queries",
        "The same query string is another dictionary in each framework.",
        (
            Row(
                41,
                "Of a parameter given twice the first value counted, and after the move the last.",
                (),
                ("first_of_two_taken", "duplicate_query_taken"),
                note="No public report; met twice on public projects.",
            ),
            Row(
                7,
                "A list in the query, `a,b`, had to be sent as repeated keys.",
                (issue(AIRFLOW, 43378),),
                ("list_parameter", "list_field_first"),
                note="The blog's only list is that of `If-Match`; `status` is made one in the"
                " other mutant.",
            ),
            Row(
                15,
                "A filter was ignored, half of a guard was dropped, the order of a list was at "
                "risk.",
                (Source("discord/access", "https://github.com/discord/access"),),
                ("filter_ignored", "guard_half_dropped", "default_order_turned"),
                note="Found by the tests of the port itself.",
            ),
        ),
    ),
    Theme(
        "Bodies that come in",
        "Who reads the body, when, and what a missing, null or unknown field means.",
        (
            Row(
                8,
                "An optional field became mandatory.",
                (
                    issue(AIRFLOW, 52627),
                    Source(
                        "etesync 0.14.2, changes",
                        "https://github.com/etesync/server/blob/master/ChangeLog.md",
                    ),
                ),
                ("optional_field_required",),
                note="In etesync it was the step to Pydantic 2.",
            ),
            Row(
                11,
                "An unknown field, ignored before, was refused with 422.",
                (pull("jvanbuel/flowrs", 663),),
                ("unknown_parameter_refused", "unknown_field_accepted"),
                note="Here unknown parameters of a query are ignored and unknown fields of a body"
                " refused: both can turn.",
            ),
            Row(
                12,
                "In PATCH null and absent were taken for the same, or changed places.",
                (pull(AIRFLOW, 44619),),
                ("patch_ignores_null", "patch_resets_absent"),
            ),
            Row(
                14,
                '`"false"` was read as true, and a request was approved.',
                (
                    Source(
                        "discord/access, e369ece",
                        "https://github.com/discord/access/commit/e369ece",
                    ),
                ),
                ("number_taken_for_text",),
                note="Found and fixed inside the port. The blog takes no true or false; what can"
                " be coerced is text.",
            ),
            Row(
                33,
                "NaN became a server error.",
                (pull("mlrun/mlrun", 419), pull("zenml-io/zenml", 1395)),
                ("nan_crashes",),
                note="A trap of FastAPI, no migration.",
            ),
            Row(
                36,
                "A body without a type, or of another, became 422.",
                (issue("etesync/server", 112),),
                ("content_type_422",),
                note="An upgrade of FastAPI, no migration.",
            ),
            Row(
                25,
                "Every real upload was refused, because something had read the stream before; a "
                "part without a file name was a server error.",
                (pull(LDR, 6326),),
                ("large_body_consumed", "multipart_crashes"),
                note="The small files of the tests passed. The blog takes no uploads: here the"
                " body is JSON, and a form sent as multipart, which is 415, became 500.",
            ),
            Row(
                26,
                "Large uploads were held in memory, and copied again for every chunk, by the "
                "bridge from WSGI.",
                (
                    issue("mlflow/mlflow", 22665),
                    issue("mlflow/mlflow", 24325),
                    issue("community-charts/helm-charts", 411),
                ),
                ("body_buffered_first",),
                reason="The half about time: bodies here end at 1 MiB, and no test asserts how "
                "long something takes.",
            ),
        ),
    ),
    Theme(
        "Bodies that go out",
        "Dates, the order of keys and ranges are written by defaults that nobody chose.",
        (
            Row(
                5,
                "Dates changed from RFC 822 to ISO 8601.",
                (issue(LDR, 5929), issue(LDR, 6094)),
                ("rfc_822_dates",),
                note="Here in the other direction, from RFC 3339 to Flask's.",
            ),
            Row(
                6,
                "The offset of a date changed from `+00:00` to `Z`, which Python 3.10 cannot read.",
                (issue(AIRFLOW, 43378), pull("Arize-ai/phoenix", 11687)),
                ("offset_for_z", "naive_datetime_out", "naive_datetime_in"),
                note="In phoenix it was an upgrade of FastAPI. Two of the mutants go a step"
                " further and lose the offset.",
            ),
            Row(
                32,
                "The keys of JSON objects came in another order: Flask sorts them.",
                (
                    pull("blockworks-foundation/mango-ui-v3", 212),
                    issue("ExpDev07/coronavirus-tracker-api", 206),
                ),
                ("sorted_keys",),
            ),
            Row(
                22,
                "Ranges were lost: 206 became 200 with the whole file.",
                (issue(LDR, 5760),),
                ("range_answered",),
                note="The blog answers no ranges: here 200 became 206.",
            ),
            Row(
                24,
                "`Content-Disposition` lost its plain `filename=`.",
                (issue(LDR, 5929),),
                reason=NO_DOWNLOADS,
            ),
        ),
    ),
    Theme(
        "Rows that were there before",
        "A new model is stricter than the years of rows it is given.",
        (
            Row(
                9,
                "A stored NULL made the answer a server error.",
                (issue(AIRFLOW, 50386),),
                ("stored_null_crashes",),
            ),
            Row(
                10,
                "Old rows did not fit the new enum, and the list crashed.",
                (issue(AIRFLOW, 48630),),
                ("old_value_crashes",),
            ),
            Row(
                13,
                "An inner join dropped the rows of users who had been disabled.",
                (
                    Source(
                        "discord/access #449, 97c0597",
                        "https://github.com/discord/access/commit/97c0597",
                    ),
                ),
                ("inner_join_drops_posts",),
            ),
            Row(
                18,
                "Passwords could not be verified any more, or a hash nobody knew ended sign-in "
                "with an error.",
                (
                    pull("DMedina559/bedrock-server-manager", 79),
                    issue("inspirehep/inspire-next", 1755),
                ),
                ("foreign_hash_refused", "unknown_hash_crashes"),
            ),
        ),
    ),
    Theme(
        "Caches, browsers and proxies",
        "Header fields that no test of a route looks at.",
        (
            Row(
                19,
                "`Vary: Cookie` was no longer sent.",
                (issue(LDR, 6093),),
                ("vary_without_cookie",),
            ),
            Row(
                20,
                "Errors carried no CORS headers, so that a page could not read them.",
                (pull("mozilla-releng/shipit", 1771), issue("fastapi/fastapi", 775)),
                ("cors_missing_on_errors",),
            ),
            Row(
                21,
                "CORS allowed GET alone on one of several adapters.",
                (),
                ("cors_get_only",),
                note="No public report; met on one core behind three frameworks.",
            ),
            Row(
                23,
                "Conditional GET was lost (304 became 200).",
                (issue(LDR, 5856), issue(LDR, 6113)),
                ("not_modified_lost",),
            ),
            Row(
                37,
                "`Date` was sent twice.",
                (pull(AIRFLOW, 64688),),
                ("date_twice",),
                note="The pull request was closed.",
            ),
        ),
    ),
    Theme(
        "Connections and threads",
        "What a client sees of them is a 503, or nothing at all, after some time.",
        (
            Row(
                27,
                "Routes never gave their database session back: the cleanup ran on another thread.",
                (issue(LDR, 5857),),
                ("connections_kept",),
            ),
            Row(
                28,
                "Forty threads, a pool of fifteen connections: starvation.",
                (pull("discord/access", 496),),
                ("pool_below_threads",),
                reason="The half about memory shows in no answer.",
            ),
            Row(
                29,
                "A streamed answer kept its database dependency open until the pool was empty.",
                (pull("xr843/fojin", 649),),
                reason="No answer is streamed: the front holds each one whole. A connection that "
                "is kept is `connections_kept`.",
                note="A trap of FastAPI, no migration.",
            ),
        ),
    ),
    Theme(
        "Sessions, forms and limits",
        "What a browser brings along by itself, and what it may do with that.",
        (
            Row(
                16,
                "Cookies of the old server broke the new one for users who were signed in.",
                (issue("streamlit/streamlit", 15407),),
                ("old_cookie_crashes",),
                note="There the page did not load while the cookie was kept, up to thirty days."
                " Here it is 500.",
            ),
            Row(
                17,
                "The session cookie had another format, and everybody was signed out.",
                (pull("chanzuckerberg/czgenepi", 723),),
                ("own_session_cookie",),
                note="No request alone shows it: the session has to have been opened before.",
            ),
            Row(
                31,
                "A GET that changes something went past the CSRF check.",
                (issue(LDR, 5830), issue(LDR, 6113)),
                ("sign_out_by_get", "write_by_get"),
                note="The check looks at unsafe methods alone, so a link on any site will do.",
            ),
            Row(
                30,
                "Rate limits of one's own were ignored.",
                (pull(LDR, 6400),),
                ("set_limits_ignored",),
                note="The number stood where the routes are written, and only a limit of nought"
                " was looked up.",
            ),
        ),
    ),
)
ROWS = tuple(row for theme in THEMES for row in theme.rows)


INTRO = """\
# The museum of regressions

Generated by `python -m tests.museum`.

{rows} ways in which a move between frameworks, or an upgrade, broke clients of a public project
without anybody meaning it. {planted} of them are planted here: each in one of our adapters, as an
honest port would have written it, wrong in this one thing. Where the front settles something before
a framework is reached, the mutant takes that rule away and lets the framework's default answer.

`tests/test_mutants.py` runs the tests named here against every mutant. It fails unless each of them
fails on the mutant and passes on the adapter as it is, and unless an unexpected error shows only
where it is the fault. `stored_rows` is `tests/stored_rows.py`, about rows that no client can make;
`set_limits` is `tests/set_limits.py`, about limits that the suite stays below. Every other test
belongs to the [contract suite](contract-tests.md).

A team that migrates can read what broke as a list of questions to its own port.
"""


def unreported() -> list[Mutant]:
    """The mutants that belong to no row."""
    shown = {name for row in ROWS for name in row.mutants}
    return [mutant for mutant in MUTANTS if mutant.name not in shown]


def page() -> str:
    """docs/museum.md, as it is to be."""
    planted = sum(bool(row.mutants) for row in ROWS)
    lines = INTRO.format(rows=len(ROWS), planted=planted).splitlines()
    for theme in THEMES:
        lines += ["", f"## {theme.title}", "", theme.intro, ""]
        lines += ["| | what broke | planted as | caught by |", "| --- | --- | --- | --- |"]
        lines += [line for row in theme.rows for line in _lines(row)]
    lines += [
        "",
        "## Faults that nobody reported",
        "",
        "Planted because a blog with drafts, sessions and several writers has to fear them.",
        "",
        "| planted as | caught by |",
        "| --- | --- |",
        *(f"| {_planted(mutant)} | {_caught(mutant)} |" for mutant in unreported()),
    ]
    return "\n".join(lines) + "\n"


def _lines(row: Row) -> Iterator[str]:
    told = ", ".join(f"[{source.words}]({source.url})" for source in row.sources)
    words = " ".join(filter(None, (row.broke, told and f"{told}.", row.note)))
    mutants = [BY_NAME[name] for name in row.mutants]
    for position, mutant in enumerate(mutants):
        first = f"{row.number} | {words}" if not position else " | "
        yield f"| {first} | {_planted(mutant)} | {_caught(mutant)} |"
    if row.reason:
        first = " | " if mutants else f"{row.number} | {words}"
        yield f"| {first} | {row.reason} | |"


def _planted(mutant: Mutant) -> str:
    words = " ".join(mutant.fault.split()).replace("|", "\\|")
    framework = mutant.target.rpartition("-")[0]
    name = {"django": "Django", "fastapi": "FastAPI", "flask": "Flask"}[framework]
    behind = ("", " behind a server", " in two processes")[mutant.processes]
    link = f"[`{mutant.name}`](../tests/mutants/{mutant.name}.py)"
    return f"_{mutant.cause}_<br>{name}{behind}, {link}: {words}"


def _caught(mutant: Mutant) -> str:
    return "<br>".join(f"`{test}`" for test in mutant.tests)


if __name__ == "__main__":
    (ROOT / PAGE).write_text(page(), "utf-8")
