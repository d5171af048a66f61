"""What videos had at given instants: by arrays, and by looking at every reading."""

import random
from datetime import timedelta
from itertools import pairwise

import pytest

from tests.analytics.videos import history
from tests.analytics.videos.history import START
from tests.analytics.videos.labelled import label_post
from tests.databases import on_each_database
from tiktok_api.analytics import queries, video_totals
from tiktok_api.analytics.errors import TooManyReadings
from tiktok_api.analytics.queries import INTERACTIONS
from tiktok_api.db import new_id

NAMES = ("views", "likes", "comments", "shares", INTERACTIONS)
INSTANTS = [START + timedelta(hours=hours) for hours in range(0, 13 * 24, 9)]


@on_each_database
@pytest.mark.parametrize("seed", range(4))
def test_sums_over_some_videos_are_those_of_every_reading(app_on, account_ids, seed):
    book = history.write(account_ids, seed)
    chosen = random.Random(seed).sample(book.videos, len(book.videos) // 2)
    positions = {each: [video.position for video in chosen if video.account_id == each] for each in account_ids[1:]}

    found = video_totals.snapshots_at(account_ids, INSTANTS, NAMES, positions)

    for account_id in account_ids:
        videos = [video for video in chosen if video.account_id == account_id and account_id in positions]
        for name in NAMES:
            for instant, snapshot in zip(INSTANTS, found[account_id][name], strict=True):
                assert (snapshot and snapshot[:3]) == by_hand(book, account_id, videos, name, instant)


def by_hand(book, account_id, videos, name, instant):
    at = book.last_sync(account_id, instant)
    if at is None:
        return None
    counted = [video for video in videos if video.value("views", instant) is not None]
    value = sum(
        video.value(part, instant) for video in counted if video.is_public(instant) for part in video_totals.PARTS[name]
    )
    return (at, value, sum(video.gain(part, instant) for video in counted for part in video_totals.PARTS[name]))


@on_each_database
def test_over_all_videos_they_are_the_accounts_own(app_on, account_ids):
    history.write(account_ids, seed=7)

    found = video_totals.snapshots_at(account_ids, INSTANTS, NAMES)

    for account_id in account_ids:
        whole = queries.snapshots_at(account_id, INSTANTS, ["views", "comments", "shares", INTERACTIONS])
        for name, snapshots in whole.items():
            assert [each and each[:3] for each in found[account_id][name]] == [each and each[:3] for each in snapshots]


def test_a_number_that_is_lower_than_at_the_instant_before_counts_as_lowered(app_on, account_ids):
    book = history.write(account_ids, seed=3, videos=30)
    videos = book.of(account_ids[0])

    views = video_totals.snapshots_at(account_ids[:1], INSTANTS, ["views"])[account_ids[0]]["views"]

    drops = [
        sum((video.value("views", now) or 0) < (video.value("views", before) or 0) for video in videos)
        for before, now in pairwise(INSTANTS)
    ]
    known = [each.drops if each else 0 for each in views]
    assert sum(drops) > 0
    assert [now - before for before, now in pairwise(known)] == drops


def test_more_readings_than_are_read_at_once_are_refused(app_on, account_ids):
    with pytest.raises(TooManyReadings):
        video_totals.snapshots_at([new_id()] * 51, [START] * 400, ["views"], {})


@on_each_database
def test_the_videos_of_a_label_are_those_of_its_posts(app_on, owner_id, account_ids):
    book = history.write(account_ids, seed=3)
    ours, other = [video for video in book.videos if video.position < 2], book.videos[-1]
    label_post(owner_id, ours, "spring")
    label_post(owner_id, [other], "autumn")

    found = video_totals.labelled_positions(owner_id, account_ids, ["spring", "none"])

    places = {(account_id, position) for account_id, positions in found.items() for position in positions}
    assert places == {(video.account_id, video.position) for video in ours}
    assert video_totals.labelled_positions(new_id(), account_ids, ["spring"]) == {}
