"""Bodies and queries that are not what they should be."""

import pytest

from tests.conftest import API
from tests.databases import on_each_database
from tests.web.problems import assert_problem

NOT_JSON = [
    b"",
    b"{",
    b"{'name': 'a'}",
    b'{"name": NaN}',
    b'{"name": Infinity}',
    b'{"name": "a",}',
    b'{"name": "\x00"}',
    b'{"name": "\xff\xfe"}',
    b'\xef\xbb\xbf{"name": "a"}',
    '{"name": "a"}'.encode("utf-16"),
    b'{"name": "\\ud800"}',
    b'{"name": "\\udc00\\ud800"}',
    b'{"\\ud800": 1}',
    b"[" * 5_000,
    b'{"name":' * 1_500,
    b"[" * 5_000 + b"]" * 5_000,
    b"1" * 5_000,
    b'{"name": 1e999}',
]
NOT_OBJECTS = [b"[]", b"[{}]", b'"name"', b"1", b"1.5", b"true", b"null", b"-0", b'[{"name": "a"}]', b"9" * 300]
STRANGE = [
    b'{"name": 1}',
    b'{"name": null}',
    b'{"name": {}}',
    b'{"name": ["a"]}',
    b'{"name": ' + b"9" * 200 + b"}",
    b'{"name": "\\u0000"}',
    b'{"name": "a\\u0000b"}',
    b'{"\\u0000": 1}',
    b'{"": ""}',
    b'{"name": "a", "parts": {}}',
    b'{"name": "a", "parts": [[]]}',
    b'{"name": "a", "parts": [{"size": "\\u0000"}]}',
    b'{"name": "a", "colours": {"\\u0000": 1}}',
    b'{"name": ' + b"[" * 900 + b"]" * 900 + b"}",
    b'{"a/b~c": 1}',
    b'{"__proto__": 1, "constructor": 1, "__class__": 1}',
]
TEXTS = ["\x00", "\ud800", "a\x00@example.com", "😀" * 20, "a" * 5_000, "\u202e" * 12, "\r\n" * 6]
TAKERS = [
    ("POST", "/things"),
    ("POST", "/auth/register"),
    ("POST", "/auth/login"),
    ("POST", "/auth/refresh"),
    ("PATCH", "/auth/me"),
]


@pytest.mark.parametrize(("method", "path"), TAKERS)
def test_a_body_that_is_not_json_is_refused_by_every_operation(owner, method, path):
    answers = [owner.open(path, method=method, data=body, content_type="application/json") for body in NOT_JSON]

    for answer in answers:
        assert_problem(answer, 400, "malformed_json")


@pytest.mark.parametrize(("method", "path"), TAKERS)
def test_a_body_that_is_no_object_is_refused_by_every_operation(owner, method, path):
    answers = [owner.open(path, method=method, data=body, content_type="application/json") for body in NOT_OBJECTS]

    for answer in answers:
        document = assert_problem(answer, 422, "invalid")
        assert document["errors"][0]["pointer"] == ""


@pytest.mark.parametrize(("method", "path"), TAKERS)
def test_strange_values_are_invalid_everywhere(owner, method, path):
    answers = [owner.open(path, method=method, data=body, content_type="application/json") for body in STRANGE]

    for answer in answers:
        assert_problem(answer, 422, "invalid")


@on_each_database
@pytest.mark.parametrize(
    ("path", "names"),
    [
        ("/auth/register", ["email", "password"]),
        ("/auth/login", ["email", "password"]),
        ("/auth/refresh", ["refresh_token"]),
    ],
)
def test_no_text_breaks_signing_in(client, path, names):
    answers = [client.post(API + path, json=dict.fromkeys(names, text)) for text in TEXTS]

    assert {answer.status_code for answer in answers} <= {400, 401, 422}
    for answer in answers:
        assert_problem(answer, answer.status_code)


def test_a_member_given_twice_counts_once(owner):
    response = owner.post("/things", data=b'{"name": "a", "name": "b"}', content_type="application/json")

    assert response.status_code == 201
    assert response.json["kind"] == "b"


def test_every_fault_is_named_at_its_place(owner):
    body = {"parts": [{"size": 1}, {}, {"size": "x", "weight": 2}], "a/b~c": 1}

    response = owner.post("/things", json=body)

    faults = {(fault["pointer"], fault["code"]) for fault in assert_problem(response, 422, "invalid")["errors"]}
    assert faults == {
        ("/name", "required"),
        ("/parts/1/size", "required"),
        ("/parts/2/size", "wrong_type"),
        ("/parts/2/weight", "unknown_field"),
        ("/a~1b~0c", "unknown_field"),
    }


def test_every_fault_has_words(owner):
    response = owner.post("/things", json={"parts": 1})

    assert all(set(fault) == {"pointer", "code", "message"} and fault["message"] for fault in response.json["errors"])


def test_a_missing_body_is_reported_with_its_required_fields(owner):
    response = owner.post("/things")

    document = assert_problem(response, 422, "invalid")
    assert [(fault["pointer"], fault["code"]) for fault in document["errors"]] == [
        ("", "required"),
        ("/name", "required"),
    ]


WRONG_QUERIES = {
    "?sort=up": "sort",
    "?limit=0": "limit",
    "?limit=101": "limit",
    "?limit=-1": "limit",
    "?limit=ten": "limit",
    "?limit=": "limit",
    "?limit=" + "9" * 5000: "limit",
    "?limit=1e1": "limit",
    "?include_total=perhaps": "include_total",
    "?q=%00": "q",
    "?q=a%00b": "q",
    "?%00=1": "\x00",
    "?q=a&q=b": "q",
}
ODD_QUERIES = ["?q=%ff%fe", "?q=%ed%a0%80", "?q", "?", "?&&&", "?q=%"]


def test_a_query_parameter_that_is_unknown_or_wrong_is_refused(owner):
    answers = [owner.get(f"/things{query}") for query in WRONG_QUERIES]

    documents = [assert_problem(answer, 422, "invalid") for answer in answers]
    assert [[fault["parameter"] for fault in document["errors"]] for document in documents] == [
        [parameter] for parameter in WRONG_QUERIES.values()
    ]


def test_an_odd_query_is_still_read(owner):
    answers = [owner.get(f"/things{query}") for query in ODD_QUERIES]

    assert [answer.status_code for answer in answers] == [200] * len(ODD_QUERIES)


def test_a_route_that_reads_no_query_takes_none(owner):
    answers = [owner.get("/auth/me?fields=id"), owner.get("/things/01932f0a-7c1e-7d3c-9d8e-1f2a3b4c5d6e?a=1")]

    for answer in answers:
        assert assert_problem(answer, 422, "invalid")["errors"][0]["code"] == "unknown_field"
