"""What the three OpenAPI documents say alike, as data: each framework writes its own with it."""

from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import TypeAdapter

from blog_core.domain.users import USERNAME
from blog_core.http.operations import BY_NAME, Operation

TITLE = "Blog"
VERSION = "1"
SECURITY_SCHEMES: dict[str, dict[str, Any]] = {
    "bearer": {"type": "http", "scheme": "bearer"},
    # The same token, asked for by the documentation itself.
    "password": {
        "type": "oauth2",
        "flows": {"password": {"tokenUrl": "/api/oauth/token", "scopes": {}}},
    },
}
PROBLEM_TYPE = "application/problem+json"

ID_SCHEMA: dict[str, Any] = {"type": "integer", "minimum": 1, "maximum": 10**18 - 1}
USERNAME_SCHEMA: dict[str, Any] = {"type": "string", "pattern": USERNAME}
# RFC 9110, 13.1.1: `*`, or a list of entity tags. A post's are its versions.
IF_MATCH: dict[str, Any] = {
    "type": "string",
    "pattern": r'^(?:\*|"[1-9][0-9]{0,17}"(?:, "[1-9][0-9]{0,17}")*)$',
    "examples": ["*", '"1"'],
}
IDEMPOTENCY_KEY: dict[str, Any] = {"type": "string", "maxLength": 255, "pattern": "^[!-~]+$"}


@dataclass(frozen=True, slots=True)
class ErrorOfField:
    field: str
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Problem:
    """Problem details (RFC 9457)."""

    type: Literal["about:blank"]
    title: str
    status: int
    detail: str
    errors: list[ErrorOfField] = field(default_factory=list)


PROBLEM_REF = {"$ref": "#/components/schemas/Problem"}


def schema(kind: Any) -> dict[str, Any]:
    """The JSON Schema of an input or output, other components referred to by name."""
    return TypeAdapter(kind).json_schema(
        mode="serialization", ref_template="#/components/schemas/{model}"
    )


def component(kind: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """A reference to the JSON Schema of an input or output, and the components it leads to."""
    references, found = TypeAdapter.json_schemas(
        [(kind, "serialization", TypeAdapter(kind))],
        ref_template="#/components/schemas/{model}",
    )
    return references[kind, "serialization"], found.get("$defs", {})


def _problem_schemas() -> dict[str, Any]:
    problem = schema(Problem)
    return {**problem.pop("$defs"), "Problem": problem}


# The components that `PROBLEM_REF` leads to.
PROBLEM_SCHEMAS = _problem_schemas()


def error_statuses(operation: Operation) -> tuple[int, ...]:
    """With which statuses, other than success, an operation can answer."""
    statuses = {400, 413, 414, 417, 431, 500}
    if operation.name not in ("livez", "openapi"):
        statuses.add(503)
    if operation.counts is not None or operation.method != "GET":
        statuses.add(429)
    if operation.credentials != "unread" or operation.name == "sign_in":
        statuses.add(401)
    if operation.forbids:
        statuses.add(403)
    if "{" in operation.path:
        statuses.add(404)
    if operation.keyed or operation.name == "change_me":
        statuses.add(409)
    if operation.versioned:
        statuses |= {412, 428}
    if operation.body is not None:
        statuses |= {415} if operation.form else {415, 422}
    if operation.query is not None:
        statuses.add(422)
    return tuple(sorted(statuses))


def security(operation: Operation) -> list[dict[str, list[str]]]:
    """Which credentials it takes: a token, a token or none, or (empty) none at all."""
    token: list[dict[str, list[str]]] = [{name: []} for name in SECURITY_SCHEMES]
    return {"needed": token, "optional": [{}, *token], "unread": []}[operation.credentials]


def summary(name: str) -> str:
    """What an operation does, in the imperative: its name in words."""
    return BY_NAME[name].name.replace("_", " ").capitalize()


def other_parameters(
    operation: Operation,
) -> list[tuple[Literal["query", "header"], str, bool, dict[str, Any]]]:
    """Where, name, whether required, and schema of the parameters that are not in the path."""
    found: list[tuple[Literal["query", "header"], str, bool, dict[str, Any]]] = []
    if operation.query is not None:
        properties = schema(operation.query)["properties"]
        found += [("query", name, False, value) for name, value in properties.items()]
    if operation.versioned:
        found.append(("header", "If-Match", True, IF_MATCH))
    if operation.keyed:
        found.append(("header", "Idempotency-Key", False, IDEMPOTENCY_KEY))
    return found
