"""GET /analytics/summary and /analytics/overview: sums over accounts, against the window before."""

from tests.analytics.conftest import instant
from tests.databases import execute

MARCH = "from=2026-03-01&to=2026-03-31&timezone=UTC"


def read_followers(read_profile, account_id, readings):
    for at, number in readings.items():
        read_profile(account_id, at, follower_count=number)


def test_a_sum_is_compared_with_the_month_before_by_the_accounts_that_changed_in_both(
    owner, make_account, read_profile
):
    old, new = make_account(owner), make_account(owner)
    read_followers(
        read_profile,
        old,
        {"2026-01-31T10:00Z": 100, "2026-02-28T10:00Z": 120, "2026-03-30T10:00Z": 150},
    )
    read_followers(read_profile, new, {"2026-02-20T10:00Z": 1_000, "2026-03-29T10:00Z": 1_007})

    summary = owner.get(f"/analytics/summary?{MARCH}").json

    assert summary["before"] == {"from": "2026-02-01T00:00:00Z", "to": "2026-03-01T00:00:00Z"}
    assert summary["followers"] == {
        "value": 1_157,
        "change": 37,
        "change_compared": 30,
        "change_before": 20,
        "relative_change": 0.5,
        "accounts": 2,
        "accounts_read": 2,
        "accounts_in_change": 2,
        "accounts_compared": 1,
        "captured_at": "2026-03-30T10:00:00Z",
        "oldest_captured_at": "2026-03-29T10:00:00Z",
        "is_restated": False,
        "reason": None,
        "comparison_reason": None,
    }


def test_the_last_known_value_of_an_account_that_was_not_read_is_carried_and_said(owner, make_account, read_profile):
    read, silent = make_account(owner), make_account(owner)
    read_followers(read_profile, silent, {"2026-02-01T10:00Z": 500})
    read_followers(read_profile, read, {"2026-02-27T10:00Z": 10, "2026-03-30T10:00Z": 8})

    followers = owner.get(f"/analytics/summary?{MARCH}").json["followers"]

    assert (followers["value"], followers["change"], followers["is_restated"]) == (508, -2, True)
    assert (followers["accounts"], followers["accounts_read"], followers["reason"]) == (2, 1, "partly_read")
    assert followers["oldest_captured_at"] == "2026-02-01T10:00:00Z"


def test_readings_that_were_stored_before_days_were_marked_count_all_the_same(
    owner, make_account, read_profile, database_url
):
    account_id = make_account(owner)
    read_followers(read_profile, account_id, {"2026-02-28T10:00Z": 1, "2026-03-01T10:00Z": 2, "2026-03-30T10:00Z": 9})
    paths = ["summary", "overview", "growth", "timeseries", f"accounts/{account_id}/growth"]
    before = [owner.get(f"/analytics/{path}?{MARCH}").json for path in paths]

    execute(database_url, "UPDATE account_readings SET day = NULL", "DELETE FROM day_zones")

    assert before[0]["followers"]["change"] == 8
    assert [owner.get(f"/analytics/{path}?{MARCH}").json for path in paths] == before


def test_if_no_account_was_read_the_sum_is_null(owner, make_account, read_profile):
    read_followers(read_profile, make_account(owner), {"2026-02-01T10:00Z": 500})

    followers = owner.get(f"/analytics/summary?{MARCH}").json["followers"]

    assert (followers["value"], followers["change"], followers["reason"]) == (None, None, "no_reading_in_window")
    assert (followers["captured_at"], followers["comparison_reason"]) == (None, "no_reading_in_window")


def test_there_is_no_ratio_to_a_window_that_gained_nothing(owner, make_account, read_profile):
    account = make_account(owner)
    read_followers(read_profile, account, {"2026-01-31T10:00Z": 100, "2026-02-28T10:00Z": 90, "2026-03-30T10:00Z": 95})

    followers = owner.get(f"/analytics/summary?{MARCH}").json["followers"]

    assert (followers["change_compared"], followers["change_before"]) == (5, -10)
    assert (followers["relative_change"], followers["comparison_reason"]) == (None, "not_positive_before")


