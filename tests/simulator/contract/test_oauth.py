"""Login Kit, from the consent page to revoke.

Source: developers.tiktok.com/docs/en/, the pages on Login Kit for Web and Desktop and on user access token management.
"""

import hashlib
import re
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.simulator.app_client import BASE64URL_CHALLENGE, HEX_CHALLENGE, SCOPES, VERIFIER
from tiktok_api.simulator import CommandRefused


@pytest.mark.parametrize(
    ("changes", "marks"),
    [
        pytest.param({"client_key": "unknown"}, ("unauthorized_client", "client_key"), id="unknown-client-key"),
        pytest.param({"client_key": None}, ("unauthorized_client", "client_key"), id="client-key-required"),
        pytest.param(
            {"client_id": "awsimclient0001", "client_key": None},
            ("unauthorized_client", "client_key"),
            id="not-client-id",
        ),
        pytest.param(
            {"redirect_uri": "https://evil.example/cb"},
            ("invalid_request", "redirect_uri"),
            id="unregistered-redirect",
        ),
        pytest.param(
            {"redirect_uri": "http://127.0.0.1:8000/api/v1/accounts/callback/"},
            ("invalid_request", "redirect_uri"),
            id="redirect-byte-equal-trailing-slash",
        ),
        pytest.param(
            {"redirect_uri": "http://127.0.0.1/api/v1/accounts/callback"},
            ("invalid_request", "redirect_uri"),
            id="port-mandatory",
        ),
        pytest.param({"redirect_uri": None}, ("invalid_request", "redirect_uri"), id="redirect-required"),
        pytest.param(
            {"response_type": "token"}, ("unsupported_response_type", "response_type"), id="response-type-code"
        ),
        pytest.param({"scope": "user.info.basic,made.up"}, ("invalid_scope", "scope"), id="unapproved-scope"),
        pytest.param({"scope": "user.info.basic video.list"}, ("invalid_scope", "scope"), id="scopes-comma-separated"),
        pytest.param({"scope": None}, ("invalid_scope", "scope"), id="scope-required"),
        pytest.param(
            {"code_challenge": None, "code_challenge_method": None},
            ("invalid_request", "code_challenge"),
            id="desktop-challenge-required",
        ),
        pytest.param({"code_challenge_method": "plain"}, ("invalid_request", "code_challenge"), id="only-S256"),
    ],
)
def test_what_is_refused_before_consent_stays_on_tiktoks_page(client, session, changes, marks):
    url = client.authorize_url(**changes)

    page = session.get(url, allow_redirects=False)
    posted = session.post(url, data={"creator": "ada", "decision": "allow"}, allow_redirects=False)

    for answer in (page, posted):
        assert answer.status_code == 200
        assert "Location" not in answer.headers
        assert f"error={marks[0]}&error_type={marks[1]}&errCode=" in answer.text
    if marks[1] == "client_key":
        assert "errCode=10003" in page.text


def test_an_unreviewed_app_and_an_unapproved_scope_are_shown_on_tiktoks_page(client, session):
    client.control.change_app(client.client_key, scopes=["user.info.basic"])
    unapproved = session.get(client.authorize_url())
    client.control.change_app(client.client_key, reviewed=False)
    unreviewed = session.get(client.authorize_url(scope="user.info.basic"))

    assert "error_type=scope" in unapproved.text
    assert "error=unauthorized_client&error_type=client_key" in unreviewed.text


def test_a_login_outside_the_sandbox_targets_is_shown_on_tiktoks_page(client):
    client.control.change_app(client.client_key, sandbox=True, sandbox_targets=["grace"])

    with pytest.raises(CommandRefused, match="non_sandbox_target"):
        client.consent("ada")
    assert "code" in client.consent("grace")


def test_the_consent_page_names_the_app_its_scopes_and_the_people(client, session):
    page = session.get(client.authorize_url())

    assert page.status_code == 200
    assert page.headers["Content-Type"].startswith("text/html")
    assert 'name="creator" value="ada"' in page.text
    assert 'name="decision" value="allow"' in page.text
    for scope in SCOPES.split(","):
        assert f'name="scopes" value="{scope}"' in page.text
    assert not re.search(r'(src|href)="(https?:)?//', page.text)


