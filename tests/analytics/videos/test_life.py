"""GET /analytics/posts/{id}: one post's history against every reading of it."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete

from tests.analytics.videos import history
from tests.analytics.videos.history import START
from tests.analytics.videos.labelled import label_post
from tiktok_api.analytics.metrics import VIDEO_COUNTERS
from tiktok_api.analytics.models import Video, VideoReading
from tiktok_api.analytics.videos import readings
from tiktok_api.analytics.videos.readings import Reading
from tiktok_api.db import db, transaction

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.fixture
def account_id(app, owner, make_account):
    return UUID(make_account(owner))


@pytest.fixture
def book(app, account_id):
    with app.app_context():
        return history.write([account_id], seed=15, videos=30)


def life_of(person, post_id, query=""):
    response = person.get(f"/analytics/posts/{post_id}{query}")
    assert response.status_code == 200
    return response.json


def test_days_add_up_to_what_was_gained_and_gaps_stay_gaps(owner, book):
    for video in book.videos:
        [told] = life_of(owner, video.id, "?timezone=Europe/Berlin")["videos"]

        counted = video.counted(datetime.max.replace(tzinfo=START.tzinfo))
        for name in VIDEO_COUNTERS:
            gained = [day["change"][name] for day in told["days"] if day["change"][name] is not None]
            assert sum(gained) == (counted[-1][1][name] - video.first[name] if counted else 0)
        read = {str(at.astimezone(BERLIN).date()) for at, _ in counted}
        assert {day["date"] for day in told["days"] if day["value"]["views"] is not None} == read
        assert all(day["reason"] for day in told["days"] if day["date"] not in read)
        assert [point["views"] for point in told["points"]][-1:] == (
            [] if not video.readings else [(video.readings[-1][1] or {}).get("views")]
        )


def test_a_date_that_the_zone_left_out_is_no_day():
    samoa = ZoneInfo("Pacific/Apia")  # which went from the 29th to the 31st
    first, last = (datetime(2011, 12, day, 12, tzinfo=samoa).astimezone(UTC) for day in (28, 31))
    known = [Reading(at, dict.fromkeys(VIDEO_COUNTERS, number)) for number, at in ((5, first), (9, last))]

    told = readings.days_of(known[0], known, samoa, until=last)

    assert [str(day["date"]) for day in told] == ["2011-12-28", "2011-12-29", "2011-12-31"]
    assert [day["value"]["views"] for day in told] == [5, None, 9]


def test_what_was_gained_before_the_first_reading_that_is_left_is_of_no_day(app, owner, book):
    """Retention has taken the readings of the first days."""
    video = next(
        each
        for each in book.videos
        if not each.is_watched and len(each.counted(datetime.max.replace(tzinfo=START.tzinfo))) > 3
    )
    counted = video.counted(datetime.max.replace(tzinfo=START.tzinfo))
    with app.app_context(), transaction() as session:
        session.execute(
            delete(VideoReading).where(VideoReading.video_id == video.id, VideoReading.captured_at < counted[2][0])
        )

    [told] = life_of(owner, video.id)["videos"]

    for name in VIDEO_COUNTERS:
        gained = sum(day["change"][name] for day in told["days"] if day["change"][name] is not None)
        assert gained == counted[-1][1][name] - counted[2][1][name]


def test_a_post_of_ours_has_all_its_videos(app, owner, book):
    with app.app_context():
        label_post(UUID(owner.user_id), book.videos[:2], "spring")
        post_id = db.session.get_one(Video, book.videos[0].id).post_id

    told = life_of(owner, post_id)

    assert {video["id"] for video in told["videos"]} == {str(video.id) for video in book.videos[:2]}
    assert {video["post_id"] for video in told["videos"]} == {str(post_id)}


def test_a_post_without_a_video_yet_has_an_empty_history(app, owner, book):
    with app.app_context():
        label_post(UUID(owner.user_id), [book.videos[0]], "spring")
        with transaction():
            video = db.session.get_one(Video, book.videos[0].id)
            post_id, video.post_id = video.post_id, None

    assert life_of(owner, post_id)["videos"] == []


def test_a_strangers_post_does_not_exist(stranger, book):
    responses = [stranger.get(f"/analytics/posts/{each}") for each in (book.videos[0].id, uuid4())]

    assert [response.status_code for response in responses] == [404, 404]


def test_a_post_is_compared_with_the_others_at_the_same_age(app, owner, book):
    with app.app_context(), transaction():
        for views, video in zip((300, 100, 200, 900), book.videos, strict=False):
            row = db.session.get_one(Video, video.id)
            row.young_views, row.young_at = views, row.posted_at + timedelta(hours=25)

    [told] = life_of(owner, book.videos[0].id)["videos"]

    assert told["at_24_hours"] == {
        "views": 300,
        "age_hours": 25.0,
        "median_views": 200,
        "posts": 3,
        "ratio": 1.5,
        "reason": None,
    }


def test_a_post_that_was_not_read_at_that_age_says_so(owner, book):
    [told] = life_of(owner, book.videos[0].id)["videos"]

    assert told["at_24_hours"]["reason"] == "not_read_at_that_age"
    assert told["at_24_hours"]["ratio"] is None


hours = st.lists(st.integers(0, 800_000), min_size=1, max_size=60, unique=True).map(sorted)


@given(hours, st.booleans())
def test_rates_are_of_consecutive_points_and_sum_to_all_views(seconds, is_withheld):
    known = [
        Reading(
            START + timedelta(seconds=each),
            None if is_withheld and each % 3 == 0 else dict.fromkeys(VIDEO_COUNTERS, each),
        )
        for each in seconds
    ]
    posted_at = START - timedelta(hours=1)
    chosen = readings.choose(known, posted_at, BERLIN)
    base = Reading(posted_at, dict.fromkeys(VIDEO_COUNTERS, 0))

    found = readings.rates_of(base, chosen, posted_at)

    counted = [each for each in chosen if each.numbers]
    assert len(found) == len(counted)
    assert sum(each["views"] for each in found) == (counted[-1].numbers["views"] if counted else 0)
    assert all(before["ends_at"] == after["starts_at"] for before, after in pairwise(found))
    for each in found:
        span = (each["ends_at"] - each["starts_at"]) / timedelta(hours=1)
        assert each["views_per_hour"] == pytest.approx(each["views"] / span, abs=1e-5)


@given(hours)
def test_points_are_the_last_of_each_hour_and_then_of_each_day(seconds):
    known = [Reading(START + timedelta(seconds=each), dict.fromkeys(VIDEO_COUNTERS, each)) for each in seconds]

    chosen = readings.choose(known, START, BERLIN)

    last = {}
    for each in known:
        age = (each.captured_at - START).total_seconds()
        local = each.captured_at.astimezone(BERLIN).date()
        last[f"hour {age // 3600}" if age < 48 * 3600 else f"day {local}"] = each
    assert chosen == sorted(last.values(), key=lambda each: each.captured_at)


def test_a_long_life_is_told_by_its_first_400_points():
    known = [Reading(START + timedelta(hours=12 * each), dict.fromkeys(VIDEO_COUNTERS, each)) for each in range(2_000)]

    assert len(readings.choose(known, START, BERLIN)) == 400
    assert len(readings.days_of(known[0], known, BERLIN, until=known[-1].captured_at)) == 400
