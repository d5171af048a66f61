"""GET /analytics/growth and /analytics/accounts/{id}/growth: what was gained, and on which day most."""

import pytest

WEEK = "from=2026-03-01&to=2026-03-07&timezone=UTC"


@pytest.fixture
def history(owner, make_account, read_profile):
    """An account that is read on some days: `history({1: 100, 2: 103})` returns its id."""

    def make(numbers, **what_matters):
        account_id = make_account(owner, **what_matters)
        for day, number in numbers.items():
            date = f"2026-03-{day:02}" if day > 0 else f"2026-02-{28 + day:02}"
            read_profile(account_id, f"{date}T21:00Z", follower_count=number)
        return account_id

    return make


def test_the_best_and_the_worst_day_are_those_of_whole_days_in_turn(owner, history):
    account = history({0: 100, 1: 110, 2: 115, 3: 140, 6: 240, 7: 238})

    growth = owner.get(f"/analytics/accounts/{account}/growth?{WEEK}").json

    assert growth["total"]["change"] == 138
    assert growth["best_day"] == {"date": "2026-03-03", "change": 25, "accounts": 1}
    assert growth["worst_day"] == {"date": "2026-03-07", "change": -2, "accounts": 1}
    assert growth["average_per_day"] == 9.5
    counts = ("days", "days_counted", "days_after_gap", "days_partly_read", "days_unread", "reason")
    assert [growth[name] for name in counts] == [7, 4, 1, 0, 2, None]


def test_an_account_alone_has_the_same_shape_as_several(owner, history):
    account = history({0: 100, 1: 110})

    alone = owner.get(f"/analytics/accounts/{account}/growth?{WEEK}").json

    assert alone == owner.get(f"/analytics/growth?{WEEK}").json


def test_days_on_which_few_accounts_were_read_are_not_compared_with_full_ones(owner, history):
    history({0: 100, 1: 101, 2: 102, 3: 103})
    history({0: 10, 1: 30, 3: 90})

    growth = owner.get(f"/analytics/growth?{WEEK}").json

    assert growth["best_day"] == growth["worst_day"] == {"date": "2026-03-01", "change": 21, "accounts": 2}
    assert (growth["days_counted"], growth["days_partly_read"], growth["days_unread"]) == (1, 2, 4)
    assert growth["total"]["change"] == 3 + 80


@pytest.mark.parametrize("zone", ["UTC", "Africa/Abidjan"])
def test_the_day_before_the_window_counts_as_the_day_before(owner, history, zone):
    history({-1: 5, 0: 9, 1: 20})

    growth = owner.get(f"/analytics/growth?from=2026-03-01&to=2026-03-02&timezone={zone}").json

    assert growth["best_day"]["change"] == 11


def test_a_day_that_is_cut_or_not_over_is_not_compared(owner, history):
    history({0: 5, 1: 9, 2: 20})

    growth = owner.get("/analytics/growth?from=2026-03-01T05:00Z&to=2026-03-02T22:00Z&timezone=UTC").json

    assert (growth["total"]["change"], growth["days_counted"], growth["best_day"]) == (15, 0, None)
    assert growth["reason"] == "no_reading_in_window"


def test_without_the_scope_that_is_the_reason(owner, history):
    account = history({}, scopes=["user.info.basic"])

    growth = owner.get(f"/analytics/accounts/{account}/growth?{WEEK}").json

    assert (growth["total"]["reason"], growth["reason"]) == ("scope_missing", "scope_missing")


def test_a_rate_is_not_gained(owner):
    answer = owner.get("/analytics/growth?metric=engagement_rate")

    assert (answer.status_code, answer.json["errors"][0]["parameter"]) == (422, "metric")
