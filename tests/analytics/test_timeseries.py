"""GET /analytics/accounts/{id}/timeseries"""

import pytest


@pytest.fixture
def series(owner):
    def get(account_id, query):
        response = owner.get(f"/analytics/accounts/{account_id}/timeseries?{query}")
        assert response.status_code == 200, response.json
        return response.json

    return get


def test_a_day_has_its_last_reading_and_a_day_without_one_is_a_gap(owner, make_account, read_profile, series):
    account_id = make_account(owner)
    for at, count in (("02-28T09:00Z", 90), ("03-01T09:00Z", 95), ("03-01T23:00Z", 100), ("03-03T05:00Z", 130)):
        read_profile(account_id, f"2026-{at}", follower_count=count)

    points = series(account_id, "metric=followers&from=2026-03-01&to=2026-03-03&timezone=UTC")["points"]

    assert [(point["date"], point["value"], point["change"], point["reason"]) for point in points] == [
        ("2026-03-01", 100, 10, None),
        ("2026-03-02", None, None, "no_reading_in_window"),
        ("2026-03-03", 130, 30, None),
    ]
    assert points[2]["changed_since"] == "2026-03-01T23:00:00Z"


@pytest.mark.parametrize("first", [2, 3, 4])
def test_a_number_that_tiktok_leaves_out_is_a_gap_and_changes_are_counted_from_before_it(
    first, owner, make_account, read_profile, series
):
    account_id = make_account(owner)
    for day, count in ((1, 100), (2, None), (3, None), (4, 90), (5, 95)):
        read_profile(account_id, f"2026-03-0{day}T09:00Z", follower_count=count, likes_count=7)
    window = f"from=2026-03-0{first}&to=2026-03-05&timezone=UTC"

    points = series(account_id, f"metric=followers&{window}")["points"]
    whole = owner.get(f"/analytics/accounts/{account_id}/summary?{window}").json["followers"]
    of_all = owner.get(f"/analytics/timeseries?metric=followers&{window}").json["points"]

    gap = [(None, None, False)] * (4 - first)
    assert [(each["value"], each["change"], each["is_restated"]) for each in points] == [
        *gap,
        (90, -10, True),
        (95, 5, False),
    ]
    assert points[-2]["changed_since"] == whole["changed_since"] == "2026-03-01T09:00:00Z"
    assert (whole["change"], whole["is_restated"]) == (-5, True)
    assert [(each["value"], each["change"]) for each in of_all] == [(each["value"], each["change"]) for each in points]


VALUES_BY_ZONE = {
    "UTC": [1, 3, None],
    "Asia/Kathmandu": [None, 2, 3],  # UTC+5:45: midnight is at 18:15
    "Asia/Kolkata": [1, 3, None],  # UTC+5:30: midnight is at 18:30
    "Pacific/Kiritimati": [None, 1, 3],  # UTC+14: midnight is at 10:00
    "America/St_Johns": [1, 3, None],
}


def test_the_zone_decides_the_day_of_a_reading(owner, make_account, read_profile, series):
    account_id = make_account(owner)
    for at, count in (("03-01T18:20Z", 1), ("03-02T18:14Z", 2), ("03-02T18:16Z", 3)):
        read_profile(account_id, f"2026-{at}", follower_count=count)

    found = {zone: series(account_id, f"from=2026-03-01&to=2026-03-03&timezone={zone}") for zone in VALUES_BY_ZONE}

    assert {zone: [point["value"] for point in each["points"]] for zone, each in found.items()} == VALUES_BY_ZONE


def test_days_of_23_and_25_hours_are_whole_days(owner, make_account, series):
    account_id = make_account(owner)

    spring = series(account_id, "from=2026-03-29&to=2026-03-29&timezone=Europe/Berlin")
    autumn = series(account_id, "from=2026-10-25&to=2026-10-25&timezone=Europe/Berlin")

    assert (spring["from"], spring["to"]) == ("2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z")
    assert (autumn["from"], autumn["to"]) == ("2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z")
    assert len(spring["points"]) == len(autumn["points"]) == 1


