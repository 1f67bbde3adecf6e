"""What will differ between two frameworks unless somebody acts: asked of an example in each.

    python -m tests.moving          # writes the six pages in docs/moving

`SEEN` is what each example of docs/examples/moving answers; `tests/test_moving.py` asks again.
"""

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from http_parity.exchange import Answer, Request
from http_parity.targets import TargetSpec, open_target
from tests.museum import ROWS

ROOT = Path(__file__).parents[1]
EXAMPLES = ROOT / "docs" / "examples" / "moving"
FOLDER = ROOT / "docs" / "moving"
TARGETS = {
    "Django": "wsgi:django_notes:app",
    "Flask": "wsgi:flask_notes:app",
    "FastAPI": "asgi:fastapi_notes:app",
}
JSON = ("Content-Type", "application/json")


def status(answer: Answer) -> str:
    return str(answer.status)


def kind(answer: Answer) -> str:
    """The status, and what the body is."""
    media = (answer.header("Content-Type") or "no type").partition(";")[0]
    return f"{answer.status} {media}"


def field(name: str) -> Callable[[Answer], str]:
    """The status, and this header field."""

    def look(answer: Answer) -> str:
        value = answer.header(name)
        members = ", ".join(sorted((value or "none").replace(",", " ").split()))
        return f"{answer.status}, `{name}`: {members}"

    return look


def member(name: str) -> Callable[[Answer], str]:
    """This member of the body, or the status where there is none."""

    def look(answer: Answer) -> str:
        if answer.status >= 400:
            return str(answer.status)
        return f"`{json.dumps(answer.json().get(name), ensure_ascii=False)}`"

    return look


def order(answer: Answer) -> str:
    return ", ".join(answer.json())


def spelling(answer: Answer) -> str:
    escaped = "escaped" if b"\\u65e5" in answer.body else "UTF-8"
    ending = "a line break at the end" if answer.body.endswith(b"\n") else "none at the end"
    return f"{escaped}, {ending}"


def own_fields(answer: Answer) -> str:
    """The header fields that nobody asked for."""
    usual = {"content-type", "content-length", "allow"}
    return ", ".join(sorted({name.lower() for name, _ in answer.headers} - usual)) or "none"


def get(target: str, *headers: tuple[str, str]) -> Request:
    return Request("GET", target, headers)


def post(body: bytes, *headers: tuple[str, str]) -> Request:
    return Request("POST", "/notes", headers or (JSON,), body)


@dataclass(frozen=True)
class Probe:
    """A request, what to look at in its answer, and what to do about it.

    `rows` are those of the museum where this broke somebody. `act` says, for the framework that one
    moves to, which line keeps clients from noticing.
    """

    what: str
    rows: tuple[int, ...]
    request: Request
    look: Callable[[Answer], str]
    act: Mapping[str, str]


