"""GET /analytics/posts: ranks by arrays, and by looking at every reading."""

from datetime import timedelta
from fractions import Fraction
from itertools import pairwise
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.analytics.videos import history
from tests.analytics.videos.history import START
from tests.analytics.videos.labelled import label_post
from tests.databases import on_each_database
from tests.web.problems import assert_problem
from tiktok_api.accounts.models import Account
from tiktok_api.analytics import queries
from tiktok_api.analytics.metrics import VIDEO_COUNTERS
from tiktok_api.analytics.selection import select_accounts
from tiktok_api.analytics.videos import leaderboard, ranking
from tiktok_api.analytics.videos.leaderboard import RankingQuestion
from tiktok_api.analytics.videos.ranking import UNRANKED, Mark
from tiktok_api.analytics.videos.vocabulary import PostedWhen, PostMetric, RankedBy, RankingOrder
from tiktok_api.analytics.windows import Window
from tiktok_api.auth.identity import Identity
from tiktok_api.db import db, transaction
from tiktok_api.web.pagination import write_cursor

S, E = START + timedelta(days=3), START + timedelta(days=9)
WINDOW = Window(S, E, "UTC")
QUERY = f"from={S:%Y-%m-%dT%H:%M:%SZ}&to={E:%Y-%m-%dT%H:%M:%SZ}"
QUESTIONS = [
    RankingQuestion(WINDOW, E, metric, by, posted, order, 5)
    for metric in PostMetric
    for by in RankedBy
    for posted, order in ((PostedWhen.ANY, RankingOrder.DESCENDING), (PostedWhen.WINDOW, RankingOrder.ASCENDING))
]


@on_each_database
@pytest.mark.parametrize("seed", range(3))
def test_ranks_and_numbers_are_those_of_every_reading(app_on, owner_id, account_ids, seed):
    book = history.write(account_ids, seed)
    selection = select_accounts(Identity(owner_id, None))

    for question in QUESTIONS:
        ranked = leaderboard.rank(owner_id, selection, question)
        found = leaderboard.show(ranked, ranking.best(ranked.numbers, 100), first_rank=1)

        expected = by_hand(book, question)
        assert [(row["rank"], row["id"]) for row in found] == [
            (place, video.id) for place, (_, video) in enumerate(expected, 1)
        ]
        assert [row["value"] for row in found] == [pytest.approx(float(number), abs=1e-6) for number, _ in expected]
        assert ranked.ranked == len(expected)
        for row, (_, video) in zip(found, expected, strict=True):
            check_row(row, video, book)


def by_hand(book, question):
    """The videos in question with their numbers, the best first."""
    found = []
    for video in book.videos:
        at, before = book.last_sync(video.account_id, E), book.last_sync(video.account_id, S)
        is_gained = question.by is RankedBy.GAINED
        is_read = at is not None and (not is_gained or (before is not None and at >= S))
        is_chosen = question.posted is PostedWhen.ANY or S <= video.posted_at < E
        if not is_read or not is_chosen or video.value("views", E) is None:
            continue
        numbers = {name: video.value(name, E) - (then(video, name) if is_gained else 0) for name in VIDEO_COUNTERS}
        number = metric_of(question, numbers)
        if number is not None:
            found.append((number, video))
    sign = 1 if question.order is RankingOrder.ASCENDING else -1
    return sorted(found, key=lambda each: (sign * each[0], each[1].account_id, each[1].position))


def then(video, name):
    return video.first[name] if video.gain(name, S) is None else video.value(name, S)


def metric_of(question, numbers):
    interactions = numbers["likes"] + numbers["comments"] + numbers["shares"]
    if question.metric is PostMetric.INTERACTIONS:
        return interactions
    if question.metric is PostMetric.ENGAGEMENT_RATE:
        return Fraction(interactions, numbers["views"]) if numbers["views"] >= question.least_views else None
    return numbers[question.metric.value]


