"""Values that a JSON schema allows, and values just outside it, drawn with plain seeded random.

    valid(document, {"type": "string", "minLength": 3}, random.Random(1))

Hypothesis is not used here: a comparison draws values for thousands of requests a second, and
shrinks the requests themselves.
"""

import importlib
import re
import string
from random import Random
from typing import Any

from http_parity.openapi import Document

LETTERS = string.ascii_lowercase
ODD_TEXTS = (
    "",
    " ",
    "a b",
    "  padded  ",
    "Zürich",
    "日本語",
    "İstanbul",
    "ß",
    "e\u0301",
    "\u00e9",
    "🙂",
    "a\u200bb",
    "\u202eabc",
    "\ufeff",
    "line\nline",
    "tab\tbed",
    "\x00",
    "\x7f",
    "\x85",
    "\u2028",
    "0",
    "-1",
    "null",
    "true",
    "<b>&amp;'\"",
    "%00",
    "../../etc",
    "\\",
    "１２",
    "x" * 300,
)
ODD_NUMBERS = (
    *(0, -1, 1, 2**31 - 1, 2**31, 2**53, 2**53 + 1, 2**63 - 1, 2**63, 2**64, 10**30, 10**400),
    *(0.5, 1.0, -0.0, 1e2, 1e308),
)
FORMATS = {
    "date": "2024-02-29",
    "date-time": "2024-02-29T12:30:00Z",
    "time": "12:30:00Z",
    "duration": "P1D",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "hostname": "host.example",
    "byte": "aGVsbG8=",
}


def valid(document: Document, schema: Any, random: Random, depth: int = 0) -> Any:
    """A value the schema allows, plain rather than odd, as far as the common keywords go."""
    schema = document.resolved(schema)
    if "const" in schema:
        return schema["const"]
    if schema.get("enum"):
        return random.choice(schema["enum"])
    examples = schema.get("examples") or ([schema["example"]] if "example" in schema else [])
    if isinstance(examples, list) and examples and random.random() < 0.3:
        return random.choice(examples)
    for keyword in ("oneOf", "anyOf"):
        if schema.get(keyword):
            rest = {key: value for key, value in schema.items() if key != keyword}
            chosen = document.resolved(random.choice(schema[keyword]))
            return valid(document, {**rest, **chosen}, random, depth)
    match kind_of(schema, random):
        case "object":
            return _object(document, schema, random, depth)
        case "array":
            return _array(document, schema, random, depth)
        case "string":
            return text(schema, random)
        case "integer":
            return _integer(schema, random)
        case "number":
            return _integer(schema, random) + random.choice((0, 0.5, 0.25))
        case "boolean":
            return random.random() < 0.5
        case _:
            return None


def kind_of(schema: dict[str, Any], random: Random) -> str:
    """One of the types the schema allows."""
    kind = schema.get("type")
    if isinstance(kind, list):
        kinds = [str(one) for one in kind]
        if "null" in kinds and len(kinds) > 1 and random.random() < 0.8:
            kinds.remove("null")
        return random.choice(kinds) if kinds else "null"
    if schema.get("nullable") and random.random() < 0.2:
        return "null"
    if isinstance(kind, str):
        return kind
    if "properties" in schema or "additionalProperties" in schema:
        return "object"
    if "items" in schema or "prefixItems" in schema:
        return "array"
    if "minimum" in schema or "maximum" in schema:
        return "integer"
    return "string"


def boundaries(document: Document, schema: Any, random: Random) -> Any:
    """A value at, or one beyond, a limit that the schema sets; an odd one where it sets none."""
    schema = document.resolved(schema)
    for keyword in ("oneOf", "anyOf"):
        if schema.get(keyword):
            schema = {**schema, **document.resolved(random.choice(schema[keyword]))}
    found: list[Any] = []
    for keyword in ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"):
        limit = schema.get(keyword)
        if isinstance(limit, int | float) and not isinstance(limit, bool):
            found += [limit - 1, limit, limit + 1]
    for keyword in ("minLength", "maxLength"):
        limit = schema.get(keyword)
        if isinstance(limit, int) and limit < 200_000:
            lengths = {max(0, limit - 1), limit, limit + 1}
            found += ["a" * length for length in sorted(lengths)]
            found.append("é" * limit)
    if schema.get("enum"):
        found += [str(schema["enum"][0]).upper(), str(schema["enum"][0]) + "x"]
    if found and random.random() < 0.6:
        return random.choice(found)
    return random.choice(
        ODD_NUMBERS if kind_of(schema, random) in {"integer", "number"} else ODD_TEXTS
    )


