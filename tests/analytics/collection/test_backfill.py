"""tiktok-api analytics backfill: everything that TikTok lists, once, whatever happens in between"""

import json
import os
import subprocess
import sys
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from tests.analytics.collection.conftest import a_video, page_of
from tests.cli.conftest import Operator
from tests.servers import wait_until
from tiktok_api import clock, clock_offset
from tiktok_api.accounts.token_refresh import TokenVault
from tiktok_api.analytics.collection import ingest, page_reader, sync_position
from tiktok_api.analytics.collection.page_reader import Backfill, NothingToRead, PageStored, Postponed
from tiktok_api.analytics.models import AccountTotals, ReadingSource, SyncKind, Video, VideoReading, VideoSync
from tiktok_api.db import db, transaction
from tiktok_api.extensions import services_of


@pytest.fixture
def operator(app):
    return Operator(app)


@pytest.fixture
def backfill(app, newcomer):
    """The backfill of the newcomer, page by page: `backfill()`."""
    reader = Backfill(newcomer, services_of(app)[TokenVault])

    def read():
        with app.app_context():
            return reader.read_next()

    return read


@pytest.fixture
def counted(app):
    """How many videos there are, how many readings, and of what source, and how many totals."""

    def look():
        with app.app_context():
            by_source = select(VideoReading.source, func.count()).group_by(VideoReading.source)
            sources = dict(map(tuple, db.session.execute(by_source)))
            totals = db.session.scalars(select(AccountTotals.source).order_by(AccountTotals.captured_at)).all()
            return db.session.scalar(select(func.count()).select_from(Video)), sources, totals

    return look


def test_everything_is_read_with_its_source_and_shown(operator, newcomer, counted):
    done = operator.read("analytics", "backfill", "@newcomer")

    assert [(row["account"], row["videos"], row["pages"], row["outcome"]) for row in done] == [
        ("@newcomer", 63, 4, "done")
    ]
    assert counted() == (63, {ReadingSource.BACKFILL: 63}, [ReadingSource.BACKFILL])


def test_progress_is_lines_without_a_terminal(operator, newcomer):
    done = operator("analytics", "backfill", "--all")

    assert done.exit_code == 0, done.output
    assert "@newcomer: 0 of 63 videos, 0 pages, begins" in done.stderr
    assert "done" in done.stdout


def test_it_knows_no_bound_where_syncs_have_one(app, lists, later):
    now = later(seconds=0)
    with app.app_context():
        with transaction():
            step = sync_position.next_page_of_backfill(lists.account_id, since=None)
        with transaction():
            db.session.execute(select(VideoSync)).scalar_one().pages = ingest.MOST_PAGES
        a, b = a_video("a", now), a_video("b", now - timedelta(days=9))
        with transaction():
            is_over = ingest.store_page(step, page_of(a, cursor=a.created_at), now)
        assert not is_over
        with transaction():
            step = sync_position.next_page_of_backfill(lists.account_id, since=step.started_at)
        with transaction():
            assert ingest.store_page(step, page_of(b), now)

    assert lists.stored(AccountTotals, "videos_counted", "source") == [(2, ReadingSource.BACKFILL)]


def test_a_sync_of_the_worker_ends_at_its_bound_and_says_so(app, lists, later):
    now = later(seconds=0)
    videos = [a_video(name, now - timedelta(days=age)) for name, age in (("a", 1), ("b", 2), ("c", 30))]
    lists.read(page_of(*videos))
    later(hours=21)
    with app.app_context():
        with transaction():
            step = sync_position.next_page(lists.account_id, "a job")
        with transaction():
            db.session.execute(select(VideoSync)).scalar_one().pages = ingest.MOST_PAGES - 1
        with transaction():
            assert ingest.store_page(step, page_of(videos[0], cursor=videos[1].created_at), clock.now())

    assert [cut is not None for (cut,) in lists.stored(AccountTotals, "read_back_to")] == [False, True]
    assert lists.stored(AccountTotals, "videos_counted") == [(3,), (3,)]


def test_run_again_it_adds_a_reading_and_nothing_else(operator, newcomer, counted):
    operator.read("analytics", "backfill", "@newcomer")

    operator.read("analytics", "backfill", "@newcomer")

    assert counted() == (63, {ReadingSource.BACKFILL: 126}, [ReadingSource.BACKFILL] * 2)


