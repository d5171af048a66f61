"""GET /analytics/engagement and /analytics/accounts/{id}/engagement: the rate, and what it is made of."""

import pytest

MARCH = "from=2026-03-01&to=2026-03-31&timezone=UTC"


def gained(views, likes, comments=0, shares=0, **others):
    return {
        "views_gained": views,
        "likes_gained": likes,
        "comments_gained": comments,
        "shares_gained": shares,
        **others,
    }


@pytest.fixture
def account(owner, make_account, store_totals):
    account_id = make_account(owner)
    store_totals(account_id, "2026-01-31T10:00Z", **gained(0, 0))
    store_totals(account_id, "2026-02-28T10:00Z", **gained(1_000, 30, 15, 5))
    store_totals(account_id, "2026-03-02T10:00Z", **gained(1_200, 40, 18, 7))
    store_totals(account_id, "2026-03-30T10:00Z", **gained(2_000, 90, 25, 5, shares_drops=1))
    return account_id


def test_the_rate_is_that_of_its_four_counters_now_and_before(owner, account):
    report = owner.get(f"/analytics/accounts/{account}/engagement?{MARCH}").json

    counters = ("views", "likes", "comments", "shares", "interactions")
    assert [report[name]["change"] for name in counters] == [1_000, 60, 10, 0, 70]
    assert [report[name]["change_before"] for name in counters] == [1_000, 30, 15, 5, 50]
    assert (report["rate"]["value"], report["rate"]["value_before"]) == (0.07, 0.05)
    assert report == owner.get(f"/analytics/engagement?{MARCH}").json


def test_its_points_have_the_gains_and_add_up_to_the_window(owner, account):
    points = owner.get(f"/analytics/engagement?{MARCH}&interval=week").json["points"]

    read = [point for point in points if point["views"] is not None]
    assert [(point["value"], point["views"], point["likes"], point["shares"]) for point in read] == [
        (0.075, 200, 10, 2),
        (0.06875, 800, 50, -2),
    ]
    assert [point["is_restated"] for point in read] == [False, True]
    assert {(point["value"], point["reason"]) for point in points if point not in read} == {
        (None, "no_reading_in_window")
    }


def test_without_views_it_is_null(owner, make_account, store_totals):
    account = make_account(owner)
    store_totals(account, "2026-02-28T10:00Z", **gained(5, 0))
    store_totals(account, "2026-03-30T10:00Z", **gained(5, 3))

    report = owner.get(f"/analytics/engagement?{MARCH}&interval=month").json

    assert (report["rate"]["value"], report["rate"]["reason"]) == (None, "no_views")
    assert [(point["value"], point["reason"]) for point in report["points"]] == [(None, "no_views")]
