"""What an OpenAPI document (3.0 or 3.1) says can be asked, as plain data.

[operation.name for operation in read_document(document).operations]

Only references within the document (`#/…`) are followed. What stands elsewhere is taken to be
anything, and `Document.elsewhere` names it.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from http_parity.errors import DocumentError

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")


@dataclass(frozen=True)
class Parameter:
    """A parameter; `where` is `path`, `query`, `header` or `cookie`."""

    name: str
    where: str
    required: bool
    schema: Any


@dataclass(frozen=True)
class Scheme:
    """How a credential is sent: `bearer`, `basic`, or a `header`, `query` or `cookie` by name."""

    kind: str
    name: str = ""


@dataclass(frozen=True)
class Link:
    """What an answer has for the parameters of another operation: runtime expressions by name."""

    operation: str
    parameters: Mapping[str, str]


@dataclass(frozen=True)
class Operation:
    """A method on a path template."""

    name: str
    method: str
    path: str
    parameters: tuple[Parameter, ...] = ()
    bodies: tuple[tuple[str, Any], ...] = ()
    """Media types in their order, each with its schema."""
    answers: Mapping[str, Any] = field(default_factory=dict)
    """The JSON schema of each documented status that has one."""
    security: tuple[tuple[str, ...], ...] = ()
    """Alternatives; each is the names of the schemes that are sent together."""
    links: tuple[Link, ...] = ()

    def of(self, where: str) -> list[Parameter]:
        """The parameters in the path, query, header or cookies."""
        return [parameter for parameter in self.parameters if parameter.where == where]


@dataclass(frozen=True)
class Document:
    """The operations, and what is needed to read their schemas."""

    operations: tuple[Operation, ...]
    schemes: Mapping[str, Scheme]
    source: Mapping[str, Any]
    elsewhere: tuple[str, ...] = ()
    """References that lead out of the document and were not followed."""

    def resolved(self, schema: Any) -> dict[str, Any]:
        """The schema with its own `$ref` followed, and `allOf` merged into one."""
        return _merged(self.source, schema, 0)


def read_document(source: Mapping[str, Any] | str | bytes) -> Document:
    """The document, from JSON (YAML where PyYAML is installed) or already parsed.

    Raises DocumentError in one sentence where it is none.
    """
    document = _parsed(source) if isinstance(source, str | bytes) else source
    if not isinstance(document, Mapping):
        raise DocumentError("An OpenAPI document is an object.")
    version = document.get("openapi")
    if not isinstance(version, str) or not version.startswith(("3.0", "3.1")):
        raise DocumentError(f"The document's `openapi` is to be 3.0 or 3.1, not {version!r}.")
    paths = document.get("paths")
    if not isinstance(paths, Mapping) or not paths:
        raise DocumentError("The document has no paths.")
    prefix = _prefix(document)
    found = [
        _operation(document, method, prefix + path, item, item[method])
        for path, item in ((path, _object(document, item)) for path, item in paths.items())
        for method in METHODS
        if isinstance(item.get(method), Mapping)
    ]
    if not found:
        raise DocumentError("The document has no operations.")
    components = _object(document, document.get("components"))
    schemes = {
        name: _scheme(_object(document, scheme))
        for name, scheme in _object(document, components.get("securitySchemes")).items()
    }
    return Document(tuple(found), schemes, document, tuple(dict.fromkeys(_elsewhere(document))))


def _parsed(source: str | bytes) -> Any:
    try:
        return json.loads(source)
    except ValueError as wrong:
        try:
            import yaml  # noqa: PLC0415 # only where it is installed
        except ImportError:
            raise DocumentError(
                f"The document is not JSON ({wrong}); YAML needs PyYAML installed."
            ) from None
        try:
            return yaml.safe_load(source)
        except yaml.YAMLError as error:
            raise DocumentError(f"The document is neither JSON nor YAML: {error}") from None


def _prefix(document: Mapping[str, Any]) -> str:
    servers = document.get("servers")
    if isinstance(servers, list) and servers and isinstance(servers[0], Mapping):
        url = str(servers[0].get("url", ""))
        if "{" not in url:
            return urlsplit(url).path.rstrip("/")
    return ""


def _operation(
    document: Mapping[str, Any],
    method: str,
    path: str,
    item: Mapping[str, Any],
    said: Mapping[str, Any],
) -> Operation:
    name = f"{method.upper()} {path}"
    parameters: dict[tuple[str, str], Parameter] = {}
    for one in [*_list(item.get("parameters")), *_list(said.get("parameters"))]:
        parameter = _object(document, one)
        if not parameter:
            continue
        where, key = str(parameter.get("in")), str(parameter.get("name"))
        schema = parameter.get("schema")
        if schema is None:
            contents = _object(document, parameter.get("content"))
            schema = next(
                (_object(document, media).get("schema") for media in contents.values()), {}
            )
        example = parameter.get("example")
        if example is not None and isinstance(schema, Mapping):
            schema = {"example": example, **schema}
        parameters[where, key] = Parameter(
            key, where, bool(parameter.get("required")) or where == "path", schema
        )
    for key in re.findall(r"{([^{}]*)}", path):
        parameters.setdefault(("path", key), Parameter(key, "path", True, {"type": "string"}))
    answers: dict[str, Any] = {}
    links: list[Link] = []
    for status, one in _object(document, said.get("responses")).items():
        response = _object(document, one)
        for media, content in _object(document, response.get("content")).items():
            if "json" in media:
                answers.setdefault(str(status), _object(document, content).get("schema"))
        for each in _object(document, response.get("links")).values():
            link = _object(document, each)
            wanted = link.get("operationId") or _unescaped(link.get("operationRef"))
            expressions = _object(document, link.get("parameters"))
            links.append(
                Link(str(wanted), {str(key): str(value) for key, value in expressions.items()})
            )
    security = said.get("security", document.get("security"))
    body = _object(document, said.get("requestBody"))
    return Operation(
        name,
        method.upper(),
        path,
        tuple(parameters.values()),
        tuple(
            (media, _with_example(_object(document, content)))
            for media, content in _object(document, body.get("content")).items()
        ),
        answers,
        tuple(tuple(map(str, one)) for one in _list(security) if isinstance(one, Mapping)),
        tuple(_named(document, link) for link in links),
    )


def _with_example(content: Mapping[str, Any]) -> Any:
    schema = content.get("schema", {})
    if isinstance(schema, Mapping) and "example" in content:
        return {**schema, "example": content["example"]}
    return schema


def _named(document: Mapping[str, Any], link: Link) -> Link:
    """The link with `METHOD path` for its operation, however it names it."""
    prefix = _prefix(document)
    for path, item in _object(document, document.get("paths")).items():
        for method in METHODS:
            said = _object(document, item).get(method)
            if isinstance(said, Mapping) and (
                said.get("operationId") == link.operation
                or link.operation.endswith(f"paths/{path}/{method}")
            ):
                return Link(f"{method.upper()} {prefix}{path}", link.parameters)
    return link


def _unescaped(reference: Any) -> str:
    return str(reference).replace("~1", "/").replace("~0", "~")


def _scheme(scheme: Mapping[str, Any]) -> Scheme:
    match scheme.get("type"), str(scheme.get("scheme", "")).lower():
        case "apiKey", _:
            return Scheme(str(scheme.get("in")), str(scheme.get("name")))
        case "http", "basic":
            return Scheme("basic")
        case _:
            return Scheme("bearer")


def _object(document: Mapping[str, Any], value: Any) -> Mapping[str, Any]:
    """The object, followed to where its `$ref` points; empty where there is none."""
    for _ in range(20):
        if not isinstance(value, Mapping):
            return {}
        if "$ref" not in value or not isinstance(value["$ref"], str):
            return value
        value = _at(document, value["$ref"])
    return {}


def _elsewhere(value: Any) -> Iterator[str]:
    match value:
        case list():
            for item in value:
                yield from _elsewhere(item)
        case Mapping():
            reference = value.get("$ref")
            if isinstance(reference, str) and not reference.startswith("#"):
                yield reference
            for item in value.values():
                yield from _elsewhere(item)


def _at(document: Mapping[str, Any], reference: str) -> Any:
    if not reference.startswith("#"):
        return {}
    value: Any = document
    for part in reference.split("/")[1:]:
        key = _unescaped(part)
        if isinstance(value, Mapping) and key in value:
            value = value[key]
        elif isinstance(value, list) and key.isdigit() and int(key) < len(value):
            value = value[int(key)]
        else:
            raise DocumentError(f"The document has nothing at {reference}.")
    return value


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _merged(document: Mapping[str, Any], schema: Any, depth: int) -> dict[str, Any]:
    if not isinstance(schema, Mapping) or depth > 20:
        return {}
    merged = dict(schema)
    if isinstance(merged.get("$ref"), str):
        reference = merged.pop("$ref")
        merged = {**_merged(document, _at(document, reference), depth + 1), **merged}
    for part in merged.pop("allOf", ()):
        other = _merged(document, part, depth + 1)
        properties = {**merged.get("properties", {}), **other.get("properties", {})}
        required = [*merged.get("required", ()), *other.get("required", ())]
        merged = {**other, **merged}
        if properties:
            merged["properties"] = properties
        if required:
            merged["required"] = list(dict.fromkeys(required))
    return merged
