"""GET /accounts/callback"""

import urllib.request
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlencode, urlsplit
from uuid import UUID, uuid4

import pytest
from sqlalchemy import create_engine, delete, func, insert, select, text

from tests import oauth_consent
from tests.conftest import API, Person
from tests.servers import wait_until
from tiktok_api.accounts.models import Account
from tiktok_api.auth.models import User
from tiktok_api.db import db, transaction

CALLBACK = f"{API}/accounts/callback"


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args, **kwargs):
        return None


def fill_in_the_form(authorize_url, creator):
    """What a browser does: open the page, press the button, read where it is sent."""
    browser = urllib.request.build_opener(NoRedirect)
    page = browser.open(authorize_url).read().decode()
    assert f'value="{creator}"' in page
    form = urlencode({"creator": creator, "decision": "allow", "scopes": "user.info.basic,user.info.profile"})
    try:
        browser.open(authorize_url, form.encode())
    except urllib.request.HTTPError as answer:
        with answer:
            return answer.headers["Location"]
    raise AssertionError("the browser was not sent back")


def connection_of(person, begun):
    return person.get(f"/accounts/connections/{begun['id']}").json


def state_of(begun):
    return parse_qs(urlsplit(begun["authorize_url"]).query)["state"][0]


def test_the_consent_form_leads_to_a_connected_account(owner, simulator):
    begun = oauth_consent.begin(owner)

    page = oauth_consent.come_back(owner, fill_in_the_form(begun["authorize_url"], "ada"))

    assert page.status_code == 200
    assert page.content_type == "text/html; charset=utf-8"
    assert "Ada L. is connected" in page.text
    connection = connection_of(owner, begun)
    assert connection["status"] == "connected"
    account = owner.get(f"/accounts/{connection['account_id']}").json
    assert account["scopes"] == ["user.info.basic", "user.info.profile"]
    assert account["username"] == "ada"
    assert account["follower_count"] is None


def test_everything_that_tiktok_sends_is_shown(owner, simulator, connect_account):
    account = owner.get(f"/accounts/{connect_account(owner, 'margaret')}").json

    creator = simulator.control.creator("margaret")
    assert account["display_name"] == "Margaret H."
    assert account["is_verified"] is True
    assert account["bio"] == "To the moon."
    assert account["follower_count"] == creator["follower_count"]
    assert account["status"] == "active"
    assert account["synced_at"]
    assert account["avatar_url"] is None  # until it was fetched
    assert account["union_id"]


def test_nothing_on_the_page_comes_from_elsewhere_or_is_kept(owner, simulator):
    simulator.control.add_creator("mallory", nickname="<script>alert(1)</script>")
    begun = oauth_consent.begin(owner)

    page = oauth_consent.come_back(owner, simulator.control.consent(begun["authorize_url"], "mallory"))

    assert "<script" not in page.text
    assert "&lt;script&gt;" in page.text
    assert page.headers["Content-Security-Policy"].startswith("default-src 'none'; style-src 'sha256-")
    assert page.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("return_url", "expected"),
    [
        ("http://127.0.0.1:8080/done", "http://127.0.0.1:8080/done?connection_id={id}&status=connected"),
        ("http://127.0.0.1:8080/?a=1#b", "http://127.0.0.1:8080/?a=1&connection_id={id}&status=connected#b"),
    ],
)
def test_the_browser_is_sent_back_to_the_client(owner, simulator, return_url, expected):
    begun = oauth_consent.begin(owner, return_url=return_url)

    response = oauth_consent.come_back(owner, simulator.control.consent(begun["authorize_url"], "ada"))

    assert response.status_code == 302
    assert response.location == expected.format(id=begun["id"])


def test_a_refusal_is_told_to_the_client(owner, simulator):
    begun = oauth_consent.begin(owner, return_url="http://127.0.0.1:8080/done")

    response = oauth_consent.come_back(owner, simulator.control.consent(begun["authorize_url"], "ada", allow=False))

    assert response.status_code == 302
    assert response.location.endswith("&status=failed")
    assert connection_of(owner, begun)["reason"] == "access_denied"
    assert owner.get("/accounts").json["data"] == []


def test_a_refusal_without_a_return_url_shows_a_page(owner, simulator):
    begun = oauth_consent.begin(owner)

    page = oauth_consent.come_back(owner, simulator.control.consent(begun["authorize_url"], "ada", allow=False))

    assert page.status_code == 400
    assert "access_denied" in page.text


@pytest.mark.parametrize(
    ("brought", "reason"),
    [
        ({"error": "<script>\x07"}, "tiktok_refused"),
        ({}, "code_missing"),
        ({"code": "made up"}, "code_rejected"),
        ({"code": "é😀" * 2000}, "code_rejected"),
    ],
)
def test_whatever_comes_instead_of_a_code_fails_the_connection_with_a_reason(owner, brought, reason):
    begun = oauth_consent.begin(owner)

    page = owner.client.get(f"{CALLBACK}?{urlencode({'state': state_of(begun), **brought, 'more': 1})}")

    assert page.status_code == 400
    assert reason in page.text
    assert "<script" not in page.text
    connection = connection_of(owner, begun)
    assert (connection["status"], connection["reason"]) == ("failed", reason)


def test_an_unknown_state_connects_nothing(client, simulator, subtests):
    for query in ("", "state=", "state=unknown&code=x", "state=%ff%fe&code=%ff", "error=access_denied"):
        with subtests.test(query=query):
            page = client.get(f"{CALLBACK}?{query}")

            assert page.status_code == 400
            assert "link_not_valid" in page.text
    assert simulator.control.requests(endpoint="token") == []


