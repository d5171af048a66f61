"""Old readings are thinned to one a day and then deleted, and no answer at day resolution changes."""

from datetime import timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select, update

from tests.analytics.collection.conftest import Lists, a_video, page_of
from tests.analytics.collection.history import CHANGES_OF_CLOCKS, History
from tests.due_jobs import run_due_jobs
from tests.listening import listening
from tests.samples import sampled
from tiktok_api import clock, clock_offset
from tiktok_api.analytics.collection import rebuild, retention
from tiktok_api.analytics.collection.ingest import SYNC_VIDEOS
from tiktok_api.analytics.collection.retention import Limits
from tiktok_api.analytics.models import AccountReading, AccountTotals, DayZone, Video, VideoReading, VideoTotals
from tiktok_api.auth.models import User
from tiktok_api.db import db, end_reading, new_id, transaction
from tiktok_api.jobs import queue

LEDGERS = (AccountReading, AccountTotals, VideoTotals, VideoReading)
HISTORIES = [(zone, seed) for seed in range(6) for zone in CHANGES_OF_CLOCKS]


def thin(app, limits):
    """Everything that retention does with these limits."""
    with app.app_context():
        while (account_id := retention.next_account(limits)) is not None:
            end_reading()
            thinning, is_over = retention.Thinning(account_id, limits), False
            while not is_over:
                with transaction():
                    is_over = thinning.take_step()


def count_rows(app):
    with app.app_context():
        return {model.__tablename__: db.session.scalar(select(func.count()).select_from(model)) for model in LEDGERS}


def limits_of(app, *, full, kept):
    with app.app_context():
        return Limits(clock.now() - timedelta(days=full), clock.now() - timedelta(days=kept))


def in_zone(app, owner, zone):
    with app.app_context(), transaction() as session:
        session.execute(update(User).where(User.id == UUID(owner.user_id)).values(timezone=zone))


def answers(owner, account_id, zone, since, until):
    """What the API says, as bytes, of every metric by day, week and month, and of every window of days."""
    about = f"/analytics/accounts/{account_id}"
    metrics = ("followers", "likes", "views", "comments", "shares", "engagement_rate")
    window = f"from={since}&to={until}&timezone={zone}"
    asked = [
        f"{about}/timeseries?metric={metric}&interval={interval}&{window}"
        for metric in metrics
        for interval in ("day", "week", "month")
    ]
    for first in range((until - since).days + 1):
        for last in (first, (until - since).days):
            days = f"from={since + timedelta(days=first)}&to={since + timedelta(days=last)}"
            asked.append(f"{about}/summary?{days}&timezone={zone}")
    found = {path: owner.get(path) for path in asked}
    assert {answer.status_code for answer in found.values()} == {200}
    return {path: answer.data for path, answer in found.items()}


@pytest.mark.parametrize("history", sampled(HISTORIES, one_in=7))
def test_no_answer_at_day_resolution_changes(history, app, owner, lists):
    zone, seed = history
    in_zone(app, owner, zone)
    History(lists, seed).live(around=CHANGES_OF_CLOCKS[zone], days=16)
    limits = limits_of(app, full=4, kept=11)
    with app.app_context():
        today = clock.now().astimezone(ZoneInfo(zone)).date()
    since = limits.kept_since.astimezone(ZoneInfo(zone)).date()
    asked = (owner, lists.account_id, zone, since, today + timedelta(days=1))
    before, rows_before = answers(*asked), count_rows(app)

    thin(app, limits)
    rows = count_rows(app)
    after = answers(*asked)
    with app.app_context(), transaction() as session:
        session.execute(update(DayZone).values(thinned_until=None))
    thin(app, limits)

    assert after == before
    assert all(rows[name] < rows_before[name] for name in rows)
    assert count_rows(app) == rows


@pytest.mark.parametrize("history", sampled(HISTORIES, one_in=11))
def test_what_was_thinned_can_still_be_rebuilt(history, app, owner, lists):
    zone, seed = history
    in_zone(app, owner, zone)
    History(lists, seed).live(around=CHANGES_OF_CLOCKS[zone], days=16)
    thin(app, limits_of(app, full=4, kept=11))
    before = lists.derived()

    with app.app_context(), transaction():
        done = rebuild.rebuild(lists.account_id)

    assert done.different == 0
    assert done.totals > 5
    assert lists.derived() == before


@pytest.mark.postgres
@pytest.mark.parametrize("history", sampled(HISTORIES, one_in=25))
def test_postgresql_thins_and_rebuilds_alike(history, on_postgresql, account_on):
    zone, seed = history
    lists = Lists(on_postgresql, account_on(on_postgresql))
    with on_postgresql.app_context(), transaction() as session:
        session.execute(update(User).values(timezone=zone))
    History(lists, seed).live(around=CHANGES_OF_CLOCKS[zone], days=16)
    before = count_rows(on_postgresql)
    thin(on_postgresql, limits_of(on_postgresql, full=4, kept=11))
    derived, after = lists.derived(), count_rows(on_postgresql)

    with on_postgresql.app_context(), transaction():
        done = rebuild.rebuild(lists.account_id)

    assert all(after[name] < before[name] for name in after)
    assert (done.different, lists.derived()) == (0, derived)