def text(schema: dict[str, Any], random: Random) -> str:
    """A string the schema allows, one that people would send rather than an odd one."""
    low = int(schema.get("minLength", 0))
    high = int(schema.get("maxLength", max(low, 60)))
    pattern = schema.get("pattern")
    chance = random.random()
    if chance < 0.05 and "format" not in schema:
        made = random.choice(ODD_TEXTS)
    elif isinstance(pattern, str) and chance < 0.25:
        made = matching(pattern, random) or ""
    else:
        made = _usual(schema, random, low, high)
    if _allows(pattern, made) and low <= len(made) <= high:
        return made
    if isinstance(pattern, str):
        for _ in range(5):
            drawn = matching(pattern, random)
            if drawn is None:
                break
            if low <= len(drawn) <= high:
                return drawn
    return word(random, min(high, max(low, random.choice((1, 5, 8, 12)))))


def _allows(pattern: Any, made: str) -> bool:
    if not isinstance(pattern, str):
        return True
    try:
        return re.search(pattern, made) is not None
    except re.error:
        return True


def _usual(schema: dict[str, Any], random: Random, low: int, high: int) -> str:
    match schema.get("format"):
        case "email":
            return f"{word(random, 8)}@example.org"
        case "password":
            return f"{word(random, 10)}-{random.randint(10, 99)}"
        case "uuid":
            digits = f"{random.getrandbits(128):032x}"
            parts = (digits[:8], digits[8:12], "4" + digits[13:16], "a" + digits[17:20])
            return "-".join((*parts, digits[20:]))
        case "uri" | "url" | "uri-reference":
            return f"https://example.org/{word(random, 6)}"
        case "date-time":
            day = f"{random.randint(1, 12):02}-{random.randint(1, 28):02}"
            zone = random.choice(("Z", "Z", "+02:00", "-05:30"))
            return f"20{random.randint(0, 60):02}-{day}T{random.randint(0, 23):02}:30:00{zone}"
        case str(name) if name in FORMATS:
            return FORMATS[name]
    if high > 20 and random.random() < 0.2:
        return f"{word(random, 5)} {word(random, 4)}"
    return word(random, min(high, max(low, random.choice((1, 5, 8, 8, 12)))))


def _named(document: Document, name: str, schema: Any) -> Any:
    """The schema of a member, with the format that its name says where it says none itself."""
    for usual in ("password", "email"):
        if usual in name.lower() and isinstance(schema, dict) and "format" not in schema:
            resolved = document.resolved(schema)
            if resolved.get("type") == "string" and "enum" not in resolved:
                return {"format": usual, **resolved}
    return schema


def word(random: Random, length: int) -> str:
    """Lower-case letters; long enough ones are as good as unique."""
    return "".join(random.choices(LETTERS, k=length))


