"""What TikTok would refuse of a schedule, and when another post fits: held against counting in the plainest way."""

import random
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.posts.capacity.simulated_counting import DAY, refused
from tiktok_api.posts.capacity.forecast import Allowed, Past, PlannedInit, next_free, refusals_of
from tiktok_api.posts.limits import Cap

START = datetime(2027, 3, 1, tzinfo=UTC)
seconds = st.integers(0, 40 * 3600) | st.integers(0, 300) | st.sampled_from([0, 60, 86_400, 86_460])
kinds = st.tuples(st.booleans(), st.booleans())


def init(offset, creator="ada", is_direct=True, is_photo=False, key=None):
    return PlannedInit(START + timedelta(seconds=offset), creator, is_direct, is_photo, key)


some_inits = st.lists(
    st.builds(lambda at, who, kind: init(at, who, *kind), seconds, st.sampled_from("abcd"), kinds), max_size=60
)
caps = st.fixed_dictionaries(
    {
        "creator_posts": st.integers(1, 8),
        "app_creators": st.none() | st.integers(1, 3),
        "inbox_shares": st.integers(1, 5),
    }
)


def named(inits, allowed, past=None):
    found = refusals_of(inits, past or Past(), Allowed(**allowed))
    return [(refusal.init, refusal.cap.value) for refusal in found]


@given(inits=some_inits, allowed=caps)
def test_exactly_those_are_named_that_tiktok_refuses(inits, allowed):
    assert named(inits, allowed) == refused(inits, **allowed)


def test_of_ten_thousand_planned_posts_exactly_those_are_named_that_tiktok_refuses():
    chance = random.Random(13)
    creators = [f"creator {number}" for number in range(120)]
    week = 7 * 86_400
    inits = [
        init(
            chance.choice([chance.randrange(week), chance.randrange(0, week, 1800)]), chance.choice(creators), *kind, n
        )
        for n in range(10_000)
        for kind in [(chance.random() < 0.8, chance.random() < 0.3)]
    ]
    allowed = {"creator_posts": 11, "app_creators": 100, "inbox_shares": 3}

    found = named(inits, allowed)

    assert found == refused(inits, **allowed)
    assert {reason for _, reason in found} >= {"creator_cap_reached", "app_cap_reached", "inbox_shares_pending"}


@given(inits=some_inits, allowed=caps, now=seconds)
def test_what_has_happened_counts_as_if_it_were_forecast(inits, allowed, now):
    now = START + timedelta(seconds=now)
    refusals = refused(inits, **allowed)
    not_counted = {id(each) for each, reason in refusals}  # of two that are alike, one may be taken
    taken = sorted((each for each in inits if each.at <= now and id(each) not in not_counted), key=lambda each: each.at)
    called = [each for each, reason in refusals if reason != "inits_per_minute" and each.at <= now]
    past = Past(
        inits=sorted([*taken, *called], key=lambda each: each.at),
        posts=[each for each in taken if each.is_direct],
        shares=[each for each in taken if not each.is_direct],
        active={each.creator: each.at for each in taken if each.is_direct},
    )
    to_come = [each for each in inits if each.at > now]

    assert named(to_come, allowed, past) == [(each, reason) for each, reason in refusals if each.at > now]


@settings(max_examples=60)
@given(inits=some_inits, allowed=caps, at=seconds, kind=kinds)
def test_a_free_time_refuses_neither_the_post_nor_what_its_creator_has_planned(inits, allowed, at, kind):
    one = init(at, "a", *kind, key="one")
    before = refused(inits, **allowed)
    planned = [each for each in inits if each not in [refusal for refusal, _ in before]]
    allowed_all = Allowed(**allowed)

    free = next_free(one, planned, Past(), allowed_all, count=3)

    assert len(free) == 3
    assert free[0] >= one.at
    found = []
    for number, time in enumerate(free):
        found.append(PlannedInit(time, "a", *kind, key=number))
    refusals = refused([*planned, *found], **allowed)
    assert [each for each, _ in refusals if each in found] == []
    assert [each for each, reason in refusals if each.creator == "a" and reason != "app_cap_reached"] == []


def test_the_first_free_time_is_the_moment_at_which_the_oldest_leaves_the_window():
    planned = [init(number * 3600) for number in range(3)]
    allowed = Allowed(creator_posts=3)

    free = next_free(init(4 * 3600), planned, Past(), allowed, count=2)

    assert free == [START + DAY, START + DAY + timedelta(hours=1)]


def test_a_creator_with_a_cap_of_its_own_is_counted_by_that():
    allowed = Allowed(creator_posts=15, of_creators={("ada", Cap.CREATOR_POSTS): 1})

    found = refusals_of([init(0), init(60), init(60, "grace")], Past(), allowed)

    assert [(each.init.creator, each.found, each.allowed) for each in found] == [("ada", 1, 1)]


def test_where_nothing_more_fits_within_reach_fewer_times_are_offered():
    planned = [init(number * 86_400, "grace") for number in range(1_500)]

    free = next_free(init(0), planned, Past(), Allowed(creator_posts=15, app_creators=1), count=1)

    assert free == []
