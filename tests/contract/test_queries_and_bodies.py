"""Query parameters, static words and required bodies, on every operation there is."""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
from flask import Flask
from marshmallow import fields

from tests.contract.operations import MISSING, Operation
from tests.web.problems import assert_problem
from tiktok_api.web.parsing.moments import MomentField

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
_BY_KIND: tuple[tuple[Any, str], ...] = (
    (fields.UUID, MISSING),
    (fields.Boolean, "true"),
    (fields.Integer, "5"),
    (fields.Date, "2027-03-02"),
)


def _query_parameters(app: Flask) -> Iterator[tuple[str, str, Any]]:
    """The path, the name and the field of each query parameter that any route declares."""
    for rule in app.url_map.iter_rules():
        schema = getattr(app.view_functions[rule.endpoint], "query_schema", None)
        if schema is not None and "GET" in (rule.methods or ()):
            path = re.sub(r"<.*?>", MISSING, rule.rule).removeprefix("/api/v1")
            for name, field in schema().load_fields.items():
                yield path, field.data_key or name, field


def _example(field: Any) -> str:
    one = field.inner if isinstance(field, fields.List) else field
    for kind, value in _BY_KIND:
        if isinstance(one, kind):
            return value
    return str(one.metadata.get("example", "UTC"))


def test_a_parameter_with_one_value_is_refused_when_it_is_sent_twice(app, owner):
    declared = list(_query_parameters(app))
    single = [(path, name, field) for path, name, field in declared if not isinstance(field, fields.List)]
    accepted = []
    for path, name, field in single:
        value = _example(field)

        asked = f"{path}?{urlencode([(name, value), (name, value)])}"
        answer = owner.get(asked)
        if answer.status_code == 405:
            answer = owner.post(asked, json={})

        faults = [fault for fault in (answer.json or {}).get("errors", []) if fault.get("parameter") == name]
        if answer.status_code != 422 or "repeated" not in {fault["code"] for fault in faults}:
            accepted.append((path, name, answer.status_code))

    assert len(declared) > 55
    assert len(single) > 40
    assert accepted == []


_ODD = {
    fields.Integer: (" 5", "+5", "5_0", "\u0665", "5.0", "0x5", ""),
    fields.Date: ("20270302", "2027-W10-2", "2027-3-2", "2027-03-02T00:00:00Z", "2027-02-30", ""),
    MomentField: ("20270302", "2027-W10-2", "20270302T120000Z", "2027-03-02T12", "2027-03-02T12:00", "2027-03-02 ", ""),
}


def test_numbers_and_dates_are_taken_in_the_one_form_that_the_document_names(app, owner):
    asked = [
        (path, name, value)
        for path, name, field in _query_parameters(app)
        for kind, values in _ODD.items()
        if isinstance(field, kind)
        for value in values
    ]

    accepted = []
    for path, name, value in asked:
        answer = owner.get(f"{path}?{urlencode({name: value})}")
        named = {fault.get("parameter") for fault in (answer.json or {}).get("errors", [])}
        if answer.status_code != 422 or named != {name}:
            accepted.append((path, name, value, answer.status_code))

    wanted = {"limit", "count", "from", "to", "width", "scale", "min_posts", "min_views", "as_of"}
    assert {name for _, name, _ in asked} == wanted
    assert accepted == []


@pytest.mark.parametrize("moment", ["2027-03-02T12:00Z", "2027-03-02t12:00:00.5z", "2027-03-02 12:00:00+01:00"])
def test_moments_are_read_as_rfc_3339_writes_them(owner, moment):
    assert owner.get(f"/posts?{urlencode({'from': moment})}").status_code == 200


def test_a_parameter_with_many_values_takes_several(app, owner):
    many = [(path, name, field) for path, name, field in _query_parameters(app) if isinstance(field, fields.List)]
    refused = []
    for path, name, field in many:
        value = _example(field)

        answer = owner.get(f"{path}?{urlencode([(name, value), (name, value)])}")

        if answer.status_code not in (200, 404):
            refused.append((path, name, answer.json))

    expected = {("/posts", name) for name in ("status", "account_id", "type")}
    expected |= {("/accounts", "status"), ("/accounts", "tag"), ("/media", "status"), ("/media", "kind")}
    expected |= {("/audit", name) for name in ("action", "subject_id", "session_id", "api_key_id")}
    assert {(path, name) for path, name, _ in many} >= expected
    assert refused == []