@pytest.mark.parametrize("slash", ["/", ""], ids=["with-slash", "without-slash"])
def test_the_consent_page_is_there_with_and_without_its_slash(client, session, slash):
    """Common clients open it without the slash, and are not redirected."""
    url = client.authorize_url().replace("/authorize/?", f"/authorize{slash}?")

    page = session.get(url, allow_redirects=False)
    back = session.post(url, data={"creator": "ada", "decision": "allow", "scopes": SCOPES}, allow_redirects=False)

    assert (page.status_code, back.status_code) == (200, 302)
    assert "code=" in back.headers["Location"]
    assert [each["endpoint"] for each in client.control.requests()] == ["authorize", "consent"]


def test_success_brings_code_scopes_and_state(client, session):
    answer = session.post(
        client.authorize_url(state="a b&c"),
        data={"creator": "ada", "decision": "allow", "scopes": SCOPES.split(",")},
        allow_redirects=False,
    )

    target = answer.headers["Location"]
    query = parse_qs(urlsplit(target).query)
    assert answer.status_code == 302
    assert target.startswith(client.redirect_uri + "?code=")
    assert query["scopes"] == [SCOPES]
    assert query["state"] == ["a b&c"]
    assert re.search(r"%2A\d%21\d+\.va", target)


def test_scopes_are_what_was_granted(client):
    back = client.consent(scopes="user.info.basic,video.list")

    assert back["scopes"] == "user.info.basic,video.list"
    assert client.exchange(back["code"]).json()["scope"] == "user.info.basic,video.list"


def test_refusal_brings_access_denied(client):
    back = client.consent(allow=False)

    assert back["error"] == "access_denied"
    assert back["error_description"]
    assert back["state"] == "st-1"
    assert "code" not in back


def test_an_account_that_is_not_eligible_brings_access_denied(client):
    client.control.change_creator("ada", eligible=False)

    assert client.consent()["error"] == "access_denied"


def test_disable_auto_auth_decides_whether_a_signed_in_browser_is_asked(client, session):
    session.post(
        client.authorize_url(),
        data={"creator": "ada", "decision": "allow", "scopes": SCOPES.split(",")},
        allow_redirects=False,
    )

    skipped = session.get(client.authorize_url(disable_auto_auth="0"), allow_redirects=False)
    asked = session.get(client.authorize_url(disable_auto_auth="1"), allow_redirects=False)
    session.cookies.clear()
    stranger = session.get(
        client.authorize_url(disable_auto_auth="0"), cookies={"simulator_session": "grace"}, allow_redirects=False
    )

    assert skipped.status_code == 302
    assert "code=" in skipped.headers["Location"]
    assert asked.status_code == 200
    assert stranger.status_code == 200


def test_a_scope_added_later_needs_consent_again(client, session):
    session.post(
        client.authorize_url(scope="user.info.basic"),
        data={"creator": "ada", "decision": "allow"},
        allow_redirects=False,
    )

    assert session.get(client.authorize_url(disable_auto_auth="0"), allow_redirects=False).status_code == 200


@pytest.mark.parametrize(
    ("uris", "kind", "reason"),
    [
        pytest.param([f"https://a.example/{n}" for n in range(11)], "web", "at most 10", id="ten-redirects"),
        pytest.param(["https://a.example/" + "x" * 500], "web", "512", id="redirect-length"),
        pytest.param(["http://a.example/cb"], "web", "https", id="web-https"),
        pytest.param(["http://localhost/cb"], "web", "https", id="web-no-localhost"),
        pytest.param(["https://a.example/cb?x=1"], "web", "query", id="no-query"),
        pytest.param(["https://a.example/cb#x"], "web", "fragment", id="no-fragment"),
        pytest.param(["http://127.0.0.1/cb"], "desktop", "port", id="desktop-port"),
        pytest.param(["http://a.example:80/cb"], "desktop", "localhost", id="desktop-host"),
    ],
)
def test_the_portal_refuses_redirect_uris_that_break_its_rules(client, uris, kind, reason):
    with pytest.raises(CommandRefused, match=reason):
        client.control.add_app("newapp", type=kind, redirect_uris=uris)


