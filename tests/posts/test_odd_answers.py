"""One odd answer of TikTok asks no person to connect an account again, and holds nothing for long."""

from datetime import datetime, timedelta

import pytest

from tests.conftest import API
from tests.webhooks.events import event, signed
from tiktok_api import clock

REJECTED = {"effect": "status", "status": 401, "code": "access_token_invalid", "times": 2}
"""A token, and then the one that TikTok has just given for it."""
RENEWAL_REFUSED = {"effect": "status", "status": 200, "code": "invalid_client", "times": 1}


@pytest.fixture
def account_of(owner, publication_of):
    return lambda post: owner.get(f"/accounts/{publication_of(post)['account_id']}").json


@pytest.fixture
def seconds_until_next_try(app, publication_of):
    def ask(post):
        with app.app_context():
            now = clock.now()
        return (datetime.fromisoformat(publication_of(post)["next_try_at"]) - now) / timedelta(seconds=1)

    return ask


ODD = {
    "rejected at creator_info": [("creator_info", REJECTED)],
    "rejected at the init": [("video_init", REJECTED)],
    "the renewal refused": [("creator_info", REJECTED | {"times": 1}), ("refresh", RENEWAL_REFUSED)],
    "the renewal refused after the init": [("video_init", REJECTED | {"times": 1}), ("refresh", RENEWAL_REFUSED)],
    "the renewal asked for a scope": [
        ("creator_info", REJECTED | {"times": 1}),
        ("refresh", RENEWAL_REFUSED | {"code": "scope_not_authorized"}),
    ],
    "the renewal rejected as if it were a request": [
        ("creator_info", REJECTED | {"times": 1}),
        ("refresh", RENEWAL_REFUSED | {"status": 401, "code": "access_token_invalid"}),
    ],
    "a grant that a failing server calls invalid": [
        ("creator_info", REJECTED | {"times": 1}),
        ("refresh", RENEWAL_REFUSED | {"status": 503, "code": "invalid_grant"}),
    ],
    "creator_info refused": [("creator_info", {"effect": "status", "status": 400, "code": "invalid_params"})],
    "creator_info in a word from the future": [("creator_info", {"effect": "status", "status": 418, "code": "teapot"})],
}


@pytest.mark.parametrize("rules", ODD.values(), ids=ODD.keys())
def test_it_is_asked_again_soon_before_the_first_byte(rules, publishing, account_of, seconds_until_next_try):
    post = publishing.make_post()
    for endpoint, rule in rules:
        publishing.tiktok.mischief(endpoint, **rule)

    publishing.begin(post)
    publishing.run()

    waiting = publishing.shown(post)
    assert waiting["state"] == "preparing"
    assert "reconnect" not in waiting["reason"]
    assert seconds_until_next_try(post) <= 60
    assert account_of(post)["status"] == "active"
    publishing.run_until_published(post)
    assert len(publishing.live()) == 1


@pytest.mark.parametrize(
    "rules",
    [
        [("status", REJECTED)],
        [("status", REJECTED | {"times": 1}), ("refresh", RENEWAL_REFUSED)],
        [("status", {"effect": "status", "status": 401, "code": "scope_not_authorized"})],
    ],
    ids=["rejected", "renewal refused", "scope"],
)
@pytest.mark.parametrize("moment", ["past the last byte", "while chunks are missing"])
def test_a_poll_backs_off_as_polls_do(rules, moment, publishing, big_video_bytes, account_of, seconds_until_next_try):
    publishing.tiktok.knobs(inspect_media=False)
    is_uploading = moment == "while chunks are missing"
    post = publishing.make_post(**({"media_ids": [publishing.make_video(big_video_bytes)]} if is_uploading else {}))
    if is_uploading:
        publishing.tiktok.mischief("upload", "status", nth=3, status=500)
    publishing.begin(post)
    publishing.run()
    assert publishing.shown(post)["state"] == ("uploading" if is_uploading else "processing")
    for endpoint, rule in rules:
        publishing.tiktok.mischief(endpoint, **rule)
    publishing.pass_time(10)
    publishing.run()

    assert publishing.shown(post)["state"] in ("uploading", "processing")
    assert seconds_until_next_try(post) <= 60
    assert account_of(post)["status"] == "active"
    publishing.run_until_published(post)
    assert publishing.count_inits() == 1


def test_tiktoks_word_that_the_grant_has_ended_asks_for_reconnection_at_once(publishing, account_of):
    post = publishing.make_post()
    publishing.tiktok.mischief("creator_info", "status", status=401, code="access_token_invalid")
    publishing.tiktok.mischief("refresh", "status", status=200, code="invalid_grant")

    publishing.begin(post)
    publishing.run()

    held = publishing.shown(post)
    assert (held["state"], held["reason"]) == ("held", "account_needs_reconnection")
    assert account_of(post)["status"] == "expired"


@pytest.mark.parametrize("endpoint", ["user_info", "creator_info", "video_list"])
@pytest.mark.parametrize("refresh", [None, RENEWAL_REFUSED], ids=["rejected twice", "renewal refused"])
def test_reading_an_account_goes_on_by_itself(endpoint, refresh, owner, connect_account, publishing):
    account_id = connect_account(owner)
    publishing.run()
    before = owner.get(f"/accounts/{account_id}").json["synced_at"]
    publishing.tiktok.clear_requests()
    publishing.tiktok.mischief(endpoint, **(REJECTED | {"times": 1} if refresh else REJECTED))
    if refresh:
        publishing.tiktok.mischief("refresh", **refresh)

    publishing.pass_time(3000)
    for _ in range(4):
        publishing.run()
        publishing.pass_time(300)

    account = owner.get(f"/accounts/{account_id}").json
    assert (account["status"], account["status_reason"]) == ("active", None)
    assert account["synced_at"] > before
    asked = publishing.tiktok.requests(endpoint=endpoint)
    assert [entry["status"] for entry in asked][-1] == 200
    health = owner.get(f"/accounts/{account_id}/health").json
    assert (health["can_post"], health["needs_reconnection"]) == (True, False)


def test_a_farewell_that_is_refused_oddly_is_repeated_until_tiktok_has_heard_it(
    owner, connect_account, simulator, publishing, jobs_may_fail
):
    account_id = connect_account(owner)
    publishing.run()
    simulator.control.mischief("revoke", "status", status=401, code="access_token_invalid", times=2)
    simulator.control.mischief("refresh", "status", status=200, code="invalid_client", nth=2)
    owner.delete(f"/accounts/{account_id}")
    for _ in range(6):
        publishing.run()
        publishing.pass_time(60)

    assert simulator.world.grants == {}


def test_a_report_of_removal_is_not_believed_for_a_rejected_token(
    owner, connect_account, publishing, client, jobs_may_fail
):
    account_id = connect_account(owner)
    publishing.run()
    open_id = owner.get(f"/accounts/{account_id}").json["open_id"]
    publishing.tiktok.mischief("user_info", **REJECTED)
    body = event("authorization.removed", open_id, {"reason": 1})

    client.post(f"{API}/webhooks/tiktok", data=body, headers=signed(body))
    for _ in range(3):
        publishing.run()
        publishing.pass_time(10)

    assert owner.get(f"/accounts/{account_id}").json["status"] == "active"
