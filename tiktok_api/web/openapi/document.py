"""The whole OpenAPI document, finished once every operation is in it.

Requests and responses get separate schemas: a request refuses unknown fields as the server does, a response stays open to
fields that later versions add and lists those that are always sent. Enums and errors become shared components.
"""

import re
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

from tiktok_api.web.openapi.json_schemas import ALWAYS_SENT, COMPONENT, ENUM_NAME

Document = dict[str, Any]
_SCHEMAS, _RESPONSES = "#/components/schemas/", "#/components/responses/"
_FREE_TEXT = r"^[^\u0000]*$"
_METHODS = ("get", "put", "post", "delete", "options", "head", "patch")
PROBLEM_JSON = "application/problem+json"
_CODES = "x-problem-codes"
_CODES_OF_ALL = {
    "400": ["bad_request", "malformed_json"],
    "401": ["unauthorized", "invalid_token", "token_expired", "api_key_expired", "session_ended"],
    "403": ["scope_too_narrow", "session_required"],
    "404": ["not_found"],
    "405": ["method_not_allowed"],
    "409": ["idempotency_key_in_use", "changed_meanwhile"],
    "413": ["body_too_large"],
    "415": ["unsupported_body"],
    "422": ["invalid", "invalid_idempotency_key", "idempotency_key_reused"],
    "429": ["rate_limit_exceeded"],
    "500": ["internal_server_error"],
    "503": ["database_busy", "schema_not_current", "storage_unavailable"],
}
"""The codes that any operation may return with a status, besides its own."""


def finish(document: Document) -> Document:
    """A copy of the document that generators of clients understand, without the hints of `web/openapi/json_schemas.py`."""
    document = deepcopy(document)
    _share_errors(document)
    _separate_requests_and_responses(document)
    _name_enums(document)
    _name_shapes(document)
    components = document["components"]
    for kind, parts in components.items():
        components[kind] = dict(sorted(parts.items()))
    return document


def operations_of(document: Document) -> Iterator[Document]:
    """Every operation."""
    for item in document["paths"].values():
        yield from (item[method] for method in _METHODS if method in item)


def _camel(name: str) -> str:
    return "".join(word[:1].upper() + word[1:] for word in re.split(r"[^A-Za-z0-9]+", name))


def _share_errors(document: Document) -> None:
    """Make each error status one component.

    The component has the codes that any operation may return, an operation its own ones.
    """
    shared = document["components"].setdefault("responses", {})
    shared.clear()  # smorest's own, which nothing refers to
    names: dict[str, str] = {}
    for operation in operations_of(document):
        codes: dict[str, list[str]] = {}
        for status, response in operation.get("responses", {}).items():
            if list(response.get("content", {})) != [PROBLEM_JSON]:
                continue
            description = response["description"]
            found = re.findall(r"`(\w+)`", description)
            if found:
                codes[status] = found
            title = description.partition(":")[0]
            name = names.setdefault(status, _camel(title.title()))
            general = {_CODES: {status: _CODES_OF_ALL[status]}} if status in _CODES_OF_ALL else {}
            shared.setdefault(name, response | {"description": title} | general)
            reference = {"$ref": _RESPONSES + name}
            operation["responses"][status] = reference | ({"description": description} if found else {})
        if codes:
            operation[_CODES] = codes


def _separate_requests_and_responses(document: Document) -> None:
    schemas: Document = document["components"]["schemas"]
    bodies = [operation["requestBody"] for operation in operations_of(document) if "requestBody" in operation]
    in_requests = _reached(bodies, schemas)
    in_responses = _reached([document["components"]["responses"], *_responses_of(document)], schemas)
    doubled = {name: f"{name}Input" for name in in_requests & in_responses}
    if clashes := schemas.keys() & set(doubled.values()):
        raise ValueError(f"a schema is called {clashes.pop()}, as requests of another are; give it another name")
    requests = {doubled.get(name, name): deepcopy(schemas[name]) for name in sorted(in_requests)}
    for part in (*bodies, *requests.values()):
        _redirect(part, doubled)
    for name in in_responses:
        _open(schemas[name])
    for schema in requests.values():
        for inner in _inside(schema):
            _close(inner)
    schemas |= requests
    for body in bodies:
        for content in body["content"].values():
            for inner in _inside(content.get("schema", {})):
                _close(inner)
    for parameter in _parameters_of(document):
        _bound(parameter["schema"])
        for inner in _inside(parameter["schema"].get("items", {})):
            _bound(inner)


def _responses_of(document: Document) -> list[Any]:
    return [operation["responses"] for operation in operations_of(document)]


def _parameters_of(document: Document) -> Iterator[Document]:
    for operation in operations_of(document):
        yield from (parameter for parameter in operation.get("parameters", []) if parameter.get("in") == "query")


def _open(schema: Document) -> None:
    """A response: fields may be added to it, and those that are always sent are required."""
    always = schema.pop(ALWAYS_SENT, None)
    _drop(schema, "writeOnly")
    for inner in _inside(schema):
        inner.pop("default", None)
        if inner.get("additionalProperties") is False:
            del inner["additionalProperties"]
    if always:
        schema["required"] = always


