"""Malformed, missing and foreign ids are answered alike by every operation."""

import re

from tests.contract.example_requests import example_of, gist_of, send_example
from tests.contract.operations import MISSING, some
from tests.web.problems import assert_problem

MALFORMED = ["42", "x" * 36, "%00", "..%2f..", MISSING[:-1], MISSING + "0", MISSING.upper()]


def test_a_missing_id_and_a_malformed_one_are_answered_alike_everywhere(owner, operations):
    different = {}
    with_ids = [operation for operation in operations if "{" in operation.path and not operation.is_public]
    for operation in with_ids:
        answers = [send_example(owner, operation, identifier) for identifier in [MISSING, *MALFORMED]]
        seen = {gist_of(answer) for answer in answers}
        if len(seen) > 1 or answers[0].status_code != 404:
            different[str(operation)] = seen

    assert len(with_ids) > 10
    assert different == {}


def test_before_its_token_is_known_nothing_is_said_about_any_id(client, operations):
    private = [operation for operation in operations if not operation.is_public]
    for operation in some(private):
        for identifier in (MISSING, "42"):
            path = re.sub(r"{\w+}", identifier, operation.path)
            answer = client.open(path, method=operation.method.upper(), **example_of(operation))
            if operation.method != "head":
                assert_problem(answer, 401, "unauthorized")
            assert answer.status_code == 401, str(operation)
