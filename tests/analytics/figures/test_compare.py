"""GET /analytics/compare: accounts side by side."""

import pytest

WINDOW = "from=2026-03-01&to=2026-03-03&timezone=UTC"


@pytest.fixture
def two(owner, make_account, read_profile, store_totals):
    found = []
    for place, step in enumerate((10, 300)):
        account_id = make_account(owner, username=f"user{place}", label=f"Client {place}")
        for day, date in enumerate(("02-25", "02-28", "03-01", "03-03")):
            read_profile(account_id, f"2026-{date}T12:00Z", follower_count=1_000 + day * step)
        store_totals(account_id, "2026-02-28T12:00Z")
        store_totals(account_id, "2026-03-03T12:00Z", views_gained=100, likes_gained=step // 10)
        found.append(account_id)
    return found


def ids(accounts):
    return "&".join(f"account_ids={each}" for each in accounts)


def test_accounts_stand_side_by_side_each_against_its_own_window_before(owner, two):
    found = owner.get(f"/analytics/compare?{WINDOW}&{ids(two)}").json

    by_name = {each["username"]: each for each in found["accounts"]}
    assert {each["account_id"] for each in found["accounts"]} == {*two}
    assert [by_name[name]["followers"]["change"] for name in ("user0", "user1")] == [20, 600]
    assert [by_name[name]["followers"]["relative_change"] for name in ("user0", "user1")] == [1.0, 1.0]
    assert by_name["user1"]["engagement_rate"]["value"] == 0.3
    assert (by_name["user1"]["name"], by_name["user1"]["points"]) == ("Client 1", [])
    assert (found["metric"], found["interval"]) == (None, None)


@pytest.mark.parametrize(
    ("metric", "values"), [("followers", [1_020, None, 1_030]), ("engagement_rate", [None, None, 0.01])]
)
def test_each_has_a_series_of_the_metric(owner, two, metric, values):
    found = owner.get(f"/analytics/compare?{WINDOW}&{ids(two)}&metric={metric}").json

    [account] = [each for each in found["accounts"] if each["username"] == "user0"]
    assert [point["value"] for point in account["points"]] == values
    assert (found["metric"], found["interval"]) == (metric, "day")


def test_an_account_that_was_never_read_is_shown_as_unknown(owner, two, make_account):
    unread = make_account(owner, username="unread")

    found = owner.get(f"/analytics/compare?{WINDOW}&{ids([two[0], unread])}&metric=followers").json

    [account] = [each for each in found["accounts"] if each["username"] == "unread"]
    assert (account["followers"]["value"], account["followers"]["reason"]) == (None, "not_read_yet")
    assert {point["reason"] for point in account["points"]} == {"not_read_yet"}


@pytest.mark.parametrize("number", [1, 11])
def test_two_to_ten_accounts_can_be_compared(owner, make_account, number):
    accounts = [make_account(owner) for _ in range(number)]

    answer = owner.get(f"/analytics/compare?{WINDOW}&{ids(accounts)}")

    assert (answer.status_code, answer.json["errors"][0]["parameter"]) == (422, "account_ids")


def test_without_a_choice_it_is_all_accounts_if_they_are_few(owner, two, make_account):
    few = owner.get(f"/analytics/compare?{WINDOW}")

    for _ in range(9):
        make_account(owner)
    many = owner.get(f"/analytics/compare?{WINDOW}")
    assert {each["account_id"] for each in few.json["accounts"]} == {*two}
    assert (many.status_code, many.json["errors"][0]["code"]) == (422, "too_many_accounts")
