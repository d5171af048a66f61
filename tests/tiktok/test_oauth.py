"""Connecting an account: authorize URL, code, refresh, revoke"""

from urllib.parse import parse_qs, parse_qsl, urlsplit

import httpx2
import pytest

from tiktok_api.tiktok import AccessRevoked, GrantInvalid, TikTokBusy, TikTokRefusal, TikTokUnreachable
from tiktok_api.tiktok.oauth import code_challenge

VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
CHALLENGE = "13d31e961a1ad8ec2f16b10c4c982e0876a878ad6df144566ee1894acb70f9c3"
GRANT = {
    "access_token": "act.example12345Example12345Example",
    "expires_in": 86400,
    "open_id": "-000YSS_OTWKQzsQ-Q6fwsK_A1CTqKopVfCO",
    "refresh_expires_in": 31536000,
    "refresh_token": "rft.example12345Example12345Example",
    "scope": "user.info.basic,video.list",
    "token_type": "Bearer",
}


def refused(error, status=200, description="No."):
    body = {"error": error, "error_description": description, "log_id": "20220622"}
    return httpx2.Response(status, json=body)


def exchange(client, **what_matters):
    return client.exchange_code(**{"code": "abc*1!4608.va", "redirect_uri": "https://us.example/cb"} | what_matters)


def form_of(request):
    return dict(parse_qsl(request.content.decode(), keep_blank_values=True))


def test_the_consent_page_always_asks(client):
    url = client.build_authorize_url(
        state="s+/=&", redirect_uri="https://us.example/cb/", scopes=["user.info.basic", "video.publish"]
    )

    page, _, query = url.partition("?")
    assert page == "https://www.tiktok.com/v2/auth/authorize/"
    assert "scope=user.info.basic,video.publish&" in query
    assert parse_qs(query) == {
        "client_key": ["awclientkey01"],
        "response_type": ["code"],
        "scope": ["user.info.basic,video.publish"],
        "redirect_uri": ["https://us.example/cb/"],
        "state": ["s+/=&"],
        "disable_auto_auth": ["1"],
    }


def test_the_challenge_is_hex_as_published():
    assert code_challenge(VERIFIER) == CHALLENGE


def test_a_desktop_app_brings_its_challenge_and_then_its_verifier(make_client, tiktok):
    client = make_client(app_type="desktop")
    tiktok.answers(httpx2.Response(200, json=GRANT))

    url = client.build_authorize_url(
        state="s", redirect_uri="http://127.0.0.1:80/", scopes=["a"], code_verifier=VERIFIER
    )
    exchange(client, code_verifier=VERIFIER)

    query = parse_qs(urlsplit(url).query)
    assert (query["code_challenge"], query["code_challenge_method"]) == ([CHALLENGE], ["S256"])
    assert form_of(tiktok.requests[0])["code_verifier"] == VERIFIER


def test_only_desktop_apps_have_verifiers(make_client):
    desktop, web = make_client(app_type="desktop"), make_client(app_type="web")

    verifier = desktop.new_code_verifier()

    assert web.new_code_verifier() is None
    assert 43 <= len(verifier) <= 128
    assert set(verifier) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~")
    assert verifier != desktop.new_code_verifier()


def test_a_desktop_app_needs_its_verifier(make_client, tiktok):
    client = make_client(app_type="desktop")

    with pytest.raises(ValueError, match="PKCE"):
        client.build_authorize_url(state="s", redirect_uri="http://127.0.0.1:80/", scopes=["a"], code_verifier=None)
    with pytest.raises(ValueError, match="PKCE"):
        exchange(client)
    assert tiktok.requests == []


def test_a_code_becomes_a_grant(client, tiktok):
    tiktok.answers(httpx2.Response(200, json=GRANT))

    grant = exchange(client)

    request = tiktok.requests[0]
    assert str(request.url) == "https://open.tiktokapis.com/v2/oauth/token/"
    assert request.headers["content-type"] == "application/x-www-form-urlencoded"
    assert form_of(request) == {
        "client_key": "awclientkey01",
        "client_secret": "planted-client-secret",
        "grant_type": "authorization_code",
        "code": "abc*1!4608.va",
        "redirect_uri": "https://us.example/cb",
    }
    assert grant.access_token == GRANT["access_token"]
    assert grant.refresh_token == GRANT["refresh_token"]
    assert (grant.expires_in, grant.refresh_expires_in) == (86400, 31536000)
    assert grant.open_id == "-000YSS_OTWKQzsQ-Q6fwsK_A1CTqKopVfCO"
    assert grant.scopes == ("user.info.basic", "video.list")