def test_a_code_is_exchanged_for_tokens_in_a_flat_answer(client):
    answer = client.exchange(client.consent()["code"])

    body = answer.json()
    assert answer.status_code == 200
    assert body.keys() == {
        "access_token",
        "expires_in",
        "open_id",
        "refresh_expires_in",
        "refresh_token",
        "scope",
        "token_type",
    }
    assert body["access_token"].startswith("act.")
    assert body["refresh_token"].startswith("rft.")
    assert body["token_type"] == "Bearer"
    assert (body["expires_in"], body["refresh_expires_in"]) == (86_400, 31_536_000)
    assert body["scope"] == SCOPES
    assert len(body["open_id"]) <= 64


def test_open_ids_differ_between_apps_and_stay_within_one(client, web_client):
    first, again = client.connect("ada").tokens, client.connect("ada").tokens

    assert first["open_id"] == again["open_id"]
    assert first["open_id"] != web_client.connect("ada").tokens["open_id"]


@pytest.mark.parametrize(
    ("changes", "error", "description"),
    [
        pytest.param(
            {"client_secret": None}, "invalid_request", "Client secret is missed in request.", id="secret-missing"
        ),
        pytest.param({"client_secret": "wrong"}, "invalid_client", None, id="secret-wrong"),
        pytest.param({"client_key": "unknown"}, "invalid_client", None, id="client-unknown"),
        pytest.param(
            {"client_key": None}, "invalid_request", "The request parameters are malformed.", id="key-missing"
        ),
        pytest.param({"code": None}, "invalid_request", "The request parameters are malformed.", id="code-missing"),
        pytest.param({"code": "made-up"}, "invalid_grant", "Authorization code is expired.", id="code-unknown"),
        pytest.param(
            {"redirect_uri": "http://localhost:1/api/v1/accounts/callback"},
            "invalid_request",
            "Redirect_uri is not matched with the uri when requesting code.",
            id="redirect-other",
        ),
        pytest.param({"grant_type": "password"}, "unsupported_grant_type", None, id="grant-unknown"),
        pytest.param(
            {"grant_type": None}, "invalid_request", "The request parameters are malformed.", id="grant-missing"
        ),
        pytest.param(
            {"code_verifier": None},
            "invalid_request",
            "Code verifier or code challenge is invalid.",
            id="verifier-missing",
        ),
        pytest.param(
            {"code_verifier": "x" * 43},
            "invalid_request",
            "Code verifier or code challenge is invalid.",
            id="verifier-wrong",
        ),
    ],
)
def test_the_token_endpoint_refuses_missing_and_wrong_fields(client, changes, error, description):
    answer = client.exchange(client.consent()["code"], **changes)

    body = answer.json()
    assert answer.status_code == 200
    assert body["error"] == error
    assert body.keys() == {"error", "error_description", "log_id"}
    assert description in (None, body["error_description"])
    assert re.fullmatch(r"\d{14}[0-9A-F]{18,20}", body["log_id"])


@pytest.mark.parametrize("status", [200, 400, 401])
def test_oauth_errors_have_the_status_of_the_option(client, status):
    client.control.knobs(oauth_error_status=status)

    assert client.exchange("made-up").status_code == status


def test_a_json_body_is_refused(client, session):
    body = {"client_key": client.client_key, "client_secret": client.client_secret, "grant_type": "client_credentials"}

    answer = session.post(f"{client.tiktok.url}/v2/oauth/token/", json=body)

    assert answer.json()["error"] == "invalid_request"


