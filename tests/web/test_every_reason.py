"""Faults of shape do not hide what else is wrong, wherever an operation judges in several stages."""

import pytest

from tests.contract.operations import MISSING
from tests.web.problems import assert_problem

MANY_STAGES = {
    "/accounts/connect": (
        {"return_url": "https://evil.example", "scopes": ["everything"]},
        {("/scopes/0", "invalid"), ("/return_url", "return_url_not_allowed")},
    ),
    "/auth/api-keys": (
        {"name": "", "scopes": ["read"], "account_ids": ["42", MISSING], "expires_at": "2001-01-01T00:00:00Z"},
        {
            ("/name", "invalid"),
            ("/account_ids/0", "wrong_type"),
            ("/account_ids/1", "unknown_account"),
            ("/expires_at", "expiry_passed"),
        },
    ),
    "/media/import": (
        {"url": "ftp://example.com/a.mp4", "name": ""},
        {("/name", "invalid"), ("/url", "url_scheme_unsupported")},
    ),
    "/auth/register": (
        {"email": "unknown", "password": "qwertyuiop"},
        {("/email", "wrong_type"), ("/password", "weak_password")},
    ),
    "/auth/password": (
        {"current_password": 1, "new_password": "qwertyuiop"},
        {("/current_password", "wrong_type"), ("/new_password", "weak_password")},
    ),
    "/auth/password/reset": (
        {"token": "", "password": "qwertyuiop"},
        {("/token", "invalid"), ("/password", "weak_password")},
    ),
}


@pytest.fixture
def app(make_app, simulator):
    return make_app(tiktok_api_url=simulator.url)


@pytest.mark.parametrize("path", MANY_STAGES)
def test_one_response_names_the_faults_of_every_stage(owner, path):
    body, expected = MANY_STAGES[path]

    response = owner.post(path, json=body)

    faults = {(fault["pointer"], fault["code"]) for fault in assert_problem(response, 422)["errors"]}
    assert faults == expected


def test_without_faults_of_shape_a_key_gets_both_reasons(owner):
    wish = {"name": "x", "scopes": ["read"], "account_ids": [MISSING], "expires_at": "2001-01-01T00:00:00Z"}

    response = owner.post("/auth/api-keys", json=wish)

    faults = {fault["pointer"] for fault in assert_problem(response, 422)["errors"]}
    assert faults == {"/account_ids/0", "/expires_at"}


@pytest.mark.parametrize(
    ("path", "body", "pointers"),
    [
        (
            "/auth/password",
            {"current_password": "not the right one", "new_password": "qwertyuiop"},
            {"/current_password", "/new_password"},
        ),
        ("/auth/password/reset", {"token": "of no letter", "password": "qwertyuiop"}, {"/token", "/password"}),
    ],
)
def test_a_new_password_is_judged_where_the_proof_is_wrong(owner, path, body, pointers):
    response = owner.post(path, json=body)

    assert {fault["pointer"] for fault in assert_problem(response, 422, "invalid")["errors"]} == pointers
