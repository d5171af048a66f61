"""Which accounts a question about several is about."""

from uuid import uuid4

import pytest

PATHS = ["overview", "dashboard", "summary", "timeseries", "growth", "engagement"]
MARCH = "from=2026-03-01&to=2026-03-31&timezone=UTC"


@pytest.fixture
def followers_of(owner, make_account, read_profile):
    """Accounts with so many followers: `followers_of(10, tags=["a"])` returns the id."""

    def make(number, **what_matters):
        account_id = make_account(owner, **what_matters)
        read_profile(account_id, "2026-02-27T12:00Z", follower_count=0)
        read_profile(account_id, "2026-03-05T12:00Z", follower_count=number)
        return account_id

    return make


def sum_of(owner, query):
    return owner.get(f"/analytics/summary?{MARCH}&{query}").json["followers"]


def test_without_a_choice_it_is_all_accounts_of_the_caller(owner, stranger, followers_of, make_account):
    followers_of(10), followers_of(200)
    make_account(stranger)

    found = sum_of(owner, "")

    assert (found["value"], found["change"], found["accounts"]) == (210, 210, 2)


def test_accounts_are_chosen_by_id_and_by_any_of_several_tags(owner, followers_of):
    one, two = followers_of(1, tags=["north"]), followers_of(20, tags=["south", "new"])
    followers_of(300)

    sums = {
        query: sum_of(owner, query)["value"]
        for query in (
            f"account_id={one}&account_id={two}",
            "tag=south",
            "tag=north&tag=new",
            f"account_id={one}&tag=south",
            f"account_id={one}&account_id={two}&tag=new",
        )
    }

    assert [*sums.values()] == [21, 20, 21, None, 20]


def test_an_account_that_is_named_twice_counts_once(owner, followers_of):
    one = followers_of(7)

    assert sum_of(owner, f"account_id={one}&account_id={one}")["value"] == 7


@pytest.mark.parametrize("path", [*PATHS, "compare"])
def test_a_foreign_account_does_not_exist(owner, stranger, make_account, path):
    mine, foreign = make_account(owner), make_account(stranger)
    name = "account_ids" if path == "compare" else "account_id"

    answers = [owner.get(f"/analytics/{path}?{name}={mine}&{name}={each}") for each in (foreign, uuid4())]

    assert {(answer.status_code, answer.json["code"]) for answer in answers} == {(404, "not_found")}


def test_a_confined_key_sees_the_sum_of_its_accounts(owner, followers_of):
    one, two = followers_of(5), followers_of(70)
    wish = {"name": "key", "scopes": ["analytics:read"], "account_ids": [one]}
    key = {"Authorization": f"Bearer {owner.post('/auth/api-keys', json=wish).json['token']}"}

    everything = owner.get(f"/analytics/summary?{MARCH}", headers=key)
    hidden = owner.get(f"/analytics/summary?{MARCH}&account_id={two}", headers=key)

    assert everything.json["followers"]["value"] == 5
    assert hidden.status_code == 404


def test_without_accounts_everything_is_unknown_and_nothing_is_0(owner):
    summary = owner.get(f"/analytics/overview?{MARCH}").json

    metrics = ("followers", "following", "likes", "videos", "views", "comments", "shares", "interactions")
    assert {(summary[name]["value"], summary[name]["change"], summary[name]["reason"]) for name in metrics} == {
        (None, None, "not_read_yet")
    }
    assert summary["engagement_rate"]["value"] is None
    assert summary["accounts"]["total"] == 0


@pytest.mark.parametrize(
    "query", ["account_id=nonsense", "tag=", "label=", "from=2026-03-02&to=2026-03-01", "until=2026-03-01"]
)
def test_what_cannot_be_read_is_refused(owner, query):
    answers = [owner.get(f"/analytics/{path}?{query}") for path in PATHS]

    assert {answer.status_code for answer in answers} == {422}
