"""What the document states of values is true: those inside are taken as to their form, those outside are refused."""

import re
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import hypothesis
import pytest

from tests.contract.operations import MISSING, WHOLLY, some
from tests.contract.schema_values import edges, follow, inside, kinds_of, outside, variants
from tests.generated_examples import OF_REQUESTS

FORM = {"required", "unknown_field", "null", "wrong_type", "invalid"}
Path = tuple[str | int, ...]

few = hypothesis.settings(OF_REQUESTS, max_examples=12)


@dataclass(frozen=True)
class Place:
    """Where a value goes in the requests of an operation."""

    operation: Any
    path: Path
    schema: dict[str, Any]
    body: Any

    def __str__(self) -> str:
        return f"{self.operation} {self.pointer}"

    @property
    def pointer(self) -> str:
        return "".join(f"/{part}" for part in self.path)

    def faults(self, person: Any, value: Any) -> tuple[int, list[dict[str, Any]]]:
        """The status of a request with that value, and what is wrong at this place according to the answer."""
        body = put(deepcopy(self.body), self.path, value)
        answer = person.open(url(self.operation), method=self.operation.method.upper(), json=body)
        assert answer.status_code < 500, answer.json
        faults = answer.json.get("errors", []) if "problem" in (answer.content_type or "") else []
        return answer.status_code, [f for f in faults if f["code"] in FORM and self._holds(f.get("pointer", ""))]

    def _holds(self, pointer: str) -> bool:
        return f"{pointer}/".startswith(f"{self.pointer}/")


def put(body: Any, path: Path, value: Any) -> Any:
    """The body with the value at the path; lists and objects on the way are made where they are missing."""
    if not path:
        return value
    first, rest = path[0], path[1:]
    if isinstance(first, int):
        items = body if isinstance(body, list) and body else [{}]
        return [put(items[0], rest, value)]
    whole = body if isinstance(body, dict) else {}
    return whole | {first: put(whole.get(first), rest, value)}


def url(operation: Any) -> str:
    return re.sub(r"{\w+}", MISSING, operation.path.removeprefix("/api/v1")) + WHOLLY.get(operation.path, "")


def bodies(document: Any, operations: list[Any]) -> Iterator[tuple[Any, dict[str, Any], Any]]:
    for operation in operations:
        content = operation.document.get("requestBody", {}).get("content", {}).get("application/json")
        if content:
            yield operation, follow(document, content["schema"]), content["example"]


def places(document: Any, operations: list[Any]) -> list[Place]:
    """Every value of every body, those inside objects and lists too."""
    return some(
        Place(operation, path, schema, body)
        for operation, whole, body in bodies(document, operations)
        for path, schema in _values(document, whole, ())
    )


