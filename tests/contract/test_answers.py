"""Real answers against the document, strictly: what it calls required is sent, and nothing is sent that it does not name."""

import json
import re
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest
from flask import Flask, request
from jsonschema import Draft202012Validator, FormatChecker
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from tests.conftest import Person
from tests.contract.operations import MISSING, Operation, operations_of, some
from tests.contract.whole_day import spend_a_day


class Witness:
    """Between the server and its clients: it holds every JSON answer against the document."""

    def __init__(self, app: Flask) -> None:
        self.operations: list[Operation] = []
        app.after_request(self._look)
        document = app.test_client().get("/openapi.json").json
        self.operations = operations_of(document)
        whole = Resource.from_contents(strict(document), default_specification=DRAFT202012)
        self._registry: Any = Registry().with_resource("urn:document", whole)
        self.seen: set[str] = set()
        self.faults: list[str] = []

    def _look(self, response: Any) -> Any:
        operation = self._operation_of(request.method, request.path)
        if operation is not None and response.is_json:
            self._hold(operation, response)
        return response

    def _operation_of(self, method: str, path: str) -> Operation | None:
        fitting = [
            operation
            for operation in self.operations
            if operation.method == method.lower() and re.fullmatch(re.sub(r"{\w+}", "[^/]+", operation.path), path)
        ]
        return min(fitting, key=lambda operation: operation.path.count("{"), default=None)

    def _hold(self, operation: Operation, response: Any) -> None:
        status, kind = str(response.status_code), response.content_type.partition(";")[0]
        stated = operation.document["responses"].get(status, {}).get("content", {}).get(kind)
        if stated is None:
            self.faults.append(f"{operation}: {status} {kind} is not in the document")
            return
        reference = json.loads(json.dumps(stated["schema"]).replace('"#/', '"urn:document#/'))
        validator = Draft202012Validator(reference, registry=self._registry, format_checker=FormatChecker())
        found = [
            f"{operation} {status} {fault.json_path}: {fault.message[:200]}"
            for fault in validator.iter_errors(response.json)
        ]
        self.faults += found
        if status >= "400" and response.json["code"] not in codes_of(operation, status):
            self.faults.append(f"{operation}: {status} {response.json['code']} is not in the document")
        if status < "300":
            self.seen.add(operation.document["operationId"])


def codes_of(operation: Operation, status: str) -> set[str]:
    """The codes with which an operation may answer that status: its own, and those of all."""
    own = operation.document.get("x-problem-codes", {}).get(status, [])
    return {*own, *operation.document["responses"][status].get("x-problem-codes", {}).get(status, [])}


def strict(document: Any) -> Any:
    """The document with every answer closed: a member that is not named is a fault."""
    closed = json.loads(json.dumps(document).replace('"$ref": "#/', '"$ref": "urn:document#/'))
    for schema in closed["components"]["schemas"].values():
        if "properties" in schema and schema.get("additionalProperties") is not True:
            schema["additionalProperties"] = False
    return closed


@pytest.fixture
def app(make_app: Any, simulator_urls: dict[str, str]) -> Flask:
    return make_app(**simulator_urls)


@pytest.fixture
def witness(app: Flask) -> Witness:
    return Witness(app)


@pytest.fixture
def ids(witness: Witness, owner: Person, connect_account: Any, run_jobs: Any) -> dict[str, str]:
    return spend_a_day(owner, connect_account, run_jobs)


def looks(operations: list[Operation]) -> Iterator[Operation]:
    """Every operation that answers JSON to a GET."""
    for operation in operations:
        if operation.method == "get" and "application/json" in _answer(operation).get("content", {}):
            yield operation


def _answer(operation: Operation) -> dict[str, Any]:
    return dict(operation.document["responses"].get("200", {}))


def test_every_response_fits_the_document_strictly(witness, owner, ids, run_jobs):
    paths = some(operation.path.removeprefix("/api/v1") for operation in looks(witness.operations))
    for path in paths:
        filled = re.sub(r"{(\w+)}", lambda found: ids.get(found[1], MISSING), path)
        owner.get(filled)
        owner.get(f"{filled}?include_total=true&limit=1")
        owner.get(f"{filled}?no_such_parameter=1")
    owner.delete(f"/accounts/{ids['account_id']}")

    looked = {operation.document["operationId"] for operation in looks(witness.operations)}
    assert witness.faults == []
    assert looked - witness.seen == set()
    assert len(witness.seen) > 30


def test_every_code_of_a_refusal_is_in_the_document(witness, owner, client):
    key = owner.post("/auth/api-keys", json={"name": "k", "scopes": ["analytics:read"]}).json["token"]
    token, bearer = f"Bearer {owner.tokens['access_token']}", {"Authorization": f"Bearer {key}"}
    json_type = {"Content-Type": "application/json"}
    refused = [
        {},
        {"headers": {"Authorization": "Bearer x.y.z"}},
        {"headers": bearer | json_type, "data": "{}"},
        *(
            {"headers": {"Authorization": token, **more}, "data": body, "query_string": query}
            for more, body, query in (
                (json_type, "{", ""),
                (json_type, "[]", ""),
                (json_type, '{"x": 1}', ""),
                ({"Content-Type": "text/plain"}, "x", ""),
                (json_type | {"Idempotency-Key": ""}, "{}", ""),
                (json_type, "{}", "cursor=x&from=2027-03-03&to=2027-03-02"),
                ({"If-Match": '"x"', "Range": "bytes=9-"}, "", "expires=1&signature=2"),
                ({"Tus-Resumable": "1.0.0", "Upload-Length": "9" * 19}, "", ""),
            )
        ),
    ]
    statuses = set()
    for operation in witness.operations:
        if operation.document["operationId"] in ("delete_me", "log_out"):
            continue
        path = re.sub(r"{\w+}", MISSING, operation.path)
        for request_ in refused:
            answer = client.open(path, method=operation.method.upper(), **request_)
            statuses.add(answer.status_code)

    assert witness.faults == []
    assert {400, 401, 403, 404, 412, 413, 415, 422} <= statuses


def test_an_answer_that_lacks_a_field_or_has_one_too_many_would_be_found(app):
    document = strict(app.test_client().get("/openapi.json").json)
    registry: Any = Registry().with_resource(
        "urn:document", Resource.from_contents(document, default_specification=DRAFT202012)
    )
    validator = Draft202012Validator({"$ref": "urn:document#/components/schemas/TokenPair"}, registry=registry)
    good = dict.fromkeys(("access_token", "refresh_token", "token_type"), "x") | {
        "expires_in": 1,
        "refresh_expires_in": 1,
    }

    assert validator.is_valid(good)
    assert not validator.is_valid(good | {"more": 1})
    for name in good:
        less = deepcopy(good)
        del less[name]
        assert not validator.is_valid(less)