def test_the_rate_is_of_the_same_videos_in_both_windows(owner, make_account, store_totals):
    account = make_account(owner)
    store_totals(account, "2026-01-31T10:00Z", views_gained=0, likes_gained=0)
    store_totals(account, "2026-02-28T10:00Z", views_gained=1_000, likes_gained=40, comments_gained=8, shares_gained=2)
    store_totals(account, "2026-03-30T10:00Z", views_gained=1_400, likes_gained=70, comments_gained=9, shares_gained=3)

    summary = owner.get(f"/analytics/summary?{MARCH}").json

    rate = summary["engagement_rate"]
    assert (rate["value"], rate["value_before"], rate["value_compared"]) == (0.08, 0.05, 0.08)
    assert (rate["reason"], rate["comparison_reason"]) == (None, None)
    assert summary["interactions"]["change"] == 32


def test_without_views_before_there_is_no_comparison_of_rates(owner, make_account, store_totals):
    account = make_account(owner)
    store_totals(account, "2026-01-31T10:00Z", views_gained=7)
    store_totals(account, "2026-02-28T10:00Z", views_gained=7)
    store_totals(account, "2026-03-30T10:00Z", views_gained=107, likes_gained=5)

    rate = owner.get(f"/analytics/summary?{MARCH}").json["engagement_rate"]

    assert (rate["value"], rate["value_before"], rate["comparison_reason"]) == (0.05, None, "no_views")


def test_a_counter_that_tiktok_leaves_out_is_carried_from_the_last_reading_that_had_it(
    owner, make_account, read_profile
):
    account = make_account(owner)
    read_profile(account, "2026-02-27T10:00Z", follower_count=10, likes_count=100)
    read_profile(account, "2026-02-28T10:00Z", follower_count=11)
    read_profile(account, "2026-03-30T10:00Z", follower_count=14, likes_count=130)

    summary = owner.get(f"/analytics/summary?{MARCH}").json

    assert (summary["followers"]["change"], summary["likes"]["change"]) == (3, 30)
    assert (summary["following"]["value"], summary["following"]["reason"]) == (None, "not_read_yet")


def test_a_missing_scope_is_the_reason_if_no_account_has_granted_it(owner, make_account, read_profile):
    account = make_account(owner, scopes=["user.info.basic", "user.info.stats"])
    read_profile(account, "2026-03-30T10:00Z", follower_count=14)

    summary = owner.get(f"/analytics/summary?{MARCH}").json

    assert (summary["views"]["reason"], summary["followers"]["reason"]) == ("scope_missing", "no_reading_before_window")


def test_an_overview_counts_accounts_by_their_state(owner, make_account, read_profile):
    read_profile(make_account(owner), "2026-03-30T10:00Z", follower_count=14)
    make_account(owner, status="expired")
    make_account(owner, refresh_expires_at=instant("2026-01-01T00:00Z"))

    accounts = owner.get(f"/analytics/overview?{MARCH}").json["accounts"]

    assert accounts == {
        "total": 3,
        "active": 2,
        "expired": 1,
        "revoked": 0,
        "error": 0,
        "to_reconnect": 2,
        "never_read": 2,
    }


def test_instants_bound_a_window_and_the_one_before(owner, make_account, read_profile):
    account = make_account(owner)
    read_followers(
        read_profile,
        account,
        {"2026-03-05T10:00Z": 1, "2026-03-05T12:00Z": 3, "2026-03-05T14:00Z": 8, "2026-03-05T16:00Z": 100},
    )

    summary = owner.get("/analytics/summary?from=2026-03-05T13:00Z&to=2026-03-05T15:00Z").json

    assert summary["before"] == {"from": "2026-03-05T11:00:00Z", "to": "2026-03-05T13:00:00Z"}
    assert (summary["followers"]["change"], summary["followers"]["change_before"]) == (5, 2)