def check_row(row, video, book):
    at, before = book.last_sync(video.account_id, E), book.last_sync(video.account_id, S)
    assert (row["captured_at"], row["changed_since"]) == (at, before)
    for name in VIDEO_COUNTERS:
        assert row["total"][name] == video.value(name, E)
        if before is not None and at >= S:
            assert row["gained"][name] == video.value(name, E) - then(video, name)
        else:
            assert row["gained"][name] is None
            assert row["gained"]["reason"] is not None
    known = [(time, numbers) for time, numbers in video.readings if numbers is not None]
    lowered = [
        time
        for (_, earlier), (time, later) in pairwise(known)
        if any(later[name] < earlier[name] for name in VIDEO_COUNTERS)
    ]
    assert row["is_restated"] == any((before is None or time > before) and time <= at for time in lowered)


@on_each_database
@pytest.mark.parametrize("metric", ["views", "comments", "shares", "interactions"])
def test_the_gains_of_all_posts_add_up_to_the_accounts_change(app_on, owner_id, account_ids, metric):
    history.write(account_ids, seed=15, videos=30)
    selection = select_accounts(Identity(owner_id, None))

    ranked = leaderboard.rank(owner_id, selection, RankingQuestion(WINDOW, E, PostMetric(metric)))

    for account_id in account_ids:
        before, last = queries.snapshots_at(account_id, [S, E], [metric])[metric]
        gains = [ranked.numbers[index] for index in range(len(ranked.numbers)) if ranked.place(index)[0] == account_id]
        change = None if before is None or last.captured_at < S else last.total - before.total
        assert (sum(gain for gain in gains if gain != UNRANKED) if gains else None) == change
    assert ranked.accounts_read > 1


numbers_of_posts = st.lists(st.integers(-3, 3) | st.just(UNRANKED))


@given(numbers_of_posts, st.integers(1, 5))
def test_pages_of_a_ranking_hold_each_once_in_order(numbers, size):
    found, after = [], None

    while page := ranking.best(numbers, size, after):
        found += page
        after = Mark(numbers[page[-1]], page[-1])

    known = [place for place, number in enumerate(numbers) if number != UNRANKED]
    assert found == sorted(known, key=lambda place: (-numbers[place], place))


@pytest.fixture
def my_accounts(app, owner, make_account):
    return sorted(UUID(make_account(owner)) for _ in range(2))


@pytest.fixture
def book(app, my_accounts):
    with app.app_context():
        return history.write(my_accounts, seed=15, videos=30)


def pages(person, query, size=4):
    found, cursor = [], ""
    while True:
        page = person.get(f"/analytics/posts?{query}&limit={size}{cursor}").json
        found += page["data"]
        if not page["has_more"]:
            return found
        cursor = f"&cursor={page['next_cursor']}"


@pytest.mark.parametrize("order", ["asc", "desc"])
def test_pages_cover_all_posts_once(owner, book, order):
    query = f"{QUERY}&metric=likes&order={order}"
    whole = owner.get(f"/analytics/posts?{query}&limit=100&include_total=true").json

    found = pages(owner, query)

    assert found == whole["data"]
    assert [row["rank"] for row in found] == [*range(1, len(found) + 1)]
    assert whole["total"] == whole["ranked"] == len(found) > 20
    assert (whole["accounts"], whole["accounts_read"]) == (2, 2)


def test_pages_do_not_drift_when_a_later_sync_ends_in_between(app, owner, my_accounts):
    with app.app_context():
        history.write(my_accounts, seed=15, videos=30)
    first = owner.get("/analytics/posts?by=total&limit=5").json

    with app.app_context():
        history.write_later_sync(my_accounts)
    second = owner.get(f"/analytics/posts?by=total&limit=5&cursor={first['next_cursor']}").json

    assert second["until"] == first["until"]
    assert [row["rank"] for row in second["data"]] == [6, 7, 8, 9, 10]
    assert {row["id"] for row in first["data"]}.isdisjoint({row["id"] for row in second["data"]})


