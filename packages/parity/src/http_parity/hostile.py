"""Ways to make a good request wrong, odd or unusual, where implementations quarrel.

Each takes a draft apart in one way and says whether there was anything to take apart. What is said
to be `WIRE` is often answered by the server itself, before any application sees it.
"""

import json
from collections.abc import Callable
from random import Random
from typing import Any

from http_parity.drafts import Draft, Filled, escaped, joined, json_text, latin
from http_parity.openapi import Document
from http_parity.schemas import ODD_NUMBERS, ODD_TEXTS, boundaries
from http_parity.sequence import Text

Mutator = Callable[[Random, Draft, Document, Any], bool]
"""Given also the schema of the body, or None."""

WRONG: tuple[Any, ...] = (
    None,
    True,
    False,
    0,
    1,
    -1,
    1.5,
    "",
    "1",
    "true",
    "x",
    [],
    {},
    [1],
    {"a": 1},
    "é",
)
IDS = (
    *("0", "-1", "+1", "01", "1.0", "1e0", "1_0", "0x1", "x", "%31", "%D9%A1", "%EF%BC%91"),
    *("9223372036854775807", "9223372036854775808", "1" + "0" * 30, "%20", "1%20", "%00", "null"),
    *("..", ".", "%2e%2e", "%2F", "1%2F2", "1;a=1", "1.json", "1,2", "*", "%ff", "%zz", "1%0A"),
)
QUERIES = (
    *(
        "",
        "=",
        "=x",
        "x",
        "x=",
        "&",
        "x=1&&y=2",
        "x=%",
        "x=%zz",
        "x=%ff",
        "x=%00",
        "x=a+b",
        "x=a%2Bb",
    ),
    *(
        "x[]=1",
        "x.y=1",
        "x=1;y=2",
        "%78=1",
        "x=%E6%97%A5",
        "?",
        "x=1?y",
        "_method=DELETE",
        "format=json",
    ),
)
FIELDS: tuple[tuple[str, str], ...] = (
    ("Accept", "text/html"),
    ("Accept", "application/xml"),
    ("Accept", "application/json;q=0"),
    ("Accept", ""),
    ("Accept", "*/*;q=x"),
    ("Accept-Language", "de"),
    ("Accept-Encoding", "gzip, br"),
    ("Accept-Charset", "utf-16"),
    ("Authorization", ""),
    ("Authorization", "Bearer"),
    ("Authorization", "Bearer x"),
    ("Authorization", "bearer x y"),
    ("Authorization", "Basic !!!"),
    ("Authorization", "Digest x"),
    ("Cookie", "a=b; a=c; =d; e"),
    ("Cookie", "session=x"),
    ("Connection", "close"),
    ("Content-Encoding", "gzip"),
    ("Content-Language", "en"),
    ("Forwarded", "for=192.0.2.1;proto=https;host=other.example"),
    ("If-Match", "x"),
    ("If-Match", '"x"'),
    ("If-Match", 'W/"1"'),
    ("If-Match", "*"),
    ("If-Match", ""),
    ("If-None-Match", "*"),
    ("If-None-Match", '"x", W/"1"'),
    ("If-Modified-Since", "Sat, 01 Jan 2050 00:00:00 GMT"),
    ("If-Unmodified-Since", "Sat, 01 Jan 2000 00:00:00 GMT"),
    ("If-Range", '"x"'),
    ("Idempotency-Key", "a b"),
    ("Idempotency-Key", ""),
    ("Origin", "https://other.example"),
    ("Origin", "null"),
    ("Prefer", "return=minimal"),
    ("Range", "bytes=0-1"),
    ("Range", "bytes=5-2"),
    ("Referer", "https://other.example/"),
    ("Sec-Fetch-Site", "cross-site"),
    ("X-Forwarded-For", "192.0.2.1"),
    ("X-Forwarded-Host", "other.example"),
    ("X-Forwarded-Proto", "https"),
    ("X-Forwarded-Prefix", "/prefix"),
    ("X-HTTP-Method-Override", "DELETE"),
    ("X-Requested-With", "XMLHttpRequest"),
    ("X-Odd", "caf\xc3\xa9"),
    ("X-Odd", "\xff"),
    ("X-Odd", ""),
)
MEDIA = (
    *("", "text/plain", "application/xml", "application/json; charset=utf-8", "Application/JSON"),
    *("application/json; charset=latin-1", "application/json; charset=utf-16", "application/json;"),
    *("application/vnd.api+json", "application/problem+json", "application/x-www-form-urlencoded"),
    *(
        "multipart/form-data; boundary=x",
        "multipart/form-data",
        "json",
        "*/*",
        "application/json, x/y",
    ),
    "application/json; charset=rot13",
)


