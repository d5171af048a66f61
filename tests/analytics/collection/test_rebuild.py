"""tiktok-api analytics rebuild: what was derived from readings is computed again, with the same result"""

import threading
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import delete, select, update

from tests.analytics.collection.conftest import Lists, a_video, page_of
from tests.analytics.collection.history import CHANGES_OF_CLOCKS, History
from tests.analytics.conftest import instant
from tests.cli.conftest import Operator
from tests.samples import sampled
from tiktok_api import clock
from tiktok_api.accounts.models import Account
from tiktok_api.analytics import video_arrays
from tiktok_api.analytics.collection import ingest, rebuild, sync_position
from tiktok_api.analytics.metrics import VIDEO_COUNTERS
from tiktok_api.analytics.models import (
    NOT_COUNTED,
    AccountReading,
    AccountTotals,
    Video,
    VideoStarts,
    VideoSync,
    VideoTotals,
)
from tiktok_api.db import db, transaction

ZEROS = {f"{name}{suffix}": 0 for name in VIDEO_COUNTERS for suffix in ("", "_gained", "_drops")}


@pytest.fixture
def operator(app):
    return Operator(app)


@pytest.fixture
def lose_everything(app, lists):
    """Undo what was derived: sums are 0, arrays are gone, no reading is the last of its day."""

    def lose():
        with app.app_context(), transaction() as session:
            session.execute(delete(VideoTotals))
            session.execute(update(AccountTotals).values(day=None, videos_counted=0, **ZEROS))
            session.execute(update(AccountReading).values(day=None))

    return lose


@pytest.mark.parametrize("seed", sampled(range(100, 120), one_in=5))
def test_rebuilding_changes_nothing_and_brings_back_what_was_lost(seed, app, lists, operator, lose_everything):
    History(lists, seed).live(around=CHANGES_OF_CLOCKS["UTC"], days=10)
    before = lists.derived()

    at_first = operator.read("analytics", "rebuild", str(lists.account_id))
    unchanged = lists.derived()
    lose_everything()
    lost = lists.derived()
    operator.read("analytics", "rebuild", "--all")

    assert at_first[0]["different"] == 0
    assert at_first[0]["totals"] == len(before[1]) > 5
    assert (unchanged, lists.derived()) == (before, before)
    assert lost != before


@pytest.mark.parametrize("seed", sampled(range(100, 108), one_in=4))
def test_what_changes_are_counted_from_stands_in_arrays_after_each_whole_sync(seed, app, lists):
    History(lists, seed).live(around=CHANGES_OF_CLOCKS["UTC"], days=6)

    with app.app_context():
        stored = db.session.execute(select(VideoStarts)).scalar_one()
        last = db.session.scalars(select(VideoTotals).order_by(VideoTotals.captured_at.desc())).first()
        videos = db.session.scalars(select(Video)).all()
        assert len(stored.views) == len(last.views) > 0
        for name in VIDEO_COUNTERS:
            first, gains = video_arrays.unpack(getattr(stored, name)), video_arrays.unpack(getattr(last, name))
            for video in videos:
                if video.position < len(gains) and gains[video.position] != NOT_COUNTED:
                    assert first[video.position] == getattr(video, f"first_{name}")


def test_a_list_that_was_cut_at_the_bound_is_rebuilt_with_its_older_videos(app, lists, later, lose_everything):
    now = later(seconds=0)
    videos = [a_video(name, now - timedelta(days=age)) for name, age in (("a", 1), ("b", 2), ("c", 30), ("d", 40))]
    lists.read(page_of(*videos))
    later(hours=21)
    lists.read(page_of(*videos[:3]))
    later(hours=21)
    with app.app_context():
        with transaction():
            step = sync_position.next_page(lists.account_id, "a job")
        with transaction():
            db.session.execute(select(VideoSync)).scalar_one().pages = ingest.MOST_PAGES - 1
        with transaction():
            assert ingest.store_page(step, page_of(videos[0], cursor=videos[1].created_at), clock.now())
    before = lists.derived()

    lose_everything()
    with app.app_context(), transaction():
        rebuild.rebuild(lists.account_id)

    assert lists.derived() == before
    assert lists.stored(AccountTotals, "videos_counted") == [(4,), (3,), (3,)]


def test_totals_of_an_older_version_keep_their_sums(app, lists, later):
    now = later(seconds=0)
    with app.app_context(), transaction() as session:
        old = AccountTotals(
            account_id=lists.account_id, captured_at=instant("2026-03-02T12:00Z"), videos_counted=9, views=7
        )
        session.add(old)
    lists.read(page_of(a_video("a", now)))

    with app.app_context(), transaction():
        done = rebuild.rebuild(lists.account_id)

    assert (done.totals, done.different) == (1, 0)
    assert lists.stored(AccountTotals, "videos_counted", "views") == [(9, 7), (1, 10)]


def test_a_number_that_was_changed_is_put_right_and_counted(app, lists, later, operator):
    now = later(seconds=0)
    lists.read(page_of(a_video("a", now)))
    later(hours=30)
    lists.read(page_of(a_video("a", now, view_count=5)))
    before = lists.derived()
    with app.app_context(), transaction() as session:
        session.execute(update(AccountTotals).values(views_drops=8))
        session.execute(update(VideoTotals).values(likes=b""))

    done = operator.read("analytics", "rebuild", str(lists.account_id))

    assert done[0]["different"] == 4
    assert lists.derived() == before


def test_an_account_without_readings_has_nothing_to_rebuild(operator, lists):
    done = operator.read("analytics", "rebuild", "--all")

    assert [(row["id"], row["totals"], row["different"]) for row in done] == [(str(lists.account_id), 0, 0)]
    assert UUID(done[0]["id"]) == lists.account_id


@pytest.mark.postgres
def test_an_account_may_be_deleted_while_it_is_rebuilt(on_postgresql, account_on):
    account_id = account_on(on_postgresql)
    Lists(on_postgresql, account_id).read(page_of(a_video("a", instant("2026-03-02T12:00Z"))))
    found, is_over = [], threading.Event()

    def run():
        try:
            with on_postgresql.app_context(), transaction():
                found.append(rebuild.rebuild(account_id))
        except Exception as error:  # shown by the assertion
            found.append(error)
        is_over.set()

    with on_postgresql.app_context(), transaction() as session:
        session.get_one(Account, account_id, with_for_update=True)
        rebuilding = threading.Thread(target=run)
        rebuilding.start()
        assert not is_over.wait(timeout=timedelta(seconds=0.3).total_seconds())
        session.execute(delete(Account).where(Account.id == account_id))
    rebuilding.join(timeout=30)

    assert found == [rebuild.Rebuilt(totals=0, different=0)]
