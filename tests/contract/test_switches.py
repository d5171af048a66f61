"""A switch is `true` or `false`, in every body and query there is: "yes", 1 and "off" are refused at their place."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from marshmallow import Schema, fields

from tests.contract.operations import MISSING, WHOLLY

NO_SWITCH = ["yes", "true", "false", "on", "off", "t", "1", "", 1, 0, 1.0, [], {}, [True]]
NO_WORD = ["yes", "1", "0", "on", "off", "True", "TRUE", "t", "", " true"]


def switches(schema: Schema, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Where a body of this schema has switches; `0` stands for an element of a list."""
    for name, field in schema.load_fields.items():
        yield from _in_field(field, (*path, field.data_key or name))


def _in_field(field: Any, path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    if isinstance(field, fields.Boolean):
        yield path
    elif isinstance(field, fields.Nested):
        yield from switches(field.schema, path)
    elif isinstance(field, fields.List):
        yield from _in_field(field.inner, (*path, "0"))


def body_with(path: tuple[str, ...], value: Any) -> Any:
    """The smallest body with `value` at `path`."""
    for part in reversed(path):
        value = [value] if part == "0" else {part: value}
    return value


@pytest.fixture
def taken(app: Any) -> dict[str, list[tuple[str, str, tuple[str, ...]]]]:
    """Every switch that any route takes, by where it is sent: method, path and place."""
    found: dict[str, list[tuple[str, str, tuple[str, ...]]]] = {"json": [], "query": []}
    for rule in app.url_map.iter_rules():
        described = getattr(app.view_functions[rule.endpoint], "_apidoc", {}).get("arguments", {})
        for argument in described.get("parameters", []):
            schema = argument.get("schema") if isinstance(argument, dict) else None  # words name a shared header
            if isinstance(schema, type) and argument["in"] in found:
                [method] = rule.methods - {"HEAD", "OPTIONS"}
                path = re.sub(r"<[^>]+>", MISSING, rule.rule)
                found[argument["in"]] += [(method, path, place) for place in switches(schema())]
    return found


def test_nothing_but_true_and_false_is_taken_in_a_body(owner, taken):
    tried, wrong = 0, []
    for method, path, place in taken["json"]:
        pointer = "/" + "/".join(place)
        for value in NO_SWITCH:
            url = path.removeprefix("/api/v1") + WHOLLY.get(path, "")
            answer = owner.open(url, method=method, json=body_with(place, value))
            named = {(fault.get("pointer"), fault["code"]) for fault in (answer.json or {}).get("errors", [])}
            tried += 1
            if answer.status_code != 422 or (pointer, "wrong_type") not in named:
                wrong.append((method, path, pointer, value, answer.status_code))

    assert {"/consent", "/targets/0/allow_comment", "/defaults/is_aigc"} <= {
        "/" + "/".join(place) for _, _, place in taken["json"]
    }
    assert tried > 100
    assert wrong == []


def test_nothing_but_two_words_is_taken_in_a_query(owner, taken, operations):
    examples = {
        str(each): each.document["requestBody"]["content"] for each in operations if "requestBody" in each.document
    }
    wrong, tried = [], 0
    for method, path, place in taken["query"]:
        for word in NO_WORD:
            answer = owner.open(path.removeprefix("/api/v1"), method=method, query_string={place[-1]: word})
            faults = answer.json.get("errors", [])
            tried += 1
            if answer.status_code != 422 or [fault.get("parameter") for fault in faults] != [place[-1]]:
                wrong.append((method, path, place, word, answer.status_code))
        body = examples.get(f"{method} {path}", {}).get("application/json", {}).get("example")
        for word in ("true", "false"):
            answer = owner.open(path.removeprefix("/api/v1"), method=method, query_string={place[-1]: word}, json=body)
            faults = (answer.json or {}).get("errors", [])
            assert not [fault for fault in faults if "parameter" in fault], (method, path, place, word)
            assert answer.status_code != 422 or body is not None, (method, path, place, word)

    assert tried > 50
    assert wrong == []