def drop_member(random: Random, draft: Draft, document: Document, schema: Any) -> bool:
    """One member of the body is missing."""
    if not isinstance(draft.json, dict) or not draft.json:
        return False
    draft.json = dict(draft.json)
    del draft.json[random.choice(list(draft.json))]
    return True


def add_member(random: Random, draft: Draft, document: Document, schema: Any) -> bool:
    """The body has a member that the schema does not know."""
    if not isinstance(draft.json, dict):
        return False
    name = random.choice(("extra", "id", "", "__proto__", "is_admin", "é"))
    draft.json = {**draft.json, name: random.choice(WRONG)}
    return True


def wrong_type(random: Random, draft: Draft, document: Document, schema: Any) -> bool:
    """One member of the body has another type, or is null."""
    if not isinstance(draft.json, dict) or not draft.json:
        return False
    draft.json = {**draft.json, random.choice(list(draft.json)): random.choice(WRONG)}
    return True


def null_member(random: Random, draft: Draft, document: Document, schema: Any) -> bool:
    """One member of the body is null."""
    if not isinstance(draft.json, dict) or not draft.json:
        return False
    draft.json = {**draft.json, random.choice(list(draft.json)): None}
    return True


def at_boundary(random: Random, draft: Draft, document: Document, schema: Any) -> bool:
    """One member of the body is at a limit of its schema, or one beyond."""
    if not isinstance(draft.json, dict):
        return False
    properties = document.resolved(schema).get("properties") or {}
    if not properties:
        return False
    name = random.choice(list(properties))
    draft.json = {**draft.json, name: boundaries(document, properties[name], random)}
    return True


def odd_text(random: Random, draft: Draft, document: Document, schema: Any) -> bool:
    """One text of the body is an odd one."""
    texts = [
        name
        for name, value in (draft.json if isinstance(draft.json, dict) else {}).items()
        if isinstance(value, str | Filled)
    ]
    if not texts:
        return False
    draft.json = {**draft.json, random.choice(texts): random.choice(ODD_TEXTS)}
    return True


def other_json(random: Random, draft: Draft, document: Document, schema: Any) -> bool:
    """The body is JSON, but no object."""
    if not draft.media or draft.raw is not None:
        return False
    draft.json = random.choice(([], [draft.json], "text", 1, 1.5, None, True, {}, [[]]))
    return True


