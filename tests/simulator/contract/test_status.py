"""The status of a publication from its init to its end.

Source: developers.tiktok.com/docs/en/, the reference of status/fetch.
"""

import json
import re

import pytest

from tests.simulator import media_files
from tests.simulator.app_client import code_of, whole


@pytest.fixture
def options():
    return {"limits": {"video_init": 0, "inbox_init": 0, "photo_init": 0, "status": 0}}


def test_a_public_post_goes_through_its_states(client, ada):
    publish_id = ada.publish()
    states = [ada.status(publish_id)]
    client.control.advance(3)
    states.append(ada.status(publish_id))
    client.control.advance(30)
    final = ada.fetch(publish_id)

    size = len(media_files.video())
    assert states == [{"status": "PROCESSING_UPLOAD", "uploaded_bytes": size}, {"status": "PUBLISH_COMPLETE"}]
    assert final.json()["data"].keys() == {"status", "publicaly_available_post_id"}
    assert re.search(r'"publicaly_available_post_id":\[\d{19}\]', final.text)


@pytest.mark.parametrize("level", ["MUTUAL_FOLLOW_FRIENDS", "SELF_ONLY"])
def test_no_id_appears_unless_everyone_may_see_it(client, ada, level):
    publish_id = ada.publish(privacy_level=level)
    client.control.advance(86_000)

    assert ada.status(publish_id) == {"status": "PUBLISH_COMPLETE"}
    assert len(client.control.live("ada")) == 1
    assert ada.post("/video/list/", {"max_count": 1}, fields="title").json()["data"]["videos"][0]["title"] != "a #test"


def test_no_id_appears_for_followers_only(client):
    linus = client.connect("linus")
    publish_id = linus.publish(privacy_level="FOLLOWER_OF_CREATOR")
    client.control.advance(3_600)

    assert linus.status(publish_id) == {"status": "PUBLISH_COMPLETE"}


def test_for_some_apps_the_id_never_appears_and_video_list_has_it(client, ada):
    client.control.knobs(post_id_never=True)
    publish_id = ada.publish(title="match me")
    client.control.advance(3_600)

    videos = ada.post("/video/list/", {"max_count": 1}, fields="id,title,duration").json()["data"]["videos"]
    assert ada.status(publish_id) == {"status": "PUBLISH_COMPLETE"}
    assert [(video["title"], video["duration"]) for video in videos] == [("match me", 1)]


def test_moderation_may_take_hours(client, ada):
    client.control.knobs(moderation_seconds=4 * 3_600)
    publish_id = ada.publish()
    client.control.advance(3 * 3_600)
    waiting = ada.status(publish_id)
    client.control.advance(2 * 3_600)

    assert waiting == {"status": "PUBLISH_COMPLETE"}
    assert "publicaly_available_post_id" in ada.status(publish_id)


def test_a_large_video_takes_longer(client, ada):
    client.control.freeze()
    client.control.knobs(processing_seconds_per_gb=60_000_000)
    publish_id = ada.publish(media_files.padded(media_files.video(), 1_000_000))
    client.control.advance(59_000)
    waiting = ada.status(publish_id)["status"]
    client.control.advance(1_010)

    assert (waiting, ada.status(publish_id)["status"]) == ("PROCESSING_UPLOAD", "PUBLISH_COMPLETE")


def test_a_draft_waits_in_the_inbox_until_it_is_posted_perhaps_more_than_once(client, ada):
    publish_id = ada.publish(inbox=True)
    client.control.advance(60)
    waiting = ada.status(publish_id)
    client.control.complete_draft("ada", publish_id, posts=2)
    client.control.advance(60)
    done = ada.status(publish_id)

    live = client.control.live("ada")
    assert waiting == {"status": "SEND_TO_USER_INBOX"}
    assert done["status"] == "PUBLISH_COMPLETE"
    assert sorted(done["publicaly_available_post_id"]) == sorted(int(video["id"]) for video in live)
    assert len(live) == 2


