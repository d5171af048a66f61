"""GET /analytics/dashboard: one answer that fills a screen."""

from tiktok_api.posts.states import PublicationState
from tiktok_api.posts.vocabulary import PostStatus

WINDOW = "from=2026-03-01&to=2026-03-03&timezone=UTC"
SCHEDULED = {"state": PublicationState.SCHEDULED, "status": PostStatus.SCHEDULED}


def test_it_has_the_figures_of_the_overview_and_the_series(owner, make_account, read_profile, store_totals):
    account = make_account(owner)
    read_profile(account, "2026-02-28T12:00Z", follower_count=10)
    read_profile(account, "2026-03-02T12:00Z", follower_count=15)
    store_totals(account, "2026-02-28T12:00Z", views_gained=1)
    store_totals(account, "2026-03-03T12:00Z", views_gained=8, views=50)

    dashboard = owner.get(f"/analytics/dashboard?{WINDOW}").json

    overview = owner.get(f"/analytics/overview?{WINDOW}").json
    assert {name: dashboard[name] for name in overview} == overview
    series = dashboard["series"]
    assert [point["change"] for point in series["followers"]] == [None, 5, None]
    assert [point["change"] for point in series["views"]] == [None, None, 7]


def test_accounts_are_shown_with_their_growth_the_largest_first(owner, make_account, read_profile):
    small, large = make_account(owner, username="small"), make_account(owner, username="large", label="Client")
    make_account(owner, username="unread", status="expired", status_reason="refresh_token_expired")
    stale = make_account(owner, username="stale")
    for account, numbers in ((small, (10, 12)), (large, (900, 850))):
        read_profile(account, "2026-02-28T12:00Z", follower_count=numbers[0])
        read_profile(account, "2026-03-02T12:00Z", follower_count=numbers[1])
    read_profile(stale, "2026-02-01T12:00Z", follower_count=100)

    accounts = owner.get(f"/analytics/dashboard?{WINDOW}").json["largest_accounts"]

    shown = [(each["username"], each["followers"], each["change"], each["reason"]) for each in accounts]
    assert shown == [
        ("large", 850, -50, None),
        ("stale", None, None, "no_reading_in_window"),
        ("small", 12, 2, None),
        ("unread", None, None, "not_read_yet"),
    ]
    assert (accounts[0]["name"], accounts[1]["captured_at"]) == ("Client", "2026-02-01T12:00:00Z")
    assert (accounts[3]["is_to_reconnect"], accounts[3]["status_reason"]) == (True, "refresh_token_expired")


def test_it_counts_what_went_out_and_shows_what_goes_out_next(owner, stranger, make_account, make_post):
    one, two = make_account(owner), make_account(owner)
    make_post(owner, [one, two], "2026-03-02T12:00Z")
    make_post(owner, [one], "2026-03-04T00:00Z")
    make_post(owner, [two], "2026-02-28T23:59Z")
    later = make_post(owner, [one, two], "2030-05-01T12:00Z", **SCHEDULED)
    sooner = make_post(owner, [two], "2030-04-01T12:00Z", caption="Soon", labels=["spring"], **SCHEDULED)
    make_post(stranger, [make_account(stranger)], "2030-03-01T12:00Z", **SCHEDULED)

    dashboard = owner.get(f"/analytics/dashboard?{WINDOW}").json
    of_one = owner.get(f"/analytics/dashboard?{WINDOW}&account_id={one}").json
    of_spring = owner.get(f"/analytics/dashboard?{WINDOW}&label=spring").json

    assert dashboard["posts"]["published"] == {"count": 2, "is_exact": True}
    assert dashboard["posts"]["scheduled"] == {"count": 3, "is_exact": True}
    assert [post["id"] for post in dashboard["next_posts"]] == [sooner, later]
    assert (dashboard["next_posts"][0]["caption"], dashboard["next_posts"][0]["account_ids"]) == ("Soon", [two])
    assert (of_one["posts"]["published"]["count"], [post["id"] for post in of_one["next_posts"]]) == (1, [later])
    assert (of_spring["posts"]["scheduled"]["count"], [post["id"] for post in of_spring["next_posts"]]) == (1, [sooner])
    assert {each["reason"] for each in of_spring["largest_accounts"]} == {"not_by_label"}


def test_it_says_what_a_person_must_look_after(owner, make_account, make_post):
    account = make_account(owner)
    make_account(owner, status="error"), make_account(owner, status="revoked")
    make_post(owner, [account], "2026-03-02T12:00Z", state=PublicationState.HELD, status=PostStatus.PUBLISHING)
    make_post(owner, [account], "2026-03-02T12:00Z", state=PublicationState.UNCONFIRMED, status=PostStatus.PUBLISHING)
    make_post(owner, [account], "2026-03-02T13:00Z", state=PublicationState.UNCONFIRMED, status=PostStatus.PUBLISHING)

    attention = owner.get(f"/analytics/dashboard?{WINDOW}").json["attention"]

    assert (attention["accounts_to_reconnect"], attention["accounts_in_error"]) == (1, 1)
    assert (attention["held"]["count"], attention["unconfirmed"]["count"]) == (1, 2)


def test_a_confined_key_counts_only_posts_that_it_sees(owner, make_account, make_post):
    mine, other = make_account(owner), make_account(owner)
    make_post(owner, [mine, other], "2026-03-02T12:00Z")
    make_post(owner, [mine], "2026-03-02T12:00Z")
    make_post(owner, [mine, other], "2030-03-02T12:00Z", **SCHEDULED)
    wish = {"name": "key", "scopes": ["analytics:read"], "account_ids": [mine]}
    key = {"Authorization": f"Bearer {owner.post('/auth/api-keys', json=wish).json['token']}"}

    dashboard = owner.get(f"/analytics/dashboard?{WINDOW}", headers=key).json

    assert dashboard["posts"]["published"]["count"] == 1
    assert dashboard["posts"]["scheduled"]["count"] == 0
    assert dashboard["next_posts"] == []


def test_it_has_the_posts_that_gained_most_views(owner, make_account, store_videos):
    account = make_account(owner)
    gains = {
        "2026-02-28T12:00Z": [(100, 0, 0, 0)] * 7,
        "2026-03-02T12:00Z": [(100 + place, 0, 0, 0) for place in range(7)],
    }
    store_videos(account, [None] * 7, gains)

    top = owner.get(f"/analytics/dashboard?{WINDOW}").json["top_posts"]

    assert [(post["rank"], post["gained"]["views"]) for post in top] == [(1, 6), (2, 5), (3, 4), (4, 3), (5, 2)]
    overview = owner.get(f"/analytics/overview?{WINDOW}").json
    assert (overview["top_posts"], overview["top_posts_by"]) == (top, "gained")


def test_in_the_first_weeks_the_posts_with_most_views_are_at_the_top(owner, make_account, store_videos):
    account = make_account(owner)
    store_videos(account, [None] * 3, {"2026-03-02T12:00Z": [(100 + place, 0, 0, 0) for place in range(3)]})

    dashboard = owner.get(f"/analytics/dashboard?{WINDOW}").json

    assert dashboard["top_posts_by"] == "total"
    assert [post["total"]["views"] for post in dashboard["top_posts"]] == [102, 101, 100]
    assert all(post["gained"]["views"] is None and post["gained"]["reason"] for post in dashboard["top_posts"])
