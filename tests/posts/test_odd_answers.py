"""One odd answer of TikTok asks no person to connect an account again, and holds nothing for long."""

from datetime import datetime, timedelta

import pytest

from tests.webhooks.conftest import API, event, signed
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
def test_it_is_asked_again_soon_before_the_first_byte(
    rules,
    simulator,
    make_post,
    begin,
    run_jobs,
    publication_of,
    account_of,
    seconds_until_next_try,
    work_until_published,
    live_videos,
):
    post = make_post()
    for endpoint, rule in rules:
        simulator.control.mischief(endpoint, **rule)

    begin(post)
    run_jobs()

    waiting = publication_of(post)
    assert waiting["state"] == "preparing"
    assert "reconnect" not in waiting["reason"]
    assert seconds_until_next_try(post) <= 60
    assert account_of(post)["status"] == "active"
    work_until_published(post)
    assert len(live_videos()) == 1


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
def test_a_poll_backs_off_as_polls_do(
    rules,
    moment,
    simulator,
    make_post,
    make_video,
    big_video_bytes,
    begin,
    run_jobs,
    pass_time,
    account_of,
    seconds_until_next_try,
    work_until_published,
    count_inits,
    publication_of,
):
    simulator.control.knobs(inspect_media=False)
    is_uploading = moment == "while chunks are missing"
    post = make_post(**({"media_ids": [make_video(big_video_bytes)]} if is_uploading else {}))
    if is_uploading:
        simulator.control.mischief("upload", "status", nth=3, status=500)
    begin(post)
    run_jobs()
    assert publication_of(post)["state"] == ("uploading" if is_uploading else "processing")
    for endpoint, rule in rules:
        simulator.control.mischief(endpoint, **rule)
    pass_time(10)
    run_jobs()

    assert publication_of(post)["state"] in ("uploading", "processing")
    assert seconds_until_next_try(post) <= 60
    assert account_of(post)["status"] == "active"
    work_until_published(post)
    assert count_inits() == 1


def test_tiktoks_word_that_the_grant_has_ended_asks_for_reconnection_at_once(
    simulator, make_post, begin, run_jobs, publication_of, account_of
):
    post = make_post()
    simulator.control.mischief("creator_info", "status", status=401, code="access_token_invalid")
    simulator.control.mischief("refresh", "status", status=200, code="invalid_grant")

    begin(post)
    run_jobs()

    held = publication_of(post)
    assert (held["state"], held["reason"]) == ("held", "account_needs_reconnection")
    assert account_of(post)["status"] == "expired"


@pytest.mark.parametrize("endpoint", ["user_info", "creator_info", "video_list"])
@pytest.mark.parametrize("refresh", [None, RENEWAL_REFUSED], ids=["rejected twice", "renewal refused"])
def test_reading_an_account_goes_on_by_itself(
    endpoint, refresh, owner, connect_account, simulator, run_jobs, pass_time
):
    account_id = connect_account(owner)
    run_jobs()
    before = owner.get(f"/accounts/{account_id}").json["synced_at"]
    simulator.control.clear_requests()
    simulator.control.mischief(endpoint, **(REJECTED | {"times": 1} if refresh else REJECTED))
    if refresh:
        simulator.control.mischief("refresh", **refresh)

    pass_time(3000)
    for _ in range(4):
        run_jobs()
        pass_time(300)

    account = owner.get(f"/accounts/{account_id}").json
    assert (account["status"], account["status_reason"]) == ("active", None)
    assert account["synced_at"] > before
    asked = simulator.control.requests(endpoint=endpoint)
    assert [entry["status"] for entry in asked][-1] == 200
    health = owner.get(f"/accounts/{account_id}/health").json
    assert (health["can_post"], health["needs_reconnection"]) == (True, False)


def test_a_farewell_that_is_refused_oddly_is_repeated_until_tiktok_has_heard_it(
    owner, connect_account, simulator, run_jobs, pass_time, jobs_may_fail
):
    account_id = connect_account(owner)
    run_jobs()
    simulator.control.mischief("revoke", "status", status=401, code="access_token_invalid", times=2)
    simulator.control.mischief("refresh", "status", status=200, code="invalid_client", nth=2)
    owner.delete(f"/accounts/{account_id}")
    for _ in range(6):
        run_jobs()
        pass_time(60)

    assert simulator.world.grants == {}


def test_a_report_of_removal_is_not_believed_for_a_rejected_token(
    owner, connect_account, simulator, run_jobs, pass_time, client, jobs_may_fail
):
    account_id = connect_account(owner)
    run_jobs()
    open_id = owner.get(f"/accounts/{account_id}").json["open_id"]
    simulator.control.mischief("user_info", **REJECTED)
    body = event("authorization.removed", open_id, {"reason": 1})

    client.post(f"{API}/webhooks/tiktok", data=body, headers=signed(body))
    for _ in range(3):
        run_jobs()
        pass_time(10)

    assert owner.get(f"/accounts/{account_id}").json["status"] == "active"
