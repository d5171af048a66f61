"""Usable tokens: fresh ones at once, others renewed, the account marked only when TikTok says so."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import event, select, update

from tests.conftest import Person
from tests.running_jobs import run_due_jobs
from tests.servers import wait_until
from tiktok_api import events
from tiktok_api.accounts.errors import AccountNeedsReconnection
from tiktok_api.accounts.models import Account, AccountStatus
from tiktok_api.accounts.token_refresh import TokenVault
from tiktok_api.accounts.tokens import mark_reconnection
from tiktok_api.db import db, transaction
from tiktok_api.errors import NotFound
from tiktok_api.extensions import services_of
from tiktok_api.tiktok import AccessTokenInvalid, NoUsableToken, TikTokBusy, TikTokUnreachable


@pytest.fixture
def account_id(owner, connect_account):
    return connect_account(owner)


@pytest.fixture
def expired(monkeypatch):
    """The accounts that are announced as expired from now on, with their reasons."""
    monkeypatch.setattr(events, "_listeners", {**events._listeners, "account.expired": []})
    heard = []
    events.subscribe("account.expired", lambda account: heard.append((str(account.id), account.status_reason)))
    return heard


def refreshes(simulator):
    return len(simulator.control.requests(endpoint="refresh"))


def status_of(person, account_id):
    return person.get(f"/accounts/{account_id}").json["status"]


def test_a_fresh_token_costs_one_look_at_the_account(app, account_id, tokens, simulator):
    statements = []
    with app.app_context():
        event.listen(db.engine, "before_cursor_execute", lambda *args: statements.append(args[2]))

    tokens.token(account_id)

    assert len([statement for statement in statements if "accounts" in statement]) == 1
    assert refreshes(simulator) == 0


@pytest.mark.parametrize(("hours", "renewed"), [(24 - 10.5 / 60, 0), (24 - 9.5 / 60, 1), (24, 1), (48, 1)])
def test_a_token_is_renewed_ten_minutes_before_its_end(account_id, tokens, simulator, pass_time, hours, renewed):
    before = tokens.token(account_id)
    pass_time(hours=hours)

    after = tokens.token(account_id)

    assert refreshes(simulator) == renewed
    assert (after != before) is bool(renewed)
    assert after in simulator.world.access_tokens


def test_somebody_with_much_to_do_asks_for_a_longer_life(account_id, tokens, simulator, pass_time):
    pass_time(hours=20)

    tokens.token(account_id, margin=timedelta(hours=5))

    assert refreshes(simulator) == 1


def test_lifetimes_are_what_tiktok_says(owner, connect_account, tokens, simulator, pass_time):
    simulator.control.knobs(access_token_seconds=120)
    account_id = connect_account(owner, "ada")
    first = tokens.token(account_id)
    assert tokens.token(account_id) == first  # not renewed again and again for being shorter than the margin

    pass_time(seconds=100)
    tokens.token(account_id)

    assert refreshes(simulator) == 1


@pytest.mark.parametrize("rotation", ["always", "never", "random"])
def test_whatever_tiktok_rotates_the_newest_pair_is_kept(account_id, tokens, simulator, pass_time, rotation):
    simulator.control.knobs(rotation=rotation)
    for number in range(1, 6):
        pass_time(days=1)

        token = tokens.token(account_id)

        assert token in simulator.world.access_tokens
        assert refreshes(simulator) == number


@pytest.mark.parametrize("status", [200, 400, 401])
def test_a_dead_refresh_token_marks_the_account_once(owner, account_id, tokens, simulator, pass_time, expired, status):
    simulator.control.knobs(oauth_error_status=status)
    simulator.control.disconnect("ada")
    pass_time(days=1)

    for _ in range(3):
        with pytest.raises(AccountNeedsReconnection):
            tokens.token(account_id)

    assert status_of(owner, account_id) == "expired"
    assert expired == [(account_id, "grant_rejected")]
    assert refreshes(simulator) == 1


@pytest.mark.parametrize(
    ("mischief", "error"),
    [
        ({"effect": "status", "status": 500}, TikTokUnreachable),
        ({"effect": "status", "status": 429}, TikTokBusy),
        ({"effect": "garbage", "when": "before"}, TikTokUnreachable),
        ({"effect": "drop_before"}, TikTokUnreachable),
        ({"effect": "status", "status": 200, "code": "invalid_client"}, NoUsableToken),
    ],
)
def test_trouble_says_nothing_about_the_account(
    owner, account_id, tokens, simulator, pass_time, expired, mischief, error
):
    pass_time(days=1)
    simulator.control.mischief("refresh", **mischief)

    with pytest.raises(error):
        tokens.token(account_id)

    assert status_of(owner, account_id) == "active"
    assert tokens.token(account_id) in simulator.world.access_tokens
    assert expired == []


def test_an_answer_that_was_lost_after_the_rotation_costs_a_reconnection(
    owner, account_id, tokens, simulator, pass_time
):
    pass_time(days=1)
    simulator.control.mischief("refresh", "drop_after")
    with pytest.raises(TikTokUnreachable):
        tokens.token(account_id)

    with pytest.raises(AccountNeedsReconnection):
        tokens.token(account_id)

    assert status_of(owner, account_id) == "expired"


@pytest.mark.parametrize("is_rejected", [False, True])
def test_a_person_who_reconnects_meanwhile_wins(
    owner, account_id, connect_account, tokens, simulator, pass_time, expired, is_rejected
):
    pass_time(days=1)
    if is_rejected:
        simulator.world.refresh_tokens.clear()
    simulator.control.mischief("refresh", "delay", when="after", delay_seconds=1)
    with ThreadPoolExecutor(1) as pool:
        renewal = pool.submit(tokens.token, account_id)
        wait_until(lambda: [request["status"] for request in simulator.control.requests(endpoint="refresh")] == [200])
        connect_account(owner, "ada")
        reconnected = tokens.token(account_id)

        assert renewal.result() == reconnected

    assert tokens.token(account_id) == reconnected
    assert expired == []


def test_a_renewal_that_comes_late_does_not_undo_a_revocation(
    app, owner, account_id, tokens, simulator, pass_time, expired
):
    pass_time(days=1)
    simulator.control.mischief("refresh", "delay", when="after", delay_seconds=1)
    with ThreadPoolExecutor(1) as pool:
        renewal = pool.submit(tokens.token, account_id)
        wait_until(lambda: [request["status"] for request in simulator.control.requests(endpoint="refresh")] == [200])
        with app.app_context(), transaction():
            mark_reconnection(UUID(account_id), "authorization_removed", status=AccountStatus.REVOKED)

        with pytest.raises(AccountNeedsReconnection):
            renewal.result()

    assert status_of(owner, account_id) == "revoked"
    assert expired == [(account_id, "authorization_removed")]


def test_what_is_said_of_an_older_pair_marks_nothing(app, owner, account_id, connect_account, expired):
    connect_account(owner, "ada")  # the second pair

    with app.app_context(), transaction():
        mark_reconnection(UUID(account_id), "authorization_removed", token_version=1)

    assert status_of(owner, account_id) == "active"
    assert expired == []


def test_an_account_that_is_gone_has_no_token(owner, account_id, tokens):
    owner.delete(f"/accounts/{account_id}")

    with pytest.raises(NotFound):
        tokens.token(account_id)


def test_a_rejected_token_is_replaced_once_for_all_who_hold_it(account_id, tokens, simulator):
    rejected = tokens.token(account_id)

    renewed = {tokens.renew(account_id, rejected) for _ in range(3)}

    assert len(renewed) == 1
    assert rejected not in renewed
    assert refreshes(simulator) == 1


def test_what_is_done_with_a_rejected_token_is_repeated_once(account_id, tokens, simulator):
    tried = []

    def act(token):
        tried.append(token)
        raise AccessTokenInvalid("no")

    with pytest.raises(NoUsableToken):
        tokens.call(account_id, act)

    assert len(tried) == len(set(tried)) == 2


def test_nothing_goes_over_the_network_inside_a_transaction(app, account_id, tokens):
    with app.app_context(), transaction(), pytest.raises(RuntimeError):
        services_of(app)[TokenVault].usable_token(UUID(account_id))


def test_tokens_are_renewed_in_the_background_long_before_they_expire(
    account_id, tokens, simulator, run_jobs, pass_time
):
    run_jobs()
    pass_time(hours=17.9)
    run_jobs()
    assert refreshes(simulator) == 0

    for number in (1, 2, 3):
        pass_time(hours=18.1)
        run_jobs()
        assert refreshes(simulator) == number


def test_an_outage_at_tiktok_is_sat_out(owner, account_id, tokens, simulator, run_jobs, pass_time):
    run_jobs()
    before = tokens.token(account_id)
    simulator.control.mischief("refresh", "status", status=503, every=True)
    pass_time(hours=18.1)
    for tries in range(1, 13):  # more often than a job may fail
        run_jobs()
        assert refreshes(simulator) >= tries
        pass_time(minutes=2)
    simulator.control.clear_mischief()

    run_jobs()

    assert status_of(owner, account_id) == "active"
    assert tokens.token(account_id) != before


def test_wrong_keys_of_ours_are_tried_again_later(owner, account_id, simulator, run_jobs, pass_time):
    run_jobs()
    simulator.control.mischief("refresh", "status", status=200, code="invalid_client")
    pass_time(hours=18.1)
    run_jobs()
    pass_time(minutes=11)

    run_jobs()

    assert refreshes(simulator) == 2
    assert status_of(owner, account_id) == "active"


@pytest.mark.parametrize("column", ["access_token_encrypted", "refresh_token_encrypted"])
def test_a_pair_that_cannot_be_opened_is_an_error_that_reconnecting_mends(
    app, owner, account_id, connect_account, tokens, simulator, pass_time, expired, column
):
    pass_time(days=1 if column == "refresh_token_encrypted" else 0)
    with app.app_context(), transaction() as session:
        session.execute(update(Account).values({column: b"lost:" + bytes(40)}))
    for _ in range(2):
        with pytest.raises(AccountNeedsReconnection):
            tokens.token(account_id)
    assert status_of(owner, account_id) == "error"
    assert expired == [(account_id, "token_unreadable")]

    connect_account(owner, "ada")

    assert status_of(owner, account_id) == "active"
    assert tokens.token(account_id)


def test_a_key_that_comes_back_mends_the_account_by_itself(make_app, simulator, connect_account, pass_time):
    urls = {"tiktok_api_url": simulator.url, "tiktok_authorize_url": f"{simulator.url}/v2/auth/authorize/"}
    old, new = {"old": bytes(32)}, {"new": bytes(range(32))}
    app, forgetful, mindful = (make_app(vault_keys=ring, **urls) for ring in (old, new, new | old))
    owner = Person(app, "owner@example.com")
    account_id = connect_account(owner)
    assert status_of(owner, account_id) == "active"

    run_due_jobs(forgetful)
    assert status_of(owner, account_id) == "error"
    owner.post(f"/accounts/{account_id}/sync")
    run_due_jobs(mindful)

    assert status_of(owner, account_id) == "active"


@pytest.mark.parametrize("column", ["access_token_encrypted", "refresh_token_encrypted"])
def test_an_account_comes_back_by_itself_when_the_key_of_its_tokens_does(
    app, owner, account_id, run_jobs, pass_time, column
):
    run_jobs()
    with app.app_context(), transaction() as session:
        kept = session.scalar(select(getattr(Account, column)))
        session.execute(update(Account).values({column: b"lost:" + bytes(40)}))
    for _ in range(3):
        pass_time(hours=12 if column == "refresh_token_encrypted" else 2)  # a renewal mends an access token alone
        run_jobs()
    assert status_of(owner, account_id) == "error"

    with app.app_context(), transaction() as session:
        session.execute(update(Account).values({column: kept}))
    pass_time(hours=1)
    run_jobs()

    assert status_of(owner, account_id) == "active"
    assert owner.get(f"/accounts/{account_id}").json["synced_at"]
