"""Usable tokens: fresh ones at once, others renewed, the account marked only when TikTok says so."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import event, select, update
from structlog.testing import capture_logs

from tests.conftest import Person
from tests.due_jobs import run_due_jobs
from tests.servers import wait_until
from tiktok_api.accounts.errors import AccountNeedsReconnection
from tiktok_api.accounts.models import Account, AccountStatus
from tiktok_api.accounts.token_refresh import TokenVault
from tiktok_api.accounts.tokens import mark_reconnection
from tiktok_api.db import db, transaction
from tiktok_api.errors import NotFound
from tiktok_api.extensions import services_of
from tiktok_api.tiktok import AccessTokenInvalid, NoUsableToken, TikTokBusy, TikTokUnreachable


@pytest.fixture
def marked():
    """The accounts that are marked for reconnection from now on, with the reasons, as the log tells."""
    with capture_logs() as lines:
        yield lambda: [(line["account"], line["reason"]) for line in lines if line["event"] == "account.marked"]


def status_of(person, account_id):
    return person.get(f"/accounts/{account_id}").json["status"]


def test_a_fresh_token_costs_one_look_at_the_account(scene):
    statements = []
    with scene.app.app_context():
        event.listen(db.engine, "before_cursor_execute", lambda *args: statements.append(args[2]))

    scene.token()

    assert len([statement for statement in statements if "accounts" in statement]) == 1
    assert len(scene.refreshes()) == 0


@pytest.mark.parametrize(("hours", "renewed"), [(24 - 10.5 / 60, 0), (24 - 9.5 / 60, 1), (24, 1), (48, 1)])
def test_a_token_is_renewed_ten_minutes_before_its_end(scene, hours, renewed):
    before = scene.token()
    scene.pass_time(hours=hours)

    after = scene.token()

    assert len(scene.refreshes()) == renewed
    assert (after != before) is bool(renewed)
    assert after in scene.simulator.world.access_tokens


def test_a_long_task_asks_for_a_longer_life(scene):
    scene.pass_time(hours=20)

    scene.token(margin=timedelta(hours=5))

    assert len(scene.refreshes()) == 1


def test_lifetimes_are_what_tiktok_says(owner, connect_account, vault, simulator, pass_time):
    simulator.control.knobs(access_token_seconds=120)
    account_id = connect_account(owner, "ada")
    first = vault.token(account_id)
    assert vault.token(account_id) == first  # not renewed again and again for being shorter than the margin

    pass_time(seconds=100)
    vault.token(account_id)

    assert len(simulator.control.requests(endpoint="refresh")) == 1


@pytest.mark.parametrize("rotation", ["always", "never", "random"])
def test_whatever_tiktok_rotates_the_newest_pair_is_kept(scene, rotation):
    scene.simulator.control.knobs(rotation=rotation)
    for number in range(1, 6):
        scene.pass_time(days=1)

        token = scene.token()

        assert token in scene.simulator.world.access_tokens
        assert len(scene.refreshes()) == number


@pytest.mark.parametrize("status", [200, 400, 401])
def test_a_rejected_refresh_token_marks_the_account_once(scene, marked, status):
    scene.simulator.control.knobs(oauth_error_status=status)
    scene.simulator.control.disconnect("ada")
    scene.pass_time(days=1)

    for _ in range(3):
        with pytest.raises(AccountNeedsReconnection):
            scene.token()

    assert scene.status() == "expired"
    assert marked() == [(scene.account_id, "grant_rejected")]
    assert len(scene.refreshes()) == 1


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
def test_an_error_of_tiktoks_does_not_mark_the_account(scene, marked, mischief, error):
    scene.pass_time(days=1)
    scene.simulator.control.mischief("refresh", **mischief)

    with pytest.raises(error):
        scene.token()

    assert scene.status() == "active"
    assert scene.token() in scene.simulator.world.access_tokens
    assert marked() == []


def test_an_answer_that_was_lost_after_the_rotation_costs_a_reconnection(scene):
    scene.pass_time(days=1)
    scene.simulator.control.mischief("refresh", "drop_after")
    with pytest.raises(TikTokUnreachable):
        scene.token()

    with pytest.raises(AccountNeedsReconnection):
        scene.token()

    assert scene.status() == "expired"


@pytest.mark.parametrize("is_rejected", [False, True])
def test_a_person_who_reconnects_meanwhile_wins(scene, marked, is_rejected):
    scene.pass_time(days=1)
    if is_rejected:
        scene.simulator.world.refresh_tokens.clear()
    scene.simulator.control.mischief("refresh", "delay", when="after", delay_seconds=1)
    with ThreadPoolExecutor(1) as pool:
        renewal = pool.submit(scene.token)
        wait_until(lambda: scene.refresh_statuses() == [200])
        scene.reconnect()
        reconnected = scene.token()

        assert renewal.result() == reconnected

    assert scene.token() == reconnected
    assert marked() == []


def mark_revoked(scene, *, token_version):
    mark_reconnection(
        UUID(scene.account_id), "authorization_removed", status=AccountStatus.REVOKED, token_version=token_version
    )


def test_a_renewal_that_comes_late_does_not_undo_a_revocation(scene, marked):
    scene.pass_time(days=1)
    scene.simulator.control.mischief("refresh", "delay", when="after", delay_seconds=1)
    with ThreadPoolExecutor(1) as pool:
        renewal = pool.submit(scene.token)
        wait_until(lambda: scene.refresh_statuses() == [200])
        with scene.app.app_context(), transaction():
            mark_revoked(scene, token_version=1)

        with pytest.raises(AccountNeedsReconnection):
            renewal.result()

    assert scene.status() == "revoked"
    assert marked() == [(scene.account_id, "authorization_removed")]


def test_a_rejection_of_an_older_pair_marks_nothing(scene, marked):
    scene.reconnect()  # the second pair

    with scene.app.app_context(), transaction():
        mark_revoked(scene, token_version=1)

    assert scene.status() == "active"
    assert marked() == []


def test_an_account_that_is_gone_has_no_token(scene):
    scene.disconnect()

    with pytest.raises(NotFound):
        scene.token()


def test_a_rejected_token_is_replaced_once_for_all_workers(scene):
    rejected = scene.token()

    renewed = {scene.renew(rejected) for _ in range(3)}

    assert len(renewed) == 1
    assert rejected not in renewed
    assert len(scene.refreshes()) == 1


def test_an_act_with_a_rejected_token_is_repeated_once(scene):
    tried = []

    def act(token):
        tried.append(token)
        raise AccessTokenInvalid("no")

    with pytest.raises(NoUsableToken):
        scene.call(act)

    assert len(tried) == len(set(tried)) == 2


def test_a_token_that_is_rejected_right_after_its_renewal_is_not_renewed_again_for_a_while(scene):
    renewed = scene.renew(scene.token())

    with pytest.raises(NoUsableToken):
        scene.renew(renewed)
    scene.pass_time(minutes=14)
    with pytest.raises(NoUsableToken):
        scene.renew(renewed)
    assert len(scene.refreshes()) == 1
    scene.pass_time(minutes=2)

    assert scene.renew(renewed) != renewed
    assert len(scene.refreshes()) == 2


@pytest.mark.parametrize("trouble", ["the account is connected again", "the clock is set back"])
def test_a_rejected_token_is_renewed_where_no_renewal_has_just_proven_the_grant(trouble, scene):
    rejected = scene.renew(scene.token())
    if trouble == "the clock is set back":
        scene.pass_time(hours=-2)
    else:
        scene.pass_time(minutes=1)
        scene.reconnect()
        rejected = scene.token()

    assert scene.renew(rejected) != rejected
    assert len(scene.refreshes()) == 2


def test_nothing_goes_over_the_network_inside_a_transaction(scene):
    with scene.app.app_context(), transaction(), pytest.raises(RuntimeError):
        services_of(scene.app)[TokenVault].usable_token(UUID(scene.account_id))


def test_tokens_are_renewed_in_the_background_long_before_they_expire(scene):
    scene.run_jobs()
    scene.pass_time(hours=17.9)
    scene.run_jobs()
    assert len(scene.refreshes()) == 0

    for number in (1, 2, 3):
        scene.pass_time(hours=18.1)
        scene.run_jobs()
        assert len(scene.refreshes()) == number


def test_an_outage_at_tiktok_costs_no_account(scene):
    scene.run_jobs()
    before = scene.token()
    scene.simulator.control.mischief("refresh", "status", status=503, every=True)
    scene.pass_time(hours=18.1)
    for tries in range(1, 13):  # more often than a job may fail
        scene.run_jobs()
        assert len(scene.refreshes()) >= tries
        scene.pass_time(minutes=2)
    scene.simulator.control.clear_mischief()

    scene.run_jobs()

    assert scene.status() == "active"
    assert scene.token() != before


def test_a_wrong_client_secret_is_tried_again_later(scene):
    scene.run_jobs()
    scene.simulator.control.mischief("refresh", "status", status=200, code="invalid_client")
    scene.pass_time(hours=18.1)
    scene.run_jobs()
    scene.pass_time(minutes=11)

    scene.run_jobs()

    assert len(scene.refreshes()) == 2
    assert scene.status() == "active"


@pytest.mark.parametrize("column", ["access_token_encrypted", "refresh_token_encrypted"])
def test_an_unreadable_pair_is_an_error_that_reconnecting_ends(scene, marked, column):
    scene.pass_time(days=1 if column == "refresh_token_encrypted" else 0)
    with scene.app.app_context(), transaction() as session:
        session.execute(update(Account).values({column: b"lost:" + bytes(40)}))
    for _ in range(2):
        with pytest.raises(AccountNeedsReconnection):
            scene.token()
    assert scene.status() == "error"
    assert marked() == [(scene.account_id, "token_unreadable")]

    scene.reconnect()

    assert scene.status() == "active"
    assert scene.token()


def test_a_key_that_is_put_back_ends_the_error(make_app, simulator_urls, connect_account, pass_time):
    old, new = {"old": bytes(32)}, {"new": bytes(range(32))}
    app, forgetful, mindful = (make_app(vault_keys=ring, **simulator_urls) for ring in (old, new, new | old))
    owner = Person(app, "owner@example.com")
    account_id = connect_account(owner)
    assert status_of(owner, account_id) == "active"

    run_due_jobs(forgetful)
    assert status_of(owner, account_id) == "error"
    owner.post(f"/accounts/{account_id}/sync")
    run_due_jobs(mindful)

    assert status_of(owner, account_id) == "active"


@pytest.mark.parametrize("column", ["access_token_encrypted", "refresh_token_encrypted"])
def test_an_account_is_synced_again_once_its_key_is_put_back(scene, column):
    scene.run_jobs()
    with scene.app.app_context(), transaction() as session:
        kept = session.scalar(select(getattr(Account, column)))
        session.execute(update(Account).values({column: b"lost:" + bytes(40)}))
    for _ in range(3):
        scene.pass_time(hours=12 if column == "refresh_token_encrypted" else 2)  # a renewal mends an access token alone
        scene.run_jobs()
    assert scene.status() == "error"

    with scene.app.app_context(), transaction() as session:
        session.execute(update(Account).values({column: kept}))
    scene.pass_time(hours=1)
    scene.run_jobs()

    assert scene.status() == "active"
    assert scene.show()["synced_at"]
