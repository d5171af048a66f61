"""Photo posts, direct and to the inbox: TikTok fetches every photo once, and the post is live once."""

import hashlib

import pytest

from tests.databases import on_each_database
from tests.storages import on_each_storage

pytestmark = pytest.mark.usefixtures("server")


@on_each_database
@on_each_storage
def test_photos_go_live_in_their_order_with_everything_that_was_said(make_photo_post, publishing, photos, owner):
    post = make_photo_post(
        photo_cover_index=1, allow_comment=True, auto_add_music=True, is_aigc=True, privacy_level="PUBLIC_TO_EVERYONE"
    )

    publishing.begin(post)
    published = publishing.run_until_published(post)

    [live] = publishing.tiktok.publications()
    assert live["is_live"]
    assert live["sha256"] == hashlib.sha256(b"".join(photos)).hexdigest()
    assert live["source_info"]["photo_cover_index"] == 1
    said = live["post_info"]
    assert (said["title"], said["description"]) == ("Three views", "#views")
    assert (said["disable_comment"], said["auto_add_music"], live["is_aigc"]) == (False, True, True)
    assert published["publish_id"] == live["publish_id"]
    assert [attempt["state"] for attempt in published["attempts"]] == ["succeeded"]
    assert owner.get(f"/posts/{post['id']}").json["status"] == "published"


def test_a_draft_of_photos_reaches_the_inbox_with_its_words(make_photo_post, publishing, owner):
    post = make_photo_post(mode="inbox", privacy_level=None)

    publishing.begin(post)
    publishing.run_until(lambda: publishing.shown(post)["state"] == "inbox_delivered")

    [delivered] = publishing.tiktok.publications()
    assert delivered["mode"] == "inbox"
    assert delivered["post_info"] == {"title": "Three views", "description": "#views"}
    assert owner.get(f"/posts/{post['id']}").json["status"] == "delivered"


def test_the_timeline_tells_that_photos_were_offered_and_fetched(make_photo_post, publishing):
    post = make_photo_post()

    publishing.begin(post)
    published = publishing.run_until_published(post)

    events = [entry["event"] for entry in published["timeline"]]
    assert events == ["publish_now", "preparing", "photos_offered", "photos_fetched", "published"]
    assert published["attempts"][0]["video_size"] is None


def test_photos_that_tiktok_could_not_fetch_are_offered_anew(make_photo_post, publishing):
    publishing.tiktok.mischief("pull", "status", nth=2, status=500)
    post = make_photo_post()

    publishing.begin(post)
    published = publishing.run_until_published(post)

    assert [attempt["state"] for attempt in published["attempts"]] == ["dead", "succeeded"]
    assert published["attempts"][0]["reason"] == "photo_pull_failed"
    assert len(publishing.live()) == 1


def test_photos_that_tiktok_never_fetches_are_offered_anew_after_an_hour(make_photo_post, publishing):
    publishing.tiktok.knobs(pull_delay_seconds=7200, pull_timeout_seconds=20_000)
    post = make_photo_post()
    publishing.begin(post)
    publishing.run()
    publishing.tiktok.knobs(pull_delay_seconds=0.0)

    publishing.run_until(lambda: len(publishing.shown(post)["attempts"]) == 2, step=600)
    published = publishing.run_until_published(post, step=60)

    assert [attempt["state"] for attempt in published["attempts"]] == ["dead", "succeeded"]
    assert published["attempts"][0]["reason"] == "photos_not_fetched"
    assert len(publishing.live()) == 1


def counts_in_inbox(publishing, owner, post):
    """How many drafts count as waiting in ada's inbox: by us, and by TikTok."""
    shown = owner.get(f"/accounts/{publishing.shown(post)['account_id']}/capacity").json["caps"]
    [ours] = [cap["used"] for cap in shown if cap["code"] == "inbox_shares_pending"]
    return ours, publishing.tiktok.creator("ada")["pending_shares"]


def test_photos_of_a_draft_that_tiktok_has_not_fetched_wait_in_the_inbox_for_it_and_so_for_us(
    make_photo_post, publishing, owner
):
    publishing.tiktok.knobs(pull_delay_seconds=40_000, pull_timeout_seconds=50_000)
    post = make_photo_post(mode="inbox", privacy_level=None)
    publishing.begin(post)
    publishing.run()
    publishing.tiktok.knobs(pull_delay_seconds=0.0)

    publishing.run_until(lambda: publishing.shown(post)["state"] == "inbox_delivered", step=600)

    assert [each["reason"] for each in publishing.shown(post)["attempts"]] == ["photos_not_fetched", None]
    assert counts_in_inbox(publishing, owner, post) == (2, 2)


def test_photos_of_a_draft_that_tiktok_has_given_up_count_no_more(make_photo_post, publishing, owner):
    publishing.tiktok.mischief("pull", "status", status=500)
    post = make_photo_post(mode="inbox", privacy_level=None)
    publishing.begin(post)

    publishing.run_until(lambda: publishing.shown(post)["state"] == "inbox_delivered")

    assert [each["reason"] for each in publishing.shown(post)["attempts"]] == ["photo_pull_failed", None]
    assert counts_in_inbox(publishing, owner, post) == (1, 1)


def test_a_domain_that_tiktok_does_not_know_as_ours_holds_photos_until_it_does(make_photo_post, publishing):
    publishing.tiktok.knobs(loopback_verified=False)
    post = make_photo_post()
    publishing.begin(post)
    publishing.run()
    held = publishing.shown(post)
    publishing.tiktok.knobs(loopback_verified=True)

    publishing.run_until_published(post, step=600)

    assert (held["state"], held["reason"]) == ("held", "url_ownership_unverified")


def test_photos_of_a_draft_from_which_one_was_deleted_are_all_fetched(make_photo_post, publishing, photos, owner):
    post = make_photo_post()
    assert owner.delete(f"/media/{post['media_ids'][1]}").status_code == 204

    publishing.begin(post)
    publishing.run_until_published(post)

    [live] = publishing.tiktok.publications()
    assert live["sha256"] == hashlib.sha256(photos[0] + photos[2]).hexdigest()


def test_the_url_of_photos_is_that_of_photos(make_photo_post, publishing):
    post = make_photo_post(privacy_level="PUBLIC_TO_EVERYONE")

    publishing.begin(post)
    publishing.run_until(lambda: publishing.shown(post)["state"] == "publicly_available", step=60)

    [post_id] = publishing.shown(post)["tiktok_post_ids"]
    assert publishing.shown(post)["url"] == f"https://www.tiktok.com/@ada/photo/{post_id}"
