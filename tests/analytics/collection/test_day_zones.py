"""Readings are marked by the days of their owner's zone, also after it has changed and when two workers are the first."""

import threading
from datetime import date, timedelta
from uuid import UUID

import pytest
from sqlalchemy import select, text, update

from tests.analytics.collection.conftest import a_video, page_of
from tests.analytics.conftest import instant
from tiktok_api.accounts.models import Account
from tiktok_api.analytics.collection import days, ingest, sync_position
from tiktok_api.analytics.models import AccountReading, AccountTotals, DayZone
from tiktok_api.db import db, transaction
from tiktok_api.tiktok import UserInfo


@pytest.fixture
def marked(app):
    """The days of an account's readings, with the times that they are of."""

    def look(account_id, ledger=AccountReading):
        with app.app_context():
            rows = db.session.execute(
                select(ledger.day, ledger.captured_at).where(
                    ledger.account_id == UUID(str(account_id)), ledger.day.is_not(None)
                )
            )
            return dict(map(tuple, rows))

    return look


def test_the_last_reading_of_each_day_is_marked(make_account, owner, read_profile, marked):
    account_id = make_account(owner)

    for at in ("2026-03-02T08:00Z", "2026-03-02T23:59Z", "2026-03-02T12:00Z", "2026-03-03T00:00Z"):
        read_profile(account_id, at, follower_count=5)

    assert marked(account_id) == {
        date(2026, 3, 2): instant("2026-03-02T23:59Z"),
        date(2026, 3, 3): instant("2026-03-03T00:00Z"),
    }


@pytest.fixture
def accounts(make_account, owner, stranger):
    """Two accounts of the owner's and one of the stranger's."""
    return make_account(owner), make_account(owner), make_account(stranger)


def test_another_zone_marks_all_accounts_of_the_user_anew(accounts, owner, read_profile, marked, run_jobs):
    mine, other, theirs = accounts
    for account_id in (mine, other, theirs):
        for at in ("2026-03-02T12:00Z", "2026-03-02T20:00Z", "2026-03-03T12:00Z"):
            read_profile(account_id, at, follower_count=5)

    assert owner.patch("/auth/me", json={"timezone": "Asia/Tokyo"}).status_code == 200
    run_jobs()

    in_tokyo = {date(2026, 3, 2): instant("2026-03-02T12:00Z"), date(2026, 3, 3): instant("2026-03-03T12:00Z")}
    in_utc = {date(2026, 3, 2): instant("2026-03-02T20:00Z"), date(2026, 3, 3): instant("2026-03-03T12:00Z")}
    assert (marked(mine), marked(other), marked(theirs)) == (in_tokyo, in_tokyo, in_utc)
    read_profile(mine, "2026-03-03T14:59Z", follower_count=6)
    read_profile(mine, "2026-03-03T15:00Z", follower_count=7)
    assert marked(mine)[date(2026, 3, 3)] == instant("2026-03-03T14:59Z")
    assert marked(mine)[date(2026, 3, 4)] == instant("2026-03-03T15:00Z")


def test_a_change_of_the_name_alone_moves_no_day(owner, make_account, read_profile, run_jobs):
    read_profile(make_account(owner), "2026-03-02T12:00Z", follower_count=5)
    run_jobs()

    assert owner.patch("/auth/me", json={"display_name": "Ada"}).status_code == 200

    assert run_jobs() == 0


def test_a_killed_job_leaves_the_other_accounts_to_the_next(app, make_account, owner, read_profile):
    accounts = [make_account(owner) for _ in range(3)]
    for account_id in accounts:
        read_profile(account_id, "2026-03-02T20:00Z", follower_count=5)
    owner.patch("/auth/me", json={"timezone": "Asia/Tokyo"})

    with app.app_context():
        found = []
        while (account_id := days.next_moved(UUID(owner.user_id))) is not None:
            with transaction():
                days.count_days(account_id)
            found.append(str(account_id))
        assert set(db.session.scalars(select(DayZone.timezone))) == {"Asia/Tokyo"}

    assert sorted(found) == sorted(accounts)


