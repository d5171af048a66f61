"""The job that syncs an account's videos, and what it stores."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import func, select, update

from tiktok_api import clock, clock_offset
from tiktok_api.accounts.models import Account
from tiktok_api.accounts.token_refresh import TokenVault
from tiktok_api.analytics.collection import ingest, sync_position
from tiktok_api.analytics.collection.ingest import SYNC_VIDEOS
from tiktok_api.analytics.models import AccountReading, AccountTotals, Video, VideoReading, VideoSync
from tiktok_api.analytics.pictures import services
from tiktok_api.analytics.tasks import sync_videos
from tiktok_api.db import db, in_transaction, transaction
from tiktok_api.extensions import services_of
from tiktok_api.jobs.models import Job
from tiktok_api.jobs.registry import ClaimedJob
from tiktok_api.tiktok import TikTokVideo, VideoPage


@pytest.fixture
def ada(owner, connect_account, simulator):
    """An account with 34 videos, two pages, of which nothing has been read."""
    simulator.control.freeze()
    account_id = UUID(connect_account(owner, "ada"))
    simulator.control.clear_requests()
    return account_id


@pytest.fixture
def pages_asked_for(simulator):
    return lambda: len(simulator.control.requests(endpoint="video_list"))


@pytest.fixture
def count(app):
    def rows(model):
        with app.app_context():
            return db.session.scalar(select(func.count()).select_from(model))

    return rows


def page_of(*videos, cursor=None):
    return VideoPage(videos=videos, cursor=cursor, has_more=cursor is not None)


def a_video(number, **counters):
    numbers = {"view_count": 10, "like_count": 1, "comment_count": 1, "share_count": 1}
    return TikTokVideo(id=str(number), created_at=clock.now() - timedelta(days=number), **(numbers | counters))


@pytest.fixture
def sync(app):
    """One whole sync that finds these videos: `sync(account_id, a_video(1))`."""

    def go(account_id, *videos, on=app):
        with on.app_context():
            with transaction():
                step = sync_position.next_page(account_id, "a job")
            with transaction():
                return ingest.store_page(step, page_of(*videos), clock.now())

    return go


def test_a_sync_reads_every_page_once(ada, run_jobs, pages_asked_for, count):
    run_jobs()

    assert pages_asked_for() == 2
    assert (count(Video), count(VideoReading), count(AccountTotals)) == (34, 34, 1)


def test_a_sync_resumes_after_a_crash(app, ada, run_jobs, pages_asked_for, count, simulator):
    simulator.control.mischief("video_list", "garbage", nth=2)
    run_jobs()
    with app.app_context():
        assert db.session.scalar(select(VideoSync.pages)) == 1
        assert count(AccountTotals) == 0
        clock_offset.advance(timedelta(minutes=2))

    run_jobs()

    assert pages_asked_for() == 3
    assert (count(Video), count(VideoReading), count(AccountTotals)) == (34, 34, 1)


def test_a_sync_restarts_after_an_old_crash(app, ada, run_jobs, pages_asked_for, count, simulator):
    simulator.control.mischief("video_list", "garbage", nth=2)
    run_jobs()
    with app.app_context():
        clock_offset.advance(timedelta(hours=2))
    simulator.control.advance(7200)

    run_jobs()

    assert pages_asked_for() == 4
    assert (count(Video), count(VideoReading), count(AccountTotals)) == (34, 54, 1)


def test_a_busy_tiktok_delays_the_sync_by_retry_after(app, ada, run_jobs, simulator):
    simulator.control.mischief("video_list", "status", status=429)

    run_jobs()

    with app.app_context():
        due_at = db.session.scalar(select(Job.due_at).where(Job.kind == SYNC_VIDEOS))
        assert timedelta(seconds=50) < due_at - clock.now() <= timedelta(seconds=60)
        assert db.session.scalar(select(Job.attempts).where(Job.kind == SYNC_VIDEOS)) == 0


def test_an_overtaken_job_stores_nothing(app, ada, count):
    with app.app_context():
        with transaction():
            slow = sync_position.next_page(ada, "the slow one")
        with transaction():
            sync_position.next_page(ada, "the fast one")
        with transaction():
            is_over = ingest.store_page(slow, page_of(a_video(1)), clock.now())

    assert is_over
    assert count(Video) == 0


def test_the_same_page_twice_is_stored_once(app, ada, count):
    with app.app_context():
        for _ in range(2):
            with transaction():
                step = sync_position.next_page(ada, "a job")
            with transaction():
                ingest.store_page(step, page_of(a_video(1), a_video(1)), step.started_at)

    assert (count(Video), count(VideoReading)) == (1, 2)


def test_the_same_profile_twice_is_one_reading(ada, make_account, owner, read_profile, count):
    account_id = make_account(owner)
    before = count(AccountReading)

    read_profile(account_id, "2026-03-02T12:00Z", follower_count=5)
    read_profile(account_id, "2026-03-02T12:00Z", follower_count=5)

    assert count(AccountReading) == before + 1


def test_a_profile_without_numbers_is_no_reading(make_account, owner, read_profile, count):
    read_profile(make_account(owner), "2026-03-02T12:00Z")

    assert count(AccountReading) == 0


def test_half_a_reading_changes_no_numbers(app, ada, sync, count):
    sync(ada, a_video(1, view_count=10))
    sync(ada, a_video(1, view_count=30, share_count=None))
    sync(ada, a_video(1, view_count=20))

    with app.app_context():
        video = db.session.scalars(select(Video)).one()
        readings = db.session.scalars(select(VideoReading.views).order_by(VideoReading.captured_at)).all()
        tallies = db.session.scalars(select(AccountTotals.views).order_by(AccountTotals.captured_at)).all()
    assert readings == [10, 30, 20]
    assert tallies == [10, 10, 20]
    assert not video.is_restated


def test_a_video_that_comes_back_is_not_counted_twice(app, ada, sync):
    sync(ada, a_video(1, view_count=10), a_video(2, view_count=100))
    sync(ada, a_video(1, view_count=15))
    sync(ada, a_video(1, view_count=15), a_video(2, view_count=130))

    with app.app_context():
        tallies = db.session.execute(
            select(AccountTotals.views, AccountTotals.views_gained, AccountTotals.videos_counted).order_by(
                AccountTotals.captured_at
            )
        ).all()
        assert [tuple(each) for each in tallies] == [(110, 0, 2), (15, 5, 1), (145, 35, 2)]
        assert db.session.scalars(select(Video.gone_at)).all() == [None, None]


@pytest.mark.postgres
def test_postgresql_adds_up_alike(on_postgresql, account_on, sync):
    account_id = account_on(on_postgresql)
    sync(account_id, a_video(1, view_count=3 * 10**9), a_video(2, view_count=100), on=on_postgresql)
    sync(account_id, a_video(1, view_count=3 * 10**9 - 4), on=on_postgresql)

    sync(account_id, a_video(1, view_count=3 * 10**9), a_video(2, view_count=130), on=on_postgresql)

    with on_postgresql.app_context():
        columns = (AccountTotals.views, AccountTotals.views_gained, AccountTotals.views_drops)
        tallies = db.session.execute(select(*columns).order_by(AccountTotals.captured_at)).all()
        whole = 3 * 10**9
        assert [tuple(each) for each in tallies] == [(whole + 100, 0, 0), (whole - 4, -4, 1), (whole + 130, 30, 1)]
        assert db.session.scalar(select(func.count()).select_from(VideoReading)) == 5


def test_no_videos_are_zero_views_and_that_is_known(app, ada, sync):
    sync(ada)

    with app.app_context():
        store_totals = db.session.scalars(select(AccountTotals)).one()
        assert (store_totals.videos_counted, store_totals.views, store_totals.views_gained) == (0, 0, 0)


def test_a_withdrawn_scope_ends_the_sync(owner, ada, run_jobs, simulator, count):
    simulator.control.mischief("video_list", "status", status=401, code="scope_not_authorized", every=True)

    run_jobs()

    videos = owner.get(f"/accounts/{ada}/videos").json
    assert videos["reason"] == "scope_missing"
    assert count(AccountTotals) == 0


def test_a_deleted_account_is_synced_no_more(app, ada, run_jobs, pages_asked_for):
    with app.app_context(), transaction() as session:
        session.delete(session.get_one(Account, ada))

    run_jobs()

    assert pages_asked_for() == 0
    with app.app_context():
        assert db.session.scalar(select(Job.id).where(Job.kind == SYNC_VIDEOS)) is None


def test_no_transaction_is_open_during_a_request_to_tiktok(app, ada, simulator):
    seen = []

    class Watching:
        def __init__(self, inner):
            self.inner = inner

        def list_videos(self, token, *, cursor=None):
            seen.append((in_transaction(), db.session().in_transaction()))
            return self.inner.list_videos(token, cursor=cursor)

    with app.app_context():
        job = ClaimedJob(ada, SYNC_VIDEOS, ada, {}, 1, 0, 0)
        vault = services_of(app)[TokenVault]
        sync_videos(job, vault=replace(vault, tiktok=Watching(vault.tiktok)))

    assert seen == [(False, False), (False, False)]


def test_one_sync_request_reads_the_videos_once(owner, app, ada, run_jobs, pages_asked_for, pass_time):
    run_jobs()
    pass_time(minutes=20)
    before = pages_asked_for()

    owner.post(f"/accounts/{ada}/sync")
    run_jobs()

    assert pages_asked_for() == before + 2


def test_a_long_list_lets_other_jobs_run_in_between(app, owner, connect_account, run_jobs, simulator, count):
    simulator.control.seed_videos("newcomer", count=230, spacing_seconds=1, created_at="2026-01-01T00:00:00Z")
    account_id = UUID(connect_account(owner, "newcomer"))
    with app.app_context(), transaction() as session:
        session.execute(update(Job).where(Job.kind != SYNC_VIDEOS).values(due_at=clock.now() + timedelta(days=9)))

    turns = run_jobs()

    assert turns - 230 // services.COVERS_AT_ONCE == 2  # the others fetch the covers
    assert count(Video) == 230
    with app.app_context():
        assert db.session.scalar(select(Job.id).where(Job.unique_key == f"{SYNC_VIDEOS}:{account_id}")) is None