@pytest.mark.parametrize("status", [200, 201, 400, 500])
def test_a_token_without_an_error_is_success_whatever_the_status(client, tiktok, status):
    tiktok.answers(httpx2.Response(status, json=GRANT | {"expires_in": "7200"}))

    assert exchange(client).expires_in == 7200


@pytest.mark.parametrize("status", [200, 400, 401])
@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ("invalid_grant", GrantInvalid),
        ("invalid_request", TikTokRefusal),
        ("invalid_client", TikTokRefusal),
        ("invalid_scope", TikTokRefusal),
        ("access_denied", TikTokRefusal),
        ("unauthorized_client", TikTokRefusal),
        ("unsupported_grant_type", TikTokRefusal),
        ("server_error", TikTokUnreachable),
        ("temporarily_unavailable", TikTokUnreachable),
        ("rate_limit_exceeded", TikTokBusy),
        ("something_new", TikTokRefusal),
    ],
)
def test_every_refusal_says_what_to_do(client, tiktok, error, kind, status):
    tiktok.answers(refused(error, status, "Authorization code is expired."))

    with pytest.raises(kind) as caught:
        exchange(client)

    assert (caught.value.code, caught.value.http_status, caught.value.log_id) == (error, status, "20220622")
    assert "Authorization code is expired." in str(caught.value)
    assert len(tiktok.requests) == 1


def test_a_token_beside_an_error_is_no_success(client, tiktok):
    tiktok.answers(httpx2.Response(200, json=GRANT | {"error": "invalid_grant"}))

    with pytest.raises(GrantInvalid):
        exchange(client)


@pytest.mark.parametrize(
    "change",
    [
        {"access_token": None},
        {"access_token": ""},
        {"access_token": 7},
        {"access_token": "two words"},
        {"access_token": "act.ü"},
        {"access_token": "a" * 5000},
        {"open_id": None},
        {"refresh_token": None},
        {"error": 7},
        {"error": {"strange": True}},
    ],
)
def test_an_incomplete_grant_is_refused(client, tiktok, change):
    tiktok.answers(httpx2.Response(200, json=GRANT | change))

    with pytest.raises(TikTokUnreachable) as caught:
        exchange(client)

    assert caught.value.was_sent


def test_a_refresh_brings_the_newest_tokens(client, tiktok):
    tiktok.answers(httpx2.Response(200, json=GRANT | {"refresh_token": "rft.rotated"}))

    grant = client.refresh_token("rft.first")

    assert grant.refresh_token == "rft.rotated"
    assert form_of(tiktok.requests[0]) == {
        "client_key": "awclientkey01",
        "client_secret": "planted-client-secret",
        "grant_type": "refresh_token",
        "refresh_token": "rft.first",
    }


def test_a_refresh_with_few_fields_loses_no_account(client, tiktok):
    tiktok.answers(httpx2.Response(200, json={"access_token": "act.new", "expires_in": "soon"}))

    grant = client.refresh_token("rft.first")

    assert (grant.access_token, grant.refresh_token) == ("act.new", "rft.first")
    assert (grant.expires_in, grant.refresh_expires_in) == (7200, 180 * 86400)
    assert (grant.open_id, grant.scopes) == ("", ())


def test_an_invalid_refresh_token_needs_a_new_consent(client, tiktok):
    tiktok.answers(refused("invalid_grant", description="Refresh token is invalid or expired."))

    with pytest.raises(AccessRevoked):
        client.refresh_token("rft.dead")


@pytest.mark.parametrize(
    "answer",
    [
        httpx2.Response(200),
        httpx2.Response(200, content=b"  \n"),
        httpx2.Response(200, json={}),
        httpx2.Response(200, json={"data": {}, "error": {"code": "ok"}}),
        httpx2.Response(204),
    ],
)
def test_revoking_accepts_every_form_of_success(client, tiktok, answer):
    tiktok.answers(answer)

    client.revoke_token("act.example")

    assert form_of(tiktok.requests[0])["token"] == "act.example"


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (refused("invalid_grant"), AccessRevoked),
        (refused("invalid_request", 400), TikTokRefusal),
        (httpx2.Response(200, html="<p>Welcome to the hotel's network"), TikTokUnreachable),
        (httpx2.Response(302, headers={"location": "/"}), TikTokUnreachable),
        (httpx2.Response(500), TikTokUnreachable),
        (httpx2.Response(429), TikTokBusy),
    ],
)
def test_revoking_accepts_nothing_else_as_success(client, tiktok, answer, kind):
    tiktok.answers(answer)

    with pytest.raises(kind):
        client.revoke_token("act.example")
