"""The examples of the document are ones that the server takes: what a reader copies from it works."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask

from tests.conftest import Person
from tests.contract.operations import MISSING, operations_of, some
from tests.media import sample_media

FORM = {"required", "unknown_field", "null", "wrong_type", "invalid", "invalid_cursor"}
"""What a fault is called that lies in the request's form; other codes speak of what exists, or of the time."""


@pytest.fixture
def app(make_app: Any, simulator_urls: dict[str, str]) -> Flask:
    return make_app(**simulator_urls)


@pytest.fixture
def ids(owner: Person, connect_account: Any, run_jobs: Any) -> dict[str, str]:
    """Things of the owner's, by the names that paths give their ids."""
    file = sample_media.multipart(sample_media.part("file", sample_media.video(), filename="a.mp4"))
    media = owner.post("/media", data=file, content_type=sample_media.MULTIPART).json
    run_jobs()
    return {"account_id": connect_account(owner, "ada"), "media_id": media["id"]}


def examples_of(parameter: dict[str, Any]) -> list[Any]:
    found = [thing["example"] for thing in (parameter, parameter["schema"]) if "example" in thing]
    return some(found + parameter["schema"].get("examples", []))


def in_query(operation: Any) -> list[dict[str, Any]]:
    return [parameter for parameter in operation.parameters if parameter["in"] == "query"]


def path_of(operation: Any, ids: dict[str, str]) -> str:
    path = operation.path.removeprefix("/api/v1")
    return re.sub(r"{(\w+)}", lambda found: ids.get(found[1], MISSING), path)


def as_text(value: Any) -> Any:
    return str(value).lower() if isinstance(value, bool) else value


def queries(operation: Any) -> Iterator[dict[str, Any]]:
    """Each parameter by itself, and all of them together."""
    for parameter in in_query(operation):
        yield from ({parameter["name"]: as_text(example)} for example in examples_of(parameter))
    yield {parameter["name"]: as_text(examples_of(parameter)[0]) for parameter in in_query(operation)}


def bodies(operation: Any) -> Iterator[Any]:
    content = operation.document.get("requestBody", {}).get("content", {}).get("application/json", {})
    yield from (content["example"] for _ in range("example" in content))
    yield from (example["value"] for example in content.get("examples", {}).values())


def test_the_server_takes_every_example_of_a_query_parameter(app, owner, ids):
    operations = operations_of(app.test_client().get("/openapi.json").json)

    refused = {
        f"{operation} {query}": answer.json
        for operation in some(each for each in operations if in_query(each))
        for query in some(queries(operation))
        if (answer := owner.open(path_of(operation, ids), method=operation.method.upper(), query_string=query))
        and answer.status_code in (400, 422)
        and (operation.method == "get" or any("parameter" in fault for fault in answer.json["errors"]))
        and "/callback" not in operation.path
    }

    assert refused == {}


def test_the_server_takes_every_example_of_a_body(app, owner, ids):
    operations = operations_of(app.test_client().get("/openapi.json").json)
    sent = some((operation, body) for operation in operations for body in bodies(operation))

    refused = {}
    for operation, body in sent:
        answer = owner.open(path_of(operation, {}), method=operation.method.upper(), json=body)
        said = answer.json or {}
        codes = {fault["code"] for fault in said.get("errors", [])} or {said.get("code")}
        if answer.status_code == 400 or (answer.status_code == 422 and codes & FORM):
            refused[str(operation)] = answer.json

    assert len({str(operation) for operation, _ in sent}) > 15
    assert refused == {}


def test_the_server_takes_every_example_of_a_header_of_ours(app, owner, ids):
    operations = operations_of(app.test_client().get("/openapi.json").json)
    ours = ("Idempotency-Key", "If-Match", "If-None-Match", "Range", "If-Range")
    sent = some(
        (operation, parameter["name"], example)
        for operation in operations
        for parameter in operation.parameters
        if parameter["name"] in ours
        for example in examples_of(parameter)
    )

    refused = {}
    for operation, name, example in sent:
        body = next(bodies(operation), None)
        options = {"json": body} if body is not None else {}
        answer = owner.open(path_of(operation, {}), method=operation.method.upper(), headers={name: example}, **options)
        faults = (answer.json or {}).get("errors", []) if answer.is_json or "problem" in answer.content_type else []
        if answer.status_code == 400 or any(
            fault.get("parameter") == name and fault["code"] in FORM for fault in faults
        ):
            refused[f"{operation} {name}"] = answer.json

    assert {name for _, name, _ in sent} == set(ours)
    assert refused == {}


def test_the_first_page_can_be_asked_for_by_its_example(owner):
    pages = [owner.get(f"/posts?cursor={cursor}") for cursor in ("*", "%2A")]

    assert [page.status_code for page in pages] == [200, 200]
    assert pages[0].json == owner.get("/posts").json
