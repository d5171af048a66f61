"""CORS by allow-list, and what every answer says to browsers."""

import pytest

from tests.conftest import API

FRIEND, OTHER_FRIEND = "https://app.example.com", "https://admin.example.com"


@pytest.fixture
def friendly_client(make_app):
    return make_app(cors_origins=(FRIEND, OTHER_FRIEND)).test_client()


def test_a_listed_origin_may_read_answers_and_their_headers(friendly_client):
    response = friendly_client.get(f"{API}/auth/me", headers={"Origin": FRIEND})

    assert response.headers["Access-Control-Allow-Origin"] == FRIEND
    assert {"ETag", "Link", "RateLimit-Remaining", "Retry-After", "Upload-Offset", "X-Request-ID"} <= set(
        response.headers["Access-Control-Expose-Headers"].split(", ")
    )
    assert "Origin" in response.headers["Vary"]


def test_a_listed_origin_may_send_what_it_needs(friendly_client):
    asked = {
        "Access-Control-Request-Method": "PATCH",
        "Access-Control-Request-Headers": "authorization, idempotency-key",
    }

    response = friendly_client.options(f"{API}/auth/me", headers={"Origin": FRIEND} | asked)

    assert response.status_code == 200
    assert response.headers["Access-Control-Allow-Origin"] == FRIEND
    assert "PATCH" in response.headers["Access-Control-Allow-Methods"]
    assert response.headers["Access-Control-Allow-Headers"] == "authorization, idempotency-key"


def test_another_origin_may_not(friendly_client):
    origins = ["https://evil.example.com", "null", f"{FRIEND}.evil.example", "http://app.example.com", f"{FRIEND}:444"]

    answers = [friendly_client.get(f"{API}/auth/me", headers={"Origin": origin}) for origin in origins]

    assert not [answer for answer in answers if "Access-Control-Allow-Origin" in answer.headers]


def test_no_origin_is_allowed_credentials_of_the_browser(friendly_client):
    response = friendly_client.get(f"{API}/auth/me", headers={"Origin": FRIEND})

    assert "Access-Control-Allow-Credentials" not in response.headers


def test_without_a_list_no_origin_is_allowed(client):
    response = client.get(f"{API}/auth/me", headers={"Origin": FRIEND})

    assert not [name for name, _ in response.headers if name.startswith("Access-Control")]


@pytest.mark.parametrize("path", ["/livez", "/openapi.json", "/docs", f"{API}/auth/me", "/nothing"])
def test_every_response_has_security_headers(client, path):
    response = client.get(path)

    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["X-Frame-Options"] == "DENY"
    assert response.headers["Referrer-Policy"] == "no-referrer"


@pytest.mark.parametrize("path", ["/docs", "/docs/swagger", "/docs/problems"])
def test_a_page_may_fetch_from_here_alone(client, path):
    response = client.get(path)

    policy = dict(rule.split(" ", 1) for rule in response.headers["Content-Security-Policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert not [value for value in policy.values() if "http" in value or "*" in value]
    assert "'unsafe-inline'" not in policy["script-src"]


def test_answers_with_secrets_are_not_cached(owner):
    response = owner.client.post(f"{API}/auth/refresh", json={"refresh_token": owner.tokens["refresh_token"]})

    assert response.headers["Cache-Control"] == "no-store"


def test_shared_caches_may_not_store_private_responses(owner):
    response = owner.get("/auth/me")

    assert response.headers["Cache-Control"] == "private, no-cache"