def _values(document: Any, schema: Any, path: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    for variant in variants(document, schema) if path else [schema]:
        for name, inner in variant.get("properties", {}).items():
            yield (*path, name), inner
            yield from _values(document, inner, (*path, name))
        if "array" in kinds_of(variant):
            yield (*path, 0), variant["items"]
            yield from _values(document, variant["items"], (*path, 0))


def test_every_value_inside_a_schema_is_accepted(owner, document, operations):
    checked = places(document, operations)

    refused = {str(place): wrong for place in checked if (wrong := _first_refused(owner, document, place))}

    assert len(checked) > 60
    assert refused == {}


def _first_refused(owner: Any, document: Any, place: Place) -> Any:
    found: list[Any] = []

    @few
    @hypothesis.given(value=inside(document, place.schema))
    def send(value: Any) -> None:
        if not found:
            _, faults = place.faults(owner, value)
            found.extend([value, faults] if faults else [])

    send()
    for value in edges(document, place.schema):
        send.hypothesis.inner_test(value)
    return found


def test_every_value_outside_a_schema_is_refused(owner, document, operations):
    sent = some((place, value) for place in places(document, operations) for value in outside(document, place.schema))

    taken = [(str(place), value) for place, value in sent if not _is_refused(place.faults(owner, value))]

    assert len(sent) > 200
    assert taken == []


def _is_refused(found: tuple[int, list[dict[str, Any]]]) -> bool:
    status, faults = found
    return status == 422 and bool(faults)


def test_a_member_that_is_not_stated_is_refused(owner, document, operations):
    taken = [
        str(operation)
        for operation, schema, body in some(bodies(document, operations))
        if not _is_refused(Place(operation, ("no_such_member",), {}, body).faults(owner, 1))
        or schema["additionalProperties"] is not False
    ]

    assert taken == []


def test_a_member_that_is_required_must_be_sent(owner, document, operations):
    needed = some(
        (operation, name, body)
        for operation, schema, body in bodies(document, operations)
        for name in schema.get("required", [])
    )

    taken = []
    for operation, name, body in needed:
        less = {key: value for key, value in body.items() if key != name}
        answer = owner.open(url(operation), method=operation.method.upper(), json=less)
        faults = answer.json.get("errors", [])
        if answer.status_code != 422 or {"code": "required", "pointer": f"/{name}"} not in [
            {key: fault.get(key) for key in ("code", "pointer")} for fault in faults
        ]:
            taken.append((str(operation), name))

    assert taken == []


def _asked(owner: Any, operation: Any, name: str, value: Any, *, times: int = 1) -> tuple[int, list[dict[str, Any]]]:
    shown = str(value).lower() if isinstance(value, bool) else str(value)
    plain = url(operation).partition("?")[0]
    answer = owner.open(plain, method=operation.method.upper(), query_string={name: [shown] * times})
    assert answer.status_code < 500, answer.json
    faults = answer.json.get("errors", []) if "problem" in (answer.content_type or "") else []
    return answer.status_code, [f for f in faults if f["code"] in FORM and f.get("parameter") == name]


def in_queries(operations: list[Any]) -> list[tuple[Any, dict[str, Any]]]:
    return some(
        (operation, parameter)
        for operation in operations
        for parameter in operation.parameters
        if parameter["in"] == "query"
    )


def test_every_query_value_inside_a_schema_is_accepted(owner, document, operations):
    refused = {}
    for operation, parameter in in_queries(operations):
        _ask_inside(owner, document, operation, parameter, refused)

    assert refused == {}


def _ask_inside(owner: Any, document: Any, operation: Any, parameter: Any, refused: dict[str, Any]) -> None:
    items = parameter["schema"].get("items", parameter["schema"])
    fewest = parameter["schema"].get("minItems", 1)

    @few
    @hypothesis.given(value=inside(document, items))
    def ask(value: Any) -> None:
        _, faults = _asked(owner, operation, parameter["name"], value, times=fewest)
        if faults:
            refused.setdefault(f"{operation} {parameter['name']}", (value, faults))

    ask()
    for value in edges(document, items):
        ask.hypothesis.inner_test(value)


def test_every_query_value_outside_a_schema_is_refused(owner, document, operations):
    sent = some(
        (operation, parameter["name"], value)
        for operation, parameter in in_queries(operations)
        if operation.document["security"] != []  # a browser coming back from TikTok may bring anything
        for value in outside(document, parameter["schema"].get("items", parameter["schema"]))
        if isinstance(value, str | int)
    )

    taken = [(str(o), name, value) for o, name, value in sent if not _is_refused(_asked(owner, o, name, value))]

    assert len(sent) > 60
    assert taken == []


@pytest.mark.parametrize("zone", ["Europe/Berlin", "Etc/GMT+5", "America/Argentina/Buenos_Aires"])
def test_zones_match_what_is_stated_of_them(document, zone):
    stated = document["components"]["schemas"]["Registration"]["properties"]["timezone"]

    assert stated["format"] == "iana-time-zone"
    assert re.fullmatch(stated["pattern"], zone)
