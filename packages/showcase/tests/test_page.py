"""The page without its three servers: what its URL says, what it lets in, what it shows."""

import ast
import http.client
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any
from wsgiref.util import setup_testing_defaults

import pytest

from blog_core.settings import Settings
from http_parity.exchange import Answer, Request
from triptych.page import lining_up, spellings
from triptych.page.app import Page
from triptych.page.asking import Outcome, Said, _odd
from triptych.page.marking import DIFFERENT, Piece, Shown, shown, visible
from triptych.page.planting import Garden, clone
from triptych.page.serving import listening
from triptych.page.spellings import ALL, Deciding, calls, highlighted, of_operation
from triptych.page.state import Own, Refused, State
from triptych.page.stories import BY_SLUG, PLANTED, STORIES
from triptych.servers import FRAMEWORKS
from triptych.tour import Step

ROOT = Path(__file__).parents[3]
PORT = 8000
HOST = f"127.0.0.1:{PORT}"
SENT = Request("GET", "/api/posts")


class Answering:
    """Stands for the three: each gives the answer it is made with."""

    def __init__(self, *answers: Answer) -> None:
        self._answers = answers
        self.asked: list[Step] = []

    def ask(self, step: Step, *_: Any, expected: int | None = None, **__: Any) -> Outcome:
        self.asked.append(step)
        said = tuple(
            Said(key, f"http://{key}", SENT, answer, answer, 1.0)
            for key, answer in zip(FRAMEWORKS, self._answers, strict=True)
        )
        return Outcome(step, said, tuple(_odd(said)), (), expected)


JSON = (("Content-Type", "application/json"),)
SAME = Answer(200, JSON, b'{"title":"Hei"}')


def page(*answers: Answer) -> tuple[Page, Answering]:
    asking = Answering(*(answers or (SAME, SAME, SAME)))
    garden = Garden(None, Path(), {})
    return Page(asking, Deciding(Settings()), garden, port=PORT), asking  # type: ignore[arg-type]


def got(app: Page, path: str, method: str = "GET", body: bytes = b"", **more: str) -> Answer:
    """The page's answer, as `/path?query`."""
    path, _, query = path.partition("?")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": method,
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "HTTP_HOST": HOST,
        "CONTENT_LENGTH": str(len(body)),
        **more,
    }
    setup_testing_defaults(environ)
    environ["wsgi.input"].write(body)
    environ["wsgi.input"].seek(0)
    noted: list[Any] = []

    def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
        noted.extend((status, headers))

    text = b"".join(app(environ, start))
    return Answer(int(noted[0][:3]), tuple(noted[1]), text)


# --- the state in the URL ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "state",
    [
        State(),
        *(State(story.slug) for story in STORIES),
        State("stale", ("fastapi", "django")),
        State(
            own=Own(
                "PATCH",
                "/api/posts/{post}?a=%20&b",
                "If-Match: {tag}\nX: ü",
                '{"a":1}\n',
                "visitor",
            )
        ),
        State(own=Own("GET", "/", "", "", "author"), columns=("flask",), answer="abc"),
    ],
)
def test_a_state_comes_back_from_its_url(state: State) -> None:
    assert state == State.of(state.url.partition("?")[2])


@pytest.mark.parametrize(
    "query",
    ["pick=nothing", "columns=", "columns=rails,,", "as=root", "%ff=%00", "answer=&pick=publish"],
)
def test_what_a_url_says_wrong_is_left_at_its_default(query: str) -> None:
    assert State() == State.of(query)


def test_columns_are_moved_hidden_and_shown_again() -> None:
    state = State().moved("fastapi", -1)
    assert ("django", "fastapi", "flask") == state.columns
    assert ("fastapi", "flask") == state.hiding("django").columns
    assert ("fastapi", "flask", "django") == state.hiding("django").showing("django").columns
    assert ("fastapi", "django", "flask") == state.moved("django", 1).columns