def test_it_goes_on_where_a_worker_is_and_the_worker_lets_it(app, newcomer, backfill, counted, run_jobs):
    vault = services_of(app)[TokenVault]
    with app.app_context():
        page_reader.read_next(newcomer, "a job", vault)

        assert isinstance(backfill(), PageStored)
        assert isinstance(page_reader.read_next(newcomer, "a job", vault), Postponed)

    run_jobs()
    while not (outcome := backfill()).is_over:
        pass
    assert outcome == PageStored(3, is_over=True)
    assert counted() == (63, {ReadingSource.VIDEO_LIST: 20, ReadingSource.BACKFILL: 43}, [ReadingSource.BACKFILL])


def test_a_worker_finishes_what_a_dead_backfill_has_left(backfill, counted, run_jobs, pass_time):
    backfill()

    pass_time(minutes=20)
    run_jobs()

    assert counted() == (63, {ReadingSource.BACKFILL: 63}, [ReadingSource.BACKFILL])


def test_two_backfills_at_once_share_the_pages(app, newcomer, backfill, counted, pages_read):
    with app.app_context():
        other = Backfill(newcomer, services_of(app)[TokenVault])
        for turn in range(4):
            last = backfill() if turn % 2 else other.read_next()
        rest = [backfill(), other.read_next()]

    assert last == PageStored(3, is_over=True)
    assert rest == [NothingToRead(), NothingToRead()]
    assert (pages_read(), counted()[0]) == (4, 63)


def test_a_page_that_another_driver_was_faster_with_is_read_past(app, newcomer, counted):
    with app.app_context():
        with transaction():
            slow = sync_position.next_page_of_backfill(newcomer, since=None)
        other = Backfill(newcomer, services_of(app)[TokenVault])
        other.read_next()
        with transaction():
            assert ingest.store_page(slow, page_of(a_video("x", clock.now())), clock.now())
        assert sync_position.progress_of(newcomer).is_running

    assert counted()[0] == 20


def test_it_waits_as_long_as_tiktok_asks(app, newcomer, backfill, simulator):
    simulator.control.mischief("video_list", "status", status=429)

    outcome = backfill()

    assert isinstance(outcome, Postponed)
    assert timedelta(seconds=50) < outcome.pause <= timedelta(seconds=60)
    assert isinstance(backfill(), PageStored)


def test_an_account_without_the_scope_is_told_and_the_exit_code_is_one(operator, owner, connect_account, simulator):
    connect_account(owner, "katherine", scopes=["user.info.basic", "user.info.profile", "user.info.stats"])

    done = operator("analytics", "backfill", "--all", "--json")

    assert done.exit_code == 1
    assert json.loads(done.stdout)[0]["outcome"] == "scope_missing"
    assert simulator.control.requests(endpoint="video_list") == []


def test_accounts_or_all_must_be_named(operator):
    assert operator("analytics", "backfill").exit_code == 2
    assert operator("analytics", "rebuild", "@ada", "--all").exit_code == 2


def test_a_backfill_of_yesterday_begins_again(app, newcomer, backfill, counted):
    backfill()
    with app.app_context():
        clock_offset.advance(timedelta(days=2))

    with app.app_context():
        reader = Backfill(newcomer, services_of(app)[TokenVault])
        while not reader.read_next().is_over:
            pass
        assert db.session.scalar(select(VideoSync.kind)) is SyncKind.BACKFILL

    assert counted() == (63, {ReadingSource.BACKFILL: 83}, [ReadingSource.BACKFILL])


@pytest.fixture
def command(owner, connect_account, simulator, simulator_urls, database_url):
    """The command in a process of its own, for an account with 110 videos: the arguments of `subprocess.run`."""
    simulator.control.freeze()
    simulator.control.seed_videos("newcomer", count=110, spacing_seconds=60, created_at="2026-01-01T00:00:00Z")
    account_id = connect_account(owner, "newcomer")
    simulator.control.clear_requests()
    settings = {name.upper(): value for name, value in simulator_urls.items()} | {"DATABASE_URL": database_url}
    arguments = [sys.executable, "-m", "tiktok_api", "analytics", "backfill", account_id, "--json"]
    return {"args": arguments, "env": os.environ | settings}


def test_a_command_that_was_killed_between_two_pages_resumes(app, command, counted, pages_read):
    nowhere = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(**command, **nowhere) as first:
        wait_until(lambda: counted()[0] >= 40, seconds=60)  # two pages of six: one a second at most
        first.kill()
    at_death = counted()[0]
    again = subprocess.run(**command, capture_output=True, text=True, check=False)

    assert 40 <= at_death < 110
    assert again.returncode == 0, again.stderr
    assert [row["outcome"] for row in json.loads(again.stdout)] == ["done"]
    assert counted() == (110, {ReadingSource.BACKFILL: 110}, [ReadingSource.BACKFILL])
    assert pages_read() <= 7
    with app.app_context():
        assert db.session.scalars(select(VideoSync.completed_at)).one() is not None