PROBES = (
    Probe(
        "a body that is no JSON",
        (1, 3),
        post(b"{"),
        kind,
        {
            "Django": "`EXCEPTION_HANDLER`, which gets the `ParseError`",
            "Flask": "`@app.errorhandler(HTTPException)` that answers JSON",
            "FastAPI": "`@app.exception_handler(RequestValidationError)`: of type `json_invalid` is 400",
        },
    ),
    Probe(
        "a body without a needed field",
        (1, 8),
        post(b"{}"),
        status,
        {
            "Django": "`ValidationError.status_code = 422`, or `EXCEPTION_HANDLER`",
            "Flask": "`abort(422)`, or what validates raises it",
            "FastAPI": "`@app.exception_handler(RequestValidationError)` with the old status and body",
        },
    ),
    Probe(
        "a number where text is wanted",
        (14,),
        post(b'{"text": 5}'),
        status,
        {
            "Django": "a `CharField` whose `to_internal_value` refuses what is no `str`",
            "Flask": "`isinstance`, or a Pydantic model with `strict=True`",
            "FastAPI": "Pydantic refuses already; to accept, `coerce_numbers_to_str=True`",
        },
    ),
    Probe(
        '`"false"` where true or false is wanted',
        (14,),
        post(b'{"text": "x", "urgent": "false"}'),
        member("urgent"),
        {
            "Django": "a `BooleanField` that refuses text, or keep what the old one made of it",
            "Flask": "never `bool(value)`: compare with `is True`, or validate",
            "FastAPI": "`StrictBool`, or keep what the old one made of it",
        },
    ),
    Probe(
        "`NaN` in a body",
        (33,),
        post(b'{"text": NaN}'),
        status,
        {
            "Django": "`STRICT_JSON`, which is on",
            "Flask": "a JSON provider whose `loads` has `parse_constant`",
            "FastAPI": "the same handler, which must not repeat the input: NaN is no JSON to answer",
        },
    ),
    Probe(
        "a body of another `Content-Type`",
        (36,),
        post(b'{"text": "x"}', ("Content-Type", "text/plain")),
        status,
        {
            "Django": "`parser_classes = [JSONParser]`, so that forms are 415 as well",
            "Flask": "`get_json()` says 415 already",
            "FastAPI": "a dependency that says 415 before the body is read",
        },
    ),
    Probe(
        "a path parameter of another type",
        (2,),
        get("/notes/x"),
        status,
        {
            "Django": "`<int:number>` is 404; for 422 `<str:number>`, and check it in the view",
            "Flask": "`<int:number>` is 404; for 422 `<number>`, and check it in the view",
            "FastAPI": 'a converter in the path, `"/notes/{number:int}"`: 404',
        },
    ),
    Probe(
        "a slash too many",
        (4, 38, 39),
        get("/notes/"),
        status,
        {
            "Django": "`APPEND_SLASH = False`; one spelling of each path in `urls.py`",
            "Flask": "no rule that ends with a slash; `strict_slashes`",
            "FastAPI": "`FastAPI(redirect_slashes=False)`",
        },
    ),
    Probe(
        "HEAD",
        (34,),
        Request("HEAD", "/notes/1"),
        status,
        {
            "Django": "`@api_view(['GET', 'HEAD'])`; classes of views answer it already",
            "Flask": "answered already",
            "FastAPI": '`@app.api_route(..., methods=["GET", "HEAD"])`',
        },
    ),
    Probe(
        "a method the path has not",
        (34,),
        Request("DELETE", "/notes"),
        field("Allow"),
        {
            "Django": "`http_method_names` without `options`, if that was not there",
            "Flask": "sort `e.valid_methods`: their order is a set's",
            "FastAPI": "a handler for 405 that collects the methods of every route of the path",
        },
    ),
    Probe(
        "OPTIONS",
        (),
        Request("OPTIONS", "/notes"),
        kind,
        {
            "Django": "`metadata_class = None` makes it 405; an `options` of your own does the rest",
            "Flask": "`PROVIDE_AUTOMATIC_OPTIONS = False`, then as the old one did",
            "FastAPI": "a route for OPTIONS, or a middleware",
        },
    ),
    Probe(
        "a query parameter given twice",
        (41,),
        get("/notes?page=1&page=2"),
        member("page"),
        {
            "Django": "`query_params.getlist(name)[0]` for the first",
            "Flask": "`request.args.getlist(name)[-1]` for the last",
            "FastAPI": "`request.query_params.getlist(name)[0]` for the first",
        },
    ),
    Probe(
        "a query parameter that is no number",
        (1,),
        get("/notes?page=x"),
        status,
        {
            "Django": "a serializer says 400; for a default, or 422, read it in the view",
            "Flask": "`args.get(type=int)` gives the default instead: check, then `abort`",
            "FastAPI": (
                "the same handler, for errors whose `loc` begins with `query`; for a default, a `str`"
            ),
        },
    ),
    Probe(
        "how an instant is written",
        (5, 6),
        get("/notes/1"),
        member("created"),
        {
            "Django": "`DATETIME_FORMAT`, and `TIME_ZONE` for the offset",
            "Flask": "a JSON provider whose `default` writes `isoformat()`",
            "FastAPI": "a serializer on the type: `PlainSerializer`",
        },
    ),
    Probe(
        "the order of keys",
        (32,),
        get("/notes/1"),
        order,
        {
            "Django": "the order of the serializer's fields",
            "Flask": "`app.json.sort_keys = False`",
            "FastAPI": "the order of the model's fields",
        },
    ),
    Probe(
        "the bytes of JSON",
        (),
        get("/notes/1"),
        spelling,
        {
            "Django": "`UNICODE_JSON`, `COMPACT_JSON`",
            "Flask": "`app.json.ensure_ascii = False`, `app.json.compact = True`",
            "FastAPI": "a response class whose `render` writes what the old one wrote",
        },
    ),
    Probe(
        "missing credentials",
        (35,),
        get("/me"),
        field("WWW-Authenticate"),
        {
            "Django": "the first authenticator needs `authenticate_header`, else it is 403",
            "Flask": "`abort(401, www_authenticate=WWWAuthenticate(...))`",
            "FastAPI": "`HTTPBearer(auto_error=False)`, and your own 401 with its field",
        },
    ),
    Probe(
        "an unknown path",
        (3,),
        get("/nothing"),
        kind,
        {
            "Django": "`handler404` that answers JSON under the API",
            "Flask": "`@app.errorhandler(404)`",
            "FastAPI": "`@app.exception_handler(404)`",
        },
    ),
    Probe(
        "an unexpected error",
        (3, 20),
        get("/broken"),
        kind,
        {
            "Django": "`handler500`",
            "Flask": "`@app.errorhandler(500)`",
            "FastAPI": "`@app.exception_handler(Exception)`; CORS fields are not on it",
        },
    ),
    Probe(
        "an `Accept` that nothing serves",
        (),
        get("/notes/1", ("Accept", "application/xml")),
        status,
        {
            "Django": "a negotiation class that returns the first renderer",
            "Flask": "nothing is negotiated; to refuse, look at `request.accept_mimetypes`",
            "FastAPI": "nothing is negotiated; to refuse, a dependency",
        },
    ),
    Probe(
        "a `Host` that is not ours",
        (),
        get("/notes/1", ("Host", "other.example")),
        status,
        {
            "Django": "`ALLOWED_HOSTS`",
            "Flask": "`app.config['TRUSTED_HOSTS']`",
            "FastAPI": "`TrustedHostMiddleware`",
        },
    ),
    Probe(
        "header fields of the framework's own",
        (19,),
        get("/notes/1"),
        own_fields,
        {
            "Django": "take the middleware out, or put the fields on in the old one first",
            "Flask": "`@app.after_request` puts on what the old one sent, `Vary` above all",
            "FastAPI": "a middleware puts on what the old one sent, `Vary` above all",
        },
    ),
)