def test_a_form_may_come_in_chunks(client, session):
    form = f"client_key={client.client_key}&client_secret={client.client_secret}&grant_type=client_credentials"
    headers = {"Content-Type": "application/x-www-form-urlencoded"}

    answers = [
        session.post(
            f"{client.tiktok.url}/v2/oauth/token/", data=iter([form[:9].encode(), form[9:].encode()]), headers=headers
        )
        for _ in range(2)
    ]

    assert all("access_token" in answer.json() for answer in answers)
    assert client.control.requests(endpoint="client_token")[0]["body"]["client_key"] == client.client_key


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/v2/oauth/token/", 404), ("POST", "/v2/oauth/token", 404), ("POST", "/v2/oauth/moon/", 404)],
    ids=["only-post", "only-with-slash", "unknown"],
)
def test_the_gateway_refuses_other_methods_and_paths_of_oauth(client, session, method, path, status):
    answer = session.request(method, f"{client.tiktok.url}{path}", allow_redirects=False)

    assert answer.status_code == status
    assert answer.text == "Unsupported path(Janus)"
    assert answer.headers["Content-Type"].startswith("text/plain")


def test_a_code_works_once_within_ten_minutes_and_decoded(client):
    used, late, encoded = (client.consent()["code"] for _ in range(3))

    assert client.exchange(encoded.replace("*", "%2A").replace("!", "%21")).json()["error"] == "invalid_grant"
    assert "access_token" in client.exchange(used).json()
    assert client.exchange(used).json()["error"] == "invalid_grant"
    client.control.advance(601)
    assert client.exchange(late).json()["error_description"] == "Authorization code is expired."


def test_a_code_belongs_to_one_app(client, web_client):
    code = client.consent()["code"]

    assert web_client.exchange(code).json()["error"] == "invalid_grant"


def test_app_tokens_are_not_for_user_endpoints(client, session):
    body = client.token(grant_type="client_credentials").json()

    answer = session.get(
        f"{client.tiktok.url}/v2/user/info/?fields=open_id", headers={"Authorization": f"Bearer {body['access_token']}"}
    )
    assert body.keys() == {"access_token", "expires_in", "token_type"}
    assert body["access_token"].startswith("clt.")
    assert body["expires_in"] == 7200
    assert answer.status_code == 401


def test_the_published_hexadecimal_vector_passes(client):
    assert client.challenge == HEX_CHALLENGE

    assert "access_token" in client.exchange(client.consent()["code"], code_verifier=VERIFIER).json()


@pytest.mark.parametrize("challenge", [BASE64URL_CHALLENGE, HEX_CHALLENGE.upper()], ids=["base64url", "upper-case-hex"])
def test_another_challenge_passes_the_page_of_a_desktop_app_and_fails_at_the_token(client, challenge):
    code = client.consent(code_challenge=challenge)["code"]

    assert client.exchange(code).json()["error_description"] == "Code verifier or code challenge is invalid."


@pytest.mark.parametrize(
    ("challenge", "verifier", "option", "passes"),
    [
        pytest.param(None, None, "either", True, id="web-none"),
        pytest.param(None, VERIFIER, "either", True, id="web-verifier-alone-ignored"),
        pytest.param(HEX_CHALLENGE, VERIFIER, "either", True, id="web-hex"),
        pytest.param(BASE64URL_CHALLENGE, VERIFIER, "either", True, id="web-base64url"),
        pytest.param(BASE64URL_CHALLENGE, VERIFIER, "hex", False, id="web-strict-hex"),
        pytest.param(HEX_CHALLENGE, VERIFIER, "base64url", False, id="web-strict-base64url"),
        pytest.param(HEX_CHALLENGE, "y" * 43, "ignored", True, id="web-not-verified"),
        pytest.param(HEX_CHALLENGE, "y" * 43, "either", False, id="web-wrong-verifier"),
    ],
)
def test_which_pkce_challenge_a_web_app_may_send(web_client, challenge, verifier, option, passes):
    web_client.control.knobs(web_pkce=option)
    method = "S256" if challenge else None
    code = web_client.consent(code_challenge=challenge, code_challenge_method=method)["code"]

    assert ("access_token" in web_client.exchange(code, code_verifier=verifier).json()) is passes


