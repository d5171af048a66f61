"""From TikTok's own counters to ours: days pass for both, and what the API says is what TikTok has."""

from datetime import date
from itertools import pairwise

import pytest

PROFILE = {
    "followers": "follower_count",
    "following": "following_count",
    "likes": "likes_count",
    "videos": "video_count",
}
SUMS = {"views": "view_count", "likes": "like_count", "comments": "comment_count", "shares": "share_count"}


@pytest.fixture(autouse=True)
def _standing_still(simulator):
    """Between two looks nothing grows, so that both can be compared to the last digit."""
    simulator.control.freeze()


@pytest.fixture
def truth(simulator):
    """What TikTok has right now: the profile's counters, and the sums over public videos."""

    def look(username="katherine"):
        creator = simulator.control.creator(username)
        videos = [video for video in simulator.control.videos(username=username) if video["is_public"]]
        counters = {ours: creator[theirs] for ours, theirs in PROFILE.items()}
        sums = {ours: sum(video[theirs] for video in videos) for ours, theirs in SUMS.items()}
        return counters, sums

    return look


def test_five_days_of_growth(owner, connect_account, run_jobs, pass_time, truth):
    account_id = connect_account(owner, "katherine")
    run_jobs()
    history = [truth()]
    first_day = pass_time(seconds=0).date()
    for _ in range(5):
        now = pass_time(days=1)
        history.append(truth())
    window = f"from={first_day}&to={now.date()}&timezone=UTC"

    for metric in ("followers", "following", "likes", "videos"):
        points = owner.get(f"/analytics/accounts/{account_id}/timeseries?metric={metric}&{window}").json["points"]
        assert [point["value"] for point in points] == [counters[metric] for counters, _ in history]
    for metric in ("views", "comments", "shares"):
        points = owner.get(f"/analytics/accounts/{account_id}/timeseries?metric={metric}&{window}").json["points"]
        assert [point["value"] for point in points] == [sums[metric] for _, sums in history]
        assert [point["change"] for point in points[1:]] == [
            later[1][metric] - earlier[1][metric] for earlier, later in pairwise(history)
        ]
    since = date.fromordinal(first_day.toordinal() + 1)
    summary = owner.get(f"/analytics/accounts/{account_id}/summary?from={since}&to={now.date()}&timezone=UTC").json
    gained = {name: history[-1][1][name] - history[0][1][name] for name in SUMS}
    assert summary["interactions"] == gained["likes"] + gained["comments"] + gained["shares"]
    assert summary["engagement_rate"]["value"] == round(summary["interactions"] / gained["views"], 6)


def test_a_day_without_a_reading_is_a_gap_and_its_growth_is_not_lost(
    owner, connect_account, run_jobs, pass_time, truth, simulator
):
    account_id = connect_account(owner, "katherine")
    run_jobs()
    before, first_day = truth(), pass_time(seconds=0).date()
    for endpoint in ("user_info", "video_list"):
        simulator.control.mischief(endpoint, "status", status=500, every=True)
    pass_time(days=1)
    simulator.control.clear_mischief()
    now = pass_time(days=1)
    window = f"from={first_day}&to={now.date()}&timezone=UTC"

    points = owner.get(f"/analytics/accounts/{account_id}/timeseries?metric=views&{window}").json["points"]

    assert [point["value"] for point in points] == [before[1]["views"], None, truth()[1]["views"]]
    assert points[1]["reason"] == "no_reading_in_window"
    assert points[2]["change"] == truth()[1]["views"] - before[1]["views"]
    assert points[2]["changed_since"] == points[0]["captured_at"]


