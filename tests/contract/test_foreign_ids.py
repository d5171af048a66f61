"""What belongs to somebody else does not exist, on every operation there is."""

import re
from typing import Any
from uuid import UUID

from tests.contract.conftest import MISSING, some
from tests.web.problems import assert_problem

MALFORMED = ["42", "x" * 36, "%00", "..%2f..", MISSING[:-1], MISSING + "0", MISSING.upper()]


def test_a_missing_id_and_a_malformed_one_are_answered_alike_everywhere(owner, operations):
    different = {}
    with_ids = [operation for operation in operations if "{" in operation.path and not operation.is_public]
    for operation in with_ids:
        answers = [_ask(owner, operation, identifier) for identifier in [MISSING, *MALFORMED]]
        seen = {_gist(answer) for answer in answers}
        if len(seen) > 1 or answers[0].status_code != 404:
            different[str(operation)] = seen

    assert len(with_ids) > 10
    assert different == {}


def test_before_its_token_is_known_nothing_is_said_about_any_id(client, operations):
    private = [operation for operation in operations if not operation.is_public]
    for operation in some(private):
        for identifier in (MISSING, "42"):
            path = re.sub(r"{\w+}", identifier, operation.path)
            answer = client.open(path, method=operation.method.upper(), **_body(operation))
            if operation.method != "head":
                assert_problem(answer, 401, "unauthorized")
            assert answer.status_code == 401, str(operation)


def _ask(person: Any, operation: Any, identifier: str | UUID) -> Any:
    path = re.sub(r"{\w+}", str(identifier), operation.path.removeprefix("/api/v1"))
    return person.open(path, method=operation.method.upper(), **_body(operation))


def _body(operation: Any) -> dict[str, Any]:
    """The body and headers of the operation's own example, so that nothing but the id is wrong."""
    options: dict[str, Any] = {"headers": {"Upload-Offset": "0"} if "/uploads/" in operation.path else {}}
    for parameter in operation.parameters:
        if parameter["in"] == "header" and parameter["name"] not in ("Idempotency-Key", "If-Match", "If-None-Match"):
            options["headers"][parameter["name"]] = str(
                parameter.get("example", parameter["schema"].get("example", ""))
            )
    for kind, content in operation.document.get("requestBody", {}).get("content", {}).items():
        if kind == "application/json":
            options["json"] = content["example"]
        else:
            options |= {"data": b"", "content_type": kind}
    return options


def _gist(answer: Any) -> tuple[Any, ...]:
    document = answer.json if answer.data else {}
    return answer.status_code, answer.content_type, document.get("code"), document.get("detail"), document.get("title")
