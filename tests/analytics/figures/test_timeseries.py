"""GET /analytics/timeseries: sums over accounts by day, week and month, in any zone."""

from uuid import UUID

import pytest

from tests.analytics.conftest import an_account
from tiktok_api.db import transaction

DAYS = "from=2026-03-01&to=2026-03-04&timezone=UTC"


@pytest.fixture
def two_accounts(owner, make_account, read_profile):
    """One that is read every day, and one with a gap of two days."""
    steady, patchy = make_account(owner, username="steady"), make_account(owner, username="patchy")
    for day, number in enumerate((100, 110, 120, 130, 140)):
        read_profile(steady, f"2026-03-0{day}T23:00Z" if day else "2026-02-28T23:00Z", follower_count=number)
    read_profile(patchy, "2026-02-28T20:00Z", follower_count=7)
    read_profile(patchy, "2026-03-01T20:00Z", follower_count=8)
    read_profile(patchy, "2026-03-04T20:00Z", follower_count=6)
    return steady, patchy


def shown(points, *names):
    return [tuple(point[name] for name in names) for point in points]


@pytest.mark.parametrize(
    "zone", ["UTC", "Africa/Abidjan"]
)  # the second has the same days, but rows are not marked by it
def test_a_point_carries_what_was_not_read_and_says_of_how_many_it_is(owner, two_accounts, zone):
    series = owner.get(f"/analytics/timeseries?{DAYS.replace('UTC', zone)}").json

    assert shown(series["points"], "date", "value", "change", "accounts_read", "accounts_in_change", "reason") == [
        ("2026-03-01", 118, 11, 2, 2, None),
        ("2026-03-02", 128, 10, 1, 1, "partly_read"),
        ("2026-03-03", 138, 10, 1, 1, "partly_read"),
        ("2026-03-04", 146, 8, 2, 2, None),
    ]
    last = series["points"][-1]
    assert (last["is_restated"], last["captured_at"]) == (True, "2026-03-04T23:00:00Z")
    assert last["changed_since"] == "2026-03-01T20:00:00Z"
    assert (series["accounts"], series["others"]) == (2, [])


def test_a_day_on_which_no_account_was_read_is_a_gap(owner, two_accounts):
    query = f"from=2026-03-02&to=2026-03-05&timezone=UTC&account_id={two_accounts[1]}"

    points = owner.get(f"/analytics/timeseries?{query}").json["points"]

    assert shown(points, "value", "change", "reason") == [
        (None, None, "no_reading_in_window"),
        (None, None, "no_reading_in_window"),
        (6, -2, None),
        (None, None, "no_reading_in_window"),
    ]


def test_weeks_add_up_to_the_same_as_days(owner, two_accounts):
    window = "from=2026-02-23&to=2026-03-08&timezone=UTC"

    weeks = owner.get(f"/analytics/timeseries?{window}&interval=week").json["points"]

    days = owner.get(f"/analytics/timeseries?{window}").json["points"]
    assert shown(weeks, "date", "value", "change") == [("2026-02-23", 118, None), ("2026-03-02", 146, 28)]
    assert sum(day["change"] or 0 for day in days) == 11 + 28


def test_several_metrics_come_at_once(owner, two_accounts, store_totals):
    store_totals(two_accounts[0], "2026-02-28T12:00Z", views=50)
    store_totals(two_accounts[0], "2026-03-02T12:00Z", views=150, views_gained=100, likes_gained=9, shares_gained=1)

    series = owner.get(f"/analytics/timeseries?{DAYS}&metric=views&metric=followers&metric=engagement_rate").json

    followers, rate = series["others"]
    assert (series["metric"], followers["metric"], rate["metric"]) == ("views", "followers", "engagement_rate")
    assert shown(series["points"], "value", "change")[1] == (150, 100)
    assert [point["value"] for point in followers["points"]] == [118, 128, 138, 146]
    assert [point["value"] for point in rate["points"]] == [None, 0.1, None, None]


def test_one_account_has_several_metrics_at_once_too(owner, two_accounts):
    path = f"/analytics/accounts/{two_accounts[0]}/timeseries?{DAYS}"

    several = owner.get(f"{path}&metric=followers&metric=likes&metric=followers").json

    one = owner.get(f"{path}&metric=followers").json
    assert several["points"] == one["points"]
    assert [other["metric"] for other in several["others"]] == ["likes"]
    assert {point["reason"] for point in several["others"][0]["points"]} == {"left_out_by_tiktok"}


def test_days_are_those_of_the_zone(owner, two_accounts):
    series = owner.get("/analytics/timeseries?from=2026-03-01&to=2026-03-02&timezone=Asia/Tokyo").json

    assert series["from"] == "2026-02-28T15:00:00Z"
    # 23:00 in UTC is the next morning in Tokyo.
    assert shown(series["points"], "value", "change") == [(107, None), (118, 11)]


def test_so_many_days_of_so_many_accounts_are_refused_with_the_numbers(app, owner):
    with app.app_context(), transaction() as session:
        session.add_all(an_account(UUID(owner.user_id)) for _ in range(502))

    answer = owner.get("/analytics/timeseries?from=2025-01-01&to=2026-02-03&timezone=UTC")

    assert answer.status_code == 422
    [fault] = answer.json["errors"]
    assert (fault["parameter"], fault["code"]) == ("from", "too_many_readings")
    assert "200298" in fault["message"]
    assert "200000" in fault["message"]


def test_by_label_only_videos_of_its_posts_count(owner, make_account, make_post, store_videos, read_profile):
    account, other = make_account(owner), make_account(owner)
    read_profile(account, "2026-03-01T10:00Z", follower_count=5)
    spring = make_post(owner, [account], "2026-01-02T12:00Z", labels=["spring"])
    syncs = {
        "2026-02-28T12:00Z": [(100, 10, 1, 0), (7, 0, 0, 0)],
        "2026-03-02T12:00Z": [(150, 14, 2, 0), (900, 90, 0, 0)],
    }
    store_videos(account, [spring, None], syncs)
    store_videos(other, [None, None], syncs)

    query = "metric=views&metric=followers&metric=engagement_rate&label=spring"
    series = owner.get(f"/analytics/timeseries?{DAYS}&{query}").json

    followers, rate = series["others"]
    assert shown(series["points"], "change", "accounts")[:2] == [(None, 1), (50, 1)]
    assert {(point["value"], point["reason"]) for point in followers["points"]} == {(None, "not_by_label")}
    assert rate["points"][1]["value"] == 0.1
    summary = owner.get(f"/analytics/summary?{DAYS}&label=spring&label=none").json
    assert (summary["views"]["change"], summary["followers"]["reason"]) == (50, "not_by_label")
    engagement = owner.get(f"/analytics/engagement?{DAYS}&label=spring").json
    assert (engagement["likes"]["change"], engagement["rate"]["value"]) == (4, 0.1)
    growth = owner.get(f"/analytics/growth?{DAYS}&label=spring").json
    assert (growth["total"]["reason"], growth["best_day"], growth["reason"]) == ("not_by_label", None, "not_by_label")