def _integer(schema: dict[str, Any], random: Random) -> int:
    low, high = schema.get("minimum"), schema.get("maximum")
    if isinstance(schema.get("exclusiveMinimum"), int | float):
        exclusive = schema["exclusiveMinimum"]
        low = low + 1 if exclusive is True and low is not None else exclusive + 1
    if isinstance(schema.get("exclusiveMaximum"), int | float):
        exclusive = schema["exclusiveMaximum"]
        high = high - 1 if exclusive is True and high is not None else exclusive - 1
    low = int(low) if low is not None else (min(0, int(high)) if high is not None else 0)
    high = max(low, int(high) if high is not None else low + 100)
    value = random.choice(
        (low, random.randint(low, min(high, low + 20)), random.randint(low, high))
    )
    step = schema.get("multipleOf")
    if isinstance(step, int) and step > 0:
        value = -(-value // step) * step
    return value


def _array(document: Document, schema: dict[str, Any], random: Random, depth: int) -> list[Any]:
    first = [valid(document, one, random, depth + 1) for one in schema.get("prefixItems", ())]
    low = max(0, int(schema.get("minItems", 0)) - len(first))
    high = max(low, min(int(schema.get("maxItems", 3)), 3) - len(first))
    if depth > 4:
        high = low
    items = schema.get("items", {})
    made = [valid(document, items, random, depth + 1) for _ in range(random.randint(low, high))]
    if schema.get("uniqueItems"):
        made = [one for at, one in enumerate(made) if one not in made[:at]]
    return first + made


def _object(
    document: Document, schema: dict[str, Any], random: Random, depth: int
) -> dict[str, Any]:
    required = set(schema.get("required", ()))
    optional = 0.6 if depth < 4 else 0.0
    made = {
        name: valid(document, _named(document, name, one), random, depth + 1)
        for name, one in schema.get("properties", {}).items()
        if (name in required or random.random() < optional)
        and not document.resolved(one).get("readOnly")
    }
    more = schema.get("additionalProperties")
    if isinstance(more, dict) and random.random() < optional:
        made[word(random, 5)] = valid(document, more, random, depth + 1)
    return made


def matching(pattern: str, random: Random) -> str | None:
    """A string that the regular expression matches, None where that is beyond this."""
    try:
        made = _drawn(_parser().parse(pattern), random)
        return made if re.search(pattern, made) else None
    except (re.error, _Beyond, OverflowError, RecursionError):
        return None


class _Beyond(Exception):
    """A part of a regular expression that is not drawn from."""


def _parser() -> Any:
    # The module has no public name since 3.11; its tree is the one that `re` itself compiles.
    return importlib.import_module("re._parser")


def _drawn(tree: Any, random: Random) -> str:
    made: list[str] = []
    for code, argument in tree:
        match str(code):
            case "LITERAL":
                made.append(chr(argument))
            case "NOT_LITERAL":
                made.append("a" if argument != ord("a") else "b")
            case "ANY":
                made.append(random.choice(LETTERS))
            case "IN":
                made.append(_one_of(argument, random))
            case "BRANCH":
                made.append(_drawn(random.choice(argument[1]), random))
            case "SUBPATTERN":
                made.append(_drawn(argument[3], random))
            case "MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT":
                low, high, inner = argument
                times = random.randint(low, min(int(high), low + 8))
                made += [_drawn(inner, random) for _ in range(times)]
            case "AT" | "ASSERT_NOT":
                pass
            case _:
                raise _Beyond
    return "".join(made)


def _one_of(choices: Any, random: Random) -> str:
    if str(choices[0][0]) == "NEGATE":
        for candidate in (*random.sample(LETTERS + string.digits, 36), "-", "_", " "):
            if not any(_holds(choice, candidate) for choice in choices[1:]):
                return candidate
        raise _Beyond
    code, argument = random.choice(choices)
    match str(code), str(argument):
        case "LITERAL", _:
            return chr(argument)
        case "RANGE", _:
            return chr(random.randint(*argument))
        case "CATEGORY", "CATEGORY_DIGIT":
            return random.choice(string.digits)
        case "CATEGORY", "CATEGORY_WORD" | "CATEGORY_NOT_DIGIT" | "CATEGORY_NOT_SPACE":
            return random.choice(LETTERS)
        case "CATEGORY", "CATEGORY_SPACE" | "CATEGORY_NOT_WORD":
            return " "
    raise _Beyond


def _holds(choice: Any, candidate: str) -> bool:
    code, argument = choice
    match str(code), str(argument):
        case "LITERAL", _:
            return bool(ord(candidate) == argument)
        case "RANGE", _:
            low, high = argument
            return bool(low <= ord(candidate) <= high)
        case "CATEGORY", "CATEGORY_DIGIT":
            return candidate.isdigit()
        case "CATEGORY", "CATEGORY_WORD":
            return candidate.isalnum() or candidate == "_"
        case "CATEGORY", "CATEGORY_SPACE":
            return candidate.isspace()
    return True