@pytest.mark.parametrize(
    "own",
    [
        Own("GE T"),
        Own(path="api/posts"),
        Own(path="http://elsewhere.example/"),
        Own(path="/a b"),
        Own(path="/a\r\nX: y"),
        Own(path="/é"),
        Own(headers="no colon"),
        Own(headers="Na me: x"),
        Own(headers="X: a\x00b"),
        Own(body="x" * 200_000),
    ],
)
def test_what_is_no_request_is_refused_with_a_sentence(own: Own) -> None:
    with pytest.raises(Refused, match=r"\.$"):
        own.step(None)


def test_a_value_outside_ascii_goes_out_as_utf_8() -> None:
    assert {"X": "Ã¼"} == Own(headers="X: ü").step(None).headers


# --- what the page lets in -----------------------------------------------------------------------


def test_its_port_can_be_taken_again_at_once() -> None:
    app, _ = page()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    for _ in range(2):
        with listening(app, port) as url:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
            connection.request("GET", "/")
            # It is asked for by another port than the one that it thinks it has.
            assert (421, f"http://127.0.0.1:{port}") == (connection.getresponse().status, url)
            connection.close()


@pytest.mark.parametrize(
    "host", ["", "elsewhere.example", "127.0.0.1", f"elsewhere.example:{PORT}"]
)
def test_another_host_is_not_served(host: str) -> None:
    app, asking = page()
    assert 421 == got(app, "/", HTTP_HOST=host).status
    assert asking.asked == []


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_nothing_is_sent_because_another_site_asked(site: str) -> None:
    app, asking = page()
    shown_page = got(app, "/?pick=create", HTTP_SEC_FETCH_SITE=site)
    assert (200, True) == (shown_page.status, b"Not sent yet" in shown_page.body)
    assert 200 == got(app, "/?method=GET&path=/", HTTP_SEC_FETCH_SITE=site).status
    for path in ("/send", "/regressions?plant=sorted_keys"):
        assert 403 == got(app, path, "POST", b"method=GET&path=/", HTTP_SEC_FETCH_SITE=site).status
    origin = "http://127.0.0.1:8001"
    assert 403 == got(app, "/send", "POST", b"method=GET&path=/", HTTP_ORIGIN=origin).status
    assert asking.asked == []


def test_a_request_that_changes_something_is_sent_once_and_by_a_form_only() -> None:
    app, asking = page()
    assert b"Not sent yet" in got(app, "/?method=DELETE&path=%2Fapi%2Fme").body
    assert asking.asked == []
    led = got(app, "/send", "POST", b"method=DELETE&path=%2Fapi%2Fme&as=visitor")
    where = led.header("Location") or ""
    assert (303, 1) == (led.status, len(asking.asked))
    assert b"Identical" in got(app, where).body
    assert 1 == len(asking.asked)


def test_every_answer_forbids_scripts_and_styles_of_others() -> None:
    app, _ = page()
    for path in ("/", "/code", "/regressions", "/nothing", "/static/page.css"):
        policy = got(app, path).header("Content-Security-Policy") or ""
        assert "default-src 'none'; script-src 'self'; style-src 'self'" in policy
        assert "unsafe" not in policy


@pytest.mark.parametrize(
    "path", ["/", "/?method=GET&path=/", "/code", "/code?file=session", "/regressions"]
)
def test_a_page_has_no_script_or_style_in_it(path: str) -> None:
    app, _ = page()
    html = got(app, path).body.decode()
    assert " style=" not in html
    assert "<style" not in html
    assert " on" not in {part[:3] for part in html.split("<script")[1].split(">")[0].split('"')}
    assert 1 == html.count("<script")


HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>&amp;"


def test_a_hostile_answer_is_text() -> None:
    hostile = Answer(
        200,
        (("Content-Type", "text/html"), ("X-Odd", HOSTILE)),
        f"{HOSTILE}\x00\x1b[31m\u202e".encode(),
    )
    app, _ = page(SAME, hostile, SAME)
    html = got(app, "/").body.decode()
    assert "<script>alert" not in html
    assert "<img src=x" not in html
    assert "\x00" not in html
    assert "\u202e" not in html
    assert "\\u202e" in html


def test_what_was_typed_is_text() -> None:
    app, _ = page()
    html = got(app, f"/?method=GET&path=/{HOSTILE.replace('&', '%26')}&headers={HOSTILE[:8]}").body
    assert b"<script>alert" not in html