def test_a_draft_may_expire(client, ada):
    client.control.knobs(draft_expiry_seconds=3_600)
    publish_id = ada.publish(inbox=True)
    client.control.advance(3_700)

    assert ada.status(publish_id)["status"] == "FAILED"


@pytest.mark.parametrize(
    "reason",
    ["internal", "spam_risk_too_many_posts", "spam_risk_user_banned_from_posting", "spam_risk_text", "spam_risk"],
)
def test_the_creator_can_be_the_reason_of_a_failure(client, ada, reason):
    client.control.change_creator("ada", fail_reason=reason)
    publish_id = ada.publish()
    client.control.advance(60)

    assert ada.status(publish_id) == {"status": "FAILED", "fail_reason": reason}
    assert client.control.live("ada") == []


def test_a_ban_fails_an_unfinished_publication(client, ada):
    publish_id = ada.publish()
    client.control.change_creator("ada", banned=True)
    client.control.advance(60)

    assert ada.status(publish_id)["fail_reason"] == "spam_risk_user_banned_from_posting"


@pytest.mark.parametrize("end", ["person", "developer"])
def test_removing_the_app_fails_an_unfinished_publication(client, ada, end):
    processing, uploading = ada.publish(), ada.init(whole(9)).json()["data"]
    if end == "person":
        client.control.disconnect("ada", client_key=client.client_key)
    else:
        client.revoke(ada.tokens["access_token"])
    client.control.advance(60)

    dead = ada.fetch(processing)
    again = client.connect("ada")
    for publish_id in (processing, uploading["publish_id"]):
        assert again.status(publish_id) == {"status": "FAILED", "fail_reason": "auth_removed"}
    assert code_of(dead) == (401, "access_token_invalid")
    assert ada.put(uploading["upload_url"], b"123456789").status_code == 404
    assert client.control.live("ada") == []


def test_a_publish_id_belongs_to_one_app_and_one_creator(client, web_client, ada):
    publish_id = ada.publish()

    assert code_of(ada.fetch("v_pub_file~v2-1.1")) == (400, "invalid_publish_id")
    assert code_of(ada.post("/post/publish/status/fetch/", {})) == (400, "invalid_publish_id")
    for stranger in (client.connect("grace"), web_client.connect("ada")):
        assert code_of(stranger.fetch(publish_id)) == (400, "token_not_authorized_for_specified_publish_id")


def test_a_takedown_removes_the_id(client, ada):
    publish_id = ada.publish()
    client.control.advance(60)
    video_id = client.control.live("ada")[0]["id"]
    client.control.take_down(video_id)

    answer = ada.post("/video/query/", {"filters": {"video_ids": [video_id]}}, fields="id")
    assert ada.status(publish_id) == {"status": "PUBLISH_COMPLETE"}
    assert answer.json()["data"]["videos"] == []
    assert client.control.live("ada") == []


@pytest.mark.parametrize("listed", [False, True])
def test_an_option_lists_photo_posts(client, ada, host, listed):
    client.control.knobs(photos_in_video_list=listed)
    info = {"title": "photos!", "privacy_level": "PUBLIC_TO_EVERYONE"}
    ada.init_photos(host.host("/a.jpg", media_files.photo()), post_info=info)
    client.control.settle()
    client.control.advance(60)

    videos = ada.post("/video/list/", {"max_count": 1}, fields="title").json()["data"]["videos"]
    assert (videos[0]["title"] == "photos!") is listed


def test_the_received_bytes_are_the_sent_ones(client, ada):
    publish_id = ada.publish(title="héllo 🎉", disable_duet=True, is_aigc=True)

    seen = client.control.publication(publish_id)
    assert seen["post_info"] == {
        "title": "héllo 🎉",
        "privacy_level": "PUBLIC_TO_EVERYONE",
        "disable_duet": True,
        "is_aigc": True,
    }
    assert (seen["mode"], seen["kind"], seen["source"], seen["init_count"]) == ("direct", "video", "FILE_UPLOAD", 1)
    assert json.loads(json.dumps(seen["probe"]))["codec"] == "h264"