def test_a_post_says_what_it_is_and_how_it_came(app, owner, my_accounts, book):
    video = book.videos[0]
    with app.app_context():
        label_post(UUID(owner.user_id), [video], "spring")

    response = owner.get(f"/analytics/posts?{QUERY}&by=total&label=spring")

    [row] = response.json["data"]
    assert (row["id"], row["account_id"]) == (str(video.id), str(video.account_id))
    assert row["post_id"] is not None
    assert row["username"] == "ada"
    assert row["total"]["views"] == video.value("views", E)


def test_posts_of_accounts_with_a_tag_alone(app, owner, my_accounts, book):
    with app.app_context(), transaction():
        db.session.get_one(Account, my_accounts[0]).tags = ["agency"]

    response = owner.get(f"/analytics/posts?{QUERY}&tag=agency&limit=100").json

    assert {row["account_id"] for row in response["data"]} == {str(my_accounts[0])}
    assert response["accounts"] == 1


def test_an_account_that_was_not_read_before_the_window_has_no_gains(owner, book):
    response = owner.get("/analytics/posts?from=2026-02-01T00:00:00Z&to=2026-03-20T00:00:00Z").json

    assert response["data"] == []
    assert (response["accounts"], response["accounts_read"]) == (2, 0)


def test_totals_are_known_without_a_reading_before_the_window(owner, book):
    response = owner.get("/analytics/posts?from=2026-02-01T00:00:00Z&to=2026-03-20T00:00:00Z&by=total").json

    assert response["data"][0]["total"]["views"] > 0
    assert response["data"][0]["gained"]["reason"] == "no_reading_before_window"


def test_another_owners_account_does_not_exist(stranger, book, my_accounts):
    responses = [stranger.get(f"/analytics/posts?account_id={each}") for each in (my_accounts[0], uuid4())]

    assert [response.status_code for response in responses] == [404, 404]
    assert stranger.get(f"/analytics/posts?{QUERY}").json["data"] == []


def test_a_cursor_of_another_question_is_refused(owner, book):
    cursor = owner.get(f"/analytics/posts?{QUERY}&limit=1").json["next_cursor"]

    response = owner.get(f"/analytics/posts?{QUERY}&metric=likes&cursor={cursor}")

    assert (response.status_code, response.json["code"]) == (422, "invalid_cursor")


@on_each_database
def test_the_top_posts_of_a_window_are_the_first_of_the_leaderboard(app_on, owner_id, account_ids):
    history.write(account_ids, seed=15, videos=30)
    selection = select_accounts(Identity(owner_id, None))

    top = leaderboard.top_posts(owner_id, selection, WINDOW, PostMetric.LIKES, 3)

    ranked = leaderboard.rank(owner_id, selection, RankingQuestion(WINDOW, E, PostMetric.LIKES))
    assert top == leaderboard.show(ranked, ranking.best(ranked.numbers, 3), first_rank=1)
    assert [row["rank"] for row in top] == [1, 2, 3]


def test_an_account_that_was_not_read_in_the_window_has_no_gains_and_its_last_totals(owner, book):
    later = "from=2026-04-01T00:00:00Z&to=2026-04-20T00:00:00Z"

    gained = owner.get(f"/analytics/posts?{later}").json
    total = owner.get(f"/analytics/posts?{later}&by=total").json

    assert (gained["data"], gained["accounts_read"]) == ([], 0)
    assert total["accounts_read"] == 2
    assert {row["gained"]["reason"] for row in total["data"]} == {"no_reading_in_window"}
    assert {row["gained"]["views"] for row in total["data"]} == {None}


@pytest.mark.parametrize("path", ["/analytics/posts", "/posts", "/accounts"])
def test_a_cursor_of_a_list_that_an_older_version_showed_is_refused(app, owner, path):
    with app.test_request_context(f"/api/v1{path}"):
        cursor = write_cursor([1])

    answer = owner.get(f"{path}?cursor={cursor}")

    assert_problem(answer, 422, "invalid_cursor")