def _close(schema: Document) -> None:
    """A request: defaults are described in words, and text without a pattern has no U+0000."""
    schema.pop(ALWAYS_SENT, None)
    _drop(schema, "readOnly")
    default = schema.pop("default", None)
    if default is not None and default != "":
        said = schema.get("description", "").strip()
        shown = str(default).lower() if isinstance(default, bool) else default
        schema["description"] = f"{said} Without it: `{shown}`.".strip()
    _bound(schema)


def _drop(schema: Document, word: str) -> None:
    """Remove the members that the schema marks with `word`."""
    for name in [name for name, inner in schema.get("properties", {}).items() if inner.get(word)]:
        del schema["properties"][name]
        if name in schema.get("required", []):
            schema["required"].remove(name)


def _bound(schema: Document) -> None:
    kinds = schema.get("type", [])
    is_text = "string" in ([kinds] if isinstance(kinds, str) else kinds)
    is_free = not schema.keys() & {"pattern", "enum", "const", "anyOf"} and schema.get("format") in (None, "password")
    if is_text and is_free:
        schema["pattern"] = _FREE_TEXT


def _reached(parts: list[Any], schemas: Document) -> set[str]:
    """The names of the schemas that are referred to, directly or by others."""
    found: set[str] = set()
    waiting = [name for part in parts for name in _referred(part)]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += _referred(schemas[name])
    return found


def _referred(part: Any) -> Iterator[str]:
    for holder in _references(part):
        yield holder["$ref"].removeprefix(_SCHEMAS)


def _redirect(part: Any, names: dict[str, str]) -> None:
    for holder in _references(part):
        name = holder["$ref"].removeprefix(_SCHEMAS)
        holder["$ref"] = _SCHEMAS + names.get(name, name)


def _references(part: Any) -> Iterator[Document]:
    """Everything that refers to a schema; examples hold no `$ref`."""
    if isinstance(part, dict):
        if isinstance(part.get("$ref"), str) and part["$ref"].startswith(_SCHEMAS):
            yield part
        part = list(part.values())
    if isinstance(part, list):
        for inner in part:
            yield from _references(inner)


def _inside(schema: Any) -> Iterator[Document]:
    """A schema and every schema inside it."""
    if not isinstance(schema, dict):
        return
    yield schema
    for word in ("items", "additionalProperties"):
        yield from _inside(schema.get(word))
    for word in ("anyOf", "oneOf", "allOf"):
        for inner in schema.get(word, []):
            yield from _inside(inner)
    for inner in schema.get("properties", {}).values():
        yield from _inside(inner)


def _name_enums(document: Document) -> None:
    """Make each enum a component: by its own name, by that of another with the same words, or by its place."""
    schemas: Document = document["components"]["schemas"]
    places = list(_enums(document))
    named: dict[str, list[Any]] = {}
    for schema, _ in places:
        if name := schema.get(ENUM_NAME):
            words = _words(schema)
            if named.setdefault(name, words) != words or name in schemas:
                raise ValueError(f"two schemas are called {name}; give one of them another name")
    names = {tuple(sorted(words)): name for name, words in named.items()}
    for schema, place in places:
        words = _words(schema)
        name = schema.pop(ENUM_NAME, None) or names.setdefault(tuple(sorted(words)), place)
        _refer(schema, name)
        schemas.setdefault(name, {"type": "string", "enum": words})


def _name_shapes(document: Document) -> None:
    """Make each shape with a name a component."""
    schemas: Document = document["components"]["schemas"]
    for schema in [inner for whole in schemas.values() for inner in _inside(whole)]:
        if name := schema.pop(COMPONENT, None):
            kept = {word: schema.pop(word) for word in list(schema) if word not in ("description", "example")}
            if schemas.setdefault(name, kept) != kept:
                raise ValueError(f"two shapes are called {name}; give one of them another name")
            schema["$ref"] = _SCHEMAS + name


def _enums(document: Document) -> Iterator[tuple[Document, str]]:
    """Every schema that lists words, and a name for its place."""
    roots: list[tuple[Document, str]] = [(schema, name) for name, schema in document["components"]["schemas"].items()]
    for operation in operations_of(document):
        own = [parameter for parameter in operation.get("parameters", []) if "schema" in parameter]
        roots += [(each["schema"], _camel(f"{operation['operationId']}_{each['name']}")) for each in own]
    for schema, name in roots:
        yield from _listed(schema, name)


def _listed(schema: Document, place: str) -> Iterator[tuple[Document, str]]:
    if "enum" in schema:
        yield schema, place
    for name, inner in schema.get("properties", {}).items():
        yield from _listed(inner, place + _camel(name))
    for word in ("anyOf", "oneOf", "allOf"):
        for inner in schema.get(word, []):
            yield from _listed(inner, place)
    for word in ("items", "additionalProperties"):
        if isinstance(schema.get(word), dict):
            yield from _listed(schema[word], place)


def _words(schema: Document) -> list[str]:
    return [word for word in schema["enum"] if word is not None]


def _refer(schema: Document, name: str) -> None:
    """Replace the words with a reference; null stays possible."""
    is_nullable = None in schema["enum"] or "null" in schema.get("type", [])
    for word in ("enum", "type", "format"):
        schema.pop(word, None)
    reference = {"$ref": _SCHEMAS + name}
    if is_nullable:
        schema["anyOf"] = [reference, {"type": "null"}]
    else:
        schema |= reference