def test_weeks_and_months_have_their_own_last_readings(owner, make_account, read_profile, series):
    account_id = make_account(owner)
    for at, count in (("01-31T12:00Z", 10), ("02-01T12:00Z", 20), ("02-08T12:00Z", 30), ("02-28T12:00Z", 40)):
        read_profile(account_id, f"2026-{at}", follower_count=count)

    months = series(account_id, "interval=month&from=2026-01-01&to=2026-03-31&timezone=UTC")["points"]
    weeks = series(account_id, "interval=week&from=2026-02-02&to=2026-02-15&timezone=UTC")["points"]

    assert [(month["date"], month["value"], month["change"]) for month in months] == [
        ("2026-01-01", 10, None),
        ("2026-02-01", 40, 30),
        ("2026-03-01", None, None),
    ]
    assert [(week["date"], week["value"], week["change"]) for week in weeks] == [
        ("2026-02-02", 30, 10),
        ("2026-02-09", None, None),
    ]


def test_a_lowered_counter_stays_lowered_and_is_marked(owner, make_account, read_profile, series):
    account_id = make_account(owner)
    for at, count in (("03-01T12:00Z", 100), ("03-02T11:00Z", 80), ("03-02T12:00Z", 85), ("03-03T12:00Z", 90)):
        read_profile(account_id, f"2026-{at}", likes_count=count)

    points = series(account_id, "metric=likes&from=2026-03-01&to=2026-03-03&timezone=UTC")["points"]

    assert [(point["value"], point["change"], point["is_restated"]) for point in points] == [
        (100, None, False),
        (85, -15, True),
        (90, 5, False),
    ]


def test_the_engagement_rate_of_each_day(owner, make_account, store_totals, series):
    account_id = make_account(owner)
    store_totals(account_id, "2026-02-28T12:00Z", views_gained=0)
    store_totals(account_id, "2026-03-01T12:00Z", views_gained=200, likes_gained=10, comments_gained=4, shares_gained=2)
    store_totals(account_id, "2026-03-03T12:00Z", views_gained=200, likes_gained=11, comments_gained=4, shares_gained=2)

    points = series(account_id, "metric=engagement_rate&from=2026-03-01&to=2026-03-03&timezone=UTC")["points"]

    assert [(point["value"], point["reason"]) for point in points] == [
        (0.08, None),
        (None, "no_reading_in_window"),
        (None, "no_views"),
    ]


def test_the_changes_of_days_add_up_to_the_summary(owner, make_account, read_profile, store_totals, series):
    account_id = make_account(owner)
    for day in (1, 2, 5, 6, 9, 14):
        read_profile(account_id, f"2026-03-{day:02}T07:00Z", follower_count=day * day)
        store_totals(account_id, f"2026-03-{day:02}T07:01Z", views=1, views_gained=1000 - day * day)
    window = "from=2026-03-02&to=2026-03-15&timezone=Australia/Adelaide"

    summary = owner.get(f"/analytics/accounts/{account_id}/summary?{window}").json

    for metric in ("followers", "views"):
        points = series(account_id, f"metric={metric}&{window}")["points"]
        assert sum(point["change"] or 0 for point in points) == summary[metric]["change"] != 0


def test_tomorrow_is_neither_zero_nor_a_gap(owner, make_account, series):
    account_id = make_account(owner)

    (point,) = series(account_id, "from=2090-01-01&to=2090-01-01")["points"]

    assert (point["value"], point["reason"]) == (None, "in_the_future")


def test_more_than_four_hundred_points_are_refused(owner, make_account):
    account_id = make_account(owner)

    response = owner.get(f"/analytics/accounts/{account_id}/timeseries?from=2025-01-01&to=2026-03-02")

    assert response.status_code == 422
    assert response.json["code"] == "window_too_long"
    assert response.json["errors"][0]["parameter"] == "from"


def test_an_unknown_metric_is_refused(owner, make_account):
    path = f"/analytics/accounts/{make_account(owner)}/timeseries"

    answers = [owner.get(f"{path}?{query}") for query in ("metric=reach", "interval=hour", "metric=")]

    assert [answer.status_code for answer in answers] == [422, 422, 422]
    assert [answer.json["errors"][0]["parameter"] for answer in answers] == ["metric", "interval", "metric"]


def test_an_unchanged_response_is_304(owner, make_account):
    path = f"/analytics/accounts/{make_account(owner)}/timeseries?from=2026-03-01&to=2026-03-02"

    first = owner.get(path)
    again = owner.get(path, headers={"If-None-Match": first.headers["ETag"]})

    assert again.status_code == 304
