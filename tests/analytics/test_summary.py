"""GET /analytics/accounts/{id}/summary"""

from uuid import uuid4

WINDOW = "from=2026-03-01&to=2026-03-31&timezone=UTC"


def test_a_summary_has_the_last_values_and_the_changes_of_the_window(owner, make_account, read_profile, store_totals):
    account_id = make_account(owner)
    read_profile(account_id, "2026-02-28T23:59Z", follower_count=100, following_count=7, likes_count=50, video_count=3)
    read_profile(account_id, "2026-03-31T12:00Z", follower_count=140, following_count=6, likes_count=90, video_count=4)
    read_profile(account_id, "2026-04-01T00:00Z", follower_count=999)
    store_totals(account_id, "2026-02-28T12:00Z", views=5000, views_gained=100, likes_gained=10)
    totals = {"views_gained": 1100, "likes_gained": 74, "comments_gained": 16, "shares_gained": 4}
    store_totals(account_id, "2026-03-30T12:00Z", views=5800, comments=40, shares=9, **totals)

    response = owner.get(f"/analytics/accounts/{account_id}/summary?{WINDOW}")

    assert response.status_code == 200
    summary = response.json
    assert (summary["from"], summary["to"]) == ("2026-03-01T00:00:00Z", "2026-04-01T00:00:00Z")
    assert summary["followers"] == {
        "value": 140,
        "change": 40,
        "captured_at": "2026-03-31T12:00:00Z",
        "changed_since": "2026-02-28T23:59:00Z",
        "is_restated": False,
        "reason": None,
    }
    assert (summary["following"]["change"], summary["following"]["is_restated"]) == (-1, True)
    assert (summary["videos"]["value"], summary["likes"]["change"]) == (4, 40)
    assert (summary["views"]["value"], summary["views"]["change"]) == (5800, 1000)
    assert (summary["comments"]["value"], summary["shares"]["change"]) == (40, 4)
    assert summary["interactions"] == 64 + 16 + 4
    assert summary["engagement_rate"]["value"] == 0.084


def test_a_new_account_has_nulls_with_reasons(owner, make_account):
    account_id = make_account(owner)

    summary = owner.get(f"/analytics/accounts/{account_id}/summary").json

    for metric in ("followers", "following", "likes", "videos", "views", "comments", "shares", "engagement_rate"):
        assert summary[metric]["value"] is None
        assert summary[metric]["reason"] == "not_read_yet"
    assert summary["interactions"] is None


def test_a_missing_scope_is_the_reason_for_what_it_hides(owner, make_account, read_profile):
    account_id = make_account(owner, scopes=["user.info.basic", "user.info.stats"])
    read_profile(account_id, "2026-03-05T12:00Z", follower_count=5)

    summary = owner.get(f"/analytics/accounts/{account_id}/summary?{WINDOW}").json

    assert (summary["followers"]["value"], summary["followers"]["reason"]) == (5, "no_reading_before_window")
    assert summary["following"]["reason"] == "left_out_by_tiktok"
    assert summary["views"]["reason"] == summary["engagement_rate"]["reason"] == "scope_missing"


def test_without_views_there_is_no_rate(owner, make_account, store_totals):
    account_id = make_account(owner)
    store_totals(account_id, "2026-02-28T12:00Z", views=10)
    store_totals(account_id, "2026-03-30T12:00Z", views=10)

    summary = owner.get(f"/analytics/accounts/{account_id}/summary?{WINDOW}").json

    assert (summary["views"]["change"], summary["interactions"]) == (0, 0)
    assert (summary["engagement_rate"]["value"], summary["engagement_rate"]["reason"]) == (None, "no_views")


def test_instants_bound_a_window_to_the_second(owner, make_account, read_profile):
    account_id = make_account(owner)
    for minute, count in enumerate((10, 20, 30, 40)):
        read_profile(account_id, f"2026-03-05T12:0{minute}Z", follower_count=count)

    summary = owner.get(
        f"/analytics/accounts/{account_id}/summary?from=2026-03-05T13:01:00+01:00&to=2026-03-05T12:02:01Z"
    ).json

    assert (summary["followers"]["value"], summary["followers"]["change"]) == (30, 20)


def test_days_are_in_the_callers_zone_by_default(owner, make_account, read_profile):
    owner.patch("/auth/me", json={"timezone": "Asia/Kathmandu"})
    refreshed = owner.post("/auth/refresh", json={"refresh_token": owner.tokens["refresh_token"]})
    owner.tokens = refreshed.json
    account_id = make_account(owner)

    summary = owner.get(f"/analytics/accounts/{account_id}/summary?from=2026-03-01&to=2026-03-01").json

    assert (summary["timezone"], summary["from"]) == ("Asia/Kathmandu", "2026-02-28T18:15:00Z")


BAD_WINDOWS = {
    "from=yesterday": ("from", "wrong_type"),
    "from=2026-03-01T00:00:00": ("from", "wrong_type"),
    "to=2026-02-30": ("to", "wrong_type"),
    "to=": ("to", "wrong_type"),
    "timezone=Mars/Olympus": ("timezone", "invalid"),
    "timezone=../../etc/passwd": ("timezone", "invalid"),
    "from=2026-03-02&to=2026-03-01": ("from", "window_backwards"),
    "from=0001-01-01": ("from", "window_out_of_range"),
    "to=9999-12-31": ("to", "window_out_of_range"),
    "until=2026-03-01": ("until", "unknown_field"),
}


def test_a_bad_window_is_refused_with_the_wrong_parameter(owner, make_account):
    path = f"/analytics/accounts/{make_account(owner)}/summary"

    answers = {query: owner.get(f"{path}?{query}") for query in BAD_WINDOWS}

    assert {answer.status_code for answer in answers.values()} == {422}
    named = {query: answer.json["errors"] for query, answer in answers.items()}
    assert {query: (fault["parameter"], fault["code"]) for query, (fault,) in named.items()} == BAD_WINDOWS


def test_a_strangers_account_does_not_exist(owner, stranger, make_account):
    ids = [make_account(owner), uuid4(), "nonsense"]

    answers = [
        stranger.get(f"/analytics/accounts/{account_id}/{what}")
        for account_id in ids
        for what in ("summary", "timeseries", "chart.svg")
    ]

    assert {(answer.status_code, answer.json["code"]) for answer in answers} == {(404, "not_found")}


def test_an_anonymous_client_gets_401(client, owner, make_account):
    path = f"/api/v1/analytics/accounts/{make_account(owner)}"

    answers = [client.get(f"{path}/{what}?from=nonsense") for what in ("summary", "timeseries", "chart.svg")]

    assert {answer.status_code for answer in answers} == {401}