def test_a_repeated_parameter_is_reported_with_the_other_faults(owner):
    answer = owner.get("/posts?limit=5&limit=7&status=strange&nonsense=1")

    faults = {(fault["parameter"], fault["code"]) for fault in assert_problem(answer, 422)["errors"]}
    assert faults == {("limit", "repeated"), ("status", "invalid"), ("nonsense", "unknown_field")}


def _words_beside_ids(app: Flask) -> dict[str, set[str]]:
    """Each address with a static word where another route has an id, with the methods that it takes."""
    rules = [(rule, rule.rule.split("/")) for rule in app.url_map.iter_rules()]
    found: dict[str, set[str]] = {}
    for _, with_id in rules:
        for rule, with_word in rules:
            places = list(zip(with_id, with_word, strict=False))
            stands_beside = any(a.startswith("<uuid:") and not b.startswith("<") for a, b in places)
            if len(with_id) == len(with_word) and stands_beside and all(map(_goes_with, with_id, with_word)):
                path = re.sub(r"<.*?>", MISSING, rule.rule)
                found.setdefault(path, set()).update(rule.methods or ())
    return found


def _goes_with(with_id: str, with_word: str) -> bool:
    return with_id == with_word or with_id.startswith("<uuid:")


def test_a_static_word_is_never_taken_for_an_id(app, owner, client):
    words = _words_beside_ids(app)
    wrong = []
    tried = 0
    for path, taken in words.items():
        for method in set(METHODS) - taken:
            tried += 1
            for asking in (owner.client, client):
                bearer = {"Authorization": f"Bearer {owner.tokens['access_token']}"} if asking is not client else {}
                answer = asking.open(path, method=method, headers=bearer, json={"label": "x"})
                allowed = set(answer.headers.get("Allow", "").split(", "))
                if answer.status_code != 405 or allowed != taken:
                    wrong.append((method, path, answer.status_code, allowed))

    assert {"/api/v1/accounts/connect", "/api/v1/accounts/callback", "/api/v1/media/import"} <= set(words)
    assert tried > 20
    assert wrong == []


def _bodies(operations: list[Operation], *, required: bool) -> list[tuple[Operation, list[str]]]:
    """The operations whose body is required, or is not, with the kinds of body that they take."""
    found = []
    for operation in operations:
        body = operation.document.get("requestBody")
        if body is not None and bool(body.get("required")) is required:
            found.append((operation, list(body["content"])))
    return found


def test_a_body_that_the_document_calls_required_is_required(owner, client, operations):
    with_body = _bodies(operations, required=True)
    taken = []
    for operation, kinds in with_body:
        asking = client if operation.is_public else owner
        is_json = kinds == ["application/json"]
        for body, kind in ((b"", None), (b"", "application/json"), (b"null", "application/json"), (b"null", None)):
            answer = _send(asking, operation, data=body, content_type=kind)
            if answer.status_code not in ({400, 415, 422} if is_json else {400, 412, 415, 422}):
                taken.append((str(operation), body, kind, answer.status_code))
            if is_json and (body == b"") != (kind is not None):
                faults = answer.json.get("errors", [])
                assert [fault["pointer"] for fault in faults[:1]] == [""], (str(operation), body, kind, answer.json)

    assert len(with_body) > 12
    assert taken == []


def test_a_body_that_is_optional_may_be_absent_or_empty(owner, operations):
    without = [operation for operation, kinds in _bodies(operations, required=False) if kinds == [JSON]]
    without.sort(key=lambda operation: str(operation) == LEAVING)  # last
    answers = {}
    for operation in without:
        answers[str(operation)] = [
            _send(owner, operation, data=body, content_type=kind).status_code
            for body, kind in ((None, None), (b"", JSON), (b"{}", JSON))
        ]

    assert answers == {
        "POST /api/v1/accounts/connect": [201] * 3,
        "POST /api/v1/accounts/{account_id}/reconnect": [404] * 3,
        "POST /api/v1/media/{media_id}/convert": [404] * 3,
        "POST /api/v1/posts/{post_id}/validate": [404] * 3,
        "DELETE /api/v1/auth/sessions": [204] * 3,
        "DELETE /api/v1/auth/sessions/{session_id}": [404] * 3,
        LEAVING: [204, 401, 401],
    }


JSON = "application/json"
LEAVING = "DELETE /api/v1/auth/me"


def _send(asking: Any, operation: Operation, **body: Any) -> Any:
    path = re.sub(r"{\w+}", MISSING, operation.path)
    path = path if asking.__class__.__name__ == "FlaskClient" else path.removeprefix("/api/v1")
    return asking.open(path, method=operation.method.upper(), **body)