def measured() -> dict[str, dict[str, str]]:
    """What each example answers, each in a process of its own."""
    # Their processes find the examples by the path of this one.
    sys.path.insert(0, str(EXAMPLES))
    try:
        with ExitStack() as stack:
            found: dict[str, dict[str, str]] = {probe.what: {} for probe in PROBES}
            for name, address in TARGETS.items():
                target = open_target(TargetSpec(address, name, process=True))
                stack.callback(target.close)
                for probe in PROBES:
                    found[probe.what][name] = probe.look(target.send(probe.request))
            return found
    finally:
        sys.path.remove(str(EXAMPLES))


PINNED = FOLDER / "seen.json"


def seen() -> dict[str, dict[str, str]]:
    """The same as the pages say it."""
    found: dict[str, dict[str, str]] = json.loads(PINNED.read_text("utf-8"))
    return found


def broke(numbers: tuple[int, ...]) -> str:
    known = {row.number for row in ROWS}
    assert known.issuperset(numbers), numbers
    return ", ".join(str(number) for number in numbers)


def differing(old: str, new: str) -> Iterator[str]:
    """The rows of the table for one direction."""
    answers = seen()
    for probe in PROBES:
        left, right = answers[probe.what][old], answers[probe.what][new]
        if left != right:
            yield f"| {probe.what} | {left} | {right} | {probe.act[new]} | {broke(probe.rows)} |"


# --- the pages -----------------------------------------------------------------------------------

