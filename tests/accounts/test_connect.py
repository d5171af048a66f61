"""POST /accounts/connect"""

from urllib.parse import parse_qs, urlsplit

import pytest

from tests import oauth_consent
from tests.conftest import API, Person
from tiktok_api.accounts.models import SCOPES


def asked(authorize_url):
    return {name: values[0] for name, values in parse_qs(urlsplit(authorize_url).query).items()}


def test_the_person_is_sent_to_tiktok_with_a_state_of_their_own(owner):
    first, second = oauth_consent.begin(owner), oauth_consent.begin(owner)

    query = asked(first["authorize_url"])
    assert query["scope"] == ",".join(SCOPES)
    assert query["redirect_uri"] == "http://127.0.0.1:8080/api/v1/accounts/callback"
    assert query["disable_auto_auth"] == "1"
    assert len(query["code_challenge"]) == 64
    assert query["state"] != asked(second["authorize_url"])["state"]


def test_only_what_is_asked_for_is_asked_of_the_person_and_always_who_they_are(owner):
    begun = oauth_consent.begin(owner, scopes=["video.publish", "video.publish"])

    assert asked(begun["authorize_url"])["scope"] == "user.info.basic,video.publish"


def test_a_web_app_sends_no_pkce_challenge(make_app, simulator_urls):
    app = make_app(tiktok_app_type="web", **simulator_urls)

    begun = oauth_consent.begin(Person(app, "owner@example.com"))

    assert "code_challenge" not in begun["authorize_url"]


def test_a_repeated_request_gets_the_same_authorization_request(owner):
    headers = {"Idempotency-Key": "once"}

    answers = [owner.post("/accounts/connect", json={}, headers=headers).json for _ in range(2)]

    assert answers[0] == answers[1]


@pytest.fixture
def guest(make_app):
    """A user of a server that may send browsers to https://app.example."""
    return Person(make_app(return_url_origins=("https://app.example",)), "owner@example.com")


def test_browsers_may_be_sent_back_to_allowed_origins(guest):
    urls = ["https://app.example/x", "https://app.example:443/?a=b#c", "http://127.0.0.1:8080/", "HTTPS://App.Example"]

    answers = {url: guest.post("/accounts/connect", json={"return_url": url}).status_code for url in urls}

    assert answers == dict.fromkeys(urls, 201)


def test_browsers_are_sent_nowhere_else(guest):
    urls = [
        "https://evil.example/",
        "http://app.example/",
        "https://app.example:8443/",
        "https://app.example.evil.example/",
        "https://app.example@evil.example/",
        "https://user@app.example/",
        "https://evil.example\\@app.example/",
        "https://app.example\n.evil.example/",
        "//app.example/",
        "/accounts",
        "javascript:alert(1)//https://app.example",
        "https://app.example:port/",
        "https://[::1/",
        "https://",
        " https://app.example/",
        "https://äpp.example/",
    ]

    answers = {url: guest.post("/accounts/connect", json={"return_url": url}) for url in urls}

    assert {url for url, answer in answers.items() if answer.status_code != 422} == set()
    faults = [{name: answer.json["errors"][0][name] for name in ("pointer", "code")} for answer in answers.values()]
    assert faults == [{"pointer": "/return_url", "code": "return_url_not_allowed"}] * len(urls)


@pytest.mark.parametrize(
    "wish", [{"scopes": ["everything"]}, {"scopes": []}, {"scope": "video.list"}, {"scopes": None}]
)
def test_what_tiktok_does_not_know_is_not_asked_for(owner, wish):
    response = owner.post("/accounts/connect", json=wish)

    assert response.status_code == 422


def test_connecting_needs_a_token(client):
    response = client.post(f"{API}/accounts/connect", json={"nonsense": True})

    assert response.status_code == 401


def test_by_default_the_approved_scopes_are_asked_for(make_app, simulator_urls):
    app = make_app(tiktok_scopes=("user.info.basic", "video.publish"), **simulator_urls)

    begun = Person(app, "approved@example.com").post("/accounts/connect", json={}).json

    assert parse_qs(urlsplit(begun["authorize_url"]).query)["scope"] == ["user.info.basic,video.publish"]