def test_readings_of_an_older_version_are_marked_with_the_next_one(app, make_account, owner, read_profile, marked):
    account_id = make_account(owner)
    for at in ("2026-03-01T08:00Z", "2026-03-01T09:00Z", "2026-03-02T08:00Z"):
        read_profile(account_id, at, follower_count=5)
    with app.app_context(), transaction() as session:
        session.execute(text("DELETE FROM day_zones"))
        session.execute(update(AccountReading).values(day=None))

    read_profile(account_id, "2026-03-03T08:00Z", follower_count=5)

    assert sorted(marked(account_id).values()) == [
        instant(f"2026-03-{at}Z") for at in ("01T09:00", "02T08:00", "03T08:00")
    ]


def test_an_account_that_is_gone_is_not_counted(app):
    with app.app_context(), transaction():
        days.count_days(UUID(int=7))

    with app.app_context():
        assert db.session.scalar(select(DayZone.id)) is None


@pytest.mark.postgres
def test_two_workers_may_store_the_first_readings_at_once(on_postgresql, account_on):
    """The profile and the list of a new account are read by jobs of their own."""
    at = instant("2026-03-02T12:00Z")
    for number in range(5):
        account_id = account_on(on_postgresql)
        errors, start = [], threading.Barrier(2)

        def profile(account_id=account_id, start=start):
            account = db.session.get_one(Account, account_id, with_for_update=True)
            start.wait(timeout=10)
            ingest.store_profile(account=account, info=UserInfo(follower_count=5), captured_at=at)

        def videos(account_id=account_id, start=start):
            start.wait(timeout=10)
            step = sync_position.next_page(account_id, "a job")
            ingest.store_page(step, page_of(a_video("1", at)), at)

        def run(act, errors=errors):
            try:
                with on_postgresql.app_context(), transaction():
                    act()
            except Exception as error:  # shown by the assertion
                errors.append(error)

        threads = [threading.Thread(target=run, args=(act,)) for act in (profile, videos)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=30)

        assert errors == [], number
        with on_postgresql.app_context():
            for ledger in (AccountReading, AccountTotals):
                assert db.session.scalars(select(ledger.day).where(ledger.account_id == account_id)).all() != [None]
            assert len(db.session.scalars(select(DayZone.id).where(DayZone.account_id == account_id)).all()) == 1


@pytest.mark.postgres
def test_no_reading_is_marked_by_a_zone_that_is_being_left(on_postgresql, account_on):
    account_id = account_on(on_postgresql)
    began, may_end, marked = threading.Event(), threading.Event(), threading.Event()

    def count():
        with on_postgresql.app_context(), transaction() as session:
            session.execute(text("UPDATE users SET timezone = 'Asia/Tokyo'"))
            days.count_days(account_id)
            began.set()
            may_end.wait(timeout=10)

    def read():
        with on_postgresql.app_context(), transaction() as session:
            account = session.get_one(Account, account_id)
            ingest.store_profile(
                account=account, info=UserInfo(follower_count=6), captured_at=instant("2026-03-02T20:00Z")
            )
        marked.set()

    with on_postgresql.app_context(), transaction() as session:
        account = session.get_one(Account, account_id)
        at = instant("2026-03-02T12:00Z")
        ingest.store_profile(account=account, info=UserInfo(follower_count=5), captured_at=at)
    counting = threading.Thread(target=count)
    counting.start()
    assert began.wait(timeout=10)
    reading = threading.Thread(target=read)
    reading.start()
    is_early = marked.wait(timeout=timedelta(seconds=0.3).total_seconds())
    may_end.set()
    counting.join(timeout=30)
    reading.join(timeout=30)

    assert not is_early
    with on_postgresql.app_context():
        query = select(AccountReading.day).order_by(AccountReading.captured_at)
        assert db.session.scalars(query).all() == [date(2026, 3, 2), date(2026, 3, 3)]