def test_a_state_expires_after_ten_minutes(owner, simulator, pass_time):
    begun = oauth_consent.begin(owner)
    pass_time(minutes=10)
    location = simulator.control.consent(begun["authorize_url"], "ada")

    page = oauth_consent.come_back(owner, location)

    assert page.status_code == 400
    assert connection_of(owner, begun)["reason"] == "expired"
    assert owner.get("/accounts").json["data"] == []


def test_a_head_request_does_not_use_up_the_code(owner, simulator):
    begun = oauth_consent.begin(owner)
    parts = urlsplit(simulator.control.consent(begun["authorize_url"], "ada"))

    owner.client.head(f"{parts.path}?{parts.query}")

    assert connection_of(owner, begun)["status"] == "pending"
    assert owner.client.get(f"{parts.path}?{parts.query}").status_code == 200


TROUBLES = [
    ({"effect": "status", "status": 500}, "tiktok_unreachable"),
    ({"effect": "status", "status": 429}, "tiktok_unreachable"),
    ({"effect": "garbage"}, "tiktok_unreachable"),
    ({"effect": "drop_before"}, "tiktok_unreachable"),
    ({"effect": "drop_after"}, "tiktok_unreachable"),
    ({"effect": "status", "status": 400, "code": "invalid_client"}, "tiktok_refused"),
]


def test_an_error_of_tiktoks_fails_the_connection_and_the_next_one_works(owner, simulator, subtests):
    for mischief, reason in TROUBLES:
        with subtests.test(**mischief):
            simulator.control.mischief("token", **mischief)

            failed = oauth_consent.connect(simulator, owner, "ada")

            assert (failed["status"], failed["reason"], failed["account_id"]) == ("failed", reason, None)
    assert owner.get("/accounts").json["data"] == []
    assert oauth_consent.connect(simulator, owner, "ada")["status"] == "connected"


def test_a_profile_that_cannot_be_read_does_not_cost_the_account(owner, simulator, run_jobs):
    simulator.control.mischief("user_info", "status", status=500)

    account_id = oauth_consent.connect(simulator, owner, "ada")["account_id"]

    account = owner.get(f"/accounts/{account_id}").json
    assert (account["username"], account["follower_count"], account["synced_at"]) == (None, None, None)
    run_jobs()
    assert owner.get(f"/accounts/{account_id}").json["username"] == "ada"


def test_a_web_app_connects_without_pkce(make_app, simulator, simulator_urls):
    simulator.control.change_app("awsimclient0002", redirect_uris=[f"https://app.example{CALLBACK}"])
    app = make_app(
        tiktok_app_type="web",
        tiktok_client_key="awsimclient0002",
        tiktok_client_secret="sim-client-secret-0002",
        public_url="https://app.example",
        **simulator_urls,
    )

    connection = oauth_consent.connect(simulator, Person(app, "owner@example.com"), "ada")

    assert connection["status"] == "connected"


def test_a_user_deleted_meanwhile_connects_nothing_and_the_grant_is_revoked(app, owner, simulator, run_jobs):
    begun = oauth_consent.begin(owner)
    location = simulator.control.consent(begun["authorize_url"], "ada")
    simulator.control.mischief("token", "delay", delay_seconds=1)
    with ThreadPoolExecutor(1) as pool:
        coming_back = pool.submit(oauth_consent.come_back, owner, location)
        wait_until(lambda: simulator.control.requests(endpoint="token"))
        with app.app_context(), transaction() as session:
            session.execute(delete(User))

        assert coming_back.result().status_code == 400

    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(Account)) == 0
    run_jobs()
    assert simulator.world.grants == {}


def test_a_verifier_whose_key_has_left_the_ring_costs_another_attempt(make_app, simulator, simulator_urls):
    before, after = (make_app(vault_keys={name: bytes(32)}, **simulator_urls) for name in ("before", "after"))
    owner = Person(before, "owner@example.com")
    begun = oauth_consent.begin(owner)
    parts = urlsplit(simulator.control.consent(begun["authorize_url"], "ada"))

    page = after.test_client().get(f"{parts.path}?{parts.query}")

    assert page.status_code == 400
    assert connection_of(owner, begun)["reason"] == "expired"


@pytest.mark.postgres
def test_of_two_users_who_come_back_at_once_with_one_account_one_gets_it(
    make_app, simulator, simulator_urls, postgresql_url
):
    app = make_app(database_url=postgresql_url, **simulator_urls)
    owner, rival = Person(app, "owner@example.com"), Person(app, "rival@example.com")
    begun = oauth_consent.begin(owner)
    location = simulator.control.consent(begun["authorize_url"], "ada")
    open_id = simulator.control.creator("ada")["consents"][0]["open_id"]
    engine = create_engine(postgresql_url)
    watching = engine.execution_options(isolation_level="AUTOCOMMIT")
    blocked = text("select count(*) from pg_stat_activity where wait_event_type = 'Lock'")
    with ThreadPoolExecutor(1) as pool, engine.connect() as connection, watching.connect() as onlooker:
        moment = {name: datetime.now(UTC) for name in ("access_expires_at", "refresh_expires_at", "renew_at")}
        row = {"owner_id": UUID(rival.user_id), "open_id": open_id, "connected_at": datetime.now(UTC)}
        encrypted = {"access_token_encrypted": b"", "refresh_token_encrypted": b""}
        connection.execute(
            insert(Account).values(id=uuid4(), created_at=datetime.now(UTC), **row, **moment, **encrypted)
        )
        coming_back = pool.submit(oauth_consent.come_back, owner, location)
        wait_until(lambda: onlooker.scalar(blocked))
        connection.commit()

        assert coming_back.result().status_code == 400

    engine.dispose()
    assert connection_of(owner, begun)["reason"] == "account_already_connected"
