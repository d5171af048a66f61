"""The OpenAPI document: valid, complete, and true to itself."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker
from openapi_spec_validator import OpenAPIV31SpecValidator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from tests.contract.operations import FEWEST_OPERATIONS, some


def test_the_document_is_valid(document):
    faults = [error.message for error in OpenAPIV31SpecValidator(document).iter_errors()]

    assert document["openapi"].startswith("3.1")
    assert faults == []


def test_every_route_is_in_it(app, operations):
    routes = {
        (method.lower(), re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule))
        for rule in app.url_map.iter_rules()
        for method in rule.methods - {"HEAD", "OPTIONS"}
        if rule.rule.startswith("/api/")
    }

    documented = {(operation.method, operation.path) for operation in operations}

    assert len(routes) > FEWEST_OPERATIONS
    assert routes - documented == set()
    assert {path for _, path in documented if not path.startswith("/api/v1/")} == set()


def test_every_operation_has_a_name_of_its_own(operations):
    names = Counter(operation.document["operationId"] for operation in operations)

    assert [name for name, count in names.items() if count > 1 or not re.fullmatch(r"[a-z]+(_[a-z]+)*", name)] == []


def test_every_operation_has_a_tag_and_a_summary(document, operations):
    tags = {tag["name"] for tag in document["tags"] if tag["description"]}

    lacking = [str(o) for o in operations if not o.document.get("summary") or not set(o.document["tags"]) <= tags]

    assert lacking == []


def test_every_operation_says_who_may_call_it(document, operations):
    schemes = set(document["components"]["securitySchemes"])

    lacking = [str(o) for o in operations if o.document.get("security") not in ([], [{"bearer": []}])]

    assert schemes == {"bearer"}
    assert lacking == []


def test_every_body_and_answer_has_an_example(operations):
    lacking = [
        (str(operation), where)
        for operation in operations
        for where, content in some(_contents(operation))
        if "json" in where.split()[-1] and not content.keys() & {"example", "examples"}
    ]

    assert lacking == []


def test_every_parameter_has_an_example_and_a_description(operations):
    lacking = [
        (str(operation), parameter["name"])
        for operation, parameter in some(_parameters(operations))
        if not (parameter.keys() | parameter["schema"].keys()) & {"example", "examples"}
        and "enum" not in parameter["schema"]
    ]

    assert lacking == []


def test_no_example_is_one_that_its_schema_refuses(document, operations):
    refused = [
        (str(operation), where, fault.json_path, fault.message)
        for operation in operations
        for where, schema, example in some(_examples(operation))
        for fault in _faults(document, schema, example)
    ]

    assert refused == []


def test_every_error_is_a_problem_or_a_page_for_a_browser(operations):
    others = [
        (str(operation), status, list(answer.get("content", {})))
        for operation in operations
        for status, answer in some(_refusals(operation))
        if not answer.get("content") or answer["content"].keys() - {"application/problem+json", "text/html"}
    ]

    assert others == []


def test_every_operation_names_the_errors_that_all_can_answer(operations):
    lacking = {
        str(operation): sorted(needed - operation.document["responses"].keys())
        for operation in operations
        if (needed := _needed(operation)) - operation.document["responses"].keys()
    }

    assert lacking == {}


def test_every_list_names_the_refusal_of_a_cursor(operations):
    lists = [one for one in operations if any(parameter["name"] == "cursor" for parameter in one.parameters)]

    silent = [str(one) for one in lists if "invalid_cursor" not in one.document["x-problem-codes"].get("422", [])]

    assert len(lists) > 6
    assert silent == []


def test_every_download_documents_ranges_and_conditions(operations):
    files = [one for one in operations if "307" in one.document["responses"]]

    silent = [
        str(one)
        for one in files
        if not {"Range", "If-Range", "If-None-Match"} <= {parameter["name"] for parameter in one.parameters}
        or not {"200", "206", "304", "416"} <= one.document["responses"].keys()
    ]

    assert len(files) == 7
    assert silent == []


def test_conditional_reads_are_documented(operations):
    read = [o for o in operations if o.method == "get" and "ETag" in o.document["responses"]["200"].get("headers", {})]
    changed = [
        o
        for o in operations
        if "412" in o.document["responses"] and o.method in ("patch", "delete") and "/uploads/" not in o.path
    ]

    for operation in some(read):
        assert "304" in operation.document["responses"], str(operation)
        assert "If-None-Match" in {parameter["name"] for parameter in operation.parameters}, str(operation)
    for operation in some(changed):
        assert "If-Match" in {parameter["name"] for parameter in operation.parameters}, str(operation)


def test_every_schema_has_a_name_of_its_own_and_is_used(document):
    names = set(document["components"]["schemas"])
    used = set(re.findall(r'"#/components/schemas/(\w+)"', json.dumps(document)))

    assert [name for name in names if re.search(r"\d$|Schema|^Error$", name)] == []
    assert len(names) > FEWEST_OPERATIONS
    assert names == used


def test_every_property_has_a_type_or_is_described(document):
    untyped = [
        (name, member)
        for name, member, property_ in some(_properties(document))
        if not property_.keys() & {"type", "$ref", "anyOf", "oneOf", "allOf", "enum", "const", "description"}
    ]

    assert untyped == []


def test_no_number_that_a_client_sends_is_without_bounds(document, operations):
    some(number for operation in operations for number in _numbers(document, operation))

    unbounded = [(str(operation), place) for operation in operations for place in _unbounded(document, operation)]

    assert unbounded == []


def _parameters(operations: list[Any]) -> Iterator[tuple[Any, dict[str, Any]]]:
    for operation in operations:
        yield from ((operation, parameter) for parameter in operation.parameters)


def _refusals(operation: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    yield from ((status, answer) for status, answer in operation.document["responses"].items() if status >= "4")


def _properties(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for name, schema in document["components"]["schemas"].items():
        yield from ((name, member, property_) for member, property_ in schema.get("properties", {}).items())


def _contents(operation: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    for kind, content in operation.document.get("requestBody", {}).get("content", {}).items():
        yield f"body {kind}", content
    for status, answer in operation.document["responses"].items():
        for kind, content in answer.get("content", {}).items():
            yield f"{status} {kind}", content


def _examples(operation: Any) -> Iterator[tuple[str, Any, Any]]:
    for where, content in _contents(operation):
        if "example" in content and "schema" in content:
            yield where, content["schema"], content["example"]
        for name, example in content.get("examples", {}).items():
            yield f"{where} {name}", content["schema"], example["value"]
    for parameter in operation.parameters:
        examples = [parameter[k] for k in ("example",) if k in parameter] + parameter["schema"].get("examples", [])
        yield from ((parameter["name"], parameter["schema"], example) for example in examples)


def _faults(document: dict[str, Any], schema: Any, example: Any) -> Iterator[Any]:
    whole = Resource.from_contents(document, default_specification=DRAFT202012)
    absolute = json.loads(json.dumps(schema).replace('"#/', '"urn:document#/'))
    registry: Any = Registry().with_resource("urn:document", whole)
    return Draft202012Validator(absolute, registry=registry, format_checker=FormatChecker()).iter_errors(example)


def _needed(operation: Any) -> set[str]:
    needed = {"429", "500", "503"}
    if not operation.is_public:
        needed |= {"401", "403", "422"}
    if "{" in operation.path:
        needed.add("404")
    if any(kind == "application/json" for kind in operation.document.get("requestBody", {}).get("content", {})):
        needed |= {"400", "413", "415", "422"}
    if any(parameter["in"] == "query" for parameter in operation.parameters):
        needed.add("422")
    if any(parameter["name"] == "Idempotency-Key" for parameter in operation.parameters):
        needed |= {"409", "422"}
    return needed


def _unbounded(document: dict[str, Any], operation: Any) -> Iterator[str]:
    for place, schema in _numbers(document, operation):
        if not schema.keys() >= {"minimum", "maximum"}:
            yield place


def _numbers(document: dict[str, Any], operation: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    for parameter in operation.parameters:
        if parameter["in"] == "query":
            yield from _integers(document, parameter["schema"], parameter["name"], frozenset())
    for content in operation.document.get("requestBody", {}).get("content", {}).values():
        yield from _integers(document, content.get("schema", {}), "", frozenset())


def _integers(
    document: dict[str, Any], schema: dict[str, Any], place: str, seen: frozenset[str]
) -> Iterator[tuple[str, dict[str, Any]]]:
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[1]
        if name not in seen:
            yield from _integers(document, document["components"]["schemas"][name], place, seen | {name})
    if {"integer", "number"} & set(_listed(schema.get("type", []))):
        yield place, schema
    for inner in schema.get("anyOf", []):
        yield from _integers(document, inner, place, seen)
    for member, inner in schema.get("properties", {}).items():
        yield from _integers(document, inner, f"{place}/{member}", seen)
    if "items" in schema:
        yield from _integers(document, schema["items"], f"{place}[]", seen)


def _listed(kinds: Any) -> list[str]:
    return [kinds] if isinstance(kinds, str) else kinds