PACKAGES = {
    "Django": "packages/django_app/src/blog_django",
    "Flask": "packages/flask_app/src/blog_flask",
    "FastAPI": "packages/fastapi_app/src/blog_fastapi",
}
IDIOMS: tuple[tuple[str, Mapping[str, str]], ...] = (
    (
        "a group of routes",
        {"Django": "a viewset on a router", "Flask": "a blueprint", "FastAPI": "an `APIRouter`"},
    ),
    (
        "a path parameter",
        {"Django": "`<id:post_id>`", "Flask": "`<id:post_id>`", "FastAPI": "`{post_id}`, typed"},
    ),
    (
        "a body by its schema",
        {
            "Django": "a serializer, `request.data`",
            "Flask": "`request.get_json()` and a call",
            "FastAPI": "a typed parameter",
        },
    ),
    (
        "the request everywhere",
        {
            "Django": "an argument, `self.request`",
            "Flask": "`request` and `g`, which follow the context",
            "FastAPI": "a dependency",
        },
    ),
    (
        "who asks",
        {
            "Django": "authentication and permission classes",
            "Flask": "`before_request`",
            "FastAPI": "`Depends`, `Security`",
        },
    ),
    (
        "a failure as an answer",
        {
            "Django": "`EXCEPTION_HANDLER`",
            "Flask": "`errorhandler`",
            "FastAPI": "`add_exception_handler`",
        },
    ),
    (
        "a page",
        {
            "Django": "`render` and the Jinja2 backend",
            "Flask": "`render_template`",
            "FastAPI": "`Jinja2Templates`",
        },
    ),
    (
        "settings",
        {
            "Django": "a module, read at import",
            "Flask": "`app.config`, or an argument of the factory",
            "FastAPI": "an argument of the factory",
        },
    ),
    (
        "the start and the end of the process",
        {"Django": "`AppConfig.ready`", "Flask": "none", "FastAPI": "`lifespan`"},
    ),
    (
        "the server",
        {
            "Django": "gunicorn or granian, WSGI",
            "Flask": "gunicorn or granian, WSGI",
            "FastAPI": "uvicorn or granian, ASGI",
        },
    ),
)
CODE = {
    "Django": ("api.py:PostViewSet.list,PostViewSet.create", "errors.py"),
    "Flask": ("api.py:list_posts,create_post", "errors.py:send,refused"),
    "FastAPI": ("api.py:list_posts,create_post", "errors.py:send,install,refused"),
}
FROM = {
    "Django": """\
- **Tables.** Django's migrations own them until the last route has moved. The new application maps what
  is there: `manage.py inspectdb` reads nothing for SQLAlchemy, `sqlacodegen` does. Defaults of the
  models are not in the database: set them in the inserts.
- **Users.** `AUTH_USER_MODEL` names the table. Its hashes (`pbkdf2_sha256$`, `argon2$`, …) verify with
  [the core's hasher](../importing-users.md#from-django); leave them as they are until Django signs
  nobody in any more.
- **Sessions.** Those of `contrib.sessions` in the database are rows of `django_session`, signed with
  `SECRET_KEY`: bring the new application to read them, or open sessions in a table of both from a
  given day on and wait two weeks.
- **The admin** stays where it is: it is the last that moves, if it does.""",
    "Flask": """\
- **Tables.** Flask-Migrate is Alembic: the new application can take over its folder of versions on the
  day on which the old one ends. Models of Flask-SQLAlchemy need its `db` and a context; take them
  out to plain SQLAlchemy first, with the old tests still green.
- **Users.** Hashes of Werkzeug (`scrypt:`, `pbkdf2:sha256:`) verify with
  [the core's hasher](../importing-users.md#from-flask-with-flask-sqlalchemy).
- **Sessions.** Flask's cookie *is* the session, signed and not stored: nothing can end it from
  elsewhere, and nobody else reads it without `itsdangerous` and the same key and salt. Move to a
  session in the database while Flask still serves everything.
- **`g` and `current_app`** are arguments in the new one. Every helper that uses them shows up now.""",
    "FastAPI": """\
- **Tables.** SQLAlchemy and Alembic can stay. If sessions of the database are asynchronous, their
  models serve synchronous ones too; their queries have to be written with an engine of the other kind.
- **Users.** Hashes of passlib and pwdlib verify with
  [the core's hasher](../importing-users.md#from-passlib-pwdlib-bcrypt-or-argon2-cffi).
- **Sessions.** Tokens that sign themselves (JWT) are good on both as long as both have the key, and
  cannot be ended by either. Starlette's `SessionMiddleware` is a signed cookie like Flask's.
- **What was refused by a type** (`int`, `EmailStr`, `Query(le=100)`) has to be refused by name now.
  The OpenAPI document lists all of it: keep the old one, and hold the new one to it.""",
}
TO = {
    "Django": """\
- **Unmanaged models** (`managed = False`, `db_table`) over the tables that are there; `makemigrations
  --check` then says that there is nothing to do. Django's own tables come from `migrate` and are
  nobody else's: limit Alembic to the blog's with `include_name`, or it drops them.
- **`AUTH_USER_MODEL`** has to name that model before the first `migrate`: it cannot change later.
- **Hashers.** Django verifies its own formats alone. For others put a class into `PASSWORD_HASHERS`, or
  let one hasher do it for all, as [here](../django.md).
- **`contrib.sessions`** makes a cookie of its own, `sessionid`. An authentication class that reads the
  session of before keeps everybody signed in.
- **`ATOMIC_REQUESTS`** stays off where a use case has its own transaction; the admin's is seen to
  separately.""",
    "Flask": """\
- **A context** is there for a request and a command, nowhere else: what ran in a background thread
  gets what it needs as arguments.
- **A converter** (`url_map.converters`) refuses what the old path did; `merge_slashes = False`, or
  `//` redirects.
- **Validation** is yours: Pydantic as before, called by name in the route.""",
    "FastAPI": """\
- **`def`, not `async def`**, for what waits for the database: FastAPI sends it to one of 40 threads. The
  pool of connections has to have as many, or requests wait for each other.
- **Nothing commits in a dependency with `yield`**: what comes after it runs when the answer is gone.
- **Behind a proxy** `redirect_slashes` answers with the inner scheme and host.
- **Pages** come with `Jinja2Templates`; forms need `python-multipart`, or a reader of your own.""",
}


