"""Lists and clocks that contradict themselves: numbers that cannot be, a list that is suddenly empty, a clock that was put back."""

from datetime import timedelta

import pytest

from tests.analytics.collection.conftest import a_video, page_of
from tiktok_api import clock
from tiktok_api.accounts.models import Account
from tiktok_api.analytics.collection import ingest, sync_position
from tiktok_api.analytics.collection.ingest import SYNC_VIDEOS
from tiktok_api.analytics.models import AccountTotals, Video, VideoSync
from tiktok_api.db import db, transaction
from tiktok_api.jobs.models import Job

BACK = timedelta(hours=3)


@pytest.fixture
def two_pages(lists, later):
    """Whole syncs of a video on each of two pages; `two_pages(back_at="asked")` puts the clock back within the sync."""
    now = later(hours=0)
    new, old = a_video("new", now - timedelta(hours=1)), a_video("old", now - timedelta(days=3))

    def read(*, back_at="never", pages=2):
        for number in range(pages):
            with lists.app.app_context():
                with transaction():
                    step = sync_position.next_page(lists.account_id, "a job")
                first = step.cursor is None
                if number == 1 and back_at == "asked":
                    later(hours=-3)
                page = page_of(new, cursor=new.created_at) if first else page_of(old)
                with transaction():
                    ingest.store_page(step, page, clock.now())
                if number == 0 and back_at == "stored":
                    later(hours=-3)

    return read


@pytest.fixture
def set_video_count(lists):
    """What the profile counts: `set_video_count(2)`."""

    def change(count):
        with lists.app.app_context(), transaction() as session:
            session.get_one(Account, lists.account_id).video_count = count

    return change


@pytest.mark.parametrize("back_at", ["stored", "asked"])
def test_a_clock_that_is_put_back_within_a_sync_takes_no_video_away(back_at, two_pages, lists, later):
    two_pages()
    later(days=1)

    two_pages(back_at=back_at, pages=4)

    assert {gone_at for (gone_at,) in lists.stored(Video, "gone_at")} == {None}
    assert lists.stored(AccountTotals, "videos_counted") == [(2,), (2,)]


def test_a_clock_that_was_a_year_ahead_ends_neither_syncs_nor_whole_lists(app, two_pages, lists, later, read_profile):
    later(days=365)
    two_pages()
    now = later(days=-365)

    read_profile(str(lists.account_id), now.isoformat(), follower_count=1)
    two_pages(pages=1)

    assert lists.stored(VideoSync, "kind") == [("full",)]
    with app.app_context():
        assert db.session.query(Job).filter_by(kind=SYNC_VIDEOS).count() == 1


def test_an_empty_list_against_the_word_of_the_profile_takes_no_video_away(lists, later, set_video_count):
    now = later(hours=0)
    lists.read(page_of(a_video("a", now), a_video("b", now)))
    set_video_count(2)
    later(days=1)

    lists.read(page_of())

    assert lists.stored(Video, "gone_at") == [(None,), (None,)]
    assert lists.stored(AccountTotals, "views") == [(20,)]
    assert lists.stored(VideoSync, "is_running") == [(False,)]


@pytest.mark.parametrize("count", [0, None])
def test_an_empty_list_is_believed_if_the_profile_does_not_deny_it(count, lists, later, set_video_count):
    lists.read(page_of(a_video("a", later(hours=0))))
    set_video_count(count)
    later(days=1)

    lists.read(page_of())

    assert lists.stored(AccountTotals, "videos_counted", "views") == [(1, 10), (0, 0)]


def test_a_list_without_an_end_is_left_after_as_many_pages_as_a_whole_one(lists, later):
    now = later(hours=0)
    lists.read(page_of(a_video("a", now), a_video("old", now - timedelta(days=9))))
    later(hours=1)

    lists.read(*(page_of(cursor=now - timedelta(milliseconds=number)) for number in range(ingest.MOST_PAGES + 1)))

    assert lists.stored(VideoSync, "kind", "pages", "is_running") == [("young", ingest.MOST_PAGES, False)]
    assert len(lists.stored(AccountTotals, "views")) == 1