# --- what is marked ------------------------------------------------------------------------------


def marked(side: Shown) -> list[str]:
    """The text that is marked as different, in order."""
    pieces: list[Piece] = [piece for field in side.fields for piece in field.value]
    pieces += [piece for line in side.body for piece in line.pieces]
    found: list[str] = []
    for before, piece in zip([Piece(""), *pieces], pieces, strict=False):
        if DIFFERENT in piece.classes.split():
            if DIFFERENT in before.classes.split() and found:
                found[-1] += piece.text
            else:
                found.append(piece.text)
    return found


def written(side: Shown) -> str:
    return "".join(piece.text for line in side.body for piece in line.pieces)


def test_what_differs_is_marked_to_the_byte() -> None:
    one = Answer(200, JSON, b'{"title":"Hei","n":1}')
    other = Answer(200, JSON, b'{"title":"Hej","n":1}')
    assert ["j"] == marked(shown(other, one))
    assert ["i"] == marked(shown(one, other))
    assert [] == marked(shown(one, one))


def test_what_was_replaced_is_marked_by_its_word_and_what_moved_as_a_whole() -> None:
    one = Answer(200, JSON, b'{"title":"One night train","author":"daria"}')
    word = Answer(200, JSON, b'{"title":"One light train","author":"daria"}')
    assert ["l"] == marked(shown(word, one))
    moved = Answer(200, JSON, b'{"author":"daria","title":"One night train"}')
    assert ['"author":"daria",', '"}'] == marked(shown(moved, one))
    assert ['{"', ',"author":"daria"'] == marked(shown(one, moved))


def test_what_is_missing_is_marked_by_its_neighbours() -> None:
    assert ['":'] == marked(shown(Answer(200, JSON, b'{"a":1}'), Answer(200, JSON, b'{"a" :1}')))


def test_fields_differ_by_their_value_or_by_being_there() -> None:
    one = Answer(200, (("ETag", '"1"'), ("Date", "today")))
    other = Answer(200, (("etag", '"2"'), ("Vary", "Origin"), ("Date", "tomorrow")))
    by_name = {field.name: field.differs for field in shown(other, one).fields}
    assert {"Date": False, "etag": True, "Vary": True} == by_name
    assert ["ETag", "Vary", "Date"] == [field.name for field in shown(one, other).fields]
    assert "(not here)" in str(shown(one, other).fields[1])


@pytest.mark.parametrize(
    "body",
    [
        b'{"a":[1,{"b":"x,]"}],"c":{},"d":[]}',
        b"[]",
        b'{"a": 1 ,"\\u00e9":"\xc3\xa9"}',
        b'{"half": "a',
        b"null",
        b"",
    ],
)
def test_lines_and_indents_add_nothing_to_the_bytes(body: bytes) -> None:
    assert body.decode() == written(shown(Answer(200, JSON, body), None))


def test_what_cannot_be_seen_is_an_escape() -> None:
    assert "a\\xffb\\x00\\u202e" == visible(b"a\xffb\x00\xe2\x80\xae")


# --- the code ------------------------------------------------------------------------------------

EVERYWHERE = [(framework, name) for framework in FRAMEWORKS for name in ALL]


@pytest.mark.parametrize(("framework", "name"), EVERYWHERE)
def test_the_code_of_every_operation_is_what_stands_in_the_file(framework: str, name: str) -> None:
    found = of_operation(framework, name)
    [file] = ROOT.glob(f"packages/*/src/{found.path}")
    lines = file.read_text("utf-8").splitlines()
    assert "\n".join(lines[found.first - 1 : found.last]) == found.source
    assert found.name.rpartition(".")[2] in found.source
    text = "\n".join("".join(bit.text for bit in line) for line in highlighted(found, calls(found)))
    assert found.source == text


@pytest.mark.parametrize("name", ALL)
def test_the_three_call_the_same_use_cases(name: str) -> None:
    called = [
        {
            call.spelling.name
            for call in calls(of_operation(framework, name))
            if call.spelling.name.startswith("Blog.")
        }
        for framework in FRAMEWORKS
    ]
    assert called[0] == called[1] == called[2]