def test_a_number_that_tiktok_lowers_is_lowered_here(owner, connect_account, run_jobs, pass_time, truth, simulator):
    account_id = connect_account(owner, "katherine")
    run_jobs()
    first_day = pass_time(seconds=0).date()
    simulator.control.change_creator("katherine", follower_count=1500)
    video = simulator.control.videos(username="katherine")[0]
    simulator.control.change_video(video["id"], view_count=3)
    simulator.control.knobs(growth=False)
    now = pass_time(days=1)
    window = f"from={first_day}&to={now.date()}&timezone=UTC"

    followers = owner.get(f"/analytics/accounts/{account_id}/timeseries?metric=followers&{window}").json["points"]
    views = owner.get(f"/analytics/accounts/{account_id}/timeseries?metric=views&{window}").json["points"]
    videos = owner.get(f"/accounts/{account_id}/videos").json["data"]

    assert (followers[1]["value"], followers[1]["is_restated"]) == (truth()[0]["followers"], True)
    assert (views[1]["value"], views[1]["is_restated"]) == (truth()[1]["views"], True)
    assert views[1]["change"] == truth()[1]["views"] - views[0]["value"] < 0
    (shown,) = [each for each in videos if each["video_id"] == video["id"]]
    assert (shown["views"], shown["is_restated"]) == (
        next(each["view_count"] for each in simulator.control.videos() if each["id"] == video["id"]),
        True,
    )


def test_a_deleted_video_leaves_the_sum_but_takes_nothing_back(
    owner, connect_account, run_jobs, pass_time, truth, simulator
):
    simulator.control.knobs(growth=False)
    account_id = connect_account(owner, "katherine")
    run_jobs()
    first_day = pass_time(seconds=0).date()
    doomed, other = simulator.control.videos(username="katherine")[:2]
    simulator.control.change_video(doomed["id"], view_count=doomed["view_count"] + 500)
    pass_time(days=1)
    simulator.control.take_down(doomed["id"])
    simulator.control.change_video(other["id"], view_count=other["view_count"] + 70)
    now = pass_time(days=1)
    window = f"from={first_day}&to={now.date()}&timezone=UTC"

    points = owner.get(f"/analytics/accounts/{account_id}/timeseries?metric=views&{window}").json["points"]
    listed = {each["video_id"] for each in owner.get(f"/accounts/{account_id}/videos").json["data"]}
    everything = owner.get(f"/accounts/{account_id}/videos?include_gone=true").json["data"]

    assert [point["change"] for point in points] == [None, 500, 70]
    assert points[2]["value"] == truth()[1]["views"]
    assert not points[2]["is_restated"]
    assert doomed["id"] not in listed
    (gone,) = [each for each in everything if each["gone_at"]]
    assert (gone["video_id"], gone["views"]) == (doomed["id"], doomed["view_count"] + 500)


def test_a_video_posted_while_we_watch_counts_from_nothing(owner, connect_account, run_jobs, pass_time, simulator):
    simulator.control.knobs(growth=False)
    account_id = connect_account(owner, "katherine")
    run_jobs()
    first_day = pass_time(seconds=0).date()
    pass_time(hours=1)
    simulator.control.seed_videos("katherine", title="New", view_count=900, like_count=80)
    old = simulator.control.seed_videos("katherine", title="Old", created_at="2020-01-01T00:00:00Z", view_count=10**6)
    now = pass_time(days=1)
    window = f"from={first_day}&to={now.date()}&timezone=UTC"

    points = owner.get(f"/analytics/accounts/{account_id}/timeseries?metric=views&{window}").json["points"]

    assert points[-1]["change"] == 900  # the old one became public again: its million did not come today
    assert points[-1]["value"] == points[0]["value"] + 900 + 10**6
    simulator.control.change_video(old[0]["id"], view_count=10**6 + 5)
    now = pass_time(days=1)
    window = f"from={now.date()}&to={now.date()}&timezone=UTC"
    summary = owner.get(f"/analytics/accounts/{account_id}/summary?{window}").json
    assert summary["views"]["change"] == 5


def test_without_the_scope_nothing_is_requested_and_the_reason_is_shown(owner, connect_account, run_jobs, simulator):
    account_id = connect_account(owner, "katherine", scopes=["user.info.basic", "user.info.stats"])
    run_jobs()

    summary = owner.get(f"/analytics/accounts/{account_id}/summary").json
    videos = owner.get(f"/accounts/{account_id}/videos").json

    assert summary["followers"]["value"] == simulator.control.creator("katherine")["follower_count"]
    assert summary["views"]["reason"] == "scope_missing"
    assert (videos["data"], videos["captured_at"], videos["reason"]) == ([], None, "scope_missing")
    assert simulator.control.requests(endpoint="video_list") == []