def broken_body(random: Random, draft: Draft, document: Document, schema: Any) -> bool:
    """The bytes of the body are not the JSON they should be."""
    if not draft.media:
        return False
    text = draft.raw if draft.raw is not None else json_text(draft.json)
    name = next(iter(draft.json), "a") if isinstance(draft.json, dict) else "a"
    key = latin(json.dumps(name, ensure_ascii=False))
    first = text[0] if text and isinstance(text[0], str) else ""
    options: tuple[Text, ...] = (
        (),
        ("\xef\xbb\xbf", *text),
        (" \r\n\t", *text, "\n"),
        (*text, "x"),
        (*text, *text),
        (f"{{{key}:",),
        (f"{{{key}:1,}}",),
        (f"{{{key}:NaN}}",),
        (f"{{{key}:Infinity}}",),
        (f"{{{key}:-0}}",),
        (f"{{{key}:1e400}}",),
        (f"{{{key}:{'9' * 400}}}",),
        (f"{{{key}:{'9' * 5000}}}",),
        (f"{{{key}:01}}",),
        (f'{{{key}:"\\ud800"}}',),
        (f'{{{key}:"\\u0000"}}',),
        (f'{{{key}:"\xff"}}',),
        (f'{{{key}:"a\nb"}}',),
        (f"{{{key}:{'[' * 31}{']' * 31}}}",),
        (f"{{{key}:{'[' * 3000}{']' * 3000}}}",),
        (f"{{{key}:'single'}}",),
        (f"{{{key}:1/* comment */}}",),
        (first[: len(first) // 2],),
        (f"{{{key}:1,{first[1:]}", *text[1:]) if first.startswith("{") else ("{",),
        ('"x": 1',),
        ("null",),
        ("\x00",),
    )
    draft.raw = joined(random.choice(options))
    if random.random() < 0.1 and all(isinstance(piece, str) for piece in text):
        plain = "".join(map(str, text)).encode("latin-1").decode("utf-8", "replace")
        encoding = random.choice(("utf-16", "utf-16-le", "utf-32", "latin-1"))
        draft.raw = (plain.encode(encoding, "replace").decode("latin-1"),)
    return True


def other_media(random: Random, draft: Draft, document: Document, schema: Any) -> bool:
    """The body is said to be of another type, or of none."""
    chosen = random.choice(MEDIA)
    if draft.media and draft.raw is None:
        draft.raw = draft.step().body
    draft.drop("content-type")
    if chosen:
        draft.headers.append(("Content-Type", (chosen,)))
    return True


def unwanted_body(random: Random, draft: Draft, document: Document, schema: Any) -> bool:
    """A request that takes no body has one."""
    if draft.media:
        return False
    draft.raw = (random.choice(("{}", "x", "[]", "\xff", '{"a":1}')),)
    if random.random() < 0.7:
        draft.set("Content-Type", "application/json")
    return True


def odd_query(random: Random, draft: Draft, document: Document, schema: Any) -> bool:
    """The query has something odd more."""
    draft.query.append(((random.choice(QUERIES),), None))
    return True


def repeated_query(random: Random, draft: Draft, document: Document, schema: Any) -> bool:
    """A parameter of the query comes twice, with two values."""
    if not draft.query:
        return False
    name, value = random.choice(draft.query)
    draft.query.insert(
        random.randint(0, len(draft.query)),
        (name, random.choice((value, ("1",), ("x",), (), None))),
    )
    return True


def odd_parameter(random: Random, draft: Draft, document: Document, schema: Any) -> bool:
    """A parameter of the query has an odd value."""
    if not draft.query:
        return False
    at = random.randrange(len(draft.query))
    value = random.choice(
        (
            *(escaped(str(one)) for one in random.choice((ODD_TEXTS, ODD_NUMBERS[:12]))),
            *("", "%ff", "%", "a+b", "a%20b", "+1", "1.0", "%D9%A1", "True", "null", "1,2"),
        )
    )
    draft.query[at] = (draft.query[at][0], (value,))
    return True


def many_parameters(random: Random, draft: Draft, document: Document, schema: Any) -> bool:
    """The query has more parameters than anybody needs, or one that is very long."""
    if random.random() < 0.5:
        draft.query += [
            ((f"x{number}",), ("1",)) for number in range(random.choice((49, 50, 51, 1001)))
        ]
    else:
        draft.query.append((("x",), ("a" * random.choice((1000, 2650, 5000, 9000)),)))
    return True


def odd_path(random: Random, draft: Draft, document: Document, schema: Any) -> bool:
    """The path ends, begins or is divided in another way."""
    if not draft.path:
        return False
    at = random.randrange(len(draft.path))
    match random.randrange(9):
        case 0:
            draft.path.append(())
        case 1:
            draft.path.insert(at, ())
        case 2:
            draft.path.insert(at, (random.choice((".", "..", "%2e", "x")),))
        case 3:
            draft.path[-1] = joined(
                (*draft.path[-1], random.choice((".json", ";a=1", "%00", "%20", "%2F", ".")))
            )
        case 4:
            segment = draft.path[at]
            if not segment or not isinstance(segment[0], str) or not segment[0].isalpha():
                return False
            draft.path[at] = (segment[0].upper(), *segment[1:])
        case 5:
            segment = draft.path[at]
            if not segment or not isinstance(segment[0], str) or segment[0][:1] in ("%", ""):
                return False
            draft.path[at] = (f"%{ord(segment[0][0]):02x}{segment[0][1:]}", *segment[1:])
        case 6:
            draft.path[at] = ("%E6%97%A5",)
        case 7:
            draft.path.pop()
        case _:
            draft.path[at:] = [(*one,) for one in draft.path[at : at + 1]]
    return True


def odd_id(random: Random, draft: Draft, document: Document, schema: Any) -> bool:
    """A parameter of the path is out of form."""
    for name, value in draft.parameters.items():
        for at, segment in enumerate(draft.path):
            if value and segment == value:
                draft.path[at] = (random.choice(IDS),)
                draft.parameters = {**draft.parameters, name: draft.path[at]}
                return True
    return False


def other_method(random: Random, draft: Draft, document: Document, schema: Any) -> bool:
    """The method is another one that HTTP has."""
    draft.method = random.choice(("HEAD", "OPTIONS", "GET", "POST", "PUT", "PATCH", "DELETE"))
    return True


def odd_field(random: Random, draft: Draft, document: Document, schema: Any) -> bool:
    """A header field that clients seldom send, in the place of a good one or beside it."""
    name, value = random.choice(FIELDS)
    if name.lower() != "cookie" and random.random() < 0.8:
        draft.drop(name)
    draft.headers.append((name, (value,)))
    return True


def repeated_field(random: Random, draft: Draft, document: Document, schema: Any) -> bool:
    """A header field comes twice."""
    if not draft.headers:
        return False
    name, value = random.choice(draft.headers)
    other: Text = random.choice((value, ("x",), (), (*value, "x")))
    draft.headers.insert(random.randint(0, len(draft.headers)), (name, other))
    return True


def dropped_field(random: Random, draft: Draft, document: Document, schema: Any) -> bool:
    """A header field is missing."""
    if not draft.headers:
        return False
    draft.headers.pop(random.randrange(len(draft.headers)))
    return True


def preflight(random: Random, draft: Draft, document: Document, schema: Any) -> bool:
    """What a browser asks before a request to another site."""
    draft.headers = [
        ("Origin", (random.choice(("https://other.example", "null", "http://localhost")),)),
        ("Access-Control-Request-Method", (draft.method,)),
    ]
    if random.random() < 0.5:
        wanted = random.choice(("authorization, content-type", "x-odd", ""))
        draft.headers.append(("Access-Control-Request-Headers", (wanted,)))
    draft.method, draft.media, draft.raw = "OPTIONS", "", None
    return True


# --- what servers answer themselves --------------------------------------------------------------


def odd_method(random: Random, draft: Draft, document: Document, schema: Any) -> bool:
    """The method is none, or one that few know."""
    options = ("TRACE", "get", "Post", "PROPFIND", "FOO", "CONNECT", "QUERY", draft.method.lower())
    draft.method = random.choice(options)
    return True


def odd_host(random: Random, draft: Draft, document: Document, schema: Any) -> bool:
    """The host is another one, or there are two."""
    hosts = (
        "other.example",
        "LOCALHOST",
        "localhost:99",
        "a b",
        "localhost.",
        "x_y",
        "127.0.0.1:x",
    )
    draft.headers.append(("Host", (random.choice(hosts),)))
    if random.random() < 0.2:
        draft.headers.append(("Host", ("localhost",)))
    return True


def long_field(random: Random, draft: Draft, document: Document, schema: Any) -> bool:
    """A header field is long, or there are many."""
    if random.random() < 0.5:
        draft.headers.append(("X-Long", ("x" * random.choice((4000, 7900, 9000)),)))
    else:
        draft.headers += [(f"X-{number}", ("1",)) for number in range(random.choice((80, 95)))]
    return True


def odd_length(random: Random, draft: Draft, document: Document, schema: Any) -> bool:
    """The length of the body is not what the request says."""
    length = random.choice(("0", "1", "100000", "-1", "x", "", "+2", "2, 2", "1099511627776"))
    draft.headers.append(("Content-Length", (length,)))
    return True


def expectation(random: Random, draft: Draft, document: Document, schema: Any) -> bool:
    """The client expects something of the server."""
    draft.headers.append(("Expect", (random.choice(("100-continue", "200-ok", "")),)))
    return True


def raw_bytes(random: Random, draft: Draft, document: Document, schema: Any) -> bool:
    """The target holds characters that a URL does not."""
    odd = random.choice(("\xe9", "\xff", "<", '"', "{", "|", "^", "`", "[", "\\"))
    if random.random() < 0.5:
        draft.query.append((("x",), (odd,)))
    elif draft.path:
        draft.path[-1] = joined((*draft.path[-1], odd))
    return True


BODY: tuple[Mutator, ...] = (
    *(drop_member, add_member, wrong_type, wrong_type, null_member, at_boundary, at_boundary),
    *(odd_text, other_json, broken_body, broken_body, other_media),
)
PLAIN: tuple[Mutator, ...] = (
    *(odd_query, repeated_query, repeated_query, odd_parameter, odd_parameter, many_parameters),
    *(odd_path, odd_path, odd_id, odd_id, other_method, other_method, odd_field, odd_field),
    *(repeated_field, dropped_field, preflight, unwanted_body),
)
WIRE: tuple[Mutator, ...] = (
    *(odd_method, odd_host, long_field, odd_length, expectation, raw_bytes),
)


def mutate(random: Random, draft: Draft, document: Document, schema: Any, *, wire: bool) -> None:
    """Make the draft odd in one way, sometimes in two.

    With another method it is another operation, whether the document has it or not.
    """
    method, path = draft.method, draft.operation.partition(" ")[2]
    for _ in range(1 if random.random() < 0.8 else 2):
        for _ in range(10):
            chance = random.random()
            if draft.media and chance < 0.5:
                mutator = random.choice(BODY)
            elif wire and chance > 0.9:
                mutator = random.choice(WIRE)
            else:
                mutator = random.choice(PLAIN)
            if mutator(random, draft, document, schema):
                break
    if draft.method != method:
        draft.operation = f"{draft.method} {path}"