def test_each_name_that_leads_to_the_core_is_a_link_on_it() -> None:
    found = of_operation("flask", "create_post")
    linked = [bit.text for line in highlighted(found, calls(found)) for bit in line if bit.to]
    assert ["NewPost", "created_post", "create_post"] == linked


def test_a_changed_file_is_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "made_up_module.py"
    file.write_text("def one():\n    pass\n", "utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    assert ["one"] == [found.name for found in spellings.everything("made_up_module")]
    file.write_text("def one():\n    pass\n\n\ndef two():\n    pass\n", "utf-8")
    assert ["one", "two"] == [found.name for found in spellings.everything("made_up_module")]


@pytest.mark.parametrize("file", ["session", "errors", "app"])
def test_all_that_the_files_define_is_lined_up(file: str) -> None:
    shown_names = {
        (found.module, found.name)
        for row in lining_up.rows(file)
        for found in (one for cell in row.spellings.values() for one in cell)
    }
    modules = [f"{framework.package}.{file}" for framework in FRAMEWORKS.values()]
    defined = {
        (module, found.name)
        for module in modules
        if not (file == "app" and "django" in module)  # its settings, URLs and wsgi are whole
        for found in spellings.everything(module)
    }
    assert defined <= shown_names


def test_every_name_that_is_lined_up_is_there() -> None:
    wanted = sum(
        len(names)
        for table in (lining_up.SESSION, lining_up.ERRORS, lining_up.APP)
        for row in table
        for names in (row.django, row.flask, row.fastapi)
    )
    found = sum(
        len(cell)
        for file in ("session", "errors", "app")
        for row in lining_up.rows(file)
        for cell in row.spellings.values()
    )
    assert wanted == found


def test_no_adapter_is_imported_to_show_its_code() -> None:
    code = (
        "import sys; from triptych.page.spellings import ALL, calls, of_operation\n"
        "for name in ALL: [calls(of_operation(f, name)) for f in ('django', 'flask', 'fastapi')]\n"
        "print([name for name in sys.modules if name.partition('_')[2] and "
        "name.split('.')[0] in ('blog_django', 'blog_flask', 'blog_fastapi')])"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert b"[]" == ended.stdout.strip()


CROSS = (("Sec-Fetch-Site", "cross-site"),)


@pytest.mark.parametrize(
    ("request_", "reached", "by"),
    [
        (Request("GET", "/api/posts"), True, []),
        (Request("HEAD", "/api/posts"), True, ["Front.finish"]),
        (Request("DELETE", "/api/posts"), False, ["Front._route"]),
        (Request("GET", "/api/posts/"), False, ["Front._route"]),
        (Request("POST", "/api/posts", JSON, b"{"), False, ["Front.read"]),
        (Request("POST", "/api/posts", JSON, b"{}"), False, ["admit"]),
        (Request("GET", "/", (("Host", "elsewhere.example"),)), False, ["Front._unknown_host"]),
        (
            Request("POST", "/login", (("Sec-Fetch-Site", "cross-site"),)),
            False,
            ["Front._cross_site"],
        ),
    ],
)
def test_who_answers_is_found_by_asking_the_front(
    request_: Request, reached: bool, by: list[str]
) -> None:
    decision = Deciding(Settings()).of(request_)
    assert (reached, by) == (decision.reached, [spelling.name for spelling in decision.by])


# --- what is planted -----------------------------------------------------------------------------


def test_an_installed_wheel_says_that_it_has_no_mutants() -> None:
    app, _ = page()
    assert b"planted from a clone of the repository" in got(app, "/regressions").body


def test_every_regression_that_can_be_planted_is_one_of_the_museums() -> None:
    root = clone()
    assert root == ROOT
    garden = Garden(root, Path(), {})
    assert "" == garden.why_not
    assert set(PLANTED) == {one.name for one in garden.everything}
    assert set(PLANTED.values()) <= set(BY_SLUG)
    for one in garden.everything:
        assert one.tests
        assert ast.get_docstring(ast.parse(one.code.source))
