"""Young videos are read hourly and the whole list once a day; what TikTok does oddly in between does no harm."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from tests.analytics.collection.conftest import a_video, page_of
from tiktok_api.analytics.models import AccountTotals, SyncKind, Video, VideoReading, VideoSync
from tiktok_api.db import db


def test_one_page_is_read_each_hour_and_the_whole_list_within_each_day(newcomer, run_jobs, pass_time, pages_read):
    run_jobs()
    at_first = pages_read()

    hourly = []
    for _ in range(45):
        pass_time(hours=1)
        hourly.append(pages_read())

    assert at_first == 4
    assert set(hourly) == {1, 4}
    whole = [hour for hour, pages in enumerate(hourly, start=1) if pages == 4]
    assert len(whole) == 2
    assert whole[0] <= 21
    assert whole[1] - whole[0] <= 21


def test_old_videos_get_one_reading_a_day_and_young_ones_one_an_hour(app, newcomer, run_jobs, pass_time):
    run_jobs()
    for _ in range(30):
        pass_time(hours=1)

    with app.app_context():
        readings = {}
        for posted_at, video_id in db.session.execute(
            select(Video.posted_at, Video.video_id).join(VideoReading, VideoReading.video_id == Video.id)
        ):
            readings.setdefault((posted_at.year, posted_at.month, video_id), []).append(posted_at)
        counts = sorted(len(each) for each in readings.values())
        assert db.session.scalar(select(AccountTotals.id).offset(2)) is None
    assert counts[-3:] == [31, 31, 31]
    # the rest of a page that has young videos comes with it
    assert (counts[0], counts.count(2)) == (2, 43)


def test_a_person_who_asks_gets_the_whole_list(owner, newcomer, run_jobs, pass_time, pages_read):
    run_jobs()
    pass_time(hours=1)
    pages_read()

    assert owner.post(f"/accounts/{newcomer}/sync").status_code == 202
    run_jobs()
    asked = pages_read()
    pass_time(hours=1)

    assert (asked, pages_read()) == (4, 1)


def test_young_videos_on_two_pages_are_read_to_the_end(lists, later):
    now = later(seconds=0)
    old = a_video("old", now - timedelta(days=90))
    lists.read(page_of(old))
    now = later(hours=1)
    first, second = a_video("b", now - timedelta(hours=5)), a_video("a", now - timedelta(hours=47))
    third = a_video("c", now - timedelta(hours=49))

    lists.read(
        page_of(first, cursor=first.created_at),
        page_of(second, cursor=second.created_at),
        page_of(third, cursor=third.created_at),
    )

    assert lists.stored(VideoSync, "kind", "is_running") == [(SyncKind.YOUNG, False)]
    assert len(lists.stored(AccountTotals, "views")) == 1
    assert [name for name, gone_at in lists.stored(Video, "video_id", "gone_at") if gone_at] == []


def test_a_young_sync_that_reaches_the_end_is_whole(lists, later):
    now = later(seconds=0)
    lists.read(page_of(a_video("a", now)))
    later(hours=1)

    lists.read(page_of(a_video("a", now, view_count=12)))

    assert lists.stored(AccountTotals, "views") == [(10,), (12,)]


def test_a_young_sync_marks_what_it_passed_as_gone_and_nothing_else(lists, later):
    now = later(seconds=0)
    young = [a_video(name, now - timedelta(hours=age)) for name, age in (("a", 1), ("b", 2), ("c", 3))]
    old = [a_video(name, now - timedelta(days=age)) for name, age in (("d", 50), ("e", 60))]
    lists.read(page_of(*young, *old))
    later(hours=1)

    lists.read(page_of(young[0], young[2], old[0], cursor=old[0].created_at))

    assert [name for name, gone_at in lists.stored(Video, "video_id", "gone_at") if gone_at] == ["b"]
    assert len(lists.stored(AccountTotals, "views")) == 1


def test_an_old_video_pinned_to_the_top_ends_nothing(lists, later):
    now = later(seconds=0)
    pinned = a_video("pinned", now - timedelta(days=300))
    young = [a_video(name, now - timedelta(hours=age)) for name, age in (("a", 1), ("b", 2), ("c", 3))]
    lists.read(page_of(pinned, *young))
    later(hours=1)

    lists.read(page_of(pinned, young[0], cursor=young[0].created_at))

    assert lists.stored(VideoSync, "is_running") == [(True,)]
    assert [gone_at for (gone_at,) in lists.stored(Video, "gone_at")] == [None] * 4


def test_a_list_that_tiktok_cuts_takes_nothing_away(lists, later):
    now = later(seconds=0)
    videos = [a_video(str(number), now - timedelta(days=number)) for number in range(1, 5)]
    lists.read(page_of(*videos))
    later(hours=21)

    lists.read(page_of(*videos[:2], cursor=videos[1].created_at, is_cut=True))

    assert [gone_at for (gone_at,) in lists.stored(Video, "gone_at")] == [None] * 4
    assert len(lists.stored(AccountTotals, "views")) == 1
    assert lists.stored(VideoSync, "is_running") == [(False,)]


def test_a_cut_list_of_which_nothing_is_missing_is_whole(lists, later):
    now = later(seconds=0)
    lists.read(page_of(a_video("a", now), is_cut=True))

    assert lists.stored(AccountTotals, "views") == [(10,)]


def test_an_empty_page_before_the_end_is_read_past(lists, later):
    now = later(seconds=0)
    a, b = a_video("a", now), a_video("b", now - timedelta(days=9))

    lists.read(page_of(a, cursor=a.created_at), page_of(cursor=now - timedelta(days=1)), page_of(b))

    assert lists.stored(AccountTotals, "videos_counted") == [(2,)]


def test_a_video_on_two_pages_is_stored_once_and_the_first_word_counts(lists, later):
    now = later(seconds=0)
    a, again = a_video("a", now, view_count=100), a_video("a", now, view_count=3)

    lists.read(page_of(a, cursor=a.created_at), page_of(again, again), at=now)

    assert lists.stored(Video, "views", "is_restated") == [(100, False)]
    assert lists.stored(VideoReading, "views") == [(100,)]


def test_a_clock_that_is_a_little_slow_keeps_the_order_of_readings(lists, later):
    now = later(seconds=0)
    lists.read(page_of(a_video("a", now)))

    lists.read(page_of(a_video("a", now, view_count=20)), at=now - timedelta(seconds=30))

    assert [views for _, views in lists.stored(VideoReading, "captured_at", "views")] == [10, 20]
    assert lists.stored(AccountTotals, "views") == [(10,), (20,)]


def test_the_views_at_one_day_of_age_are_kept_once(lists, later):
    posted_at = later(seconds=0)
    ages = [(1, 5), (22, 100), (3, 200), (5, 300), (30, 900)]  # hours since the one before, and views

    for hours, views in ages:
        later(hours=hours)
        lists.read(page_of(a_video("a", posted_at, view_count=views)))

    assert lists.stored(Video, "young_views") == [(200,)]


def test_a_video_that_was_not_read_in_its_second_day_has_no_young_views(lists, later):
    posted_at = later(seconds=0)

    for hours, views in ((23, 100), (25, 200)):
        later(hours=hours)
        lists.read(page_of(a_video("a", posted_at, view_count=views)))

    assert lists.stored(Video, "young_views", "young_at") == [(None, None)]


def test_the_age_of_the_oldest_list_is_a_gauge(newcomer, client, run_jobs, pass_time, pages_read):
    run_jobs()
    pass_time(hours=2)

    shown = client.get("/metrics").text

    [age] = [
        line.split()[1] for line in shown.splitlines() if line.startswith("tiktok_api_video_lists_oldest_seconds ")
    ]
    assert 7_100 < float(age) < 7_300


def test_an_account_whose_list_was_never_read_counts_since_it_was_connected(newcomer, client, pass_time, simulator):
    simulator.control.mischief("video_list", "status", status=500, every=True)
    pass_time(hours=5)

    shown = client.get("/metrics").text

    [age] = [
        line.split()[1] for line in shown.splitlines() if line.startswith("tiktok_api_video_lists_oldest_seconds ")
    ]
    assert 17_900 < float(age) < 18_100


@pytest.mark.parametrize("cursor", [10**18, 7, -(10**6)])
def test_a_cursor_that_is_no_time_takes_nothing_away(cursor, lists, later):
    now = later(seconds=0)
    young = [a_video(name, now - timedelta(hours=age)) for name, age in (("a", 1), ("b", 2), ("c", 3))]
    lists.read(page_of(*young))
    later(hours=1)

    lists.read(replace(page_of(young[0]), cursor=cursor, has_more=True))

    assert [gone_at for (gone_at,) in lists.stored(Video, "gone_at")] == [None] * 3
