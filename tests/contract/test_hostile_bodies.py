"""A body that is made to cost much is refused in a few words, by every operation that reads JSON."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.contract import hostile_bodies
from tests.contract.operations import MISSING, Operation, some

LARGEST_ANSWER = 64 * 1024
MOST_FAULTS = 100
MOST_COUNTED = 40_000
KIBIBYTE = 1024


def _readers(operations: list[Operation]) -> list[Operation]:
    """The operations that read JSON."""
    return some(
        each for each in operations if "application/json" in each.document.get("requestBody", {}).get("content", {})
    )


def _names(operation: Operation, document: dict[str, Any]) -> list[str]:
    schema = operation.document["requestBody"]["content"]["application/json"]["schema"]
    component = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return some(component["properties"])


def _size_of(operation: Operation, size: int) -> int:
    return 16 * KIBIBYTE if "/auth/" in operation.path else size


def _send(owner: Any, operation: Operation, body: bytes) -> Any:
    path = re.sub(r"{\w+}", MISSING, operation.path).removeprefix("/api/v1")
    return owner.open(path, method=operation.method.upper(), data=body, content_type="application/json")


def test_every_body_of_auth_has_at_most_16_kib(owner, operations):
    of_auth = some(each for each in _readers(operations) if each.path.startswith("/api/v1/auth/"))
    spaces = b" " * (16 * KIBIBYTE - 1)

    codes = {str(each): [_send(owner, each, spaces + tail).status_code for tail in (b"x", b"xx")] for each in of_auth}

    assert len(codes) > 8
    assert set(map(tuple, codes.values())) == {(400, 413)}


def _what_is_wrong(answer: Any) -> Iterator[str]:
    """Why an answer is more than a refusal in a few words."""
    if answer.status_code not in (400, 404, 413, 422):
        yield f"answered {answer.status_code}"
    if len(answer.data) >= LARGEST_ANSWER:
        yield f"answered {len(answer.data)} bytes"
    faults = answer.json.get("errors", [])
    if len(faults) > MOST_FAULTS:
        yield f"listed {len(faults)} faults"
    if len(faults) + answer.json.get("more_errors", 0) > MOST_COUNTED:
        yield "counted too many faults"


@pytest.mark.parametrize(
    ("size", "share"),
    [pytest.param(32 * KIBIBYTE, 7, id="sample"), pytest.param(1024 * KIBIBYTE, 1, id="all", marks=pytest.mark.long)],
)
def test_a_hostile_body_is_refused_in_a_few_words(owner, operations, document, size, share):
    wrong = []
    for operation in _readers(operations):
        for kind, body in hostile_bodies.bodies(_names(operation, document), _size_of(operation, size), share=share):
            answer = _send(owner, operation, body)
            wrong += [(str(operation), kind, said) for said in _what_is_wrong(answer)]

    assert wrong == []


def test_as_much_as_the_bounds_let_through_is_refused_in_a_few_words(owner, operations, document):
    wrong = []
    for operation in _readers(operations):
        for kind, body in hostile_bodies.at_the_bounds(_names(operation, document)):
            answer = _send(owner, operation, body)
            wrong += [(str(operation), kind, said) for said in _what_is_wrong(answer)]

    assert wrong == []