def test_a_drop_and_the_views_of_a_young_video_stay(app, lists, later):
    posted_at = later(seconds=0)
    views = [10, 50, 90, 70, 120, 130, 140]
    for each in views:
        later(hours=5)
        lists.read(page_of(a_video("a", posted_at, view_count=each)))
    young = lists.stored(Video, "young_at")
    later(days=20)
    lists.read(page_of(a_video("a", posted_at, view_count=200)))

    thin(app, limits_of(app, full=7, kept=400))

    kept = lists.stored(VideoReading, "captured_at", "views", "is_restated")
    assert {70: True, 90: False}.items() <= {number: is_restated for _, number, is_restated in kept}.items()
    assert young[0][0] in [captured_at for captured_at, _, _ in kept]
    assert len(kept) < len(views) + 1


def test_the_job_thins_by_the_settings(app, lists, later):
    now = later(hours=25 - later(seconds=0).hour)  # after one in the morning
    for _ in range(10):
        lists.read(page_of(a_video("a", now)), at=later(minutes=1))
    later(days=100)

    with app.app_context(), transaction():
        queue.enqueue("analytics.retain", due_at=clock.now(), owner_id=None)
    run_due_jobs(app, except_kinds={SYNC_VIDEOS})

    assert len(lists.stored(AccountTotals, "captured_at")) == 1


def test_an_account_that_was_disconnected_meanwhile_has_nothing_to_thin(app):
    limits = limits_of(app, full=90, kept=800)

    with app.app_context(), transaction():
        assert retention.Thinning(new_id(), limits).take_step()


def test_more_rows_than_a_step_forgets_and_more_videos_than_it_thins_take_several(app, lists, later):
    now = later(hours=25 - later(seconds=0).hour)  # after one in the morning
    for _ in range(2):
        lists.read(page_of(*(a_video(f"v{number}", now) for number in range(201))), at=later(minutes=1))
    with app.app_context(), transaction() as session:
        session.add_all(
            AccountReading(
                account_id=lists.account_id,
                captured_at=now - timedelta(days=900, seconds=number),
                day=None if number else (now - timedelta(days=900)).date(),
            )
            for number in range(2_001)
        )
    later(days=100)
    limits = limits_of(app, full=90, kept=800)

    thin(app, limits)

    kept = count_rows(app)
    assert (kept["account_totals"], kept["account_readings"], kept["video_readings"]) == (1, 1, 201)


def test_the_newest_reading_stays_however_old_it_is(app, lists, later, read_profile):
    read_profile(str(lists.account_id), "2026-03-02T12:00Z", follower_count=5)
    now = later(seconds=0)
    lists.read(page_of(a_video("a", now), a_video("gone", now)))
    lists.read(page_of(a_video("a", now, view_count=11)))
    later(days=2000)

    thin(app, limits_of(app, full=90, kept=800))

    assert count_rows(app) == {"account_readings": 1, "account_totals": 1, "video_totals": 1, "video_readings": 2}


def test_the_job_goes_on_after_it_was_killed_and_then_rests(app, lists, later):
    now = later(seconds=0)
    for _ in range(60):
        later(hours=4)
        lists.read(page_of(a_video("a", now)))
    later(days=100)
    limits = limits_of(app, full=90, kept=800)
    with app.app_context():
        for _ in range(3):  # a worker that dies after three steps
            with transaction():
                retention.Thinning(lists.account_id, limits).take_step()
        until = db.session.scalar(select(DayZone.thinned_until))
        assert until is not None
        assert until < limits.full_since

    run_due_jobs(app)
    with app.app_context():
        clock_offset.advance(timedelta(days=1))
    thin(app, limits)

    assert count_rows(app)["account_totals"] == 11
    with app.app_context():
        assert retention.next_account(limits) is None


def test_no_transaction_deletes_more_than_some_rows(app, lists, later):
    now = later(seconds=0).replace(hour=1)
    with app.app_context(), transaction() as session:
        session.add_all(
            AccountReading(account_id=lists.account_id, captured_at=now + timedelta(seconds=10 * number), followers=1)
            for number in range(4_500)
        )
    later(days=100)
    deleted = []

    def note(_connection, cursor, statement, *_):
        if statement.startswith("DELETE FROM account_readings"):
            deleted.append(cursor.rowcount)

    with app.app_context():
        engine = db.engine
    with listening(engine, "after_cursor_execute", note):
        thin(app, limits_of(app, full=90, kept=800))

    assert deleted == [2_000, 2_000, 499]
    assert count_rows(app)["account_readings"] == 1


def test_readings_in_a_zone_that_was_left_are_counted_anew_before_they_are_thinned(app, owner, lists, later):
    now = later(seconds=0)
    for _ in range(30):
        later(hours=3)
        lists.read(page_of(a_video("a", now)))
    in_zone(app, owner, "Asia/Tokyo")
    later(days=100)

    thin(app, limits_of(app, full=90, kept=800))

    days = [at.astimezone(ZoneInfo("Asia/Tokyo")).date() for (at,) in lists.stored(AccountTotals, "captured_at")]
    assert len(set(days)) == len(days)
    assert [day for (day,) in lists.stored(AccountTotals, "day")] == days