def page(old: str, new: str) -> str:
    """docs/moving/OLD-to-NEW.md, as it is to be."""
    code = "\n\n".join(
        f'=== "{name}"\n\n'
        + "\n\n".join(
            f'    ```python title="{Path(PACKAGES[name]).name}/{piece.partition(":")[0]}"\n'
            f'    --8<-- "{PACKAGES[name]}/{piece}"\n'
            "    ```"
            for piece in CODE[name]
        )
        for name in (old, new)
    )
    idioms = "\n".join(f"| {what} | {said[old]} | {said[new]} |" for what, said in IDIOMS)
    wsgi = "FastAPI" not in (old, new)
    around = (
        "a dispatcher chooses by operation, as both are WSGI "
        "([`wsgi_both.py`](../../examples/mounted/wsgi_both.py))."
        if wsgi
        else f"FastAPI stands outside and has {'Django' if 'Django' in (old, new) else 'Flask'} mounted "
        "in it by a2wsgi ([`fastapi_outside.py`](../../examples/mounted/fastapi_outside.py)), whichever "
        "of them is the old one."
    )
    return f"""\
# Moving from {old} to {new}

Generated by `python -m tests.moving`. The steps and their order are on
[the page for all directions](index.md); here is what this one has of its own.

## What maps to what

| | {old} | {new} |
| --- | --- | --- |
{idioms}

The same two operations, and what makes answers of failures, in this repository:

{code}

## What will differ unless you act

Asked of [a small application in each](../examples/moving/{old.lower()}_notes.py), written as the
tutorials write them and left as they are; a test asks again. The last column names the rows of
[the museum](../museum.md) where it broke somebody.

| | {old} | {new} | what keeps clients from noticing, in {new} | museum |
| --- | --- | --- | --- | --- |
{chr(10).join(differing(old, new))}

Not in a table of single requests: sessions and their cookies (16, 17), hashes of passwords (18), NULL
and old values in rows (9, 10), uploads (25), limits (30), pools and threads (27, 28). They are in the
steps below and in the contract.

## Coming from {old}

{FROM[old]}

## Going to {new}

{TO[new]}

## Both at once, and back

Both run on [one database](index.md#both-on-one-database), started as before. By
[nginx or Caddy](index.md#one-group-after-another) groups of routes go from {old} to {new} and back
within a second. In one process {around} Going back is the
same move with the names changed.

## Tests

- Tests of rules without a framework stay. Those that use {old}'s client are written anew against HTTP,
  once, and then hold both: see [the contract suite](../contract-tests.md).
- A test client is not neutral: it keeps cookies, collapses `//` and hides what a server does. Ask over
  a socket too.
- What {old} checked by itself and nobody wrote a test for is the table above: one test for each row that
  your clients can meet.
"""


DIRECTIONS = [(old, new) for old in TARGETS for new in TARGETS if old != new]


def path_of(old: str, new: str) -> Path:
    return FOLDER / f"{old.lower()}-to-{new.lower()}.md"


if __name__ == "__main__":
    if sys.argv[1:] == ["--measure"]:
        text = json.dumps(measured(), ensure_ascii=False, indent=1)
        PINNED.write_text(text + "\n", "utf-8")
    for old, new in DIRECTIONS:
        path_of(old, new).write_text(page(old, new), "utf-8")
