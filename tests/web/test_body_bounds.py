"""How large a body may be, how much may be in it, and how many of its faults are told."""

from io import BytesIO

import pytest

from tests.conftest import API
from tests.web.problems import assert_problem
from tiktok_api.errors import Invalid, fault

SIXTEEN_KIB = 16 * 1024
AUTH = ["/auth/register", "/auth/login", "/auth/refresh", "/auth/password/forgot", "/auth/password/reset"]


def _registration(size: int) -> bytes:
    begin, end = b'{"email": "a@example.com", "password": "', b'"}'
    return begin + b"x" * (size - len(begin) - len(end)) + end


def _send_chunked(client, path, body):
    chunked = {"wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"}
    return client.open(
        API + path,
        method="POST",
        input_stream=BytesIO(body),
        content_type="application/json",
        environ_overrides=chunked | {"CONTENT_LENGTH": ""},
    )


@pytest.mark.parametrize("path", AUTH)
def test_a_body_of_auth_has_at_most_16_kib(client, path):
    body = _registration(SIXTEEN_KIB + 1)

    whole = client.post(API + path, data=body, content_type="application/json")
    chunked = _send_chunked(client, path, body)

    assert_problem(whole, 413, "body_too_large")
    assert_problem(chunked, 413, "body_too_large")


@pytest.mark.parametrize("path", AUTH)
def test_a_body_of_auth_of_16_kib_is_read(client, path):
    body = _registration(SIXTEEN_KIB)

    whole = client.post(API + path, data=body, content_type="application/json")
    chunked = _send_chunked(client, path, body)

    assert_problem(whole, 422, "invalid")
    assert_problem(chunked, 422, "invalid")


def test_a_body_of_another_operation_has_at_most_a_mebibyte(owner):
    response = owner.post("/things", data=b'{"name": "' + b"x" * 1024 * 1024 + b'"}', content_type="application/json")

    assert_problem(response, 413, "body_too_large")


TOO_MUCH = {
    "too_many_members": [{"name": "a", "parts": [{}] * 1001}, dict.fromkeys(map(str, range(1001)), 0)],
    "too_deep": [{"name": [[[[[[[[[[[[[]]]]]]]]]]]]]}],
    "name_too_long": [{"x" * 65: 1}, {"name": "a", "colours": {"x" * 65: 1}}],
    "too_long": [{"name": "x" * (64 * 1024 + 1)}],
}


@pytest.mark.parametrize(("code", "body"), [(code, body) for code, bodies in TOO_MUCH.items() for body in bodies])
def test_what_holds_too_much_is_refused_with_one_fault(owner, code, body):
    response = owner.post("/things", json=body)

    [told] = assert_problem(response, 422, "invalid")["errors"]
    assert told["code"] == code
    assert told["allowed"]


def test_twenty_thousand_members_in_all_are_too_many(owner):
    response = owner.post("/things", json={"name": "a", "parts": [dict.fromkeys(map(str, range(21)), 0)] * 1000})

    [told] = assert_problem(response, 422, "invalid")["errors"]
    assert (told["pointer"], told["code"], told["allowed"]) == ("", "too_many_members", 20_000)


def test_five_hundred_items_of_some_dozen_members_are_not_too_much(owner):
    part = {"size": 1} | {str(place): [1] for place in range(30)}

    response = owner.post("/things", json={"name": "a", "parts": [{"size": 1}] * 999 + [part]})

    assert {told["code"] for told in assert_problem(response, 422, "invalid")["errors"]} == {"unknown_field"}


def test_a_hundred_faults_are_listed_and_the_rest_is_counted(owner):
    response = owner.post("/things", json={"parts": [{}] * 500})

    document = assert_problem(response, 422, "invalid")
    assert len(document["errors"]) == 100
    assert document["more_errors"] == 401


def test_a_hundred_faults_or_fewer_are_all_listed(owner):
    response = owner.post("/things", json={"parts": [{}] * 99})

    document = assert_problem(response, 422, "invalid")
    assert len(document["errors"]) == 100
    assert "more_errors" not in document


def test_long_faults_are_listed_up_to_32_kib(owner):
    response = owner.post("/things", json={"\u00e9" * 50 + str(place): 1 for place in range(100)} | {"\0" * 60: 1})

    assert len(response.data) < 64 * 1024
    assert len(assert_problem(response, 422, "invalid")["errors"]) == 1


def test_faults_that_a_rule_finds_are_bounded_as_well(app, owner):
    refused = Invalid(errors=[fault("invalid", "x" * 900, pointer=f"/{place}") for place in range(1000)])

    with app.test_request_context("/"):
        document = app.handle_user_exception(refused).json

    assert len(document["errors"]) < 40
    assert len(document["errors"]) + document["more_errors"] == 1000


@pytest.mark.parametrize("query", ["a=1&" * 2000, "limit=1&" * 2000, "sort=%00&" * 2000, "%41" * 2000])
def test_a_query_of_thousands_of_parameters_is_refused_in_a_few_words(owner, query):
    for path in ("/things", "/auth/me", "/posts", "/media"):
        response = owner.get(f"{path}?{query}")

        assert len(response.data) < 64 * 1024
        assert len(assert_problem(response, 422)["errors"]) <= 100


@pytest.mark.postgres
@pytest.mark.parametrize("each_database_url", ["postgresql_url"], indirect=True)
def test_what_reaches_the_database_and_is_refused_there_is_no_bug(owner):
    response = owner.post("/things/unstorable")

    assert (
        assert_problem(response, 422, "invalid")["errors"][0]["message"]
        == "Something in this request cannot be stored."
    )