@pytest.mark.parametrize("verifier", ["x" * 42, "x" * 129, "x" * 42 + "+"], ids=["short", "long", "reserved"])
def test_a_verifier_has_43_to_128_unreserved_characters(client, verifier):
    code = client.consent(code_challenge=hashlib.sha256(verifier.encode()).hexdigest())["code"]

    assert client.exchange(code, code_verifier=verifier).json()["error"] == "invalid_request"


def test_an_access_token_lives_as_long_as_it_says(client, ada):
    client.control.advance(86_390)
    alive = ada.get("/user/info/", fields="open_id")
    client.control.advance(20)
    dead = ada.get("/user/info/", fields="open_id")

    assert (alive.status_code, dead.status_code) == (200, 401)


def test_options_change_the_lifetimes_of_tokens(client):
    client.control.knobs(access_token_seconds=7_200, refresh_token_seconds=15_552_000)

    account = client.connect()

    assert account.tokens["expires_in"] == 7_200
    assert account.tokens["refresh_expires_in"] == 15_552_000
    client.control.advance(7_201)
    assert account.get("/user/info/", fields="open_id").status_code == 401
    assert "access_token" in client.refresh(account.tokens["refresh_token"]).json()


def test_rotation_always_kills_the_old_refresh_token_and_keeps_old_access_tokens(client, ada):
    new = client.refresh(ada.tokens["refresh_token"]).json()
    again = client.refresh(ada.tokens["refresh_token"]).json()

    assert new["refresh_token"] != ada.tokens["refresh_token"]
    assert again["error"] == "invalid_grant"
    assert again["error_description"] == "Refresh token is invalid or expired."
    assert ada.get("/user/info/", fields="open_id").status_code == 200
    assert new["open_id"] == ada.tokens["open_id"]
    assert new["scope"] == ada.tokens["scope"]


def test_rotation_can_be_never_or_random(client, ada):
    client.control.knobs(rotation="never")
    kept = client.refresh(ada.tokens["refresh_token"]).json()["refresh_token"]
    client.control.knobs(rotation="random", old_refresh_survives=True)
    drawn = {client.refresh(kept).json()["refresh_token"] == kept for _ in range(20)}

    assert kept == ada.tokens["refresh_token"]
    assert drawn == {True, False}


def test_the_refresh_token_ages_from_the_consent_unless_an_option_restarts_it(client, ada):
    client.control.advance(1_000_000)
    aged = client.refresh(ada.tokens["refresh_token"]).json()
    client.control.knobs(refresh_restarts=True)
    restarted = client.refresh(aged["refresh_token"]).json()

    assert 30_535_990 <= aged["refresh_expires_in"] <= 30_536_000
    assert restarted["refresh_expires_in"] == 31_536_000


def test_a_refresh_token_dies_after_a_year(client, ada):
    client.control.advance(31_536_001)

    assert client.refresh(ada.tokens["refresh_token"]).json()["error"] == "invalid_grant"


def test_a_sandbox_may_refuse_every_refresh(client):
    client.control.change_app(client.client_key, sandbox=True, sandbox_targets=["ada"])
    client.control.knobs(refresh_rejected=True)

    assert client.refresh(client.connect().tokens["refresh_token"]).json()["error"] == "invalid_grant"


@pytest.mark.parametrize(("body", "text"), [("object", "{}"), ("empty", "")])
def test_revoke_kills_every_token_of_the_consent(client, ada, body, text):
    client.control.knobs(revoke_body=body)

    answer = client.revoke(ada.tokens["access_token"])

    assert (answer.status_code, answer.text) == (200, text)
    assert ada.get("/user/info/", fields="open_id").status_code == 401
    assert client.refresh(ada.tokens["refresh_token"]).json()["error"] == "invalid_grant"
    assert client.control.creator("ada")["consents"] == []


def test_revoke_refuses_in_the_oauth_shape(client, ada):
    unknown, stranger = (
        client.revoke("made-up").json(),
        client.revoke(ada.tokens["access_token"], client_secret="no").json(),
    )

    assert unknown.keys() == {"error", "error_description", "log_id"}
    assert stranger["error"] == "invalid_client"
