"""Posts of an account that another user takes over: nothing goes out twice, nothing is dropped in silence."""

import pytest

from tests import oauth_consent
from tests.databases import on_each_database
from tests.posts.interruptions import around_calls


def take_over(publishing, simulator, person):
    """The person removes the app at TikTok and consents for another user."""
    simulator.control.disconnect("ada")
    connection = oauth_consent.connect(simulator, person, "ada")
    assert connection["status"] == "connected", connection


@on_each_database
def test_what_was_scheduled_is_cancelled_and_said_so(simulator, publishing, owner, stranger):
    post = publishing.make_post()
    owner.post(f"/posts/{post['id']}/schedule", json={"publish_at": "2200-01-01T00:00:00Z"})
    publication = publishing.shown(post)

    take_over(publishing, simulator, stranger)
    publishing.run()

    cancelled = publishing.shown(post)
    assert (cancelled["state"], cancelled["reason"]) == ("cancelled", "connected_by_another_user")
    [entry] = owner.get("/audit?action=account.taken_over").json["data"]
    assert entry["detail"]["cancelled_publications"] == [publication["id"]]
    assert publishing.count_inits() == 0


@on_each_database
def test_what_tiktok_may_have_already_is_asked_about_and_never_sent_again(simulator, publishing, owner, stranger):
    post = publishing.make_post()
    simulator.control.knobs(processing_seconds=3600.0)
    publishing.begin(post)
    publishing.run()

    take_over(publishing, simulator, stranger)
    publishing.pass_time(120)
    publishing.run()

    unconfirmed = publishing.shown(post)
    assert (unconfirmed["state"], unconfirmed["reason"]) == ("unconfirmed", "account_disconnected")
    assert owner.post(f"/publications/{unconfirmed['id']}/resolve", json={"outcome": "live"}).status_code == 200
    publishing.run()
    assert publishing.shown(post)["state"] == "published"
    assert publishing.count_inits() == 1


def test_an_upload_that_is_under_way_stops_before_its_commit_point(
    simulator, publishing, big_video_bytes, owner, stranger
):
    simulator.control.knobs(inspect_media=False)
    post = publishing.make_post(media_ids=[publishing.make_video(big_video_bytes)])
    simulator.control.mischief("upload", "status", nth=3, status=500)
    publishing.begin(post)
    publishing.run()

    take_over(publishing, simulator, stranger)
    publishing.pass_time(120)
    publishing.run()

    cancelled = publishing.shown(post)
    assert (cancelled["state"], cancelled["attempts"][0]["state"]) == ("cancelled", "abandoned")
    assert publishing.live() == []


def test_what_has_ended_keeps_its_account_and_a_draft_can_go_nowhere(simulator, publishing, owner, stranger):
    post = publishing.make_post()
    publishing.begin(post)
    published = publishing.run_until_published(post)
    targets = [{"account_id": published["account_id"]}]
    draft = publishing.make_post(targets=targets)

    take_over(publishing, simulator, stranger)
    publishing.run()

    shown = publishing.shown(post)
    assert (shown["state"], shown["account_id"]) == (published["state"], published["account_id"])
    refused = owner.post(f"/posts/{draft['id']}/publish")
    assert refused.status_code == 422
    assert [fault["code"] for fault in refused.json["errors"]] == ["account_needs_reconnection"]
    assert len(publishing.live()) == 1


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_take_over_at_any_call_sends_nothing_twice_and_drops_nothing_in_silence(
    when, simulator, transport, publishing, stranger
):
    for number in range(1, 5):
        post = publishing.make_post(caption=f"Call {number}")
        publishing.begin(post)

        with around_calls(transport, number, when, lambda: take_over(publishing, simulator, stranger)) as taking_over:
            publishing.run()
            publishing.pass_time(120)
            publishing.run()

        shown, live = publishing.shown(post), publishing.live_titles().count(post["caption"])
        assert taking_over.has_happened
        assert (shown["state"], live) in {("cancelled", 0), ("unconfirmed", 0), ("unconfirmed", 1), ("published", 1)}
        assert len(shown["attempts"]) <= 1
        simulator.control.disconnect("ada")  # for the next round, in which the owner takes it back
